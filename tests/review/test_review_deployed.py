"""By hand too, a plan compares with what the stack's own record says was last verified."""

import json
import subprocess
from pathlib import Path

import pytest

from cfscim.config.messages import MissingError
from cfscim.gitops.deployed import TAG
from cfscim.plan.command import Request, run
from tests.plan.plan_kit import commit, freeze, git
from tests.review.tricks import in_force, stranger, write


def _engine(folder: Path, tags: dict[str, str] | None) -> None:
    """A `pulumi` that knows the stack's tags, or has no stack."""
    (folder / "bin").mkdir()
    script = folder / "bin" / "pulumi"
    said = f"echo '{json.dumps(tags)}'" if tags is not None else "echo no stack >&2; exit 1"
    script.write_text(f"#!/bin/sh\n{said}\n")
    script.chmod(0o755)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    freeze(monkeypatch)
    in_force(tmp_path)
    commit(tmp_path)
    return tmp_path


def test_a_change_that_was_never_verified_is_shown(folder: Path, capsys) -> None:
    shown = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, check=True
    )
    _engine(folder, {TAG: shown.stdout.strip()})
    write(folder, stranger())
    git(folder, "commit", "-q", "-a", "-m", "merged, and its deployment was refused")
    assert run(Request(stack="prod", output="json", against="deployed")) == 0
    risks = json.loads(capsys.readouterr().out)["review"]["risks"]
    assert any("eve@example.com" in risk["text"] for risk in risks)


@pytest.mark.parametrize("tags", [{}, None])
def test_without_a_record_it_stops(folder: Path, tags: dict[str, str] | None) -> None:
    _engine(folder, tags)
    with pytest.raises(MissingError):
        run(Request(stack="prod", against="deployed"))


def test_each_stack_has_a_record_of_its_own(folder: Path, capsys) -> None:
    assert run(Request(against="deployed")) == 2
    assert "--stack" in capsys.readouterr().err
