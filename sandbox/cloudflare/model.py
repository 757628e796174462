"""What Cloudflare stores: accounts, members, groups, tokens. Plain data that survives JSON."""

from datetime import UTC, datetime

from pydantic import BaseModel, Field

from sandbox.cloudflare.catalog import ACCOUNT_SCOPE


def timestamp() -> str:
    """Now, as Cloudflare writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class CloudflareUser(BaseModel):
    """A global Cloudflare user; membership in accounts is separate from it."""

    id: str
    email: str
    first_name: str | None = None
    last_name: str | None = None


class Policy(BaseModel):
    """Roles (``permission_groups``: ids) on resources, for a member or a user group.

    ``resource_groups`` are ids; an inline scope that was given instead stands in ``scopes``.
    """

    id: str
    access: str = "allow"
    permission_groups: list[str]
    resource_groups: list[str] = Field(default_factory=list)
    scopes: list[dict[str, object]] = Field(default_factory=list)
    created_on: str = Field(default_factory=timestamp)


class Member(BaseModel):
    """A user's membership in one account. ``id`` differs from the user's id (tag)."""

    id: str
    user_id: str
    status: str = "accepted"
    roles: list[str] = Field(default_factory=list)  # names of directly given account roles
    policies: list[Policy] = Field(default_factory=list)
    external_id: str | None = None  # SCIM
    display_name: str | None = None  # SCIM


class UserGroup(BaseModel):
    """A user group. ``scim_managed``: pushed over SCIM, so name and members are locked."""

    id: str
    name: str
    policies: list[Policy] = Field(default_factory=list)
    members: dict[str, str] = Field(default_factory=dict)  # member id -> since when
    scim_managed: bool = False
    external_id: str | None = None
    created_on: str = Field(default_factory=timestamp)
    modified_on: str = Field(default_factory=timestamp)


class SystemGroup(BaseModel):
    """A virtual group: membership in it is the role. Exists once it was pushed or linked."""

    role: str
    display_name: str
    external_id: str | None = None
    members: list[str] = Field(default_factory=list)  # member ids


class ResourceGroup(BaseModel):
    """What a policy applies to. ``editable`` is false for the two that every account has."""

    id: str
    name: str
    scope_key: str
    objects: list[str]
    editable: bool = True


class Account(BaseModel):
    """One account, Enterprise plan."""

    id: str
    name: str
    virtual_groups: bool = False
    created_on: str = Field(default_factory=timestamp)
    members: dict[str, Member] = Field(default_factory=dict)
    user_groups: dict[str, UserGroup] = Field(default_factory=dict)
    system_groups: dict[str, SystemGroup] = Field(default_factory=dict)  # by role name
    resource_groups: dict[str, ResourceGroup] = Field(default_factory=dict)
    audit: list[dict[str, object]] = Field(default_factory=list)

    @property
    def scope_key(self) -> str:
        """The resource key of the whole account."""
        return f"{ACCOUNT_SCOPE}.{self.id}"


class TokenPolicy(BaseModel):
    """One policy of an API token; ``resources`` exactly as it was given."""

    id: str
    effect: str
    permission_groups: list[str]
    resources: dict[str, object]


class Token(BaseModel):
    """An API token. Only the SHA-256 of its value is stored, as the value is shown just once."""

    id: str
    owner: str  # "user" | "account"
    owner_id: str
    name: str
    policies: list[TokenPolicy]
    value_sha256: str
    status: str = "active"
    expires_on: str | None = None
    not_before: str | None = None
    condition: dict[str, object] | None = None
    issued_on: str = Field(default_factory=timestamp)
    last_used_on: str | None = None
    modified_on: str = Field(default_factory=timestamp)
