"""Imports run one way, as docs/contributing.md draws it."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

MAY_IMPORT = {
    "cfscim/config": {"cfscim.config"},
    "cfscim/vendors": {"cfscim.config", "cfscim.vendors"},
    "components": {"components", "cfscim.config", "cfscim.vendors"},
    "policy": {"policy", "cfscim.config", "cfscim.program.private"},
    "cfscim": {"cfscim"},
    "sandbox": {"sandbox"},
}
OURS = {"components", "cfscim", "sandbox", "policy", "tests"}
PULUMI = (
    *("components", "policy", "cfscim/program", "cfscim/rehearsal", "cfscim/up"),
    "cfscim/adopt/finder.py",
)
"""Where Pulumi may be imported, beside `__main__.py`."""


def imported(path: Path) -> set[str]:
    """The modules that a file imports, wherever in it the import stands."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: write the import in full"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def below(name: str, packages: set[str]) -> bool:
    """Whether a module belongs to one of the packages."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize("folder", sorted(MAY_IMPORT))
def test_a_folder_imports_only_what_stands_below_it(folder: str) -> None:
    files = list((ROOT / folder).rglob("*.py"))
    assert files
    for path in files:
        ours = {name for name in imported(path) if below(name, OURS)}
        upwards = {name for name in ours if not below(name, MAY_IMPORT[folder])}
        assert not upwards, f"{path.relative_to(ROOT)} imports {upwards}"


def test_pulumi_stays_where_the_program_runs() -> None:
    for folder in MAY_IMPORT:
        for path in (ROOT / folder).rglob("*.py"):
            place = path.relative_to(ROOT).as_posix()
            if place.startswith(PULUMI):
                continue
            pulumi = {name for name in imported(path) if name.startswith("pulumi")}
            assert not pulumi, f"{place} imports {pulumi}"


def test_the_program_file_stays_short() -> None:
    assert len((ROOT / "__main__.py").read_text().splitlines()) < 40


def test_pipelines_need_nothing_installed() -> None:
    """Jobs that write to GitHub install nothing, so that no package runs with their rights."""
    beside = ("processes", "vendors/secrets", "vendors/within")
    beside += tuple(f"config/{name}" for name in ("credentials", "json_types", "kinds", "messages"))
    taken = tuple(f"cfscim.{name.replace('/', '.')}" for name in ("gitops", *beside))
    files = [ROOT / "cfscim" / f"{name}.py" for name in beside]
    for path in (*(ROOT / "cfscim" / "gitops").rglob("*.py"), *files):
        for name in imported(path):
            top = name.split(".")[0]
            ours = name.startswith(taken)
            assert top in sys.stdlib_module_names or ours, name
