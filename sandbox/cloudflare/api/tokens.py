"""API tokens, user-owned and account-owned: create, read, change, roll, delete, verify.

The value is answered at creation and at rolling, never again. ``last_used_on`` is absent until a
first use; the real one may trail behind a use. Policies, resources, dates and addresses are checked
before a token exists. Sources: API reference (create token), cloudflare-docs create-via-api.mdx for
the resource keys.
Strength: shapes C (cloudflare-go's tests) and D; the checks before a token exists D, their texts I.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import wraps
from ipaddress import ip_network
from typing import NamedTuple

from werkzeug import Response

from sandbox.cloudflare import API, signin
from sandbox.cloudflare.api.route import account_route, json_object, page, router, user_route
from sandbox.cloudflare.catalog import (
    ACCOUNT_SCOPE,
    TOKEN_GROUP_BY_ID,
    TOKEN_GROUPS,
    USER_SCOPE,
    ZONE_SCOPE,
    TokenGroup,
)
from sandbox.cloudflare.errors import ApiError, invalid_token, policy_object, reply
from sandbox.cloudflare.models import Account, CloudflareState, Token, TokenPolicy, timestamp
from sandbox.cloudflare.signin import parse_time
from sandbox.server.credentials import random_text
from sandbox.server.router import Context, Handler

_USER_RIGHTS = ("API Tokens Read", "API Tokens Write")
_ACCOUNT_RIGHTS = ("Account API Tokens Read", "Account API Tokens Write")
EXPOSED = "revoked (exposed)"
"""D 2026-04, P #7023: the status of a token that Cloudflare found in public and ended itself."""
_PREFIXES = {"user": "cfut_", "account": "cfat_"}
_ACTIVE = {"code": 10000, "message": "This API Token is valid and active", "type": None}
_ID = r"[0-9a-f]{32}"
# Longest first: an account key is the beginning of a zone key.
_KEYS = (
    (re.compile(rf"{re.escape(ZONE_SCOPE)}\.({_ID}|\*)"), ZONE_SCOPE),
    (re.compile(rf"{re.escape(ACCOUNT_SCOPE)}\.({_ID}|\*)"), ACCOUNT_SCOPE),
    (re.compile(rf"{re.escape(USER_SCOPE)}\.({_ID})"), USER_SCOPE),
)


def describe(token: Token) -> dict[str, object]:
    """A token as the API shows it: no value, absent settings left out."""
    shown: dict[str, object] = {
        "id": token.id,
        "name": token.name,
        "status": signin.token_status(token),
        "issued_on": token.issued_on,
        "modified_on": token.modified_on,
        "policies": [
            {
                "id": policy.id,
                "effect": policy.effect,
                "resources": policy.resources,
                "permission_groups": [
                    {"id": group, "name": TOKEN_GROUP_BY_ID[group].name}
                    for group in policy.permission_groups
                ],
            }
            for policy in token.policies
        ],
    }
    for name in ("not_before", "expires_on", "condition", "last_used_on"):
        value = getattr(token, name)
        if value is not None:
            shown[name] = value
    return shown


class Owner(NamedTuple):
    """Whose tokens these are: a ``user`` or an ``account``, by id."""

    kind: str
    id: str


def _token_route(method: str, path: str = "") -> Callable[[Handler], Handler]:
    """Declare a path below ``/user/tokens`` and ``/accounts/<id>/tokens``; the handler gets (ctx,
    owner, **values). What reads may also be done by who writes."""
    right = slice(None) if method == "GET" else slice(1, None)

    def register(handler: Handler) -> Handler:
        @user_route(method, f"/user/tokens{path}", *_USER_RIGHTS[right])
        @wraps(handler)
        def of_user(ctx: Context, **values: str) -> Response:
            return handler(ctx, Owner("user", ctx.caller.owner_id), **values)

        @account_route(method, f"/tokens{path}", *_ACCOUNT_RIGHTS[right])
        @wraps(handler)
        def of_account(ctx: Context, account: Account, **values: str) -> Response:
            return handler(ctx, Owner("account", account.id), **values)

        return handler

    return register


def _new_value(ctx: Context, token: Token) -> str:
    value = _PREFIXES[token.owner] + random_text(40)
    token.value_sha256 = signin.sha256(value)
    ctx.world.log.hide(value)
    return value


def _settings(ctx: Context, owner: Owner) -> dict[str, object]:
    body = json_object(ctx)
    name = body.get("name")
    if not isinstance(name, str) or not name.strip():
        raise ApiError(400, "name is required")
    return {
        "name": name,
        "policies": parse_policies(ctx.state, body.get("policies"), owner),
        "expires_on": parse_date(body.get("expires_on"), "expires_on"),
        "not_before": parse_date(body.get("not_before"), "not_before"),
        "condition": parse_condition(body.get("condition")),
    }


def _find(ctx: Context, owner: Owner, token_id: str) -> Token:
    token = ctx.state.tokens.get(token_id)
    if token is None or (token.owner, token.owner_id) != owner:
        raise ApiError(404, "Token not found", code=1003)
    return token


@_token_route("GET")
def list_tokens(ctx: Context, owner: Owner) -> Response:
    """The owner's tokens (C: cloudflare-go's tests)."""
    own = [t for t in ctx.state.tokens.values() if (t.owner, t.owner_id) == owner]
    if ctx.request.args.get("direction") == "desc":
        own.reverse()
    return page(ctx, [describe(token) for token in own])


@_token_route("POST")
def create_token(ctx: Context, owner: Owner) -> Response:
    """Create a token; the value is in this answer only (C: cloudflare-go's tests)."""
    settings = _settings(ctx, owner)
    expires = settings["expires_on"]
    if expires and signin.parse_time(str(expires)) <= datetime.now(UTC):
        raise ApiError(400, "expires_on must lie in the future")
    state: CloudflareState = ctx.state
    token = Token.model_validate(
        {
            "id": state.new_id("token"),
            "owner": owner.kind,
            "owner_id": owner.id,
            "value_sha256": "",
            **settings,
        }
    )
    value = _new_value(ctx, token)
    state.tokens[token.id] = token
    return reply({**describe(token), "value": value})


@_token_route("GET", "/<token_id>")
def get_token(ctx: Context, owner: Owner, token_id: str) -> Response:
    """One token, without its value (C: cloudflare-go's tests)."""
    return reply(describe(_find(ctx, owner, token_id)))


@_token_route("PUT", "/<token_id>")
def put_token(ctx: Context, owner: Owner, token_id: str) -> Response:
    """Change everything but the value (D: API description; what is left out stays, P #2253)."""
    token = _find(ctx, owner, token_id)
    settings = _settings(ctx, owner)
    status = json_object(ctx).get("status", token.status)
    if status == "expired":  # what is read back from an expired token is not a setting
        status = token.status
    if signin.token_status(token) == EXPOSED and status != EXPOSED:
        raise ApiError(400, "a token that was revoked because it was exposed stays revoked")
    if status not in ("active", "disabled", token.status):
        raise ApiError(400, f"status must be active or disabled, not {status!r}")
    for name, value in settings.items():
        # P: what a request leaves out stays (terraform-provider-cloudflare #2253).
        if value is not None:
            setattr(token, name, value)
    token.status = str(status)
    token.modified_on = timestamp()
    return reply(describe(token))


@_token_route("PUT", "/<token_id>/value")
def roll_token(ctx: Context, owner: Owner, token_id: str) -> Response:
    """A new value; the old one is dead at once (C: cloudflare-go's tests)."""
    token = _find(ctx, owner, token_id)
    token.modified_on = timestamp()
    return reply(_new_value(ctx, token))


@_token_route("DELETE", "/<token_id>")
def delete_token(ctx: Context, owner: Owner, token_id: str) -> Response:
    """End a token (C: cloudflare-go's tests)."""
    del ctx.state.tokens[_find(ctx, owner, token_id).id]
    return reply({"id": token_id})


def parse_policies(state: CloudflareState, given: object, owner: Owner) -> list[TokenPolicy]:
    """Turn the request's policies into stored ones. Raises ApiError 400 with what is wrong."""
    if not isinstance(given, list) or not given:
        raise ApiError(400, "policies must be a list with at least one policy")
    return [_policy(state, policy, owner) for policy in given]


def _policy(state: CloudflareState, given: object, owner: Owner) -> TokenPolicy:
    given = policy_object(given)
    effect = given.get("effect")
    if effect not in ("allow", "deny"):
        raise ApiError(400, f"policy effect must be allow or deny, not {effect!r}")
    groups = [_group(group, owner) for group in _listed(given.get("permission_groups"))]
    resources = given.get("resources")
    if not isinstance(resources, dict) or not resources:
        raise ApiError(400, "policy resources must be an object with at least one resource")
    scopes = {s for key, value in resources.items() for s in _scopes(key, value, owner)}
    for group in groups:
        if group.scope not in scopes:
            raise ApiError(
                400,
                f"permission group {group.name!r} needs a resource of {group.scope}, "
                "and the policy has none",
            )
    return TokenPolicy(
        id=state.new_id("token-policy"),
        effect=effect,
        permission_groups=[group.id for group in groups],
        resources=resources,
    )


def _listed(given: object) -> list[object]:
    if not isinstance(given, list) or not given:
        raise ApiError(400, "policy permission_groups must be a list with at least one group")
    return given


def _group(given: object, owner: Owner) -> TokenGroup:
    identifier = given.get("id") if isinstance(given, Mapping) else None
    group = TOKEN_GROUP_BY_ID.get(str(identifier))
    if group is None:
        raise ApiError(400, f"unknown permission group id {identifier!r}")
    if owner.kind == "account" and group.scope == USER_SCOPE:
        raise ApiError(
            400, f"permission group {group.name!r} is a user's: not for account-owned tokens"
        )
    return group


def _scopes(key: str, value: object, owner: Owner) -> set[str]:
    """Which scopes one entry of ``resources`` reaches. Raises ApiError 400."""
    scope, name = _scope_of(key)
    if scope == USER_SCOPE and owner != ("user", name):
        raise ApiError(400, f"resource {key!r}: not the token's own user")
    if scope == ACCOUNT_SCOPE and owner.kind == "account" and name not in (owner.id, "*"):
        raise ApiError(400, f"resource {key!r}: not the account that owns the token")
    if value == "*":
        return {scope}
    if scope == ACCOUNT_SCOPE and isinstance(value, dict) and value:
        inner = {_scope_of(pair)[0] for pair, all_of in value.items() if all_of == "*"}
        if inner == {ZONE_SCOPE}:
            return inner
    raise ApiError(400, f"resource {key!r}: the value must be '*' or an object of zones")


def _scope_of(key: str) -> tuple[str, str]:
    for pattern, scope in _KEYS:
        match = pattern.fullmatch(key)
        if match:
            return scope, match.group(1)
    raise ApiError(400, f"resource {key!r} is not an account, a zone or a user")


def parse_date(given: object, name: str) -> str | None:
    """An optional RFC 3339 time, kept as it was written. Raises ApiError 400."""
    if given is None:
        return None
    try:
        parse_time(str(given))
    except ValueError as error:
        raise ApiError(400, f"{name} must be an RFC 3339 time, not {given!r}") from error
    return str(given)


def parse_condition(given: object) -> dict[str, object] | None:
    """An optional IP condition. Raises ApiError 400."""
    if given is None:
        return None
    request_ip = given.get("request_ip") if isinstance(given, dict) else None
    if not isinstance(given, dict) or not isinstance(request_ip, dict | None):
        raise ApiError(400, "condition must be an object with request_ip")
    for name, ranges in (request_ip or {}).items():
        if name not in ("in", "not_in") or not isinstance(ranges, list | None):
            raise ApiError(400, f"condition.request_ip.{name}: only in and not_in, both lists")
        for network in ranges or []:
            try:
                ip_network(str(network), strict=False)
            except ValueError as error:
                raise ApiError(
                    400, f"condition.request_ip.{name}: {network!r} is no CIDR"
                ) from error
    return given


@_token_route("GET", "/permission_groups")
def list_token_groups(ctx: Context, owner: Owner) -> Response:
    """What the owner's tokens can hold: an account's nothing that is a user's.

    Source: C: cloudflare-go's tests.
    """
    name, scope = ctx.request.args.get("name"), ctx.request.args.get("scope")
    groups = [group for group in TOKEN_GROUPS if owner.kind == "user" or group.scope != USER_SCOPE]
    # One list, not paged; a second page is empty, or clients that ask on never end.
    if ctx.request.args.get("page", "1") not in ("1", "1.0"):
        groups = []
    return reply(
        [
            {
                "id": group.id,
                "name": group.name,
                "category": group.category,
                "is_selectable": True,
                "scopes": [group.scope],
            }
            for group in groups
            if name in (None, group.name) and scope in (None, group.scope)
        ]
    )


@router.route("GET", f"{API}/user/tokens/verify")
def verify_user_token(ctx: Context) -> Response:
    """Verify a user-owned token (C: cloudflare-go's tests)."""
    caller = signin.identify(ctx)
    return _verified(caller, Owner("user", caller.owner_id))


@router.route("GET", f"{API}/accounts/<account_id>/tokens/verify")
def verify_account_token(ctx: Context, account_id: str) -> Response:
    """Verify a token that this account owns (D: API description)."""
    return _verified(signin.identify(ctx), Owner("account", account_id))


def _verified(caller: signin.Principal, owner: Owner) -> Response:
    if (caller.owner, caller.owner_id) != owner:
        raise invalid_token()
    token = caller.token
    if token is None:  # the operator's own is a user token that no state lists
        return reply({"id": caller.owner_id, "status": "active"}, messages=[_ACTIVE])
    status = signin.token_status(token)
    result: dict[str, object] = {"id": token.id, "status": status}
    for name in ("not_before", "expires_on"):
        if getattr(token, name):
            result[name] = getattr(token, name)
    return reply(result, messages=[_ACTIVE] if status == "active" else None)
