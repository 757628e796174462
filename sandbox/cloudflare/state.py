"""Cloudflare's whole state: users, accounts, tokens, and who has which role."""

import re

from pydantic import BaseModel, Field

from sandbox.cloudflare.catalog import (
    ROLE_BY_GROUP_ID,
    SUPER_ADMINISTRATOR,
)
from sandbox.cloudflare.model import (
    Account,
    CloudflareUser,
    Member,
    ResourceGroup,
    Token,
    UserGroup,
)
from sandbox.server.ids import Counters, hex32

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
        """The person whose token the ready line shows."""
        return next(user for user in self.users.values() if user.email == OPERATOR_EMAIL)

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
        """Admin API: name an account, switch its virtual groups on or off."""
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
            scopes = [account.resource_groups.get(one) for one in policy.resource_groups]
            whole = any(
                g and g.scope_key == account.scope_key and g.objects == ["*"] for g in scopes
            )
            inline = {"key": account.scope_key, "objects": [{"key": "*"}]} in policy.scopes
            if whole or inline:
                names = {ROLE_BY_GROUP_ID[one].name for one in policy.permission_groups}
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
        return sorted(self.users[account.members[one].user_id].email for one in member_ids)

    def _group(self, account: Account, group: UserGroup) -> dict[str, object]:
        return {
            "accountId": account.id,
            "id": group.id,
            "name": group.name,
            "scimManaged": group.scim_managed,
            "members": self._emails(account, list(group.members)),
            "roles": sorted(
                ROLE_BY_GROUP_ID[one].name for p in group.policies for one in p.permission_groups
            ),
        }
