"""Declared states to deviate from: set up once a combination, copied back before each deviation."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from cfscim.config.roles import Role
from cfscim.verify import Report
from sandbox.entra.provisioning.cycle import run_cycle as entra_cycle
from sandbox.okta import catalog as okta_catalog
from sandbox.okta.provisioning.assignment import refresh
from sandbox.okta.provisioning.cycle import run_cycle as okta_cycle
from sandbox.server.server import Sandbox
from sandbox.server.world import Stored, World
from tests.configs import ACCOUNT
from tests.verify.verify_support import Stack, failing, set_up, show

SECOND = "second@example.com"
KEPT = ("owner@example.com", SECOND)
Combination = tuple[str, str, str]
OKTA: Combination = ("okta", "userGroups", "account")
OKTA_USER: Combination = ("okta", "userGroups", "user")
OKTA_VIRTUAL: Combination = ("okta", "virtualGroups", "account")
OKTA_API: Combination = ("okta-api", "userGroups", "account")
_CATALOG = dict(okta_catalog.CATALOG)
ENTRA: Combination = ("entra", "userGroups", "account")
ENTRA_VIRTUAL: Combination = ("entra", "virtualGroups", "account")
ENTRA_FILTER: Combination = ("entra-filter", "userGroups", "account")


@dataclass(frozen=True)
class Deviation:
    """One thing that differs, which checks must then fail, and words of the line that names it."""

    name: str
    stack: Combination
    change: Callable[[World], object]
    fails: frozenset[str]
    words: str = ""
    cycle: bool = False
    names_by: str = ""  # the check whose line holds `words`
    config: tuple[str, object] | None = None  # a key of the stack file, changed since the update

    def made(self, bases: "Bases") -> Stack:
        """The stack after the deviation, and after its cycle."""
        stack = bases.stack(self.stack)
        self.change(bases.sandbox.world)
        if self.cycle:
            bases.cycle(self.stack)
        return stack.written(*self.config) if self.config else stack

    def found_by(self, report: Report) -> None:
        """Holds verify to finding exactly it, and naming it."""
        found = failing(report)
        assert set(found) == self.fails, show(report)
        assert self.words in found[self.names_by].found, found[self.names_by]


def deviation(
    stack: Combination,
    name: str,
    fails: str,
    words: str,
    change: Callable[[World], object],
    *,
    also: str = "",
    cycle: bool = False,
    config: tuple[str, object] | None = None,
) -> Deviation:
    """`fails` is the check that names it in `words`; `also` what follows from it, by spaces."""
    every = frozenset({fails, *also.split()})
    return Deviation(name, stack, change, every, words, cycle, fails, config)


DECLARED = {
    Role.ADMINISTRATOR: "ada@example.com",
    Role.SUPER_ADMINISTRATOR: "grace@example.com",
}
"""Of each role that has members, one of them."""


@dataclass(frozen=True)
class InDirectory:
    """An identity provider's groups and people by name, and how a group gets another name."""

    group: Callable[[World, str], Any]
    user: Callable[[World, str], Any]
    rename: Callable[[Any, str], object]

    def leave(self, world: World, role: Role) -> None:
        """Who is declared for the role is taken out of its group."""
        name = DECLARED[role].partition("@")[0]
        self.group(world, role.value).members.remove(self.user(world, name).id)

    def join(self, world: World, name: str, person: str) -> None:
        """A person is put into the group of that name."""
        self.group(world, name).members.append(self.user(world, person).id)

    def deviations(self, stack: Combination, role: Role) -> Iterator[Deviation]:
        """A role's group under another name, with one person less and with one more."""
        deviates = partial(deviation, stack)
        name, short = role.value, role.slug
        yield deviates(
            f"{short} renamed",
            f"{stack[0]}.group.{short}",
            f"{name} 2",
            lambda w: self.rename(self.group(w, name), f"{name} 2"),
        )
        if role in DECLARED:
            yield deviates(
                f"{short} lacks one",
                f"{stack[0]}.members.{short}",
                f"{DECLARED[role]} is missing",
                lambda w: self.leave(w, role),
                cycle=True,
            )
            yield deviates(
                f"{short} has one more",
                f"{stack[0]}.members.{short}",
                "edsger@example.com is not declared",
                lambda w: self.join(w, name, "edsger"),
                cycle=True,
            )


@dataclass
class Bases:
    """The stacks that were set up, each with the three vendors' states."""

    sandbox: Sandbox
    made: dict[Combination, tuple[Stack, Stored]] = field(default_factory=dict)

    def stack(self, wanted: Combination) -> Stack:
        """The stack, with the sandbox in its declared state."""
        world = self.sandbox.world
        world.faults.clear()
        okta_catalog.CATALOG.update(_CATALOG)
        if wanted not in self.made:
            world.reset()
            stack = _make(self.sandbox, wanted)
            self.made[wanted] = (stack, _copy(Stored(world.cloudflare, world.okta, world.entra)))
        stack, kept = self.made[wanted]
        with world.locked("cloudflare", "okta", "entra"):
            world.cloudflare, world.okta, world.entra = _copy(kept)
        return stack

    def cycle(self, wanted: Combination) -> None:
        """One provisioning cycle."""
        _cycle(self.sandbox.world, wanted[0])


def _copy(states: Stored) -> Stored:
    return Stored(*(state.model_copy(deep=True) for state in states))


def _make(sandbox: Sandbox, wanted: Combination) -> Stack:
    kind, model, owner = wanted
    options: dict[str, object] = {}
    if kind == "okta-api":
        options = {"apiIntegration": "api", "catalogApp": "zscalerbyz"}
    if kind == "entra-filter":
        clause = {"attribute": "department", "operator": "EQUALS", "value": "IT"}
        options = {"scope": "filtered", "userFilter": [clause]}
        for user in sandbox.world.entra.users.values():
            user.properties["department"] = "IT"
    stack = set_up(
        sandbox, kind.partition("-")[0], model, owner, cycle=False, break_glass=KEPT, **options
    )
    world = sandbox.world
    # Somebody with a role that Okta or Entra manages, and somebody without any.
    for name, people in (
        ("Cloudflare Users", ("katherine", "edsger")),
        ("Billing", ("katherine",)),
    ):
        for person in people:
            _join(world, kind, name, f"{person}@example.com")
    for app in world.okta.apps.values():
        app.provisioning.import_groups = False  # the one switch that no API has
    account = world.cloudflare.account(ACCOUNT)
    second = world.cloudflare.user_by_email(SECOND, create=True)
    assert account is not None
    assert second is not None
    role = "Super Administrator - All Privileges"
    world.cloudflare.add_member(account, second, roles=[role])
    _cycle(world, kind)
    return stack


def _join(world: World, kind: str, group: str, address: str) -> None:
    if kind.startswith("entra"):
        user = next(u for u in world.entra.users.values() if u.text("mail") == address)
        for one in world.entra.groups.values():
            if one.text("displayName").endswith(group):
                one.members.append(user.id)
        return
    person = next(u for u in world.okta.users.values() if u.email == address)
    for one in world.okta.groups.values():
        if one.name == group and one.type == "OKTA_GROUP":
            one.members.append(person.id)
    refresh(world.okta)


def _cycle(world: World, kind: str) -> None:
    vendor, run = ("entra", entra_cycle) if kind.startswith("entra") else ("okta", okta_cycle)
    with world.locked(vendor):
        run(world)
