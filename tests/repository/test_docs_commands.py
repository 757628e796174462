"""Every shell block of every page runs as it stands, our commands for real: the vendors are the
sandbox, with a stack `prod` in its declared state, and other people's commands are stand-ins.

Two pages are followed for real in test_own_repository.py. Parsed only, down to each value: `init` and
`restore-super-admin`, which ask a person, `up` and `sandbox`, which stay; tests/init, test_restore.py,
test_hints.py and tests/sandbox run those.
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

from tests.verify.verify_base import ENTRA, OKTA, Bases, bases
from tests.verify.verify_support import Stack

__all__ = ["bases"]

ROOT = Path(__file__).resolve().parents[2]
FOLLOWED = {"own-repository.md", "upgrading.md"}
FENCE = re.compile(r"^([ ]*)```(?:sh|bash|shell)\n(.*?)^[ ]*```$", re.DOTALL | re.MULTILINE)
# Vendors', the engine's and the operating system's; a block may call no other.
STANDINS = ("pulumi", "gh", "az", "kubectl", "make", "curl", "docker", "jq", "open", "git", "code")
REAL = ("validate", "plan", "access", "verify", "steps", "adopt", "preflight")
PYTHON = f"""#!{sys.executable}
import json, os, subprocess, sys
sys.path.insert(0, {str(ROOT)!r})
given = sys.argv[1:]
beside = os.path.dirname(os.path.abspath(__file__))
env = {{**os.environ, **json.load(open(beside + "/env.json")), "PYTHONPATH": {str(ROOT)!r}}}
for_real = given[:2] == ["-m", "cfscim"] and given[2] in {REAL!r}
if for_real or given[:1] == ["-c"] or given[0].endswith(".py"):
    done = subprocess.run([sys.executable, *given], env=env)
    # 1 of these: something is to do, and was named.
    left = given[2:3] in (["steps"], ["adopt"], ["preflight"]) and done.returncode == 1
    sys.exit(0 if left else done.returncode)
elif given[:2] == ["-m", "cfscim"]:
    import typer
    from cfscim.__main__ import app
    group = typer.main.get_command(app)
    name = given[2]
    if not name.startswith("-"):
        group.commands[name].make_context(name, given[3:])
elif given[:2] != ["-m", "cfscim.gitops"]:
    import importlib.util
    assert given[0] == "-m" and importlib.util.find_spec(given[1]), given
"""
PULUMI = """#!/bin/sh
case "$*" in
  *"stack output"*) cat "$(dirname "$0")/outputs.json" ;;
  *"stack export"*) cat "$(dirname "$0")/state.json" ;;
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


BLOCKS = _blocks()


def test_pages_have_commands() -> None:
    assert len(BLOCKS) > 15
    assert {"README.md", "gitops.md", "verify.md"} <= {page for page, _, _ in BLOCKS}


@pytest.fixture
def tenant(bases: Bases, page: str) -> Stack:
    """The stack, as declared, however a block before left the sandbox."""
    stack = bases.stack(ENTRA if page == "setup-entra.md" else OKTA)
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
    ("page", "number", "text"), BLOCKS, ids=[f"{page}-{number}" for page, number, _ in BLOCKS]
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
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=work,
        env={**named, **env},
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, f"{page}, block {number}:\n{text}\n{done.stdout}{done.stderr}"
    assert "Traceback" not in done.stderr


def test_options_of_the_engine_are_those_of_the_pinned_one() -> None:
    if shutil.which("pulumi") is None:
        pytest.skip("there is no `pulumi` on PATH")
    env = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "1"}
    seen = 0
    helps: dict[tuple[str, ...], str] = {}
    for page, _, text in BLOCKS:
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
