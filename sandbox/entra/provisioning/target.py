"""The SCIM endpoint as Entra's provisioning service speaks to it, over real HTTP.

Source (D): https://learn.microsoft.com/entra/identity/app-provisioning/use-scim-to-provision-users-and-groups
and …/application-provisioning-config-problem-scim-compatibility (the flag aadOptscim062020).
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
from pydantic import JsonValue

from sandbox.server.outbound import scim_client
from sandbox.server.scim import PATCH_OP
from sandbox.server.world import World

_FLAG = "aadoptscim062020"
_USER_AGENT = "Azure AD SCIM Provisioning"
_PREFIX = "SystemForCrossDomainIdentityManagement"
_MAX_DETAIL = 500
_CODES = {
    400: "ServiceIncompatible",
    401: "InvalidCredentials",
    403: "InvalidCredentials",
    404: "EntryNotFound",
    409: "EntryConflict",
    429: "ServiceTooManyRequests",
}
Resource = dict[str, JsonValue]


class TargetError(Exception):
    """The endpoint refused or could not be reached. ``status`` is None when there was no answer."""

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status

    @property
    def hopeless(self) -> bool:
        """Would every further request fail alike?"""
        return self.status in (None, 401)


@dataclass(frozen=True)
class Connection:
    """Tenant URL and token as stored; ``compliant`` when the URL carries the flag."""

    base: str
    token: str
    compliant: bool


def connection(secrets: Mapping[str, str]) -> Connection:
    """Read the stored or given credentials. Raises TargetError."""
    address, token = secrets.get("BaseAddress", "").strip(), secrets.get("SecretToken", "")
    try:
        parts = urlsplit(address)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        valid = False
    if not valid:
        message = "Please provide a valid tenant URL for your application."
        raise TargetError(_PREFIX + "InvalidCredentials", message)
    if not token:
        message = "Please provide a valid secret token for your application."
        raise TargetError(_PREFIX + "InvalidCredentials", message)
    base = address.partition("?")[0].partition("#")[0].rstrip("/")
    return Connection(base, token, _FLAG in address.partition("?")[2].lower())


class Target:
    """An open connection; use as a context manager."""

    def __init__(self, world: World, wanted: Connection) -> None:
        self.compliant = wanted.compliant
        self.base = wanted.base
        self._client = scim_client(world, wanted.base, wanted.token)
        self._client.headers["User-Agent"] = _USER_AGENT

    def __enter__(self) -> "Target":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def probe(self) -> None:
        """Test Connection: look for a user that cannot exist. Raises TargetError."""
        self.search("Users", "userName", f"AzureAD_Test-{uuid.uuid4()}")

    def search(self, resources: str, attribute: str, value: str) -> list[Resource]:
        """The resources whose attribute equals the value. Raises TargetError."""
        params = {"filter": f"{attribute} eq {json.dumps(value, ensure_ascii=False)}"}
        if resources == "Groups":
            params = {"excludedAttributes": "members", **params}
        listed = self._send("GET", resources, params=params).get("Resources", [])
        if not isinstance(listed, list):
            raise TargetError(_PREFIX + "ServiceIncompatible", "Resources is not a list.", 200)
        return [resource for resource in listed if isinstance(resource, dict)]

    def create(self, resources: str, body: Resource) -> str:
        """POST; returns the new id. Raises TargetError."""
        created = self._send("POST", resources, body=body)
        if not created.get("id"):
            raise TargetError(_PREFIX + "ServiceIncompatible", "The answer has no id.", 201)
        return str(created["id"])

    def patch(self, resources: str, target_id: str, operations: list[JsonValue]) -> None:
        """PATCH. Raises TargetError."""
        body: Resource = {"schemas": [PATCH_OP], "Operations": operations}
        self._send("PATCH", f"{resources}/{target_id}", body=body)

    def delete(self, resources: str, target_id: str) -> None:
        """DELETE; gone already is as good. Raises TargetError."""
        try:
            self._send("DELETE", f"{resources}/{target_id}")
        except TargetError as error:
            if error.status != 404:
                raise

    def _send(
        self,
        method: str,
        path: str,
        *,
        body: Resource | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Resource:
        content = None if body is None else json.dumps(body).encode()
        try:
            response = self._client.request(method, path, content=content, params=params)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            message = f"{method} {path}: no answer from the endpoint ({type(error).__name__})."
            raise TargetError(_PREFIX + "CredentialValidationUnavailable", message) from error
        if response.is_error or response.is_redirect:
            raise _refused(method, path, response)
        if not response.content:
            return {}
        try:
            answer = response.json()
        except ValueError as error:
            message = f"{method} {path}: the answer is not JSON."
            raise TargetError(
                _PREFIX + "ServiceIncompatible", message, response.status_code
            ) from error
        if not isinstance(answer, dict):
            message = f"{method} {path}: the answer is no SCIM resource."
            raise TargetError(_PREFIX + "ServiceIncompatible", message, response.status_code)
        return answer


def _refused(method: str, path: str, response: httpx.Response) -> TargetError:
    status = response.status_code
    try:
        answer = response.json()
        detail = str(answer.get("detail") or answer.get("errors") or "")
    except (ValueError, AttributeError):
        detail = ""
    code = _CODES.get(status, "ServiceError" if status >= 500 else "BadResponse")
    message = f"{method} {path}: HTTP status {status}. {detail[:_MAX_DETAIL]}".strip()
    return TargetError(_PREFIX + code, message, status)
