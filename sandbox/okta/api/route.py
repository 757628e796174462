"""What every route shares: registration with sign-in, errors, limits; bodies, queries, pages."""

import time
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar
from urllib.parse import urlencode

from werkzeug import Response

from sandbox.okta import signin
from sandbox.okta.errors import OktaError, by_status, invalid, quota
from sandbox.okta.models import OktaState
from sandbox.server.router import Context, Router, json_reply

P = ParamSpec("P")
Handler = Callable[Concatenate[Context, P], Response]

_FULL_LIMIT = 10_000


def _error(status: int, message: str) -> Response:
    return _with_limits(by_status(status, message).reply(), _FULL_LIMIT, _FULL_LIMIT, _minute())


router = Router("okta", _error)


def endpoint(method: str, path: str, *scopes: str) -> Callable[[Handler[P]], Handler[P]]:
    """Register a handler. With ``scopes`` the caller must sign in; an access token needs them all.

    The handler may raise OktaError. Every answer carries the rate-limit headers.
    """

    def register(handler: Handler[P]) -> Handler[P]:
        @wraps(handler)
        def guarded(ctx: Context, *args: P.args, **values: P.kwargs) -> Response:
            try:
                _count(ctx.state)
                if scopes:
                    signin.check(ctx, scopes)
                response = handler(ctx, *args, **values)
            except OktaError as error:
                response = error.reply()
            state: OktaState = ctx.state
            remaining = max(state.rate_limit - state.rate_count, 0)
            return _with_limits(response, state.rate_limit, remaining, state.rate_minute)

        router.route(method, path)(guarded)
        return handler

    return register


def body_object(ctx: Context) -> dict[str, object]:
    """The request's JSON object. Raises OktaError when it is another kind of JSON or missing."""
    if not isinstance(ctx.body, dict):
        raise by_status(400)  # R: no causes
    return ctx.body


def member(body: dict[str, object], key: str) -> dict[str, object]:
    """An object inside an object; empty when left out or null. Raises OktaError."""
    value = body.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise invalid(key, f"{key}: an object is expected")
    return value


def text(body: dict[str, object], key: str, default: str = "") -> str:
    """A string; ``default`` when left out or null. Raises OktaError."""
    value = body.get(key)
    if value is None:
        return default
    if not isinstance(value, str):
        raise invalid(key, f"{key}: a string is expected")
    return value


def flag(body: dict[str, object], key: str, default: bool) -> bool:
    """True or false; ``default`` when left out or null. Raises OktaError."""
    value = body.get(key)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise invalid(key, f"{key}: true or false is expected")
    return value


def query_flag(ctx: Context, key: str, default: bool) -> bool:
    """A query parameter that is true or false. Raises OktaError."""
    value = ctx.request.args.get(key)
    if value is None:
        return default
    if value.casefold() not in ("true", "false"):
        raise invalid(key, f"{key}: true or false is expected")
    return value.casefold() == "true"


def no_content() -> Response:
    """204."""
    return Response(status=204)


def empty_object() -> Response:
    """200 with ``{}``, Okta's answer to lifecycle calls."""
    return json_reply({})


def _minute() -> int:
    return int(time.time()) // 60


def _count(state: OktaState) -> None:
    if state.rate_minute != _minute():
        state.rate_minute, state.rate_count = _minute(), 0
    state.rate_count += 1
    if state.rate_count > state.rate_limit:
        raise by_status(429)


def _with_limits(response: Response, limit: int, remaining: int, minute: int) -> Response:
    response.headers.update(quota(limit, remaining, (minute + 1) * 60))
    return response


T = TypeVar("T")


def limit_of(ctx: Context, default: int, most: int) -> int:
    """The query's ``limit``; more than ``most`` is cut. Raises OktaError."""
    text = ctx.request.args.get("limit")
    if text is None:
        return default
    if not (text.isascii() and text.isdigit()) or int(text) < 1:
        raise invalid("limit", "limit: must be a whole number, 1 or more")
    return min(int(text), most)


def page(
    ctx: Context,
    items: Sequence[T],
    key: Callable[[T], str],
    show: Callable[[T], object],
    *,
    default: int,
    most: int,
    endless: bool = False,
    linked: bool = True,
) -> Response:
    """One page of ``items``: those behind the query's ``after`` (a ``key``), at most ``limit``.

    ``endless``: name a next page even when there is none yet, as the System Log does to pollers.
    ``linked`` False: there are no pages, so that nothing beyond the limit is ever seen.
    """
    limit, after = limit_of(ctx, default, most), ctx.request.args.get("after")
    start = 0
    if after:
        keys = [key(item) for item in items]
        start = keys.index(after) + 1 if after in keys else len(items)
    shown = items[start : start + limit]
    response = json_reply([show(item) for item in shown])
    if not linked:
        return response
    response.headers.add("Link", _link(ctx, None, "self"))
    if start + limit < len(items) or endless:
        last = key(shown[-1]) if shown else after
        response.headers.add("Link", _link(ctx, last, "next"))
    return response


def _link(ctx: Context, after: str | None, relation: str) -> str:
    query = ctx.request.args.to_dict()
    if relation == "next":
        query.pop("after", None)
        if after is not None:
            query["after"] = after
    tail = "?" + urlencode(query) if query else ""
    # Clients follow this address as it stands, so it names the host that they used.
    return f'<{ctx.request.host_url.rstrip("/")}{ctx.request.path}{tail}>; rel="{relation}"'
