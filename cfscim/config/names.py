"""Every name the identity provider and Cloudflare compare byte for byte."""

from urllib.parse import quote

from cfscim.config.facts import PROVIDERS
from cfscim.config.models import ScimConfig
from cfscim.config.roles import Role

CLOUDFLARE_API = "https://api.cloudflare.com/client/v4"
"""Where Cloudflare's API is, version included."""
OKTA_USER_NAME = "${source.email}"
"""What Okta sends as userName; Cloudflare takes nothing but the e-mail address."""


def group_name(config: ScimConfig, role: Role) -> str:
    """The identity provider's group for `role`; with userGroups also Cloudflare's User Group.

    Source: contract, "Group names in the identity provider"; guide, step 3 of "Configure user
    permissions on Okta" and "Configure user permissions in Azure AD".
    """
    if config.role_model == "userGroups":
        return config.group_prefix + role.value
    if config.identity_provider.kind == "entra":
        return virtual_group(config.account.id, role.value)
    return role.value


def virtual_group(account: str, role: str) -> str:
    """The full name of an account's virtual group of a role."""
    return f"CF-{account} - {role}"


def group_names(config: ScimConfig) -> dict[Role, str]:
    """The group name of every declared role, in the guide's order."""
    return {role: group_name(config, role) for role in config.roles}


def every_group_name(config: ScimConfig) -> tuple[str, ...]:
    """Of all groups in the identity provider: the role groups, then the users' group."""
    return (*group_names(config).values(), config.identity_provider.users_group.name)


OWN_TOKENS = "/user/tokens"
"""Below it, the tokens of whoever signs in."""


def account_path(account: str) -> str:
    """Below Cloudflare's API, everything of one account."""
    return f"/accounts/{quote(account)}"


def scim_path(account: str) -> str:
    """Below Cloudflare's API, an account's SCIM endpoint."""
    return f"{account_path(account)}/scim/v2"


def tenant_words(config: ScimConfig) -> str:
    """The identity provider's name as people say it."""
    return PROVIDERS[config.identity_provider.kind]


def scim_base_url(config: ScimConfig) -> str:
    """The SCIM address of the account (guide, "Integrate the Cloudflare API", step 3)."""
    return f"{CLOUDFLARE_API}{scim_path(config.account.id)}"
