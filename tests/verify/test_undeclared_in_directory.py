"""Power and people that go wrong in the identity provider, or half in it and half in Cloudflare:
none passes, and each line names person and cause."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from cfscim.config.roles import Role
from sandbox.cloudflare.models import CloudflareUser, UserGroup
from sandbox.entra.models import Entity
from sandbox.okta.models import User
from sandbox.okta.provisioning.assignment import join, refresh
from sandbox.server.ids import hex32
from sandbox.server.people import Person
from sandbox.server.world import World
from tests.verify.verify_base import ENTRA, OKTA, Bases, Combination
from tests.verify.verify_support import failing, show
from tests.verify.verify_undeclared_ways import (
    ADA,
    EDSGER,
    STRANGER,
    account,
    group,
    into,
    member,
    policy,
)

pytestmark = pytest.mark.usefixtures("signed_in")

KATHERINE = "katherine@example.com"


@dataclass(frozen=True)
class Case:
    """`change` makes it so; `cycle`: the identity provider then has a cycle; a line that does not
    hold must contain all of `words`."""

    stack: Combination
    name: str
    words: tuple[str, ...]
    change: Callable[[World], object]
    cycle: bool = False


def okta_user(world: World, address: str) -> User:
    return next(user for user in world.okta.users.values() if user.email == address)


def okta_group(world: World, name: str) -> list[str]:
    return next(g for g in world.okta.groups.values() if g.name == name).members


def entra_user(world: World, address: str) -> Entity:
    return next(u for u in world.entra.users.values() if u.text("mail") == address)


def entra_group(world: World, name: str) -> Entity:
    return next(g for g in world.entra.groups.values() if g.text("displayName") == name)


def assigned_directly(world: World) -> None:
    [app] = world.okta.apps.values()
    user = world.okta.users[world.okta.add_person(Person.of(STRANGER))]
    join(world.okta, app, user, "USER")


def another_address(world: World) -> None:
    """Ada's address changed in Okta after she was provisioned: Cloudflare knows the old one."""
    okta_user(world, ADA).email = "countess@example.com"


def gone(world: World) -> None:
    """Katherine was deleted in Okta while no cycle could tell it."""
    user = okta_user(world, KATHERINE)
    for members in (g.members for g in world.okta.groups.values()):
        if user.id in members:
            members.remove(user.id)
    del world.okta.users[user.id]
    [app] = world.okta.apps.values()
    app.users.pop(user.id)


def twin_account(world: World) -> None:
    """A second Okta account has Ada's address, and is in her role's group in her place."""
    user = okta_user(world, ADA)
    other = world.okta.add_user("ada.2@example.com", ADA, "Ada", "Second")
    members = okta_group(world, "Administrator")
    members[members.index(user.id)] = other.id
    refresh(world.okta)


def renamed_in_the_app(world: World) -> None:
    [app] = world.okta.apps.values()
    app.users[okta_user(world, ADA).id].user_name = "ada.l@example.com"


def never_pushed(world: World) -> None:
    [app] = world.okta.apps.values()
    app.users[okta_user(world, ADA).id].missed = True
    app.users[okta_user(world, ADA).id].external_id = None
    app.users[okta_user(world, ADA).id].last_sync = None


def enter_by_an_app(world: World) -> None:
    """Another pushed group of the app goes to a User Group with a role of its own."""
    made = UserGroup(id="e" * 32, name="Operators", policies=[policy(world, "Billing")])
    made.members[member(world, EDSGER).id] = "now"
    made.scim_managed = True
    account(world).user_groups[made.id] = made


def two_roles(world: World) -> None:
    """One policy gives the declared role and another."""
    here = group(world, Role.BILLING)
    here.policies[0].permission_groups.append(policy(world, "Administrator").permission_groups[0])


def everything(world: World) -> None:
    """A stranger is in every role's group at once."""
    for role in Role:
        into(role, STRANGER)(world)


def capitals(world: World) -> None:
    """A second Cloudflare user of Ada's address, in capitals, has a role by hand."""
    user = CloudflareUser(id=hex32("capitals"), email=ADA.upper())
    world.cloudflare.users[user.id] = user
    world.cloudflare.add_member(account(world), user, roles=["Billing"])


def guest(world: World) -> None:
    """A guest who was put into Billing by hand and could not be sent."""
    properties = {
        "displayName": "Guest",
        "mail": "guest@partner.example",
        "userPrincipalName": "guest_partner.example#EXT#@example.onmicrosoft.com",
        "accountEnabled": True,
        "proxyAddresses": ["SMTP:guest@partner.example"],
    }
    person = world.entra.add("user", {**entra_user(world, ADA).properties, **properties})
    entra_group(world, "Billing").members.append(person.id)


def nested(world: World) -> None:
    """Edsger is in a group within Billing: Entra does not read it."""
    inner = world.entra.add(
        "group", {**entra_group(world, "Billing").properties, "displayName": "Accountants"}
    )
    inner.members.append(entra_user(world, EDSGER).id)
    entra_group(world, "Billing").members.append(inner.id)


def nested_users(world: World) -> None:
    inner = world.entra.add(
        "group", {**entra_group(world, "Billing").properties, "displayName": "Staff"}
    )
    inner.members.append(world.entra.add_person(Person.of("barbara@example.com")))
    entra_group(world, "Cloudflare Users").members.append(inner.id)


def mailless(world: World) -> None:
    entra_user(world, ADA).properties["mail"] = None


def another_principal_name(world: World) -> None:
    entra_user(world, ADA).properties["userPrincipalName"] = "countess@example.com"


def deleted_in_entra(world: World) -> None:
    """Katherine is in the recycle bin; no cycle has told it."""
    user = entra_user(world, KATHERINE)
    for each in world.entra.groups.values():
        if user.id in each.members:
            each.members.remove(user.id)
    del world.entra.users[user.id]


def unassigned(world: World) -> None:
    id_ = entra_group(world, "Administrator").id
    [key] = [k for k, a in world.entra.assignments.items() if a.principal_id == id_]
    del world.entra.assignments[key]


def twin_group(world: World) -> None:
    """A second group of the role's name, by whomever, with somebody in it, who came over."""
    twin = world.entra.add("group", {**entra_group(world, "Billing").properties})
    twin.members.append(entra_user(world, EDSGER).id)
    into(Role.BILLING, EDSGER)(world)


def cases() -> Iterator[Case]:
    for stack in (OKTA, ENTRA):
        yield Case(
            stack, "two roles by one policy", (KATHERINE, "Administrator", "policy"), two_roles
        )
        yield Case(stack, "in every group", (STRANGER, "is there and not in"), everything)
        yield Case(
            stack, "the address in capitals", (ADA.upper(), "Billing", "given by hand"), capitals
        )
        yield Case(
            stack,
            "a group that was pushed from elsewhere",
            (EDSGER, "Billing", "Operators"),
            enter_by_an_app,
        )
    yield Case(OKTA, "assigned directly", (STRANGER, "directly"), assigned_directly)
    yield Case(OKTA, "assigned directly, and sent", (STRANGER, "directly"), assigned_directly, True)
    yield Case(OKTA, "deleted, and still there", (KATHERINE, "is there and not in"), gone)
    yield Case(OKTA, "two accounts of one address", (ADA, "is the address of"), twin_account)
    yield Case(OKTA, "another name in the app", ("ada.l@example.com",), renamed_in_the_app)
    yield Case(OKTA, "assigned too early", (ADA,), never_pushed)
    yield Case(ENTRA, "a guest", ("guest@partner.example", "missing"), guest)
    yield Case(ENTRA, "in a group within", (EDSGER, "Accountants"), nested, True)
    yield Case(
        ENTRA, "in a group within the users", ("barbara@example.com", "Staff"), nested_users, True
    )
    yield Case(ENTRA, "without a mail address", (ADA, "without mail"), mailless)
    yield Case(
        ENTRA, "another principal name", (ADA, "countess@example.com"), another_principal_name
    )
    yield Case(
        ENTRA, "deleted, and still there", (KATHERINE, "is there and not in"), deleted_in_entra
    )
    yield Case(ENTRA, "the group is not assigned", ("Administrator", "not assigned"), unassigned)
    yield Case(
        ENTRA, "the group is not assigned, and a cycle", (ADA, "no such group"), unassigned, True
    )
    yield Case(ENTRA, "a second group of the name", (EDSGER, "is there and not in"), twin_group)


@pytest.mark.parametrize("case", [*cases()], ids=lambda case: f"{case.stack[0]}: {case.name}")
def test_it_does_not_hold_and_is_named(bases: Bases, case: Case) -> None:
    made = bases.stack(case.stack)
    case.change(bases.sandbox.world)
    if case.cycle:
        bases.cycle(case.stack)
    report = made.verify()
    assert report.exit_code == 1, show(report)
    lines = [check.found for check in failing(report).values()]
    assert any(all(word in line for word in case.words) for line in lines), show(report)
