"""Errors from a vendor's answer: their kinds, their one-line text, and the vendor's own words."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Literal, Self, TypeVar

from cfscim.config.json_types import Json, objects
from cfscim.config.messages import Exit, MissingError, RemoteError, one_line
from cfscim.vendors.secrets import mask

Kind = Literal[
    "unauthorized",  # 401: the credentials are not accepted
    "forbidden",  # 403: they are, but for something else
    "not found",  # 404, 410
    "conflict",  # 409, 412
    "rejected",  # any other 4xx: the request itself
    "throttled",  # 429
    "unavailable",  # 5xx, or the connection broke
    "timeout",  # no answer in time
    "unreachable",  # no connection at all
    "malformed",  # an answer that is not as documented
    "unexpected",  # it answers, and is not as declared
]

_BY_STATUS: dict[int, Kind] = {
    401: "unauthorized",
    403: "forbidden",
    404: "not found",
    408: "timeout",
    409: "conflict",
    410: "not found",
    412: "conflict",
    429: "throttled",
}
_WHY: dict[Kind, str] = {
    "unauthorized": "nothing can be read or changed with these credentials",
    "forbidden": "these credentials lack a permission",
    "not found": "it was deleted, or these credentials may not see it",
    "conflict": "something else changed it, or it exists already",
    "rejected": "the request was not carried out",
    "throttled": "the vendor's rate limit is used up",
    "unavailable": "what was asked for may or may not have been done",
    "timeout": "what was asked for may or may not have been done",
    "unreachable": "nothing was sent",
    "malformed": "nothing can be concluded from such an answer",
    "unexpected": "nothing can be concluded from such an answer",
}
_INSTEAD: dict[Kind, str] = {
    "unauthorized": "check that the credentials are current and of this organisation",
    "forbidden": "grant it as docs/permissions.md says",
    "not found": "check the name or id, or run `pulumi refresh`",
    "conflict": "run again",
    "rejected": "check the values named in the answer",
    "throttled": "wait and run again; a run continues where it stopped",
    "unavailable": "run again; a run continues where it stopped",
    "timeout": "run again; a run continues where it stopped",
    "unreachable": "check the address, the network and the proxy",
    "malformed": "check the address; a proxy may have answered in the vendor's place",
    "unexpected": "run again",
}
_NO_ANSWER = ("throttled", "unavailable", "timeout", "unreachable", "malformed")
"""The network, or an answer of the vendor behind it, is what is missing."""
_LONGEST = 200


class AnswerError(RemoteError):
    """A call that failed, as one line: vendor, method and path; what was answered; why; what now.

    `kind` tells the cases apart, `status` is the HTTP status where there was one. `sent` is
    false where the vendor certainly did nothing. `retry_after` is the vendor's wish, in seconds.
    `code` and `says` are the vendor's own, masked; `headers` are the answer's.
    """

    def __init__(
        self,
        kind: Kind,
        where: str,
        answer: str,
        *,
        why: str = "",
        instead: str = "",
        status: int | None = None,
        sent: bool = True,
        retry_after: float | None = None,
        code: str = "",
        says: str = "",
        headers: Mapping[str, str] | None = None,
        secrets: Iterable[str] = (),
    ) -> None:
        self.kind = kind
        self.status = status
        self.sent = sent
        self.retry_after = retry_after
        self.code = code
        self.says = says
        self.headers = headers or {}
        parts = (where, answer, why or _WHY[kind], instead or _INSTEAD[kind])
        super().__init__(*(one_line(mask(part, secrets)) for part in parts))
        if kind in _NO_ANSWER:
            self.exit_code = Exit.MISSING


class UnreachableError(AnswerError, MissingError):
    """The vendor cannot be reached at all: the network is what is missing (exit code 3)."""

    @classmethod
    def of(cls, where: str, host: str, *, untrusted: bool) -> Self:
        """Why `host` was not reached: nobody answers, or whoever does is `untrusted`."""
        return cls(
            "unreachable",
            where,
            f"{host}'s certificate is not trusted" if untrusted else f"{host} does not answer",
            instead="name its authority's file in SSL_CERT_FILE" if untrusted else "",
            # Trust does not come by asking again.
            sent=untrusted,
        )


class NotAsDeclaredError(AnswerError):
    """A vendor took a setting and shows another when read back; `kind` is "unexpected"."""

    def __init__(self, where: str, answer: str, *, why: str, instead: str) -> None:
        super().__init__("unexpected", where, answer, why=why, instead=instead)


T = TypeVar("T")


def unless_gone(ask: Callable[[], T]) -> T | None:
    """What `ask` returns; None where the vendor has nothing of it. Raises `AnswerError` else."""
    try:
        return ask()
    except AnswerError as error:
        if error.kind != "not found":
            raise
        return None


def kind_of(status: int) -> Kind:
    """The kind of error that an HTTP status means."""
    if 300 <= status < 400:
        return "malformed"
    return _BY_STATUS.get(status, "unavailable" if status >= 500 else "rejected")


def vendor_says(body: Json, secrets: Iterable[str] = ()) -> str:
    """The vendor's own message in an error body, masked, short, on one line.

    Knows the shapes of Okta, Microsoft Graph, Cloudflare, SCIM (RFC 7644, 3.12) and OAuth.
    """
    text = one_line(mask(" ".join(_messages(body)), secrets)).strip()
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def vendor_code(body: Json) -> str:
    """The vendor's error code (`E0000007`, `Request_ResourceNotFound`, `1003`), or nothing."""
    if not isinstance(body, dict):
        return ""
    error, errors = body.get("error"), body.get("errors")
    code = body.get("errorCode") or body.get("scimType")
    if isinstance(error, dict):
        code = error.get("code")
    elif isinstance(error, str):
        code = error
    elif isinstance(errors, list) and errors and isinstance(errors[0], dict):
        code = errors[0].get("code")
    return str(code) if isinstance(code, str | int) else ""


def _messages(body: Json) -> list[str]:
    if isinstance(body, str):
        return [body]
    if not isinstance(body, dict):
        return [json.dumps(body)] if body is not None else []
    parts: list[Json] = [body.get("errorSummary")]
    parts += [part.get("errorSummary") for part in objects(body.get("errorCauses"))]
    for part in objects(body.get("errors")):
        parts += [part.get("message")]
        parts += [link.get("message") for link in objects(part.get("error_chain"))]
    error = body.get("error")
    parts += [error.get("message")] if isinstance(error, dict) else [error]
    parts += [body.get("error_description"), body.get("detail"), body.get("message")]
    return [part for part in parts if isinstance(part, str) and part]
