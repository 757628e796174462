"""Who has a role in an account, by hand and through User Groups, as the account itself shows it,
and who is left in charge of it."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from cfscim.config.policy.lock_out import Charge, InCharge, left_by_config
from cfscim.config.roles import Role
from cfscim.vendors.cloudflare.api import CloudflareClient
from cfscim.vendors.cloudflare.models import MemberPolicy, UserGroup, whole_account_ids
from cfscim.vendors.errors import AnswerError


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
    members = [member for member in client.members(account) if member.accepted]
    accepted = {member.address.lower() for member in members}
    by_hand = {
        member.address.lower()
        for member in members
        if any(given.name == role for given in member.roles or ()) or gives.by(member.policies)
    }
    return Holders(
        frozenset(by_hand),
        {
            group.name: frozenset(members_of(client, account, group) & accepted)
            for group in client.user_groups(account)
            if gives.by(group.policies)
        },
    )


def left_in_charge(
    client: CloudflareClient,
    before: Charge,
    after: Charge | None,
    active: Callable[[frozenset[str]], frozenset[str]],
) -> InCharge:
    """Who is Super Administrator of the account of `before` once it has become `after`; None:
    nothing of the stack, which may be another account's by then. `active`: who of the given people
    the identity provider does not suspend.

    Where the account may not be read, the configs alone are counted. Raises `AnswerError`.
    """
    after = after if after is not None and after.account == before.account else None
    try:
        now = holders(client, before.account, Role.SUPER_ADMINISTRATOR.value)
    except AnswerError as error:
        if error.kind != "forbidden":
            raise
        outside = (after or before).outside
        return _by_config(before, after, outside, active) if after else InCharge(outside)
    if not now.everybody:
        # Nothing can be taken from anybody, and whoever is listed gets it.
        given = after.members if after else None
        return InCharge(given or frozenset(), given is None)
    if after is not None:
        return _in_charge(now, before, after, active)
    elsewhere = [people for name, people in now.by_group.items() if name not in before.groups]
    # A state from before its groups were noted tells them from nobody's.
    people = now.by_hand.union(*elsewhere) if before.groups else now.by_hand
    return InCharge(people, before=now.everybody)


def _in_charge(
    now: Holders,
    before: Charge,
    after: Charge,
    active: Callable[[frozenset[str]], frozenset[str]],
) -> InCharge:
    ours = after.groups | before.groups
    elsewhere = [people for name, people in now.by_group.items() if name not in ours]
    known = now.by_hand.union(*elsewhere)
    people = known - after.dropped(before, known)
    # A virtual group gives the role by its name, which no list of the account shows.
    if not any(name in before.groups for name in now.by_group):
        remaining = _by_config(before, after, people, active)
        return replace(remaining, before=remaining.before | now.everybody)
    here = frozenset[str]().union(
        *(people for name, people in now.by_group.items() if name in after.groups)
    )
    for listed in (after.members, after.users):
        here = here if listed is None else here & listed
    here = frozenset() if after.breaks_with(before) else active(here)
    return InCharge(people | here, before=now.everybody)


def _by_config(
    before: Charge,
    after: Charge,
    people: frozenset[str],
    active: Callable[[frozenset[str]], frozenset[str]],
) -> InCharge:
    remaining = left_by_config(before, after, people)
    return replace(remaining, people=people | active(remaining.people - people))


def members_of(client: CloudflareClient, account: str, group: UserGroup) -> set[str]:
    """The addresses in a User Group, in lower case. Raises `AnswerError`."""
    members = client.user_group_members(account, group.id)
    return {member.address.lower() for member in members}


def virtual_members(
    client: CloudflareClient, account: str, names: Iterable[str]
) -> dict[str, set[str]]:
    """Who is in the virtual groups of these names, in lower case; a User Group of the name is none.

    Raises `AnswerError`, "not found" where the account has no SCIM endpoint.
    """
    own = {group.id for group in client.user_groups(account)}
    ids: dict[str, str] = {}
    for name in names:
        query = {"filter": f"displayName eq {json.dumps(name)}"}
        for group in client.scim_list(account, "Groups", query):
            ids |= {str(group.get("id")): name} if group.get("id") not in own else {}
    people: dict[str, set[str]] = {}
    for user in client.scim_list(account, "Users") if ids else ():
        groups = user.get("groups")
        for id_ in groups if isinstance(groups, list) else ():
            if str(id_) in ids:
                people.setdefault(ids[str(id_)], set()).add(str(user.get("userName")).lower())
    return people


class _Giving:
    """Whether policies give a role on the whole account."""

    def __init__(self, client: CloudflareClient, account: str, role: str) -> None:
        self._account = account
        self._roles = {
            group.id for group in client.permission_groups(account) if group.name == role
        }
        self._whole = whole_account_ids(client.resource_groups(account), account)

    def by(self, policies: tuple[MemberPolicy, ...] | None) -> bool:
        """Whether any of these policies, of a member or of a User Group, gives it."""
        return any(
            policy.access == "allow"
            and any(group.id in self._roles for group in policy.permission_groups or ())
            and any(
                scope.id in self._whole or scope.is_account(self._account)
                for scope in policy.resource_groups or ()
            )
            for policy in policies or ()
        )
