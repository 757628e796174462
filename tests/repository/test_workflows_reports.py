"""The steps that write to GitHub, run as they stand with a stand-in for `gh`."""

import json
from pathlib import Path

import pytest

from tests.repository.workflow_kit import GH, Clone, Outcome
from tests.repository.workflow_steps import Step, runs

MARKER = "<!-- cloudflare-scim plan -->\n"
COMMENT = "comment/comment/Post or edit the comment"
REPORT = "drift/report/Open, edit or close the issue"


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    made = Clone(tmp_path)
    (made.path / "comment").mkdir()
    (made.path / "comment" / "number").write_text("7\n")
    (made.path / "comment" / "plan.md").write_text("ada gains Billing\n")
    return made


def _run(
    clone: Clone, what: Step, answers: list[tuple[list[str], str, int]], **env: str
) -> tuple[Outcome, list[dict[str, object]]]:
    folder = clone.command("gh", GH)
    given = [{"when": when, "print": text, "exit": code} for when, text, code in answers]
    (folder / "answers").write_text(json.dumps(given))
    (folder / "calls").write_text("")
    done = clone.run(what, None, GH_TOKEN="t", REPOSITORY="acme/scim", **env)
    calls = [json.loads(line) for line in (folder / "calls").read_text().splitlines()]
    return done, [call for call in calls if "--method" in call["arguments"]]


def _comment(
    clone: Clone,
    step: Step,
    existing: str = "",
    head: str = "abc",
    fork: str = "false",
    listing: int = 0,
) -> tuple[Outcome, list[dict[str, object]]]:
    listed = ["issues/7/comments", "--paginate"]
    answers = [(["pulls/7"], head, 0), (listed, existing, listing)]
    return _run(clone, step, answers, HEAD_SHA="abc", FROM_FORK=fork)


@runs(COMMENT)
def test_first_comment_is_posted(clone: Clone, step: Step) -> None:
    done, writes = _comment(clone, step)
    assert done.code == 0, done.text
    assert len(writes) == 1
    assert str(writes[0]["arguments"]).startswith(
        "['api', '--method', 'POST', 'repos/acme/scim/issues/7/comments'"
    )
    assert writes[0]["body"] == MARKER + "ada gains Billing\n"


@runs(COMMENT)
def test_later_comment_is_edited_in_place(clone: Clone, step: Step) -> None:
    _, writes = _comment(clone, step, existing="55\n66")
    assert len(writes) == 1
    assert str(writes[0]["arguments"]).startswith(
        "['api', '--method', 'PATCH', 'repos/acme/scim/issues/comments/55'"
    )


@runs(COMMENT)
def test_comment_of_a_fork_says_so(clone: Clone, step: Step) -> None:
    _, writes = _comment(clone, step, fork="true")
    assert "comes from a fork" in str(writes[0]["body"])


@runs(COMMENT)
def test_plan_of_another_pull_request_is_not_posted(clone: Clone, step: Step) -> None:
    done, writes = _comment(clone, step, head="def")
    assert (done.code, writes) == (0, [])


@runs(COMMENT)
def test_comments_that_cannot_be_listed_are_not_posted_twice(clone: Clone, step: Step) -> None:
    done, writes = _comment(clone, step, existing="", listing=1)
    assert (done.code, writes) == (1, [])


@pytest.mark.parametrize("number", ["", "7/../8", "$(touch x)", "7 8"])
@runs(COMMENT)
def test_number_that_is_none_is_refused(clone: Clone, step: Step, number: str) -> None:
    (clone.path / "comment" / "number").write_text(number)
    done, writes = _comment(clone, step)
    assert (done.code, writes) == (1, [])
    assert not (clone.path / "x").exists()


@runs(COMMENT)
def test_long_plan_is_cut_between_characters(clone: Clone, step: Step) -> None:
    (clone.path / "comment" / "plan.md").write_text("x" + "é" * 40_000 + "€" * 10_000)
    done, writes = _comment(clone, step)
    assert done.code == 0, done.text
    body = str(writes[0]["body"])
    assert len(body.encode()) < 65_536
    assert body.rstrip().endswith("Cut here; the summary of the run has the whole plan.")


def _report(clone: Clone, step: Step, result: str, existing: str = "") -> list[dict[str, object]]:
    answers = [(["issues?state=open"], existing, 0)]
    done, writes = _run(clone, step, answers, RUN="https://x/runs/1", RESULT=result)
    assert done.code == 0, done.text
    return writes


@runs(REPORT)
def test_drift_opens_one_issue_then_edits_it_then_closes_it(clone: Clone, step: Step) -> None:
    (clone.path / "drift").mkdir()
    (clone.path / "drift" / "prod.md").write_text("token is gone\n")
    opened = _report(clone, step, "failure")
    assert len(opened) == 1
    assert "title=Cloudflare SCIM has drifted" in str(opened[0]["arguments"])
    assert str(opened[0]["body"]).startswith("<!-- cloudflare-scim drift -->\n")
    assert "## prod\ntoken is gone" in str(opened[0]["body"])
    edited = _report(clone, step, "failure", existing="12")
    assert "repos/acme/scim/issues/12" in str(edited[0]["arguments"])
    closed = _report(clone, step, "success", existing="12")
    assert "state=closed" in str(closed[-1]["arguments"])
    assert _report(clone, step, "success") == []


@runs(REPORT)
def test_long_findings_are_cut_between_characters(clone: Clone, step: Step) -> None:
    (clone.path / "drift").mkdir()
    for name in ("a", "b", "c", "d", "e", "f", "g", "h"):
        (clone.path / "drift" / f"{name}.md").write_text("x" + "é" * 12_000)
    (write,) = _report(clone, step, "failure")
    assert 60_000 < len(str(write["body"]).encode()) <= 64_000


@runs(REPORT)
def test_drift_without_findings_still_reports_the_failure(clone: Clone, step: Step) -> None:
    writes = _report(clone, step, "failure")
    assert "https://x/runs/1" in str(writes[0]["body"])


@pytest.mark.parametrize(
    ("pulumi", "verify", "found"), [(0, 0, ""), (1, 0, "refresh"), (0, 1, "verify")]
)
@runs("drift/check/Refresh, expecting no changes, and verify")
def test_drift_check_collects_what_differs(
    clone: Clone, step: Step, pulumi: int, verify: int, found: str
) -> None:
    clone.command(
        "pulumi", f'#!/bin/sh\necho "$@" > "$GH_STUB/called"\necho changed\nexit {pulumi}\n'
    )
    (clone.path / ".venv").unlink()
    (clone.path / ".venv" / "bin").mkdir(parents=True)
    python = clone.path / ".venv" / "bin" / "python"
    python.write_text(f"#!/bin/sh\necho differs\nexit {verify}\n")
    python.chmod(0o755)
    done = clone.run(step, STACK="prod", OKTA_API_PRIVATE_KEY="k", CLOUDFLARE_API_TOKEN="t")
    assert done.code == (1 if found else 0)
    called = (clone.path.parent / "runner" / "called").read_text()
    assert called.startswith("refresh --stack prod --preview-only --expect-no-changes")
    file = clone.path / "drift" / "prod.md"
    assert file.exists() == bool(found)
    if found:
        assert found in file.read_text()
