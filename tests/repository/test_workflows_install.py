"""The workflows' `Install` step, run for real: from the package registry, into a clone's own .venv.

Takes about half a minute, so it is executed once.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.repository.workflow_kit import PROGRAM, Clone, Outcome, registry
from tests.repository.workflow_steps import Step, runs

INSTALL = ("actions/set-up/Install",)
# What actions/setup-python puts on the PATH; `make` asks for the same version.
PYTHON = f'#!/bin/sh\nexec "{sys.executable}" "$@"\n'


@dataclass
class Installed:
    """The one execution that the jobs share."""

    clone: Clone
    first: tuple[Step, Outcome] | None = None


def _clone(folder: Path) -> Clone:
    clone = Clone(folder, (*PROGRAM, "requirements.txt"), bare=True)
    clone.command("python", PYTHON)
    return clone


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    made = Installed(_clone(tmp_path_factory.mktemp("install")))
    yield made
    # pytest keeps the folders of three runs; a quarter of a gigabyte each is too much.
    shutil.rmtree(made.clone.path / ".venv")


@runs(*INSTALL)
def test_what_the_workflows_run_is_installed(installed: Installed, step: Step) -> None:
    if installed.first is None:
        installed.first = (step, installed.clone.run(step, registry()))
    done, outcome = installed.first
    if step is not done:
        step.same_as(done)
    assert outcome.code == 0, outcome.text
    folder = installed.clone.path
    for command in (
        ["-c", "import sys; assert sys.prefix == sys.argv[1]", str(folder / ".venv")],
        ["-m", "cfscim", "validate"],
        # Runs the program, and with it every provider's SDK.
        ["-m", "cfscim", "plan", "--stack", "dev"],
        ["-c", "import policy.pack"],
        # Nothing of the sandbox's is installed where credentials of production are.
        ["-c", "import importlib.util as u; assert not u.find_spec('werkzeug')"],
        # Compiled at the installation, not at every first run.
        ["-c", "import pathlib; assert [*pathlib.Path('cfscim/__pycache__').glob('*.pyc')]"],
        ["-c", "import os, cfscim; os.chdir('/'); import runpy"],
    )[: 7 if step is done else 2]:
        ran = subprocess.run(
            [str(folder / ".venv" / "bin" / "python"), *command],
            cwd=folder,
            env={"PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert ran.returncode == 0, (command, ran.stdout + ran.stderr)


@runs(INSTALL[0])
def test_package_that_cannot_be_installed_ends_the_job(installed: Installed, step: Step) -> None:
    listed = installed.clone.path / "requirements.txt"
    right = listed.read_text()
    listed.write_text("no package at all\n")
    done = installed.clone.run(step, registry())
    listed.write_text(right)
    assert done.code != 0
    assert "requirements.txt" in done.text
