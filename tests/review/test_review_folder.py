"""Many stacks in one review: those that change in full, the others by name, removed ones said."""

import json
import re
from pathlib import Path

import pytest

from cfscim.plan.command import Request, run
from tests.plan.plan_kit import commit, freeze, write
from tests.review.gallery_scenarios import ADA, BARBARA, entra, okta


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for number, name in enumerate(("one", "two", "three")):
        write(tmp_path, name, stack(number))
    commit(tmp_path)
    monkeypatch.chdir(tmp_path)
    freeze(monkeypatch)
    return tmp_path


def stack(number: int, *billing: str) -> dict:
    config = okta() if number else entra()
    config["account"] = {"id": f"{number}" * 31 + "a", "name": f"Account {number}"}
    if number:
        config["identityProvider"]["orgName"] = f"example{number}"  # type: ignore[index]
    config["roles"]["Billing"] = {"members": [BARBARA, *billing]}  # type: ignore[index]
    return config


def comment(capsys) -> str:
    assert run(Request(against="main", output="markdown")) == 0
    return capsys.readouterr().out


def test_the_stack_that_changes_stands_in_full_and_the_others_by_name(repository, capsys) -> None:
    write(repository, "two", stack(1, ADA))
    text = comment(capsys)
    assert text.startswith("<!-- cfscim-plan -->\n")
    assert "Nothing changes in 2 stacks compared with `main`: `one`, `three`." in text
    assert text.count("\n## ") == 1
    assert "| `ada@example.com` | **Billing** via `Billing` |" in text
    for name in ("one", "two", "three"):
        assert f"warning: Pulumi.{name}.yaml:" in text, "left from the examples, in every stack"


def test_a_removed_stack_file_is_said_to_take_nothing_down(repository: Path, capsys) -> None:
    (repository / "Pulumi.two.yaml").unlink()
    assert "`Pulumi.two.yaml` is removed" in comment(capsys)
    assert run(Request(against="main")) == 0
    assert "Pulumi.two.yaml is removed" in capsys.readouterr().out
    assert run(Request(against="main", output="json")) == 0
    assert json.loads(capsys.readouterr().out)[-1] == {
        "project": "cloudflare-scim",
        "stack": "two",
        "file": "Pulumi.two.yaml",
        "removed": True,
    }


def test_a_broken_stack_is_named_and_the_others_still_reviewed(repository: Path, capsys) -> None:
    write(repository, "two", stack(1, ADA))
    file = repository / "Pulumi.three.yaml"
    file.write_text(file.read_text().replace("Billing:", "Biling:"))
    assert run(Request(against="main", output="markdown")) == 1
    text = capsys.readouterr().out
    assert "## The config cannot be used" in text
    assert "Pulumi.three.yaml" in text
    assert "**Billing** via `Billing`" in text


def test_the_json_is_a_list_with_every_stack_s_review(repository: Path, capsys) -> None:
    write(repository, "two", stack(1, ADA))
    assert run(Request(against="main", output="json")) == 0
    plans = {plan["stack"]: plan["review"] for plan in json.loads(capsys.readouterr().out)}
    assert {name: len(review["gained"]) for name, review in plans.items()} == {
        "one": 0,
        "three": 0,
        "two": 1,
    }


def test_the_same_change_prints_the_same_bytes(repository: Path, capsys) -> None:
    write(repository, "two", stack(1, ADA))
    write(repository, "one", stack(0, ADA))
    assert len({comment(capsys) for _ in range(3)}) == 1


@pytest.mark.parametrize("whole", [False, True])
def test_the_stack_with_the_gravest_risk_comes_first(
    repository: Path, capsys: pytest.CaptureFixture[str], whole: bool
) -> None:
    for number, name in enumerate(("one", "two")):
        write(repository, name, stack(number, ADA))
    strong = stack(2)
    strong["roles"]["Super Administrator - All Privileges"]["members"].append(ADA)
    write(repository, "three", strong)
    assert run(Request(against="main", whole=whole)) == 0
    text = capsys.readouterr().out
    titles = re.findall(r"^(?:Stack|.*[Pp]lan of stack) (one|two|three)\b", text, re.MULTILINE)
    assert titles == ["three", "one", "two"]
