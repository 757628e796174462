"""What the role groups may do in Cloudflare, and whether nobody is locked out.

Source: Cloudflare's user-groups page (a pushed group gives nothing until a policy is attached to
the User Group of its name); guide, "Limitations" (the only Super Administrator).
"""

from collections.abc import Iterator
from functools import partial

from cfscim.config.lookalikes import difference_from, skeleton
from cfscim.config.models import ScimConfig
from cfscim.config.names import group_name
from cfscim.config.roles import Role
from cfscim.vendors.cloudflare.models import AccountMember, MemberPolicy, UserGroup
from cfscim.verify.cloudflare_facts import CloudflareFacts
from cfscim.verify.directory import named
from cfscim.verify.links import CloudflareLinks
from cfscim.verify.outputs import StackOutputs
from cfscim.verify.question import Dependent, Question, Verdict, fails, holds
from cfscim.verify.reading import Unreadable

FEWEST = 2
"""Super Administrators below which one mistake locks everyone out."""

_UP = "run `pulumi up --refresh`"


def slug(role: Role) -> str:
    """The role as it stands in a check's id."""
    return role.name.lower().replace("_", "-")


class CloudflareView:
    """Cloudflare's facts put together: the role groups, their members, who has what."""

    def __init__(self, config: ScimConfig, facts: CloudflareFacts) -> None:
        self.config = config
        self.facts = facts
        self.virtual = config.role_model == "virtualGroups"

    def group(self, role: Role) -> UserGroup:
        """The role's User Group. Raises `Unreadable` where there is none."""
        name = group_name(self.config, role)
        for group in self.facts.user_groups.get():
            if group.name == name:
                return group
        raise Unreadable(
            Dependent(f'there is no user group "{name}"', f"see cloudflare.group.{slug(role)}")
        )

    def group_members(self, role: Role) -> tuple[str, ...]:
        """The addresses in the role's group. Raises `Unreadable`."""
        if not self.virtual:
            return self.facts.group_members[self.group(role).id].get()
        ids = {group.id for group in self.facts.system_groups[role].get()}
        if not ids:
            raise Unreadable(
                Dependent("there is no virtual group", f"see cloudflare.group.{slug(role)}")
            )
        by_person = self.facts.users_in.get()
        return tuple(person for person, groups in by_person.items() if groups & ids)

    def role_id(self, role: Role) -> str:
        """The id of the permission group that means this role. Raises `Unreadable`."""
        found = [g.id for g in self.facts.permission_groups.get() if g.name == role.value]
        if len(found) != 1:
            raise Unreadable(
                Dependent(
                    f'the permission group "{role.value}" exists {len(found)} times',
                    "ask Cloudflare: is this an Enterprise account?",
                )
            )
        return found[0]

    def whole_account(self, policy: MemberPolicy) -> bool:
        """Whether a policy applies to the whole account and nothing else."""
        groups = policy.resource_groups or ()
        account = self.config.account.id
        key = f"com.cloudflare.api.account.{account}"
        ids = {
            group.id
            for group in self.facts.resource_groups.get()
            if group.is_account(account) or (group.scope is None and group.name == key)
        }
        return len(groups) == 1 and (groups[0].id in ids or groups[0].is_account(account))

    def super_administrators(self) -> tuple[list[str], list[str]]:
        """Who is one: accepted members, and those whose invitation is pending."""
        members = self.facts.members.get()
        through = self._through_groups()
        accepted, pending = [], []
        for member in members:
            if member.address.lower() in through or self._directly(member):
                (accepted if member.status == "accepted" else pending).append(member.address)
        return sorted(accepted), sorted(pending)

    def _directly(self, member: AccountMember) -> bool:
        wanted = Role.SUPER_ADMINISTRATOR
        if any(role.name == wanted.value for role in member.roles or ()):
            return True
        return bool(member.policies) and self._gives(member.policies or (), wanted)

    def _through_groups(self) -> set[str]:
        wanted = Role.SUPER_ADMINISTRATOR
        found: set[str] = set()
        for group in self.facts.user_groups.get():
            if self._gives(group.policies or (), wanted):
                found |= {one.lower() for one in self.facts.group_members[group.id].get()}
        if self.virtual and wanted in self.config.roles:
            found |= {one.lower() for one in self.group_members(wanted)}
        return found

    def _gives(self, policies: tuple[MemberPolicy, ...], role: Role) -> bool:
        id_ = self.role_id(role)
        given = [
            policy
            for policy in policies
            if any(group.id == id_ for group in policy.permission_groups or ())
        ]
        if any(policy.access != "allow" for policy in given):
            return False
        return any(self.whole_account(policy) for policy in given)


def group_questions(view: CloudflareView, outputs: StackOutputs) -> Iterator[Question]:
    """Each role group under its exact name, with exactly the declared policy."""
    link = CloudflareLinks.of(view.config).groups
    for role in view.config.roles:
        name = group_name(view.config, role)
        exists = partial(_virtual_group if view.virtual else _user_group, view, outputs, role)
        yield Question(
            f"cloudflare.group.{slug(role)}",
            "Cloudflare",
            f'group of {role.value} exists as "{name}"',
            f'"{name}"',
            link,
            exists,
        )
        if not view.virtual:
            yield Question(
                f"cloudflare.policy.{slug(role)}",
                "Cloudflare",
                f'policy of "{name}"',
                _policy_text(role.value),
                link,
                partial(_policy, view, role),
            )


def account_questions(view: CloudflareView) -> Iterator[Question]:
    """Nobody is locked out: Super Administrators counted, members without any role named."""
    link = CloudflareLinks.of(view.config).members
    yield Question(
        "cloudflare.superAdministrators",
        "Cloudflare",
        "Super Administrators",
        f"at least {FEWEST}",
        link,
        partial(_super_administrators, view),
    )
    yield Question(
        "cloudflare.roleless",
        "Cloudflare",
        "members without any role",
        "none",
        link,
        partial(_roleless, view),
    )


def _user_group(view: CloudflareView, outputs: StackOutputs, role: Role) -> Verdict:
    name = group_name(view.config, role)
    groups = view.facts.user_groups.get()
    same = [group for group in groups if group.name == name]
    if not same:
        near = [g.name for g in groups if skeleton(g.name).casefold() == skeleton(name).casefold()]
        found = "; ".join(f'"{one}", which {difference_from(one, name)}' for one in near)
        return fails(f'"{name}"', found or "no such group", _UP)
    if len(same) > 1:
        return fails(f'"{name}" once', f"{len(same)} groups of this name", "delete all but one")
    wanted = outputs.role_groups[role].cloudflare_group_id
    if wanted and same[0].id != wanted:
        found = f"another group of this name ({same[0].id})"
        return fails(f'"{name}" ({wanted})', found, _UP)
    return holds(f'"{name}"')


def _virtual_group(view: CloudflareView, _outputs: StackOutputs, role: Role) -> Verdict:
    name = group_name(view.config, role)
    found = view.facts.system_groups[role].get()
    # Until something was pushed to it, Cloudflare lists the group under its own full name.
    full = f"CF-{view.config.account.id} - {role.value}"
    if any(group.display_name in (name, full) for group in found):
        return holds(f'"{name}"')
    shown = named(f'"{group.display_name}"' for group in found)
    return fails(
        f'"{name}"',
        shown or "Cloudflare serves no virtual groups for this account",
        "ask your account team, or move to roleModel: userGroups",
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
    return fails(expected, shown or "no policy: the group gives nothing", _UP)


def _policy_text(permission: str) -> str:
    return f"allow {permission} on the whole account"


def _described(view: CloudflareView, policy: MemberPolicy) -> str:
    permissions = named(group.name or group.id for group in policy.permission_groups or ())
    if view.whole_account(policy):
        return f"{policy.access} {permissions or 'nothing'} on the whole account"
    scopes = (
        f"{group.scope.key} [{', '.join(one.key for one in group.scope.objects)}]"
        if group.scope
        else group.name or group.id
        for group in policy.resource_groups or ()
    )
    return f"{policy.access} {permissions or 'nothing'} on {named(scopes) or 'nothing'}"


def _super_administrators(view: CloudflareView) -> Verdict:
    accepted, pending = view.super_administrators()
    expected = f"at least {FEWEST}"
    found = f"{len(accepted)}" + (f": {named(accepted)}" if accepted else "")
    if pending:
        found += f"; {named(pending)} has not accepted the invitation yet"
    if len(accepted) >= FEWEST:
        return holds(expected, found)
    return fails(expected, found, "give another person the role, in the identity provider or here")


def _roleless(view: CloudflareView) -> Verdict:
    bare = [m.address for m in view.facts.members.get() if not m.roles and not m.policies]
    if not bare:
        return holds("none")
    covered: set[str] = set()
    for group in view.facts.user_groups.get():
        if group.policies:
            covered |= {one.lower() for one in view.facts.group_members[group.id].get()}
    if view.virtual:
        covered |= {person for person, ids in view.facts.users_in.get().items() if ids}
    left = sorted(address for address in bare if address.lower() not in covered)
    if not left:
        return holds("none")
    return fails(
        "none", named(left), "put them into a role group, or remove them from the users' group"
    )
