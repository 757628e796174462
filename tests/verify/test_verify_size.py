"""A stack with 500 people and four groups: at most forty requests to any one vendor."""

from collections import Counter

import pytest

from cfscim.config.roles import ROLES
from sandbox.okta.provisioning.assignment import refresh
from sandbox.server.world import World
from tests.configs import ACCOUNT
from tests.verify.verify_base import ENTRA, OKTA, OKTA_VIRTUAL, Bases, Combination
from tests.verify.verify_support import failing, show

pytestmark = pytest.mark.usefixtures("signed_in")

PEOPLE = [f"person{number:03}@example.com" for number in range(500)]
MOST = 40


def _in_cloudflare(world: World) -> None:
    account = world.cloudflare.accounts[ACCOUNT]
    for address in PEOPLE:
        user = world.cloudflare.user_by_email(address, create=True)
        assert user is not None
        member = world.cloudflare.add_member(account, user, roles=["Minimal Account Access"])
        for group in account.user_groups.values():
            group.members[member.id] = "now"
        for role in ROLES:
            if role.value in account.system_groups:
                account.system_groups[role.value].members.append(member.id)


def _in_okta(world: World) -> None:
    people = [world.okta.add_user(one, one, "Some", "Person").id for one in PEOPLE]
    for group in world.okta.groups.values():
        if group.type == "OKTA_GROUP":
            group.members += people
    refresh(world.okta)


def _in_entra(world: World) -> None:
    some = next(iter(world.entra.users.values())).properties
    kept = {key: value for key, value in some.items() if key != "id"}
    people = [
        world.entra.add("user", {**kept, "mail": one, "userPrincipalName": one}).id
        for one in PEOPLE
    ]
    for group in world.entra.groups.values():
        group.members += people


@pytest.mark.parametrize("combination", [OKTA, OKTA_VIRTUAL, ENTRA])
def test_everyone_in_every_group_takes_few_requests(bases: Bases, combination: Combination) -> None:
    stack, world = bases.stack(combination), bases.sandbox.world
    (_in_entra if combination is ENTRA else _in_okta)(world)
    _in_cloudflare(world)
    world.log.clear()
    report = stack.verify()
    # Everyone was put into the declared groups too, and where a virtual group was never pushed
    # nobody could be put into it; all of it is found, and named shortly.
    assert {"members"} <= {part for check in failing(report) for part in check.split(".")}
    assert all(len(check.found) < 1000 for check in report.checks), show(report)
    asked = Counter(str(entry["vendor"]) for entry in world.log.entries())
    assert set(asked) >= {"cloudflare"}
    assert max(asked.values()) <= MOST, asked
