"""Every right that `pulumi up` needs of each vendor's credential, as docs/permissions.md has them,
and the administrator roles of Okta's.

A test holds these tables to that page. Okta answers a scope without a role with 403, and with a
role that only reads an update fails half-way (Okta, "Roles in Okta" and the role assignments of a
client and of a user; only a super administrator, or a custom role with the permission to view
administrators, may read them).
"""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from cfscim.config.facts import TOKEN_PERMISSIONS
from cfscim.config.json_types import JsonObject, items, string
from cfscim.config.models import ScimConfig
from cfscim.config.provider_settings import (
    OKTA_ACCESS_TOKEN,
    OKTA_API_TOKEN,
    OKTA_CLIENT,
    OKTA_SCOPES,
)
from cfscim.config.roles import (
    ACCOUNT_SETTINGS_READ,
    ACCOUNT_SETTINGS_WRITE,
    ACCOUNT_TOKENS_WRITE,
    OWN_TOKENS_WRITE,
    SCIM_PROVISIONING,
    USER_DETAILS_READ,
)
from cfscim.preflight.answers import Asked
from cfscim.vendors.entra import READ_APPLICATIONS, READ_USERS
from cfscim.vendors.errors import AnswerError
from cfscim.vendors.http import HttpClient
from cfscim.vendors.okta import NOT_GRANTED, READ_PEOPLE, READ_ROLES, USERS
from cfscim.vendors.okta.signin import okta_http
from cfscim.vendors.pages import odata_pages, told
from cfscim.vendors.settings import Settings


@dataclass(frozen=True)
class Right:
    """One right: its name at the vendor, what it is for, and rights that contain it."""

    name: str
    use: str
    contained_in: tuple[str, ...] = ()

    def is_in(self, granted: frozenset[str]) -> bool:
        """Whether any of `granted` gives it."""
        return bool({self.name, *self.contained_in} & granted)


OKTA = (
    Right("okta.apps.manage", "the app, its assignments and pushes"),
    Right("okta.groups.manage", "the groups and who is in them"),
    Right(READ_PEOPLE, "people by their e-mail address", ("okta.users.manage",)),
    Right("okta.policies.read", "the app's authentication policy", ("okta.policies.manage",)),
)
ENTRA = (
    Right(
        "Application.ReadWrite.OwnedBy",
        "the enterprise application and its provisioning",
        ("Application.ReadWrite.All",),
    ),
    Right("AppRoleAssignment.ReadWrite.All", "assigning the groups to the application"),
    Right(
        READ_APPLICATIONS,
        "reading the application that is assigned to",
        ("Application.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"),
    ),
    Right("Group.ReadWrite.All", "the groups and who is in them", ("Directory.ReadWrite.All",)),
    Right(
        READ_USERS,
        "people by their e-mail address",
        ("User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"),
    ),
)
_GLOBAL = "62e90394-69f5-4237-9190-012177145e10"
DIRECTORY = (
    Right(
        "Application Administrator",
        "the enterprise application, its assignments and its provisioning",
        (
            "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",
            "158c047a-c907-4556-b7ef-446551a6b5f7",  # Cloud Application Administrator
            _GLOBAL,
        ),
    ),
    Right(
        "Groups Administrator",
        "the groups and who is in them",
        (
            "fdd7a751-b60b-444a-984c-02652fe8fa1c",
            "fe930be7-5e62-47db-91af-98c3a49a38b2",  # User Administrator
            _GLOBAL,
        ),
    ),
)
"""Directory roles of a person who signs in to Entra, by the template ids in the token's `wids`
(Microsoft, "Microsoft Entra built-in roles" and "Access token claims reference")."""
_TO_MAKE_IT = "making a token that has this right"
_CLOUDFLARE: Mapping[str, tuple[Right, ...]] = {
    "account": (Right(ACCOUNT_TOKENS_WRITE, "the SCIM token, and its rotation"),),
    "user": (
        Right(OWN_TOKENS_WRITE, "the SCIM token, and its rotation"),
        Right(USER_DETAILS_READ, "the token's owner", ("User Details Write",)),
    ),
}
_ALSO_FOR: Mapping[str, str] = {
    SCIM_PROVISIONING: f"the User Groups, and {_TO_MAKE_IT}",
    ACCOUNT_SETTINGS_READ: "the catalogues of permissions",
    ACCOUNT_SETTINGS_WRITE: "the User Groups and their policies",
}
"""What a permission of the token is needed for beside making the token."""

CLOUDFLARE: Mapping[str, tuple[Right, ...]] = {
    owner: (
        *rights,
        *(Right(name, _ALSO_FOR.get(name, _TO_MAKE_IT)) for name in TOKEN_PERMISSIONS[owner]),
    )
    for owner, rights in _CLOUDFLARE.items()
}
"""By the token's owner. Only who has a permission can give it to a token."""

HOW: Mapping[str, str] = {
    "Okta": "grant it to the service app under Okta API Scopes, and ask for it in "
    f"{OKTA_SCOPES.either} (docs/permissions.md)",
    "Entra": "add it under API permissions > Microsoft Graph > Application permissions and grant "
    "admin consent (docs/permissions.md)",
    "Cloudflare": "edit the program's own token in the dashboard and add the permission "
    "(docs/permissions.md)",
}
"""How a missing right is granted."""

HOW_ASKED_FOR = (
    "grant it to the app under Okta API Scopes, and ask for it when the access token is made "
    "(docs/permissions.md)"
)
HOW_PERSON = (
    "assign the person the role in the Entra admin center, Roles & admins, or sign in as an "
    "application (docs/permissions.md)"
)
HOW_ROLE = (
    "give the service app (Admin roles > Edit assignments) or the API token's administrator a role "
    "that has it (docs/permissions.md)"
)


def needed(config: ScimConfig) -> Mapping[str, tuple[Right, ...]]:
    """By vendor, what this stack needs."""
    idp = {"Okta": OKTA} if config.identity_provider.kind == "okta" else {"Entra": ENTRA}
    return {"Cloudflare": CLOUDFLARE[config.token.owner], **idp}


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


def claims_of(token: str) -> JsonObject:
    """What an access token says of itself; nothing where it is not readable."""
    try:
        payload = token.split(".")[1]
        shown = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return {}
    return shown if isinstance(shown, dict) else {}


def roles_of(asked: Asked) -> frozenset[str] | None:
    """Standard roles and permissions of custom ones; None where they cannot be read."""
    settings = Settings(asked.settings, asked.env)
    given = settings.text(*OKTA_ACCESS_TOKEN) or settings.text(*OKTA_API_TOKEN)
    scoped: Mapping[str, str] = {**asked.settings, OKTA_SCOPES.key: READ_ROLES}
    try:
        with okta_http(asked.settings if given else scoped, asked.env) as http:
            return frozenset(_listed(http, _roles_path(http, settings)))
    except AnswerError as error:
        if error.kind in ("forbidden", "not found") or error.code in NOT_GRANTED:
            return None
        raise


def how_to_see_roles(asked: Asked) -> str:
    """What makes the roles of this credential readable, or tells them otherwise."""
    settings = Settings(asked.settings, asked.env)
    look, see = "its Admin roles", f"grant it {READ_ROLES} and"
    if not settings.text(*OKTA_ACCESS_TOKEN) and settings.text(*OKTA_API_TOKEN):
        look, see = "the roles of the person whose token it is", "give that person"
    return (
        f"look at {look}, or {see} a custom role with View roles, resources, and admin assignments "
        "(docs/permissions.md)"
    )


def _roles_path(http: HttpClient, settings: Settings) -> str:
    """Where the roles of whoever signs in are listed; an access token names its person or app."""
    token, person, app = settings.text(*OKTA_ACCESS_TOKEN), "", settings.text(*OKTA_CLIENT)
    if token:
        person, app = (string(claims_of(token), claim) for claim in ("uid", "cid"))
    elif settings.text(*OKTA_API_TOKEN):
        person, app = string(told(http.get(f"{USERS}/me")), "id"), ""
    if app and not person:
        return f"/oauth2/v1/clients/{quote(app)}/roles"
    return f"{USERS}/{quote(person or 'me')}/roles"


def _listed(http: HttpClient, path: str) -> Iterator[str]:
    for role in items({"is": http.get(path, lists=True).body}, "is"):
        yield string(role, "type")
        if string(role, "role"):
            path = f"/api/v1/iam/roles/{quote(string(role, 'role'))}/permissions"
            permissions = items(told(http.get(path)), "permissions")
            yield from (string(permission, "label") for permission in permissions)


_PERSONS_ROLES = "/v1.0/me/transitiveMemberOf/microsoft.graph.directoryRole"


def directory_roles(http: HttpClient) -> JsonObject:
    """The claim of a person's directory roles as they are now, held by groups as well; empty where
    they cannot be read, so that the token's own claim counts, which is as old as the sign-in.

    Source: Microsoft, "List a user's memberships" (a signed-in user needs `User.Read`).
    """
    try:
        listed = [*odata_pages(http, _PERSONS_ROLES, {"$select": "id,roleTemplateId"})]
    except AnswerError as error:
        if error.kind not in ("forbidden", "unauthorized", "rejected", "not found"):
            raise
        return {}
    return {"wids": [string(role, "roleTemplateId") for role in listed]}
