"""Pages joined by Link headers. Source: https://developer.okta.com/docs/reference/core-okta-api/#pagination."""

from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import urlencode

from werkzeug import Response

from sandbox.okta.errors import invalid
from sandbox.server.router import Context, json_reply

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
    ctx: Context, items: Sequence[T], key: Callable[[T], str], show: Callable[[T], object],
    *, default: int, most: int, endless: bool = False,
) -> Response:  # fmt: skip
    """One page of ``items``: those behind the query's ``after`` (a ``key``), at most ``limit``.

    ``endless``: name a next page even when there is none yet, as the System Log does to pollers.
    """
    limit, after = limit_of(ctx, default, most), ctx.request.args.get("after")
    start = 0
    if after is not None:
        keys = [key(item) for item in items]
        start = keys.index(after) + 1 if after in keys else len(items)
    shown = items[start : start + limit]
    response = json_reply([show(item) for item in shown])
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
