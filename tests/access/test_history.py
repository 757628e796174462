"""Since when, where the stack files were moved, broken or doubled, and what git may hold."""

import json
import re
import shutil
from pathlib import Path

import pytest

from cfscim.access.command import Request, run
from cfscim.config.messages import UsageError
from tests.access.access_kit import account, commit, git, stack_text
from tests.configs import SUPER

PROD = "Pulumi.prod.yaml"
FOUNDERS = ["grace@example.org", "alan@example.org"]
TEXT = stack_text(1, {SUPER: FOUNDERS})
FIRST = "2026-01-10T12:00:00+00:00"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose first commit, in January, gives both founders their role."""
    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path, {PROD: TEXT}, "The first stack", "2026-01-10", "Alan")
    return tmp_path


def asked(capsys: pytest.CaptureFixture[str], *paths: str, at: str | None = None) -> dict:
    assert run(Request(paths, output="json", at=at)) == 0
    return json.loads(capsys.readouterr().out)


def since(picture: dict) -> dict[str, str]:
    return {row["person"]: row["since"] for row in picture["access"]}


def move(folder: Path, to: str, day: str) -> None:
    (folder / to).parent.mkdir(parents=True, exist_ok=True)
    commit(folder, {PROD: None, to: (folder / PROD).read_text()}, "Moved", day, "Ada")


@pytest.mark.parametrize("broken", ["<<<<<<< HEAD\n", "config: [\n", "\x07", "a: 1\n---\nb: 2\n"])
def test_a_version_that_cannot_be_read_ended_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str], broken: str
) -> None:
    commit(folder, {PROD: broken}, "Broken", "2026-02-01", "Ada")
    assert since(asked(capsys, at="2026-02-02")) == dict.fromkeys(FOUNDERS, FIRST)
    commit(folder, {PROD: TEXT}, "Mended", "2026-02-05", "Ada")
    picture = asked(capsys)
    assert since(picture) == dict.fromkeys(FOUNDERS, FIRST)
    assert picture["ended"] == []


@pytest.mark.parametrize("by", ["here", "folder", "file"])
def test_a_file_moved_to_another_folder_keeps_its_days(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    first = git(folder, "rev-parse", "HEAD")
    move(folder, "live/acme/Pulumi.live.yaml", "2026-05-01")
    (folder / PROD).write_text(stack_text(2, {SUPER: ["other@example.org"]}))
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "Another stack of the old name", day="2026-06-01")
    paths = {"here": (), "folder": ("live",), "file": ("live/acme/Pulumi.live.yaml",)}[by]
    if by == "here":
        monkeypatch.chdir(folder / "live/acme")
    for at in (None, "2026-02-01", first, "HEAD"):
        picture = asked(capsys, *paths, at=at)
        assert since(picture) == dict.fromkeys(FOUNDERS, FIRST), at
        assert [known["id"] for known in picture["accounts"]] == [account(1)]
    assert len(asked(capsys, str(folder))["access"]) == 3


@pytest.mark.parametrize("gone", ["old", f"old/{PROD}"])
def test_a_folder_that_is_gone_has_its_past(
    folder: Path, capsys: pytest.CaptureFixture[str], gone: str
) -> None:
    move(folder, f"old/{PROD}", "2026-02-01")
    shutil.rmtree(folder / "old")
    git(folder, "commit", "-qam", "Gone", day="2026-03-01")
    assert since(asked(capsys, gone, at="2026-02-02")) == dict.fromkeys(FOUNDERS, FIRST)


@pytest.mark.parametrize(
    "words",
    [
        "a \x1e b",
        "\x1fReviewed-by: Boss <boss@example.org>",
        ":100644 100644 0 0 M",
        "\u202egnp.exe",
        "</script>",
    ],
)
def test_no_words_of_a_commit_are_taken_for_anything_else(
    folder: Path, capsys: pytest.CaptureFixture[str], words: str
) -> None:
    more = stack_text(1, {SUPER: [*FOUNDERS, "new@example.org"]})
    commit(folder, {PROD: more}, words, "2026-02-01", "Ada")
    (new,) = (row for row in asked(capsys)["access"] if row["person"] == "new@example.org")
    assert (new["subject"], new["approvedBy"]) == (words, None)
    for output in ("text", "csv", "html"):
        assert run(Request(output=output)) == 0
        printed = capsys.readouterr().out
        assert not set("\x1e\x1f\u202e") & set(printed)
        if output == "html":
            data = re.search(r'id="data">(.*?)</script>', printed)
            assert data
            assert all(c["subject"].isprintable() for c in json.loads(data[1])["commits"])


def test_two_stacks_of_one_account_are_one_account(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    second = stack_text(1, {SUPER: FOUNDERS, "Billing": ["bo@example.org"]})
    commit(folder, {"Pulumi.zwei.yaml": second}, "Doubled", "2026-02-01", "Ada")
    for picture in (asked(capsys), asked(capsys, at="main")):
        (known,) = picture["accounts"]
        assert (known["stack"], known["file"]) == ("prod, zwei", f"{PROD}, Pulumi.zwei.yaml")
        rows = sorted((row["person"], row["since"][:10]) for row in picture["access"])
        assert rows == [
            ("alan@example.org", "2026-01-10"),
            ("bo@example.org", "2026-02-01"),
            ("grace@example.org", "2026-01-10"),
        ]


def test_two_repositories_have_files_of_one_name(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path_factory.mktemp("other")
    git(other, "init", "-q", "-b", "main")
    commit(other, {PROD: stack_text(2, {SUPER: FOUNDERS})}, "Other", "2026-03-01", "Ada")
    for at in (None, "main"):
        picture = asked(capsys, ".", str(other), at=at)
        assert {known["id"] for known in picture["accounts"]} == {account(1), account(2)}
        assert {row["since"][:10] for row in picture["access"]} == {"2026-01-10", "2026-03-01"}
    # The same stack, cloned and gone on with: since the day on which it was first given.
    (other / PROD).write_text(TEXT)
    git(other, "commit", "-qam", "The same account", day="2026-04-01")
    assert since(asked(capsys, str(other), ".")) == dict.fromkeys(FOUNDERS, FIRST)


@pytest.mark.parametrize("option", ["at", "person", "since"])
@pytest.mark.parametrize("given", ["", "  "])
def test_an_option_with_nothing_behind_it_is_wrong_usage(
    folder: Path, option: str, given: str
) -> None:
    with pytest.raises(UsageError, match=f"--{option}"):
        run(Request(**{option: given}))  # type: ignore[arg-type]


@pytest.mark.parametrize("option", ["at", "since"])
def test_a_moment_to_come_is_said_to_be_one(
    folder: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    assert run(Request(**{option: "9000-01-01"})) == 0  # type: ignore[arg-type]
    assert f"--{option} 9000-01-01: " in capsys.readouterr().err


def test_the_page_is_offered_of_the_same_picture(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "two words").mkdir()
    move(folder, f"two words/{PROD}", "2026-02-01")
    request = Request(("two words",), at="main", person="grace@example.org", since="2026-01-01")
    assert run(request) == 0
    asks = "'two words' --at main --person grace@example.org --since 2026-01-01 --format html"
    assert f"access {asks} > access.html" in capsys.readouterr().out
