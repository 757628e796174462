"""What every call of the sandbox's own API goes through: who may call, and which keys it takes.

Answers JSON; an error is ``{"error": text}``. Not a vendor's API, and without authentication: the
server listens on loopback only, and takes these calls only when they name a loopback host, so that
no page that a browser has open can reach them (DNS rebinding, cross-site requests).
"""

import re
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any

from werkzeug import Request, Response

from sandbox.server.router import Context, Refusal, Router, json_reply
from sandbox.server.tls import HOST, LOCALHOST

_HERE = re.compile(rf"({re.escape(HOST)}|{LOCALHOST}|\[::1\])(:\d+)?", re.IGNORECASE)
_KINDS: dict[type, tuple[tuple[type, ...], str]] = {
    str: ((str,), "a text"),
    bool: ((bool,), "true or false"),
    float: ((int, float), "a number"),
    list: ((list,), "a list"),
    dict: ((dict,), "an object"),
}


class RefusedError(Refusal):
    """An admin call that is not carried out: ``status`` and the reason."""

    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        super().__init__(reason)

    def reply(self) -> Response:
        """``{"error": reason}``."""
        return _error(self.status, str(self))


def _error(status: int, message: str) -> Response:
    return json_reply({"error": message}, status)


admin_router = Router("sandbox", _error)


def admin_route(
    method: str,
    path: str,
    keys: Mapping[str, type] = MappingProxyType({}),
    *,
    query: Collection[str] = (),
    many: bool = False,
) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """Register a call that takes a JSON object of these ``keys``, each of its type or null, in its
    address those of ``query``, and nothing else: a key that would do nothing was meant to do
    something. The handler gets the context, the object, and what stands in the path. ``many``: it
    may be a list of such objects, and the handler gets one always."""

    def register(handler: Callable[..., Response]) -> Callable[..., Response]:
        def checked(ctx: Context, **path: str) -> Response:
            _refuse_unknown(ctx.request.args, query)
            if not many:
                return handler(ctx, _object(ctx.body, keys), **path)
            listed = ctx.body if isinstance(ctx.body, list) else [ctx.body]
            return handler(ctx, [_object(item, keys) for item in listed], **path)

        admin_router.route(method, path)(checked)
        return handler

    return register


def _object(body: object, keys: Mapping[str, type]) -> dict[str, Any]:
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise RefusedError(400, "the body is no JSON object")
    _refuse_unknown(body, keys)
    for key, value in body.items():
        types, words = _KINDS[keys[key]]
        right = isinstance(value, types) and (bool in types or not isinstance(value, bool))
        if value is not None and not right:
            raise RefusedError(400, f"{key}: {_shown(value)} is not {words}")
    return body


def _refuse_unknown(given: Collection[str], known: Collection[str]) -> None:
    if unknown := sorted(set(given) - set(known)):
        takes = ", ".join(known) or "nothing"
        raise RefusedError(400, f"unknown key {_shown(unknown[0])}; this call takes {takes}")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."


def refuse_foreign(request: Request) -> None:
    """Raises `RefusedError` where the call names no loopback host, or comes from a page that is not
    the sandbox's own. A browser sends Origin with what changes something (Fetch standard: D), and
    Sec-Fetch-Site with everything to this machine (Fetch Metadata: D)."""
    host = request.headers.get("Host", "")
    if host and not _HERE.fullmatch(host):
        raise RefusedError(403, f"Host {host!r} is not this machine: use http://{HOST}")
    origin = request.headers.get("Origin")
    site = request.headers.get("Sec-Fetch-Site", "none")
    changes = request.method not in ("GET", "HEAD")
    if origin not in (None, f"http://{host}") or (changes and site not in ("none", "same-origin")):
        raise RefusedError(403, "a page of another address asks: use the sandbox's own")
