"""Ways of having power that nobody declared, or of missing people: none passes, each is named.

Generated over both identity providers, roles and paths; every line names the person and the cause.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

from cfscim.config.models import parse_config
from cfscim.config.roles import ROLES, Role
from sandbox.cloudflare.catalog import ROLE_BY_NAME
from sandbox.cloudflare.models import Account, Member, Policy, UserGroup
from sandbox.server.world import World
from tests.rehearsal.rehearsal_support import ACCOUNT
from tests.verify.verify_base import ENTRA, OKTA, SECOND, Bases, Combination, bases, no_waiting
from tests.verify.verify_support import KEY, failing, show

__all__ = ["bases", "no_waiting"]

EDSGER, STRANGER, ADA = "edsger@example.com", "stranger@example.org", "ada@example.com"
HOLDER = {
    Role.ADMINISTRATOR: ADA,
    Role.BILLING: "katherine@example.com",
    Role.SUPER_ADMINISTRATOR: "grace@example.com",
}


@dataclass(frozen=True)
class Way:
    """`change` makes it so; a line that does not hold must contain all of `words`."""

    stack: Combination
    name: str
    words: tuple[str, ...]
    change: Callable[[World], object]


def account(world: World) -> Account:
    return world.cloudflare.accounts[ACCOUNT]


def member(world: World, address: str, *roles: str) -> Member:
    """The membership of a person, made where there is none; `roles` are added by hand."""
    user = world.cloudflare.user_by_email(address, create=True)
    assert user is not None
    found = next((m for m in account(world).members.values() if m.user_id == user.id), None)
    found = found or world.cloudflare.add_member(account(world), user, roles=[])
    found.roles = [*found.roles, *roles]
    return found


def policy(world: World, role: str, *, part: bool = False) -> Policy:
    groups = account(world).resource_groups.values()
    resource = next(g.id for g in groups if (g.objects != ["*"]) is part)
    return Policy(id="9", permission_groups=[ROLE_BY_NAME[role].id], resource_groups=[resource])


def group(world: World, role: Role) -> UserGroup:
    return next(g for g in account(world).user_groups.values() if g.name == role.value)


def another(name: str, role: str, address: str) -> Callable[[World], None]:
    """A User Group of its own that gives the role to somebody."""

    def change(world: World) -> None:
        made = UserGroup(id="d" * 32, name=name, policies=[policy(world, role)])
        made.members[member(world, address).id] = "now"
        account(world).user_groups[made.id] = made

    return change


def into(role: Role, address: str) -> Callable[[World], None]:
    return lambda world: group(world, role).members.update({member(world, address).id: "now"})


def out(role: Role, address: str) -> Callable[[World], None]:
    return lambda world: group(world, role).members.pop(member(world, address).id)


def leave(address: str) -> Callable[[World], None]:
    return lambda w: w.cloudflare.remove_member(account(w), member(w, address))


def status(address: str, value: str) -> Callable[[World], None]:
    return lambda world: setattr(member(world, address), "status", value)


def by_policy(role: str, address: str, *, part: bool = False) -> Callable[[World], None]:
    def change(world: World) -> None:
        member(world, address).policies = [policy(world, role, part=part)]

    return change


def blocked(kind: str) -> Callable[[World], None]:
    """Ada is suspended (Okta) or disabled (Entra), and still has her role in Cloudflare."""

    def change(world: World) -> None:
        if kind == "okta":
            next(u for u in world.okta.users.values() if u.email == ADA).status = "SUSPENDED"
        else:
            user = next(u for u in world.entra.users.values() if u.text("mail") == ADA)
            user.properties["accountEnabled"] = False

    return change


def ways(stack: Combination) -> Iterator[Way]:
    kind = stack[0]
    for role in ROLES:
        name = role.value
        for address in (EDSGER, STRANGER):
            yield Way(
                stack,
                f"{name} by hand to {address}",
                (f"{address} has {name} (given by hand",),
                lambda w, a=address, n=name: member(w, a, n),
            )
        yield Way(
            stack,
            f"{name} by another group",
            (EDSGER, name, "another User Group"),
            another("Friends", name, EDSGER),
        )
        yield Way(
            stack,
            f"{name} by a twin",
            (STRANGER, name, "twin of a role group"),
            another(name.lower(), name, STRANGER),
        )
        yield Way(
            stack,
            f"in the group of {name} by hand",
            (STRANGER, "is there and not in"),
            into(role, STRANGER),
        )
        yield Way(
            stack,
            f"{name} by a policy",
            (STRANGER, f"{name} (given by hand"),
            by_policy(name, STRANGER),
        )
        if role in HOLDER:
            yield Way(
                stack,
                f"{name} emptied",
                (HOLDER[role], "is missing"),
                lambda w, r=role: group(w, r).members.clear(),
            )
            yield Way(
                stack, f"missing in {name}", (HOLDER[role], "is missing"), out(role, HOLDER[role])
            )
    yield Way(
        stack,
        "a policy on a part",
        (EDSGER, "Administrator on a part of the account"),
        by_policy("Administrator", EDSGER, part=True),
    )
    yield Way(
        stack, "another role", (EDSGER, "DNS", "given by hand"), lambda w: member(w, EDSGER, "DNS")
    )
    yield Way(
        stack,
        "invited, not accepted",
        (STRANGER, "Administrator", "given by hand"),
        lambda w: setattr(member(w, STRANGER, "Administrator"), "status", "pending"),
    )
    yield Way(
        stack,
        "a space that does not break",
        (EDSGER, "twin of a role group"),
        another("Administrator\u00a0Read Only", "Administrator", EDSGER),
    )
    yield Way(
        stack,
        "nobody",
        ("nobody of",),
        lambda w: [g.members.clear() for g in account(w).user_groups.values()],
    )
    yield Way(stack, "gone from the account", (ADA, "is missing"), leave(ADA))
    yield Way(
        stack,
        "blocked, and still there",
        (ADA, "suspended in Okta" if kind == "okta" else "disabled in Entra"),
        blocked(kind),
    )
    yield Way(stack, "break-glass gone", (SECOND, "is no member of the account"), leave(SECOND))
    yield Way(
        stack,
        "break-glass without the role",
        (SECOND, "no Super Administrator by hand"),
        lambda w: member(w, SECOND).roles.clear(),
    )
    yield Way(
        stack, "break-glass not accepted", (SECOND, "has not accepted"), status(SECOND, "pending")
    )
    yield Way(
        stack,
        "left of no declared role",
        (STRANGER, "another User Group"),
        another("Old administrators", "Administrator", STRANGER),
    )


WAYS = [*ways(OKTA), *ways(ENTRA)]


def test_there_are_enough_of_them() -> None:
    assert len(WAYS) >= 2 * 40


@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way.stack[0]}: {way.name}")
def test_none_passes_and_each_names_person_and_cause(bases: Bases, way: Way) -> None:
    stack = bases.stack(way.stack)
    way.change(bases.sandbox.world)
    report = stack.verify()
    assert report.exit_code == 1, show(report)
    lines = [check.found for check in failing(report).values()]
    assert any(all(word in line for word in way.words) for line in lines), show(report)
    assert all(check.actions for check in failing(report).values())


@pytest.mark.parametrize("stack", [OKTA, ENTRA], ids=str)
def test_a_dropped_role_that_people_still_hold_is_named_with_its_way_out(
    bases: Bases, stack: Combination
) -> None:
    made = bases.stack(stack)
    scim = dict(made.given[KEY])  # type: ignore[call-overload]
    scim["roles"] = {name: role for name, role in scim["roles"].items() if name != "Billing"}
    report = replace(made, config=parse_config(scim, stack="dev")).verify()
    check = failing(report)["cloudflare.undeclared"]
    assert 'katherine@example.com has Billing (User Group "Billing", left of a role' in check.found
    [action] = check.actions
    assert action.about == ("Billing",)
    assert action.person
    assert check.link.startswith("https://dash.cloudflare.com/")
