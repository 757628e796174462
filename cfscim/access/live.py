"""What Cloudflare says now: who may do what in each account, beside what the files declare."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from cfscim.adopt.state import settings_of
from cfscim.config.lanes import lanes
from cfscim.config.messages import MissingError, ScimError
from cfscim.config.names import group_names
from cfscim.config.stack_file import CheckedStack
from cfscim.vendors.cloudflare.api import CloudflareClient
from cfscim.verify.cloudflare import CloudflareView, Power
from cfscim.verify.cloudflare_facts import read_powers
from cfscim.verify.reading import Reader, Tally, Unreadable

Held = tuple[str, str]
"""A person in lower case, and a role's name."""


@dataclass(frozen=True)
class Way:
    """How somebody has a role; `own`: by the role's own group, into which the identity provider
    puts people."""

    person: str
    role: str
    words: str
    own: bool


@dataclass(frozen=True)
class Live:
    """One account. `ways`: how each person has each role; absent where it could not be asked, and
    `why` says what stood in the way."""

    ways: Mapping[Held, "Way"] | None
    why: str = ""

    def has(self, person: str, role: str) -> bool | None:
        """Whether Cloudflare gives the person the role; None where nobody knows."""
        return None if self.ways is None else (person.lower(), role) in self.ways

    def only(self, person: str) -> "Live":
        """Of this person alone."""
        if self.ways is None:
            return self
        return Live({key: way for key, way in self.ways.items() if key[0] == person.lower()})


def ask(stacks: Iterable[CheckedStack], env: Mapping[str, str]) -> dict[str, Live]:
    """Account id -> what Cloudflare says of it. Raises `MissingError` where no account at all could
    be asked; one that cannot says why, and the others count."""
    accounts = {
        stack.config.account.id: _account(stack, env)
        for stack in stacks
        if stack.config is not None
    }
    if accounts and all(live.ways is None for live in accounts.values()):
        raise MissingError(
            "access --live",
            next(live.why for live in accounts.values()),
            "nothing of what the vendor says is known",
            "give credentials that may read them (docs/permissions.md), or leave --live out",
        )
    return accounts


def _account(stack: CheckedStack, env: Mapping[str, str]) -> Live:
    config = stack.config
    assert config is not None
    ways = [lane.config for lane in lanes(config)]
    if any(way.role_model == "virtualGroups" for way in ways):
        return Live(None, "virtual groups are shown to the SCIM token alone; verify reads them")
    try:
        settings = settings_of(stack.file, stack.file.stack, env)
        with CloudflareClient.from_settings(settings, env) as client, Reader(Tally()) as reader:
            facts = read_powers(config.account.id, client, reader)
            powers = CloudflareView(ways[0], facts).powers
    except (ScimError, Unreadable) as error:
        return Live(None, str(error))
    ours = {(role.value, name) for way in ways for role, name in group_names(way).items()}
    return Live(
        {(way.person.lower(), way.role): way for way in (_way(power, ours) for power in powers)}
    )


def _way(power: Power, ours: Set[tuple[str, str]]) -> Way:
    """`ours`: a role and the name of a group of the stack's that gives it."""
    if power.group is None:
        return Way(power.person, power.role, "given by hand", own=False)
    name = power.group.name
    own = (power.role, name) in ours
    words = f'by the group "{name}"' if own else f'by another group, "{name}"'
    return Way(power.person, power.role, words, own)
