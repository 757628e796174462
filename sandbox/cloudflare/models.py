"""What Cloudflare stores: users, accounts, members, groups, tokens, and who has which role.

Plain data that survives JSON.
"""

import re
from datetime import UTC, datetime

from pydantic import BaseModel, Field

from sandbox.cloudflare.catalog import (
    ACCOUNT_SCOPE,
    ROLE_BY_GROUP_ID,
    SUPER_ADMINISTRATOR,
)
from sandbox.server.ids import Counters, hex32


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
    """One account. ``plan``: `enterprise` or another; ``scim``: served at all (D, guide: an
    Enterprise account with a feature flag)."""

    id: str
    name: str
    plan: str = "enterprise"
    scim: bool = True
    virtual_groups: bool = False
    created_on: str = Field(default_factory=timestamp)
    members: dict[str, Member] = Field(default_factory=dict)
    user_groups: dict[str, UserGroup] = Field(default_factory=dict)
    system_groups: dict[str, SystemGroup] = Field(default_factory=dict)  # by role name
    resource_groups: dict[str, ResourceGroup] = Field(default_factory=dict)
    audit: list[dict[str, object]] = Field(default_factory=list)
    sso_connectors: list[dict[str, object]] = Field(default_factory=list)

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


OPERATOR_EMAIL = "owner@example.com"
EXAMPLE = "Example Corp"
EXAMPLE_ACCOUNTS = ("0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210")
"""The two accounts that have a name from the start; others are named by the admin API."""
_ACCOUNT_ID = re.compile(r"[0-9a-f]{32}")


class CloudflareState(BaseModel):
    """Everything Cloudflare knows. No secret in it: of tokens only hashes."""

    counters: Counters = Field(default_factory=Counters)
    users: dict[str, CloudflareUser] = Field(default_factory=dict)
    accounts: dict[str, Account] = Field(default_factory=dict)
    tokens: dict[str, Token] = Field(default_factory=dict)

    @classmethod
    def fresh(cls) -> "CloudflareState":
        """A first start: the operator exists, and no account yet."""
        state = cls()
        state.user_by_email(OPERATOR_EMAIL, create=True)
        return state

    def new_id(self, kind: str) -> str:
        """The next id, 32 hex digits."""
        return hex32(self.counters.take(kind))

    @property
    def operator(self) -> CloudflareUser:
        """The person whose token the ready line shows, and who set every account up."""
        return self.users[hex32(f"user/{OPERATOR_EMAIL}")]

    def name_operator(self, email: str) -> None:
        """Admin API: the operator's address. Raises `ValueError` where it is somebody else's."""
        if self.user_by_email(email) not in (None, self.operator):
            raise ValueError(f"{email} is another user")
        self.operator.email = email

    def user_by_email(self, email: str, *, create: bool = False) -> CloudflareUser | None:
        """The global user of an address, whatever its case; created when asked for."""
        for user in self.users.values():
            if user.email.lower() == email.lower():
                return user
        if not create:
            return None
        user = CloudflareUser(id=hex32(f"user/{email.lower()}"), email=email)
        self.users[user.id] = user
        return user

    def account(self, account_id: str) -> Account | None:
        """An account of the operator, made on first use; None when the id is malformed."""
        if account_id in self.accounts:
            return self.accounts[account_id]
        if not _ACCOUNT_ID.fullmatch(account_id):
            return None
        name = EXAMPLE if account_id in EXAMPLE_ACCOUNTS else f"Account {account_id[:8]}"
        account = Account(id=account_id, name=name)
        whole = ResourceGroup(
            id=hex32(f"resource-group/{account_id}/all"),
            name=account.scope_key,
            scope_key=account.scope_key,
            objects=["*"],
            editable=False,
        )
        domains = ResourceGroup(
            id=hex32(f"resource-group/{account_id}/zones"),
            name=f"{account.scope_key}.zones",
            scope_key=account.scope_key,
            objects=["com.cloudflare.api.account.zone.*"],
            editable=False,
        )
        account.resource_groups = {group.id: group for group in (whole, domains)}
        self.accounts[account_id] = account
        self.add_member(account, self.operator, roles=[SUPER_ADMINISTRATOR])
        return account

    def configure_account(
        self, account_id: str, name: str | None, virtual_groups: bool | None
    ) -> dict[str, object]:
        """Admin API: name an account, switch its virtual groups on or off.

        Raises `ValueError` for what is no account's id.
        """
        account = self.account(account_id)
        if account is None:
            raise ValueError("an account id is 32 lower-case hex digits")
        if name is not None:
            account.name = name
        if virtual_groups is not None:
            account.virtual_groups = virtual_groups
        return {"id": account.id, "name": account.name, "virtualGroups": account.virtual_groups}

    def add_member(
        self,
        account: Account,
        user: CloudflareUser,
        *,
        roles: list[str],
        status: str = "accepted",
    ) -> Member:
        """Make a user a member of an account."""
        member = Member(
            id=hex32(f"member/{account.id}/{user.id}"), user_id=user.id, status=status, roles=roles
        )
        account.members[member.id] = member
        return member

    def remove_member(self, account: Account, member: Member) -> None:
        """End a membership, in every group too; the global user stays."""
        del account.members[member.id]
        for group in account.user_groups.values():
            group.members.pop(member.id, None)
        for system in account.system_groups.values():
            if member.id in system.members:
                system.members.remove(member.id)

    def effective_roles(self, account: Account, member: Member) -> list[str]:
        """Role names: directly given, and through groups (user groups page: their union).

        A group without a policy grants nothing; a role on less than the whole account does not
        count as that role.
        """
        granted = set(member.roles)
        policies = list(member.policies)
        for group in account.user_groups.values():
            if member.id in group.members:
                policies += group.policies
        denied: set[str] = set()
        for policy in policies:
            scopes = [account.resource_groups.get(group) for group in policy.resource_groups]
            whole = any(
                g and g.scope_key == account.scope_key and g.objects == ["*"] for g in scopes
            )
            inline = {"key": account.scope_key, "objects": [{"key": "*"}]} in policy.scopes
            if whole or inline:
                names = {ROLE_BY_GROUP_ID[group].name for group in policy.permission_groups}
                (granted if policy.access == "allow" else denied).update(names)
        if account.virtual_groups:
            for system in account.system_groups.values():
                if member.id in system.members:
                    granted.add(system.role)
        return sorted(granted - denied)

    def super_administrators(self, account: Account) -> list[Member]:
        """Everyone who effectively is Super Administrator."""
        return [
            member
            for member in account.members.values()
            if SUPER_ADMINISTRATOR in self.effective_roles(account, member)
        ]

    def snapshot(self) -> dict[str, object]:
        """For the admin API; ``members`` is the sandbox's contract."""
        return {
            "members": [
                {
                    "email": self.users[member.user_id].email,
                    "roles": self.effective_roles(account, member),
                    "status": member.status,
                    "accountId": account.id,
                }
                for account in self.accounts.values()
                for member in account.members.values()
            ],
            "accounts": [
                {"id": a.id, "name": a.name, "virtualGroups": a.virtual_groups}
                for a in self.accounts.values()
            ],
            "userGroups": [
                self._group(account, group)
                for account in self.accounts.values()
                for group in account.user_groups.values()
            ],
            "systemGroups": [
                {
                    "accountId": account.id,
                    "name": group.display_name,
                    "role": group.role,
                    "members": self._emails(account, group.members),
                }
                for account in self.accounts.values()
                for group in account.system_groups.values()
            ],
            "tokens": [
                {**token.model_dump(exclude={"value_sha256"}), "value": "[secret]"}
                for token in self.tokens.values()
            ],
        }

    def _emails(self, account: Account, member_ids: list[str]) -> list[str]:
        return sorted(self.users[account.members[id_].user_id].email for id_ in member_ids)

    def _group(self, account: Account, group: UserGroup) -> dict[str, object]:
        return {
            "accountId": account.id,
            "id": group.id,
            "name": group.name,
            "scimManaged": group.scim_managed,
            "members": self._emails(account, list(group.members)),
            "roles": sorted(
                ROLE_BY_GROUP_ID[permission].name
                for p in group.policies
                for permission in p.permission_groups
            ),
        }
