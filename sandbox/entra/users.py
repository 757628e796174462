"""Users: read, filter, create, change, delete; and the tenant's organization."""

import re

from werkzeug import Response

from sandbox.entra.defaults import new_user
from sandbox.entra.directory import apply_properties, forget, objects_reply
from sandbox.entra.errors import GraphError, bad_request, not_found
from sandbox.entra.graph import body_object, entity_reply, graph_route, no_content
from sandbox.entra.odata import ListRule, list_reply, one_reply
from sandbox.entra.permissions import ORGANIZATION_READ, USER_READ, USER_WRITE
from sandbox.entra.state import Entity, EntraState, now
from sandbox.server.people import Person
from sandbox.server.router import Context

# What v1.0 answers without $select.
DEFAULT_PROPERTIES = (
    "businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone",
    "officeLocation", "preferredLanguage", "surname", "userPrincipalName", "id",
)  # fmt: skip
_PRINCIPAL_NAME = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_FIXED: frozenset[str] = frozenset()


def find_user(state: EntraState, key: str) -> Entity:
    """A user by id or user principal name. Raises GraphError 404."""
    user = state.users.get(key.lower()) or state.user_by_name(key)
    if user is None:
        raise not_found(key)
    return user


@graph_route("GET", "/users", *USER_READ)
def list_users(ctx: Context) -> Response:
    """All users, with $filter, $select, $top …"""
    users = (user.properties for user in ctx.state.users.values())
    return list_reply(ctx, ListRule("users", DEFAULT_PROPERTIES), users)


@graph_route("GET", "/users/<key>", *USER_READ)
def get_user(ctx: Context, key: str) -> Response:
    """One user by id or user principal name."""
    user = find_user(ctx.state, key)
    return one_reply(ctx, "users/$entity", user.properties, DEFAULT_PROPERTIES)


@graph_route("GET", "/users/<key>/manager", *USER_READ)
def get_manager(ctx: Context, key: str) -> Response:
    """Nobody has a manager here."""
    find_user(ctx.state, key)
    raise not_found("manager")


@graph_route("GET", "/users/<key>/memberOf", *USER_READ)
def member_of(ctx: Context, key: str) -> Response:
    """The groups a user is directly in."""
    user = find_user(ctx.state, key)
    return objects_reply(ctx, [g for g in ctx.state.groups.values() if user.id in g.members])


@graph_route("POST", "/users", *USER_WRITE)
def create_user(ctx: Context) -> Response:
    """A new member of the tenant."""
    body = dict(body_object(ctx))
    body.pop("passwordProfile", None)
    for name in ("accountEnabled", "displayName", "mailNickname", "userPrincipalName"):
        if body.get(name) in (None, ""):
            raise bad_request(f"A value is required for property '{name}' of resource 'User'.")
    principal_name = str(body["userPrincipalName"])
    _check_principal_name(ctx.state, principal_name, None)
    blank = new_user(Person.of(principal_name), now())
    blank.update({"mail": None, "givenName": None, "surname": None, "proxyAddresses": []})
    draft = Entity(id="", kind="user", properties=blank)
    apply_properties(draft, body, _FIXED)
    return entity_reply(ctx, "users/$entity", ctx.state.add("user", draft.properties), 201)


@graph_route("PATCH", "/users/<key>", *USER_WRITE)
def update_user(ctx: Context, key: str) -> Response:
    """Change properties."""
    user = find_user(ctx.state, key)
    body = dict(body_object(ctx))
    body.pop("passwordProfile", None)
    if "userPrincipalName" in body:
        _check_principal_name(ctx.state, str(body["userPrincipalName"]), user)
    apply_properties(user, body, _FIXED)
    return no_content()


@graph_route("DELETE", "/users/<key>", *USER_WRITE)
def delete_user(ctx: Context, key: str) -> Response:
    """To the recycle bin."""
    forget(ctx.state, find_user(ctx.state, key), keep=True)
    return no_content()


def _check_principal_name(state: EntraState, name: str, owner: Entity | None) -> None:
    if not _PRINCIPAL_NAME.fullmatch(name):
        message = "Property userPrincipalName is invalid: it must be a local name and a domain."
        raise bad_request(message)
    existing = state.user_by_name(name)
    if existing is not None and existing is not owner:
        raise bad_request(
            "Another object with the same value for property userPrincipalName already exists."
        )


@graph_route("GET", "/organization", *ORGANIZATION_READ)
def organization(ctx: Context) -> Response:
    """The tenant."""
    tenant = {
        "id": ctx.state.tenant_id,
        "displayName": "Example",
        "tenantType": "AAD",
        "countryLetterCode": "US",
        "verifiedDomains": [
            {"name": "example.com", "isDefault": True, "isInitial": False, "type": "Managed"},
            {
                "name": "example.onmicrosoft.com",
                "isDefault": False,
                "isInitial": True,
                "type": "Managed",
            },
        ],
    }
    return list_reply(ctx, ListRule("organization"), [tenant])


@graph_route("GET", "/me", *USER_READ)
def me(ctx: Context) -> Response:
    """Only a person has /me; the sandbox knows applications alone."""
    message = "/me request is only valid with delegated authentication flow."
    raise GraphError(400, message, "BadRequest")
