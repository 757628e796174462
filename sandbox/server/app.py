"""The WSGI application: log, find the vendor, let a fault strike, dispatch under the lock."""

import re
import socket
import sys
import time
import traceback
from collections.abc import Iterable, Iterator
from typing import Any

from werkzeug import Request, Response
from werkzeug.exceptions import HTTPException

import sandbox.server.admin  # noqa: F401  # its calls
from sandbox.cloudflare import API
from sandbox.cloudflare.routes import router as cloudflare_router
from sandbox.cloudflare.routes import scim_router
from sandbox.entra.routes import router as entra_router
from sandbox.okta.errors import quota
from sandbox.okta.routes import router as okta_router
from sandbox.server.admin_router import admin_router, refuse_foreign
from sandbox.server.connection import BODY_READ
from sandbox.server.faults import STATUS_KINDS, Fault
from sandbox.server.router import Context, Refusal, Router, json_reply
from sandbox.server.world import World

_MAX_BODY_BYTES = 32 * 1024 * 1024
_READS = ("GET", "HEAD")
_SCIM_PATH = re.compile(rf"{API}/accounts/[^/]*/scim/v2(/|$)")
_OKTA_PATH = re.compile(r"/(api/v1|oauth2/v1|app|sso|\.well-known)(/|$)")
# Callers join "admin" of the ready line with paths both with and without /_sandbox.
_ADMIN_PATH = re.compile(r"(/_sandbox)+(?=/|$)")


class DroppedError(Exception):
    """The connection is to be closed without an answer."""


class App:
    """Serves the three vendors and the admin API of one World."""

    def __init__(self, world: World) -> None:
        self.world = world

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        try:
            if environ.get("RAW_URI", environ.get("REQUEST_URI")) == "/":
                environ["PATH_INFO"] = "/_sandbox/"
            admin = _ADMIN_PATH.match(environ.get("PATH_INFO", ""))
            if admin:
                environ["PATH_INFO"] = "/_sandbox" + environ["PATH_INFO"][admin.end() :]
            request = Request(environ)
            request.max_content_length = _MAX_BODY_BYTES
            response = self._answer(request, is_admin=bool(admin))
        except DroppedError:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionAbortedError from None  # werkzeug's server then sends nothing
        return response(environ, start_response)

    def _answer(self, request: Request, *, is_admin: bool) -> Response:
        if request.method == "CONNECT":
            message = "this proxy forwards plain HTTP only: use http:// addresses, not CONNECT"
            return json_reply({"error": message}, 405)
        chosen = admin_router if is_admin else self._router(request.path)
        try:
            request.get_data()
        except HTTPException as error:  # too large, or shorter than it claimed
            return chosen.error(error.code or 400, f"unreadable request body: {error.name}")
        request.environ[BODY_READ] = True
        if is_admin:
            return self._safely(chosen, Context(request, None, self.world))
        return self._vendor_answer(request, chosen)

    @classmethod
    def serves(cls, method: str, path: str) -> bool:
        """Whether any vendor has this call here."""
        return cls._router(path).serves(method, path)

    @staticmethod
    def _router(path: str) -> Router:
        if _SCIM_PATH.match(path):
            return scim_router
        if path.startswith(API):
            return cloudflare_router
        return okta_router if _OKTA_PATH.match(path) else entra_router

    def _vendor_answer(self, request: Request, chosen: Router) -> Response:
        entry = self.world.log.add(request, chosen.vendor)
        fault = self.world.faults.take(chosen.vendor, request.method, request.path)
        if fault is None:
            response = self._dispatch(request, chosen)
        else:
            entry["fault"] = fault.kind
            response = self._strike(fault, request, chosen)
        entry["status"] = response.status_code
        return response

    def _dispatch(self, request: Request, chosen: Router) -> Response:
        """Answer as the vendor does; a lagging vendor's reads see the past."""
        with self.world.locked(chosen.vendor):
            state = self.world.state(chosen.vendor)
            if request.method in _READS:
                state = self.world.faults.lagged_state(chosen.vendor) or state
            else:
                self.world.changed.set()
            return self._safely(chosen, Context(request, state, self.world))

    def _safely(self, chosen: Router, context: Context) -> Response:
        try:
            if chosen is admin_router:
                refuse_foreign(context.request)
            return chosen.dispatch(context)
        except Refusal as refusal:
            return refusal.reply()
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            return chosen.error(500, f"the sandbox itself failed: {type(error).__name__}")

    def _strike(self, fault: Fault, request: Request, chosen: Router) -> Response:
        if fault.kind in STATUS_KINDS:
            return _status_answer(fault, chosen)
        if fault.kind == "refuse":
            raise DroppedError
        if fault.kind == "hang":
            fault.over.wait(fault.seconds)
            raise DroppedError
        if fault.kind == "slow":
            fault.over.wait(fault.seconds)
        elif fault.kind == "wrong-json":
            return json_reply(["not", "what", "was", "asked", "for"])
        elif fault.kind in ("noop", "lag"):
            return self._copied(fault, request, chosen)
        response = self._dispatch(request, chosen)
        if fault.kind == "lost-response":
            fault.over.wait(fault.seconds)
            raise DroppedError
        return _truncated(response) if fault.kind == "truncated" else response

    def _copied(self, fault: Fault, request: Request, chosen: Router) -> Response:
        """noop: work on a copy that is thrown away. lag: keep the copy for the reads to come."""
        with self.world.locked(chosen.vendor):
            live = self.world.state(chosen.vendor)
            copy = live.model_copy(deep=True)
            if fault.kind == "noop":
                response = self._safely(chosen, Context(request, copy, self.world))
                live.counters = copy.counters  # an id that was told is nobody else's later
                return response
            self.world.changed.set()
            response = self._safely(chosen, Context(request, live, self.world))
            self.world.faults.start_lag(chosen.vendor, copy, fault.reads)
            return response


def _status_answer(fault: Fault, chosen: Router) -> Response:
    status = STATUS_KINDS[fault.kind]
    response = chosen.error(status, f"injected fault {fault.kind}")
    if fault.kind == "429-retry-after":
        response.headers["Retry-After"] = str(fault.retry_after)
        if chosen.vendor == "okta":  # Okta's own way to say when
            response.headers.update(quota(600, 0, int(time.time()) + fault.retry_after))
    return response


def _truncated(response: Response) -> Response:
    """Promise the whole body, send half of it; an empty body cannot be cut, so drop instead."""
    body = response.get_data()
    if len(body) < 2:
        raise DroppedError

    def half() -> Iterator[bytes]:
        yield body[: len(body) // 2]

    cut = Response(half(), status=response.status_code, headers=response.headers)
    cut.headers["Content-Length"] = str(len(body))
    return cut
