"""Roles as permission groups, and resource groups (``/accounts/{id}/iam/…``)."""

from werkzeug import Response

from sandbox.cloudflare.api import MEMBER_READ, account_route, json_object, page
from sandbox.cloudflare.catalog import ROLE_BY_GROUP_ID, ROLES
from sandbox.cloudflare.errors import ApiError, reply
from sandbox.cloudflare.member_policy import (
    describe_resource_group,
    describe_role_group,
    parse_scope,
)
from sandbox.cloudflare.model import Account, ResourceGroup
from sandbox.server.router import Context

_WRITE = ("Account Settings Write",)


@account_route("GET", "/iam/permission_groups", *MEMBER_READ)
def list_role_groups(ctx: Context, account: Account) -> Response:
    """The dashboard's roles; filters id, name and label match exactly."""
    del account  # the same for every account
    wanted = {name: ctx.request.args.get(name) for name in ("id", "name", "label")}
    chosen = [
        describe_role_group(role)
        for role in ROLES
        if all(value in (None, getattr(role, name)) for name, value in wanted.items())
    ]
    return page(ctx, chosen, default=100)


@account_route("GET", "/iam/permission_groups/<group_id>", *MEMBER_READ)
def get_role_group(ctx: Context, account: Account, group_id: str) -> Response:
    """One role."""
    del ctx, account
    if group_id not in ROLE_BY_GROUP_ID:
        raise ApiError(404, "permission group not found", code=404)
    return reply(describe_role_group(ROLE_BY_GROUP_ID[group_id]))


@account_route("GET", "/iam/resource_groups", *MEMBER_READ)
def list_resource_groups(ctx: Context, account: Account) -> Response:
    """The account's resource groups, the whole account first."""
    wanted = {name: ctx.request.args.get(name) for name in ("id", "name")}
    chosen = [
        describe_resource_group(group)
        for group in account.resource_groups.values()
        if all(value in (None, getattr(group, name)) for name, value in wanted.items())
    ]
    return page(ctx, chosen, default=100)


@account_route("POST", "/iam/resource_groups", *_WRITE)
def create_resource_group(ctx: Context, account: Account) -> Response:
    """Names need not be unique."""
    body = json_object(ctx)
    key, objects = parse_scope(account, body.get("scope"))
    name = _name(body)
    group = ResourceGroup(
        id=ctx.state.new_id("resource-group"), name=name, scope_key=key, objects=objects
    )
    account.resource_groups[group.id] = group
    return reply(describe_resource_group(group))


@account_route("GET", "/iam/resource_groups/<group_id>", *MEMBER_READ)
def get_resource_group(ctx: Context, account: Account, group_id: str) -> Response:
    """One resource group."""
    del ctx
    return reply(describe_resource_group(_find(account, group_id)))


@account_route("PUT", "/iam/resource_groups/<group_id>", *_WRITE)
def put_resource_group(ctx: Context, account: Account, group_id: str) -> Response:
    """Rename it or change what it covers."""
    group, body = _editable(account, group_id), json_object(ctx)
    if "scope" in body:
        group.scope_key, group.objects = parse_scope(account, body["scope"])
    if "name" in body:
        group.name = _name(body)
    return reply(describe_resource_group(group))


@account_route("DELETE", "/iam/resource_groups/<group_id>", *_WRITE)
def delete_resource_group(ctx: Context, account: Account, group_id: str) -> Response:
    """Refused while a policy uses it."""
    del ctx
    group = _editable(account, group_id)
    holders = [*account.user_groups.values(), *account.members.values()]
    if any(group.id in p.resource_groups for holder in holders for p in holder.policies):
        raise ApiError(400, "the resource group is used by a policy")
    del account.resource_groups[group.id]
    return reply({"id": group.id})


def _find(account: Account, group_id: str) -> ResourceGroup:
    if group_id not in account.resource_groups:
        raise ApiError(404, "resource group not found", code=404)
    return account.resource_groups[group_id]


def _editable(account: Account, group_id: str) -> ResourceGroup:
    group = _find(account, group_id)
    if not group.editable:
        raise ApiError(422, "non-editable resource group")
    return group


def _name(body: dict[str, object]) -> str:
    name = body.get("name")
    if not isinstance(name, str) or not name.strip():
        raise ApiError(400, "name is required")
    return name
