"""Rules about changes that could lock everyone out, and about the order of a move's steps."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from cfscim.config.access import people
from cfscim.config.lanes import lanes, moved, way_of
from cfscim.config.messages import ScimError
from cfscim.config.models import EntraConfig, ScimConfig
from cfscim.config.names import group_names
from cfscim.config.policy.model import Case, Finding, Rule
from cfscim.config.roles import Role

LOCK_OUT = "last-super-administrators"
"""The rule whose waiver lets a change, or a destroy, leave nobody in charge."""
_SUPER = Role.SUPER_ADMINISTRATOR
_ELSEWHERE = "managed in the identity provider"
"""In place of a list of members, where the config has none."""


def waived_until(config: ScimConfig) -> str | None:
    """The last day on which the rule is set aside; None where it is not."""
    days = [waiver.until for waiver in config.waivers if waiver.rule == LOCK_OUT]
    return max(days).isoformat() if days else None


def is_waived(until: object, today: date) -> bool:
    """Whether what `waived_until` gave holds today."""
    return bool(until) and today <= date.fromisoformat(str(until))


@dataclass(frozen=True)
class Charge:
    """By whom an account is to be administered: the groups that give the role, who is listed in
    them and who is provisioned at all (None: the identity provider's business), who has the role
    outside of SCIM, the filter that people have to pass, and the ways, identity provider and role
    model each, by which groups are delivered."""

    groups: frozenset[str] = frozenset()
    members: frozenset[str] | None = frozenset()
    outside: frozenset[str] = frozenset()
    filter: str = ""
    users: frozenset[str] | None = None
    ways: frozenset[str] = frozenset()
    account: str = ""

    @classmethod
    def of(cls, config: ScimConfig) -> "Charge":
        """What the config says; addresses in lower case, as Cloudflare compares them."""
        given = config.roles.get(_SUPER)
        provider = config.identity_provider
        users = provider.users_group.members
        if users is not None:
            users = (*users, *people(config))  # nobody else has the app
        clauses = provider.user_filter if isinstance(provider, EntraConfig) else ()
        return cls(
            frozenset(name for _, name in super_administrator_groups(config)),
            _lower(given.members if given is not None else ()),
            frozenset(person.lower() for person in config.break_glass),
            "; ".join(sorted(f"{c.attribute} {c.operator} {c.value}" for c in clauses)),
            _lower(users),
            frozenset(
                f"{lane.config.identity_provider.kind} {lane.config.role_model}"
                for lane in lanes(config)
                # A job of Entra that stops takes nothing; without its assignment Okta's app does.
                if lane.config.identity_provider.kind == "entra"
                or lane.config.identity_provider.delivers
            ),
            config.account.id,
        )

    @classmethod
    def kept(cls, props: Mapping[str, Any]) -> "Charge":
        """What `props` once wrote into a state."""
        return cls(
            frozenset(props["groups"]),
            _listed(props["members"]),
            frozenset(props["outside"]),
            str(props.get("filter") or ""),
            _listed(props.get("users", _ELSEWHERE)),
            frozenset(props.get("ways") or ()),
            str(props["accountId"]),
        )

    def breaks_with(self, before: "Charge") -> bool:
        """Whether nobody is known to keep the role by a group: it is another group, comes by
        another way, or people have to pass another filter, and who does nobody here knows."""
        return (
            not before.groups & self.groups
            or bool(before.ways and not before.ways & self.ways)
            or (bool(self.filter) and self.filter != before.filter)
        )

    def takes_nothing(self, before: "Charge") -> bool:
        """Whether everybody who is in charge by `before` stays so: nobody has to be counted."""
        return (
            self.account == before.account
            and self.filter == before.filter
            and before.groups <= self.groups
            and before.ways <= self.ways
            and _within(before.members, self.members)
            and (self.users is None or _within(before.users, self.users))
        )

    def dropped(self, before: "Charge", people: frozenset[str]) -> frozenset[str]:
        """Who of `people` is no longer provisioned, and so leaves the account with every role that
        was given by hand; who is not known to have been outside of SCIM counts as provisioned."""
        if self.users is None:
            return frozenset()
        if before.users is None:
            return people - self.users - self.outside
        return people & (before.users - self.users)

    @property
    def props(self) -> dict[str, Any]:
        """For a state, always in one order."""
        return {
            "groups": sorted(self.groups),
            "members": _ELSEWHERE if self.members is None else sorted(self.members),
            "outside": sorted(self.outside),
            "filter": self.filter,
            "users": _ELSEWHERE if self.users is None else sorted(self.users),
            "ways": sorted(self.ways),
            "accountId": self.account,
        }


def _within(before: frozenset[str] | None, after: frozenset[str] | None) -> bool:
    """Whether a list has everybody of before; the identity provider's own is no longer the same."""
    return before is after is None or (before is not None and after is not None and before <= after)


def _lower(listed: Iterable[str] | None) -> frozenset[str] | None:
    return None if listed is None else frozenset(person.lower() for person in listed)


def _listed(kept: Any) -> frozenset[str] | None:
    return None if kept == _ELSEWHERE else frozenset(kept)


@dataclass(frozen=True)
class InCharge:
    """Who is known to be in charge once a change is carried out, in lower case, whether others may
    be, whom nobody here knows, and who has the role before it."""

    people: frozenset[str] = frozenset()
    others: bool = False
    before: frozenset[str] = frozenset()

    @property
    def nobody(self) -> bool:
        """Whether everybody is locked out, as far as can be known."""
        return not self.people and not self.others


def left_by_config(before: Charge, after: Charge, people: frozenset[str]) -> InCharge:
    """`people`, and those who keep the role by a group of the same name as the configs have it."""
    was = people | (before.members or frozenset())
    if after.breaks_with(before):
        return InCharge(people, before=was)
    if before.members is None or after.members is None:
        others = after.members != frozenset() and after.users != frozenset()
        return InCharge(people, others, was)
    return InCharge(people | before.members & after.members, before=was)


_NAMED = 5
"""How many people a message names."""


def lock_out(account: str, before: Iterable[str]) -> ScimError:
    """What is said of a change, or a destroy, that leaves nobody of those who are in charge
    `before` it."""
    losing = sorted(before)
    more = f" and {len(losing) - _NAMED} more" if len(losing) > _NAMED else ""
    now = f" (now: {', '.join(losing[:_NAMED])}{more})" if losing else ""
    return ScimError(
        f"Cloudflare account {account}",
        f"no Super Administrator would remain, inside or outside of SCIM{now}",
        "nobody could administer the account any more",
        "give somebody the role by hand in Cloudflare and name the person in breakGlass, keep "
        f"one of the present people in the role, or add a waiver of {LOCK_OUT}",
    )


def _last_super_administrators(case: Case) -> Iterator[Finding]:
    before, after = case.before, case.config
    if before is None:
        return
    given = before.roles.get(_SUPER)
    if given is None or given.members == ():
        return
    outside = {person.lower() for person in after.break_glass}
    if outside or before.account.id != after.account.id:
        return
    ways = {*super_administrator_groups(before)} & {*super_administrator_groups(after)}
    kept = after.roles.get(_SUPER)
    if not ways or kept is None:
        what = "the role is dropped" if kept is None else "its group becomes another one"
    else:
        if given.members is None or kept.members is None:
            if kept.members != ():
                return
        elif {member.lower() for member in given.members} & {
            member.lower() for member in kept.members
        }:
            return
        what = "nobody who has the role keeps it" if kept.members else "the role is emptied"
    yield Finding(
        f"no Super Administrator of before would remain: {what}, and breakGlass names nobody",
        "keep one of them, or name somebody in breakGlass who has the role by hand",
        keys=("roles", _SUPER.value),
    )


def super_administrator_groups(config: ScimConfig) -> tuple[tuple[str, str], ...]:
    """The identity provider and the name of each group by which the role is given, that of the way
    in force first."""
    return tuple(
        (lane.config.identity_provider.kind, name)
        for lane in lanes(config)
        for role, name in group_names(lane.config).items()
        if role is _SUPER
    )


def _order(case: Case) -> Iterator[Finding]:
    before, after = case.before, case.config
    if before is None or before.account.id != after.account.id:
        return
    yield from _token_order(before, after)
    stage = _stage(before, after)
    if stage is not None:
        what, instead = stage
        yield Finding(what, f"{instead} (docs/moves.md)", keys=("move",))


def _token_order(before: ScimConfig, after: ScimConfig) -> Iterator[Finding]:
    """A replaced token is kept where the change that replaces it says so."""
    replaced = before.token.rotation != after.token.rotation
    if replaced and before.token.keep_previous and not after.token.keep_previous:
        yield Finding(
            "token.rotation changes together with keepPrevious, which the present token needs",
            "first the new token.rotation, then, after a provisioning cycle, keepPrevious out "
            "(docs/rotate-token.md)",
            keys=("token", "keepPrevious"),
        )


_SIDE_BY_SIDE = "first move.to with both ways side by side"
_CONFIRM = "first the console steps of the new way, and what confirms or starts it"
_SWITCH = "first move.switched: true, and an update"
_CLEAN_UP = "first write what stands under move.to in its place and take move out"
_Steps = list[tuple[bool, str, str]]
"""Whether it is so, what is wrong then, and which step is the next one."""


def _stage(before: ScimConfig, after: ScimConfig) -> tuple[str, str] | None:
    """What is wrong with the step from one config to the next, and which step is the next one."""
    steps = _beginning(before, after) if before.move is None else _under_way(before, after)
    return next(((what, instead) for is_so, what, instead in steps if is_so), None)


def _beginning(before: ScimConfig, after: ScimConfig) -> _Steps:
    here, there, new = way_of(before), way_of(after), after.move
    differs = _differs(here, there)
    if new is None:
        return [(here != there, f"{differs} in one step", _SIDE_BY_SIDE)]
    to = moved(after).identity_provider
    return [
        (here != there, f"{differs} together with a new move", _SIDE_BY_SIDE),
        (
            new.switched,
            "the former way is taken out before both stood side by side",
            _SIDE_BY_SIDE,
        ),
        (
            to.kind != before.identity_provider.kind and to.confirmed,
            "the console steps are confirmed for an app that does not exist yet",
            f"{_SIDE_BY_SIDE} and apiIntegrationConfirmed: false",
        ),
    ]


def _under_way(before: ScimConfig, after: ScimConfig) -> _Steps:
    here, there, to, new = way_of(before), way_of(after), moved(before), after.move
    switched = before.move is not None and before.move.switched
    waits = not switched and not to.identity_provider.delivers
    switch = _CONFIRM if waits else _SWITCH
    in_the_middle = f"{_differs(here, there)} in the middle of a move"
    if new is None and switched:
        what = "what is in force after the switch is not what is written now"
        return [(there != way_of(to), what, _CLEAN_UP)]
    if new is None:
        what = "the former way is taken out without a switch"
        return [(there == way_of(to), what, switch), (here != there, in_the_middle, switch)]
    goes = moved(after)
    return [
        (here != there, in_the_middle, switch),
        (
            way_of(to) != way_of(goes),
            "the move goes to another way than before",
            _CLEAN_UP if switched else switch,
        ),
        (
            new.switched and waits,
            "the former way is taken out before the new one delivers anything",
            switch,
        ),
        (
            switched and not new.switched,
            "the former way comes back after the switch",
            _CLEAN_UP,
        ),
        (
            to.identity_provider.confirmed and not goes.identity_provider.confirmed,
            "the console steps of the new way are taken back, and its pushes and assignment go",
            _CLEAN_UP if switched else "leave them confirmed, or give the move up",
        ),
    ]


def _differs(here: tuple[str, str, str], there: tuple[str, str, str]) -> str:
    keys = ("roleModel", "groupPrefix", "identityProvider.kind")
    return ", ".join(
        f"{key} changes" for key, old, new in zip(keys, here, there, strict=True) if old != new
    )


LAST_SUPER_ADMINISTRATORS = Rule(
    LOCK_OUT,
    "A change leaves a Super Administrator of before, inside or outside of SCIM",
    "when the last one is gone nobody can administer the account any more",
    config=_last_super_administrators,
)
MOVE_ORDER = Rule(
    "move-order",
    "A move goes side by side, switch, clean up; a token goes keep, rotate, remove",
    "a step taken out of order takes a role, or provisioning, from everybody for a while",
    config=_order,
)
