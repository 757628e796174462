"""Ids found by exact name at run time, each question asked once a run.

Cloudflare's own filters match loosely or want URL-encoding, so every list is fetched whole and
compared here byte for byte. Well-known ids serve only as a cross-check.
Source: `GET /user/tokens/permission_groups`, `/accounts/{id}/tokens/permission_groups`,
`/accounts/{id}/iam/permission_groups`, `/accounts/{id}/iam/resource_groups`.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import pulumi
import pulumi_cloudflare as cloudflare

from cfscim.config.facts import ACCOUNT_SCOPE, USER_SCOPE, account_resource, is_whole_account
from cfscim.config.roles import PERMISSION_GROUP_IDS, Role
from cfscim.config.stand_ins import stands_in
from components.refusal import refusal


class _TokenGroups(Protocol):
    """A list of API token permission groups, of either owner, as the SDK gives it."""

    @property
    def results(self) -> Sequence[Any]: ...


class _Group(NamedTuple):
    id: str
    name: str
    scopes: tuple[str, ...] = ()


def _exactly_one(name: str, groups: Iterable[_Group], where: str, scope: str = "") -> str:
    """The id of the permission group of this name; `scope` decides between several of one name."""
    named = [group for group in groups if group.name == name]
    # Groups of one name with different scopes exist (terraform-provider-cloudflare #1105).
    scoped = [group for group in named if scope in group.scopes]
    matches = [group.id for group in (scoped if len(named) > 1 and scope else named)]
    if len(matches) != 1:
        problem = "does not exist" if not matches else f"exists {len(matches)} times"
        raise refusal(
            f'{where}: permission group "{name}" {problem}; without its id nothing can be granted; '
            "check that this account is an Enterprise account and that the provider's token "
            "may read it (docs/permissions.md)"
        )
    return matches[0]


class Lookups:
    """What one run asks Cloudflare about one account; results are shared by all components."""

    def __init__(self, account_id: str, invoke: pulumi.InvokeOptions) -> None:
        self._account_id = account_id
        self._invoke = invoke

    @cached_property
    def user_id(self) -> pulumi.Output[str]:
        """The id of the user who owns the provider's token (needs User Details Read)."""
        return cloudflare.get_user_output(opts=self._invoke).apply(lambda user: user.id)

    def token_permissions(
        self, owner: str, names: Iterable[str], kind: str
    ) -> pulumi.Output[list[str]]:
        """Sorted ids of the API token permission groups called `names`, for a token of `owner`, on
        resources of `kind` (account or user)."""
        scope = ACCOUNT_SCOPE if kind == "account" else USER_SCOPE
        groups = self._account_token_groups if owner == "account" else self._user_token_groups
        wanted = list(names)
        return groups.apply(
            lambda groups: sorted(_checked_id(name, groups, scope) for name in wanted)
        )

    def role_permission(self, role: Role) -> pulumi.Output[str]:
        """The id of the permission group that a role means in a User Group's policy."""
        where = f"Cloudflare account {self._account_id}"
        return self._role_groups.apply(lambda groups: _exactly_one(role.value, groups, where))

    @cached_property
    def account_resource_group(self) -> pulumi.Output[str]:
        """The id of the resource group that means this whole account and nothing else."""
        answer = cloudflare.get_resource_groups_output(
            account_id=self._account_id, opts=self._invoke
        )
        return answer.apply(self._whole_account)

    @cached_property
    def _role_groups(self) -> pulumi.Output[list[_Group]]:
        answer = cloudflare.get_account_permission_groups_output(
            account_id=self._account_id, opts=self._invoke
        )
        return answer.apply(
            lambda groups: [_Group(item["id"], item["name"]) for item in groups.results]
        )

    @cached_property
    def _account_token_groups(self) -> pulumi.Output[list[_Group]]:
        answer = cloudflare.get_account_api_token_permission_groups_list_output(
            account_id=self._account_id, opts=self._invoke
        )
        return answer.apply(_token_groups)

    @cached_property
    def _user_token_groups(self) -> pulumi.Output[list[_Group]]:
        answer = cloudflare.get_api_token_permission_groups_list_output(opts=self._invoke)
        return answer.apply(_token_groups)

    def _whole_account(self, answer: cloudflare.GetResourceGroupsResult) -> str:
        account = self._account_id
        for group in answer.results:
            # By key: a result object's `.key` is its field, its `.keys` a method of dict.
            scopes = [
                (s["key"], tuple(o["key"] for o in s["objects"] or ()))
                for s in group["scopes"] or ()
            ]
            # The provider reads no scope from an answer that has an object there, as Cloudflare's
            # API description says; then the built-in group's own name tells.
            named = not scopes and group["name"] == account_resource(account)
            if named or (len(scopes) == 1 and is_whole_account(account, *scopes[0])):
                return group["id"]
        raise refusal(
            f"Cloudflare account {self._account_id}: no resource group covers exactly this "
            "account; a role group would have no scope; check that the provider's token may read "
            "the account's resource groups (docs/permissions.md)"
        )


def _token_groups(answer: _TokenGroups) -> list[_Group]:
    return [
        _Group(item["id"], item["name"], tuple(item.get("scopes") or ())) for item in answer.results
    ]


def _checked_id(name: str, groups: Iterable[_Group], scope: str) -> str:
    group_id = _exactly_one(name, groups, "Cloudflare API tokens", scope)
    known = PERMISSION_GROUP_IDS[name]
    if group_id != known and not stands_in(group_id):
        pulumi.log.warn(
            f'Cloudflare answers id {group_id} for permission group "{name}", known is {known}: '
            "the answer is used; check the token's permissions in the dashboard"
        )
    return group_id
