"""ci's `make test`, run as it stands on a small part of this repository: does red stay red?"""

import sys
from pathlib import Path

import pytest

from tests.repository.workflow_kit import Clone
from tests.repository.workflow_steps import Step, runs

TEST = "tests/config/test_credentials.py"
CODE = "cfscim/config/messages.py"
# No test of the workflows is among them, so it cannot start itself.
PART = (
    *("Makefile", "pyproject.toml", "requirements.txt", "requirements-sandbox.txt"),
    *("requirements-dev.txt", ".gitignore"),
    *("cfscim/__init__.py", "cfscim/config/__init__.py", "cfscim/config/credentials.py", CODE),
    *("tests/__init__.py", "tests/config/__init__.py", TEST),
)
# pyright's wrapper would ask its registry for a newer version on every run.
MACHINE = {"PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """All is installed: the tools of this run, and stamps newer than what they are of."""
    made = Clone(tmp_path, PART, bare=True)
    venv = made.path / ".venv"
    venv.mkdir()
    for name in ("bin", "lib", "pyvenv.cfg"):
        (venv / name).symlink_to(Path(sys.prefix) / name)
    for name in ("installed", "installed-sandbox", "installed-dev"):
        (venv / name).touch()
    return made


@runs("ci/test/Test")
def test_ci_is_green_only_when_every_check_passes(clone: Clone, step: Step) -> None:
    done = clone.run(step, MACHINE)
    assert done.code == 0, done.text
    assert "All checks passed!" in done.text
    assert "0 errors, 0 warnings" in done.text
    assert " passed in " in done.text
    for file, more, said in (
        (TEST, "\n\ndef test_red() -> None:\n    assert MASK == 2\n", f"FAILED {TEST}::test_red"),
        (CODE, '\n\nNUMBER: int = "1"\n', "(reportAssignmentType)"),
        (CODE, "\n\nNUMBER: int =   1\n", "1 file would be reformatted"),
        (CODE, "\n\nimport os\n", "F401"),
    ):
        text = (clone.path / file).read_text()
        (clone.path / file).write_text(text + more)
        done = clone.run(step, MACHINE)
        assert done.code != 0, more
        assert said in done.text
        (clone.path / file).write_text(text)


@runs("ci/audit/Audit")
def test_known_hole_in_a_pinned_package_ends_the_job(tmp_path: Path, step: Step) -> None:
    clone = Clone(tmp_path, ("Makefile", "requirements-audit.txt"), bare=True)
    tool = clone.path / ".audit" / "bin" / "pip-audit"
    tool.parent.mkdir(parents=True)
    script = '#!/bin/sh\necho "$@" >> "$GH_STUB/called"\ncase "$*" in *%s*) exit 1;; esac\n'
    for folder in (clone.path / ".venv" / "bin",):
        folder.mkdir(parents=True)
        (folder / "python").touch()
    (clone.path / ".audit" / "installed").touch()
    for bad, code in (("nothing", 0), ("requirements-dev", 2)):
        tool.write_text(script % bad)
        tool.chmod(0o755)
        assert clone.run(step).code == code
    called = (tmp_path / "runner" / "called").read_text().splitlines()
    lists = [line.split()[-1] for line in called[:3]]
    assert lists == ["requirements.txt", "requirements-sandbox.txt", "requirements-dev.txt"]
    assert all("--require-hashes" in line for line in called)
