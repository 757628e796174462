"""The only filter each resource knows: ``userName eq "…"`` and ``displayName eq "…"``."""

import json
import re

from sandbox.cloudflare.scim.reply import refuse
from sandbox.server.router import Context

_EQUALS = re.compile(r'\s*([A-Za-z.]+)\s+([A-Za-z]+)\s+("(?:[^"\\]|\\.)*")\s*')


def wanted_value(ctx: Context, attribute: str) -> str | None:
    """The value filtered for, or None without a filter. Raises ApiError 400 for other filters."""
    text = ctx.request.args.get("filter")
    if not text:
        return None
    found = _EQUALS.fullmatch(text)
    if found:
        name, operator, value = found.groups()
        # RFC 7644 3.4.2.2: attribute names and operators are case-insensitive.
        if name.lower() == attribute.lower() and operator.lower() == "eq":
            try:
                return str(json.loads(value))
            except ValueError:
                pass
    raise refuse(400, f'only the filter {attribute} eq "value" is supported', "invalidFilter")
