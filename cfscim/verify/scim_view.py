"""Cloudflare's groups as its SCIM endpoint shows them to the identity provider's token.

One request gives a whole group, where the account's own API gives fifty members a page.
Source: RFC 7644, 3.4.2; Cloudflare's API description of /accounts/{id}/scim/v2.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import Field

from cfscim.config.json_types import JsonObject
from cfscim.vendors.cloudflare.api import CloudflareClient
from cfscim.vendors.cloudflare.scim import ScimEndpoint
from cfscim.vendors.errors import AnswerError
from cfscim.vendors.http import Call
from cfscim.vendors.pages import member, objects
from cfscim.vendors.replies import Reply, read

_HEADERS = {"Accept": "application/scim+json, application/json"}
_NEEDS = "SCIM Provisioning (or the guide's four permissions) on this account"
_PER_PAGE = 100
_MOST_PAGES = 100


class _Member(Reply):
    value: str = ""
    display: str = ""


class ScimGroup(Reply):
    """A group; lists and virtual groups come without members."""

    id: str
    display_name: str = ""
    members: tuple[_Member, ...] = ()


class _User(Reply):
    user_name: str
    groups: tuple[str, ...] | None = Field(default=None)


@dataclass(frozen=True)
class ScimView:
    """Reads with the token of the stack; where that fails, with the operator's credentials."""

    endpoint: ScimEndpoint
    client: CloudflareClient
    account: str

    def probe(self) -> None:
        """The guide's Test Connection. Raises `AnswerError`."""
        self.endpoint.service_provider_config()
        self.endpoint.users_page()

    def group_members(self, group_id: str) -> tuple[str, ...]:
        """The addresses in a user group, as Cloudflare writes them. Raises `AnswerError`.

        A group that the SCIM endpoint shows empty, or without addresses, is read again through
        the account's API.
        """
        try:
            answer = self.endpoint.http.send(
                Call("GET", f"/Groups/{group_id}", headers=_HEADERS, needs=_NEEDS)
            )
            shown = read(ScimGroup, answer.body, answer.where).members
        except AnswerError:
            shown = ()
        if shown and all("@" in one.display for one in shown):
            return tuple(one.display for one in shown)
        found = self.client.user_group_members(self.account, group_id)
        return tuple(one.email or one.id for one in found)

    def groups_named(self, name: str) -> tuple[ScimGroup, ...]:
        """The groups that answer to a name, without members. Raises `AnswerError`."""
        query = {"filter": f"displayName eq {json.dumps(name)}"}
        answer = self.endpoint.http.send(
            Call("GET", "/Groups", query, headers=_HEADERS, needs=_NEEDS)
        )
        return tuple(
            read(ScimGroup, item, answer.where)
            for item in objects(answer, member(answer, "Resources"))
        )

    def groups_by_person(self) -> Mapping[str, frozenset[str]]:
        """Address in lower case -> ids of the groups the person is in. Raises `AnswerError`."""
        users = (read(_User, item, "Cloudflare SCIM GET /Users") for item in self._users())
        return {user.user_name.lower(): frozenset(user.groups or ()) for user in users}

    def _users(self) -> Iterator[JsonObject]:
        start = 1
        for _ in range(_MOST_PAGES):
            query = {"startIndex": str(start), "count": str(_PER_PAGE)}
            answer = self.endpoint.http.send(
                Call("GET", "/Users", query, headers=_HEADERS, needs=_NEEDS)
            )
            items = objects(answer, member(answer, "Resources"))
            yield from items
            total = member(answer, "totalResults")
            start += len(items)
            if not items or not isinstance(total, int) or start > total:
                return
        raise AnswerError("malformed", "Cloudflare SCIM GET /Users", "a list that does not end")
