"""The identity provider's half of the config: Okta or Microsoft Entra."""

from typing import Annotated, Literal

from pydantic import Field

from cfscim.config.base import MembersGiven, Part
from cfscim.config.filters import UserFilter
from cfscim.config.words import (
    AppLabel,
    CatalogApp,
    Email,
    EntraName,
    GroupName,
    OrgName,
    UrlSuffix,
)

People = Annotated[tuple[Email, ...], Field(strict=False)]


class UsersGroup(Part):
    """The group of all Cloudflare users, which is assigned to the application."""

    name: GroupName = Field(
        default="Cloudflare Users",
        description="Name of the identity provider's group of all Cloudflare users.",
        examples=["Cloudflare Users"],
    )
    members: Annotated[People | None, MembersGiven] = Field(
        default=None,
        description="E-mail addresses of exactly the people in this group, besides those with a "
        "role. Left out: the identity provider manages it, and people with a role are added.",
        examples=[["katherine@example.com"]],
    )


class OktaConfig(Part):
    """Okta as identity provider (guide, "Provision with Okta")."""

    kind: Literal["okta"] = Field(description="The identity provider is Okta.")
    org_name: OrgName = Field(
        description="Name of the Okta organisation, the first part of its okta.com address; "
        "used for links.",
        examples=["example"],
    )
    app_label: AppLabel = Field(
        default="Cloudflare SCIM",
        description="Label of the Okta app integration.",
        examples=["Cloudflare SCIM"],
    )
    catalog_app: CatalogApp = Field(
        default="scim2testapp",
        description="Key of the catalog app; scim2testapp is SCIM 2.0 Test App (OAuth Bearer "
        "Token).",
        examples=["scim2testapp"],
    )
    api_integration: Literal["console", "api"] = Field(
        default="console",
        description="Who configures the app's API integration: a person in Okta's console, or "
        "this program through Okta's API, which Okta supports for few apps.",
        examples=["console"],
    )
    api_integration_confirmed: bool = Field(
        default=False,
        description="Whether a person has done the console steps. The groups are pushed only once "
        "it is true and Okta was read back.",
    )
    users_group: UsersGroup = Field(
        default_factory=UsersGroup,
        description="The group of all Cloudflare users, assigned to the app.",
    )


class EntraConfig(Part):
    """Microsoft Entra as identity provider (guide, "Provision using Microsoft Entra")."""

    kind: Literal["entra"] = Field(description="The identity provider is Microsoft Entra ID.")
    app_name: EntraName = Field(
        default="Cloudflare SCIM",
        description="Display name of the enterprise application.",
        examples=["Cloudflare SCIM"],
    )
    users_group: UsersGroup = Field(
        default_factory=UsersGroup,
        description="The group of all Cloudflare users, assigned to the application.",
    )
    scope: Literal["assigned", "filtered"] = Field(
        default="assigned",
        description="Who is provisioned. assigned: assigned users and groups only. filtered: all "
        "records, with a scoping filter on exactly the role groups.",
        examples=["assigned"],
    )
    user_filter: Annotated[tuple[UserFilter, ...], Field(strict=False)] = Field(
        default=(),
        description="Clauses a user must all satisfy to be provisioned, with scope filtered only.",
    )
    start: bool = Field(
        default=True, description="Whether provisioning is started once all is in place."
    )
    notification_email: Email | None = Field(
        default=None,
        description="Address Entra writes to when provisioning is quarantined.",
        examples=["it@example.com"],
    )
    deletion_threshold: Annotated[int, Field(gt=0)] | None = Field(
        default=None,
        description="Most deletions in one cycle before Entra stops it (accidental deletions "
        "prevention).",
        examples=[10],
    )
    tenant_url_suffix: UrlSuffix = Field(
        default="",
        description="Query put after the tenant URL, such as ?aadOptscim062020.",
        examples=["?aadOptscim062020"],
    )


IdentityProvider = Annotated[OktaConfig | EntraConfig, Field(discriminator="kind")]
