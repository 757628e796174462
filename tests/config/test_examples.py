"""Values left from the examples are warned of, and every example's account id is known as one."""

import re
from pathlib import Path

import pytest

from cfscim.config.examples import ACCOUNTS, DOMAINS, ORGANISATIONS, TENANTS, example_values
from cfscim.config.stack_file import CheckedStack, check_stack_file
from cfscim.plan.command import Request
from cfscim.plan.command import run as plan
from cfscim.validate import run as validate

ROOT = Path(__file__).resolve().parents[2]
OWN = (
    "config:\n  cloudflare-scim:scim:\n    account: {id: a1b2a1b2a1b2a1b2a1b2a1b2a1b2a1b2, name: Own}\n"
    "    roleModel: userGroups\n    roles: {Billing: {members: [ada@own.io, bo@notexample.com]}}\n"
    "    identityProvider: {kind: okta, orgName: own}\n"
)


def checked(folder: Path, text: str) -> CheckedStack:
    file = folder / "Pulumi.prod.yaml"
    file.write_text(text)
    return check_stack_file(file)


def test_every_value_of_the_examples_and_pages_is_known() -> None:
    folders = ("examples/*", "template/*.yaml", "docs/*.md", "Pulumi.*.yaml")
    text = "".join(file.read_text() for folder in folders for file in ROOT.glob(folder))
    assert {*re.findall(r"\bid: *\"?([0-9a-f]{32})\b", text)} <= ACCOUNTS
    assert {*re.findall(r"tenantId: (\S+)", text)} <= {*TENANTS}
    assert {*re.findall(r"orgName: ([a-z]+)", text)} <= {*ORGANISATIONS}
    assert {*re.findall(r"\S@(\w+\.\w+)", text)} <= {*DOMAINS}


def test_an_account_named_a_sandbox_s_is_not_warned_of(tmp_path: Path) -> None:
    text = OWN.replace("ada@own.io", "ada@example.com")
    assert example_values(checked(tmp_path, text))
    assert example_values(checked(tmp_path, text.replace("Own}", "Own (sandbox)}"))) == []


def test_one_s_own_values_are_nobody_s_example(tmp_path: Path) -> None:
    assert example_values(checked(tmp_path, OWN)) == []


@pytest.mark.parametrize(
    ("own", "copied", "said"),
    [
        ("a1b2" * 8, "0123456789abcdef0123456789abcdef", "account id 0123"),
        ("orgName: own", "orgName: example", "organisation example"),
        ("ada@own.io", "ada@example.com", "1 address at example.com"),
        ("ada@own.io", "ada@it.Example.org", "1 address at it.example.org"),
    ],
)
def test_each_value_of_the_examples_is_named(
    tmp_path: Path, own: str, copied: str, said: str
) -> None:
    (warning,) = example_values(checked(tmp_path, OWN.replace(own, copied)))
    assert said in warning.what
    assert "\n" not in str(warning)


def test_validate_and_plan_warn_beside_their_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    checked(tmp_path, OWN.replace("ada@own.io", "ada@example.com"))
    for run in (lambda: validate([], "json"), lambda: plan(Request(stack="prod", output="json"))):
        assert run() == 0
        captured = capsys.readouterr()
        assert captured.err.startswith("warning: Pulumi.prod.yaml:")
        assert "left from the examples: 1 address at example.com" in captured.err
        assert captured.out.startswith("{"), "the answer stays what it was"
