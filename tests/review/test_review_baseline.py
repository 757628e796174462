"""What a stack is compared with: a git revision, a file, a folder, or nothing at all."""

import json
import subprocess
from pathlib import Path

import pytest

from cfscim.config.messages import MissingError
from cfscim.plan.command import Request, run
from tests.plan.plan_kit import commit, freeze, git, planned, write
from tests.review.gallery_scenarios import ADA, BARBARA, Config, okta


def granted() -> Config:
    config = okta()
    config["roles"]["Billing"]["members"] = [BARBARA, ADA]  # type: ignore[index]
    return config


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`main` holds the stack, the work tree a changed one."""
    write(tmp_path, "dev", okta())
    commit(tmp_path)
    write(tmp_path, "dev", granted())
    monkeypatch.chdir(tmp_path)
    freeze(monkeypatch)
    return tmp_path


def gained(plan: dict) -> list[tuple[str, str]]:
    return [(grant["person"], grant["role"]) for grant in plan["review"]["gained"]]


@pytest.mark.parametrize("name", ["main", "HEAD", "main~0", "refs/heads/main"])
def test_a_revision_is_read_by_git(repository: Path, capsys, name: str) -> None:
    plan = planned(capsys, against=name)
    assert gained(plan) == [(ADA, "Billing")]
    assert plan["review"]["against"] == {"base": name, "compared": True, "note": None}


def test_the_work_tree_and_the_index_are_not_touched(repository: Path, capsys) -> None:
    def state() -> tuple[bytes, list[tuple[str, int]]]:
        status = subprocess.run(
            ["git", "status", "--porcelain"], cwd=repository, capture_output=True
        )
        files = [
            (str(p), p.stat().st_mtime_ns) for p in repository.rglob("*") if ".git" not in p.parts
        ]
        return status.stdout, sorted(files)

    before = state()
    planned(capsys, against="main")
    assert state() == before


def test_a_stack_file_in_a_folder_below_is_found_in_the_revision(repository: Path, capsys) -> None:
    below = repository / "stacks"
    below.mkdir()
    write(below, "other", okta())
    git(repository, "add", "stacks")
    git(repository, "commit", "-qm", "more")
    write(below, "other", granted())
    assert run(Request(paths=("stacks",), against="main", output="json")) == 0
    (plan,) = json.loads(capsys.readouterr().out)
    assert gained(plan) == [(ADA, "Billing")]


def test_a_file_is_compared_with_whatever_its_name(repository: Path, capsys) -> None:
    write(repository, "old", okta()).rename(repository / "before.yaml")
    plan = planned(capsys, against="before.yaml")
    assert gained(plan) == [(ADA, "Billing")]
    # Read under the stack's own name, or every default that holds the name would differ.
    assert plan["review"]["settings"] == []


def test_a_folder_holds_the_base_of_every_stack(tmp_path: Path, monkeypatch, capsys) -> None:
    base = tmp_path / "base"
    base.mkdir()
    write(base, "dev", okta())
    write(tmp_path, "dev", granted())
    monkeypatch.chdir(tmp_path)
    freeze(monkeypatch)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert gained(planned(capsys, against="base")) == [(ADA, "Billing")]


@pytest.mark.parametrize("base", ["main", "nowhere.yaml"])
def test_without_a_base_file_everything_is_new(repository: Path, capsys, base: str) -> None:
    write(repository, "new", okta())
    plan = planned(capsys, stack="new", against=base)
    assert {action["action"] for action in plan["review"]["resources"]} == {"create"}
    assert len(plan["review"]["gained"]) == len(plan["access"]) == 6
    assert "everything is new" in plan["review"]["against"]["note"]


def test_a_base_that_does_not_validate_is_said_so_in_one_line(repository: Path, capsys) -> None:
    file = write(repository, "dev", okta())
    file.write_text(file.read_text().replace("Billing:", "Biling:"))
    git(repository, "commit", "-qam", "broken")
    write(repository, "dev", granted())
    note = planned(capsys, against="main")["review"]["against"]["note"]
    assert "Pulumi.dev.yaml in main does not validate" in note
    assert "Biling" in note
    assert "\n" not in note
    assert run(Request(stack="dev", against="main", output="markdown")) == 0
    assert "does not validate" in capsys.readouterr().out


def test_a_base_whose_token_has_ended_is_still_compared_with(repository: Path, capsys) -> None:
    ended = okta() | {"token": {"expiresOn": "2026-01-01T00:00:00Z"}}
    write(repository, "dev", ended)
    git(repository, "commit", "-qam", "ended")
    write(repository, "dev", okta())
    review = planned(capsys, against="main")["review"]
    assert review["gained"] == []
    (token,) = [change for change in review["resources"] if change["name"] == "token"]
    assert token["changes"] == [
        {"path": "expiresOn", "old": "2026-01-01T00:00:00Z", "new": "2027-05-20T00:00:00Z"}
    ]
    assert any("the token ends already" in text for text in review["warnings"]["gone"])
    assert "9999" not in json.dumps(review)


@pytest.mark.parametrize("name", ["nosuch", "--output=x", "", "main:Pulumi.dev", "a\nb"])
def test_a_base_that_is_nothing_is_wrong_usage(repository: Path, capsys, name: str) -> None:
    assert run(Request(stack="dev", against=name)) == 2
    captured = capsys.readouterr()
    # Before it, a warning of values left from the examples.
    said = [line for line in captured.err.splitlines() if not line.startswith("warning: ")]
    assert len(said) == 1
    assert said[0].startswith("--against ")
    assert not (repository / "x").exists()


def test_outside_a_repository_it_says_what_git_said(tmp_path: Path, monkeypatch) -> None:
    write(tmp_path, "dev", okta())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    freeze(monkeypatch)
    with pytest.raises(MissingError, match="run it in the repository"):
        run(Request(stack="dev", against="main"))


def test_without_git_it_says_so(repository: Path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(repository))
    with pytest.raises(MissingError, match="git: not found"):
        run(Request(stack="dev", against="main"))
