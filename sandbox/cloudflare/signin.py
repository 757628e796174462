"""Who calls, and whether the token's policies allow it.

A token works only for permission groups x resources x effect, while active, inside its dates and
from its addresses. An account-owned token belongs to the account. A user-owned one never exceeds
its owner: without membership it is worth nothing, and writing needs a Super Administrator
(SCIM documentation: user tokens break when the user's own policies are revoked).
Source: policies, dates and addresses D (API tokens pages); the codes 1000, 6111, 9106, 9109, 10000
P (public threads); that a user's token never exceeds its owner D.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

from sandbox.cloudflare.catalog import ACCOUNT_SCOPE, SUPER_ADMINISTRATOR, TOKEN_GROUP_BY_ID
from sandbox.cloudflare.errors import ApiError, invalid_token, not_allowed
from sandbox.cloudflare.models import Account, CloudflareState, Token, timestamp
from sandbox.server.router import Context


@dataclass(frozen=True)
class Principal:
    """The caller: an API token, or the operator (``token`` is None), who may everything.

    ``owner``: whose token it is, ``user`` or ``account``, with that one's id.
    """

    owner: str
    owner_id: str
    token: Token | None = None


def sha256(value: str) -> str:
    """The form in which token values are stored."""
    return hashlib.sha256(value.encode()).hexdigest()


def parse_time(text: str) -> datetime:
    """An RFC 3339 time with zone. Raises ValueError."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00").replace("z", "+00:00"))
    if moment.tzinfo is None:
        raise ValueError("a time needs a zone")
    return moment


def token_status(token: Token) -> str:
    """active, disabled or expired, as of now."""
    if token.expires_on and parse_time(token.expires_on) <= datetime.now(UTC):
        return "expired"
    return token.status


def identify(ctx: Context) -> Principal:
    """Find the caller by the Authorization header alone. Raises ApiError 400 or 401."""
    scheme, _, value = ctx.request.headers.get("Authorization", "").partition(" ")
    value = value.strip()
    if not scheme:
        raise ApiError(400, "Missing X-Auth-Key, X-Auth-Email or Authorization headers", code=9106)
    if scheme.lower() != "bearer" or not value:
        raise ApiError(400, "Invalid format for Authorization header", code=6111)
    if hmac.compare_digest(value.encode(), ctx.world.credentials.cloudflare_api_token.encode()):
        return Principal("user", ctx.state.operator.id)
    state: CloudflareState = ctx.state
    wanted = sha256(value)
    for token in state.tokens.values():
        if hmac.compare_digest(token.value_sha256, wanted):
            return Principal(token.owner, token.owner_id, token)
    raise invalid_token()


def authenticate(ctx: Context) -> None:
    """Find the caller and check that the token may be used here and now. Raises ApiError."""
    ctx.caller = identify(ctx)
    token = ctx.caller.token
    if token is None:
        return
    if token_status(token) != "active":
        raise ApiError(401, "Invalid access token", code=9109)
    if token.not_before and parse_time(token.not_before) > datetime.now(UTC):
        raise ApiError(401, "Invalid access token: not yet valid", code=9109)
    _check_address(token, ctx.request.remote_addr or "")
    token.last_used_on = timestamp()


def _check_address(token: Token, address: str) -> None:
    condition = (token.condition or {}).get("request_ip")
    if not isinstance(condition, dict):
        return
    caller = ip_address(address)
    inside = condition.get("in") or []
    outside = condition.get("not_in") or []
    allowed = not inside or any(caller in ip_network(network, strict=False) for network in inside)
    if not allowed or any(caller in ip_network(network, strict=False) for network in outside):
        raise ApiError(403, f"Cannot use the access token from location: {address}", code=9109)


def require(ctx: Context, groups: tuple[str, ...], account: Account | None) -> None:
    """Check that the caller has one of the permission ``groups``. Raises ApiError 403.

    ``account`` None means a user-scoped route: the resource is the token's own user.
    """
    token: Token | None = ctx.caller.token
    if token is None:
        return
    state: CloudflareState = ctx.state
    if account is None:
        keys = {f"com.cloudflare.api.user.{token.owner_id}"} if token.owner == "user" else set()
    else:
        keys = {account.scope_key, f"{ACCOUNT_SCOPE}.*"}
    allowed = _granted(token, "allow", keys) - _granted(token, "deny", keys)
    if not allowed & set(groups) or not _owner_may(state, token, account, ctx.request.method):
        raise not_allowed()


def _granted(token: Token, effect: str, keys: set[str]) -> set[str]:
    return {
        TOKEN_GROUP_BY_ID[group].name
        for policy in token.policies
        if policy.effect == effect and any(policy.resources.get(key) == "*" for key in keys)
        for group in policy.permission_groups
    }


def _owner_may(state: CloudflareState, token: Token, account: Account | None, method: str) -> bool:
    if account is None:
        return True
    if token.owner == "account":
        return token.owner_id == account.id
    for member in account.members.values():
        if member.user_id == token.owner_id and member.status == "accepted":
            roles = state.effective_roles(account, member)
            return method in ("GET", "HEAD") or SUPER_ADMINISTRATOR in roles
    return False
