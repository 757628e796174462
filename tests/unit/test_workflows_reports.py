"""The steps that write to GitHub, run as they stand with a stand-in for `gh`."""

import json
from pathlib import Path

import pytest

from tests.unit.workflow_kit import GH, Clone, Outcome, step

MARKER = "<!-- cloudflare-scim plan -->\n"


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    made = Clone(tmp_path)
    (made.path / "comment").mkdir()
    (made.path / "comment" / "number").write_text("7\n")
    (made.path / "comment" / "plan.md").write_text("ada gains Billing\n")
    return made


def _run(
    clone: Clone, what: dict[str, object], answers: list[tuple[list[str], str]], **env: str
) -> tuple[Outcome, list[dict[str, object]]]:
    folder = clone.command("gh", GH)
    given = [{"when": when, "print": text} for when, text in answers]
    (folder / "answers").write_text(json.dumps(given))
    (folder / "calls").write_text("")
    done = clone.run(what, GH_TOKEN="t", REPOSITORY="acme/scim", **env)
    calls = [json.loads(line) for line in (folder / "calls").read_text().splitlines()]
    return done, [call for call in calls if "--method" in call["arguments"]]


def _comment(
    clone: Clone, existing: str = "", head: str = "abc", fork: str = "false"
) -> tuple[Outcome, list[dict[str, object]]]:
    answers = [(["pulls/7"], head), (["issues/7/comments", "--paginate"], existing)]
    what = step("comment", "comment", "Post or edit the comment")
    return _run(clone, what, answers, HEAD_SHA="abc", FROM_FORK=fork)


def test_first_comment_is_posted(clone: Clone) -> None:
    done, writes = _comment(clone)
    assert done.code == 0, done.text
    assert len(writes) == 1
    assert str(writes[0]["arguments"]).startswith(
        "['api', '--method', 'POST', 'repos/acme/scim/issues/7/comments'"
    )
    assert writes[0]["body"] == MARKER + "ada gains Billing\n"


def test_later_comment_is_edited_in_place(clone: Clone) -> None:
    _, writes = _comment(clone, existing="55\n66")
    assert len(writes) == 1
    assert str(writes[0]["arguments"]).startswith(
        "['api', '--method', 'PATCH', 'repos/acme/scim/issues/comments/55'"
    )


def test_comment_of_a_fork_says_so(clone: Clone) -> None:
    _, writes = _comment(clone, fork="true")
    assert "comes from a fork" in str(writes[0]["body"])


def test_plan_of_another_pull_request_is_not_posted(clone: Clone) -> None:
    done, writes = _comment(clone, head="def")
    assert (done.code, writes) == (0, [])


@pytest.mark.parametrize("number", ["", "7/../8", "$(touch x)", "7 8"])
def test_number_that_is_none_is_refused(clone: Clone, number: str) -> None:
    (clone.path / "comment" / "number").write_text(number)
    done, writes = _comment(clone)
    assert (done.code, writes) == (1, [])
    assert not (clone.path / "x").exists()


def test_long_plan_is_cut_between_characters(clone: Clone) -> None:
    (clone.path / "comment" / "plan.md").write_text("x" + "é" * 40_000 + "€" * 10_000)
    done, writes = _comment(clone)
    assert done.code == 0, done.text
    body = str(writes[0]["body"])
    assert len(body.encode()) < 65_536
    assert body.rstrip().endswith("Cut here; the summary of the run has the whole plan.")


def _report(clone: Clone, result: str, existing: str = "") -> list[dict[str, object]]:
    what = step("drift", "report", "Open, edit or close the issue")
    answers = [(["issues?state=open"], existing)]
    done, writes = _run(clone, what, answers, RUN="https://x/runs/1", RESULT=result)
    assert done.code == 0, done.text
    return writes


def test_drift_opens_one_issue_then_edits_it_then_closes_it(clone: Clone) -> None:
    (clone.path / "drift").mkdir()
    (clone.path / "drift" / "prod.md").write_text("token is gone\n")
    opened = _report(clone, "failure")
    assert len(opened) == 1
    assert "title=Cloudflare SCIM has drifted" in str(opened[0]["arguments"])
    assert str(opened[0]["body"]).startswith("<!-- cloudflare-scim drift -->\n")
    assert "## prod\ntoken is gone" in str(opened[0]["body"])
    edited = _report(clone, "failure", existing="12")
    assert "repos/acme/scim/issues/12" in str(edited[0]["arguments"])
    closed = _report(clone, "success", existing="12")
    assert "state=closed" in str(closed[-1]["arguments"])
    assert _report(clone, "success") == []


def test_long_findings_are_cut_between_characters(clone: Clone) -> None:
    (clone.path / "drift").mkdir()
    for name in ("a", "b", "c", "d", "e", "f", "g", "h"):
        (clone.path / "drift" / f"{name}.md").write_text("x" + "é" * 12_000)
    (write,) = _report(clone, "failure")
    assert 60_000 < len(str(write["body"]).encode()) <= 64_000


def test_drift_without_findings_still_reports_the_failure(clone: Clone) -> None:
    writes = _report(clone, "failure")
    assert "https://x/runs/1" in str(writes[0]["body"])


@pytest.mark.parametrize(
    ("pulumi", "verify", "found"), [(0, 0, ""), (1, 0, "refresh"), (0, 1, "verify")]
)
def test_drift_check_collects_what_differs(
    clone: Clone, pulumi: int, verify: int, found: str
) -> None:
    clone.command(
        "pulumi", f'#!/bin/sh\necho "$@" > "$GH_STUB/called"\necho changed\nexit {pulumi}\n'
    )
    (clone.path / ".venv").unlink()
    (clone.path / ".venv" / "bin").mkdir(parents=True)
    python = clone.path / ".venv" / "bin" / "python"
    python.write_text(f"#!/bin/sh\necho differs\nexit {verify}\n")
    python.chmod(0o755)
    what = step("drift", "check", "Refresh, expecting no changes, and verify")
    done = clone.run(what, STACK="prod", OKTA_API_PRIVATE_KEY="k", CLOUDFLARE_API_TOKEN="t")
    assert done.code == (1 if found else 0)
    called = (clone.path.parent / "runner" / "called").read_text()
    assert called.startswith("refresh --stack prod --preview-only --expect-no-changes")
    file = clone.path / "drift" / "prod.md"
    assert file.exists() == bool(found)
    if found:
        assert found in file.read_text()
