"""The identity provider as Cloudflare should mirror it: who belongs where, and who does not come.

Vendor-neutral, so that Cloudflare's checks compare with Okta and with Entra alike.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from cfscim.config.roles import Role

MAX_NAMED = 10


@dataclass(frozen=True)
class Person:
    """Somebody in the identity provider.

    `names`: every name, in lower case, under which Cloudflare may know the person. `off`: why
    the person is rightly not provisioned (deactivated). `reason`: why it likely went wrong.
    `delivered`: the identity provider shows the person as provisioned.
    """

    address: str
    names: frozenset[str]
    off: str = ""
    reason: str = ""
    delivered: bool = False


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
    def again(self) -> tuple[str, str]:
        """What makes it deliver again what it believes to be there, and a page about it."""
        ...

    def members(self, role: Role) -> tuple[Person, ...]:
        """Who is in the role's group."""
        ...

    def assigned(self) -> tuple[Person, ...] | None:
        """Everyone who is provisioned; None where that is not a list that can be read."""
        ...

    def idle(self) -> str:
        """Why no cycle runs although all is as declared; empty where cycles should run."""
        ...


@dataclass(frozen=True)
class Comparison:
    """The two sides of one group: who is missing in Cloudflare, and who is too many there."""

    missing: list[Person] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)


def compare(wanted: Iterable[Person], found: Iterable[str], declared: Iterable[str]) -> Comparison:
    """Compares by address without regard to case, as Cloudflare does.

    A deactivated person is wanted only where the config names the person (`declared`).
    """
    people = list(wanted)
    there = {address.lower() for address in found}
    by_config = {address.lower() for address in declared}
    missing = [
        one for one in people if not one.names & there and (not one.off or one.names & by_config)
    ]
    known = {name for one in people if not one.off for name in one.names}
    extra = sorted({address for address in found if address.lower() not in known}, key=str.lower)
    return Comparison(missing, extra)


def named(people: Iterable[str]) -> str:
    """A list of people as one line holds it."""
    every = list(people)
    text = ", ".join(every[:MAX_NAMED])
    return f"{text} and {len(every) - MAX_NAMED} more" if len(every) > MAX_NAMED else text
