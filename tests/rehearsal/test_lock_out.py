"""The lock-out guard of the program: it counts on the live account, and refuses without a waiver."""

from typing import Any

import httpx
import pytest

from cfscim.adopt.state import read_state
from cfscim.config.messages import ScimError
from cfscim.config.models import parse_config
from cfscim.config.policy.lock_out import Charge
from cfscim.config.stack_file import CheckedStack, StackFile
from cfscim.preflight.answers import Answer
from cfscim.preflight.command import ask
from cfscim.rehearsal import RehearsalDeployer
from sandbox.server.server import Sandbox
from tests.configs import ACCOUNT, SUPER, config_object
from tests.scenarios import UNTIL, Config, Stage

pytestmark = pytest.mark.usefixtures("signed_in")

WAIVER = {"rule": "last-super-administrators", "until": UNTIL, "by": "g@example.com", "reason": "t"}
REMOVALS = [{"what": "everything", "until": UNTIL, "by": "g@example.com", "reason": "t"}]


@pytest.fixture
def stage(sandbox: Sandbox, admin: httpx.Client) -> Stage:
    """A stack with its people in place, and nobody in charge outside of SCIM."""
    made = Stage(RehearsalDeployer("dev", sandbox.env, lambda _line: None), admin)
    made.deploy({**config_object("entra"), "removals": REMOVALS})
    state = sandbox.world.cloudflare
    account = state.accounts[ACCOUNT]
    for member in account.members.values():
        if member.user_id == state.operator.id:
            member.roles = []
    return made


def start() -> Config:
    return {**config_object("entra"), "removals": REMOVALS}


def _without(role: str) -> Config:
    roles: Any = start()["roles"]
    return {**start(), "roles": {name: given for name, given in roles.items() if name != role}}


def _with(members: list[str]) -> Config:
    return {**start(), "roles": {**start()["roles"], SUPER: {"members": members}}}


def _entra(**changed: object) -> Config:
    provider: Any = start()["identityProvider"]
    return {**start(), "identityProvider": {**provider, **changed}}


CLAUSE = {"attribute": "department", "operator": "EQUALS", "value": "Nobody"}


@pytest.mark.parametrize(
    "change",
    [
        _without(SUPER),
        _with([]),
        _with(["ada@example.com"]),
        {**start(), "groupPrefix": "X "},
        _entra(scope="filtered", userFilter=[CLAUSE]),
    ],
    ids=["dropped", "emptied", "all others", "renamed", "filtered"],
)
def test_the_last_super_administrators_are_not_taken_away(
    stage: Stage, admin: httpx.Client, change: Config
) -> None:
    before = _preflight(stage, change)
    with pytest.raises(ScimError, match="no Super Administrator would remain") as refused:
        stage.update(change)
    assert before.status == "problem"
    assert str(before.message) in str(refused.value), "one sentence, before and in the update"
    admin.post("cycle").raise_for_status()
    assert _in_charge(admin) == {"grace@example.com", "alan@example.com"}
    waived = {**change, "waivers": [WAIVER]}
    assert _preflight(stage, waived).said.endswith("last-super-administrators is waived")
    stage.update(waived)


def test_one_who_stays_is_enough(stage: Stage, admin: httpx.Client) -> None:
    change = _with(["grace@example.com"])
    assert _preflight(stage, change).said.endswith(": grace@example.com")
    stage.update(change)
    admin.post("cycle").raise_for_status()
    assert _in_charge(admin) == {"grace@example.com"}


def test_one_by_hand_is_enough(stage: Stage, sandbox: Sandbox) -> None:
    state = sandbox.world.cloudflare
    for member in state.accounts[ACCOUNT].members.values():
        if member.user_id == state.operator.id:
            member.roles = [SUPER]
    stage.update(_with([]))


def test_a_destroy_needs_somebody_outside_of_scim(stage: Stage, admin: httpx.Client) -> None:
    with pytest.raises(ScimError, match="no Super Administrator would remain"):
        stage.deployer.destroy()
    admin.post("cycle").raise_for_status()
    assert _in_charge(admin) == {"grace@example.com", "alan@example.com"}
    stage.update({**start(), "waivers": [WAIVER]})
    stage.deployer.destroy()


def _preflight(stage: Stage, change: Config) -> Answer:
    """What preflight says of who would be in charge, with the state of the stack at hand."""
    file = StackFile("Pulumi.dev.yaml", "dev", change, {}, {})
    parsed = parse_config(change, stack="dev")
    state = read_state(stage.deployer.state())
    asked = ask(CheckedStack(file, parsed, ()), parsed, state, stage.deployer.environment)
    return next(one for one in asked if one.id == "cloudflare.lockOut")


def _in_charge(admin: httpx.Client) -> set[str]:
    members = admin.get("state").json()["cloudflare"]["members"]
    return {one["email"] for one in members if SUPER in one["roles"]}


def test_a_users_group_that_lists_people_limits_who_can_have_the_role() -> None:
    roles = {**start()["roles"], SUPER: {}}
    provider: Any = {
        **start()["identityProvider"],
        "usersGroup": {"name": "Us", "members": ["alan@example.com"]},
    }
    given = parse_config({**start(), "roles": roles, "identityProvider": provider}, stack="dev")
    assert Charge.of(given).members == {"alan@example.com", "ada@example.com"}, "and no other"
