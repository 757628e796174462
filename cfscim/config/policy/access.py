"""Rules about who gets what: the four roles, enough Super Administrators, few removals at once."""

from collections.abc import Iterator

from cfscim.config.access import access_table, managed_elsewhere, people
from cfscim.config.facts import FEWEST_SUPER_ADMINISTRATORS
from cfscim.config.models import ScimConfig
from cfscim.config.names import group_names
from cfscim.config.policy.model import UNKNOWN, Case, ConfigCheck, Finding, ResourceView, Rule
from cfscim.config.policy.resources import GROUP_TYPES, policies_of
from cfscim.config.roles import ROLES, Role

NOT_PRODUCTION = ("dev", "test", "sandbox")
"""A stack whose name begins so is no production stack; every other is."""

USER_GROUP = "cloudflare:index/userGroup:UserGroup"
# These give a role to a person, or put one into a group, past the identity provider.
_PAST_THE_GROUPS = frozenset(
    {
        "cloudflare:index/accountMember:AccountMember",
        "cloudflare:index/userGroupMembers:UserGroupMembers",
    }
)


def is_production(stack: str) -> bool:
    """Whether `stack` is a production stack by its name; `org/project/stack` counts by its end."""
    return not stack.rsplit("/", 1)[-1].lower().startswith(NOT_PRODUCTION)


def _four_roles(case: Case, view: ResourceView) -> Iterator[Finding]:
    if view.type in _PAST_THE_GROUPS:
        yield Finding(
            "it gives access past the four role groups",
            "remove it, and list the person under a role in the config",
        )
    if view.type not in GROUP_TYPES:
        return
    roles = {name: role for role, name in group_names(case.config).items()}
    users = case.config.identity_provider.users_group.name
    key = "displayName" if view.type.startswith("azuread:") else "name"
    name = view.inputs.get(key)
    known = name in roles or (name == users and view.type != USER_GROUP)
    if not known and name != UNKNOWN:
        yield Finding(
            f'the group "{name}" is none of the declared roles',
            f"name it after one of: {', '.join(roles)}",
        )
    if view.type == USER_GROUP:
        yield from _one_role(view, roles.get(str(name)))


def _one_role(view: ResourceView, role: Role | None) -> Iterator[Finding]:
    policies = policies_of(view)
    groups = [group for policy in policies for group in _listed(policy.get("permissionGroups"))]
    scopes = [scope for policy in policies for scope in _listed(policy.get("resourceGroups"))]
    instead = "give it one policy with exactly its own role, on exactly the account"
    if len(policies) != 1 or len(groups) != 1 or len(scopes) != 1:
        yield Finding(
            f"its policies name {len(groups)} roles on {len(scopes)} scopes, not one on one",
            instead,
        )
        return
    found = groups[0].get("id") if isinstance(groups[0], dict) else None
    # Only `plan` knows the role behind an id; with an engine it is Cloudflare's own number.
    if isinstance(found, str) and found.startswith("${permission group: ") and role is not None:
        named = found.removeprefix("${permission group: ").removesuffix("}")
        if named != role.value:
            yield Finding(f'it gives the role "{named}", its name says "{role}"', instead)


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _super_administrators(case: Case) -> Iterator[Finding]:
    given = case.config.roles.get(Role.SUPER_ADMINISTRATOR)
    known = {person.lower() for person in case.config.break_glass}
    known |= {person.lower() for person in (given.members if given else None) or ()}
    if len(known) < FEWEST_SUPER_ADMINISTRATORS:
        names = ", ".join(sorted(known)) or "nobody"
        yield Finding(
            f"this config names {len(known)} Super Administrator(s): {names}",
            "name at least two people under the role's members or in breakGlass",
            where="breakGlass",
        )


def _role_model(case: Case) -> Iterator[Finding]:
    if case.config.role_model == "virtualGroups" and is_production(case.stack):
        yield Finding(
            "a production stack is on virtualGroups",
            'write "roleModel: userGroups"; only stacks named dev…, test… or sandbox… may differ',
            where="roleModel",
        )


def _removals(case: Case) -> Iterator[Finding]:
    before, after = case.before, case.config
    if before is None:
        return
    managed = managed_elsewhere(after) if after.account.id == before.account.id else ()
    kept = {_grant(after, g.person, g.role) for g in access_table(after)}
    gone = {
        grant.person.lower(): grant.person
        for grant in access_table(before)
        # Handing a group over to the identity provider takes nobody out of it.
        if grant.role not in managed and _grant(before, grant.person, grant.role) not in kept
    }
    if after.identity_provider.users_group.members is not None:
        left = {person.lower() for person in people(after)}
        gone |= {p.lower(): p for p in people(before) if p.lower() not in left}
    yield from _too_many(case, sorted(gone.values(), key=str.lower), people(before), "people")
    old, new = _groups(before), _groups(after)
    lost = [name for key, name in old.items() if key not in new]
    yield from _too_many(case, lost, tuple(old.values()), "groups")


def _grant(config: ScimConfig, person: str, role: Role) -> tuple[str, str, Role]:
    return config.account.id, person.lower(), role


def _groups(config: ScimConfig) -> dict[tuple[str, str, str], str]:
    names = [*group_names(config).values(), config.identity_provider.users_group.name]
    return {(config.account.id, config.identity_provider.kind, name): name for name in names}


def _too_many(case: Case, gone: list[str], all_: tuple[str, ...], kind: str) -> Iterator[Finding]:
    allowed = max(1, int(len(all_) * case.removal_share))
    if len(gone) > allowed:
        yield Finding(
            f"the change takes access from {len(gone)} of {len(all_)} {kind} "
            f"({', '.join(gone)}), at most {allowed} may go at once",
            "split the change, or add a waiver of removal-share with a date and a name",
            where="roles",
        )


def _rule(name: str, title: str, reason: str, check: ConfigCheck) -> Rule:
    return Rule(name, title, reason, config=check)


FOUR_ROLES = Rule(
    "four-roles",
    f"Access is given by the four roles alone: {', '.join(role.value for role in ROLES)}",
    "a further group or member is in no review of this config, and nobody would miss it there",
    resource=_four_roles,
)
TWO_SUPER_ADMINISTRATORS = _rule(
    "two-super-administrators",
    "At least two Super Administrators or break-glass persons are known",
    "with fewer, one wrong group locks everyone out of the account",
    _super_administrators,
)
PRODUCTION_MODEL = _rule(
    "production-user-groups",
    "Production stacks are on userGroups",
    "Cloudflare ended virtual groups on 2025-12-02, so they may give nobody a role",
    _role_model,
)
REMOVALS = _rule(
    "removal-share",
    "A change removes at most a quarter of the people or groups, at least one",
    "a mass removal is more often a mistake in the config than a decision",
    _removals,
)
