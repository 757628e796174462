"""The Makefile finds any Python from 3.11 on, and refuses another before `.venv` is made."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# What the Makefile asks of a Python is its version; `-m venv` makes the folder.
STUB = """#!/bin/sh
case "$*" in
  *venv*) mkdir -p .venv/bin && echo "made by $0" > .venv/bin/python ;;
  *version_info\\ \\>=*) [ {minor} -ge 11 ] && echo True ;;
  *version_info*) [ {minor} -ge 11 ] ;;
esac
"""


def made(folder: Path, pythons: dict[str, int], *words: str) -> subprocess.CompletedProcess[str]:
    """`make .venv/bin/python` where only these Pythons are on PATH: name -> minor version."""
    tools = folder / "bin"
    tools.mkdir()
    for name in ("sh", "mkdir", "test", "echo"):
        (tools / name).symlink_to(shutil.which(name) or "/bin/false")
    for name, minor in pythons.items():
        (tools / name).write_text(STUB.format(minor=minor))
        (tools / name).chmod(0o755)
    shutil.copy(ROOT / "Makefile", folder)
    return subprocess.run(
        [shutil.which("make") or "make", ".venv/bin/python", *words],
        cwd=folder,
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("pythons", "chosen"),
    [
        ({"python3": 11}, "python3"),
        ({"python": 15}, "python"),
        ({"python3": 10, "python3.15": 15}, "python3.15"),
        ({"python3": 9, "python3.13": 13}, "python3.13"),
        ({"python3": 10, "python": 12}, "python"),
    ],
)
def test_any_python_from_311_on_is_found(tmp_path: Path, pythons: dict, chosen: str) -> None:
    done = made(tmp_path, pythons)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / ".venv/bin/python").read_text().strip() == f"made by {tmp_path}/bin/{chosen}"


@pytest.mark.parametrize(
    ("pythons", "words"),
    [
        ({}, ()),
        ({"python3": 10, "python": 8}, ()),
        ({"python3": 12, "old": 10}, ("PYTHON=old",)),
        ({"python3": 12}, ("PYTHON=nowhere",)),
    ],
)
def test_a_wrong_python_is_refused_before_anything_is_made(
    tmp_path: Path, pythons: dict, words: tuple[str, ...]
) -> None:
    done = made(tmp_path, pythons, *words)
    assert done.returncode == 2
    assert "no Python from 3.11 on" in done.stderr
    assert "make PYTHON=/path/to/python" in done.stderr
    assert not (tmp_path / ".venv").exists()
