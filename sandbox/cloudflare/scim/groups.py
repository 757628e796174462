"""SCIM groups: user groups, and system groups where the account still has them.

Pushing a group whose name an unlocked user group has joins that group; from any first write on it
is managed by SCIM. ``members`` of a POST are not read (OpenAPI: displayName and externalId only).
Members are user tags. A user group may lose the last Super Administrator, as the documentation
warns; a system group may not (guide: the only Super Administrator is not deprovisioned).
Source: D (user groups page; `PUT` changelog 2026-08-21); joining by name D; members left out
are kept I.
"""

import re
from collections.abc import Sequence

from scim2_models import Meta
from werkzeug import Response

from sandbox.cloudflare.api.route import MEMBER_WRITE
from sandbox.cloudflare.catalog import SUPER_ADMINISTRATOR
from sandbox.cloudflare.models import Account, CloudflareState, SystemGroup, UserGroup, timestamp
from sandbox.cloudflare.scim import system
from sandbox.cloudflare.scim.models import CORE_GROUP, ScimGroup, ScimMember
from sandbox.cloudflare.scim.patch import Operation, read_operations
from sandbox.cloudflare.scim.route import (
    body_object,
    many,
    refuse,
    scim_route,
    single,
    the_last_one,
    wanted_value,
)
from sandbox.server.router import Context

RESERVED_PREFIX = "CF"
_ONE_MEMBER = re.compile(r'members\[\s*value\s+eq\s+"([^"]*)"\s*\]', re.IGNORECASE)


def _describe(
    state: CloudflareState, account: Account, group: UserGroup, *, members: bool = True
) -> ScimGroup:
    shown = ScimGroup(
        id=group.id,
        external_id=group.external_id,
        display_name=group.name,
        meta=Meta(resource_type="Group"),
    )
    if members and group.members:
        users = [state.users[account.members[member].user_id] for member in group.members]
        shown.members = [ScimMember(value=user.id, display=user.email) for user in users]
    return shown


def _describe_system(group: SystemGroup) -> ScimGroup:
    return ScimGroup(
        id=system.system_id(group.role),
        external_id=group.external_id,
        display_name=group.display_name,
        meta=Meta(resource_type="Group"),
    )


@scim_route("GET", "/Groups")
def list_groups(ctx: Context, account: Account) -> Response:
    """System groups, then user groups in the order of their making, without members.

    Source: D: guide, system groups; the order I.
    """
    wanted = wanted_value(ctx, "displayName")
    systems = [system.view(account, role) for role in system.all_roles(account)]
    if wanted is not None:
        role = system.role_of_name(account, wanted)
        systems = [group for group in systems if group.role == role]
    customs = [
        _describe(ctx.state, account, group, members=False)
        for group in account.user_groups.values()
        if wanted in (None, group.name)
    ]
    return many(ctx, ScimGroup, [*map(_describe_system, systems), *customs])


@scim_route("POST", "/Groups", *MEMBER_WRITE)
def create_group(ctx: Context, account: Account) -> Response:
    """Push a group (D: user groups page; refusals' texts I)."""
    body = body_object(ctx)
    name, external_id = body.get("displayName"), body.get("externalId")
    if not isinstance(name, str) or not name.strip():
        raise refuse(400, "Invalid SCIM request: displayName is required", "invalidValue")
    if not isinstance(external_id, str | None):
        raise refuse(400, "Invalid SCIM request: externalId must be a string", "invalidValue")
    existing = next((g for g in account.user_groups.values() if g.name == name), None)
    if existing is not None:
        if existing.scim_managed:
            raise refuse(409, f"a group named {name!r} exists already", "uniqueness")
        existing.scim_managed, existing.external_id = True, external_id
        return single(ctx, _describe(ctx.state, account, existing), 201)
    role = system.role_of_name(account, name)
    if role is not None:
        if role in account.system_groups:
            raise refuse(409, f"a group named {name!r} exists already", "uniqueness")
        pushed = system.joined(account, role, name)
        pushed.external_id = external_id
        return single(ctx, _describe_system(pushed), 201)
    check_new_name(account, name)
    group = UserGroup(
        id=ctx.state.new_id("user-group"), name=name, scim_managed=True, external_id=external_id
    )
    account.user_groups[group.id] = group
    return single(ctx, _describe(ctx.state, account, group), 201)


@scim_route("GET", "/Groups/<group_id>")
def get_group(ctx: Context, account: Account, group_id: str) -> Response:
    """One group; a system group shows no members (OpenAPI) (D: API description)."""
    role = system.role_of_id(account, group_id)
    if role is not None:
        return single(ctx, _describe_system(system.view(account, role)))
    return single(ctx, _describe(ctx.state, account, _find(account, group_id)))


@scim_route("PATCH", "/Groups/<group_id>", *MEMBER_WRITE)
def patch_group(ctx: Context, account: Account, group_id: str) -> Response:
    """Change members, and of a user group also name and externalId.

    Source: D: user groups page; refusals' texts I.
    """
    role = system.role_of_id(account, group_id)
    operations = read_operations(ctx)
    if role is not None:
        return single(
            ctx, _describe_system(patch_system_group(ctx.state, account, role, operations))
        )
    group = _find(account, group_id)
    patch_user_group(account, group, operations)
    return single(ctx, _describe(ctx.state, account, group))


@scim_route("PUT", "/Groups/<group_id>", *MEMBER_WRITE)
def put_group(ctx: Context, account: Account, group_id: str) -> Response:
    """Replace name, externalId and members (D: since 2026-08-21); members left out are kept."""
    body = body_object(ctx)
    given = [
        Operation("replace", name, body[name])
        for name in ("displayName", "externalId", "members")
        if name in body
    ]
    if "displayName" not in body:
        raise refuse(400, "Invalid SCIM request: displayName is required", "invalidValue")
    role = system.role_of_id(account, group_id)
    if role is not None:
        changes = [operation for operation in given if operation.path == "members"]
        return single(ctx, _describe_system(patch_system_group(ctx.state, account, role, changes)))
    group = _find(account, group_id)
    patch_user_group(account, group, given)
    return single(ctx, _describe(ctx.state, account, group))


@scim_route("DELETE", "/Groups/<group_id>", *MEMBER_WRITE)
def delete_group(ctx: Context, account: Account, group_id: str) -> Response:
    """End a user group with its policies; system groups stay.

    Source: D: API description; of system groups I.
    """
    del ctx
    if system.role_of_id(account, group_id) is not None:
        raise refuse(400, "system groups cannot be deleted", "mutability")
    del account.user_groups[_find(account, group_id).id]
    return Response(status=204)


def _find(account: Account, group_id: str) -> UserGroup:
    if group_id not in account.user_groups:
        raise refuse(404, f"Resource {group_id} not found")
    return account.user_groups[group_id]


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
    group.members = {member: group.members.get(member, timestamp()) for member in members}
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
        raise the_last_one()
    return group


def _plain(path: str | None) -> str:
    return (path or "").removeprefix(f"{CORE_GROUP}:").lower()


def _changed(
    account: Account, members: list[str], operation: Operation, path: str | None, value: object
) -> list[str]:
    """The member ids after one operation; attributes that a group has not are ignored."""
    plain = (path or "").removeprefix(f"{CORE_GROUP}:")
    match = _ONE_MEMBER.fullmatch(plain)
    if match and operation.op == "remove":
        gone = {m.id for m in account.members.values() if m.user_id == match.group(1)}
        return [member for member in members if member not in gone]
    if plain.lower() != "members":
        if match or plain.lower().startswith("members"):
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
