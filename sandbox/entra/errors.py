"""Microsoft Graph's shape of errors, and the exception handlers raise for it.

Source: the shape D (Graph error responses); the wordless 401 P (docs-contrib #8800).
"""

import uuid
from datetime import UTC, datetime

from werkzeug import Response

from sandbox.server.router import Refusal, json_reply

_CODES = {
    400: "Request_BadRequest",
    401: "InvalidAuthenticationToken",
    403: "Authorization_RequestDenied",
    404: "Request_ResourceNotFound",
    405: "Request_BadRequest",
    409: "Request_MultipleObjectsWithSameKeyValue",
    429: "TooManyRequests",
    500: "UnknownError",
    503: "ServiceUnavailable",
}


def reply(status: int, message: str, code: str | None = None) -> Response:
    """Graph's error answer; without ``code`` the usual one of that status.

    Source (D): https://learn.microsoft.com/graph/errors
    """
    request_id = str(uuid.uuid4())
    body = {
        "error": {
            "code": code or _CODES.get(status, "UnknownError"),
            "message": message,
            "innerError": {
                "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
                "request-id": request_id,
                "client-request-id": request_id,
            },
        }
    }
    headers = {"request-id": request_id}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return json_reply(body, status, headers)


class GraphError(Refusal):
    """The request is refused: status, Graph's code and one line for the caller."""

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code

    def reply(self) -> Response:
        """The answer to send."""
        return reply(self.status, self.message, self.code)


def not_found(object_id: str) -> GraphError:
    """404 in Graph's own words."""
    return GraphError(
        404,
        f"Resource '{object_id}' does not exist or one of its queried reference-property objects "
        "are not present.",
    )


def denied(path: str) -> GraphError:
    """A permission is missing: 403, but 401 without a word on synchronization calls.

    Source (P): microsoft-graph-docs-contrib #8800.
    """
    if "/synchronization/" in path:
        return GraphError(401, "", "UnknownError")
    return GraphError(403, "Insufficient privileges to complete the operation.")


def bad_request(message: str, code: str | None = None) -> GraphError:
    """400."""
    return GraphError(400, message, code)
