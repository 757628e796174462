"""The stacks in this repository satisfy the rules, or say until when and why not."""

from pathlib import Path

import pytest

from cfscim.config.policy.rules import is_refused
from cfscim.config.stack_file import check_stack_file
from cfscim.plan.model import check, make_plan
from tests.config.policy_kit import TODAY

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted([*ROOT.glob("Pulumi.*.yaml"), *ROOT.glob("examples/Pulumi.*.yaml")])


@pytest.mark.parametrize(
    "file", [f for f in FILES if not f.name.endswith(".deploy.yaml")], ids=lambda f: f.name
)
def test_shipped_stack_is_not_refused(file: Path) -> None:
    plan = make_plan(check_stack_file(file))
    found = check(plan.resources, plan.config, plan.stack, TODAY)
    assert not is_refused(found), found


def test_manual_names_every_rule() -> None:
    from cfscim.config.policy.rules import RULES

    manual = (ROOT / "docs" / "policy.md").read_text()
    assert [rule.name for rule in RULES if f"`{rule.name}`" not in manual] == []
