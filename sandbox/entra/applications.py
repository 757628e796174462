"""Application registrations, and the gallery templates that make one with its service principal."""

from pydantic import JsonValue
from werkzeug import Response

from sandbox.entra.defaults import new_application, new_service_principal
from sandbox.entra.directory import (
    add_reference,
    apply_properties,
    existing,
    find,
    forget,
    objects_reply,
    reference,
    remove_reference,
)
from sandbox.entra.errors import bad_request, not_found
from sandbox.entra.graph import (
    body_object,
    caller_of,
    context_line,
    entity_reply,
    graph_route,
    no_content,
)
from sandbox.entra.odata import ListRule, list_reply, one_reply
from sandbox.entra.odata_filter import Object
from sandbox.entra.permissions import APPLICATION_READ, APPLICATION_WRITE, OWNED
from sandbox.entra.state import Entity, EntraState, now
from sandbox.server.router import Context, json_reply

CUSTOM_TEMPLATE = "8adf8e6e-67b2-4cf2-a259-e3dc5476c621"
_FIXED = frozenset({"appId", "applicationTemplateId", "publisherDomain"})
_PRINCIPAL_TAGS: list[JsonValue] = ["WindowsAzureActiveDirectoryIntegratedApp"]

# Source: https://learn.microsoft.com/graph/api/applicationtemplate-instantiate (the id's meaning)
_TEMPLATES: dict[str, Object] = {
    CUSTOM_TEMPLATE: {
        "id": CUSTOM_TEMPLATE,
        "displayName": "Custom",
        "homePageUrl": None,
        "supportedSingleSignOnModes": ["password", "saml", "external"],
        "supportedProvisioningTypes": ["sync"],
        "logoUrl": "https://images.microsoft.com",
        "categories": ["allApps"],
        "publisher": None,
        "description": "Integrate any other application you don't find in the gallery",
    }
}


@graph_route("GET", "/applicationTemplates", *APPLICATION_READ)
def list_templates(ctx: Context) -> Response:
    """The gallery."""
    return list_reply(ctx, ListRule("applicationTemplates"), _TEMPLATES.values())


@graph_route("GET", "/applicationTemplates/<template_id>", *APPLICATION_READ)
def get_template(ctx: Context, template_id: str) -> Response:
    """One template."""
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
    app.owners = [caller_of(ctx).object_id]
    return app


def new_principal(state: EntraState, app: Entity) -> Entity:
    """The service principal of an application."""
    properties = new_service_principal(app.properties, _PRINCIPAL_TAGS, state.tenant_id, now())
    return state.add("servicePrincipal", properties)


@graph_route("GET", "/applications", *APPLICATION_READ)
def list_applications(ctx: Context) -> Response:
    """All registrations; with OwnedBy alone, only the caller's."""
    apps = ctx.state.applications.values()
    if not set(ctx.state.roles) & (set(APPLICATION_READ) - {OWNED}):
        apps = [app for app in apps if caller_of(ctx).object_id in app.owners]
    return list_reply(ctx, ListRule("applications"), (app.properties for app in apps))


@graph_route("POST", "/applications", *APPLICATION_WRITE)
def create_application(ctx: Context) -> Response:
    """A registration of its own, without template: it has no synchronization template either."""
    body = dict(body_object(ctx))
    name = body.pop("displayName", None)
    if not isinstance(name, str) or not name.strip():
        raise bad_request("A value is required for property 'displayName'.")
    body.pop("owners@odata.bind", None)  # the caller becomes the owner anyway
    draft = Entity(id="", kind="application", properties=new_application(name, "", now()))
    apply_properties(draft, body, _FIXED)
    app = _new(ctx, name, None)
    apply_properties(app, body, _FIXED)
    return entity_reply(ctx, "applications/$entity", app, 201)


@graph_route("GET", "/applications/<app_id>", *APPLICATION_READ)
def get_application(ctx: Context, app_id: str) -> Response:
    """One registration by object id."""
    app = find(ctx.state, "application", app_id)
    return one_reply(ctx, "applications/$entity", app.properties)


@graph_route("PATCH", "/applications/<app_id>", *APPLICATION_WRITE)
def update_application(ctx: Context, app_id: str) -> Response:
    """Change properties; a new name is the service principal's too."""
    app = find(ctx.state, "application", app_id)
    apply_properties(app, body_object(ctx), _FIXED)
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
    """To the recycle bin, with its service principal, assignments and provisioning."""
    app = find(ctx.state, "application", app_id)
    principal = principal_of(ctx.state, app.text("appId"))
    if principal is not None:
        forget(ctx.state, principal, keep=True)
    forget(ctx.state, app, keep=True)
    return no_content()


@graph_route("GET", "/applications/<app_id>/owners", *APPLICATION_READ)
def list_owners(ctx: Context, app_id: str) -> Response:
    """Who owns the registration."""
    owners = find(ctx.state, "application", app_id).owners
    return objects_reply(ctx, existing(ctx.state, owners))


@graph_route("POST", "/applications/<app_id>/owners/$ref", *APPLICATION_WRITE)
def add_owner(ctx: Context, app_id: str) -> Response:
    """One more owner; once only."""
    app = find(ctx.state, "application", app_id)
    add_reference(app.owners, reference(ctx.state, body_object(ctx)), "owners")
    return no_content()


@graph_route("DELETE", "/applications/<app_id>/owners/<object_id>/$ref", *APPLICATION_WRITE)
def remove_owner(ctx: Context, app_id: str, object_id: str) -> Response:
    """One owner less."""
    remove_reference(find(ctx.state, "application", app_id).owners, object_id)
    return no_content()
