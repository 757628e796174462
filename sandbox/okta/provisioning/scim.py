"""How Okta speaks SCIM 2.0 to an app's target: only the stored address and token, over HTTP.

The requests are those of https://developer.okta.com/docs/api/openapi/okta-scim/guides/scim-20/.
"""

import base64
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

import httpx

from sandbox.okta.catalog import kind_of
from sandbox.okta.models import User
from sandbox.server.credentials import random_text
from sandbox.server.outbound import scim_client
from sandbox.server.scim import CORE_GROUP, CORE_USER, PATCH_OP

if TYPE_CHECKING:
    from sandbox.server.world import World

USER_AGENT = "Okta SCIM Client 1.0.0"
Json = Mapping[str, object]


class ScimError(Exception):
    """The target refused or cannot be reached; the text names status and detail, no secret."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Target:
    """An open connection to an app's target. Use as a context manager; calls raise ScimError."""

    def __init__(self, world: "World", app_name: str, base_url: str, token: str) -> None:
        try:
            self._client = scim_client(world, base_url.rstrip("/"), token)
        except httpx.InvalidURL as error:
            raise ScimError(f"{base_url!r} is no address: {error}") from error
        self._client.headers["User-Agent"] = USER_AGENT
        self._client.headers["Authorization"] = _credential(app_name, token)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def test(self) -> None:
        """What "Test API Credentials" does."""
        self._list("Users", {"startIndex": "1", "count": "2"})

    def find_user(self, name: str) -> Json | None:
        """The target's user of this name."""
        return self._find("Users", "userName", name)

    def find_group(self, name: str) -> Json | None:
        """The target's group of this name."""
        return self._find("Groups", "displayName", name)

    def create_user(self, name: str, user: User) -> str:
        """Create an active user; returns the target's id."""
        # R: a password goes with it, though the app takes none.
        body = {**_user(name, user), "password": random_text(12)}
        return _id(self._call("POST", "Users", body))

    def set_active(self, user_id: str, active: bool) -> None:
        """Activate or deactivate a user."""
        self._patch(f"Users/{user_id}", [{"op": "replace", "value": {"active": active}}])

    def refresh_user(self, user_id: str, name: str, user: User) -> None:
        """Read a user who was made active again, and write the attributes back (R)."""
        shown = self._call("GET", f"Users/{user_id}")
        kept = {"id": user_id, "meta": shown.get("meta", {})}
        self._call("PUT", f"Users/{user_id}", {**_user(name, user), **kept})

    def get_group(self, group_id: str) -> Json:
        """Read a group before it is changed (R)."""
        return self._call("GET", f"Groups/{group_id}")

    def create_group(self, name: str, members: Mapping[str, str]) -> str:
        """Create a group; ``members`` maps the target's id to a name. Returns the group's id."""
        body = {
            "schemas": [CORE_GROUP],
            "displayName": name,
            "members": _members(members),
        }
        return _id(self._call("POST", "Groups", body))

    def rename_group(self, group_id: str, name: str) -> None:
        """Change a group's name."""
        value = {"id": group_id, "displayName": name}
        self._patch(f"Groups/{group_id}", [{"op": "replace", "value": value}])

    def replace_group(self, group_id: str, name: str, members: Mapping[str, str]) -> None:
        """Write a group as a whole."""
        body = {
            "schemas": [CORE_GROUP],
            "displayName": name,
            "id": group_id,
            "members": _members(members),
        }
        self._call("PUT", f"Groups/{group_id}", body)

    def replace_members(self, group_id: str, members: Mapping[str, str]) -> None:
        """Make exactly these the members; ``members`` maps the target's id to a name."""
        operation = {"op": "replace", "path": "members", "value": _members(members)}
        self._patch(f"Groups/{group_id}", [operation])

    def change_members(
        self, group_id: str, added: Mapping[str, str], removed: Sequence[str]
    ) -> None:
        """Add and remove members."""
        operations: list[Json] = [
            {"op": "remove", "path": f'members[value eq "{user_id}"]'} for user_id in removed
        ]
        if added:
            operations.append({"op": "add", "path": "members", "value": _members(added)})
        self._patch(f"Groups/{group_id}", operations)

    def delete_group(self, group_id: str) -> None:
        """Delete a group; one that is gone already is no error."""
        try:
            self._call("DELETE", f"Groups/{group_id}")
        except ScimError as error:
            if error.status != 404:
                raise

    def _patch(self, path: str, operations: Sequence[Json]) -> None:
        self._call("PATCH", path, {"schemas": [PATCH_OP], "Operations": operations})

    def _find(self, kind: str, attribute: str, name: str) -> Json | None:
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        query = {"filter": f'{attribute} eq "{quoted}"', "startIndex": "1", "count": "100"}
        resources = self._list(kind, query)
        return resources[0] if resources else None

    def _list(self, kind: str, query: Mapping[str, str]) -> list[Json]:
        answer = self._call("GET", kind, query=query)
        resources = answer.get("Resources", [])
        if not isinstance(resources, list) or "totalResults" not in answer:
            raise ScimError(f"GET {kind}: the answer is no SCIM list")
        return [item for item in resources if isinstance(item, dict)]

    def _call(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Json:
        try:
            response = self._client.request(method, path, json=body, params=query)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ScimError(f"{method} {path}: {type(error).__name__}: {error}") from error
        if response.status_code >= 400:
            text = f"{method} {path}: {response.status_code} {_detail(response)}"
            raise ScimError(text.rstrip(), response.status_code)
        if not response.content:
            return {}
        try:
            answer = response.json()
        except ValueError as error:
            raise ScimError(f"{method} {path}: the answer is not JSON") from error
        if not isinstance(answer, dict):
            raise ScimError(f"{method} {path}: the answer is no JSON object")
        return answer


def _user(name: str, user: User) -> dict[str, object]:
    return {
        "schemas": [CORE_USER],
        "userName": name,
        "name": {"givenName": user.first_name, "familyName": user.last_name},
        "emails": [{"primary": True, "value": user.email, "type": "work"}],
        "displayName": f"{user.first_name} {user.last_name}",
        "locale": "en-US",
        "externalId": user.id,
        "groups": [],
        "active": True,
    }


def _credential(app_name: str, token: str) -> str:
    match kind_of(app_name).sends:
        case "raw":
            return token
        case "basic":
            return "Basic " + base64.b64encode(token.encode()).decode()
        case _:
            return f"Bearer {token}"


def _members(members: Mapping[str, str]) -> list[Json]:
    return [{"value": user_id, "display": name} for user_id, name in members.items()]


def _id(answer: Json) -> str:
    id_ = answer.get("id")
    if not isinstance(id_, str) or not id_:
        raise ScimError("the target's answer has no id")
    return id_


def _detail(response: httpx.Response) -> str:
    try:
        body = response.json()
    except ValueError:
        return response.reason_phrase
    detail = body.get("detail") if isinstance(body, dict) else None
    return str(detail) if detail else response.reason_phrase
