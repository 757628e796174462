"""Cloudflare's SCIM endpoint with the token the identity provider was given.

Source: guide, Test Connection; RFC 7644 (3.4.2, 4); Cloudflare: `application/scim+json`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import httpx
from pydantic import Field, JsonValue

from cfscim.config.roles import SCIM_PROVISIONING
from cfscim.vendors.cloudflare.signin import reachable
from cfscim.vendors.http import Answer, Call, HttpClient
from cfscim.vendors.network import open_client, require_safe
from cfscim.vendors.pages import Reply, read
from cfscim.vendors.retries import Policy

_HEADERS = {"Accept": "application/scim+json, application/json"}
_NEEDS = f"{SCIM_PROVISIONING} (or the guide's four permissions) on this account"


_WHY = "the identity provider cannot provision anybody"
NO_QUERY: Mapping[str, str] = {}


class UsersPage(Reply):
    """One page of users."""

    total_results: int
    resources: tuple[dict[str, JsonValue], ...] = Field(default=(), alias="Resources")


@dataclass
class ScimEndpoint:
    """The endpoint as the identity provider reaches it; its token never appears in an error."""

    http: HttpClient

    @classmethod
    def from_settings(
        cls,
        config: Mapping[str, str],
        env: Mapping[str, str],
        *,
        base_url: str,
        token: str,
        policy: Policy | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> Self:
        """For a base URL (`…/accounts/<id>/scim/v2`) and a token.

        Raises `ScimError` for plain HTTP.
        """
        policy = policy or Policy()
        base = require_safe(reachable(base_url, config, env), "SCIM base URL")
        headers = {"Authorization": f"Bearer {token}"}
        http = HttpClient(
            "Cloudflare SCIM",
            base,
            open_client(base, env, policy, transport=transport),
            authorize=lambda _method, _url: headers,
            credentials="the token given to the identity provider",
            policy=policy,
        )
        return cls(http)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def service_provider_config(self) -> Answer:
        """What the endpoint can do. Raises `AnswerError`."""
        return self.get("/ServiceProviderConfig", why=_WHY)

    def users_page(self, *, user_name: str = "") -> UsersPage:
        """The first user, or the user of this name: the guide's Test Connection.

        Raises `AnswerError`: "unauthorized" for a wrong token, "forbidden" for another account's.
        """
        query = {"startIndex": "1", "count": "1"}
        if user_name:
            query = {"filter": f"userName eq {json.dumps(user_name)}"}
        answer = self.get("/Users", query, why=_WHY)
        return read(UsersPage, answer.body, answer.where)

    def get(self, path: str, query: Mapping[str, str] = NO_QUERY, *, why: str = "") -> Answer:
        """The answer to a path below the base. Raises `AnswerError`."""
        call = Call("GET", path, query, headers=_HEADERS, needs=_NEEDS, why=why)
        return self.http.send(call)
