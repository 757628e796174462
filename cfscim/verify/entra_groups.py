"""The Entra groups, who is in them, and what is assigned to the application."""

from collections.abc import Callable, Iterator
from functools import partial

from cfscim.config.access import people
from cfscim.config.models import EntraConfig, ScimConfig
from cfscim.config.names import group_name
from cfscim.config.roles import Role
from cfscim.vendors.entra.models import Member
from cfscim.verify import actions
from cfscim.verify.cloudflare import slug
from cfscim.verify.directory import exactly, includes, named
from cfscim.verify.entra_facts import EntraFacts
from cfscim.verify.links import EntraLinks
from cfscim.verify.outputs import StackOutputs
from cfscim.verify.reading import Dependent, Unreadable
from cfscim.verify.report import Question, Verdict, fails, holds

_UP = actions.REFRESH


class EntraGroups:
    """The questions about groups and assignments."""

    def __init__(
        self,
        config: ScimConfig,
        entra: EntraConfig,
        outputs: StackOutputs,
        facts: EntraFacts,
        links: EntraLinks,
    ) -> None:
        self._config = config
        self._entra = entra
        self._outputs = outputs
        self._facts = facts
        self._links = links

    def questions(self) -> Iterator[Question]:
        """Users' group, every role's group and its members, then the assignments."""
        name = self._entra.users_group.name
        yield self._ask("group.users", f'group "{name}" exists', f'"{name}"', self._users, "")
        yield self._ask(
            "members.users", f'members of "{name}"', "everyone declared", self._in_users, ""
        )
        for role in self._config.roles:
            name, id_ = group_name(self._config, role), self._id(role)
            yield self._ask(
                f"group.{slug(role)}", f"Entra group of {role.value}", f'"{name}"',
                partial(self._group, role), id_,
            )  # fmt: skip
            declared = self._config.roles[role].members is not None
            yield self._ask(
                f"members.{slug(role)}", f'members of "{name}" in Entra',
                "as declared" if declared else "people, and no group",
                partial(self._members, role), id_,
            )  # fmt: skip
        yield Question(
            "entra.assignments", "Entra", "groups assigned to the application",
            "the users' group and every role group", self._links.assignments, self._assigned,
        )  # fmt: skip

    def _ask(
        self, id_: str, title: str, expected: str, verdict: Callable[[], Verdict], group: str
    ) -> Question:
        if not group:
            found = self._facts.users_group.wait()
            group = found.id if found else ""
        return Question(f"entra.{id_}", "Entra", title, expected, self._links.group(group), verdict)

    def _id(self, role: Role) -> str:
        return self._outputs.role_groups[role].identity_provider_group_id

    def _users(self) -> Verdict:
        name = self._entra.users_group.name
        found = self._facts.users_group.get()
        if found is None:
            return fails(f'"{name}"', "no such group", _UP)
        if not found.security_enabled:
            return fails(f'"{name}", a security group', "not security-enabled", _UP)
        return holds(f'"{name}"')

    def _in_users(self) -> Verdict:
        if self._facts.users_group.get() is None:
            raise Unreadable(Dependent("there is no users' group", "see entra.group.users"))
        found = _addresses(self._facts.users.get())
        check = includes if self._entra.users_group.members is None else exactly
        return check(people(self._config), found, _UP, self._facts.lost.wait() or {})

    def _group(self, role: Role) -> Verdict:
        name = group_name(self._config, role)
        try:
            group = self._facts.groups[role].get()
        except Unreadable as error:
            if error.kind != "not found":
                raise
            return fails(f'"{name}"', f"there is no group {self._id(role)}", _UP)
        if group.display_name != name:
            return fails(f'"{name}"', f'"{group.display_name}"', _UP)
        if not group.security_enabled:
            return fails(f'"{name}", a security group', "not security-enabled", _UP)
        return holds(f'"{name}"')

    def _members(self, role: Role) -> Verdict:
        found = self._facts.members[role].get()
        nested = sorted(one.display_name or one.id for one in found if not one.is_user)
        if nested:
            text = f"{named(nested)} within it: Entra provisions no deeper"
            return fails("people, and no group", text, "put the people in directly")
        declared = self._config.roles[role].members
        if declared is None:
            return holds("people, and no group", f"{len(found)} people")
        return exactly(declared, _addresses(found), _UP, self._facts.lost.wait() or {})

    def _assigned(self) -> Verdict:
        users = self._facts.users_group.get()
        if users is None:
            raise Unreadable(Dependent("there is no users' group", "see entra.group.users"))
        wanted = {self._id(role): group_name(self._config, role) for role in self._config.roles}
        wanted[users.id] = users.display_name or users.id
        found = {one.principal_id: one for one in self._facts.assignments.get()}
        lacking = [name for id_, name in wanted.items() if id_ not in found]
        beyond = sorted(
            one.principal_display_name or id_ for id_, one in found.items() if id_ not in wanted
        )
        parts = [f'"{name}" is not assigned' for name in lacking]
        parts += [f'also "{name}"' for name in beyond]
        expected = named(f'"{name}"' for name in wanted.values())
        return fails(expected, named(parts), _UP) if parts else holds(expected)


def _addresses(members: tuple[Member, ...]) -> list[str]:
    people_only = (one for one in members if one.is_user)
    return [one.mail or one.user_principal_name or one.id for one in people_only]
