"""The identity provider as Cloudflare should mirror it: who belongs where, who does not come, and
whether what is missing had its provisioning cycle yet.

Vendor-neutral, so that Cloudflare's checks compare with Okta and with Entra alike. For `not yet`
an identity provider implements `delivery`: when its side of a role last changed (`changed`), and
when it last delivered that (`sent`), both as the vendor itself shows them:

    Okta: `changed` = the newest of the person's event in the System Log (without it the group's
          lastMembershipUpdated) and the mapping's created;
          `sent` = the mapping's lastPush; for everybody assigned (role None): the newest creation
          of an assignment, and the newest lastSync.
    Entra: `changed` = the newest event of the person in the group, in the directory's audit log;
          `sent` = when the last cycle began that did not fail (what came after its beginning waits
          for the next one).

Where the vendor does not show one of them it is None, and nothing is called `not yet` for it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from cfscim.config.access import people
from cfscim.config.models import ScimConfig
from cfscim.config.roles import Role
from cfscim.verify.actions import REFRESH, Act, Action
from cfscim.verify.report import Verdict, fails, holds

MAX_NAMED = 10
_MOST_LOST = 60


@dataclass(frozen=True)
class Person:
    """Somebody in the identity provider.

    `names`: every name, in lower case, under which Cloudflare may know the person. `off`: why
    the person is rightly not provisioned (deactivated). `reason`: why it likely went wrong, and
    `cure` what puts it right. `delivered`: the identity provider shows the person as provisioned.
    """

    address: str
    names: frozenset[str]
    off: str = ""
    reason: str = ""
    cure: tuple[Action, ...] = ()
    delivered: bool = False


@dataclass(frozen=True)
class Delivery:
    """When something last changed in the identity provider, and when that was last delivered.

    `changed`, `sent`: moments with zone, None where the vendor does not show them. `longest`: how
    long a delivery takes at most while all is well.
    """

    changed: datetime | None
    sent: datetime | None
    longest: timedelta

    def due(self, now: datetime) -> datetime | None:
        """The moment by which it should be there; None where it was delivered, or is overdue."""
        if self.changed is None:
            return None
        # A vendor shows one in whole seconds and the other not.
        if self.sent is not None and self.sent >= self.changed.replace(microsecond=0):
            return None
        by = self.changed + self.longest
        return by if now < by else None


def latest(moments: Iterable[datetime | str | None]) -> datetime | None:
    """The newest moment, of times as a vendor writes them; None where none is shown."""
    known = [
        datetime.fromisoformat(moment) if isinstance(moment, str) else moment
        for moment in moments
        if moment
    ]
    return max(known, default=None)


class Directory(Protocol):
    """What an identity provider says. Methods raise `Unreadable` where it cannot be read."""

    @property
    def name(self) -> str:
        """Okta or Entra."""
        ...

    @property
    def link(self) -> str:
        """Where its provisioning is looked at."""
        ...

    @property
    def replaces(self) -> bool:
        """Whether delivering a group again takes away who is too many there."""
        ...

    def again(self, people: tuple[str, ...], role: Role | None) -> tuple[tuple[Action, ...], str]:
        """What makes it deliver again what it believes to be there, and a page about it.

        `people`: addresses of those who are no members of the account; `role`: whose group lacks
        somebody, None where it is only the account.
        """
        ...

    def delivery(self, role: Role | None, people: Sequence[Collection[str]] = ()) -> Delivery:
        """How far the role's members got; None: everybody who is assigned.

        `people`: the names, in lower case, of each person whose membership is not there yet.
        """
        ...

    def members(self, role: Role) -> tuple[Person, ...]:
        """Who is in the role's group."""
        ...

    def assigned(self) -> tuple[Person, ...] | None:
        """Everyone who is provisioned; None where that is not a list that can be read."""
        ...

    def stranger(self, address: str, role: Role) -> str:
        """Why Cloudflare may have somebody in the role's group who is not in ours: a twin group,
        a second source of the push; empty where nothing is known."""
        ...

    def idle(self) -> str:
        """Why no cycle runs although all is as declared; empty where cycles should run."""
        ...


@dataclass(frozen=True)
class Comparison:
    """The two sides of one group: who is missing in Cloudflare, and who is too many there."""

    missing: list[Person] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)


def compare(wanted: Iterable[Person], actual: Iterable[str], declared: Iterable[str]) -> Comparison:
    """Compares by address without regard to case, as Cloudflare does.

    A deactivated person is wanted only where the config names the person (`declared`).
    """
    people = list(wanted)
    there = {address.lower() for address in actual}
    by_config = {address.lower() for address in declared}
    missing = [
        person
        for person in people
        if not person.names & there and (not person.off or person.names & by_config)
    ]
    known = {name for person in people if not person.off for name in person.names}
    extra = sorted({address for address in actual if address.lower() not in known}, key=str.lower)
    return Comparison(missing, extra)


def named(people: Iterable[str]) -> str:
    """A list of people as one line holds it."""
    every = list(people)
    text = ", ".join(every[:MAX_NAMED])
    return f"{text} and {len(every) - MAX_NAMED} more" if len(every) > MAX_NAMED else text


@dataclass(frozen=True)
class Lost:
    """Why a declared person is in no group. `nobody`: no update can put the person in, because
    the address is nobody's that the program may take."""

    why: str
    nobody: bool = False


def as_declared(
    declared: Iterable[str],
    actual: Iterable[str],
    provider: str,
    lost: Mapping[str, Lost],
    *,
    exact: bool = True,
) -> Verdict:
    """Exactly the declared people, or at least those, by address without regard to case.

    `provider`: the identity provider's name. `lost`: address in lower case -> why this person is
    in no group.
    """
    wanted, there = _by_key(declared), _by_key(actual)
    missing = [wanted[key] for key in sorted(wanted.keys() - there.keys())]
    beyond = [there[key] for key in sorted(there.keys() - wanted.keys())] if exact else []
    expected = named(sorted(wanted.values())) or "nobody"
    expected = expected if exact else f"at least {expected}"
    parts = [_missing(person, lost) for person in missing]
    parts += [f"{person} is not declared" for person in beyond]
    if parts:
        return fails(expected, named(parts), *_put_in(missing, provider, lost))
    return holds(expected, "" if exact else f"{len(there)} people")


def absent(
    config: ScimConfig, users: Iterable[str], members: Mapping[Role, Iterable[str]]
) -> list[str]:
    """Whom the config declares and some group lacks; not more than are worth a look-up.

    `users`: the addresses in the users' group, `members`: those in each role's group.
    """
    lost: list[str] = []
    for declared, there in (
        (people(config), users),
        *((config.roles[role].members or (), inside) for role, inside in members.items()),
    ):
        known = {address.lower() for address in there}
        lost += [person for person in declared if person.lower() not in known]
    return list(dict.fromkeys(lost))[:_MOST_LOST]


def take_out(people: Iterable[str], provider: str) -> Action:
    """Whom the identity provider keeps out cannot have what the stack file says."""
    every = tuple(people)
    text = (
        f"take {named(every)} out of `members` in the stack file (or let the person in again in "
        f"{provider})"
    )
    return Action(Act.DROP_MEMBER, text, every)


def _put_in(missing: list[str], provider: str, lost: Mapping[str, Lost]) -> tuple[Action, ...]:
    """An update ends before anything else where an address is nobody's."""
    nobody = [
        person for person in missing if person.lower() in lost and lost[person.lower()].nobody
    ]
    return (take_out(nobody, provider), REFRESH) if nobody else (REFRESH,)


def _missing(person: str, lost: Mapping[str, Lost]) -> str:
    reason = lost.get(person.lower())
    return f"{person} is missing ({reason.why})" if reason else f"{person} is missing"


def _by_key(people: Iterable[str]) -> dict[str, str]:
    return {person.lower(): person for person in people}
