"""The Okta groups, the one assignment, and what is pushed (guide: Push Groups)."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from cfscim.config.access import people
from cfscim.config.models import ScimConfig
from cfscim.config.names import group_name
from cfscim.config.okta_switches import RENAME_GROUPS, to_do
from cfscim.config.roles import Role
from cfscim.vendors.okta.models import Group, PushMapping
from cfscim.verify import actions
from cfscim.verify.actions import Act, Action
from cfscim.verify.directory import as_declared, named
from cfscim.verify.links import OktaLinks
from cfscim.verify.okta_facts import OktaDirectory, OktaFacts, addresses
from cfscim.verify.outputs import StackOutputs
from cfscim.verify.reading import Dependent, Unreadable
from cfscim.verify.report import Question, Verdict, fails, holds, not_yet, same

_UP = actions.REFRESH


class OktaGroups:
    """The questions about groups; one object, so that they share what they are about."""

    def __init__(
        self,
        config: ScimConfig,
        outputs: StackOutputs,
        facts: OktaFacts,
        directory: OktaDirectory,
        links: OktaLinks,
    ) -> None:
        self._config = config
        self._declared = config.okta.users_group
        self._outputs = outputs
        self._facts = facts
        self._directory = directory
        self._links = links

    def questions(self) -> Iterator[Question]:
        """Users' group, assignment, every role's group, its members and its push, the rest."""
        name, groups = self._declared.name, self._links.group("")
        assignments, push = self._links.assignments, self._links.pushes
        yield self._ask("group.users", f'group "{name}" exists', f'"{name}"', self._users, groups)
        yield self._ask(
            "members.users", f'members of "{name}"', "everyone declared", self._in_users, groups
        )
        yield self._ask(
            "assignment", "the app's one assignment", f'group "{name}"', self._assigned, assignments
        )
        yield from self.role_questions()
        yield self._ask(
            "push.others", "groups pushed besides the role groups", "none", self._others, push
        )

    def role_questions(self) -> Iterator[Question]:
        """Every role's group, its members and its push."""
        push = self._links.pushes
        for role in self._config.roles:
            name = group_name(self._config, role)
            link = self._links.group(self._id(role))
            yield self._ask(
                f"group.{role.slug}",
                f"Okta group of {role.value}",
                f'"{name}"',
                partial(self._group, role),
                link,
            )
            if self._config.roles[role].members is not None:
                yield self._ask(
                    f"members.{role.slug}",
                    f'members of "{name}" in Okta',
                    "as declared",
                    partial(self._members, role),
                    link,
                )
            for id_, title, expected, verdict in (
                ("push", f'push of "{name}"', "ACTIVE, no error", self._push),
                ("push.last", f'last push of "{name}"', "was pushed", self._last),
                ("push.target", f'target group of "{name}"', f'"{name}"', self._target),
            ):
                yield self._ask(f"{id_}.{role.slug}", title, expected, partial(verdict, role), push)

    @staticmethod
    def _ask(
        id_: str, title: str, expected: str, verdict: Callable[[], Verdict], link: str
    ) -> Question:
        return Question(f"okta.{id_}", title, expected, link, verdict)

    def _id(self, role: Role) -> str:
        return self._outputs.role_groups[role].identity_provider_group_id

    def _users(self) -> Verdict:
        name = self._declared.name
        if self._facts.users_group.get() is not None:
            return holds(f'"{name}"')
        for group in self._facts.app_groups.wait() or ():
            # Assigned in its place: the users' group may have been renamed.
            if (id_ := group.id) not in self._facts.others:
                continue
            other = self._facts.others[id_].get().name
            actual = f'no such group, and "{other}" ({id_}) is assigned in its place'
            return fails(f'"{name}"', actual, _rename(id_, other, name))
        return fails(f'"{name}"', "no such group", _UP)

    def _in_users(self) -> Verdict:
        self._facts.existing_users_group()
        verdict = as_declared(
            people(self._config),
            addresses(self._facts.users.get()),
            "Okta",
            self._facts.lost.wait() or {},
            exact=self._declared.members is not None,
        )
        return replace(verdict, warning="; ".join(self._directory.locked_out()))

    def _assigned(self) -> Verdict:
        self._facts.existing_app()
        group = self._facts.existing_users_group()
        expected = f'group "{group.name}" alone'
        ids = [group.id for group in self._facts.app_groups.get()]
        direct = sorted(
            user.user_name for user in self._facts.app_users.get() if user.scope == "USER"
        )
        parts = [] if group.id in ids else [f'"{group.name}" is not assigned']
        parts += [f"also group {self._called(id_)}" for id_ in ids if id_ != group.id]
        # The provider knows groups only: what a person was given directly stays.
        advice = [_UP] if parts else []
        if direct:
            parts.append(f"also {named(direct)} directly")
            text = (
                f"Assignments > People: remove {named(direct)}; who is in the group stays assigned"
            )
            advice.insert(0, Action(Act.OKTA_UNASSIGN, text, tuple(direct)))
        return fails(expected, "; ".join(parts), *advice) if parts else holds(expected)

    def _group(self, role: Role) -> Verdict:
        name = group_name(self._config, role)
        try:
            group = self._facts.groups[role].get()
        except Unreadable as error:
            if error.kind != "not found":
                raise
            namesakes = self._facts.namesakes[role].get()
            actual = f"there is no group {self._id(role)}"
            if namesakes:
                actual += f"; {named(group.id for group in namesakes)} has its name"
            # Its push is gone with it, and a refresh ends at that.
            in_the_way = [_delete(group) for group in namesakes if group.of_an_app]
            return fails(f'"{name}"', actual, *in_the_way, actions.ADOPT, _UP)
        # An update refuses a new name: it would be another group in Cloudflare.
        return same(f'"{name}"', f'"{group.name}"', _rename(group.id, group.name, name))

    def _members(self, role: Role) -> Verdict:
        declared = self._config.roles[role].members or ()
        inside = addresses(self._facts.members[role].get())
        return as_declared(declared, inside, "Okta", self._facts.lost.wait() or {})

    def _mapping(self, role: Role) -> PushMapping | None:
        self._facts.existing_app()
        mappings = [m for m in self._facts.mappings.get() if m.source_group_id == self._id(role)]
        return mappings[0] if mappings else None

    def _pushed(self, role: Role) -> PushMapping:
        mapping = self._mapping(role)
        if mapping is None:
            raise Unreadable(Dependent("it is not pushed", f"okta.push.{role.slug}"))
        return mapping

    def _push(self, role: Role) -> Verdict:
        expected, mapping = "ACTIVE, no error", self._mapping(role)
        if lost := self._lost_mapping(role):
            actual = f"the stack's push {lost} is gone"
            if mapping is not None:
                actual += f"; {mapping.id} was made by hand in its place"
            return fails(expected, actual, *self._pushed_anew(role, mapping))
        if mapping is None:
            return fails(expected, "not pushed", actions.UPDATE)
        name = group_name(self._config, role)
        if mapping.status != "ACTIVE" or mapping.error_summary:
            # Okta's mapping does not say why (recorded); its System Log does.
            why = mapping.error_summary or self._directory.reason_of(mapping.source_group_id)
            actual = f"{mapping.status}: {why}" if why else mapping.status
            if mapping.status == "INACTIVE":
                text = f'Push Groups > "{name}" > Activate group push'
                return fails(expected, actual, Action(Act.OKTA_ACTIVATE_PUSH, text, (name,)))
            # The provider may neither change nor delete a mapping in ERROR.
            text = f'Push Groups > "{name}": put right what its error there names, then Push now'
            return fails(expected, actual, Action(Act.OKTA_PUSH_NOW, text, (name,)))
        return holds(expected)

    def _lost_mapping(self, role: Role) -> str:
        """The stack's mapping where Okta no longer has it; empty where the two agree."""
        ours = self._outputs.push_mapping_ids.get(role, "")
        return "" if ours in {"", *(m.id for m in self._facts.mappings.get())} else ours

    def _pushed_anew(self, role: Role, mapping: PushMapping | None) -> tuple[Action, ...]:
        """`--refresh` fails on a mapping that is gone: it has to leave the state first."""
        if mapping is None:
            return actions.ADOPT, actions.UPDATE
        name = group_name(self._config, role)
        text = f'Push Groups > "{name}" > Unlink pushed group, leave the group in the target app'
        return Action(Act.OKTA_UNLINK, text, (mapping.id,)), actions.ADOPT, actions.UPDATE

    def _last(self, role: Role) -> Verdict:
        mapping = self._pushed(role)
        if mapping.last_push:
            return holds("was pushed", f"last push {mapping.last_push}")
        if any(not member.off and not member.reason for member in self._directory.members(role)):
            group = group_name(self._config, role)
            push = actions.push_now(group)
            if by := self._directory.delivery(role).due(self._directory.now):
                return not_yet("was pushed", "never", by, actions.wait_for("Okta"))
            return fails("was pushed", "never, although it is due", push)
        return holds("was pushed", "never: nobody who could be pushed is in the group")

    def _target(self, role: Role) -> Verdict:
        name, mapping = group_name(self._config, role), self._pushed(role)
        reading = self._facts.targets.get(mapping.target_group_id or "")
        if reading is None:
            return fails(f'"{name}"', "no target group", *self._pushed_anew(role, mapping))
        text = f"{RENAME_GROUPS.page}, {to_do([RENAME_GROUPS])}, then Save"
        off = Action(Act.OKTA_RENAMES_OFF, text)
        return same(f'"{name}"', f'"{reading.get().name}"', off, *self._pushed_anew(role, mapping))

    def _others(self) -> Verdict:
        self._facts.existing_app()
        ours = {*self._facts.beside, *(self._id(role) for role in self._config.roles)}
        mappings = [m for m in self._facts.mappings.get() if m.source_group_id not in ours]
        shown = named(self._called(mapping.source_group_id) for mapping in mappings)
        if not mappings:
            return holds("none")
        text = "Push Groups > unlink, and leave the group in the target app"
        ids = tuple(mapping.id for mapping in mappings)
        return fails("none", shown, Action(Act.OKTA_UNLINK, text, ids))

    def _called(self, id_: str) -> str:
        """A group's name; with its id where it is none of the stack's."""
        users = self._facts.users_group.wait()
        names = {self._id(role): group_name(self._config, role) for role in self._config.roles}
        names |= {users.id: users.name} if users else {}
        if id_ in names:
            return f'"{names[id_]}"'
        reading = self._facts.others.get(id_)
        other = reading.wait() if reading else None
        return f'"{other.name}" ({id_})' if other else id_


def _rename(id_: str, name: str, right: str) -> Action:
    text = f'Directory > Groups > "{name}": rename it to "{right}"'
    return Action(Act.OKTA_RENAME_GROUP, text, (id_, right))


def _delete(group: Group) -> Action:
    """An app's group: Okta takes no second one of a name (P, #1794), and renames none (D)."""
    text = f'Directory > Groups > "{group.name}" ({group.id}), the app\'s: delete it'
    return Action(Act.OKTA_DELETE_GROUP, text, (group.id,))
