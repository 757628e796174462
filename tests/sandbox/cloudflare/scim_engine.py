"""A client for scim2-tester that speaks to the sandbox over real HTTP with httpx."""

import json
from typing import Any

import httpx
from scim2_client.client import BaseSyncSCIMClient


class HttpxScimClient(BaseSyncSCIMClient):
    """Sends the tester's requests, with its random users made valid for Cloudflare.

    Cloudflare wants a user's name to be an e-mail address, equal to the primary address, and a new
    user to be active; no schema can say so, and the tester fills attributes at random.
    """

    def __init__(self, client: httpx.Client) -> None:
        super().__init__()
        self._client = client

    def request(self, method: str, url: str, **kwargs: Any) -> httpx.Response:
        """Send one request; ``url`` is relative to the endpoint."""
        if "/Users" in url and method in ("POST", "PUT") and isinstance(kwargs.get("json"), dict):
            kwargs["json"] = _valid_user(kwargs["json"])
        return self._client.request(method, url, **kwargs)

    def _parse_json(self, response: Any) -> Any:
        return json.loads(response.text)

    def _stays_under_base_url(self, endpoint: str) -> bool:
        url = self._client.build_request("GET", endpoint).url
        return str(url).startswith(str(self._client.base_url))


def _valid_user(user: dict[str, Any]) -> dict[str, Any]:
    name = str(user.get("userName", ""))
    address = name if "@" in name else f"{name}@example.com"
    emails = [{"value": address, "type": "work", "primary": True}]
    return {**user, "userName": address, "emails": emails, "active": True}
