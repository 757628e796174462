"""Ways of having power that nobody declared, or of missing people: none passes, each is named.

Generated over both identity providers, roles and paths; every line names the person and the cause.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from cfscim.config.roles import ROLES, Role
from cfscim.verify import Report
from sandbox.cloudflare.catalog import ROLE_BY_NAME
from sandbox.cloudflare.models import (
    Account,
    CloudflareUser,
    Member,
    Policy,
    SystemGroup,
    UserGroup,
)
from sandbox.server.ids import hex32
from sandbox.server.world import World
from tests.configs import ACCOUNT
from tests.verify.verify_base import (
    ENTRA,
    ENTRA_VIRTUAL,
    KEPT,
    OKTA,
    OKTA_VIRTUAL,
    SECOND,
    Bases,
    Combination,
)
from tests.verify.verify_support import Stack, failing, show

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

    def made(self, bases: Bases) -> Stack:
        """The stack after the change."""
        stack = bases.stack(self.stack)
        self.change(bases.sandbox.world)
        return stack

    def found_by(self, report: Report) -> None:
        """Holds verify to one line that names person and cause."""
        lines = [check.found for check in failing(report).values()]
        assert any(all(word in line for word in self.words) for line in lines), show(report)


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


def left_in_virtual(world: World, role: Role, address: str) -> None:
    """The account has kept its virtual groups, and a person is in one of them."""
    here = account(world)
    here.virtual_groups = True
    of = member(world, address)
    here.system_groups[role.value] = SystemGroup(
        role=role.value, display_name=f"CF-{here.id} - {role.value}", members=[of.id]
    )


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
    way = partial(Way, stack)
    kind = stack[0]
    for role in ROLES:
        name = role.value
        for address in (EDSGER, STRANGER):
            yield way(
                f"{name} by hand to {address}",
                (f"{address} has {name} (given by hand",),
                lambda w, a=address, n=name: member(w, a, n),
            )
        yield way(
            f"{name} by another group",
            (EDSGER, name, "another User Group"),
            another("Friends", name, EDSGER),
        )
        yield way(
            f"{name} by a twin",
            (STRANGER, name, "twin of a role group"),
            another(name.lower(), name, STRANGER),
        )
        yield way(
            f"in the group of {name} by hand",
            (STRANGER, "is there and not in"),
            into(role, STRANGER),
        )
        yield way(
            f"{name} by a policy", (STRANGER, f"{name} (given by hand"), by_policy(name, STRANGER)
        )
        if role in HOLDER:
            yield way(
                f"{name} emptied",
                (HOLDER[role], "is missing"),
                lambda w, r=role: group(w, r).members.clear(),
            )
            yield way(f"missing in {name}", (HOLDER[role], "is missing"), out(role, HOLDER[role]))
    yield way(
        "a policy on a part",
        (EDSGER, "Administrator on a part of the account"),
        by_policy("Administrator", EDSGER, part=True),
    )
    yield way("another role", (EDSGER, "DNS", "given by hand"), lambda w: member(w, EDSGER, "DNS"))
    yield way(
        "invited, not accepted",
        (STRANGER, "Administrator", "given by hand"),
        lambda w: setattr(member(w, STRANGER, "Administrator"), "status", "pending"),
    )
    yield way(
        "a space that does not break",
        (EDSGER, "twin of a role group"),
        another("Administrator\u00a0Read Only", "Administrator", EDSGER),
    )
    yield way(
        "nobody",
        ("nobody of",),
        lambda w: [g.members.clear() for g in account(w).user_groups.values()],
    )
    yield way("gone from the account", (ADA, "is missing"), leave(ADA))
    yield way(
        "blocked, and still there",
        (ADA, "suspended in Okta" if kind == "okta" else "disabled in Entra"),
        blocked(kind),
    )
    yield way("break-glass gone", (SECOND, "is no member of the account"), leave(SECOND))
    yield way(
        "break-glass without the role",
        (SECOND, "no Super Administrator by hand"),
        lambda w: member(w, SECOND).roles.clear(),
    )
    yield way("break-glass not accepted", (SECOND, "has not accepted"), status(SECOND, "pending"))
    yield from _further(stack)
    yield from _many(stack)
    yield way(
        "left of no declared role",
        (STRANGER, "another User Group"),
        another("Old administrators", "Administrator", STRANGER),
    )


def also_named(name: str, address: str) -> Callable[[World], None]:
    """A second User Group of exactly a role group's name."""

    def change(world: World) -> None:
        another("Billing", name, address)(world)

    return change


def by_scoped_group(world: World) -> None:
    another("Zone people", "Administrator", EDSGER)(world)
    account(world).user_groups["d" * 32].policies = [policy(world, "Administrator", part=True)]


def own_group_gives_more(world: World) -> None:
    group(world, Role.BILLING).policies.append(policy(world, "Administrator"))


def denial_beside(world: World) -> None:
    """A denial on a part, which takes away nothing of the whole."""
    denial = policy(world, "Administrator", part=True)
    denial.access, denial.id = "deny", "8"
    member(world, EDSGER).policies = [policy(world, "Administrator"), denial]


def twin_before_ours(*, gives: bool) -> Callable[[World], None]:
    """A group of a role's exact name, listed first and with the right people; a stranger is in the
    stack's own."""

    def change(world: World) -> None:
        ours = group(world, Role.ADMINISTRATOR)
        twin = UserGroup(id="a" * 32, name=ours.name, members=dict(ours.members))
        twin.policies = [policy(world, "Administrator")] if gives else []
        into(Role.ADMINISTRATOR, STRANGER)(world)
        account(world).user_groups = {twin.id: twin, **account(world).user_groups}

    return change


def ours_renamed(world: World) -> None:
    """A twin took the name of the stack's own group, which a stranger is in. Nobody renames what
    SCIM has locked."""
    into(Role.ADMINISTRATOR, STRANGER)(world)
    ours = group(world, Role.ADMINISTRATOR)
    ours.name, ours.scim_managed = "Administrators", False
    another("Administrator", "Administrator", EDSGER)(world)


def swapped(world: World) -> None:
    one, other = group(world, Role.ADMINISTRATOR), group(world, Role.SUPER_ADMINISTRATOR)
    ada, grace = member(world, ADA).id, member(world, HOLDER[Role.SUPER_ADMINISTRATOR]).id
    one.members, other.members = {grace: "now"}, {**other.members, ada: "now"}


def crowd(into_group: Callable[[World], UserGroup]) -> Callable[[World], None]:
    """So many in one group that it takes pages, and more than one line would name."""

    def change(world: World) -> None:
        made = into_group(world)
        for number in range(120):
            made.members[member(world, f"person-{number}@example.org").id] = "now"

    return change


def friends(world: World) -> UserGroup:
    another("Friends", "Billing", STRANGER)(world)
    return account(world).user_groups["d" * 32]


def _many(stack: Combination) -> Iterator[Way]:
    """Twins, swaps, crowds, and people beside those who are meant."""
    way = partial(Way, stack)
    owner = KEPT[0]
    for gives in (False, True):
        yield way(
            f"a twin before ours that {'gives' if gives else 'gives nothing'}",
            (STRANGER, "is there and not in"),
            twin_before_ours(gives=gives),
        )
    yield way("ours renamed", (STRANGER, "is there and not in"), ours_renamed)
    yield way("two people swapped", (ADA, "is there and not in"), swapped)
    yield way("a crowd", ("person-117@example.org", "another User Group"), crowd(friends))
    yield way(
        "a crowd in a role's group",
        ("person-117@example.org is there and not in",),
        crowd(lambda world: group(world, Role.BILLING)),
    )
    yield way(
        "far down the list",
        ("person-130@example.org has Administrator (given by hand",),
        lambda w: [
            member(w, f"person-{n}@example.org", "Administrator" if n == 130 else "DNS")
            for n in range(140)
        ],
    )
    for address in ("OWNER@example.com", "owner@example.org", "owner@example.com.example"):
        yield way(
            f"break-glass's twin {address}",
            (address,),
            lambda w, a=address: _second_user(w, a, "Super Administrator - All Privileges"),
        )
    yield way(
        "break-glass on a part alone",
        (owner, "no Super Administrator by hand"),
        lambda w: (
            member(w, owner).roles.clear(),
            by_policy("Super Administrator - All Privileges", owner, part=True)(w),
        ),
    )
    for address, role in HOLDER_ROLES:
        yield way(
            f"{role}, declared and by hand too",
            (f"{address} has {role} (given by hand",),
            lambda w, a=address, r=role: member(w, a, r),
        )


HOLDER_ROLES = [(person, role.value) for role, person in HOLDER.items()]


def _second_user(world: World, address: str, role: str) -> None:
    """A user of Cloudflare's own under this spelling of an address."""
    user = CloudflareUser(id=hex32(address), email=address)
    world.cloudflare.users[user.id] = user
    world.cloudflare.add_member(account(world), user, roles=[role])


def _further(stack: Combination) -> Iterator[Way]:
    """People who are declared for one thing and have another, and the odder paths."""
    way = partial(Way, stack)
    owner, grace = KEPT[0], HOLDER[Role.SUPER_ADMINISTRATOR]
    for address, role in ((ADA, "Billing"), (grace, "Administrator"), (owner, "DNS")):
        yield way(
            f"{role} beside what {address} is declared for",
            (f"{address} has {role} (given by hand",),
            lambda w, a=address, r=role: member(w, a, r),
        )
    yield way(
        "a declared person in a further group",
        (ADA, "Administrator Read Only", "another User Group"),
        another("Readers", "Administrator Read Only", ADA),
    )
    yield way(
        "a declared person in another role's group",
        (ADA, "is there and not in"),
        into(Role.ADMINISTRATOR_READ_ONLY, ADA),
    )
    yield way(
        "break-glass in a role's group",
        (owner, "is there and not in"),
        into(Role.ADMINISTRATOR_READ_ONLY, owner),
    )
    yield way(
        "break-glass through another group alone",
        (owner, "no Super Administrator by hand"),
        lambda w: (
            member(w, owner).roles.clear(),
            another("Chiefs", "Super Administrator - All Privileges", owner)(w),
        ),
    )
    yield way(
        "a second group of a role's exact name",
        (STRANGER, "Administrator", "twin of a role group"),
        also_named("Administrator", STRANGER),
    )
    yield way(
        "a group scoped to a part",
        (EDSGER, "Administrator on a part of the account", "another User Group"),
        by_scoped_group,
    )
    yield way(
        "a role's own group gives more",
        (HOLDER[Role.BILLING], "Administrator", "whose policy was changed"),
        own_group_gives_more,
    )
    yield way(
        "a denial beside a role",
        (f"{EDSGER} has Administrator (given by hand", "a denial of"),
        denial_beside,
    )
    second = "ada+admin@example.com"
    yield way(
        "a second account of a declared person",
        (f"{second} has Administrator (given by hand",),
        lambda w: member(w, second, "Administrator"),
    )
    guest = "ada_example.com#EXT#@example.onmicrosoft.com"
    yield way(
        "a guest's other name",
        (f"{guest} has Billing (given by hand",),
        lambda w: member(w, guest, "Billing"),
    )
    yield way(
        "blocked, with a role by hand",
        (f"{ADA} has Billing (given by hand",),
        lambda w: (blocked(stack[0])(w), member(w, ADA, "Billing")),
    )
    for name in ("Audit Logs Viewer", "Cloudflare Zero Trust Read Only", "Workers Editor"):
        yield way(
            f"{name}, which is none of the four",
            (EDSGER, name, "another User Group"),
            another("Workers", name, EDSGER),
        )


def virtual_ways(stack: Combination) -> Iterator[Way]:
    """Where virtual groups give the roles."""
    way = partial(Way, stack)
    for address, words in ((EDSGER, "Billing"), (STRANGER, "Administrator")):
        yield way(
            f"{words} by hand beside virtual groups",
            (f"{address} has {words} (given by hand",),
            lambda w, a=address, r=words: member(w, a, r),
        )
    yield way(
        "a User Group beside virtual groups",
        (f"{EDSGER} has Administrator (", "User Group"),
        another("Administrator", "Administrator", EDSGER),
    )


WAYS = [*ways(OKTA), *ways(ENTRA), *virtual_ways(OKTA_VIRTUAL), *virtual_ways(ENTRA_VIRTUAL)]
