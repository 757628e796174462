"""The apps of the catalogue that this organisation offers, and how far Okta's API can set them up.

Source: the connection's description in Okta's OpenAPI document (only ``okta_org2org`` and
``zscalerbyz`` take a token, only ``zscalerbyz`` a base URL), and the SCIM test apps' titles in
the catalogue.
"""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class CatalogApp:
    """One app of the catalogue."""

    name: str
    title: str
    settings: dict[str, object] = field(default_factory=dict)
    takes_connection: bool = False  # the connection API works
    takes_base_url: bool = False  # … and takes the target's address
    sends: Literal["bearer", "raw", "basic"] = "bearer"  # how the stored token goes out

    @property
    def link(self) -> str:
        """The key of the app's only link."""
        return f"{self.name}_login"


_SAML_TEST: dict[str, object] = {"acsUrl": None, "audienceUri": None, "swaLoginUrl": None}
_APPS = (
    CatalogApp("scim2testapp", "SCIM 2.0 Test App (OAuth Bearer Token)", _SAML_TEST),
    CatalogApp("scim2testapp_basic", "SCIM 2.0 Test App (Basic Auth)", _SAML_TEST, sends="basic"),
    CatalogApp("scim2headerauth", "SCIM 2.0 Test App (Header Auth)", _SAML_TEST, sends="raw"),
    CatalogApp(
        "okta_org2org",
        "Okta Org2Org",
        {
            "acsUrl": None,
            "audRestriction": None,
            "baseUrl": None,
            "creationState": None,
            "preferUsernameOverEmail": None,
            "token": None,
            "tokenEncrypted": None,
        },
        takes_connection=True,
    ),
    CatalogApp(
        "zscalerbyz",
        "Zscaler 2.0",
        {"siteDomain": None},
        takes_connection=True,
        takes_base_url=True,
    ),
)
CATALOG = {app.name: app for app in _APPS}
