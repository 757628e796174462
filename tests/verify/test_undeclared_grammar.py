"""Undeclared power, generated: one to four people, each with a role by some path and status, at
once. None is green, and each is named with the cause."""

import os
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cfscim.config.roles import ROLES, Role
from sandbox.cloudflare.catalog import ROLE_BY_NAME
from sandbox.cloudflare.models import CloudflareUser, Member, Policy, ResourceGroup, UserGroup
from sandbox.server.ids import hex32
from sandbox.server.world import World
from tests.verify.carry_out import Hands
from tests.verify.verify_base import ENTRA, OKTA, Bases, Combination
from tests.verify.verify_support import failing, show
from tests.verify.verify_undeclared_ways import account, group, member

pytestmark = pytest.mark.usefixtures("signed_in")

EXAMPLES = 300 if os.environ.get("CFSCIM_FULL_MATRIX") else 10
_EVERY = [role.value for role in ROLES]
_FURTHER = ["DNS", "Workers Editor", "Audit Logs Viewer", "Cloudflare Zero Trust Read Only"]
PEOPLE = (
    "stranger@example.org",  # whom no identity provider knows
    "edsger@example.com",  # provisioned, in no role group
    "ada@example.com",  # declared for one role
    "katherine@example.com",  # in a group that the identity provider manages
    "deploy-bot@accounts.example",  # a service account is a member as any other
    "ada+admin@example.com",
    "ada_example.com#EXT#@example.onmicrosoft.com",
)


@dataclass(frozen=True)
class Grant:
    """Who gets which role, by which path; `status` is the membership's where it is a new one."""

    path: str
    person: str
    role: str
    status: str

    def make(self, world: World, number: int) -> None:
        """Gives it; `number` tells groups of one run apart."""
        of = member(world, self.person)
        if self.person not in ("ada@example.com", "katherine@example.com"):
            of.status = self.status
        _PATHS[self.path][0](world, of, self.role, number)

    def words(self) -> tuple[str, ...]:
        """What the line that names it has to say."""
        return (self.person, self.role, _PATHS[self.path][1])


def _given(world: World, of: Member, role: str, _number: int) -> None:
    of.roles = [*of.roles, role]


def _policy(world: World, role: str, kind: str) -> Policy:
    """On the whole account, by one of three spellings, or on a part of it."""
    here = account(world)
    made = Policy(
        id=hex32(f"policy/{role}/{kind}"),
        permission_groups=[ROLE_BY_NAME[role].id],
        resource_groups=[],
    )
    if kind == "inline":
        made.scopes = [{"key": here.scope_key, "objects": [{"key": "*"}]}]
        return made
    if kind == "own":
        own = ResourceGroup(id=hex32("own"), name="All", scope_key=here.scope_key, objects=["*"])
        here.resource_groups[own.id] = own
        made.resource_groups = [own.id]
        return made
    every = here.resource_groups.values()
    made.resource_groups = [next(g.id for g in every if (g.objects == ["*"]) is (kind == "whole"))]
    return made


def _by_policy(kind: str) -> Callable[[World, Member, str, int], None]:
    def change(world: World, of: Member, role: str, _number: int) -> None:
        of.policies = [*of.policies, _policy(world, role, kind)]

    return change


def _by_group(name: str, kind: str = "whole") -> Callable[[World, Member, str, int], None]:
    """A User Group of its own; of a role's name, but for what `name` writes otherwise."""

    def change(world: World, of: Member, role: str, number: int) -> None:
        names = {"twin": _EVERY[number].lower(), "same": _EVERY[number]}
        made = UserGroup(id=hex32(f"group/{number}"), name=names.get(name, f"{name} {number}"))
        made.policies = [_policy(world, role, kind)]
        made.members[of.id] = "now"
        account(world).user_groups[made.id] = made

    return change


_PATHS: dict[str, tuple[Callable[[World, Member, str, int], None], str]] = {
    "by hand": (_given, "given by hand"),
    "policy": (_by_policy("whole"), "given by hand"),
    "policy on an own resource group": (_by_policy("own"), "given by hand"),
    "policy with its scope within": (_by_policy("inline"), "given by hand"),
    "policy on a part": (_by_policy("part"), "on a part of the account (given by hand"),
    "another group": (_by_group("Friends"), "another User Group"),
    "group on an own resource group": (_by_group("Owners", "own"), "another User Group"),
    "group with its scope within": (_by_group("Inliners", "inline"), "another User Group"),
    "group on a part": (_by_group("Zones", "part"), "on a part of the account (another User Group"),
    "twin": (_by_group("twin"), "a twin of a role group"),
    "second group of the name": (_by_group("same"), "a twin of a role group"),
}


def _grants(person: str) -> st.SearchStrategy[Grant]:
    return st.builds(
        Grant,
        st.sampled_from(sorted(_PATHS)),
        st.just(person),
        st.sampled_from(_EVERY + _FURTHER),
        st.sampled_from(["accepted", "pending"]),
    )


def _several() -> st.SearchStrategy[list[Grant]]:
    people = st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=4, unique=True)
    return people.flatmap(lambda chosen: st.tuples(*(_grants(one) for one in chosen)).map(list))


@pytest.mark.parametrize("stack", [OKTA, ENTRA], ids=str)
def test_nobody_slips_past(bases: Bases, stack: Combination) -> None:
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(_several())
    def every(grants: list[Grant]) -> None:
        made = bases.stack(stack)
        for number, grant in enumerate(grants):
            grant.make(bases.sandbox.world, number)
        report = made.verify()
        assert report.exit_code == 1
        lines = [check.found for check in failing(report).values()]
        for grant in grants:
            assert any(all(word in line for word in grant.words()) for line in lines), (
                f"{grant}\n{show(report)}"
            )

    every()


@pytest.mark.parametrize("stack", [OKTA, ENTRA], ids=str)
@pytest.mark.parametrize("person", ["ada@example.com", "owner@example.com"])
def test_a_second_member_of_an_address_does_not_pass_as_the_first(
    bases: Bases, stack: Combination, person: str
) -> None:
    hands, world = Hands(bases, stack, bases.stack(stack)), bases.sandbox.world
    user = CloudflareUser(id=hex32("second"), email=person.upper())
    world.cloudflare.users[user.id] = user
    second = world.cloudflare.add_member(account(world), user, roles=[])
    if person == "ada@example.com":
        group(world, Role.ADMINISTRATOR).members[second.id] = "now"
    else:
        second.roles = [Role.SUPER_ADMINISTRATOR.value]
    check = failing(hands.verify())["cloudflare.undeclared"]
    assert f"{person.upper()} is a second member of {person}" in check.found
    for action in check.actions:
        hands.do(action)
    assert failing(hands.verify()) == {}
