"""SCIM groups: user groups, and system groups where the account still has them.

Pushing a group whose name an unlocked user group has joins that group; from any first write on it
is managed by SCIM. ``members`` of a POST are not read (OpenAPI: displayName and externalId only).
Members are user tags. A user group may lose the last Super Administrator, as the documentation
warns; a system group may not (guide: the only Super Administrator is not deprovisioned).
"""

from scim2_models import Meta
from werkzeug import Response

from sandbox.cloudflare.api import MEMBER_WRITE
from sandbox.cloudflare.model import Account, SystemGroup, UserGroup
from sandbox.cloudflare.scim import system
from sandbox.cloudflare.scim.filters import wanted_value
from sandbox.cloudflare.scim.group_patch import patch_system_group, patch_user_group
from sandbox.cloudflare.scim.models import ScimGroup, ScimMember
from sandbox.cloudflare.scim.names import check_new_name
from sandbox.cloudflare.scim.patch import Operation, read_operations
from sandbox.cloudflare.scim.reply import body_object, many, one, refuse, scim_route
from sandbox.cloudflare.state import CloudflareState
from sandbox.server.router import Context


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
        users = [state.users[account.members[one].user_id] for one in group.members]
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
    """System groups and user groups, without members."""
    wanted = wanted_value(ctx, "displayName")
    systems = [system.view(account, role) for role in system.all_roles(account)]
    if wanted is not None:
        role = system.role_of_name(account, wanted)
        systems = [group for group in systems if group.role == role]
    customs = [
        _describe(ctx.state, account, group, members=False)
        for group in sorted(account.user_groups.values(), key=lambda group: group.name)
        if wanted in (None, group.name)
    ]
    return many(ctx, account, ScimGroup, [*map(_describe_system, systems), *customs])


@scim_route("POST", "/Groups", *MEMBER_WRITE)
def create_group(ctx: Context, account: Account) -> Response:
    """Push a group."""
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
        return one(ctx, _describe(ctx.state, account, existing), 201)
    role = system.role_of_name(account, name)
    if role is not None:
        if role in account.system_groups:
            raise refuse(409, f"a group named {name!r} exists already", "uniqueness")
        pushed = system.joined(account, role, name)
        pushed.external_id = external_id
        return one(ctx, _describe_system(pushed), 201)
    check_new_name(account, name)
    group = UserGroup(
        id=ctx.state.new_id("user-group"), name=name, scim_managed=True, external_id=external_id
    )
    account.user_groups[group.id] = group
    return one(ctx, _describe(ctx.state, account, group), 201)


@scim_route("GET", "/Groups/<group_id>")
def get_group(ctx: Context, account: Account, group_id: str) -> Response:
    """One group; a system group shows no members (OpenAPI)."""
    role = system.role_of_id(account, group_id)
    if role is not None:
        return one(ctx, _describe_system(system.view(account, role)))
    return one(ctx, _describe(ctx.state, account, _find(account, group_id)))


@scim_route("PATCH", "/Groups/<group_id>", *MEMBER_WRITE)
def patch_group(ctx: Context, account: Account, group_id: str) -> Response:
    """Change members, and of a user group also name and externalId."""
    role = system.role_of_id(account, group_id)
    operations = read_operations(ctx)
    if role is not None:
        return one(ctx, _describe_system(patch_system_group(ctx.state, account, role, operations)))
    group = _find(account, group_id)
    patch_user_group(account, group, operations)
    return one(ctx, _describe(ctx.state, account, group))


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
        return one(ctx, _describe_system(patch_system_group(ctx.state, account, role, changes)))
    group = _find(account, group_id)
    patch_user_group(account, group, given)
    return one(ctx, _describe(ctx.state, account, group))


@scim_route("DELETE", "/Groups/<group_id>", *MEMBER_WRITE)
def delete_group(ctx: Context, account: Account, group_id: str) -> Response:
    """End a user group with its policies; system groups stay."""
    del ctx
    if system.role_of_id(account, group_id) is not None:
        raise refuse(400, "system groups cannot be deleted", "mutability")
    del account.user_groups[_find(account, group_id).id]
    return Response(status=204)


def _find(account: Account, group_id: str) -> UserGroup:
    if group_id not in account.user_groups:
        raise refuse(404, f"Resource {group_id} not found")
    return account.user_groups[group_id]
