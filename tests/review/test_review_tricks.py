"""Nothing slips past the approver: each trick is refused, or stands among the first risks."""

import json
import re
from pathlib import Path

import pytest

from cfscim.plan.command import Request, run
from tests.plan.plan_kit import commit, freeze, git
from tests.review.tricks import Trick, in_force, tricks

FIRST = 3
"""Risks that an approver reads whatever else there is."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    freeze(monkeypatch)
    in_force(tmp_path)
    commit(tmp_path)
    return tmp_path


def test_what_is_in_force_is_neither_refused_nor_a_risk(folder: Path, capsys) -> None:
    assert run(Request(stack="prod", output="json", against="main", enforce=True)) == 0
    assert json.loads(capsys.readouterr().out)["review"]["risks"] == []


def test_there_are_enough_tricks_and_each_is_another() -> None:
    names = [trick.name for trick in tricks()]
    assert len(set(names)) == len(names) >= 100


@pytest.mark.parametrize("trick", tricks(), ids=lambda trick: trick.name)
def test_a_trick_is_refused_or_among_the_first_risks(
    folder: Path, capsys: pytest.CaptureFixture[str], trick: Trick
) -> None:
    git(folder, "checkout", "-q", "-b", "change")
    trick.does(folder)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "trick")
    code = run(Request(stack="prod", output="json", against="main", enforce=True))
    said = json.loads(capsys.readouterr().out)
    if "problems" in said:
        assert code == 1
        first = [f"{one['file']} {one['path']} {one['message']}" for one in said["problems"]]
    else:
        risks = said["review"]["risks"][:FIRST]
        assert risks, "nothing is said of it"
        first = [risk["text"] for risk in risks]
    assert re.search(trick.seen, "\n".join(first), re.IGNORECASE), first
