"""What the tests of the sandbox's Entra share: a Graph client, and a SCIM endpoint of their own.

The endpoint records what it is asked, so that the cycle is tested without the sandbox's Cloudflare.
"""

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from azure.identity import ClientSecretCredential
from werkzeug import Request, Response
from werkzeug.serving import make_server

from sandbox.server.server import Sandbox
from tests.loopback import PLAIN, plain_client

TEMPLATE = "8adf8e6e-67b2-4cf2-a259-e3dc5476c621"
USER_ROLE = "18d14569-c3bd-439b-9a66-3a2aee01d14f"
TOKEN = "scim-token-of-the-tests"


_clients: dict[str, httpx.Client] = {}


def signed_in(sandbox: Sandbox) -> str:
    """A token fetched with azure-identity; it outlives a reset."""
    material = PLAIN.get(sandbox.admin + "/entra/signin").json()
    with ClientSecretCredential(
        material["tenantId"],
        material["clientId"],
        material["clientSecret"],
        authority=material["authority"],
        disable_instance_discovery=True,
        connection_verify=material["caFile"],
    ) as credential:
        return credential.get_token(material["scope"]).token


class Graph:
    """A signed-in client; ``call`` raises for an error, ``refused`` returns the error's code."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.base = sandbox.world.http_base
        if self.base not in _clients:  # a client costs 40 ms, mostly for trust in TLS
            headers = {"Authorization": f"Bearer {signed_in(sandbox)}"}
            _clients[self.base] = plain_client(base_url=self.base, headers=headers)
        self.client = _clients[self.base]

    def send(self, method: str, path: str, body: object = None, **options: Any) -> httpx.Response:
        """The raw answer; a path without version is below /v1.0."""
        if not path.startswith(("/v1.0", "/beta", "http")):
            path = "/v1.0" + path
        return self.client.request(method, path, json=body, **options)

    def call(self, method: str, path: str, body: object = None, **options: Any) -> Any:
        """The parsed answer; an error fails the test with its text."""
        response = self.send(method, path, body, **options)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else None

    def refused(
        self, method: str, path: str, body: object = None, **options: Any
    ) -> tuple[int, str]:
        """Status and Graph's error code; success fails the test."""
        response = self.send(method, path, body, **options)
        assert not response.is_success, f"{method} {path} was not refused"
        error = response.json()["error"]
        wordless = response.status_code == 401 and error["code"] == "UnknownError"
        assert error["message"] or wordless, "an error needs a message"
        return response.status_code, error["code"]

    def user_id(self, principal_name: str) -> str:
        """The id of a seeded person."""
        return self.call("GET", f"/users/{principal_name}")["id"]

    def group(self, name: str, *members: str) -> str:
        """A new security group with these people in it; returns its id."""
        binds = [f"{self.base}/v1.0/directoryObjects/{self.user_id(m)}" for m in members]
        body = {
            "displayName": name,
            "mailEnabled": False,
            "mailNickname": re.sub(r"\W", "", name) or "x",
            "securityEnabled": True,
            "members@odata.bind": binds,
        }
        return self.call("POST", "/groups", body)["id"]

    def assign(self, sp_id: str, principal_id: str) -> str:
        """Assign a user or group to an application; returns the assignment's id."""
        body = {"principalId": principal_id, "resourceId": sp_id, "appRoleId": USER_ROLE}
        return self.call("POST", f"/servicePrincipals/{sp_id}/appRoleAssignedTo", body)["id"]


class Provisioning:
    """An application with a job, pointed at a SCIM endpoint."""

    def __init__(self, graph: Graph, base_address: str = "", **settings: str) -> None:
        self.graph = graph
        path = f"/applicationTemplates/{TEMPLATE}/instantiate"
        made = graph.call("POST", path, {"displayName": "Cloudflare SCIM"})
        self.app_id = made["application"]["id"]
        self.sp_id = made["servicePrincipal"]["id"]
        self.sync = f"/servicePrincipals/{self.sp_id}/synchronization"
        self.job_id = graph.call("POST", f"{self.sync}/jobs", {"templateId": "scim"})["id"]
        self.job = f"{self.sync}/jobs/{self.job_id}"
        if base_address:
            self.secrets(BaseAddress=base_address, SecretToken=TOKEN, SyncAll="false")
        if settings:
            self.secrets(**settings)

    def secrets(self, **values: str) -> None:
        """PUT synchronization/secrets."""
        pairs = [{"key": key, "value": value} for key, value in values.items()]
        self.graph.call("PUT", f"{self.sync}/secrets", {"value": pairs})

    def start(self) -> None:
        """Start provisioning."""
        self.graph.call("POST", f"{self.job}/start")

    def status(self) -> Any:
        """The job's status object."""
        return self.graph.call("GET", self.job)["status"]

    def schema(self) -> Any:
        """The schema document as a caller would send it back."""
        return self.graph.call("GET", f"{self.job}/schema")

    def mapping(self, document: Any, source: str) -> Any:
        """The object mapping of User or Group inside a schema document."""
        mappings = document["synchronizationRules"][0]["objectMappings"]
        return next(mapping for mapping in mappings if mapping["sourceObjectName"] == source)

    def filter(self, source: str, *groups: list[tuple[str, str, str | None]]) -> None:
        """Set a scoping filter: groups of (attribute, operator, value)."""
        document = self.schema()
        self.mapping(document, source)["scope"] = scope(*groups)
        self.graph.call("PUT", f"{self.job}/schema", document)

    def log(self) -> list[Any]:
        """The provisioning log of this job, oldest first."""
        query = {"$filter": f"jobId eq '{self.job_id}'", "$top": "999"}
        entries = self.graph.call("GET", "/auditLogs/provisioning", params=query)["value"]
        return list(reversed(entries))

    def outcomes(self) -> list[tuple[str, str, str]]:
        """(name, action, status) of every log entry."""
        return [
            (
                entry["sourceIdentity"]["displayName"],
                entry["provisioningAction"],
                entry["provisioningStatusInfo"]["status"],
            )
            for entry in self.log()
        ]


def cycle(admin: httpx.Client, *, full: bool = False) -> Any:
    """Run Entra's cycle; returns its report."""
    answer = admin.post("cycle", json={"identityProvider": "entra", "full": full})
    assert answer.status_code == 200, answer.text
    return answer.json()["entra"]


def scope(*groups: list[tuple[str, str, str | None]]) -> Any:
    """A filter document."""
    return {
        "groups": [
            {
                "name": f"filter {number}",
                "clauses": [
                    {
                        "sourceOperandName": attribute,
                        "operatorName": operator,
                        "targetOperand": {"values": [] if value is None else [value]},
                    }
                    for attribute, operator, value in clauses
                ],
            }
            for number, clauses in enumerate(groups)
        ],
        "inputFilterGroups": [],
        "categoryFilterGroups": [],
    }


@dataclass
class Asked:
    """One request the endpoint received."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class ScimEndpoint:
    """A small SCIM server: stores what it is given, refuses what ``refuse`` says."""

    asked: list[Asked] = field(default_factory=list)
    resources: dict[str, dict[str, Any]] = field(default_factory=dict)
    refuse: Callable[[Asked], int | None] = lambda _: None
    base: str = ""

    def __enter__(self) -> "ScimEndpoint":
        self._server = make_server("127.0.0.1", 0, self._serve, threaded=True)
        self.base = f"http://127.0.0.1:{self._server.port}/scim/v2"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def writes(self) -> list[Asked]:
        """What was changed, or tried to."""
        return [asked for asked in self.asked if asked.method != "GET"]

    def patches(self) -> list[Any]:
        """All PATCH operations, in order."""
        sent = [asked for asked in self.asked if asked.method == "PATCH"]
        return [operation for asked in sent for operation in asked.body["Operations"]]

    def names(self, kind: str, attribute: str) -> list[str]:
        """The names of the users or groups it has."""
        return sorted(r[attribute] for key, r in self.resources.items() if key.startswith(kind))

    def _serve(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        body = json.loads(request.data) if request.data else None
        path = request.path.removeprefix("/scim/v2/")
        asked = Asked(request.method, path, dict(request.args), dict(request.headers), body)
        self.asked.append(asked)
        return self._answer(asked)(environ, start_response)

    def _answer(self, asked: Asked) -> Response:
        status = self.refuse(asked)
        if asked.headers.get("Authorization") != f"Bearer {TOKEN}":
            status = 401
        if status is not None:
            detail = {"status": str(status), "detail": f"refused with {status}"}
            return Response(json.dumps(detail), status, mimetype="application/scim+json")
        kind = asked.path.split("/")[0]
        if asked.method == "GET":
            name, value = asked.query["filter"].split(" eq ", 1)
            found = [
                r
                for key, r in self.resources.items()
                if key.startswith(kind) and r.get(name) == json.loads(value)
            ]
            return self._json({"totalResults": len(found), "Resources": found}, 200)
        if asked.method == "POST":
            key = f"{kind}/{len(self.resources) + 1}"
            self.resources[key] = {**asked.body, "id": key.split("/")[1]}
            return self._json(self.resources[key], 201)
        if asked.path not in self.resources:
            return self._json({"status": "404", "detail": "not found"}, 404)
        if asked.method == "DELETE":
            del self.resources[asked.path]
        return Response(status=204)

    def _json(self, body: object, status: int) -> Response:
        return Response(json.dumps(body), status, mimetype="application/scim+json")
