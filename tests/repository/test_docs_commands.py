"""Every shell block of every page runs as it stands, our commands for real: the vendors are the
sandbox, with a stack `prod` in its declared state. Two pages are followed in test_own_repository.py.

What cannot run here is in `STANDINS`, each with its reason.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.configs import ACCOUNT
from tests.verify.verify_base import ENTRA, OKTA, Bases
from tests.verify.verify_support import Stack

ROOT = Path(__file__).resolve().parents[2]
FOLLOWED = {"own-repository.md", "upgrading.md"}
FENCE = re.compile(r"^([ ]*)```(?:sh|bash|shell)\n(.*?)^[ ]*```$", re.DOTALL | re.MULTILINE)
ANY_FENCE = re.compile(r"^[ ]*```.*?^[ ]*```$", re.DOTALL | re.MULTILINE)
PROSE_FROM = 100
"""Numbers of commands in a page's sentences begin here."""
IN_PROSE = re.compile(r"`((?:\.venv/bin/)?python -m (?:cfscim|sandbox)\b[^`]*|make [^`]+)`")
STANDINS = {
    "pulumi": "the engine: tests/engine runs it; its options are compared with its help below",
    "gh": "needs a repository at GitHub; its calls are in test_workflows_executed.py",
    "az": "needs a subscription of Azure",
    "kubectl": "needs a cluster; the manifests are held to their schemas in test_operator_*.py",
    "docker": "needs a registry: it would tell the digest of an image",
    "open": "opens a window of the desktop",
    "code": "opens a window of an editor",
}
"""Of other people, with the reason why a test cannot run it; a block may call no other."""
ANSWERS = (
    *("new", "okta", "11112222333344445555666677778888", "Own", "own"),
    *("grace@acme.io, alan@acme.io", "", "", "", "owner@acme.io, second@acme.io", ""),
)
"""What is typed where `init` asks."""
PYTHON = f"""#!{sys.executable}
import json, os, pty, re, signal, subprocess, sys
sys.path.insert(0, {str(ROOT)!r})
given = sys.argv[1:]
beside = os.path.dirname(os.path.abspath(__file__))
env = {{**os.environ, **json.load(open(beside + "/env.json")), "PYTHONPATH": {str(ROOT)!r}}}
module, name = (given[1], given[2]) if given[0] == "-m" else ("", "")
typed = ""
if name == "restore-super-admin":
    typed = "y\\n"
if (module, name) == ("cfscim", "up"):
    env["PATH"] = "/usr/bin:/bin"  # a rehearsal; tests/engine has the engine
    kept = open(beside + "/kept").read() if os.path.exists(beside + "/kept") else ""
    given = [kept if word == "http://127.0.0.1:8800" else word for word in given]
if (module, name) == ("cfscim", "init"):
    os.environ.update(env)
    answers, said = iter({ANSWERS!r}), bytearray()
    def read(terminal):
        shown = os.read(terminal, 65536)
        said.extend(shown)  # the colon and its space may come one after the other
        if said.endswith(b": "):
            said.clear()
            os.write(terminal, next(answers, "").encode() + b"\\n")
        return shown
    sys.exit(os.waitstatus_to_exitcode(pty.spawn([sys.executable, *given], read)))
if module == "sandbox" and name != "replay":
    with subprocess.Popen([sys.executable, *given], env=env, stdout=subprocess.PIPE) as served:
        ready = json.loads(served.stdout.readline())
        served.send_signal(signal.SIGINT)
    sys.exit(not ready["env"])
done = subprocess.run(
    [sys.executable, *given], env=env, input=typed or None, text=True,
    stdout=subprocess.PIPE if name == "up" else None,
)
if name == "up":
    print(done.stdout)
    for stop in re.findall("To stop it: (.*)", done.stdout):
        open(beside + "/stop", "w").write(stop)
        open(beside + "/kept", "w").write(re.search("stays at (\\S+)", done.stdout)[1])
# 1 of these: something is to do, and was named.
left = name in ("steps", "adopt", "preflight") and done.returncode == 1
sys.exit(0 if left else done.returncode)
"""
MAKE = f"""#!/bin/sh
exec /usr/bin/make --dry-run --directory {ROOT} "$@"
"""
"""What a target does is done by this very suite; that there is one is held here."""
PULUMI = """#!/bin/sh
case "$*" in
  *"stack output"*) cat "$(dirname "$0")/outputs.json" ;;
  *"stack export"*) cat "$(dirname "$0")/state.json" ;;
  *"stack tag ls"*) echo "{\\"cloudflare-scim:verified\\": \\"$(git rev-parse HEAD)\\"}" ;;
  *) echo '{}' ;;
esac
"""
# The page's address is that of the sandbox which runs here.
CURL = """#!/bin/bash
exec %s --fail "${@//http:\\/\\/127.0.0.1:8800/%s}"
"""


def _blocks() -> list[tuple[str, int, str]]:
    found = []
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        if page.name in FOLLOWED:
            continue
        for number, (indent, text) in enumerate(FENCE.findall(page.read_text())):
            lines = [line.removeprefix(indent) for line in text.splitlines()]
            found.append((page.name, number, "\n".join(lines) + "\n"))
    return found


def _in_prose() -> list[tuple[str, int, str]]:
    """Every command of ours between backticks, in the words of the page that has it first."""
    first: dict[str, str] = {}
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        if page.name in FOLLOWED:
            continue
        for command in IN_PROSE.findall(ANY_FENCE.sub("", page.read_text())):
            whole = " ".join(command.removeprefix(".venv/bin/").split())
            first.setdefault(whole, page.name)
    names: dict[str, list[str]] = {}
    for command, page in first.items():
        names.setdefault(page, []).append(command)
    return [
        (page, PROSE_FROM + number, f"{command}\n")
        for page, commands in names.items()
        for number, command in enumerate(commands)
    ]


BLOCKS = _blocks()
PROSE = _in_prose()


def test_pages_have_commands() -> None:
    assert len(BLOCKS) > 15
    assert {"README.md", "gitops.md", "verify.md"} <= {page for page, _, _ in BLOCKS}


@pytest.fixture
def tenant(bases: Bases, page: str) -> Stack:
    """The stack, as declared, however a block before left the sandbox."""
    stack = bases.stack(ENTRA if page == "setup-entra.md" else OKTA)
    if page == "restore-super-admin.md":
        for member in bases.sandbox.world.cloudflare.accounts[ACCOUNT].members.values():
            member.roles = ["Minimal Account Access"]
    return stack.written("token.name", "cloudflare-scim-dev")  # it was made for the stack `dev`


@pytest.fixture
def bin_folder(tenant: Stack, bases: Bases, tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in STANDINS:
        text = "#!/bin/sh\n"
        if name == "docker":
            text += f"echo sha256:{'0a' * 32}\n"
        elif name in ("gh", "az"):
            text += "echo '{}'\n"
        (folder / name).write_text(text)
    (folder / "pulumi").write_text(PULUMI)
    (folder / "make").write_text(MAKE)
    (folder / "curl").write_text(CURL % (shutil.which("curl") or "true", bases.sandbox.admin))
    for name in ("python", "python3", "python3.11"):
        (folder / name).write_text(PYTHON)
    for file in folder.iterdir():
        file.chmod(0o755)
    (folder / "env.json").write_text(json.dumps(dict(tenant.env)))
    (folder / "outputs.json").write_text(json.dumps(tenant.printed))
    (folder / "state.json").write_text(json.dumps(tenant.state))
    return folder


@pytest.mark.parametrize(
    ("page", "number", "text"),
    [*BLOCKS, *PROSE],
    ids=[f"{page}-{number}" for page, number, _ in [*BLOCKS, *PROSE]],
)
def test_block_runs_as_it_stands(
    bin_folder: Path,
    tenant: Stack,
    bases: Bases,
    tmp_path: Path,
    page: str,
    number: int,
    text: str,
) -> None:
    work = tmp_path / "work"
    for folder in ("deploy", "schema", "examples"):
        shutil.copytree(ROOT / folder, work / folder)
    shutil.copytree(ROOT / "deploy", work / ".cloudflare-scim" / "deploy")
    (work / ".venv").mkdir()
    (work / ".venv" / "bin").symlink_to(bin_folder)
    for name in (".pulumi.version", "Pulumi.dev.yaml", "Pulumi.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, work / name)
    (work / "Pulumi.prod.yaml").write_text(yaml.safe_dump({"config": dict(tenant.given)}))
    ready = {"env": bases.sandbox.env, "admin": bases.sandbox.admin}
    (work / "ready.json").write_text(json.dumps(ready))
    env = {"PATH": f"{bin_folder}:/usr/bin:/bin", "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    named = dict.fromkeys(re.findall(r"\$\{?([A-Z][A-Z_]+)", text), "value")
    # `<vault>` and the like are for the reader to fill in.
    script = re.sub(r"<([a-z][\w -]*)>", lambda found: found[1].replace(" ", "-"), text)
    for name in (
        "init -qb main",
        "add .",
        "commit -qm x",
        "update-ref refs/remotes/origin/main HEAD",
    ):
        git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.com", *name.split()]
        subprocess.run(git, cwd=work, check=True, capture_output=True)
    if "sandbox replay" in text:
        made = "python -m cfscim verify --stack prod --record recordings"
        script = f"{made} > /dev/null\n{script}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=work,
        env={**named, **env},
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    if (stop := bin_folder / "stop").exists():
        subprocess.run(["bash", "-c", stop.read_text()], check=True)
    # A sentence names a command whatever it may find: here, that two stacks share an account.
    fine = (0,) if number < PROSE_FROM else (0, 1)
    assert done.returncode in fine, f"{page}, block {number}:\n{text}\n{done.stdout}{done.stderr}"
    assert "Traceback" not in done.stdout + done.stderr


def _of_the_engine() -> list[tuple[str, int, str]]:
    """What the pages say in their prose that the engine is told."""
    return [
        (page.name, 0, f"{command}\n")
        for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
        for command in re.findall(r"`(pulumi [^`]+)`", ANY_FENCE.sub("", page.read_text()))
    ]


def test_options_of_the_engine_are_those_of_the_pinned_one() -> None:
    if shutil.which("pulumi") is None:
        pytest.skip("there is no `pulumi` on PATH")
    env = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "1"}
    seen = 0
    helps: dict[tuple[str, ...], str] = {}
    for page, _, text in [*BLOCKS, *_of_the_engine()]:
        joined = text.replace("\\\n", " ")
        for line in re.findall(r"^\s*pulumi [^|;&\n]*", joined, re.MULTILINE):
            words = line.split()[1:]
            command = []
            for word in words:
                if not re.fullmatch(r"[a-z-]+", word) or word.startswith("-"):
                    break
                command.append(word)
            while command:
                key = tuple(command)
                if key not in helps:
                    done = subprocess.run(
                        ["pulumi", *command, "--help"], capture_output=True, text=True, env=env
                    )
                    helps[key] = done.stdout if done.returncode == 0 else ""
                if helps[key]:
                    break
                command.pop()
            assert command, f"{page}: {line}"
            for option in re.findall(r"(?<!\S)(--[a-z][a-z-]+)", line):
                assert (
                    f"{option} " in helps[tuple(command)] or f"{option}[" in helps[tuple(command)]
                ), f"{page}: {line.strip()}: {option}"
                seen += 1
    assert seen
