"""What the Okta tests share: a checked client, and a SCIM target that records what it is sent."""

import json
import threading
import time
from collections.abc import Callable
from itertools import count
from typing import Any, Self

import httpx
import pytest
from werkzeug import Request, Response
from werkzeug.serving import make_server

from sandbox.okta import late
from sandbox.server.server import Sandbox
from tests.loopback import NOBODY, PLAIN
from tests.sandbox.okta import okta_openapi

TOKEN = "target-token-0123456789"
NEWCOMER = {
    "login": "new@example.com",
    "email": "new@example.com",
    "firstName": "N",
    "lastName": "W",
}
"""The profile of somebody whom nobody has added yet."""


class Okta(httpx.Client):
    """A client of the sandbox's Okta with its API token; every answer is checked against Okta's
    OpenAPI document where there is a copy of it."""

    def __init__(self, sandbox: Sandbox, authorization: str | None = None) -> None:
        super().__init__(
            base_url=sandbox.world.http_base,
            headers={"Authorization": authorization or f"SSWS {sandbox.env['OKTA_API_TOKEN']}"},
            trust_env=False,
            verify=NOBODY,
            event_hooks={"response": [_check]},
        )
        self.sandbox = sandbox

    def got(self, method: str, path: str, json: Any = None, status: int = 200) -> Any:
        """Send a request, insist on the status, return the parsed body."""
        response = self.request(method, "/api/v1" + path, json=json)
        assert response.status_code == status, (response.status_code, response.text)
        return response.json() if response.content else None

    def group(self, name: str, *logins: str) -> str:
        """Create a group with these members; returns its id."""
        group_id = self.got("POST", "/groups", {"profile": {"name": name}})["id"]
        for login in logins:
            self.got("PUT", f"/groups/{group_id}/users/{self.user(login)}", status=204)
        return group_id

    def user(self, login: str) -> str:
        """A user's id; a short login is one of example.com."""
        address = login if "@" in login else f"{login}@example.com"
        return self.got("GET", f"/users/{address}")["id"]

    def app(self, name: str = "scim2testapp", **more: object) -> str:
        """Add an active app whose user names are e-mail addresses; returns its id."""
        template = {"template": "${source.email}", "type": "BUILT_IN"}
        body = {
            "name": name,
            "label": "Cloudflare SCIM",
            "signOnMode": "SAML_2_0",
            "credentials": {"userNameTemplate": template},
            **more,
        }
        return self.got("POST", "/apps?activate=true", body)["id"]

    def assign(self, app_id: str, group_id: str) -> None:
        """Assign a group to an app."""
        self.got("PUT", f"/apps/{app_id}/groups/{group_id}", {})

    def push(self, app_id: str, group_id: str, name: str) -> Any:
        """Push a group under a name; returns the mapping."""
        body = {"sourceGroupId": group_id, "targetGroupName": name, "status": "ACTIVE"}
        return self.got("POST", f"/apps/{app_id}/group-push/mappings", body)

    def mapping(self, app_id: str, mapping_id: str) -> Any:
        """Read a mapping back."""
        return self.got("GET", f"/apps/{app_id}/group-push/mappings/{mapping_id}")

    def console(self, app_id: str, **settings: Any) -> httpx.Response:
        """What an administrator does on the Provisioning tab."""
        return PLAIN.post(f"{self.sandbox.admin}/console/okta/{app_id}", json=settings)

    def integrate(self, app_id: str, target: "Target", **settings: object) -> None:
        """Configure the API integration with this target, pushing and deactivating people."""
        chosen = {"createUsers": True, "deactivateUsers": True, **settings}
        answer = self.console(app_id, baseUrl=target.url, token=TOKEN, **chosen)
        assert answer.status_code == 200, answer.text

    def cycle(self, *, full: bool = False) -> Any:
        """One provisioning cycle of Okta alone; returns its report."""
        body = {"identityProvider": "okta", "full": full}
        answer = PLAIN.post(f"{self.sandbox.admin}/cycle", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["okta"]


class Clock:
    """The time of day that `sandbox.okta.late` reads, where it is put in place of `time`."""

    def __init__(self) -> None:
        self.at = time.time()

    @classmethod
    def of_what_is_late(cls, monkeypatch: pytest.MonkeyPatch) -> Self:
        """A clock by which this test's sandbox tells what it shows late."""
        clock = cls()
        monkeypatch.setattr(late, "time", clock)
        return clock

    def time(self) -> float:
        """Seconds since 1970."""
        return self.at


class Target:
    """A small SCIM server that keeps users and groups, records requests, and fails on demand.

    ``fail(method, path)`` returns a status to answer with, or 0. Use as a context manager.
    """

    def __init__(self) -> None:
        self.users: dict[str, dict[str, Any]] = {}
        self.groups: dict[str, dict[str, Any]] = {}
        self.requests: list[dict[str, Any]] = []
        self._numbers = count(1)
        self.fail: Callable[[str, str], int] = lambda method, path: 0
        self._server = make_server("127.0.0.1", 0, self._application, threaded=True)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self.url = f"http://127.0.0.1:{self._server.port}/scim/v2"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def sent(self, method: str = "", path: str = "") -> list[dict[str, Any]]:
        """The requests of a method whose path begins so."""
        return [
            r for r in self.requests if method in ("", r["method"]) and r["path"].startswith(path)
        ]

    def member_names(self, group: str) -> list[str]:
        """The user names in a group, by its display name."""
        found = next(g for g in self.groups.values() if g["displayName"] == group)
        return sorted(self.users[user_id]["userName"] for user_id in found["members"])

    def _application(self, environ: dict[str, Any], start_response: Any) -> Any:
        request = Request(environ)
        return self._answer(request)(environ, start_response)

    def _answer(self, request: Request) -> Response:
        path = request.path.removeprefix("/scim/v2/")
        body: Any = json.loads(request.get_data() or b"{}")
        self.requests.append(
            {
                "method": request.method,
                "path": path,
                "query": request.args.to_dict(),
                "body": body,
                "agent": request.headers.get("User-Agent"),
                "authorization": request.headers.get("Authorization"),
            }
        )
        if TOKEN not in request.headers.get("Authorization", ""):
            return _scim({"detail": "token refused"}, 401)
        status = self.fail(request.method, path)
        if status:
            return _scim({"detail": f"refused {path}"}, status)
        kind, _, key = path.partition("/")
        store = self.users if kind == "Users" else self.groups
        if request.method == "GET" and not key:
            return self._list(store, request.args.get("filter"))
        if request.method == "POST":
            return self._create(kind, store, body)
        if key not in store:
            return _scim({"detail": "not found"}, 404)
        if request.method == "DELETE":
            del store[key]
            return Response(status=204)
        if request.method == "PUT":
            store[key].update(body)
            return _scim(store[key])
        if request.method == "GET":
            return _scim(store[key])
        for operation in body["Operations"]:
            self._patch(store[key], operation)
        return _scim(store[key])

    def _list(self, store: dict[str, dict[str, Any]], test: str | None) -> Response:
        found = list(store.values())
        if test:
            attribute, _, value = test.partition(" eq ")
            found = [item for item in found if item[attribute] == value.strip('"')]
        return _scim({"totalResults": len(found), "Resources": found})

    def _create(
        self, kind: str, store: dict[str, dict[str, Any]], body: dict[str, Any]
    ) -> Response:
        key = f"{kind[0].lower()}{next(self._numbers)}"
        store[key] = {**body, "id": key, "members": [m["value"] for m in body.get("members", [])]}
        return _scim(store[key], 201)

    def _patch(self, item: dict[str, Any], operation: dict[str, Any]) -> None:
        kind, path = operation["op"], operation.get("path", "")
        value: Any = operation.get("value")
        if not path:
            item.update(value)
        elif kind == "replace":
            item["members"] = [member["value"] for member in value]
        elif kind == "add":
            new = [member["value"] for member in value]
            item["members"] += [member for member in new if member not in item["members"]]
        else:
            gone = path.partition('"')[2].rstrip('"]')
            item["members"] = [member for member in item["members"] if member != gone]


def _scim(body: object, status: int = 200) -> Response:
    return Response(json.dumps(body), status=status, content_type="application/scim+json")


def _check(response: httpx.Response) -> None:
    response.read()
    json_body = response.headers.get("Content-Type", "").startswith("application/json")
    body = response.json() if response.content and json_body else None
    request = response.request
    found = okta_openapi.problems(request.method, request.url.path, response.status_code, body)
    assert not found, found
    assert int(response.headers["X-Rate-Limit-Remaining"]) >= 0
