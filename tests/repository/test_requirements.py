"""What is imported is declared, what is installed is pinned with hashes, by a Python that fits."""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest

from tests.repository.workflow_kit import registry

ROOT = Path(__file__).resolve().parents[2]
LISTS = ("requirements", "requirements-sandbox", "requirements-dev")
PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)")
PROGRAM = ("__main__.py", "cfscim", "components", "policy")
# The list that a room may import from, and the rooms that are imported from there.
ROOMS = {
    "requirements": PROGRAM,
    "requirements-sandbox": ("sandbox",),
    "requirements-dev": ("tests",),
}
OURS = {"cfscim", "components", "policy", "sandbox", "tests"}


def canonical(name: str) -> str:
    """The name as the registry compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def direct(listing: str) -> frozenset[str]:
    """The packages that a list names itself, and those of the lists that it includes."""
    names: set[str] = set()
    for line in (ROOT / f"{listing}.in").read_text().splitlines():
        if line.startswith("-r "):
            names |= direct(line[3:].removesuffix(".in"))
        elif re.match(r"[\w.-]", line):
            names.add(canonical(re.split(r"[=<>\[;@ ]", line)[0]))
    return frozenset(names)


def imports(path: Path) -> Iterator[str]:
    """Every module that is not ours and not Python's, as it is written."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            top = name.split(".")[0]
            if top not in OURS and top not in sys.stdlib_module_names:
                yield name


@cache
def owners() -> dict[str, set[str]]:
    """A module's dotted name -> the installed packages that bring it. Of a namespace that several
    packages share (azure, google), the packages are told apart by the folder below it."""
    found: dict[str, set[str]] = {}
    for package in metadata.distributions():
        name = canonical(package.name)
        for line in (package.read_text("RECORD") or "").splitlines():
            file = line.split(",")[0]
            parts = file.split("/")
            if not file.endswith((".py", ".pyi", ".so")) or ".dist-info" in parts[0]:
                continue
            parts[-1] = parts[-1].split(".")[0]
            for end in range(1, min(len(parts), 4) + 1):
                found.setdefault(".".join(parts[:end]), set()).add(name)
    return found


def brought_by(module: str) -> set[str]:
    """The packages that bring a module, by the longest part of its name that is a file."""
    parts = module.split(".")
    for end in range(min(len(parts), 4), 0, -1):
        if packages := owners().get(".".join(parts[:end])):
            return packages
    return set()


@pytest.mark.parametrize("listing", LISTS)
def test_every_module_that_is_imported_is_declared(listing: str) -> None:
    seen = 0
    for room in ROOMS[listing]:
        place = ROOT / room
        for path in [place] if place.is_file() else sorted(place.rglob("*.py")):
            for module in imports(path):
                seen += 1
                packages = brought_by(module)
                assert packages, f"{path.relative_to(ROOT)}: {module} is not installed"
                said = f"{path.relative_to(ROOT)} imports {module}, of {sorted(packages)}"
                assert packages & direct(listing), f"{said}: name it in {listing}.in"
    assert seen > 20


def test_production_installs_nothing_of_the_sandboxs() -> None:
    pinned = {canonical(name) for name in pins("requirements")}
    assert not pinned & (direct("requirements-sandbox") - direct("requirements"))


def pins(listing: str) -> dict[str, tuple[str, int]]:
    """Package -> its version and how many hashes it has."""
    found: dict[str, tuple[str, int]] = {}
    name = ""
    for line in (ROOT / f"{listing}.txt").read_text().splitlines():
        if match := PIN.match(line):
            name = match[1]
            found[name] = (match[2], 0)
        elif re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line):
            found[name] = (found[name][0], found[name][1] + 1)
        else:
            assert not line or line.startswith("#"), f"{listing}.txt: {line}"
    return found


@pytest.mark.parametrize("listing", [*LISTS, "requirements-audit"])
def test_every_pin_has_hashes_and_every_direct_package_is_pinned(listing: str) -> None:
    pinned = pins(listing)
    assert [name for name, (_, hashes) in pinned.items() if hashes == 0] == []
    assert direct(listing) <= {canonical(name) for name in pinned}


def test_wheels_of_all_platforms_are_meant() -> None:
    """A compiled package has a hash for each wheel; one machine's list would have one or two."""
    assert pins("requirements")["cryptography"][1] > 20
    assert pins("requirements")["grpcio"][1] > 20


def test_one_version_for_one_package() -> None:
    first = pins("requirements")
    for listing in LISTS[1:]:
        both = {name: pin for name, pin in pins(listing).items() if name in first}
        assert both == {name: first[name] for name in both}
        assert set(first) <= set(both)


def test_engine_is_the_same_everywhere() -> None:
    version = (ROOT / ".pulumi.version").read_text().strip()
    assert re.fullmatch(r"3\.\d+\.\d+", version)
    said = {
        (path.relative_to(ROOT).as_posix(), found)
        for folder in ("deploy", "docs", ".github", "template")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".yaml", ".yml", ".md", "")
        if path.is_file()
        for found in re.findall(r"pulumi/pulumi(?:-python)?:(\d[\d.]+)", path.read_text())
    }
    assert said
    assert {found for _, found in said} == {version}, said


def _make(folder: Path, *arguments: str, path: str = "/usr/bin:/bin") -> tuple[int, str]:
    done = subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=folder,
        env={"PATH": path, "HOME": str(folder), **registry()},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text())
    (tmp_path / "bin").mkdir()
    (tmp_path / "deploy").mkdir()
    shutil.copy(ROOT / "deploy" / "install", tmp_path / "deploy")
    return tmp_path


def _python(folder: Path, name: str, *, fits: bool, pip: bool = True) -> None:
    """A Python under a name: the one of this run, or one that is too old."""
    ours = f'exec "{sys.executable}" "$@"'
    lines = ["#!/bin/sh", ours if fits else "exit 1", ""]
    if fits and not pip:  # bringing it into a .venv takes seconds
        lines.insert(1, f'case "$*" in "-m venv "*) {ours} --without-pip;; esac')
    (folder / "bin" / name).write_text("\n".join(lines))
    (folder / "bin" / name).chmod(0o755)


PYTHONS = (*(f"python3.{minor}" for minor in range(11, 17)), "python3", "python")


@pytest.mark.parametrize("name", PYTHONS)
def test_any_python_that_fits_is_found(folder: Path, name: str) -> None:
    for other in PYTHONS:
        _python(folder, other, fits=other == name, pip=False)
    code, said = _make(folder, ".venv/bin/python", path=f"{folder / 'bin'}:/usr/bin:/bin")
    assert code == 0, said
    assert (folder / ".venv" / "bin" / "python").exists()


def test_wrong_python_is_refused_before_anything_is_made(folder: Path) -> None:
    for name in PYTHONS:
        _python(folder, name, fits=False)
    (folder / "requirements.txt").write_text("")
    path = f"{folder / 'bin'}:/usr/bin:/bin"
    for arguments, said in (
        ((), "none of python3.11"),
        (("PYTHON=python3",), "python3 is missing or older"),
        (("PYTHON=python9",), "python9 is missing or older"),
    ):
        code, text = _make(folder, "install", *arguments, path=path)
        assert code == 2
        assert said in text, text
        assert "write make PYTHON=/path/to/python" in text
        assert not (folder / ".venv").exists()


@pytest.mark.parametrize("command", [["make", "install"], ["deploy/install"]])
def test_half_a_venv_is_not_left_behind(folder: Path, command: list[str]) -> None:
    """As a Debian without python3-venv leaves one."""
    half = f'mkdir -p "$3/bin" && ln -s "{sys.executable}" "$3/bin/python"; exit 1'
    for name in PYTHONS:
        _python(folder, name, fits=True)
        text = (folder / "bin" / name).read_text()
        lines = text.replace("#!/bin/sh\n", f'#!/bin/sh\ncase "$*" in "-m venv "*) {half};; esac\n')
        (folder / "bin" / name).write_text(lines)
    (folder / "requirements.txt").write_text("")
    env = {"PATH": f"{folder / 'bin'}:/usr/bin:/bin"}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert not (folder / ".venv").exists(), done.stdout + done.stderr


def test_package_without_its_hash_is_not_installed(folder: Path) -> None:
    _python(folder, "python3.11", fits=True)
    text = (ROOT / "requirements.txt").read_text()
    wrong = re.search(r"annotated-doc==\S+ \\\n(    --hash=\S+( \\\n)?)+", text)
    assert wrong
    forged = re.sub(r"sha256:[0-9a-f]{64}", f"sha256:{'0' * 64}", wrong[0])
    (folder / "requirements.txt").write_text(forged.rstrip("\\\n") + "\n")
    code, said = _make(folder, "install", path=f"{folder / 'bin'}:/usr/bin:/bin")
    assert code != 0
    assert "DO NOT MATCH THE HASHES" in said
    assert not (folder / ".venv" / "installed").exists()
