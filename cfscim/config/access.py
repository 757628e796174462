"""Who has which role, by config, and what differs between two configs."""

from collections.abc import Iterable
from dataclasses import dataclass

from cfscim.config.models import ScimConfig
from cfscim.config.names import group_name
from cfscim.config.roles import ROLES, Role


@dataclass(frozen=True)
class Grant:
    """One person has one role because of one group."""

    person: str
    role: Role
    group: str


@dataclass(frozen=True)
class Difference:
    """Grants by (person, role): grants that begin, that end, and that go on, as they are after."""

    gained: tuple[Grant, ...]
    lost: tuple[Grant, ...]
    kept: tuple[Grant, ...]


def access_table(config: ScimConfig) -> tuple[Grant, ...]:
    """Every grant the config names, sorted by person and then by role in the guide's order.

    Roles whose `members` are absent have no row: see `managed_elsewhere`.
    """
    return sorted_grants(
        Grant(person, role, group_name(config, role))
        for role, given in config.roles.items()
        for person in given.members or ()
    )


def known_super_administrators(config: ScimConfig) -> tuple[str, ...]:
    """The addresses, in lower case and sorted, of every Super Administrator the config names: the
    role's members and `breakGlass`."""
    given = config.roles.get(Role.SUPER_ADMINISTRATOR)
    members = (given.members if given else None) or ()
    return tuple(sorted({person.lower() for person in (*members, *config.break_glass)}))


def managed_elsewhere(config: ScimConfig) -> tuple[Role, ...]:
    """The roles whose members the identity provider manages, in the guide's order."""
    return tuple(role for role, given in config.roles.items() if given.members is None)


def people(config: ScimConfig) -> tuple[str, ...]:
    """Everyone who belongs in the users' group by this config, sorted, each once."""
    group = config.identity_provider.users_group.members or ()
    by_role = [person for given in config.roles.values() for person in given.members or ()]
    return tuple(sorted({*group, *by_role}, key=_person))


def difference(before: tuple[Grant, ...], after: tuple[Grant, ...]) -> Difference:
    """What changes between two access tables; people are compared as Cloudflare does, by case-
    insensitive address."""
    old = {_key(grant): grant for grant in before}
    new = {_key(grant): grant for grant in after}
    return Difference(
        gained=sorted_grants(grant for key, grant in new.items() if key not in old),
        lost=sorted_grants(grant for key, grant in old.items() if key not in new),
        kept=sorted_grants(grant for key, grant in new.items() if key in old),
    )


def _person(address: str) -> tuple[str, str]:
    return address.lower(), address


def _key(grant: Grant) -> tuple[str, Role]:
    return grant.person.lower(), grant.role


def sorted_grants(grants: Iterable[Grant]) -> tuple[Grant, ...]:
    """By person, then by role in the guide's order."""
    return tuple(
        sorted(grants, key=lambda grant: (*_person(grant.person), ROLES.index(grant.role)))
    )
