"""The administrator roles of Okta's credential: a scope without one is answered 403, and with one
that only reads an update fails half-way.

Source: Okta, "Roles in Okta" and the role assignments of a client and of a user; only a super
administrator, or a custom role with the permission to view administrators, may read them.
"""

from collections.abc import Iterator, Mapping
from urllib.parse import quote

from cfscim.config.provider_settings import (
    OKTA_ACCESS_TOKEN,
    OKTA_API_TOKEN,
    OKTA_CLIENT,
    OKTA_SCOPES,
)
from cfscim.preflight.answers import Asked
from cfscim.preflight.rights import Right
from cfscim.rehearsal.handler import inner, items, string
from cfscim.vendors.errors import AnswerError
from cfscim.vendors.http import HttpClient
from cfscim.vendors.okta import NOT_GRANTED, READ_ROLES, USERS
from cfscim.vendors.okta.signin import okta_http
from cfscim.vendors.settings import Settings

_ANY = ("SUPER_ADMIN", "ORG_ADMIN")
_READERS = ("READ_ONLY_ADMIN", "APP_ADMIN", *_ANY)
ADMIN = (
    Right(
        "Manage applications",
        "the app, its assignments and pushes",
        ("okta.apps.manage", "APP_ADMIN", "SUPER_ADMIN"),
    ),
    Right(
        "Manage groups",
        "the groups and who is in them",
        ("okta.groups.manage", "USER_ADMIN", *_ANY),
    ),
    Right(
        "View users and their details",
        "people by their e-mail address",
        ("okta.users.read", "okta.users.manage", "USER_ADMIN", *_READERS),
    ),
    Right(
        "Read-only Administrator",
        "the app's authentication policy",
        ("okta.policies.read", "okta.policies.manage", *_READERS),
    ),
)
"""By permissions of a custom role, and by standard roles that contain them."""


def roles_of(asked: Asked) -> frozenset[str] | None:
    """Standard roles and permissions of custom ones; None where they cannot be read."""
    settings = Settings(asked.settings, asked.env)
    if settings.text(*OKTA_ACCESS_TOKEN):
        return None
    by_token = bool(settings.text(*OKTA_API_TOKEN))
    scoped: Mapping[str, str] = {**asked.settings, OKTA_SCOPES.key: READ_ROLES}
    try:
        with okta_http(asked.settings if by_token else scoped, asked.env) as http:
            return frozenset(_listed(http, settings, by_token=by_token))
    except AnswerError as error:
        if error.kind in ("forbidden", "not found") or error.code in NOT_GRANTED:
            return None
        raise


def _listed(http: HttpClient, settings: Settings, *, by_token: bool) -> Iterator[str]:
    if by_token:
        me = string(inner({"is": http.get(f"{USERS}/me").body}, "is"), "id")
        path = f"{USERS}/{quote(me)}/roles"
    else:
        client = settings.text(*OKTA_CLIENT)
        path = f"/oauth2/v1/clients/{quote(client)}/roles"
    for role in items({"is": http.get(path, lists=True).body}, "is"):
        yield string(role, "type")
        if string(role, "role"):
            path = f"/api/v1/iam/roles/{quote(string(role, 'role'))}/permissions"
            permissions = items(inner({"is": http.get(path).body}, "is"), "permissions")
            yield from (string(permission, "label") for permission in permissions)
