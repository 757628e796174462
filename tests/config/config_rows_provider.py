"""Bad identity provider, first half: what both kinds and Okta have."""

from tests.config.config_rows import IDP, Bad, entra, okta
from tests.config.config_samples import REMOVED

PROVIDER_ROWS: tuple[Bad, ...] = (
    # identity provider
    okta("no provider", (IDP,), REMOVED, f".{IDP}", "is missing", "kind"),
    okta("no kind", (IDP, "kind"), REMOVED, f".{IDP}.kind", "kind is missing", '"kind: entra"'),
    okta("kind case", (IDP, "kind"), "Okta", f".{IDP}.kind", '"Okta"', 'write "kind: okta"'),
    okta(
        "kind azure", (IDP, "kind"), "azuread", f".{IDP}.kind", '"azuread"', 'write "kind: entra"'
    ),
    okta(
        "key of entra",
        (IDP, "appName"),
        "x",
        f".{IDP}.appName",
        "belongs to kind entra",
        "kind: entra",
    ),
    entra(
        "key of okta",
        (IDP, "orgName"),
        "x",
        f".{IDP}.orgName",
        "belongs to kind okta",
        "kind: okta",
    ),
    okta(
        "key elsewhere",
        ("expiresOn",),
        "2027-05-20T00:00:00Z",
        ".expiresOn",
        "stands in the wrong place",
        "under token",
    ),
    okta(
        "snake case key", ("break_glass",), [], ".break_glass", "is no key here", "write breakGlass"
    ),
    okta(
        "org domain",
        (IDP, "orgName"),
        "example.okta.com",
        f".{IDP}.orgName",
        "plain name",
        "write example",
    ),
    okta(
        "org url",
        (IDP, "orgName"),
        "https://example-admin.okta.com/admin",
        f".{IDP}.orgName",
        "plain name",
        "write example",
    ),
    okta(
        "org own domain",
        (IDP, "orgName"),
        "login.example.com",
        f".{IDP}.orgName",
        "plain name",
        "okta.com address",
    ),
    okta(
        "label too long",
        (IDP, "appLabel"),
        "x" * 101,
        f".{IDP}.appLabel",
        "101 characters",
        "shorter",
    ),
    okta(
        "catalog title",
        (IDP, "catalogApp"),
        "SCIM 2.0 Test App (OAuth Bearer Token)",
        f".{IDP}.catalogApp",
        "is no key",
        "scim2testapp",
    ),
    okta(
        "confirmed as text",
        (IDP, "apiIntegrationConfirmed"),
        "yes",
        f".{IDP}.apiIntegrationConfirmed",
        "neither true nor false",
        "write true",
    ),
    okta(
        "users group is a role",
        (IDP, "usersGroup", "name"),
        "Administrator",
        f".{IDP}.usersGroup.name",
        "name of a role group",
        "another name",
    ),
    okta(
        "users group long",
        (IDP, "usersGroup", "name"),
        "x" * 256,
        f".{IDP}.usersGroup.name",
        "256 characters",
        "shorter",
    ),
    entra(
        "users group CF",
        (IDP, "usersGroup", "name"),
        "CF Users",
        f".{IDP}.usersGroup.name",
        "begins with CF",
        "Cloudflare Users",
        why_not="the group's schema is shared with Okta",
    ),
    entra(
        "member filter",
        (IDP, "userFilter", 0),
        {"attribute": "MemberOf", "operator": "EQUALS", "value": "x"},
        f".{IDP}.userFilter[0].attribute",
        "group membership",
        "scope: assigned",
    ),
    entra(
        "member operator",
        (IDP, "userFilter", 0),
        {"attribute": "department", "operator": "IsMemberOf", "value": "x"},
        f".{IDP}.userFilter[0].operator",
        "group membership",
        "scope: assigned",
    ),
)
