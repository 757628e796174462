"""Rules about who gets what: the roles alone, enough Super Administrators."""

from collections.abc import Iterator

from cfscim.config.access import known_super_administrators
from cfscim.config.facts import FEWEST_SUPER_ADMINISTRATORS, VIRTUAL_GROUPS_LEFT_BY
from cfscim.config.kinds import OF_USER_GROUP, USER_GROUP
from cfscim.config.lanes import lanes, primary
from cfscim.config.policy.allowed import accounted_for
from cfscim.config.policy.model import Case, ConfigCheck, Finding, ResourceView, Rule
from cfscim.config.policy.resources import policies_of
from cfscim.config.roles import ROLES, Role
from cfscim.config.stand_ins import PERMISSION_GROUP, name_in

# These give a role to a person, or put one into a group, past the identity provider.
_PAST_THE_GROUPS = frozenset(
    {
        "cloudflare:index/accountMember:AccountMember",
        "cloudflare:index/userGroupMembers:UserGroupMembers",
    }
)


def _four_roles(case: Case, view: ResourceView) -> Iterator[Finding]:
    if view.type in _PAST_THE_GROUPS:
        yield Finding(
            "it gives access past the four role groups",
            "remove it, and list the person under a role in the config",
        )
    else:
        yield from accounted_for(case, view)
    if view.type == USER_GROUP:
        roles = {
            lane.resource(OF_USER_GROUP, role): role
            for lane in lanes(case.config)
            for role in lane.config.roles
        }
        yield from _one_role(view, roles.get(view.name))


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
    group_id = groups[0].get("id") if isinstance(groups[0], dict) else None
    # Only `plan` knows the role behind an id; with an engine it is Cloudflare's own number.
    named = name_in(PERMISSION_GROUP, group_id)
    if named is not None and role is not None and named != role.value:
        yield Finding(f'it gives the role "{named}", its name says "{role}"', instead)


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _super_administrators(case: Case) -> Iterator[Finding]:
    known = known_super_administrators(case.config)
    if len(known) < FEWEST_SUPER_ADMINISTRATORS:
        names = ", ".join(known) or "nobody"
        yield Finding(
            f"this config names {len(known)} Super Administrator(s): {names}",
            "name at least two people under the role's members or in breakGlass",
            keys=("breakGlass",),
        )


def _role_model(case: Case) -> Iterator[Finding]:
    if (
        primary(case.config).role_model == "virtualGroups"
        and case.config.environment == "production"
    ):
        yield Finding(
            "a production stack is on virtualGroups",
            'write "roleModel: userGroups"; only with "environment: development" may it differ',
            keys=("roleModel",),
        )


def _rule(name: str, title: str, reason: str, check: ConfigCheck) -> Rule:
    return Rule(name, title, reason, config=check)


FOUR_ROLES = Rule(
    "four-roles",
    f"Access is given by these roles alone: {', '.join(role.value for role in ROLES)}",
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
    f"Cloudflare ended virtual groups on {VIRTUAL_GROUPS_LEFT_BY}, so they may give nobody a role",
    _role_model,
)
