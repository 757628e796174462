"""Routes of one vendor: path and method to handler, with the vendor's own shape of errors."""

import json
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from werkzeug import Request, Response
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, RequestRedirect, Rule

if TYPE_CHECKING:
    from sandbox.server.world import World


VENDORS = ("cloudflare", "okta", "entra")


class Refusal(Exception, ABC):
    """Ends a request with an answer in the vendor's own shape."""

    @abstractmethod
    def reply(self) -> Response:
        """The answer."""


class BadBodyError(Exception):
    """The request's body is not JSON; the router answers 400 in the vendor's shape."""


@dataclass
class Context:
    """What a handler gets: the request, its vendor's state, and the whole sandbox.

    Handlers read and write ``state`` only (never a module's global, never ``world.<vendor>`` of
    their own vendor): the faults ``lag`` and ``noop`` hand in a copy.
    """

    request: Request
    state: Any
    world: "World"
    caller: Any = None  # in the vendor's own terms, once signed in

    @cached_property
    def body(self) -> Any:
        """The parsed JSON body, None when empty. Raises BadBodyError."""
        raw = self.request.get_data()
        if not raw.strip():
            return None
        try:
            parsed = json.loads(raw, parse_constant=_no_number, parse_float=_finite)
            if _SURROGATE.search(raw):
                json.dumps(parsed, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            raise BadBodyError("the request body is not valid JSON") from error
        return parsed


_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
"""Half of a character: nothing that could be sent on, where its other half is missing."""


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no number of JSON")


def _finite(word: str) -> float:
    number = float(word)
    return number if math.isfinite(number) else _no_number(word)


Handler = Callable[..., Response]
ErrorReply = Callable[[int, str], Response]


def json_reply(
    body: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A JSON answer; a Content-Type in ``headers`` wins over application/json."""
    response = Response(json.dumps(body), status=status, mimetype="application/json")
    for name, value in (headers or {}).items():
        response.headers[name] = value
    return response


class Router:
    """The routes of one vendor. ``error(status, message)`` builds the vendor's error answer."""

    def __init__(self, vendor: str, error: ErrorReply) -> None:
        self.vendor = vendor
        self.error = error
        self._map = Map(strict_slashes=False, redirect_defaults=False, merge_slashes=False)

    def route(self, method: str, path: str) -> Callable[[Handler], Handler]:
        """Register a handler for one method and one path (werkzeug rule syntax)."""

        def register(handler: Handler) -> Handler:
            self._map.add(Rule(path, methods=[method], endpoint=handler))
            return handler

        return register

    def serves(self, method: str, path: str) -> bool:
        """Whether there is a handler for this call."""
        return self._map.bind("").test(path, method)

    def dispatch(self, context: Context) -> Response:
        """Answer the request of ``context``; the caller holds the vendor's lock.

        Raises `Refusal`.
        """
        adapter = self._map.bind_to_environ(context.request.environ)
        try:
            handler, values = adapter.match()
        except (NotFound, RequestRedirect):
            return self.error(404, f"no such path: {context.request.path}")
        except MethodNotAllowed:
            return self.error(405, f"{context.request.method} is not allowed on this path")
        try:
            return handler(context, **values)
        except BadBodyError as error:
            return self.error(400, str(error))
