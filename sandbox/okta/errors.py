"""Okta's error answers: code, summary, causes.

Source: https://developer.okta.com/docs/reference/error-codes/ and the examples of Okta's OpenAPI
description.
"""

import secrets
from collections.abc import Mapping

from werkzeug import Response

from sandbox.server.router import Refusal, json_reply

_BY_STATUS: Mapping[int, tuple[str, str]] = {
    400: ("E0000003", "The request body was not well-formed."),
    401: ("E0000011", "Invalid token provided"),
    403: ("E0000006", "You do not have permission to perform the requested action"),
    404: ("E0000007", "Not found: Resource not found"),
    405: ("E0000022", "The endpoint does not support the provided HTTP method"),
    409: ("E0000157", "The request could not be completed due to a conflict."),
    429: ("E0000047", "API call exceeded rate limit due to too many requests."),
    503: ("E0000010", "Service is in read only mode"),
}
_INTERNAL = ("E0000009", "Internal Server Error")


class OktaError(Refusal):
    """Ends a request with one of Okta's errors; ``api.endpoint`` turns it into the answer."""

    def __init__(
        self,
        status: int,
        code: str,
        summary: str,
        *causes: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(summary)
        self.status, self.code, self.summary, self.causes = status, code, summary, causes
        self.headers = dict(headers or {})

    def reply(self) -> Response:
        """The answer."""
        body = {
            "errorCode": self.code,
            "errorSummary": self.summary,
            "errorLink": self.code,
            "errorId": "oae" + secrets.token_urlsafe(16),
            "errorCauses": [{"errorSummary": cause} for cause in self.causes],
        }
        return json_reply(body, self.status, self.headers)


def by_status(status: int, *causes: str, headers: Mapping[str, str] | None = None) -> OktaError:
    """The error that stands for a status alone."""
    code, summary = _BY_STATUS.get(status, _INTERNAL)
    return OktaError(status, code, summary, *causes, headers=headers)


def not_found(key: str, kind: str) -> OktaError:
    """404 for an id; ``kind`` is Okta's own name of the type, as in ``AppInstance``."""
    return OktaError(404, "E0000007", f"Not found: Resource not found: {key} ({kind})")


def invalid(field: str, *causes: str) -> OktaError:
    """400 for a value that Okta refuses."""
    return OktaError(400, "E0000001", f"Api validation failed: {field}", *causes)


def bad_search() -> OktaError:
    """400 for a search or filter expression (R: oktalib, 2026-08)."""
    return OktaError(400, "E0000031", "Invalid search criteria.", "Invalid search syntax.")


def forbidden(*causes: str, headers: Mapping[str, str] | None = None) -> OktaError:
    """403 for a caller without the right."""
    return by_status(403, *causes, headers=headers)


def quota(limit: int, remaining: int, reset: int) -> dict[str, str]:
    """The headers that say how many calls are left until the moment `reset` (Unix time)."""
    counts = {"Limit": limit, "Remaining": remaining, "Reset": reset}
    return {f"X-Rate-Limit-{name}": str(count) for name, count in counts.items()}
