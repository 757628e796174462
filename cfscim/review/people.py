"""Who gains, loses and keeps what: the part of a review that comes first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from cfscim.config.access import Difference, Grant, access_table, difference, people
from cfscim.config.models import ScimConfig
from cfscim.config.names import group_name
from cfscim.config.roles import ROLES, Role


class Managed(StrEnum):
    """Who decides who has a role."""

    NOBODY = "not declared"
    HERE = "listed in the stack file"
    ELSEWHERE = "managed in the identity provider"


@dataclass(frozen=True)
class Held:
    """A role on one side of the comparison."""

    managed: Managed
    group: str | None = None
    members: tuple[str, ...] = ()


@dataclass(frozen=True)
class RoleChange:
    """One role before and after, with the grants that begin, end and go on."""

    role: Role
    before: Held
    after: Held
    gained: tuple[Grant, ...]
    lost: tuple[Grant, ...]
    kept: tuple[Grant, ...]

    @property
    def changed(self) -> bool:
        """Whether anything about the role differs."""
        return self.before != self.after


@dataclass(frozen=True)
class PersonChange:
    """One person's grants that begin, end and go on."""

    person: str
    gained: tuple[Grant, ...]
    lost: tuple[Grant, ...]
    kept: tuple[Grant, ...]


@dataclass(frozen=True)
class UsersGroupChange:
    """The group of all Cloudflare users: it makes a person a member of the account at all."""

    before: Held
    after: Held
    joins: tuple[str, ...]
    leaves: tuple[str, ...]
    stays_unlisted: tuple[str, ...]


@dataclass(frozen=True)
class PeopleChange:
    """Everything about people that differs between two configs, and what does not."""

    difference: Difference
    roles: tuple[RoleChange, ...]
    users: UsersGroupChange
    before: Mapping[tuple[str, Role], Grant]

    @property
    def persons(self) -> tuple[PersonChange, ...]:
        """Everyone named on either side, sorted, with their grants."""
        found: dict[str, tuple[list[Grant], list[Grant], list[Grant]]] = {}
        parts = (self.difference.gained, self.difference.lost, self.difference.kept)
        names: dict[str, str] = {}
        for index, grants in enumerate(parts):
            for grant in grants:
                key = grant.person.lower()
                names.setdefault(key, grant.person)
                found.setdefault(key, ([], [], []))[index].append(grant)
        return tuple(
            PersonChange(names[key], *(tuple(part) for part in found[key])) for key in sorted(found)
        )

    def group_before(self, grant: Grant) -> str | None:
        """The group through which a kept role was held before, where it was another one."""
        was = self.before.get((grant.person.lower(), grant.role))
        return was.group if was and was.group != grant.group else None


def people_change(before: ScimConfig | None, after: ScimConfig) -> PeopleChange:
    """Compares two configs; without a `before` everything is new."""
    old = access_table(before) if before else ()
    changed = difference(old, access_table(after))
    return PeopleChange(
        difference=changed,
        roles=tuple(
            RoleChange(
                role,
                _held(before, role),
                _held(after, role),
                *(_of(role, part) for part in (changed.gained, changed.lost, changed.kept)),
            )
            for role in ROLES
        ),
        users=_users_group(before, after),
        before={(grant.person.lower(), grant.role): grant for grant in old},
    )


def _of(role: Role, grants: Iterable[Grant]) -> tuple[Grant, ...]:
    return tuple(grant for grant in grants if grant.role is role)


def _held(config: ScimConfig | None, role: Role) -> Held:
    if config is None or role not in config.roles:
        return Held(Managed.NOBODY)
    members = config.roles[role].members
    group = group_name(config, role)
    if members is None:
        return Held(Managed.ELSEWHERE, group)
    return Held(Managed.HERE, group, members)


def _users_group(before: ScimConfig | None, after: ScimConfig) -> UsersGroupChange:
    old, new = _users_held(before), _users_held(after)
    was = {person.lower() for person in old.members}
    will_be = {person.lower() for person in new.members}
    gone = tuple(person for person in old.members if person.lower() not in will_be)
    exact = new.managed is Managed.HERE
    return UsersGroupChange(
        old,
        new,
        joins=tuple(person for person in new.members if person.lower() not in was),
        leaves=gone if exact else (),
        stays_unlisted=() if exact else gone,
    )


def _users_held(config: ScimConfig | None) -> Held:
    """The users' group; with `ELSEWHERE` the members are those that are only ever added."""
    if config is None:
        return Held(Managed.NOBODY)
    group = config.identity_provider.users_group
    managed = Managed.ELSEWHERE if group.members is None else Managed.HERE
    return Held(managed, group.name, people(config))
