"""Imports run one way, as the design draws it."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = {"components", "scim", "cfscim", "sandbox", "policy"}
MAY_IMPORT = {
    "scim": {"scim"},
    "sandbox": {"sandbox"},
    "components": {"components", "scim"},
    "policy": {"policy", "scim"},
    "cfscim": {"cfscim", "scim", "sandbox", "components"},
}
WITHOUT_PULUMI = ("scim", "sandbox")


def imported(path: Path) -> set[str]:
    """Top-level names of everything a file imports, wherever in it the import stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: write the import in full"
            found.add((node.module or "").split(".")[0])
    return found


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_a_package_imports_only_what_stands_below_it(package: str) -> None:
    files = list((ROOT / package).rglob("*.py"))
    assert files
    for path in files:
        upwards = (imported(path) & OURS) - MAY_IMPORT[package]
        assert not upwards, f"{path.relative_to(ROOT)} imports {upwards}"


@pytest.mark.parametrize("package", WITHOUT_PULUMI)
def test_pulumi_stays_out(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        engine = {name for name in imported(path) if name.startswith("pulumi")}
        assert not engine, f"{path.relative_to(ROOT)} imports {engine}"


def test_the_program_file_stays_short() -> None:
    assert len((ROOT / "__main__.py").read_text().splitlines()) < 40


def test_no_file_grows_over_300_lines() -> None:
    long = [
        (str(path.relative_to(ROOT)), lines)
        for package in (*MAY_IMPORT, "tests")
        for path in (ROOT / package).rglob("*.py")
        if (lines := len(path.read_text().splitlines())) > 300
    ]
    assert not long
