"""Nothing slips past the approver: each trick is refused, or stands among the first risks."""

import json
import re
import shutil
from pathlib import Path

import pytest

from cfscim.plan.command import Request, run
from tests.plan.plan_kit import commit, freeze, git
from tests.review.tricks import Trick, in_force, settings_tricks
from tests.review.tricks_config import config_tricks
from tests.review.tricks_files import file_tricks
from tests.review.tricks_led_to import led_to_tricks
from tests.review.tricks_more import more_tricks
from tests.review.tricks_text import text_tricks

FIRST = 3
"""Risks that an approver reads whatever else there is."""
TRICKS = [
    *(*settings_tricks(), *text_tricks(), *file_tricks(), *config_tricks(), *more_tricks()),
    *led_to_tricks(),
]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository of what is in force, made once."""
    folder = tmp_path_factory.mktemp("base") / "repository"
    folder.mkdir()
    in_force(folder)
    commit(folder)
    return folder


@pytest.fixture
def folder(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it to play the trick in."""
    copy = tmp_path / "repository"
    shutil.copytree(base, copy)
    monkeypatch.chdir(copy)
    freeze(monkeypatch)
    return copy


def _first_lines(said: list[dict]) -> list[str]:
    """What the approver reads first of every entry that the plan printed."""
    lines: list[str] = []
    for entry in said:
        problems = entry.get("problems", ())
        lines += [f"{one['file']} {one['path']} {one['message']}" for one in problems]
        lines += [risk["text"] for risk in entry.get("review", {}).get("risks", ())[:FIRST]]
        lines += [f"{entry['file']} is removed"] if entry.get("removed") else []
    return lines


def test_what_is_in_force_is_neither_refused_nor_a_risk(folder: Path, capsys) -> None:
    assert run(Request(stack="prod", output="json", against="main", enforce=True)) == 0
    assert json.loads(capsys.readouterr().out)["review"]["risks"] == []


def test_there_are_enough_tricks_and_each_is_another() -> None:
    names = [trick.name for trick in TRICKS]
    assert len(set(names)) == len(names) >= 600


@pytest.mark.parametrize("trick", TRICKS, ids=lambda trick: trick.name)
def test_a_trick_is_refused_or_among_the_first_risks(
    folder: Path, capsys: pytest.CaptureFixture[str], trick: Trick
) -> None:
    if trick.merged is not None:
        trick.merged(folder)
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "--allow-empty", "-m", "merged before")
    trick.does(folder)
    git(folder, "add", "-A")
    code = run(Request(output="json", against="main", enforce=True))
    captured = capsys.readouterr()
    said = json.loads(captured.out)
    policy = [line for line in captured.err.splitlines() if line.startswith("policy:")]
    first = [*_first_lines(said), *policy]
    assert first, "nothing is said of it"
    assert re.search(trick.seen, "\n".join(first)), first
    if any(entry.get("problems") for entry in said):
        assert code == 1
