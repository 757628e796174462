"""Administrator roles, of people and of the service app, and what a custom one holds."""

from typing import Any

from werkzeug import Response

from sandbox.okta.admin_roles import CUSTOM, LABELS, PERMISSIONS
from sandbox.okta.api.route import body_object, endpoint, text
from sandbox.okta.api.users import find
from sandbox.okta.errors import OktaError, invalid, not_found
from sandbox.okta.models import ORGANISATION, OktaState, User
from sandbox.okta.signin import CLIENT_ID
from sandbox.server.admin_router import RefusedError, admin_route
from sandbox.server.ids import okta_id
from sandbox.server.router import Context, json_reply

_CUSTOM_ID = okta_id("cr0", "custom")


@endpoint("GET", "/api/v1/users/<key>/roles", "okta.roles.read")
def list_roles(ctx: Context, key: str) -> Response:
    """The administrator roles (R)."""
    user = find(ctx, key)
    shown = [_role_view(user, role) for role in user.roles]
    if user.administrator and ctx.state.custom_role is not None:
        shown.append(_custom_view(ctx.state, "USER"))
    return json_reply(shown)


@endpoint("POST", "/api/v1/users/<key>/roles", "okta.roles.manage")
def assign_role(ctx: Context, key: str) -> Response:
    """Make a person an administrator of a kind (R)."""
    user, kind = find(ctx, key), text(body_object(ctx), "type")
    if kind not in LABELS:
        raise invalid("type", f"type: {kind!r} is no standard role")
    if kind in user.roles:
        summary = "The role specified is already assigned to the user."
        raise OktaError(409, "E0000090", summary)
    user.roles.append(kind)
    return json_reply(_role_view(user, kind), 201)


@endpoint("GET", "/oauth2/v1/clients/<client_id>/roles", "okta.roles.read")
def list_client_roles(ctx: Context, client_id: str) -> Response:
    """The service app's roles (D: RoleAssignmentClientApi, listRolesForClient)."""
    if client_id != CLIENT_ID:
        raise not_found(client_id, "PublicClientApp")
    owner: User = ctx.state.owner
    shown = [_role_view(owner, role) | {"assignmentType": "CLIENT"} for role in owner.roles]
    if ctx.state.custom_role is not None:
        shown.append(_custom_view(ctx.state, "CLIENT"))
    return json_reply(shown)


@endpoint("GET", "/api/v1/iam/roles/<role_id>/permissions", "okta.roles.read")
def list_permissions(ctx: Context, role_id: str) -> Response:
    """What a custom role holds (D: RoleCPermissionApi, listRolePermissions)."""
    state: OktaState = ctx.state
    if role_id != _CUSTOM_ID or state.custom_role is None:
        raise not_found(role_id, "CustomRole")
    dates = {"created": state.owner.created, "lastUpdated": state.owner.created}
    shown = [{"label": label, **dates} for label in state.custom_role]
    return json_reply({"permissions": shown})


@admin_route("POST", "/_sandbox/okta/roles", {"roles": list, "permissions": list})
def set_roles(ctx: Context, given: dict[str, Any]) -> Response:
    """Whoever signs in has exactly these standard ``roles``, and a custom one."""
    roles, permissions = given.get("roles") or [], given.get("permissions")
    for key, listed, known in (
        ("roles", roles, [*LABELS]),
        ("permissions", permissions or [], sorted(PERMISSIONS)),
    ):
        if any(word not in known for word in listed):
            raise RefusedError(400, f"{key}: of {', '.join(known)}")
    with ctx.world.locked("okta"):
        ctx.world.okta.owner.roles = roles
        ctx.world.okta.custom_role = permissions
    ctx.world.changed.set()
    return json_reply({"roles": roles, "permissions": permissions})


def _role_view(user: User, kind: str) -> dict[str, object]:
    return {
        "id": okta_id("ra1", f"{user.id}/{kind}"),
        "label": LABELS[kind],
        "type": kind,
        "status": "ACTIVE",
        "created": user.created,
        "lastUpdated": user.last_updated,
        "assignmentType": "USER",
        "_links": {"assignee": {"href": f"{ORGANISATION}/api/v1/users/{user.id}"}},
    }


def _custom_view(state: OktaState, assigned_to: str) -> dict[str, object]:
    owner = state.owner
    return {
        "id": okta_id("irb", owner.id),
        "label": "Cloudflare SCIM",
        "type": CUSTOM,
        "role": _CUSTOM_ID,
        "resource-set": okta_id("iam", "all"),
        "status": "ACTIVE",
        "created": owner.created,
        "lastUpdated": owner.last_updated,
        "assignmentType": assigned_to,
    }
