"""`removals`: protection falls for exactly what is named, until its day."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from cfscim.config.lanes import lanes
from cfscim.config.models import ScimConfig, parse_config
from cfscim.config.policy.model import ResourceView
from cfscim.config.policy.rules import evaluate
from cfscim.config.stack_file import CheckedStack, StackFile, check_stack_file
from cfscim.config.warnings import warnings
from cfscim.plan.model import make_plan
from tests.configs import config_object
from tests.scenarios import moves

TODAY = date(2026, 11, 26)
ROLE = "Billing"
PROTECTED = {
    "okta": {"okta-group-billing", "okta-push-billing", "user-group-billing"},
    "entra": {"entra-group-billing", "entra-assignment-billing", "user-group-billing"},
}


def declared(kind: str, *what: str, until: str = "2026-12-31") -> dict[str, object]:
    removals = [{"what": one, "until": until, "by": "Grace", "reason": "dropped"} for one in what]
    return {**config_object(kind), "removals": removals}


def unprotected(kind: str, *what: str) -> set[str]:
    """The logical names that the plan shows without protection, of those that have it else."""
    shown = []
    for given in ((), what):
        value = declared(kind, *given)
        config = parse_config(value, stack="dev")
        file = StackFile("Pulumi.dev.yaml", "dev", value, {}, {})
        plan = make_plan(CheckedStack(file, config, ()))
        shown.append({r.name for r in plan.resources if r.options.protect})
    return shown[0] - shown[1]


@pytest.mark.parametrize("kind", ["okta", "entra"])
def test_protection_falls_for_exactly_the_role(kind: str) -> None:
    assert unprotected(kind, ROLE) == PROTECTED[kind]


def test_protection_falls_for_the_users_group_and_the_application() -> None:
    assert unprotected("okta", "usersGroup") == {"okta-users-group"}
    assert unprotected("okta", "application") == {"okta-app", "okta-app-assignments"}
    assert unprotected("entra", "application") == {"entra-app"}
    assert unprotected("entra", "usersGroup") == {"entra-users-group", "entra-assignment-users"}


@pytest.mark.parametrize(("kind", "count"), [("okta", 15), ("entra", 15)])
def test_everything_is_everything(kind: str, count: int) -> None:
    assert len(unprotected(kind, "everything")) == count


@pytest.mark.parametrize("kind", ["okta", "entra"])
@pytest.mark.parametrize("model", ["userGroups", "virtualGroups"])
@pytest.mark.parametrize("delivers", [False, True])
def test_what_a_way_would_protect_is_what_the_program_protects(
    kind: str, model: str, delivers: bool
) -> None:
    key = {"okta": "apiIntegrationConfirmed", "entra": "start"}[kind]
    start = config_object(kind, model, provider={key: delivers})  # type: ignore[arg-type]
    for value in (start, *(step.config for move in moves(kind) for step in move.changes)):
        config = parse_config(value, stack="dev")
        file = StackFile("Pulumi.dev.yaml", "dev", value, {}, {})
        shown = make_plan(CheckedStack(file, config, ())).resources
        assert {one.name for one in shown if one.options.protect} == {
            name for lane in lanes(config) for name in lane.to_protect if lane.protects(name)
        }


def violations(config: ScimConfig, name: str) -> list[str]:
    view = ResourceView("okta:group/group:Group", name, {}, protect=False)
    found = evaluate(config, [view], stack="dev", today=TODAY)
    return [str(one.message) for one in found if one.rule == "groups-and-app-protected"]


def test_the_policy_allows_it_until_its_day() -> None:
    config = parse_config(declared("okta", ROLE), stack="dev")
    assert violations(config, "okta-group-billing") == []
    [refused] = violations(config, "okta-group-administrator")
    assert "is not protected" in refused
    ended = parse_config(declared("okta", ROLE, until="2026-11-25"), stack="dev")
    [refused] = violations(ended, "okta-group-billing")
    assert "its removal by Grace ended on 2026-11-25" in refused


def test_it_is_said_as_a_warning_as_long_as_it_stands() -> None:
    config = parse_config(declared("okta", ROLE), stack="dev")
    [said] = [line for line in warnings(config, today=TODAY) if "removals" in str(line)]
    assert "Billing may be removed or replaced until 2026-12-31 (Grace: dropped)" in str(said)


def moving(**changed: object) -> dict[str, object]:
    move = {"to": {"groupPrefix": "New "}, "until": "2026-11-25", "by": "Grace <g@example.com>"}
    return {**config_object("okta"), "move": {**move, "reason": "prefix", **changed}}


def refused(config: ScimConfig, before: ScimConfig | None = None) -> list[str]:
    found = evaluate(config, [], stack="dev", today=TODAY, before=before)
    return [str(one.message) for one in found if one.rule == "waiver-known"]


@pytest.mark.parametrize("switched", [False, True])
def test_a_move_whose_day_has_passed_is_refused_as_a_whole(tmp_path: Path, switched: bool) -> None:
    value = moving(switched=switched)
    config = parse_config(value, stack="dev")
    assert any("ended on 2026-11-25" in text for text in refused(config))
    [said] = [line for line in warnings(config, today=TODAY) if "move" in line.where.keys]
    assert "have it renewed" in said.text
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text(yaml.safe_dump({"config": {"cloudflare-scim:scim": value}}))
    for day, ends in ((25, 0), (26, 1)):
        now = datetime(2026, 11, day, 12, tzinfo=UTC)
        problems = check_stack_file(file, now=now).problems
        assert len(problems) == ends, [str(problem) for problem in problems]
        assert check_stack_file(file, now=now, only_read=True).problems == ()
    assert problems[0].where.line == file.read_text().splitlines().index("    move:") + 1


def test_a_role_does_not_go_by_an_entry_that_has_ended() -> None:
    ends = parse_config(declared("okta", ROLE, until="2026-11-25"), stack="dev")
    roles = {role: given for role, given in ends.roles.items() if role != ROLE}
    dropped = ends.model_copy(update={"roles": roles})
    assert any("that of Billing by Grace ended" in text for text in refused(dropped, ends))
    both = dropped.model_copy(update={"removals": ()})
    [said] = refused(both, ends)
    assert "what allowed it by Grace ended on 2026-11-25: Billing" in said
    assert refused(ends.model_copy(update={"removals": ()}), ends) == []
    renewed = parse_config(declared("okta", ROLE), stack="dev")
    assert refused(both, renewed) == []


def _switching(until: str, **more: object) -> dict[str, object]:
    other = config_object("entra")["identityProvider"]
    to = {"groupPrefix": "New ", "identityProvider": other}
    move = {"to": to, "until": until, "by": "Grace", "reason": "a move"}
    return {**config_object("okta"), "move": move, **more}


def _unconfirmed(config: dict[str, object]) -> dict[str, object]:
    provider: Any = config["identityProvider"]
    return {**config, "identityProvider": {**provider, "apiIntegrationConfirmed": False}}


ENDED = "2026-11-25"
START = config_object("okta")
GIVEN_UP = {"removals": declared("okta", "move", until=ENDED)["removals"]}
FEWER = {**START, "roles": {r: g for r, g in START["roles"].items() if r != ROLE}}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("before", "after", "goes"),
    [
        (_switching("2026-12-31", **GIVEN_UP), START, ["the new way of the move"]),
        ({**moving(until="2026-12-31"), **GIVEN_UP}, START, ["the new way of the move"]),
        # The former way was unprotected by the move alone.
        (_switching(ENDED), FEWER, [ROLE]),
        (_switching(ENDED, **GIVEN_UP), FEWER, [ROLE, "the new way of the move"]),
        (moving(), FEWER, [ROLE]),
        (declared("okta", "everything", until=ENDED), FEWER, [ROLE]),
        (
            declared("okta", "application", until=ENDED),
            _unconfirmed(START),
            ["the app or its assignment"],
        ),
        # What goes falls under another entry, or nothing goes.
        (declared("okta", "usersGroup", until=ENDED), FEWER, []),
        (_switching("2026-12-31"), START, []),
    ],
)
def test_nothing_goes_in_the_change_that_takes_its_ended_entry_out(
    before: dict[str, object], after: dict[str, object], goes: list[str]
) -> None:
    said = refused(parse_config(after, stack="dev"), parse_config(before, stack="dev"))
    found = [text.split(f"{ENDED}: ")[1].split(";")[0].split(", ") for text in said]
    assert found == ([goes] if goes else [])
