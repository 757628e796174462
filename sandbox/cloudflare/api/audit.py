"""The account's audit log: one entry for each successful change.

Source: the shape of an entry D (OpenAPI, audit logs v1); which changes make one I.
"""

from datetime import UTC, datetime, time

from sandbox.cloudflare.errors import ApiError
from sandbox.cloudflare.models import Account, timestamp
from sandbox.cloudflare.signin import Principal, parse_time
from sandbox.server.router import Context

_MAX_ENTRIES = 2_000
_ACTIONS = {"POST": "create", "PUT": "update", "PATCH": "update", "DELETE": "delete"}


def record(ctx: Context, account: Account, status: int) -> None:
    """Note a change of the account; refusals do not come here."""
    parts = ctx.request.path.rstrip("/").split("/")
    entry: dict[str, object] = {
        "id": ctx.state.new_id("audit"),
        "account": {"id": account.id, "name": account.name},
        "action": {
            "type": _ACTIONS[ctx.request.method],
            "result": "success",
            "time": timestamp(),
            "description": f"{ctx.request.method} {ctx.request.path}",
        },
        "actor": _actor(ctx),
        "raw": {
            "method": ctx.request.method,
            "status_code": status,
            "uri": ctx.request.path,
            "user_agent": ctx.request.headers.get("User-Agent", ""),
        },
        "resource": {"id": parts[-1], "product": "scim" if "scim" in parts else "iam"},
    }
    account.audit.append(entry)
    del account.audit[:-_MAX_ENTRIES]


def _actor(ctx: Context) -> dict[str, object]:
    caller: Principal = ctx.caller
    actor: dict[str, object] = {
        "context": "api_token",
        "ip_address": ctx.request.remote_addr,
        "type": caller.owner,
        "id": caller.owner_id,
    }
    if caller.owner == "user":
        actor["email"] = ctx.state.users[caller.owner_id].email
    if caller.token is not None:
        actor |= {"token_id": caller.token.id, "token_name": caller.token.name}
    return actor


def between(ctx: Context, account: Account) -> list[dict[str, object]]:
    """The entries between ``since`` and ``before``, both required. Raises ApiError 400."""
    since, before = (_moment(ctx, name) for name in ("since", "before"))
    chosen = []
    for entry in account.audit:
        action = entry["action"]
        assert isinstance(action, dict)
        if since <= parse_time(action["time"]) < before:
            chosen.append(entry)
    return chosen[::-1]


def _moment(ctx: Context, name: str) -> datetime:
    text = ctx.request.args.get(name, "")
    try:
        if len(text) == 10:  # a day; "before" includes it up to its end
            day = datetime.fromisoformat(text).date()
            edge = time.min if name == "since" else time.max
            return datetime.combine(day, edge, UTC)
        return parse_time(text)
    except ValueError as error:
        raise ApiError(400, f"{name} is required: an RFC 3339 time or a day") from error
