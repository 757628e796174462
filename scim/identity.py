"""The identity provider's half of the config: Okta or Microsoft Entra."""

from typing import Annotated, Literal

from pydantic import Field

from scim.model import Part
from scim.vocabulary import Email, Name


class UsersGroup(Part):
    """The group of all Cloudflare users, which is assigned to the application."""

    name: Name = "Cloudflare Users"
    members: Annotated[tuple[Email, ...], Field(strict=False)] | None = None


class OktaConfig(Part):
    """Okta: guide, "Provision with Okta"."""

    kind: Literal["okta"]
    org_name: str
    app_label: Name = "Cloudflare SCIM"
    catalog_app: str = "scim2testapp"
    api_integration: Literal["console", "api"] = "console"
    api_integration_confirmed: bool = False
    users_group: UsersGroup = UsersGroup()


class UserFilter(Part):
    """One clause of the scoping filter on users; all clauses must hold."""

    attribute: str
    operator: str
    value: str = ""


class EntraConfig(Part):
    """Microsoft Entra: guide, "Provision using Microsoft Entra"."""

    kind: Literal["entra"]
    app_name: Name = "Cloudflare SCIM"
    users_group: UsersGroup = UsersGroup()
    scope: Literal["assigned", "filtered"] = "assigned"
    user_filter: Annotated[tuple[UserFilter, ...], Field(strict=False)] = ()
    start: bool = True
    notification_email: Email | None = None
    deletion_threshold: Annotated[int, Field(gt=0)] | None = None
    tenant_url_suffix: str = ""


IdentityProvider = Annotated[OktaConfig | EntraConfig, Field(discriminator="kind")]
