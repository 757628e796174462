"""The config object `cloudflare-scim:scim` as one frozen value."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationError

from scim.identity import EntraConfig, IdentityProvider, OktaConfig, UserFilter, UsersGroup
from scim.model import Part
from scim.problems import ConfigError, Problem
from scim.roles import ROLES, Role
from scim.vocabulary import AccountId, Cidr, Day, Email, Moment, Name, RoleName

__all__ = [
    "Account",
    "EntraConfig",
    "OktaConfig",
    "RoleConfig",
    "ScimConfig",
    "TokenConfig",
    "UserFilter",
    "UsersGroup",
    "Waiver",
    "parse_config",
]

CONFIG_KEY = "cloudflare-scim:scim"


class Account(Part):
    """The one Cloudflare account of the stack."""

    id: AccountId
    name: Name


class TokenConfig(Part):
    """The API token the identity provider signs in with."""

    owner: Literal["account", "user"] = "account"
    name: Name
    expires_on: Moment | None = None
    allowed_cidrs: Annotated[tuple[Cidr, ...], Field(strict=False)] = ()
    rotation: Name = "1"

    @property
    def expires_on_text(self) -> str | None:
        """The expiry as every vendor writes it back (UTC, whole seconds), or nothing."""
        return self.expires_on and self.expires_on.strftime("%Y-%m-%dT%H:%M:%SZ")


class RoleConfig(Part):
    """Who has a role: exactly `members`, or (absent) whoever the identity provider says."""

    members: Annotated[tuple[Email, ...], Field(strict=False)] | None = None


class Waiver(Part):
    """A policy rule set aside by name, until a day, by someone, for a reason."""

    rule: Name
    until: Day
    by: Name
    reason: Name


def _in_order(roles: Mapping[Role, RoleConfig]) -> Mapping[Role, RoleConfig]:
    return {role: roles[role] for role in ROLES if role in roles}


def _all_roles() -> Mapping[Role, RoleConfig]:
    return {role: RoleConfig() for role in ROLES}


class ScimConfig(Part):
    """The whole declaration of one stack. Made by `parse_config`, which checks everything."""

    account: Account
    role_model: Literal["userGroups", "virtualGroups"]
    token: TokenConfig
    roles: Annotated[Mapping[RoleName, RoleConfig], AfterValidator(_in_order)] = Field(
        default_factory=_all_roles
    )
    group_prefix: str = ""
    break_glass: Annotated[tuple[Email, ...], Field(strict=False)] = ()
    waivers: Annotated[tuple[Waiver, ...], Field(strict=False)] = ()
    identity_provider: IdentityProvider


def parse_config(value: object, *, stack: str, now: datetime | None = None) -> ScimConfig:
    """The config object as JSON gives it -> the frozen config of `stack`.

    Raises `ConfigError` with every problem found; key paths begin with `cloudflare-scim:scim`.
    """
    if isinstance(value, Mapping):
        token = value.get("token", {})
        if isinstance(token, Mapping):
            token = {"name": f"cloudflare-scim-{stack}", **token}
        value = {**value, "token": token}
    try:
        return ScimConfig.model_validate(value, by_alias=True, by_name=False)
    except ValidationError as error:
        raise ConfigError(
            Problem(
                ".".join([CONFIG_KEY, *map(str, item["loc"])]),
                item["msg"],
                "it cannot be used as it is",
                "correct it",
            )
            for item in error.errors(include_url=False, include_input=False)
        ) from None
