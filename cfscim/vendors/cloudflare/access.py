"""Who has a role in an account, by hand and through User Groups, as the account itself shows it."""

from dataclasses import dataclass

from cfscim.vendors.cloudflare.api import CloudflareClient
from cfscim.vendors.cloudflare.models import MemberPolicy, UserGroup, whole_account_ids


@dataclass(frozen=True)
class Holders:
    """Accepted members with a role, in lower case: directly, and by a User Group's name."""

    by_hand: frozenset[str]
    by_group: dict[str, frozenset[str]]

    @property
    def everybody(self) -> frozenset[str]:
        """Whoever has it, whatever the way."""
        return self.by_hand.union(*self.by_group.values())


def holders(client: CloudflareClient, account: str, role: str) -> Holders:
    """Who has the role now. Raises `AnswerError`.

    Source: Cloudflare's user-groups page: the union of what was given directly and by groups.
    """
    gives = _Giving(client, account, role)
    members = [one for one in client.members(account) if one.status == "accepted"]
    accepted = {one.address.lower() for one in members}
    by_hand = {
        one.address.lower()
        for one in members
        if any(given.name == role for given in one.roles or ()) or gives.by(one.policies)
    }
    return Holders(
        frozenset(by_hand),
        {
            group.name: frozenset(members_of(client, account, group) & accepted)
            for group in client.user_groups(account)
            if gives.by(group.policies)
        },
    )


def members_of(client: CloudflareClient, account: str, group: UserGroup) -> set[str]:
    """The addresses in a User Group, in lower case. Raises `AnswerError`."""
    found = client.user_group_members(account, group.id)
    return {one.address.lower() for one in found}


class _Giving:
    """Whether policies give a role on the whole account."""

    def __init__(self, client: CloudflareClient, account: str, role: str) -> None:
        self._account = account
        self._roles = {one.id for one in client.permission_groups(account) if one.name == role}
        self._whole = whole_account_ids(client.resource_groups(account), account)

    def by(self, policies: tuple[MemberPolicy, ...] | None) -> bool:
        return any(
            policy.access == "allow"
            and any(group.id in self._roles for group in policy.permission_groups or ())
            and any(
                scope.id in self._whole or scope.is_account(self._account)
                for scope in policy.resource_groups or ()
            )
            for policy in policies or ()
        )
