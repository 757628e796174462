"""Cloudflare's API: tokens, user groups, members, and the catalogues of permissions; almost all of
it reads, and what writes says so.

Source: api.cloudflare.com/client/v4, as in the `cloudflare` package and terraform-provider-
cloudflare.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Literal, Self
from urllib.parse import quote

from cfscim.config.json_types import Json, JsonObject
from cfscim.config.names import OWN_TOKENS, account_path, scim_path
from cfscim.config.roles import ACCOUNT_SETTINGS_READ, SCIM_PROVISIONING, USER_DETAILS_READ
from cfscim.vendors.cloudflare.models import (
    AccountMember,
    AccountUser,
    ApiToken,
    GroupMember,
    PermissionGroup,
    ResourceGroup,
    TokenStatus,
    UserGroup,
)
from cfscim.vendors.cloudflare.signin import cloudflare_http, token_http
from cfscim.vendors.errors import unless_gone
from cfscim.vendors.http import Answer, Call, HttpClient
from cfscim.vendors.pages import Client, member, numbered_pages, read, scim_pages

Owner = Literal["account", "user"]

_TOKENS: Mapping[Owner, str] = {
    "account": "Account API Tokens Read",
    "user": "API Tokens Read",
}


class CloudflareClient(Client):
    """Reads one or more accounts. Every method raises `AnswerError` (a `RemoteError`)."""

    def __init__(self, http: HttpClient, config: Mapping[str, str], env: Mapping[str, str]) -> None:
        super().__init__(http)
        self._config = config
        self._env = env

    @classmethod
    def from_settings(cls, config: Mapping[str, str], env: Mapping[str, str]) -> Self:
        """Signed in as the stack's provider is. Raises `MissingError` naming what to set."""
        return cls(cloudflare_http(config, env), config, env)

    @property
    def clock_off(self) -> str:
        """Words about this machine's clock, where Cloudflare's last answer has another time."""
        return self._http.clock_off

    def token(self, account_id: str, owner: Owner, token_id: str) -> ApiToken:
        """A token's name, policies, restrictions and status; never its value."""
        path = f"{_tokens(account_id, owner)}/{quote(token_id)}"
        return self._read(ApiToken, path, _TOKENS[owner])

    def find_token(self, account_id: str, owner: Owner, token_id: str) -> ApiToken | None:
        """The token of that id, or nothing where there is none."""
        return unless_gone(lambda: self.token(account_id, owner, token_id))

    def tokens(self, account_id: str, owner: Owner) -> tuple[ApiToken, ...]:
        """All tokens of the account, or of the signed-in user."""
        return self._all(ApiToken, _tokens(account_id, owner), _TOKENS[owner])

    def verify_token(self, account_id: str, owner: Owner, value: str) -> TokenStatus:
        """What Cloudflare says of this token when it is shown; "unauthorized" for a wrong one."""
        with token_http(self._config, self._env, value) as http:
            answer = http.get(f"{_tokens(account_id, owner)}/verify")
            return read(TokenStatus, member(answer, "result"), answer.where)

    def user_groups(self, account_id: str) -> tuple[UserGroup, ...]:
        """All user groups with their policies."""
        return self._all(UserGroup, f"{_iam(account_id)}/user_groups", ACCOUNT_SETTINGS_READ)

    def user_group_members(self, account_id: str, group_id: str) -> tuple[GroupMember, ...]:
        """Who is in a user group."""
        path = f"{_iam(account_id)}/user_groups/{quote(group_id)}/members"
        return self._all(GroupMember, path, ACCOUNT_SETTINGS_READ)

    def members(self, account_id: str) -> tuple[AccountMember, ...]:
        """Everybody with a membership in the account, with roles and policies."""
        path = f"{account_path(account_id)}/members"
        return self._all(AccountMember, path, ACCOUNT_SETTINGS_READ)

    def give_role(self, account_id: str, member_id: str, role_id: str) -> AccountMember:
        """Gives a member exactly this role, directly: the documented way back to a Super
        Administrator, with the account's SCIM token. Writes."""
        path = f"{account_path(account_id)}/members/{quote(member_id)}"
        call = Call(
            "PUT",
            path,
            body={"roles": [{"id": role_id}]},
            needs=f"{SCIM_PROVISIONING} on this account",
            why="nobody got the role",
        )
        answer = self._http.send(call)
        return read(AccountMember, member(answer, "result"), answer.where)

    def drop_policies(self, account_id: str, group: UserGroup) -> None:
        """Takes what a user group gives from it; its members stay in it. Writes.

        Source: Cloudflare's user-groups page: of a group that SCIM manages, policies stay editable.
        """
        path = f"{_iam(account_id)}/user_groups/{quote(group.id)}"
        call = Call(
            "PUT",
            path,
            body={"name": group.name, "policies": []},
            needs=f"{SCIM_PROVISIONING} on this account",
            why="the former group still gives the role",
            repeatable=True,
        )
        self._http.send(call)

    def delete_token(self, account_id: str, owner: Owner, token_id: str) -> None:
        """Ends a token; one that is gone needs nothing. Writes."""
        path = f"{_tokens(account_id, owner)}/{quote(token_id)}"
        call = Call("DELETE", path, needs=_TOKENS[owner].replace("Read", "Write"))
        unless_gone(lambda: self._http.send(call))

    def permission_groups(self, account_id: str) -> tuple[PermissionGroup, ...]:
        """What members and user groups can be given; not the permissions of tokens."""
        path = f"{_iam(account_id)}/permission_groups"
        return self._all(PermissionGroup, path, ACCOUNT_SETTINGS_READ)

    def resource_groups(self, account_id: str) -> tuple[ResourceGroup, ...]:
        """What policies of members and user groups can apply to."""
        path = f"{_iam(account_id)}/resource_groups"
        return self._all(ResourceGroup, path, ACCOUNT_SETTINGS_READ)

    def scim_list(
        self, account_id: str, kind: str, query: Mapping[str, str] | None = None
    ) -> Iterator[JsonObject]:
        """`Users` or `Groups` of the SCIM endpoint, page after page, with the operator's
        credentials; virtual groups are listed nowhere else."""
        path = f"{scim_path(account_id)}/{kind}"
        get = partial(self._http.get, path, needs=SCIM_PROVISIONING)
        yield from scim_pages(get, query or {})

    def get_user(self) -> AccountUser:
        """The signed-in user; an account's token has none."""
        return self._read(AccountUser, "/user", USER_DETAILS_READ)

    def _object(self, answer: Answer) -> Json:
        return member(answer, "result")

    def _pages(self, path: str, query: Mapping[str, str], needs: str) -> Iterator[JsonObject]:
        return numbered_pages(self._http, path, query, needs=needs)


def _tokens(account_id: str, owner: Owner) -> str:
    return f"{account_path(account_id)}/tokens" if owner == "account" else OWN_TOKENS


def _iam(account_id: str) -> str:
    return f"{account_path(account_id)}/iam"
