"""What PATCH does to a group. All operations of a request take effect, or none."""

import re
from collections.abc import Sequence

from sandbox.cloudflare.catalog import SUPER_ADMINISTRATOR
from sandbox.cloudflare.model import Account, SystemGroup, UserGroup, timestamp
from sandbox.cloudflare.scim import system
from sandbox.cloudflare.scim.models import GROUP_URN
from sandbox.cloudflare.scim.names import check_new_name
from sandbox.cloudflare.scim.patch import Operation
from sandbox.cloudflare.scim.reply import refuse
from sandbox.cloudflare.state import CloudflareState

_ONE_MEMBER = re.compile(r'members\[\s*value\s+eq\s+"([^"]*)"\s*\]', re.IGNORECASE)


def patch_user_group(account: Account, group: UserGroup, operations: Sequence[Operation]) -> None:
    """Apply add, remove and replace on members, displayName and externalId. Raises ApiError."""
    name, external_id = group.name, group.external_id
    members = list(group.members)
    for operation in operations:
        if operation.op == "remove":
            if _plain(operation.path) == "externalid":
                external_id = None
            else:
                members = _changed(account, members, operation, operation.path, operation.value)
            continue
        for path, value in operation.assignments().items():
            if _plain(path) == "displayname":
                name = check_new_name(account, value, group) if value != name else name
            elif _plain(path) == "externalid":
                external_id = str(value) if value is not None else None
            else:
                members = _changed(account, members, operation, path, value)
    group.name, group.external_id = name, external_id
    group.members = {one: group.members.get(one, timestamp()) for one in members}
    group.scim_managed, group.modified_on = True, timestamp()


def patch_system_group(
    state: CloudflareState, account: Account, role: str, operations: Sequence[Operation]
) -> SystemGroup:
    """Apply member operations to a role's group; it has nothing else to change. Raises ApiError."""
    shown = system.view(account, role)
    members = list(shown.members)
    for operation in operations:
        if operation.op == "remove":
            members = _changed(account, members, operation, operation.path, operation.value)
            continue
        for path, value in operation.assignments().items():
            if _plain(path) == "displayname" and value == shown.display_name:
                continue  # Okta sends the name with every change (recorded); I: the same is taken
            if _plain(path) in ("displayname", "externalid"):
                raise refuse(400, "of a system group only members can be changed", "mutability")
            members = _changed(account, members, operation, path, value)
    # Only now is the group one that the identity provider uses: a refusal leaves no trace.
    group = system.joined(account, role)
    before, group.members = group.members, members
    if role == SUPER_ADMINISTRATOR and not state.super_administrators(account):
        group.members = before
        raise refuse(400, "the only Super Administrator of the account is not deprovisioned")
    return group


def _plain(path: str | None) -> str:
    return (path or "").removeprefix(f"{GROUP_URN}:").lower()


def _changed(
    account: Account, members: list[str], operation: Operation, path: str | None, value: object
) -> list[str]:
    """The member ids after one operation; attributes that a group has not are ignored."""
    plain = (path or "").removeprefix(f"{GROUP_URN}:")
    one = _ONE_MEMBER.fullmatch(plain)
    if one and operation.op == "remove":
        gone = {m.id for m in account.members.values() if m.user_id == one.group(1)}
        return [member for member in members if member not in gone]
    if plain.lower() != "members":
        if one or plain.lower().startswith("members"):
            raise refuse(400, f"unsupported path {path!r}", "invalidPath")
        return members
    if operation.op == "remove":
        if value is None:
            return []
        gone_tags = set(_tags(value))  # Entra without its flag names them in the value
        gone = {m.id for m in account.members.values() if m.user_id in gone_tags}
        return [member for member in members if member not in gone]
    wanted = [_member_id(account, tag) for tag in _tags(value)]
    kept = members if operation.op == "add" else []
    return list(dict.fromkeys([*kept, *wanted]))


def _tags(value: object) -> list[str]:
    listed = value if isinstance(value, list) else [value]
    tags = []
    for entry in listed:
        tag = entry.get("value") if isinstance(entry, dict) else None
        if not isinstance(tag, str):
            raise refuse(400, "members must be a list of objects with a value", "invalidValue")
        tags.append(tag)
    return tags


def _member_id(account: Account, tag: str) -> str:
    for member in account.members.values():
        if member.user_id == tag:
            return member.id
    raise refuse(400, f"user {tag} is not a member of the account", "invalidValue")
