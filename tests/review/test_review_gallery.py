"""The gallery of pull requests: what an approver reads stands in `gallery/`, byte for byte.

After a wanted change of the report: `CFSCIM_UPDATE_GALLERY=1 pytest tests/review/test_review_gallery.py`,
then read the difference.
"""

import os
from pathlib import Path

import pytest

from cfscim.plan.command import Request, run
from tests.plan.plan_kit import commit, freeze, write
from tests.review.gallery_scenarios import SCENARIOS, Scenario

GALLERY = Path(__file__).parent / "gallery"
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


@pytest.fixture
def comment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    """Writes the comment of a pull request, as the pipeline does."""

    def written(scenario: Scenario) -> str:
        if scenario.before is not None:
            write(tmp_path, "prod", scenario.before)
        commit(tmp_path)
        write(tmp_path, "prod", scenario.after)
        monkeypatch.chdir(tmp_path)
        freeze(monkeypatch)
        assert run(Request(stack="prod", output="markdown", against="main")) == 0
        return capsys.readouterr().out

    return written


@pytest.mark.parametrize("name", BY_NAME)
def test_the_comment_reads_as_in_the_gallery(comment, name: str) -> None:
    found = comment(BY_NAME[name])
    file = GALLERY / f"{name}.md"
    if os.environ.get("CFSCIM_UPDATE_GALLERY"):
        GALLERY.mkdir(exist_ok=True)
        file.write_text(found, encoding="utf-8")
    assert found == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_person_affected_is_named(scenario: Scenario) -> None:
    text = (GALLERY / f"{scenario.name}.md").read_text(encoding="utf-8")
    assert [person for person in scenario.affected if f"`{person}`" not in text] == []


def test_the_gallery_holds_exactly_the_scenarios() -> None:
    assert {file.stem for file in GALLERY.glob("*.md")} == set(BY_NAME)
    assert len(BY_NAME) == len(SCENARIOS) >= 25
