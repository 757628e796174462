"""What the vendors say now of each account, beside what the files declare: Cloudflare who may do
what, the identity provider who is in the role groups."""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from functools import partial
from typing import TYPE_CHECKING

from cfscim.access.picture import Held, Live, Said, Way
from cfscim.adopt.state import settings_of
from cfscim.config.lanes import lanes
from cfscim.config.messages import MissingError, ScimError
from cfscim.config.models import ScimConfig
from cfscim.config.names import group_names
from cfscim.config.stack_file import CheckedStack
from cfscim.vendors.cloudflare.api import CloudflareClient
from cfscim.verify.cloudflare import CloudflareView, Power
from cfscim.verify.cloudflare_facts import read_powers
from cfscim.verify.reading import Reader, Tally, Unreadable

if TYPE_CHECKING:
    from cfscim.vendors.entra.api import GraphClient
    from cfscim.vendors.okta.api import OktaClient


def ask(stacks: Iterable[CheckedStack], env: Mapping[str, str]) -> dict[str, Live]:
    """Account id -> what the vendors say of it. Raises `MissingError` where nobody at all could be
    asked; one that cannot says why, and the others count."""
    accounts: dict[str, Live] = {}
    for stack in stacks:
        if stack.config is not None:
            settings = partial(settings_of, stack.file, stack.file.stack, env)
            ways = [lane.config for lane in lanes(stack.config)]
            accounts[stack.config.account.id] = Live(
                _said(partial(_cloudflare, ways, settings, env)),
                _said(partial(_directory, ways, settings, env)),
            )
    vendors = [said for live in accounts.values() for said in (live.cloudflare, live.directory)]
    if vendors and all(said.ways is None for said in vendors):
        raise MissingError(
            "access --live",
            vendors[0].why,
            "nothing of what the vendors say is known",
            "give credentials that may read them (docs/permissions.md), or leave --live out",
        )
    return accounts


def _said(read: Callable[[], dict[Held, Way]]) -> Said:
    try:
        return Said(read())
    except (ScimError, Unreadable) as error:
        return Said(None, str(error))


def _cloudflare(
    ways: Sequence[ScimConfig], settings: Callable[[], Mapping[str, str]], env: Mapping[str, str]
) -> dict[Held, Way]:
    if any(way.role_model == "virtualGroups" for way in ways):
        raise ScimError("virtual groups are shown to the SCIM token alone; verify reads them")
    client_for = CloudflareClient.from_settings
    with client_for(settings(), env) as client, Reader(Tally()) as reader:
        facts = read_powers(ways[0].account.id, client, reader)
        powers = CloudflareView(ways[0], facts).powers
    ours = {(role.value, name) for way in ways for role, name in group_names(way).items()}
    return {(way.person.lower(), way.role): way for way in (_way(power, ours) for power in powers)}


def _directory(
    ways: Sequence[ScimConfig], settings: Callable[[], Mapping[str, str]], env: Mapping[str, str]
) -> dict[Held, Way]:
    """Who is in the role groups: a search for each by its name, and its members by page."""
    holders: dict[Held, Way] = {}
    for config in ways:
        names, kind = group_names(config), config.identity_provider.kind
        with _client(kind, settings(), env) as client, Reader(Tally()) as reader:
            asked = {
                role: reader.read(partial(client.addresses_in, name))
                for role, name in names.items()
            }
            for role, reading in asked.items():
                words = f'in the group "{names[role]}"'
                for person in reading.get():
                    holders[person.lower(), role.value] = Way(person, role.value, words, own=True)
    return holders


def _client(
    kind: str, settings: Mapping[str, str], env: Mapping[str, str]
) -> "OktaClient | GraphClient":
    if kind == "okta":
        from cfscim.vendors.okta.api import OktaClient

        return OktaClient.from_settings(settings, env)
    from cfscim.vendors.entra.api import GraphClient

    return GraphClient.from_settings(settings, env)


def _way(power: Power, ours: Set[tuple[str, str]]) -> Way:
    """`ours`: a role and the name of a group of the stack's that gives it."""
    if power.group is None:
        return Way(power.person, power.role, "in Cloudflare, given by hand", own=False)
    name = power.group.name
    own = (power.role, name) in ours
    words = f'in Cloudflare, by {"the" if own else "another"} group "{name}"'
    return Way(power.person, power.role, words, own)
