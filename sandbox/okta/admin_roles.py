"""What the administrator roles of the credential allow: the app's scopes alone suffice for nothing.

Source: D: https://developer.okta.com/docs/reference/api/roles (an app is assigned a role, too) and
the permissions catalog, whose names are the scopes'; D: "Standard administrator roles and
permissions" (only a super administrator sees administrators); I: what the others may read.
"""

from collections.abc import Iterable, Mapping

from sandbox.okta.models import OktaState

CUSTOM = "CUSTOM"
LABELS: Mapping[str, str] = {
    "SUPER_ADMIN": "Super Administrator",
    "ORG_ADMIN": "Organizational Administrator",
    "APP_ADMIN": "Application Administrator",
    "USER_ADMIN": "Group Administrator",
    "HELP_DESK_ADMIN": "Help Desk Administrator",
    "READ_ONLY_ADMIN": "Read-only Administrator",
    "MOBILE_ADMIN": "Mobile Administrator",
    "API_ACCESS_MANAGEMENT_ADMIN": "API Access Management Administrator",
    "REPORT_ADMIN": "Report Administrator",
    "GROUP_MEMBERSHIP_ADMIN": "Group Membership Administrator",
}
_READS = ("okta.apps.read", "okta.groups.read", "okta.users.read", "okta.policies.read")
_STANDARD: Mapping[str, tuple[str, ...]] = {
    "ORG_ADMIN": (*_READS, "okta.groups.manage", "okta.users.manage"),
    "APP_ADMIN": (*_READS, "okta.apps.manage"),
    "USER_ADMIN": ("okta.groups.manage", "okta.users.manage"),
    "READ_ONLY_ADMIN": _READS,
    "HELP_DESK_ADMIN": ("okta.groups.read", "okta.users.read"),
    "GROUP_MEMBERSHIP_ADMIN": ("okta.groups.read", "okta.users.read"),
}
PERMISSIONS = frozenset(
    {*_READS, "okta.apps.manage", "okta.groups.manage", "okta.users.manage", "okta.iam.read"}
)
"""What a custom role may hold here."""


def allows(state: OktaState, scopes: Iterable[str]) -> bool:
    """Whether the roles of the credential's administrator, or service app, allow such a call."""
    roles = state.owner.roles
    if "SUPER_ADMIN" in roles:
        return True
    granted = {permission for role in roles for permission in _STANDARD.get(role, ())}
    granted |= {*(state.custom_role or ())}
    return all(_is_granted(scope, granted, roles) for scope in scopes)


def _is_granted(scope: str, granted: set[str], roles: list[str]) -> bool:
    if scope == "okta.logs.read":
        return any(role in _STANDARD for role in roles) or bool(granted)
    if scope.startswith("okta.roles."):
        return scope == "okta.roles.read" and "okta.iam.read" in granted
    return scope in granted or scope.replace(".read", ".manage") in granted
