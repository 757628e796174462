"""Another Python, closed streams, a full disk: one line and the right exit code, never a traceback."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OLD = """
import runpy, sys
sys.version_info = (3, 10, 13, "final", 0)
sys.argv[0] = "cfscim"
runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
"""


def shell(command: str, folder: Path = ROOT, **env: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "P": sys.executable, **env},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert "Exception ignored" not in done.stderr, done.stderr
    return done


@pytest.mark.parametrize("module", ["cfscim validate", "cfscim up --stack dev", "sandbox"])
def test_a_python_without_the_packages_names_the_one_that_has_them(module: str) -> None:
    # Without site-packages, as any other Python of the machine.
    done = shell(f'"$P" -S -m {module}')
    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    assert "is not installed for this Python" in line
    name = "sandbox" if module == "sandbox" else "install"
    assert (
        f"run make -C {ROOT} {name}" in line or f"run {ROOT}/.venv/bin/python -m {module}" in line
    )


def test_the_command_that_it_names_runs(tmp_path: Path) -> None:
    program = tmp_path / "the program"
    program.mkdir()
    shutil.copytree(ROOT / "cfscim", program / "cfscim")
    own = program / ".venv" / "bin" / "python"
    own.parent.mkdir(parents=True)
    own.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    own.chmod(0o755)
    said = shell('"$P" -S -m cfscim completion "bash"', PYTHONPATH=str(program)).stderr
    again = said.rpartition("; run ")[2]
    assert shell(again, PYTHONPATH=str(program)).stdout.startswith("cfscim() {")


@pytest.mark.parametrize("module", ["cfscim", "sandbox", "cfscim.gitops"])
def test_an_old_python_is_told_so(module: str) -> None:
    done = shell(f"\"$P\" -S -c '{OLD.replace(chr(39), chr(34))}' {module}")
    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    assert "3.11 or newer" in line


@pytest.mark.parametrize("name", ["__init__.py", "../sandbox/__init__.py"])
def test_what_tells_an_old_python_so_is_old_itself(name: str) -> None:
    text = (ROOT / "cfscim" / name).read_text()
    assert text.isascii()
    ast.parse(text, feature_version=(3, 5))


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(
    ("words", "code"), [("validate", 0), ("init --stack new", 2), ("plan --stack nope", 2)]
)
def test_closed_streams(closed: str, words: str, code: int) -> None:
    assert shell(f'"$P" -m cfscim {words} {closed}').returncode == code


@pytest.mark.parametrize(
    ("words", "code"),
    [
        *(("plan --stack dev", 0), ("plan --stack dev --format markdown", 0), ("access", 0)),
        *(("validate --format github", 0), ("validate nothing.yaml", 1), ("plan --stack nope", 2)),
    ],
)
def test_a_reader_that_goes_changes_nothing(words: str, code: int) -> None:
    """As `| head -1` does, and before the first line: the work is done, and says how it went."""
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "cfscim", *words.split()]
    done = subprocess.run(command, cwd=ROOT, stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    assert done.returncode == code
    assert "Broken pipe" not in done.stderr
    assert "Traceback" not in done.stderr


def test_what_ascii_lacks_is_spelt_out() -> None:
    done = shell('"$P" -m cfscim access', PYTHONIOENCODING="ascii", COLUMNS="60")
    assert done.stdout.isascii()
    assert "..." in done.stdout
    assert "\\u" not in done.stdout


@pytest.mark.parametrize("words", ["validate --format json", "schema", "access --format csv"])
def test_a_full_disk_is_one_line(words: str) -> None:
    done = shell(f'"$P" -m cfscim {words} > /dev/full')
    assert done.returncode == 1
    assert done.stderr == "cfscim: No space left on device\n"


@pytest.mark.parametrize("words", ["tip", "due", "comment", "report", "plan", "approve"])
def test_a_step_of_a_pipeline_says_what_it_was_not_given(words: str) -> None:
    done = shell(
        f"env -i PATH=/usr/bin:/bin PYTHONPATH={ROOT} '{sys.executable}' -m cfscim.gitops {words}"
    )
    assert done.returncode == 1
    assert done.stderr.startswith("::error::")
