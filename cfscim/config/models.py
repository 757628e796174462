"""The config object `cloudflare-scim:scim` as one frozen value."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationError

from cfscim.config.base import MembersGiven, Part
from cfscim.config.filters import UserFilter
from cfscim.config.identity_provider import (
    EntraConfig,
    IdentityProvider,
    OktaConfig,
    People,
    UsersGroup,
)
from cfscim.config.keypath import CONFIG_KEY
from cfscim.config.messages import ConfigError
from cfscim.config.roles import ROLES, Role
from cfscim.config.rules import broken_rules
from cfscim.config.translate import problem_of
from cfscim.config.words import (
    AccountId,
    AccountName,
    Cidr,
    Day,
    Moment,
    Name,
    Prefix,
    RoleName,
    Slug,
    TokenName,
)

__all__ = [
    "CONFIG_KEY",
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


class Account(Part):
    """The one Cloudflare account of the stack."""

    id: AccountId = Field(
        description="Cloudflare account id: 32 lower-case hex digits.",
        examples=["0123456789abcdef0123456789abcdef"],
    )
    name: AccountName = Field(
        description="Name of the account, for people who read plans and checklists.",
        examples=["Example Corp"],
    )


class TokenConfig(Part):
    """The API token with which the identity provider signs in to Cloudflare's SCIM endpoint."""

    owner: Literal["account", "user"] = Field(
        default="account",
        description="Who owns the token. account: the account, with SCIM Provisioning. user: the "
        "user who runs the program, with the guide's four permissions.",
        examples=["account"],
    )
    name: TokenName = Field(
        default="cloudflare-scim",
        description="Name of the token; cloudflare-scim-<stack> when left out.",
        examples=["cloudflare-scim-prod"],
    )
    expires_on: Moment | None = Field(
        default=None,
        description="Moment the token ends, RFC 3339 with zone and whole seconds. Left out: it "
        "never ends.",
        examples=["2027-05-20T00:00:00Z"],
    )
    allowed_cidrs: Annotated[tuple[Cidr, ...], Field(strict=False)] = Field(
        default=(),
        description="Networks the token is accepted from; must hold every address range of the "
        "identity provider. Empty: from everywhere.",
        examples=[["203.0.113.0/24"]],
    )
    rotation: Name = Field(
        default="1",
        description="Any text, whose change replaces the token, the new one first.",
        examples=["1"],
    )

    @property
    def expires_on_text(self) -> str | None:
        """The expiry as Cloudflare writes it back (UTC, whole seconds), or nothing."""
        return self.expires_on and self.expires_on.strftime("%Y-%m-%dT%H:%M:%SZ")


class RoleConfig(Part):
    """Who has a role: exactly `members`, or (absent) whoever the identity provider says."""

    members: Annotated[People | None, MembersGiven] = Field(
        default=None,
        description="E-mail addresses of exactly the people with this role; [] for nobody. Left "
        "out: the identity provider manages who has it.",
        examples=[["ada@example.com"]],
    )


class Waiver(Part):
    """A policy rule set aside by name, until a day, by someone, for a reason."""

    rule: Slug = Field(
        description="Name of the policy rule that is set aside.", examples=["token-expiry"]
    )
    until: Day = Field(description="Last day it is set aside.", examples=["2026-12-31"])
    by: Name = Field(description="Who allowed it.", examples=["Grace Hopper"])
    reason: Name = Field(description="Why it was allowed.", examples=["migration until year end"])


def _in_order(roles: Mapping[Role, RoleConfig]) -> Mapping[Role, RoleConfig]:
    return {role: roles[role] for role in ROLES if role in roles}


def _all_roles() -> Mapping[Role, RoleConfig]:
    return {role: RoleConfig() for role in ROLES}


class ScimConfig(Part):
    """Everything a stack declares. Made by `parse_config`, which checks what no field can alone."""

    account: Account = Field(description="The Cloudflare account people are provisioned to.")
    role_model: Literal["userGroups", "virtualGroups"] = Field(
        description="How a group gives a role. userGroups: a Cloudflare User Group with a policy, "
        "what Cloudflare accepts today. virtualGroups: by the group's name, as in the guide.",
        examples=["userGroups"],
    )
    token: TokenConfig = Field(
        default_factory=TokenConfig, description="The API token of the identity provider."
    )
    roles: Annotated[Mapping[RoleName, RoleConfig], AfterValidator(_in_order)] = Field(
        default_factory=_all_roles,
        description="The declared roles by exact name. Left out: all four, with their members "
        "managed in the identity provider.",
        examples=[{"Administrator": {"members": ["ada@example.com"]}}],
    )
    group_prefix: Prefix = Field(
        default="",
        description="Text put before each role name, with userGroups only. The result must not "
        "begin with CF.",
        examples=["Cloudflare "],
    )
    break_glass: People = Field(
        default=(),
        description="E-mail addresses of Super Administrators kept outside SCIM.",
        examples=[["owner@example.com"]],
    )
    waivers: Annotated[tuple[Waiver, ...], Field(strict=False)] = Field(
        default=(), description="Policy rules set aside, each by name and until a day."
    )
    identity_provider: IdentityProvider = Field(
        description="Where people and groups come from: kind okta or kind entra."
    )


def parse_config(
    value: object,
    *,
    stack: str,
    now: datetime | None = None,
    written: Mapping[str, str] | None = None,
) -> ScimConfig:
    """Checks the config object of `stack`, given as JSON gives it, and returns it frozen.

    `now` is the moment an expiry must lie after; `written` holds, by key path, the text of values
    that YAML read as something other than text, for the messages. Raises `ConfigError` with every
    problem found, by key path from `cloudflare-scim:scim`.
    """
    problems = broken_rules(value, now=now or datetime.now(UTC))
    secrets = tuple(problem.path for problem in problems if problem.secret)
    try:
        config = ScimConfig.model_validate(
            _with_token_name(value, stack), by_alias=True, by_name=False
        )
    except ValidationError as error:
        for details in error.errors(include_url=False):
            problem = problem_of(details, ScimConfig, written or {})
            if not (secrets and problem.path.startswith(secrets)):
                problems.append(problem)
        raise ConfigError(problems) from None
    if problems:
        raise ConfigError(problems)
    return config


def _with_token_name(value: object, stack: str) -> object:
    if not isinstance(value, Mapping):
        return value
    token = value.get("token", {})
    if isinstance(token, Mapping):
        token = {"name": f"cloudflare-scim-{stack}"[:120], **token}
    return {**value, "token": token}
