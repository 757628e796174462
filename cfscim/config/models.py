"""The config object `cloudflare-scim:scim` as one frozen value."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
)
from pydantic.alias_generators import to_camel

from cfscim.config.clouds import CloudName
from cfscim.config.kinds import NEXT, OF_A_ROLE, OF_THE_APPLICATION, OF_THE_USERS_GROUP
from cfscim.config.messages import ConfigError, Keys, first_problems
from cfscim.config.refusals import misspelled, problem_of, refuse
from cfscim.config.roles import ROLES, Role
from cfscim.config.rules import broken_rules
from cfscim.config.words import (
    GUIDE_APP,
    AccountId,
    AccountName,
    AppLabel,
    CatalogApp,
    Cidr,
    Day,
    Email,
    EntraName,
    FilterAttribute,
    FilterOperator,
    GroupName,
    Moment,
    Name,
    OrgName,
    Prefix,
    RoleName,
    Slug,
    TokenName,
    UrlSuffix,
    rfc_3339,
)


class Part(BaseModel):
    """A frozen part of the config: camelCase keys, nothing unknown, no silent conversion."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        alias_generator=to_camel,
        populate_by_name=True,
        defer_build=True,
    )


def _page(name: str) -> dict[str, JsonValue]:
    """The page of docs/ that says more about a field."""
    return {"$comment": name}


def _members_given(value: object) -> object:
    if value is None:
        raise refuse(
            "null says neither who nor nobody",
            "an absent list leaves the group to the identity provider, an empty one clears it",
            "write [] for nobody, or leave the key out to let the identity provider manage it",
        )
    return value


MembersGiven = BeforeValidator(_members_given)
"""Refuses null where an absent list and an empty list mean different things."""


class UserFilter(Part):
    """One clause of the scoping filter on users; a user must satisfy every clause."""

    attribute: FilterAttribute = Field(
        description="Attribute of the Entra user, such as department. MemberOf is refused: "
        "Microsoft has no such filter.",
        examples=["department"],
    )
    operator: FilterOperator = Field(
        description="Operator by Microsoft Graph's own name.", examples=["EQUALS"]
    )
    value: str = Field(
        default="",
        description="Value compared with, case-sensitively. Left out for IS NULL, IS NOT NULL, "
        "IS TRUE and IS FALSE, an integer in quotes for Greater_Than and Greater_Than_OR_EQUALS.",
        examples=["Engineering"],
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
        json_schema_extra=_page("memberships.md"),
        examples=[["katherine@example.com"]],
    )


class EntraUsersGroup(UsersGroup):
    """The group of all Cloudflare users in Entra, whose names may be one character longer."""

    name: EntraName = Field(
        default="Cloudflare Users",
        description="Name of the identity provider's group of all Cloudflare users.",
        examples=["Cloudflare Users"],
    )


class OktaConfig(Part):
    """Okta as identity provider (guide, "Provision with Okta")."""

    kind: Literal["okta"] = Field(description="The identity provider is Okta.")
    org_name: OrgName = Field(
        description="Name of the Okta organisation, the first part of its okta.com address; "
        "used for links. Must equal okta:orgName where that is given.",
        examples=["example"],
    )
    app_label: AppLabel = Field(
        default="Cloudflare SCIM",
        description="Label of the Okta app integration.",
        examples=["Cloudflare SCIM"],
    )
    catalog_app: CatalogApp = Field(
        default=GUIDE_APP,
        description="Key of the catalog app; scim2testapp is SCIM 2.0 Test App (OAuth Bearer "
        "Token).",
        examples=[GUIDE_APP],
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
        json_schema_extra=_page("console-checklist.md"),
    )
    users_group: UsersGroup = Field(
        default_factory=UsersGroup,
        description="The group of all Cloudflare users, assigned to the app.",
    )

    @property
    def by_hand(self) -> bool:
        """Whether a person, and no update, hands URL and token over."""
        return self.api_integration == "console"

    @property
    def confirmed(self) -> bool:
        """Whether a person says that this was done."""
        return self.api_integration_confirmed

    @property
    def delivers(self) -> bool:
        """Whether groups are pushed at all; else everything waits for a person."""
        return not self.by_hand or self.confirmed


class EntraConfig(Part):
    """Microsoft Entra as identity provider (guide, "Provision using Microsoft Entra")."""

    kind: Literal["entra"] = Field(description="The identity provider is Microsoft Entra ID.")
    cloud: CloudName = Field(
        default="global",
        description="Microsoft's cloud of the tenant; it decides template, addresses and links. "
        "azuread:environment (or ARM_ENVIRONMENT) must name the same one.",
        examples=["global"],
    )
    app_name: EntraName = Field(
        default="Cloudflare SCIM",
        description="Display name of the enterprise application.",
        examples=["Cloudflare SCIM"],
    )
    users_group: EntraUsersGroup = Field(
        default_factory=EntraUsersGroup,
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
        description="Query put after the tenant URL, such as ?aadOptscim062020. It switches "
        "Entra's SCIM dialect.",
        examples=["?aadOptscim062020"],
    )

    @property
    def by_hand(self) -> bool:
        """Never: each update hands URL and token over."""
        return False

    @property
    def confirmed(self) -> bool:
        """Nothing is done by hand that could be."""
        return False

    @property
    def delivers(self) -> bool:
        """Whether the job is started."""
        return self.start


IdentityProvider = Annotated[OktaConfig | EntraConfig, Field(discriminator="kind")]


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
    keep_previous: bool = Field(
        default=False,
        description="Whether a rotation leaves the previous token alive, until the new one was "
        "handed over. Take it out again once the new one is in use.",
        json_schema_extra=_page("rotate-token.md"),
    )
    rotation: Name = Field(
        default="1",
        description="Any text, whose change replaces the token, the new one first.",
        json_schema_extra=_page("rotate-token.md"),
        examples=["1"],
    )

    @property
    def expires_on_text(self) -> str | None:
        """The expiry as Cloudflare writes it back (UTC, whole seconds), or nothing."""
        return rfc_3339(self.expires_on) if self.expires_on else None


class RoleConfig(Part):
    """Who has a role: exactly `members`, or (absent) whoever the identity provider says."""

    members: Annotated[People | None, MembersGiven] = Field(
        default=None,
        description="E-mail addresses of exactly the people with this role; [] for nobody. Left "
        "out: the identity provider manages who has it.",
        json_schema_extra=_page("memberships.md"),
        examples=[["ada@example.com"]],
    )


class Waiver(Part):
    """A policy rule set aside by name, until a day, by someone, for a reason."""

    rule: Slug = Field(
        description="Name of the policy rule that is set aside.", examples=["token-expiry"]
    )
    until: Day = Field(description="Last day it is set aside.", examples=["2026-12-31"])
    by: Name = Field(description="Who allowed it.", examples=["grace@example.com"])
    reason: Name = Field(description="Why it was allowed.", examples=["migration until year end"])


if TYPE_CHECKING:
    Removable = str
else:
    Removable = Literal[*map(str, ROLES), "usersGroup", "application", "everything", "move"]


class Removal(Part):
    """What a later change may remove or replace, until a day: protection falls for exactly it."""

    what: Removable = Field(
        description="A role by its exact name (its groups, push and assignment), usersGroup, "
        "application (with who is assigned to it), everything, or move (the new way of a move "
        "that is given up before its switch).",
        examples=["Billing"],
    )
    until: Day = Field(
        description="Last day the policy allows it; remove the entry once it is done.",
        examples=["2026-12-31"],
    )
    by: Name = Field(description="Who allowed it.", examples=["grace@example.com"])
    reason: Name = Field(description="Why it was allowed.", examples=["Billing is dropped"])


class MoveTarget(Part):
    """Where a move goes: what of the present way is to be another."""

    role_model: Literal["userGroups"] | None = Field(
        default=None,
        description="userGroups, where the present way is virtualGroups.",
        examples=["userGroups"],
    )
    group_prefix: Prefix | None = Field(
        default=None,
        description="The groupPrefix of the new way; every group needs a name that is not taken.",
        examples=["Cloudflare "],
    )
    identity_provider: IdentityProvider | None = Field(
        default=None,
        description="The other identity provider, of another kind than the present one.",
    )


class Move(Part):
    """A second way to the same roles beside the present one (docs/moves.md)."""

    to: MoveTarget = Field(description="Where the move goes: at least one of its keys.")
    switched: bool = Field(
        default=False,
        description="false: both ways stand side by side. true: the present way is taken out, "
        "once everybody has the role by the new one.",
    )
    until: Day = Field(
        description="Last day the present way may be removed; the move is done by then.",
        examples=["2026-12-31"],
    )
    by: Name = Field(description="Who allowed it.", examples=["grace@example.com"])
    reason: Name = Field(description="Why it was allowed.", examples=["user groups"])


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
    environment: Literal["production", "development"] = Field(
        default="production",
        description="What the stack is used for. production (the default) keeps every policy rule; "
        "development may be on virtualGroups.",
        json_schema_extra=_page("policy.md"),
        examples=["production"],
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
        description="E-mail addresses of Super Administrators kept outside SCIM. They may not "
        "stand in a role or in the users' group.",
        examples=[["owner@example.com"]],
    )
    waivers: Annotated[tuple[Waiver, ...], Field(strict=False)] = Field(
        default=(),
        description="Policy rules set aside, each by name and until a day.",
        json_schema_extra=_page("policy.md"),
    )
    removals: Annotated[tuple[Removal, ...], Field(strict=False)] = Field(
        default=(),
        description="What the next changes may remove or replace, each by name and until a day: "
        "protection falls for exactly that.",
        json_schema_extra=_page("leaving.md"),
    )
    move: Move | None = Field(
        default=None,
        description="A second way to the same roles, side by side with the present one until it "
        "is switched: to (roleModel, groupPrefix, identityProvider), switched, until, by, reason. "
        "See docs/moves.md.",
    )
    identity_provider: IdentityProvider = Field(
        description="Where people and groups come from: kind okta or kind entra."
    )

    @property
    def okta(self) -> OktaConfig:
        """The identity provider of a config that is known to be Okta's."""
        assert isinstance(self.identity_provider, OktaConfig)
        return self.identity_provider

    @property
    def entra(self) -> EntraConfig:
        """The identity provider of a config that is known to be Entra's."""
        assert isinstance(self.identity_provider, EntraConfig)
        return self.identity_provider

    def removal_of(self, resource: str) -> Removal | Move | None:
        """The entry of `removals`, or the move, that a resource's logical name falls under, the
        entry that lasts longest; None where it is protected."""
        entries: list[Removal | Move] = [
            removal
            for removal in self.removals
            if resource in _covered(removal.what)
            or (removal.what == "move" and self._is_new(resource))
        ]
        if self.move is not None and resource in _left_behind(self.move):
            entries.append(self.move)
        return max(entries, key=lambda entry: entry.until, default=None)

    def _is_new(self, resource: str) -> bool:
        """Whether a protected resource is of the new way of a move that can be given up."""
        if self.move is None or self.move.switched:
            return False
        provider = self.move.to.identity_provider
        kind = "" if provider is None else provider.kind
        return resource.endswith(NEXT) or (
            kind not in ("", self.identity_provider.kind)
            and resource.startswith(kind)
            and resource in _covered("everything")
        )

    def protects(self, resource: str) -> bool:
        """Whether the resource of this logical name is protected."""
        return self.removal_of(resource) is None


def _left_behind(move: Move) -> frozenset[str]:
    """The protected resources of the way that a move leaves."""
    if move.to.identity_provider is not None:
        return _covered("everything")
    return frozenset().union(*(_covered(role.value) for role in ROLES))


def _covered(what: str) -> frozenset[str]:
    """The logical names of the protected resources that an entry of `removals` is about."""
    if what == "usersGroup":
        return OF_THE_USERS_GROUP
    if what == "application":
        return OF_THE_APPLICATION
    if what == "everything":
        return frozenset().union(
            *map(_covered, ("usersGroup", "application", *(role.value for role in ROLES)))
        )
    if what == "move":
        return frozenset()  # it depends on where the move goes
    return frozenset(Role(what).resource(kind) for kind in OF_A_ROLE)


def removal_for(resource: str) -> str:
    """The narrowest `removals[].what` that covers the protected resource of this logical name."""
    if resource.endswith(NEXT):
        return "move"
    wanted = (*(role.value for role in ROLES), "usersGroup", "application")
    return next((what for what in wanted if resource in _covered(what)), "everything")


def parse_config(
    value: object,
    *,
    stack: str,
    written: Mapping[Keys, str] | None = None,
) -> ScimConfig:
    """Checks the config object of `stack`, given as JSON gives it, and returns it frozen.

    `written` holds, by key path, the text of values that YAML read as something other than text,
    for the messages. No clock is asked: an expiry in the past is `cfscim.config.rules.expired`'s to
    judge, so that a config means the same on every day. Raises `ConfigError` with every
    problem found, by key path from `cloudflare-scim:scim`.
    """
    problems = first_problems(broken_rules(value))
    secrets = [problem.where.keys for problem in problems if problem.secret]
    try:
        config = ScimConfig.model_validate(
            _with_token_name(value, stack), by_alias=True, by_name=False
        )
    except ValidationError as error:
        errors = error.errors(include_url=False)
        meant = misspelled(errors)
        every = (
            problem_of(details, ScimConfig, written or {})
            for details in errors
            if not (details["type"] == "missing" and details["loc"] in meant)
        )
        problems += first_problems(
            problem
            for problem in every
            if not any(problem.where.keys[: len(keys)] == keys for keys in secrets)
        )
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
