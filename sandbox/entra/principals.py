"""Service principals: the enterprise application a tenant sees."""

from werkzeug import Response

from sandbox.entra.applications import new_principal, principal_of
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
from sandbox.entra.errors import GraphError, bad_request
from sandbox.entra.graph import body_object, caller_of, entity_reply, graph_route, no_content
from sandbox.entra.odata import ListRule, list_reply, one_reply
from sandbox.entra.permissions import APPLICATION_READ, APPLICATION_WRITE, OWNED
from sandbox.entra.state import Entity, EntraState
from sandbox.server.router import Context

_FIXED = frozenset({"appId", "applicationTemplateId", "servicePrincipalType", "appDisplayName"})
_READ_ALL = set(APPLICATION_READ) - {OWNED}


@graph_route("GET", "/servicePrincipals", *APPLICATION_READ)
def list_principals(ctx: Context) -> Response:
    """All service principals; with OwnedBy alone, only the caller's and itself."""
    found = ctx.state.service_principals.values()
    if not set(ctx.state.roles) & _READ_ALL:
        me = caller_of(ctx).object_id
        found = [sp for sp in found if me in (*sp.owners, sp.id)]
    return list_reply(ctx, ListRule("servicePrincipals"), (sp.properties for sp in found))


@graph_route("POST", "/servicePrincipals", *APPLICATION_WRITE)
def create_principal(ctx: Context) -> Response:
    """The service principal of a registration that has none yet."""
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
        apply_properties(principal, body, _FIXED)
    except GraphError:
        del ctx.state.service_principals[principal.id]
        raise
    principal.owners = [caller_of(ctx).object_id]
    return entity_reply(ctx, "servicePrincipals/$entity", principal, 201)


def _registration(state: EntraState, app_id: str) -> Entity:
    for app in state.applications.values():
        if app.text("appId") == app_id:
            return app
    raise bad_request(
        f"The appId '{app_id}' of the service principal does not reference a valid application."
    )


@graph_route("GET", "/servicePrincipals/<sp_id>", *APPLICATION_READ)
def get_principal(ctx: Context, sp_id: str) -> Response:
    """One service principal by object id."""
    principal = find(ctx.state, "servicePrincipal", sp_id)
    return one_reply(ctx, "servicePrincipals/$entity", principal.properties)


@graph_route("GET", "/servicePrincipals(appId='<app_id>')", *APPLICATION_READ)
def get_principal_by_app(ctx: Context, app_id: str) -> Response:
    """One service principal by its application's id."""
    principal = principal_of(ctx.state, app_id.lower())
    if principal is None:
        raise GraphError(404, f"Resource '{app_id}' does not exist.")
    return one_reply(ctx, "servicePrincipals/$entity", principal.properties)


@graph_route("PATCH", "/servicePrincipals/<sp_id>", *APPLICATION_WRITE)
def update_principal(ctx: Context, sp_id: str) -> Response:
    """Change properties."""
    principal = find(ctx.state, "servicePrincipal", sp_id)
    apply_properties(principal, body_object(ctx), _FIXED)
    return no_content()


@graph_route("DELETE", "/servicePrincipals/<sp_id>", *APPLICATION_WRITE)
def delete_principal(ctx: Context, sp_id: str) -> Response:
    """To the recycle bin, with its assignments and provisioning."""
    forget(ctx.state, find(ctx.state, "servicePrincipal", sp_id), keep=True)
    return no_content()


@graph_route("GET", "/servicePrincipals/<sp_id>/owners", *APPLICATION_READ)
def list_owners(ctx: Context, sp_id: str) -> Response:
    """Who owns the service principal."""
    owners = find(ctx.state, "servicePrincipal", sp_id).owners
    return objects_reply(ctx, existing(ctx.state, owners))


@graph_route("POST", "/servicePrincipals/<sp_id>/owners/$ref", *APPLICATION_WRITE)
def add_owner(ctx: Context, sp_id: str) -> Response:
    """One more owner; once only."""
    principal = find(ctx.state, "servicePrincipal", sp_id)
    add_reference(principal.owners, reference(ctx.state, body_object(ctx)), "owners")
    return no_content()


@graph_route("DELETE", "/servicePrincipals/<sp_id>/owners/<object_id>/$ref", *APPLICATION_WRITE)
def remove_owner(ctx: Context, sp_id: str, object_id: str) -> Response:
    """One owner less."""
    remove_reference(find(ctx.state, "servicePrincipal", sp_id).owners, object_id)
    return no_content()
