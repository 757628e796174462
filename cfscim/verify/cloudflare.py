"""What the role groups may do in Cloudflare, and whether nobody is locked out.

Source: Cloudflare's user-groups page (a pushed group gives nothing until a policy is attached to
the User Group of its name); guide, "Limitations" (the only Super Administrator).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from cfscim.config.lookalikes import difference_from, skeleton
from cfscim.config.models import ScimConfig
from cfscim.config.names import group_name, virtual_group
from cfscim.config.roles import Role
from cfscim.vendors.cloudflare.models import (
    MemberPolicy,
    PermissionGroup,
    UserGroup,
    whole_account_ids,
)
from cfscim.vendors.cloudflare.models import Role as MemberRole
from cfscim.verify import actions
from cfscim.verify.actions import Act, Action
from cfscim.verify.cloudflare_facts import CloudflareFacts
from cfscim.verify.directory import Directory, named
from cfscim.verify.links import CloudflareLinks
from cfscim.verify.outputs import StackOutputs
from cfscim.verify.reading import Dependent, Unreadable
from cfscim.verify.report import Question, Verdict, fails, holds

MINIMAL = "Minimal Account Access"
"""The role that Cloudflare gives a member whom SCIM created; it gives no power."""


class CloudflareView:
    """Cloudflare's facts put together: the role groups, their members, who has what.

    `ids`: the stack's own User Groups, where its outputs name them.
    """

    def __init__(
        self, config: ScimConfig, facts: CloudflareFacts, ids: Mapping[Role, str] | None = None
    ) -> None:
        self.config = config
        self.facts = facts
        self.virtual = config.role_model == "virtualGroups"
        self._ids = ids or {}

    def group(self, role: Role) -> UserGroup:
        """The role's User Group: the stack's own, and one of its name only where that is gone.
        Raises `Unreadable` where there is none."""
        name, groups = group_name(self.config, role), self.facts.user_groups.get()
        own = [group for group in groups if group.id == self._ids.get(role)]
        for group in own or groups:
            if own or group.name == name:
                return group
        raise Unreadable(
            Dependent(f'there is no user group "{name}"', f"cloudflare.group.{role.slug}")
        )

    def group_members(self, role: Role) -> tuple[str, ...]:
        """The addresses in the role's group. Raises `Unreadable`."""
        if not self.virtual:
            return self.facts.group_members[self.group(role).id].get()
        ids = self._virtual_ids(role)
        if not ids:
            raise Unreadable(
                Dependent("there is no virtual group", f"cloudflare.group.{role.slug}")
            )
        by_person = self.facts.users_in.get()
        return tuple(person for person, groups in by_person.items() if groups & ids)

    def role_id(self, role: Role) -> str:
        """The id of the permission group that means this role. Raises `Unreadable`."""
        ids = [g.id for g in self.facts.permission_groups.get() if g.name == role.value]
        if len(ids) != 1:
            raise Unreadable(
                Dependent(
                    f'the permission group "{role.value}" exists {len(ids)} times',
                    Action(
                        Act.CLOUDFLARE_ASK,
                        "ask Cloudflare whether this is an Enterprise account, which alone has it",
                        ("permission group", self.config.account.id),
                    ),
                )
            )
        return ids[0]

    def whole_account(self, policy: MemberPolicy) -> bool:
        """Whether a policy applies to the whole account and nothing else."""
        groups, ids = policy.resource_groups or (), self._whole_account
        return len(groups) == 1 and (
            groups[0].id in ids or groups[0].is_account(self.config.account.id)
        )

    @cached_property
    def _whole_account(self) -> frozenset[str]:
        return whole_account_ids(self.facts.resource_groups.get(), self.config.account.id)

    @cached_property
    def powers(self) -> tuple["Power", ...]:
        """Everything that anybody may do in the account, whatever the way, but for the minimal
        access of every member. Raises `Unreadable`."""
        held_by = [
            Power(member.address, name)
            for member in self.facts.members.get()
            for name in self._names(member.roles or (), member.policies or ())
        ]
        for group in self.facts.user_groups.get():
            names = self._names((), group.policies or ())
            people = self.facts.group_members[group.id].get() if names else ()
            held_by += [Power(person, name, group) for person in people for name in names]
        return (*held_by, *self._virtual_powers())

    def _virtual_powers(self) -> Iterator["Power"]:
        """Of every virtual group that Cloudflare serves, that of a dropped role too. During a move
        one of the two ways may be virtual, and what it leaves has a check of its own."""
        by_person = self.facts.users_in.get()
        for role in self.facts.system_groups:
            ids = self._virtual_ids(role)
            for person, groups in by_person.items():
                if groups & ids:
                    declared = self.facts.declares_virtual and role in self.config.roles
                    yield Power(person, role.value, virtual=True, declared=declared)

    def _virtual_ids(self, role: Role) -> set[str]:
        """The virtual group of a role; a User Group may have its name too, and gives by policy."""
        own = {group.id for group in self.facts.user_groups.wait() or ()}
        return {group.id for group in self.facts.system_groups[role].get()} - own

    def super_administrators(self) -> tuple[list[str], list[str]]:
        """Who is one: accepted members, and those whose invitation is pending."""
        wanted = Role.SUPER_ADMINISTRATOR.value
        holders = {power.person.lower() for power in self.powers if power.role == wanted}
        accepted, pending = [], []
        for member in self.facts.members.get():
            if member.address.lower() in holders:
                (accepted if member.accepted else pending).append(member.address)
        return sorted(accepted), sorted(pending)

    def _names(
        self, roles: Iterable[MemberRole], policies: tuple[MemberPolicy, ...]
    ) -> tuple[str, ...]:
        """The roles that a member or a group has, each once; a part of the account is named.

        A denial takes nothing away here: what it leaves is for Cloudflare to say, so it is named
        like a power of its own. A permission group of a role's name and another id is no role.
        """
        names = {role.name or role.id: None for role in roles}
        for policy in policies:
            where = "" if self.whole_account(policy) else " on a part of the account"
            denied = "" if policy.access == "allow" else "a denial of "
            for group in policy.permission_groups or ():
                names[f"{denied}{self._permission(group)}{where}"] = None
        return tuple(name for name in names if name != MINIMAL)

    def _permission(self, group: PermissionGroup) -> str:
        name = group.name or group.id
        every = self.facts.permission_groups.wait() or ()
        known = {part.id for part in every if part.name == name}
        return name if not known or group.id in known else f"{name} ({group.id})"


@dataclass(frozen=True)
class Power:
    """One person may do something: by a User Group, by a virtual group, or given by hand.

    `declared`: of a virtual group, whether the config has its role.
    """

    person: str
    role: str
    group: UserGroup | None = None
    virtual: bool = False
    declared: bool = False

    @property
    def by_hand(self) -> bool:
        """Given to the person directly."""
        return self.group is None and not self.virtual


def group_questions(
    view: CloudflareView, outputs: StackOutputs, directory: Directory
) -> Iterator[Question]:
    """Each role group under its exact name, with exactly the declared policy."""
    link = CloudflareLinks.of(view.config).groups
    for role in view.config.roles:
        name = group_name(view.config, role)
        exists = partial(_user_group, view, outputs, directory, role)
        if view.virtual:
            exists = partial(_virtual_group, view, role)
        yield Question(
            f"cloudflare.group.{role.slug}",
            f'group of {role.value} exists as "{name}"',
            f'"{name}"',
            link,
            exists,
        )
        if not view.virtual:
            yield Question(
                f"cloudflare.policy.{role.slug}",
                f'policy of "{name}"',
                _policy_text(role.value),
                link,
                partial(_policy, view, role),
            )


def _user_group(
    view: CloudflareView, outputs: StackOutputs, directory: Directory, role: Role
) -> Verdict:
    name, groups = group_name(view.config, role), view.facts.user_groups.get()
    wanted = outputs.role_groups[role].cloudflare_group_id
    same = [group for group in groups if group.name == name]
    ours = [group for group in groups if group.id == wanted]
    if not same:
        return _no_such_group(name, groups, ours, directory, role)
    if len(same) > 1:
        others = [group.id for group in same if group not in ours][-(len(same) - 1) :]
        return fails(f'"{name}" once', f"{len(same)} groups of this name", _deleted(others))
    if ours and same[0] not in ours:
        actual = f'it is "{ours[0].name}", and another group has its name ({same[0].id})'
        back = _renamed(ours[0], name, directory, role)
        return fails(f'"{name}" ({wanted})', actual, _deleted([same[0].id]), *back)
    if wanted and same[0] not in ours:
        actual = f"another group of this name ({same[0].id})"
        # The name is taken, so an update cannot make it anew: the state has to take this one over.
        return fails(f'"{name}" ({wanted})', actual, actions.ADOPT, actions.UPDATE)
    return holds(f'"{name}"')


def _no_such_group(
    name: str,
    groups: tuple[UserGroup, ...],
    ours: list[UserGroup],
    directory: Directory,
    role: Role,
) -> Verdict:
    """A group that is gone comes with an update; the name of one that is there, and that SCIM has
    locked (user groups page), only with a push."""
    near = [g for g in groups if skeleton(g.name).casefold() == skeleton(name).casefold()]
    for group in [*ours, *near][:1]:
        actual = f'"{group.name}", which {difference_from(group.name, name)}'
        return fails(f'"{name}"', actual, *_renamed(group, name, directory, role))
    lacking = _people_of(directory, role)
    actual = f"no such group, and without it {lacking} has no role" if lacking else "no such group"
    return fails(f'"{name}"', actual, actions.REFRESH)


def _deleted(ids: Sequence[str]) -> Action:
    text = f"Members > Groups: delete {named(ids)}, after a look at who is in it"
    return Action(Act.CLOUDFLARE_DELETE_GROUP, text, tuple(ids))


def _renamed(group: UserGroup, name: str, directory: Directory, role: Role) -> tuple[Action, ...]:
    text = (
        f'Members > Groups > "{group.name}": rename it to "{name}"; where SCIM has locked the '
        f"name, have {directory.name} send it again"
    )
    rename = Action(Act.CLOUDFLARE_RENAME_GROUP, text, (group.id, name))
    return (rename, *directory.again((), role)[0], actions.wait_for(directory.name))


def _people_of(directory: Directory, role: Role) -> str:
    """Who should have the role; empty where the identity provider cannot say."""
    try:
        return named(person.address for person in directory.members(role) if not person.off)
    except Unreadable:
        return ""


def _virtual_group(view: CloudflareView, role: Role) -> Verdict:
    name = group_name(view.config, role)
    system_group = view.facts.system_groups[role].get()
    # Until something was pushed to it, Cloudflare lists the group under its own full name.
    full = virtual_group(view.config.account.id, role.value)
    if any(group.display_name in (name, full) for group in system_group):
        return holds(f'"{name}"')
    shown = named(f'"{group.display_name}"' for group in system_group)
    return fails(
        f'"{name}"',
        shown or "Cloudflare serves no virtual groups for this account",
        Action(
            Act.CLOUDFLARE_ASK,
            "ask your account team for virtual groups, or move to roleModel: userGroups "
            "(docs/user-groups.md)",
            ("virtual groups", view.config.account.id),
        ),
    )


def _policy(view: CloudflareView, role: Role) -> Verdict:
    expected = _policy_text(role.value)
    wanted = view.role_id(role)
    policies = view.group(role).policies or ()
    right = [
        policy
        for policy in policies
        if policy.access == "allow"
        and [group.id for group in policy.permission_groups or ()] == [wanted]
        and view.whole_account(policy)
    ]
    if len(right) == len(policies) == 1:
        return holds(expected)
    shown = "; ".join(_described(view, policy) for policy in policies)
    return fails(expected, shown or "no policy: the group gives nothing", actions.REFRESH)


def _policy_text(permission: str) -> str:
    return f"allow {permission} on the whole account"


def _described(view: CloudflareView, policy: MemberPolicy) -> str:
    permissions = named(group.name or group.id for group in policy.permission_groups or ())
    if view.whole_account(policy):
        return f"{policy.access} {permissions or 'nothing'} on the whole account"
    scopes = (
        f"{group.scope.key} [{', '.join(item.key for item in group.scope.objects)}]"
        if group.scope
        else group.name or group.id
        for group in policy.resource_groups or ()
    )
    return f"{policy.access} {permissions or 'nothing'} on {named(scopes) or 'nothing'}"
