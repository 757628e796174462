"""System groups ("virtual groups"): groups whose membership is the role itself.

Served only for accounts that have them switched on (Cloudflare ended them on 2025-12-02). A group
stands for a role when it is called ``CF-<account id> - <role>`` (Entra) or, byte for byte, like the
role (Okta); guide of 2023-11-27, "Configure user permissions".
Strength: names and end D (guide, changelog); a locked display name I.
"""

from sandbox.cloudflare.catalog import ACCOUNT_ROLES, ROLE_BY_NAME
from sandbox.cloudflare.models import Account, SystemGroup

_PREFIX = "cloudflare-v1-"
_NAMES = {role.name for role in ACCOUNT_ROLES}
_ROLE_BY_SYSTEM_ID = {_PREFIX + role.id: role.name for role in ACCOUNT_ROLES}


def system_id(role: str) -> str:
    """``cloudflare-v1-<permission group tag>``."""
    return _PREFIX + ROLE_BY_NAME[role].id


def full_name(account: Account, role: str) -> str:
    """The name with which Cloudflare itself lists the group."""
    return f"CF-{account.id} - {role}"


def role_of_name(account: Account, name: str) -> str | None:
    """The role that a group name stands for in this account, or None."""
    if not account.virtual_groups:
        return None
    role = name.removeprefix(f"CF-{account.id} - ")
    return role if role in _NAMES else None


def role_of_id(account: Account, group_id: str) -> str | None:
    """The role of a system group's id, or None."""
    return _ROLE_BY_SYSTEM_ID.get(group_id) if account.virtual_groups else None


def view(account: Account, role: str) -> SystemGroup:
    """The role's group as it is shown: as pushed, or under Cloudflare's own name."""
    return account.system_groups.get(role) or SystemGroup(
        role=role, display_name=full_name(account, role)
    )


def joined(account: Account, role: str, name: str | None = None) -> SystemGroup:
    """The role's group for writing; from now on it is one that the identity provider uses."""
    group = account.system_groups.setdefault(role, view(account, role))
    if name is not None:
        group.display_name = name
    return group


def all_roles(account: Account) -> list[str]:
    """The roles with a system group in this account."""
    return [role.name for role in ACCOUNT_ROLES] if account.virtual_groups else []
