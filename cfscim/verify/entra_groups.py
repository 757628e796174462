"""The Entra groups, who is in them, and what is assigned to the application."""

from collections.abc import Callable, Iterator
from functools import partial

from cfscim.config.access import people
from cfscim.config.models import ScimConfig
from cfscim.config.names import group_name
from cfscim.config.roles import Role
from cfscim.vendors.entra.models import Binned, Member
from cfscim.vendors.entra.recycle_bin import BIN_DAYS
from cfscim.verify import actions
from cfscim.verify.actions import Act, Action
from cfscim.verify.directory import as_declared, named
from cfscim.verify.entra_facts import EntraFacts, addresses
from cfscim.verify.links import EntraLinks
from cfscim.verify.reading import Unreadable
from cfscim.verify.report import Question, Verdict, fails, holds

_UP = actions.REFRESH


class EntraGroups:
    """The questions about groups and assignments."""

    def __init__(
        self,
        config: ScimConfig,
        facts: EntraFacts,
        links: EntraLinks,
    ) -> None:
        self._config = config
        self._declared = config.entra.users_group
        self._facts = facts
        self._links = links

    def questions(self) -> Iterator[Question]:
        """Users' group, every role's group, its members and twins, then the assignments."""
        name = self._declared.name
        yield self._ask("group.users", f'group "{name}" exists', f'"{name}"', self._users, "")
        yield self._ask(
            "members.users", f'members of "{name}"', "everyone declared", self._in_users, ""
        )
        yield from self.role_questions()
        yield Question(
            "entra.assignments",
            "groups assigned to the application",
            "the users' group and every role group",
            self._links.assignments,
            self._assigned,
        )

    def role_questions(self) -> Iterator[Question]:
        """Every role's group, its members, and twins of it."""
        for role in self._config.roles:
            name, id_ = group_name(self._config, role), self._id(role)
            yield self._ask(
                f"group.{role.slug}",
                f"Entra group of {role.value}",
                f'"{name}"',
                partial(self._group, role),
                id_,
            )
            declared = self._config.roles[role].members is not None
            yield self._ask(
                f"members.{role.slug}",
                f'members of "{name}" in Entra',
                "as declared" if declared else "people, and no group",
                partial(self._members, role),
                id_,
            )
        yield Question(
            "entra.groups.twins",
            "groups of a role's name",
            "one each",
            self._links.assignments,
            self._twins,
        )

    def _ask(
        self, id_: str, title: str, expected: str, verdict: Callable[[], Verdict], group: str
    ) -> Question:
        if not group:
            users_group = self._facts.users_group.wait()
            group = users_group.id if users_group else ""
        return Question(f"entra.{id_}", title, expected, self._links.group(group), verdict)

    def _id(self, role: Role) -> str:
        return self._facts.group_ids[role]

    def _users(self) -> Verdict:
        name = self._declared.name
        users_group = self._facts.users_group.get()
        if users_group is None:
            return self._no_users_group(name)
        if not users_group.security_enabled:
            return fails(f'"{name}", a security group', "not security-enabled", _UP)
        return holds(f'"{name}"')

    def _no_users_group(self, name: str) -> Verdict:
        """One that was renamed is still assigned, and an update refuses to rename it; one that was
        deleted comes back, and with it who was in it."""
        binned = [group for group in self._facts.in_bin(name) if group.display_name == name]
        if binned:
            return _restore(name, *binned)
        ours = {*self._facts.beside, *(self._id(role) for role in self._config.roles)}
        for assignment in self._facts.assignments.get():
            if assignment.principal_type == "Group" and assignment.principal_id not in ours:
                other = assignment.principal_display_name or assignment.principal_id
                id_ = assignment.principal_id
                actual = f'no such group, and "{other}" ({id_}) is assigned in its place'
                return fails(f'"{name}"', actual, _rename(id_, other, name))
        return fails(f'"{name}"', "no such group", _UP)

    def _in_users(self) -> Verdict:
        group = self._facts.existing_users_group()
        nested = self._not_people(group.id, self._facts.users.get())
        if nested is not None:
            return nested
        return as_declared(
            people(self._config),
            addresses(self._facts.users.get()),
            "Entra",
            self._facts.lost.wait() or {},
            exact=self._declared.members is not None,
        )

    def _group(self, role: Role) -> Verdict:
        name = group_name(self._config, role)
        try:
            group = self._facts.groups[role].get()
        except Unreadable as error:
            if error.kind != "not found":
                raise
            return self._gone(role, name)
        if group.display_name != name:
            # An update refuses a new name: it would be another group in Cloudflare.
            rename = _rename(group.id, group.display_name or "", name)
            return fails(f'"{name}"', f'"{group.display_name}"', rename)
        if not group.security_enabled:
            return fails(f'"{name}", a security group', "not security-enabled", _UP)
        return holds(f'"{name}"')

    def _gone(self, role: Role, name: str) -> Verdict:
        binned = self._facts.in_bin(self._id(role))
        if not binned:
            return fails(f'"{name}"', f"there is no group {self._id(role)}", _UP)
        return _restore(name, *binned)

    def _twins(self) -> Verdict:
        ours = {*self._facts.group_ids.values()}
        twins = {
            group.id: f'"{group.display_name}" ({group.id})'
            for reading in self._facts.same_name.values()
            for group in reading.get()
            if group.id not in ours
        }
        if not twins:
            return holds("one each")
        text = (
            "rename it, or unassign it from the application; do not delete it: where Entra has "
            "delivered it, its deletion deletes the group of that name in Cloudflare"
        )
        actual = f"a second group: {named(sorted(twins.values()))}"
        return fails("one each", actual, Action(Act.ENTRA_TWIN, text, tuple(sorted(twins))))

    def _members(self, role: Role) -> Verdict:
        members = self._facts.members[role].get()
        nested = self._not_people(self._id(role), members)
        if nested is not None:
            return nested
        declared = self._config.roles[role].members
        if declared is None:
            return holds("people, and no group", f"{len(members)} people")
        return as_declared(declared, addresses(members), "Entra", self._facts.lost.wait() or {})

    def _not_people(self, group: str, members: tuple[Member, ...]) -> Verdict | None:
        """What is wrong with what is in a group and is nobody; None where there is nothing."""
        others = {
            member.id: member.display_name or member.id for member in members if not member.is_user
        }
        if not others:
            return None
        names = named(sorted(others.values()))
        direct = {member.id for member in members}
        read = self._facts.within.get(group)
        deeper = sorted(
            member.address
            for member in (read.wait() if read else None) or ()
            if member.is_user and member.id not in direct
        )
        shown = f"{names} within it: Entra provisions no deeper"
        shown += f", so not {named(deeper)}" if deeper else ""
        text = f"put {named(deeper) or 'whom it is for'} in directly, and take {names} out"
        action = Action(Act.ENTRA_UNNEST, text, (group, *sorted(others)))
        return fails("people, and no group", shown, action)

    def _assigned(self) -> Verdict:
        users = self._facts.existing_users_group()
        wanted = {self._id(role): group_name(self._config, role) for role in self._config.roles}
        wanted |= self._facts.beside
        wanted[users.id] = users.display_name or users.id
        assignments = {
            assignment.principal_id: assignment for assignment in self._facts.assignments.get()
        }
        lacking = [name for id_, name in wanted.items() if id_ not in assignments]
        beyond = {
            # By id too: a second group may have a role's very name.
            principal.id: f'"{principal.principal_display_name or ""}" ({id_})'
            for id_, principal in assignments.items()
            if id_ not in wanted
        }
        parts = [f'"{name}" is not assigned' for name in lacking]
        parts += [f"also {name}" for name in sorted(beyond.values())]
        expected = named(f'"{name}"' for name in wanted.values())
        advice = [_UP] if lacking else []
        if beyond:
            # Not the program's, so no update takes it away.
            text = f"Users and groups: remove {named(sorted(beyond.values()))}"
            advice.insert(0, Action(Act.ENTRA_UNASSIGN, text, tuple(sorted(beyond))))
        return fails(expected, named(parts), *advice) if parts else holds(expected)


def _restore(name: str, *groups: Binned) -> Verdict:
    """The last deleted of these, which are in the recycle bin."""
    last = max(groups, key=lambda group: group.deleted_date_time or "")
    text = (
        "restore it (Groups > Deleted groups): it comes back with its id and members; "
        f"{BIN_DAYS} days after its deletion it is gone"
    )
    actual = f"{last.id} is in the recycle bin"
    return fails(f'"{name}"', actual, Action(Act.ENTRA_RESTORE, text, (last.id,)))


def _rename(id_: str, name: str, right: str) -> Action:
    text = f'Groups > "{name}" > Properties: rename it to "{right}"'
    return Action(Act.ENTRA_RENAME_GROUP, text, (id_, right))
