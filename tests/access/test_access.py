"""Who has which role, since when and by whose approval, as text, CSV and JSON."""

import csv
import io
import json
from pathlib import Path

import pytest

from cfscim.access.command import Request, run
from cfscim.config.messages import MissingError, UsageError
from tests.access.access_kit import commit, git, stack_text
from tests.configs import SUPER

DEV, PROD = "Pulumi.dev.yaml", "Pulumi.prod.yaml"
FOUNDERS = ["grace@example.org", "alan@example.org"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ada gains Administrator in March by a merge of Grace's, and Bo loses Billing in April."""
    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init", "-q", "-b", "main")
    first = {SUPER: FOUNDERS, "Billing": ["bo@example.org"]}
    files = {DEV: stack_text(1, first), PROD: stack_text(2, {SUPER: FOUNDERS})}
    commit(tmp_path, files, "The first stacks", "2026-01-10", "Alan")
    git(tmp_path, "switch", "-q", "-c", "ada")
    gained = {**first, "Administrator": ["Ada@example.org"]}
    commit(tmp_path, {DEV: stack_text(1, gained)}, "Ask for Ada", "2026-03-01", "Ada")
    git(tmp_path, "switch", "-q", "main")
    git(
        tmp_path, "merge", "-q", "--no-ff", "-m", "Merge: Ada", "ada", day="2026-03-05", who="Grace"
    )
    lost = {**gained, "Billing": []}
    words = "Bo leaves\n\nReviewed-by: Alan <alan@example.org>"
    commit(tmp_path, {DEV: stack_text(1, lost)}, words, "2026-04-01", "Ada")
    return tmp_path


def asked(capsys: pytest.CaptureFixture[str], **request: object) -> dict:
    assert run(Request(output="json", **request)) == 0  # type: ignore[arg-type]
    return json.loads(capsys.readouterr().out)


def test_since_when_by_which_commit_and_whose_approval(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = asked(capsys)
    (ada,) = (row for row in picture["access"] if row["person"] == "Ada@example.org")
    assert (ada["role"], ada["accountName"], ada["stack"]) == ("Administrator", "Account 1", "dev")
    assert ada["since"] == "2026-03-05T12:00:00+00:00", "the day it reached the branch"
    assert ada["subject"] == "Merge: Ada"
    assert ada["commit"] == git(folder, "rev-parse", "HEAD~1")
    assert ada["approvedBy"] == "Grace <grace@example.org>", "who merged it"
    assert ada["group"] == "Administrator"
    (bo,) = picture["ended"]
    assert (bo["person"], bo["until"]) == ("bo@example.org", "2026-04-01T12:00:00+00:00")
    assert {row["person"] for row in picture["access"]} == {*FOUNDERS, "Ada@example.org"}
    assert len(picture["access"]) == 5


@pytest.mark.parametrize(
    ("at", "people"),
    [
        ("2026-01-09", set()),
        ("2026-01-10", {*FOUNDERS, "bo@example.org"}),
        ("2026-03-04", {*FOUNDERS, "bo@example.org"}),
        ("2026-03-05", {*FOUNDERS, "bo@example.org", "Ada@example.org"}),
        ("HEAD~1", {*FOUNDERS, "bo@example.org", "Ada@example.org"}),
        ("main", {*FOUNDERS, "Ada@example.org"}),
    ],
)
def test_as_it_was_at_a_revision_or_on_a_day(
    folder: Path, capsys: pytest.CaptureFixture[str], at: str, people: set[str]
) -> None:
    assert {row["person"] for row in asked(capsys, at=at)["access"]} == people


def test_only_one_person_and_only_what_changed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = asked(capsys, person="ADA@example.org")
    assert [row["person"] for row in picture["access"]] == ["Ada@example.org"]
    picture = asked(capsys, since="2026-03-05")
    assert [row["person"] for row in picture["access"]] == ["Ada@example.org"]
    assert [row["person"] for row in picture["ended"]] == ["bo@example.org"]
    assert asked(capsys, since="2026-03-06")["access"] == []
    assert run(Request(person="BO@example.org")) == 0
    said = capsys.readouterr().out
    assert "Ended:\n  bo@example.org" in said
    assert "0 people, 0 accounts, 0 roles given." in said
    assert run(Request()) == 0
    assert "bo@example.org" not in capsys.readouterr().out


def test_what_is_not_committed_has_no_date(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / PROD).write_text(stack_text(2, {SUPER: [*FOUNDERS, "new@example.org"]}))
    (row,) = (r for r in asked(capsys)["access"] if r["person"] == "new@example.org")
    assert row["since"] is None
    assert run(Request()) == 0
    assert "not committed yet" in capsys.readouterr().out


def test_a_renamed_file_keeps_the_dates_of_its_account(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (folder / DEV).read_text()
    commit(folder, {DEV: None, "Pulumi.test.yaml": text}, "Another name", "2026-05-01", "Ada")
    (ada,) = (r for r in asked(capsys)["access"] if r["person"] == "Ada@example.org")
    assert (ada["stack"], ada["since"]) == ("test", "2026-03-05T12:00:00+00:00")


def test_people_kept_outside_scim_and_roles_managed_elsewhere_are_shown(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = stack_text(3, {SUPER: FOUNDERS}, breakGlass=["owner@example.org"])
    text = text.replace(f"      {SUPER}:", f"      Administrator: {{}}\n      {SUPER}:")
    (folder / "Pulumi.third.yaml").write_text(text)
    picture = asked(capsys)
    (owner,) = (r for r in picture["access"] if r["person"] == "owner@example.org")
    assert (owner["role"], owner["via"], owner["group"]) == (SUPER, "breakGlass", None)
    (third,) = (one for one in picture["accounts"] if one["stack"] == "third")
    assert third["managedElsewhere"] == ["Administrator"]
    assert run(Request(output="csv")) == 0
    assert "Administrator,managed in Okta," in capsys.readouterr().out


def test_the_past_has_its_stacks_and_the_roles_managed_elsewhere(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = stack_text(3, {SUPER: FOUNDERS}).replace(
        f"      {SUPER}:", f"      Administrator: {{}}\n      {SUPER}:"
    )
    commit(folder, {"Pulumi.third.yaml": text}, "A third one", "2026-05-01", "Ada")
    now = asked(capsys)["accounts"]
    commit(folder, {"Pulumi.third.yaml": None}, "Not any more", "2026-06-01", "Ada")
    assert asked(capsys, at="2026-05-02")["accounts"] == now
    (third,) = (one for one in now if one["stack"] == "third")
    assert third["managedElsewhere"] == ["Administrator"]
    assert third not in asked(capsys, at="HEAD")["accounts"]


def test_a_shallow_clone_gives_no_dates_that_it_cannot_know(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    later = stack_text(2, {SUPER: [*FOUNDERS, "new@example.org"]})
    commit(folder, {PROD: later}, "One more", "2026-05-01", "Ada")
    clone = tmp_path_factory.mktemp("clones") / "shallow"
    git(folder, "clone", "-q", "--depth", "2", folder.as_uri(), str(clone))
    monkeypatch.chdir(clone)
    since = {row["person"]: row["since"] for row in asked(capsys)["access"]}
    assert since.pop("new@example.org") == "2026-05-01T12:00:00+00:00"
    assert {*since.values()} == {None}
    assert run(Request()) == 0
    assert "git fetch --unshallow" in capsys.readouterr().out


def test_csv_has_a_line_a_role_and_no_formula(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = stack_text(9, {SUPER: FOUNDERS}).replace("Account 9", "=cmd()")
    (folder / "Pulumi.evil.yaml").write_text(text)
    assert run(Request(output="csv")) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert len([row for row in rows if not row["until"]]) == 7
    assert {row["accountName"] for row in rows} == {"Account 1", "Account 2", "'=cmd()"}


def test_text_ends_with_the_counts_and_the_next_command(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "90")
    assert run(Request()) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 90 for line in lines)
    assert last.startswith("3 people, 2 accounts, 5 roles given. As a page: ")
    assert last.endswith(" -m cfscim access --format html > access.html")


def test_a_file_with_problems_is_named_and_left_out(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / PROD).write_text(stack_text(2, {"Admin": FOUNDERS}))
    assert run(Request(output="json")) == 1
    captured = capsys.readouterr()
    assert f"{PROD}:" in captured.err
    assert {row["stack"] for row in json.loads(captured.out)["access"]} <= {"dev", None}


def test_without_git_everything_but_the_dates_is_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (tmp_path / DEV).write_text(stack_text(1, {SUPER: FOUNDERS}))
    picture = asked(capsys)
    assert picture["historyKnown"] is False
    assert [row["since"] for row in picture["access"]] == [None, None]
    with pytest.raises(MissingError, match="no git repository"):
        run(Request(at="main"))


def test_a_moment_that_is_none_is_wrong_usage(folder: Path) -> None:
    with pytest.raises(UsageError, match="no such revision"):
        run(Request(at="nosuch"))
    with pytest.raises(UsageError, match="no such revision"):
        run(Request(at="--output=x"))
    with pytest.raises(UsageError, match="no date"):
        run(Request(since="yesterday"))


def test_an_address_that_nobody_has_is_said_beside_the_empty_answer(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for person, instead in (("adda@example.org", "write ada@example.org"), ("x@y.z", "compare")):
        assert run(Request(output="json", person=person)) == 0
        said = capsys.readouterr()
        assert json.loads(said.out)["access"] == []
        assert f"--person {person}: nobody of this address" in said.err
        assert instead in said.err
    assert run(Request(person="ADA@example.org")) == 0
    assert "--person" not in capsys.readouterr().err


def test_a_moment_before_everything_is_said_to_be_one(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(Request(at="2001-01-01", output="csv")) == 0
    said = capsys.readouterr()
    assert said.out.count("\n") == 1, "the header alone"
    assert "--at 2001-01-01: git knows no grant" in said.err


def test_values_of_the_examples_are_warned_of(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(Request()) == 0
    assert "warning: Pulumi.dev.yaml" in capsys.readouterr().err
