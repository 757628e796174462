"""One stack now and in its base, compared: people, settings, resources, and what is left to do."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Generic, TypeVar

from cfscim.config.access import (
    Difference,
    Grant,
    access_table,
    difference,
    people,
    sorted_grants,
)
from cfscim.config.checklist import Step
from cfscim.config.kinds import TOKENS
from cfscim.config.lanes import primary
from cfscim.config.messages import Message
from cfscim.config.models import ScimConfig
from cfscim.config.names import group_name
from cfscim.config.project import Settings
from cfscim.config.roles import ROLES, Role
from cfscim.plan.model import Plan
from cfscim.review.changes import Action, ResourceChange, resource_changes
from cfscim.review.program import NO_CHANGE, ProgramChange
from cfscim.review.settings import SettingChange, setting_changes, stack_changes


class Managed(StrEnum):
    """Who decides who has a role."""

    NOBODY = "not declared"
    HERE = "listed in the stack file"
    ELSEWHERE = "managed in the identity provider"


@dataclass(frozen=True)
class RoleSide:
    """A role on one side of the comparison."""

    managed: Managed
    group: str | None = None
    members: tuple[str, ...] = ()


@dataclass(frozen=True)
class RoleChange:
    """One role before and after, with the grants that begin, end and go on."""

    role: Role
    before: RoleSide
    after: RoleSide
    gained: tuple[Grant, ...]
    lost: tuple[Grant, ...]
    kept: tuple[Grant, ...]

    @property
    def changed(self) -> bool:
        """Whether anything about the role differs."""
        return self.before != self.after or bool(self.gained or self.lost)


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

    before: RoleSide
    after: RoleSide
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
        by_person: dict[str, tuple[list[Grant], list[Grant], list[Grant]]] = {}
        parts = (self.difference.gained, self.difference.lost, self.difference.kept)
        names: dict[str, str] = {}
        for index, grants in enumerate(parts):
            for grant in grants:
                key = grant.person.lower()
                names.setdefault(key, grant.person)
                by_person.setdefault(key, ([], [], []))[index].append(grant)
        return tuple(
            PersonChange(names[key], *(tuple(part) for part in by_person[key]))
            for key in sorted(by_person)
        )

    @property
    def keeping(self) -> tuple[str, ...]:
        """Who keeps a role, sorted."""
        return tuple(sorted({grant.person for grant in self.difference.kept}))

    @property
    def joins_without_role(self) -> tuple[str, ...]:
        """Who joins the users' group and gains no role."""
        gaining = {grant.person.lower() for grant in self.difference.gained}
        return tuple(person for person in self.users.joins if person.lower() not in gaining)

    def group_before(self, grant: Grant) -> str | None:
        """The group through which a kept role was held before, where it was another one."""
        was = self.before.get((grant.person.lower(), grant.role))
        return was.group if was and was.group != grant.group else None


def people_change(
    before: ScimConfig | None, after: ScimConfig, begun: Sequence[ScimConfig] = ()
) -> PeopleChange:
    """Compares two configs; without a `before` everything is new.

    `begun`: what else may be in force. Whoever any of them lacks may gain, whom any has may lose.
    """
    old = access_table(before) if before else ()
    changed = _of_all([old, *map(access_table, begun)], access_table(after))
    return PeopleChange(
        difference=changed,
        roles=tuple(
            RoleChange(
                role,
                _role_side(before, role),
                _role_side(after, role),
                *(_of(role, part) for part in (changed.gained, changed.lost, changed.kept)),
            )
            for role in ROLES
        ),
        users=_users_group(before, after, begun),
        before={(grant.person.lower(), grant.role): grant for grant in old},
    )


def _of_all(bases: Sequence[tuple[Grant, ...]], after: tuple[Grant, ...]) -> Difference:
    each = [difference(base, after) for base in bases]
    gained = dict.fromkeys(grant for changed in each for grant in changed.gained)
    lost = {(grant.person.lower(), grant.role): grant for changed in each for grant in changed.lost}
    kept = tuple(grant for grant in each[0].kept if grant not in gained)
    return Difference(sorted_grants(gained), sorted_grants(lost.values()), kept)


def _of(role: Role, grants: Iterable[Grant]) -> tuple[Grant, ...]:
    return tuple(grant for grant in grants if grant.role is role)


def _role_side(config: ScimConfig | None, role: Role) -> RoleSide:
    if config is None or role not in config.roles:
        return RoleSide(Managed.NOBODY)
    members = config.roles[role].members
    group = group_name(config, role)
    if members is None:
        return RoleSide(Managed.ELSEWHERE, group)
    return RoleSide(Managed.HERE, group, members)


def _users_group(
    before: ScimConfig | None, after: ScimConfig, begun: Sequence[ScimConfig]
) -> UsersGroupChange:
    old, new = _users_side(before), _users_side(after)
    bases = [{person.lower() for person in people(base)} for base in begun]
    was = {person.lower() for person in old.members}.intersection(*bases)
    will_be = {person.lower() for person in new.members}
    had = {person.lower(): person for base in begun for person in people(base)}
    had |= {person.lower(): person for person in old.members}
    gone = tuple(person for key, person in sorted(had.items()) if key not in will_be)
    exact = new.managed is Managed.HERE
    return UsersGroupChange(
        old,
        new,
        joins=tuple(person for person in new.members if person.lower() not in was),
        leaves=gone if exact else (),
        stays_unlisted=() if exact else gone,
    )


def _users_side(config: ScimConfig | None) -> RoleSide:
    """The users' group; with `ELSEWHERE` the members are those that are only ever added."""
    if config is None:
        return RoleSide(Managed.NOBODY)
    group = config.identity_provider.users_group
    managed = Managed.ELSEWHERE if group.members is None else Managed.HERE
    return RoleSide(managed, group.name, people(config))


_S = TypeVar("_S", Step, Message)


@dataclass(frozen=True)
class Sentences(Generic[_S]):
    """Sentences that are new, that stay, and that are no longer true."""

    new: tuple[_S, ...]
    same: tuple[_S, ...]
    gone: tuple[_S, ...]

    def as_json(self, texts: Callable[[Iterable[_S]], list[str]]) -> dict[str, list[str]]:
        """Each part as `texts` writes it."""
        return {name: texts(getattr(self, name)) for name in ("new", "same", "gone")}


@dataclass(frozen=True)
class Review:
    """What a change does. `label`: the base as it was named; `note`: why it is not there.

    Without a `before` everything is new, and `settings` are those beside the config object alone.
    `program`: what differs in the program that made both plans. `before` and `after` have the
    config of the way in force; `whole` and `whole_before` are configs as written, with their move.
    `begun`: commits from which updates began since and were not verified; people are compared with
    those too.
    """

    before: Plan | None
    after: Plan
    label: str
    note: str | None
    people: PeopleChange
    settings: tuple[SettingChange, ...]
    resources: tuple[ResourceChange, ...]
    steps: Sentences[Step]
    warnings: Sentences[Message]
    whole: ScimConfig
    whole_before: ScimConfig | None
    program: ProgramChange = NO_CHANGE
    begun: tuple[str, ...] = ()

    @property
    def nothing_changes(self) -> bool:
        """Whether the two configs mean the same to the program and to the reader."""
        return self.before is not None and not (
            self.settings or self.resources or self.steps.new or self.steps.gone or self._people
        )

    @property
    def _people(self) -> bool:
        users = self.people.users
        moved = users.before != users.after or users.joins or users.leaves
        return any(role.changed for role in self.people.roles) or bool(moved)

    @property
    def refused(self) -> tuple[ResourceChange, ...]:
        """What stops the update because it is protected."""
        return tuple(change for change in self.resources if change.refused)

    @property
    def account_switched(self) -> bool:
        """Whether the roles are roles in another Cloudflare account than before."""
        before = self.before
        return before is not None and before.config.account.id != self.after.config.account.id

    @property
    def provider_switched(self) -> bool:
        """Whether people come from another kind of identity provider than before."""
        before, after = self.before, self.after.config.identity_provider
        return before is not None and before.config.identity_provider.kind != after.kind

    @property
    def token_replaced(self) -> bool:
        """Whether the identity provider has to sign in with another token than before."""
        return any(
            change.resource.type in TOKENS and change.action in (Action.REPLACE, Action.DELETE)
            for change in self.resources
        )


def compare(
    before: Plan | None,
    after: Plan,
    *,
    label: str,
    note: str | None = None,
    program: ProgramChange | None = None,
    begun: Sequence[tuple[str, ScimConfig]] = (),
) -> Review:
    """Compares a plan with the plan of its base; `program`: how the program itself differs;
    `begun`: commit and config of what else may be in force."""
    resources = resource_changes(before.resources if before else (), after.resources, after.stack)
    steps = _sentences(before.remaining_steps if before else (), after.remaining_steps)
    now, was = _in_force(after), _in_force(before) if before else None
    return Review(
        before=was,
        after=now,
        label=label,
        note=note,
        people=people_change(
            was.config if was else None, now.config, [primary(config) for _, config in begun]
        ),
        settings=(
            *stack_changes(before.settings if before else Settings(), after.settings),
            *(setting_changes(before.config, after.config) if before else ()),
        ),
        resources=resources,
        steps=steps,
        warnings=_sentences(before.warnings if before else (), after.warnings),
        whole=after.config,
        whole_before=before.config if before else None,
        program=program or NO_CHANGE,
        begun=tuple(dict.fromkeys(commit for commit, _ in begun)),
    )


def _in_force(plan: Plan) -> Plan:
    """The plan with the config of the way in force: a move's other way changes nobody's role."""
    return plan if plan.config.move is None else replace(plan, config=primary(plan.config))


def _sentences(before: Sequence[_S], after: Sequence[_S]) -> Sentences[_S]:
    return Sentences(
        new=tuple(text for text in after if text not in before),
        same=tuple(text for text in after if text in before),
        gone=tuple(text for text in before if text not in after),
    )
