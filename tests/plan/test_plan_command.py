"""`plan` as a command: the contract's JSON, exit codes, stable bytes, problems like validate's."""

import json
from pathlib import Path

import pytest

from cfscim.plan.command import Request, run
from cfscim.validate import run as validate
from tests.configs import COMBINATIONS
from tests.plan.guide_kit import config
from tests.plan.plan_kit import freeze, planned, write

OPTIONS = ["protect", "retainOnDelete", "ignoreChanges", "dependsOn", "replacementTrigger"]


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    freeze(monkeypatch)
    return write(tmp_path, "dev", config(COMBINATIONS[0]))


def test_the_json_has_exactly_the_contract_s_keys(stack: Path, capsys) -> None:
    plan = planned(capsys)
    assert list(plan) == [
        "project",
        "stack",
        "resources",
        "outputs",
        "access",
        "remainingSteps",
        "warnings",
    ]
    assert (plan["project"], plan["stack"]) == ("cloudflare-scim", "dev")
    for resource in plan["resources"]:
        assert list(resource) == ["type", "name", "parent", "inputs", "options"]
        assert list(resource["options"]) == OPTIONS
    assert plan["resources"][0]["parent"] is None
    assert {resource["parent"] for resource in plan["resources"][1:]} <= {
        resource["name"] for resource in plan["resources"]
    }


def test_access_lists_who_gets_which_role_through_which_group(stack: Path, capsys) -> None:
    super_administrator = "Super Administrator - All Privileges"
    assert planned(capsys)["access"] == [
        {"person": "ada@example.com", "role": "Administrator", "group": "Administrator"},
        *(
            {
                "person": f"{name}@example.com",
                "role": super_administrator,
                "group": super_administrator,
            }
            for name in ("alan", "grace")
        ),
    ]


def test_the_outputs_are_the_contract_s(stack: Path, capsys) -> None:
    plan = planned(capsys)
    assert {
        "scimBaseUrl",
        "tokenId",
        "tokenExpiresOn",
        "tokenValue",
        "applicationId",
        "roleGroups",
        "remainingSteps",
        "warnings",
    } <= set(plan["outputs"])
    assert plan["remainingSteps"] == plan["outputs"]["remainingSteps"] != []
    assert plan["warnings"] == plan["outputs"]["warnings"] != []


def test_a_resource_follows_everything_it_waits_for(stack: Path, capsys) -> None:
    seen: set[str | None] = {None}
    for resource in planned(capsys)["resources"]:
        assert {resource["parent"], *resource["options"]["dependsOn"]} <= seen
        seen.add(resource["name"])


@pytest.mark.parametrize("output", ["json", "text", "markdown"])
def test_the_same_config_prints_the_same_bytes(stack: Path, capsys, output: str) -> None:
    printed = set()
    for _ in range(3):
        assert run(Request(stack="dev", output=output)) == 0
        printed.add(capsys.readouterr().out)
    assert len(printed) == 1


@pytest.mark.parametrize("output", ["text", "json"])
def test_config_problems_are_printed_like_validate_s(stack: Path, capsys, output: str) -> None:
    stack.write_text(stack.read_text().replace("Billing:", "Biling:"))
    assert validate([stack.name], output) == 1
    expected = capsys.readouterr().out
    assert run(Request(stack="dev", output=output)) == 1
    assert capsys.readouterr().out == expected
    assert "Biling" in expected


def test_in_markdown_config_problems_are_a_comment_of_their_own(stack: Path, capsys) -> None:
    stack.write_text(stack.read_text().replace("Billing:", "Biling:"))
    assert run(Request(stack="dev", output="markdown")) == 1
    printed = capsys.readouterr().out
    assert printed.startswith("<!-- cfscim-plan dev -->\n")
    assert "Biling" in printed


@pytest.mark.parametrize("name", ["nosuch", "", "../dev/", "a\nb"])
def test_a_stack_that_is_not_here_is_wrong_usage(stack: Path, capsys, name: str) -> None:
    assert run(Request(stack=name)) == 2
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    assert "write one of: dev" in error


def test_a_stack_and_a_folder_at_once_is_wrong_usage(stack: Path, capsys) -> None:
    assert run(Request(stack="dev", paths=(".",))) == 2
    assert "give one of them" in capsys.readouterr().err


def test_a_fully_qualified_stack_is_found_by_its_last_part(stack: Path, capsys) -> None:
    assert planned(capsys, stack="organisation/cloudflare-scim/dev")["stack"] == "dev"


def test_enforced_policy_makes_the_difference_of_the_exit_code(stack: Path, capsys) -> None:
    content = config(COMBINATIONS[0])
    del content["token"]["expiresOn"]
    write(stack.parent, "dev", content)
    assert run(Request(stack="dev", output="json")) == 0
    assert run(Request(stack="dev", output="json", enforce=True)) == 1
    captured = capsys.readouterr()
    assert "policy: Refused by token-expiry: " in captured.err


def test_a_folder_prints_a_list_with_each_stack_s_file(stack: Path, capsys) -> None:
    other = config(COMBINATIONS[4]) | {"account": {"id": "f" * 32, "name": "Labs"}}
    write(stack.parent, "labs", other)
    assert run(Request(output="json")) == 0
    plans = json.loads(capsys.readouterr().out)
    assert [(plan["stack"], plan["file"]) for plan in plans] == [
        ("dev", "Pulumi.dev.yaml"),
        ("labs", "Pulumi.labs.yaml"),
    ]
    assert all(plan["resources"] for plan in plans)


def test_in_a_folder_a_broken_stack_and_a_clash_hide_no_other_plan(stack: Path, capsys) -> None:
    write(stack.parent, "twin", config(COMBINATIONS[0]))
    (stack.parent / "Pulumi.broken.yaml").write_text("nothing: true\n")
    assert run(Request(output="json")) == 1
    plans = {plan["stack"]: plan for plan in json.loads(capsys.readouterr().out)}
    assert plans["dev"]["resources"]
    assert "Pulumi.dev.yaml" in plans["twin"]["problems"][0]["message"]
    assert "resources" not in plans["broken"]
    assert plans["broken"]["problems"]
