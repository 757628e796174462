"""Cloudflare's v4 envelope, and the refusals that handlers raise.

Source: envelope C (cloudflare-go's tests); `documentation_url` of a 403 D (changelog 2026); codes
of the refusals P where public threads show them, else I.
"""

import json
from collections.abc import Mapping

from werkzeug import Response

from sandbox.server.router import Refusal


class ApiError(Refusal):
    """A refusal. ``code`` is Cloudflare's own; ``scim_type`` is used by the SCIM endpoint only."""

    def __init__(
        self, status: int, message: str, *, code: int = 0, scim_type: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code or _DEFAULT_CODES.get(status, 10000 + status)
        self.scim_type = scim_type

    def reply(self) -> Response:
        """As the v4 API answers; the SCIM endpoint has a form of its own."""
        return error(self.status, self.message, self.code)


_PERMISSIONS = "https://developers.cloudflare.com/fundamentals/api/reference/permissions/"
_DEFAULT_CODES = {400: 1001, 401: 9109, 403: 10000, 404: 7003, 405: 7001, 409: 1002, 429: 10429}


def invalid_token() -> ApiError:
    """The value is no token's."""
    return ApiError(401, "Invalid API Token", code=1000)


def not_allowed() -> ApiError:
    """The token lacks the right, or the account is not its own."""
    return ApiError(403, "Authentication error")


def policy_object(given: object) -> dict[str, object]:
    """A policy of a request. Raises ApiError 400 where it is something else."""
    if not isinstance(given, dict):
        raise ApiError(400, "a policy must be an object")
    return given


def compact(body: object) -> str:
    """JSON without spaces: the provider compares token resources as raw text."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)


def reply(
    result: object,
    *,
    info: Mapping[str, object] | None = None,
    messages: list[dict[str, object]] | None = None,
) -> Response:
    """A successful v4 answer."""
    body: dict[str, object] = {
        "result": result,
        "success": True,
        "errors": [],
        "messages": messages or [],
    }
    if info is not None:
        body["result_info"] = dict(info)
    return Response(compact(body), mimetype="application/json")


def error(status: int, message: str, code: int = 0) -> Response:
    """A failed v4 answer."""
    number = code or ApiError(status, message).code
    problem: dict[str, object] = {"code": number, "message": message}
    if status == 403:
        # D: since 2026 a refusal names the page of the permission.
        problem["documentation_url"] = _PERMISSIONS
    body = {"result": None, "success": False, "errors": [problem], "messages": []}
    return Response(compact(body), status=status, mimetype="application/json")
