"""Which names a pushed group may have."""

from sandbox.cloudflare.model import Account, UserGroup
from sandbox.cloudflare.scim import system
from sandbox.cloudflare.scim.reply import refuse

RESERVED_PREFIX = "CF"


def check_new_name(account: Account, name: object, current: UserGroup | None = None) -> str:
    """The name, if a user group may get it. Raises ApiError 400 or 409.

    Empty names and names beginning with ``CF`` are refused (OpenAPI, Create SCIM Group).
    """
    if not isinstance(name, str) or not name.strip():
        raise refuse(400, "Invalid SCIM request: displayName must not be empty", "invalidValue")
    if name.startswith(RESERVED_PREFIX):
        raise refuse(
            400,
            f"Invalid SCIM request: displayName must not begin with {RESERVED_PREFIX}, "
            "which is reserved for system groups",
            "invalidValue",
        )
    taken = any(g.name == name and g is not current for g in account.user_groups.values())
    if taken or system.role_of_name(account, name) is not None:
        raise refuse(409, f"a group named {name!r} exists already", "uniqueness")
    return name
