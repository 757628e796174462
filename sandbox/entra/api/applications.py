"""Applications, their service principals, and who is assigned to them.

Source: shapes D (published examples, graph_examples.json); the template's roles D; limits C and I.
"""

import base64
import hashlib
from collections.abc import Iterable

from pydantic import JsonValue
from werkzeug import Response

from sandbox.entra.api.directory import (
    add_reference,
    apply_properties,
    existing,
    find,
    forget,
    objects_reply,
    reference,
    remove_reference,
)
from sandbox.entra.api.graph import (
    body_object,
    context_line,
    created_reply,
    graph_route,
    no_content,
)
from sandbox.entra.api.odata import ListRule, Object, list_reply, one_reply
from sandbox.entra.errors import GraphError, bad_request, not_found
from sandbox.entra.models import (
    Assignment,
    Entity,
    EntraState,
    new_application,
    new_service_principal,
    now,
)
from sandbox.entra.permissions import (
    ANY_APPLICATION_READ,
    APPLICATION_READ,
    APPLICATION_WRITE,
    ASSIGNMENT_READ,
    ASSIGNMENT_WRITE,
    OWNED,
)
from sandbox.server.router import Context, json_reply

CUSTOM_TEMPLATE = "8adf8e6e-67b2-4cf2-a259-e3dc5476c621"
_READ_ALL = set(APPLICATION_READ) - {OWNED}
_APP_FIXED = frozenset({"appId", "applicationTemplateId", "publisherDomain"})
_PRINCIPAL_TAGS: list[JsonValue] = ["WindowsAzureActiveDirectoryIntegratedApp"]

# Source (D): learn.microsoft.com/graph/api/applicationtemplate-instantiate (the id's meaning)
# One in each cloud (D); the sandbox is not told in which cloud it stands, and serves all three.
_CUSTOM_TEMPLATES = (
    CUSTOM_TEMPLATE,
    "4602d0b4-76bb-404b-bca9-2652e1a39c6d",
    "5a532e38-1581-4918-9658-008dc27c1d68",
)
_TEMPLATES: dict[str, Object] = {
    template_id: {
        "id": template_id,
        "displayName": "Custom",
        "homePageUrl": None,
        "supportedSingleSignOnModes": ["password", "saml", "external"],
        "supportedProvisioningTypes": ["sync"],
        "logoUrl": "https://images.microsoft.com",
        "categories": ["allApps"],
        "publisher": None,
        "description": "Integrate any other application you don't find in the gallery",
    }
    for template_id in _CUSTOM_TEMPLATES
}


@graph_route("GET", "/applicationTemplates", *APPLICATION_READ)
def list_templates(ctx: Context) -> Response:
    """The gallery (D: Graph reference)."""
    return list_reply(ctx, ListRule("applicationTemplates"), [_TEMPLATES[CUSTOM_TEMPLATE]])


@graph_route("GET", "/applicationTemplates/<template_id>", *APPLICATION_READ)
def get_template(ctx: Context, template_id: str) -> Response:
    """One template (D: Graph reference)."""
    return one_reply(ctx, "applicationTemplates/$entity", _template(template_id))


def _template(template_id: str) -> Object:
    template = _TEMPLATES.get(template_id.lower())
    if template is None:
        raise not_found(template_id)
    return template


@graph_route("POST", "/applicationTemplates/<template_id>/instantiate", *APPLICATION_WRITE)
def instantiate(ctx: Context, template_id: str) -> Response:
    """An application and its service principal, with the roles User and msiam_access.

    The caller owns both, as Graph does for application permissions.

    Source: D: published example.
    """
    template = _template(template_id)
    name = body_object(ctx).get("displayName")
    if not isinstance(name, str) or not name.strip():
        raise bad_request("A value is required for property 'displayName'.")
    app = _new(ctx, name, str(template["id"]))
    principal = new_principal(ctx.state, app)
    principal.owners = list(app.owners)
    answer = {
        **context_line(ctx, "microsoft.graph.applicationServicePrincipal"),
        "application": app.properties,
        "servicePrincipal": principal.properties,
    }
    return json_reply(answer, 201)


def _new(ctx: Context, name: str, template_id: str | None) -> Entity:
    app_id = ctx.state.new_id("appId")
    app = ctx.state.add("application", new_application(name, app_id, now(), template_id))
    app.owners = [ctx.caller]
    return app


def new_principal(state: EntraState, app: Entity) -> Entity:
    """The service principal of an application."""
    from_template = app.properties.get("applicationTemplateId") is not None
    tags = _PRINCIPAL_TAGS if from_template else []  # R: none where an application alone was given
    properties = new_service_principal(app.properties, tags, state.tenant_id, now())
    return state.add("servicePrincipal", properties)


@graph_route("GET", "/applications", *APPLICATION_READ)
def list_applications(ctx: Context) -> Response:
    """All registrations; with OwnedBy alone, only the caller's (D: Graph reference)."""
    apps = ctx.state.applications.values()
    if not set(ctx.state.roles) & _READ_ALL:
        apps = [app for app in apps if ctx.caller in app.owners]
    return list_reply(ctx, ListRule("applications"), (app.properties for app in apps))


@graph_route("POST", "/applications", *APPLICATION_WRITE)
def create_application(ctx: Context) -> Response:
    """A registration of its own, without template: it has no synchronization template either.

    Source: D: Graph reference.
    """
    body = dict(body_object(ctx))
    name = body.pop("displayName", None)
    if not isinstance(name, str) or not name.strip():
        raise bad_request("A value is required for property 'displayName'.")
    body.pop("owners@odata.bind", None)  # the caller becomes the owner anyway
    draft = Entity(id="", kind="application", properties=new_application(name, "", now()))
    apply_properties(draft, body, _APP_FIXED)
    app = _new(ctx, name, None)
    apply_properties(app, body, _APP_FIXED)
    return created_reply(ctx, "applications/$entity", app)


@graph_route("GET", "/applications/<app_id>", *APPLICATION_READ)
def get_application(ctx: Context, app_id: str) -> Response:
    """One registration by object id (D: published example)."""
    app = find(ctx.state, "application", app_id)
    return one_reply(ctx, "applications/$entity", app.properties)


@graph_route("PATCH", "/applications/<app_id>", *APPLICATION_WRITE)
def update_application(ctx: Context, app_id: str) -> Response:
    """Change properties; a new name is the service principal's too (D: Graph reference)."""
    app = find(ctx.state, "application", app_id)
    apply_properties(app, body_object(ctx), _APP_FIXED)
    principal = principal_of(ctx.state, app.text("appId"))
    if principal is not None:
        for name in ("displayName", "appDisplayName"):
            principal.properties[name] = app.properties["displayName"]
        principal.properties["appRoles"] = app.properties["appRoles"]
    return no_content()


def principal_of(state: EntraState, app_id: str) -> Entity | None:
    """The service principal with this appId."""
    for principal in state.service_principals.values():
        if principal.text("appId") == app_id:
            return principal
    return None


@graph_route("DELETE", "/applications/<app_id>", *APPLICATION_WRITE)
def delete_application(ctx: Context, app_id: str) -> Response:
    """To the recycle bin, with its service principal, assignments and provisioning.

    Source: C: azuread; D.
    """
    app = find(ctx.state, "application", app_id)
    principal = principal_of(ctx.state, app.text("appId"))
    if principal is not None:
        forget(ctx.state, principal, keep=True)
    forget(ctx.state, app, keep=True)
    return no_content()


_PRINCIPAL_FIXED = frozenset(
    {"appId", "applicationTemplateId", "servicePrincipalType", "appDisplayName"}
)


@graph_route("GET", "/servicePrincipals", *APPLICATION_READ)
def list_principals(ctx: Context) -> Response:
    """All service principals; with OwnedBy alone, only the caller's and itself.

    Source: D: Graph reference.
    """
    principals = ctx.state.service_principals.values()
    if not set(ctx.state.roles) & _READ_ALL:
        principals = [sp for sp in principals if ctx.caller in (*sp.owners, sp.id)]
    return list_reply(ctx, ListRule("servicePrincipals"), (sp.properties for sp in principals))


@graph_route("POST", "/servicePrincipals", *APPLICATION_WRITE)
def create_principal(ctx: Context) -> Response:
    """The service principal of a registration that has none yet (D: Graph reference)."""
    body = dict(body_object(ctx))
    app_id = str(body.pop("appId", "")).lower()
    app = _registration(ctx.state, app_id)
    if principal_of(ctx.state, app_id) is not None:
        message = (
            "The service principal cannot be created, updated, or restored because the service "
            f"principal name {app_id} is already in use."
        )
        raise GraphError(409, message)
    principal = new_principal(ctx.state, app)
    try:
        apply_properties(principal, body, _PRINCIPAL_FIXED)
    except GraphError:
        del ctx.state.service_principals[principal.id]
        raise
    principal.owners = [ctx.caller]
    return created_reply(ctx, "servicePrincipals/$entity", principal)


def _registration(state: EntraState, app_id: str) -> Entity:
    for app in state.applications.values():
        if app.text("appId") == app_id:
            return app
    raise bad_request(
        f"The appId '{app_id}' of the service principal does not reference a valid application."
    )


@graph_route("GET", "/servicePrincipals/<sp_id>", *APPLICATION_READ)
def get_principal(ctx: Context, sp_id: str) -> Response:
    """One service principal by object id (D: published example)."""
    principal = find(ctx.state, "servicePrincipal", sp_id)
    return one_reply(ctx, "servicePrincipals/$entity", principal.properties)


@graph_route("GET", "/servicePrincipals(appId='<app_id>')", *APPLICATION_READ)
def get_principal_by_app(ctx: Context, app_id: str) -> Response:
    """One service principal by its application's id (D: Graph reference)."""
    principal = principal_of(ctx.state, app_id.lower())
    if principal is None:
        raise GraphError(404, f"Resource '{app_id}' does not exist.")
    return one_reply(ctx, "servicePrincipals/$entity", principal.properties)


@graph_route("PATCH", "/servicePrincipals/<sp_id>", *APPLICATION_WRITE)
def update_principal(ctx: Context, sp_id: str) -> Response:
    """Change properties (D: Graph reference)."""
    principal = find(ctx.state, "servicePrincipal", sp_id)
    apply_properties(principal, body_object(ctx), _PRINCIPAL_FIXED)
    return no_content()


@graph_route("DELETE", "/servicePrincipals/<sp_id>", *APPLICATION_WRITE)
def delete_principal(ctx: Context, sp_id: str) -> Response:
    """To the recycle bin, with its assignments and provisioning (D: Graph reference)."""
    forget(ctx.state, find(ctx.state, "servicePrincipal", sp_id), keep=True)
    return no_content()


@graph_route("GET", "/servicePrincipals/<sp_id>/owners", *APPLICATION_READ)
def list_owners(ctx: Context, sp_id: str) -> Response:
    """Who owns the service principal (D: Graph reference)."""
    owners = find(ctx.state, "servicePrincipal", sp_id).owners
    return objects_reply(ctx, existing(ctx.state, owners))


@graph_route("POST", "/servicePrincipals/<sp_id>/owners/$ref", *APPLICATION_WRITE)
def add_owner(ctx: Context, sp_id: str) -> Response:
    """One more owner; once only (D: Graph reference)."""
    principal = find(ctx.state, "servicePrincipal", sp_id)
    add_reference(principal.owners, reference(ctx), "owners")
    return no_content()


@graph_route("DELETE", "/servicePrincipals/<sp_id>/owners/<object_id>/$ref", *APPLICATION_WRITE)
def remove_owner(ctx: Context, sp_id: str, object_id: str) -> Response:
    """One owner less (D: Graph reference)."""
    remove_reference(find(ctx.state, "servicePrincipal", sp_id).owners, object_id)
    return no_content()


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
    find = ctx.state.find  # of what is in the recycle bin nothing is told
    live = [a for a in assignments if find(a.principal_id) and find(a.resource_id)]
    return list_reply(ctx, _RULE, [assignment_json(ctx.state, a) for a in live])


@graph_route("GET", "/servicePrincipals/<sp_id>/appRoleAssignedTo", *ASSIGNMENT_READ)
def assigned_to(ctx: Context, sp_id: str) -> Response:
    """Everybody who has a role of this application (D: published example)."""
    resource = find(ctx.state, "servicePrincipal", sp_id).id
    return _list(ctx, [a for a in ctx.state.assignments.values() if a.resource_id == resource])


@graph_route("GET", "/servicePrincipals/<sp_id>/appRoleAssignments", *ASSIGNMENT_READ)
def roles_of_principal(ctx: Context, sp_id: str) -> Response:
    """The roles a service principal has (D: Graph reference)."""
    return _of(ctx, find(ctx.state, "servicePrincipal", sp_id))


@graph_route("GET", "/groups/<group_id>/appRoleAssignments", *ASSIGNMENT_READ)
def roles_of_group(ctx: Context, group_id: str) -> Response:
    """The roles a group has (D: Graph reference)."""
    return _of(ctx, find(ctx.state, "group", group_id))


def _of(ctx: Context, principal: Entity) -> Response:
    return _list(ctx, [a for a in ctx.state.assignments.values() if a.principal_id == principal.id])


@graph_route(
    "GET", "/servicePrincipals/<sp_id>/appRoleAssignedTo/<assignment_id>", *ASSIGNMENT_READ
)
def get_assignment(ctx: Context, sp_id: str, assignment_id: str) -> Response:
    """One assignment (D: Graph reference)."""
    assignment = _existing(ctx.state, sp_id, assignment_id)
    body = assignment_json(ctx.state, assignment)
    return one_reply(ctx, "appRoleAssignments/$entity", body)


@graph_route(
    "POST",
    "/servicePrincipals/<sp_id>/appRoleAssignedTo",
    *ASSIGNMENT_WRITE,
    also=ANY_APPLICATION_READ,
)
def assign(ctx: Context, sp_id: str) -> Response:
    """Give a user, group or service principal a role of this application; once only.

    Source: D: published example; P1 D.
    """
    return _assign(ctx, find(ctx.state, "servicePrincipal", sp_id))


def _assign(ctx: Context, resource: Entity) -> Response:
    state, body = ctx.state, body_object(ctx)
    principal_id = str(body.get("principalId", "")).lower()
    role_id = str(body.get("appRoleId", "")).lower()
    if str(body.get("resourceId", "")).lower() != resource.id:
        raise bad_request("The resourceId in the body is not the one in the path.")
    principal = state.find(principal_id)
    if principal is None or principal.kind not in _TYPES:
        raise bad_request("Not a valid reference update.")
    if principal.kind == "group" and not state.premium:
        # Source (D): assigning groups needs P1; the text is the admin center's (I).
        message = "Groups are not available for assignment due to your Active Directory plan level."
        raise bad_request(message)
    _check_role(resource, role_id, principal)
    for other in state.assignments.values():
        if (other.principal_id, other.resource_id, other.app_role_id) == (
            principal_id,
            resource.id,
            role_id,
        ):
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


@graph_route(
    "DELETE", "/servicePrincipals/<sp_id>/appRoleAssignedTo/<assignment_id>", *ASSIGNMENT_WRITE
)
def unassign(ctx: Context, sp_id: str, assignment_id: str) -> Response:
    """Take the role away (D: published example)."""
    del ctx.state.assignments[_existing(ctx.state, sp_id, assignment_id).id]
    return no_content()


def _existing(state: EntraState, sp_id: str, assignment_id: str) -> Assignment:
    assignment = state.assignments.get(assignment_id)
    if assignment is None or assignment.resource_id != sp_id.lower():
        raise not_found(assignment_id)
    return assignment
