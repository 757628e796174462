"""App role assignments: which users and groups belong to an enterprise application."""

import base64
import hashlib
from collections.abc import Iterable

from werkzeug import Response

from sandbox.entra.directory import find
from sandbox.entra.errors import bad_request, not_found
from sandbox.entra.graph import body_object, context_line, graph_route, no_content
from sandbox.entra.odata import ListRule, list_reply, one_reply
from sandbox.entra.odata_filter import Object
from sandbox.entra.permissions import ASSIGNMENT_READ, ASSIGNMENT_WRITE
from sandbox.entra.state import Assignment, Entity, EntraState, now
from sandbox.server.router import Context, json_reply

DEFAULT_ACCESS = "00000000-0000-0000-0000-000000000000"
_TYPES = {"user": "User", "group": "Group", "servicePrincipal": "ServicePrincipal"}
_RULE = ListRule("appRoleAssignments")


def assignment_json(state: EntraState, assignment: Assignment) -> Object:
    """An assignment as Graph answers it."""
    principal = state.find(assignment.principal_id)
    resource = state.find(assignment.resource_id)
    return {
        "id": assignment.id,
        "deletedDateTime": None,
        "appRoleId": assignment.app_role_id,
        "createdDateTime": assignment.created,
        "principalDisplayName": principal.text("displayName") if principal else None,
        "principalId": assignment.principal_id,
        "principalType": _TYPES[principal.kind] if principal else None,
        "resourceDisplayName": resource.text("displayName") if resource else None,
        "resourceId": assignment.resource_id,
    }


def _list(ctx: Context, assignments: Iterable[Assignment]) -> Response:
    live = [a for a in assignments if ctx.state.find(a.principal_id)]
    return list_reply(ctx, _RULE, [assignment_json(ctx.state, a) for a in live])


@graph_route("GET", "/servicePrincipals/<sp_id>/appRoleAssignedTo", *ASSIGNMENT_READ)
def assigned_to(ctx: Context, sp_id: str) -> Response:
    """Everybody who has a role of this application."""
    resource = find(ctx.state, "servicePrincipal", sp_id).id
    return _list(ctx, [a for a in ctx.state.assignments.values() if a.resource_id == resource])


@graph_route("GET", "/servicePrincipals/<sp_id>/appRoleAssignments", *ASSIGNMENT_READ)
def roles_of_principal(ctx: Context, sp_id: str) -> Response:
    """The roles a service principal has."""
    return _of(ctx, find(ctx.state, "servicePrincipal", sp_id))


@graph_route("GET", "/groups/<group_id>/appRoleAssignments", *ASSIGNMENT_READ)
def roles_of_group(ctx: Context, group_id: str) -> Response:
    """The roles a group has."""
    return _of(ctx, find(ctx.state, "group", group_id))


@graph_route("GET", "/users/<user_id>/appRoleAssignments", *ASSIGNMENT_READ)
def roles_of_user(ctx: Context, user_id: str) -> Response:
    """The roles a user has, not through a group."""
    return _of(ctx, find(ctx.state, "user", user_id))


def _of(ctx: Context, principal: Entity) -> Response:
    return _list(ctx, [a for a in ctx.state.assignments.values() if a.principal_id == principal.id])


@graph_route("GET", "/servicePrincipals/<sp_id>/appRoleAssignedTo/<assignment_id>",
             *ASSIGNMENT_READ)  # fmt: skip
def get_assignment(ctx: Context, sp_id: str, assignment_id: str) -> Response:
    """One assignment."""
    assignment = _existing(ctx.state, sp_id, assignment_id)
    body = assignment_json(ctx.state, assignment)
    return one_reply(ctx, "appRoleAssignments/$entity", body)


@graph_route("POST", "/servicePrincipals/<sp_id>/appRoleAssignedTo", *ASSIGNMENT_WRITE)
def assign(ctx: Context, sp_id: str) -> Response:
    """Give a user, group or service principal a role of this application; once only."""
    return _assign(ctx, find(ctx.state, "servicePrincipal", sp_id))


@graph_route("POST", "/groups/<group_id>/appRoleAssignments", *ASSIGNMENT_WRITE)
def assign_from_group(ctx: Context, group_id: str) -> Response:
    """The same, seen from the group."""
    find(ctx.state, "group", group_id)
    return _assign(ctx, _resource(ctx))


@graph_route("POST", "/users/<user_id>/appRoleAssignments", *ASSIGNMENT_WRITE)
def assign_from_user(ctx: Context, user_id: str) -> Response:
    """The same, seen from the user."""
    find(ctx.state, "user", user_id)
    return _assign(ctx, _resource(ctx))


def _resource(ctx: Context) -> Entity:
    return find(ctx.state, "servicePrincipal", str(body_object(ctx).get("resourceId", "")))


def _assign(ctx: Context, resource: Entity) -> Response:
    state, body = ctx.state, body_object(ctx)
    principal_id = str(body.get("principalId", "")).lower()
    role_id = str(body.get("appRoleId", "")).lower()
    if str(body.get("resourceId", "")).lower() != resource.id:
        raise bad_request("The resourceId in the body is not the one in the path.")
    principal = state.find(principal_id)
    if principal is None or principal.kind not in _TYPES:
        raise bad_request("Not a valid reference update.")
    _check_role(resource, role_id, principal)
    for other in state.assignments.values():
        if (other.principal_id, other.resource_id, other.app_role_id) == (
            principal_id, resource.id, role_id,
        ):  # fmt: skip
            raise bad_request("Permission being assigned already exists on the object")
    digest = hashlib.sha256(f"{principal_id}/{state.new_id('assignment')}".encode()).digest()
    assignment = Assignment(
        id=base64.urlsafe_b64encode(digest).decode().rstrip("="),
        app_role_id=role_id,
        principal_id=principal_id,
        resource_id=resource.id,
        created=now(),
    )
    state.assignments[assignment.id] = assignment
    context = context_line(ctx, "appRoleAssignments/$entity")
    return json_reply({**context, **assignment_json(state, assignment)}, 201)


def _check_role(resource: Entity, role_id: str, principal: Entity) -> None:
    roles = resource.properties["appRoles"]
    assert isinstance(roles, list)
    known = {str(role["id"]): role for role in roles if isinstance(role, dict)}
    if role_id == DEFAULT_ACCESS and not known:
        return
    wanted = "Application" if principal.kind == "servicePrincipal" else "User"
    if role_id not in known or wanted not in str(known[role_id]["allowedMemberTypes"]):
        app_id = resource.text("appId")
        message = f"Permission being assigned was not found on application '{app_id}'."
        raise bad_request(message)


@graph_route("DELETE", "/servicePrincipals/<sp_id>/appRoleAssignedTo/<assignment_id>",
             *ASSIGNMENT_WRITE)  # fmt: skip
def unassign(ctx: Context, sp_id: str, assignment_id: str) -> Response:
    """Take the role away."""
    del ctx.state.assignments[_existing(ctx.state, sp_id, assignment_id).id]
    return no_content()


def _existing(state: EntraState, sp_id: str, assignment_id: str) -> Assignment:
    assignment = state.assignments.get(assignment_id)
    if assignment is None or assignment.resource_id != sp_id.lower():
        raise not_found(assignment_id)
    return assignment


def assigned_principals(state: EntraState, principal_id: str) -> list[str]:
    """Ids of the users and groups assigned to a service principal, in order, each once."""
    ids = (a.principal_id for a in state.assignments.values() if a.resource_id == principal_id)
    return list(dict.fromkeys(ids))
