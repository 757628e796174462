"""What Cloudflare answers, as far as it is used here. Source: Cloudflare's API description, in
the typed form of the `cloudflare` package."""

from collections.abc import Iterable
from datetime import datetime

from pydantic import AliasChoices, ConfigDict, Field, JsonValue, field_validator

from cfscim.config.facts import account_resource, is_whole_account
from cfscim.vendors.pages import Reply


class Snake(Reply):
    """Cloudflare writes snake_case, so names are the wire's own."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=None, populate_by_name=True
    )


class PermissionGroup(Snake):
    """What may be done, by id; in a token and in an account these are two different catalogues."""

    id: str
    name: str | None = None
    scopes: tuple[str, ...] = ()


class TokenPolicy(Snake):
    """Which permission groups on which resources; `resources` maps resource names to `"*"`."""

    effect: str
    permission_groups: tuple[PermissionGroup, ...]
    resources: dict[str, JsonValue]


class RequestIp(Snake):
    """Addresses a token works from, and does not."""

    allowed: tuple[str, ...] | None = Field(default=None, alias="in")
    not_in: tuple[str, ...] | None = None


class Condition(Snake):
    """Restrictions of a token."""

    request_ip: RequestIp | None = None


class ApiToken(Snake):
    """A token, never with its value; `status` is `active`, `disabled`, `expired`, or `revoked
    (exposed)` where Cloudflare found the value in public and ended it (2026-04)."""

    id: str
    name: str
    status: str
    policies: tuple[TokenPolicy, ...] = ()
    condition: Condition | None = None
    expires_on: datetime | None = None
    not_before: datetime | None = None
    issued_on: datetime | None = None
    last_used_on: datetime | None = None

    @property
    def permission_ids(self) -> set[str]:
        """The ids of all permission groups that it holds, on whatever resources."""
        return {group.id for policy in self.policies for group in policy.permission_groups}


class TokenStatus(Snake):
    """What Cloudflare says of a token that was shown to it."""

    id: str
    status: str
    expires_on: datetime | None = None
    not_before: datetime | None = None


class ScopeObject(Snake):
    """One resource, `*` for all under the scope."""

    key: str


class ResourceScope(Snake):
    """Resources under a key such as `com.cloudflare.api.account.<id>`."""

    key: str
    objects: tuple[ScopeObject, ...] = ()


class ResourceGroup(Snake):
    """What a policy applies to; an inline scope in a policy has no id."""

    id: str = ""
    name: str | None = None
    scope: ResourceScope | None = Field(
        default=None, validation_alias=AliasChoices("scope", "scopes")
    )

    @field_validator("scope", mode="before")
    @classmethod
    def _first_scope(cls, value: object) -> object:
        # The API description has one scope, the provider's answers a list of one.
        return value[0] if isinstance(value, list) and value else value or None

    def is_account(self, account_id: str) -> bool:
        """Whether it is the whole of this account and nothing else."""
        return self.scope is not None and is_whole_account(
            account_id, self.scope.key, tuple(item.key for item in self.scope.objects)
        )


def whole_account_ids(groups: Iterable[ResourceGroup], account_id: str) -> frozenset[str]:
    """The ids of the resource groups that mean the whole of this account and nothing else.

    The API description has a scope in every group, and answers were seen without one.
    """
    name = account_resource(account_id)
    return frozenset(
        group.id
        for group in groups
        if group.is_account(account_id) or (group.scope is None and group.name == name)
    )


class MemberPolicy(Snake):
    """A permission policy of a member or a user group; `access` is `allow` or `deny`."""

    access: str | None = None
    permission_groups: tuple[PermissionGroup, ...] | None = None
    resource_groups: tuple[ResourceGroup, ...] | None = None


class UserGroup(Snake):
    """A group in Cloudflare; what its members may do is in its policies."""

    id: str
    name: str
    policies: tuple[MemberPolicy, ...] | None = None


ACCEPTED = "accepted"
"""The status of a member who took the invitation; another's is `pending`."""


class GroupMember(Snake):
    """A member of a user group; `id` is that of the membership in the account."""

    id: str
    email: str | None = None
    status: str | None = None

    @property
    def address(self) -> str:
        """The person's e-mail address; the id where Cloudflare shows none."""
        return self.email or self.id


class Role(Snake):
    """A role given to a member directly."""

    id: str
    name: str | None = None


class MemberUser(Snake):
    """The person behind a membership."""

    id: str | None = None
    email: str | None = None


class AccountMember(Snake):
    """A membership in the account."""

    id: str
    email: str | None = None
    status: str | None = None
    roles: tuple[Role, ...] | None = None
    policies: tuple[MemberPolicy, ...] | None = None
    user: MemberUser | None = None

    @property
    def address(self) -> str:
        """The person's e-mail address; the membership's id where Cloudflare shows none."""
        return self.email or (self.user.email if self.user else None) or self.id

    @property
    def accepted(self) -> bool:
        """Whether the person took the invitation; a pending one gives nothing yet."""
        return self.status == ACCEPTED


class AccountUser(Snake):
    """Who is signed in."""

    id: str
    email: str | None = None
