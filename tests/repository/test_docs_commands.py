"""Every shell block of every page runs as it stands: commands of other people's are stand-ins, ours
are parsed by the command line itself, down to each value.

Two pages are followed for real in test_own_repository.py.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLLOWED = {"own-repository.md", "upgrading.md"}
FENCE = re.compile(r"^([ ]*)```(?:sh|bash|shell)\n(.*?)^[ ]*```$", re.DOTALL | re.MULTILINE)
# Vendors', the engine's and the operating system's; a block may call no other.
STANDINS = ("pulumi", "gh", "az", "kubectl", "make", "curl", "docker", "jq", "open", "git", "code")
PARSE = f"""#!{sys.executable}
import sys
sys.path.insert(0, {str(ROOT)!r})
given = sys.argv[1:]
if given[:2] == ["-m", "cfscim"]:
    import typer
    from cfscim.__main__ import app
    group = typer.main.get_command(app)
    name = given[2]
    if not name.startswith("-"):
        group.commands[name].make_context(name, given[3:])
elif given[:2] == ["-m", "cfscim.gitops"] or not given or given[0] in ("-", "-c"):
    pass
elif given[0] == "-m":
    import importlib.util
    assert importlib.util.find_spec(given[1]), given
else:
    import pathlib
    assert pathlib.Path(given[0]).is_file(), given
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


@pytest.fixture(scope="module")
def bin_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bin")
    for name in STANDINS:
        text = "#!/bin/sh\n"
        if name == "docker":
            text += f"echo sha256:{'0a' * 32}\n"
        elif name in ("curl", "gh", "az", "pulumi"):
            text += "echo '{}'\n"
        (folder / name).write_text(text)
    for name in ("python", "python3", "python3.11"):
        (folder / name).write_text(PARSE)
    for file in folder.iterdir():
        file.chmod(0o755)
    return folder


@pytest.mark.parametrize(
    ("page", "number", "text"), BLOCKS, ids=[f"{page}-{number}" for page, number, _ in BLOCKS]
)
def test_block_runs_as_it_stands(
    bin_folder: Path, tmp_path: Path, page: str, number: int, text: str
) -> None:
    work = tmp_path / "work"
    for folder in ("deploy", "schema", "examples"):
        shutil.copytree(ROOT / folder, work / folder)
    shutil.copytree(ROOT / "deploy", work / ".cloudflare-scim" / "deploy")
    (work / ".venv").mkdir()
    (work / ".venv" / "bin").symlink_to(bin_folder)
    for name in (".pulumi.version", "Pulumi.dev.yaml", "Pulumi.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, work / name)
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
