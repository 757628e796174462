"""API tokens, user-owned and account-owned: create, read, change, roll, delete, verify.

The value is answered at creation and at rolling, never again. ``last_used_on`` is absent until a
first use; the real one may trail behind a use. Policies, resources, dates and addresses are checked
before a token exists. Sources: API reference (create token), cloudflare-docs create-via-api.mdx for
the resource keys.
Strength: shapes C (cloudflare-go's tests) and D; the checks before a token exists D, their texts I.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from ipaddress import ip_network

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
from sandbox.cloudflare.errors import ApiError, error, invalid_token, policy_object, reply
from sandbox.cloudflare.models import Account, CloudflareState, Token, TokenPolicy, timestamp
from sandbox.cloudflare.signin import parse_time
from sandbox.server.credentials import random_text
from sandbox.server.router import Context

USER_READ = ("API Tokens Read", "API Tokens Write")
USER_WRITE = ("API Tokens Write",)
ACCOUNT_READ = ("Account API Tokens Read", "Account API Tokens Write")
ACCOUNT_WRITE = ("Account API Tokens Write",)
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


def _new_value(ctx: Context, token: Token) -> str:
    value = _PREFIXES[token.owner] + random_text(40)
    token.value_sha256 = signin.sha256(value)
    ctx.world.log.hide(value)
    return value


def _settings(ctx: Context, owner: str, owner_id: str) -> dict[str, object]:
    body = json_object(ctx)
    name = body.get("name")
    if not isinstance(name, str) or not name.strip():
        raise ApiError(400, "name is required")
    return {
        "name": name,
        "policies": parse_policies(ctx.state, body.get("policies"), owner=owner, owner_id=owner_id),
        "expires_on": parse_date(body.get("expires_on"), "expires_on"),
        "not_before": parse_date(body.get("not_before"), "not_before"),
        "condition": parse_condition(body.get("condition")),
    }


def _create(ctx: Context, owner: str, owner_id: str) -> Response:
    settings = _settings(ctx, owner, owner_id)
    expires = settings["expires_on"]
    if expires and signin.parse_time(str(expires)) <= datetime.now(UTC):
        raise ApiError(400, "expires_on must lie in the future")
    state: CloudflareState = ctx.state
    token = Token.model_validate(
        {
            "id": state.new_id("token"),
            "owner": owner,
            "owner_id": owner_id,
            "value_sha256": "",
            **settings,
        }
    )
    value = _new_value(ctx, token)
    state.tokens[token.id] = token
    return reply({**describe(token), "value": value})


def _change(ctx: Context, token: Token) -> Response:
    settings = _settings(ctx, token.owner, token.owner_id)
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


def _roll(ctx: Context, token: Token) -> Response:
    token.modified_on = timestamp()
    return reply(_new_value(ctx, token))


def _delete(ctx: Context, token: Token) -> Response:
    del ctx.state.tokens[token.id]
    return reply({"id": token.id})


def _find(ctx: Context, token_id: str, owner: str, owner_id: str) -> Token:
    token = ctx.state.tokens.get(token_id)
    if token is None or (token.owner, token.owner_id) != (owner, owner_id):
        raise ApiError(404, "Token not found", code=1003)
    return token


def _list(ctx: Context, owner: str, owner_id: str) -> Response:
    mine = [t for t in ctx.state.tokens.values() if (t.owner, t.owner_id) == (owner, owner_id)]
    if ctx.request.args.get("direction") == "desc":
        mine.reverse()
    return page(ctx, [describe(token) for token in mine])


def _me(ctx: Context) -> str:
    """The user whose tokens these are; account-owned tokens have none."""
    principal = ctx.values["principal"]
    assert isinstance(principal, signin.Principal)
    return ctx.state.operator.id if principal.token is None else principal.token.owner_id


@user_route("GET", "/user/tokens", *USER_READ)
def list_user_tokens(ctx: Context) -> Response:
    """The caller's own tokens (C: cloudflare-go's tests)."""
    return _list(ctx, "user", _me(ctx))


@user_route("POST", "/user/tokens", *USER_WRITE)
def create_user_token(ctx: Context) -> Response:
    """Create a user-owned token; the value is in this answer only (C: cloudflare-go's tests)."""
    return _create(ctx, "user", _me(ctx))


@user_route("GET", "/user/tokens/<token_id>", *USER_READ)
def get_user_token(ctx: Context, token_id: str) -> Response:
    """One token, without its value (C: cloudflare-go's tests)."""
    return reply(describe(_find(ctx, token_id, "user", _me(ctx))))


@user_route("PUT", "/user/tokens/<token_id>", *USER_WRITE)
def put_user_token(ctx: Context, token_id: str) -> Response:
    """Change everything but the value (D: API description; what is left out stays, P #2253)."""
    return _change(ctx, _find(ctx, token_id, "user", _me(ctx)))


@user_route("PUT", "/user/tokens/<token_id>/value", *USER_WRITE)
def roll_user_token(ctx: Context, token_id: str) -> Response:
    """A new value; the old one is dead at once (C: cloudflare-go's tests)."""
    return _roll(ctx, _find(ctx, token_id, "user", _me(ctx)))


@user_route("DELETE", "/user/tokens/<token_id>", *USER_WRITE)
def delete_user_token(ctx: Context, token_id: str) -> Response:
    """End a token (C: cloudflare-go's tests)."""
    return _delete(ctx, _find(ctx, token_id, "user", _me(ctx)))


@account_route("GET", "/tokens", *ACCOUNT_READ)
def list_account_tokens(ctx: Context, account: Account) -> Response:
    """The account's tokens (C: cloudflare-go's tests)."""
    return _list(ctx, "account", account.id)


@account_route("POST", "/tokens", *ACCOUNT_WRITE)
def create_account_token(ctx: Context, account: Account) -> Response:
    """Create an account-owned token; the value is in this answer only.

    Source: C: cloudflare-go's tests.
    """
    return _create(ctx, "account", account.id)


@account_route("GET", "/tokens/<token_id>", *ACCOUNT_READ)
def get_account_token(ctx: Context, account: Account, token_id: str) -> Response:
    """One token, without its value (C: cloudflare-go's tests)."""
    return reply(describe(_find(ctx, token_id, "account", account.id)))


@account_route("PUT", "/tokens/<token_id>", *ACCOUNT_WRITE)
def put_account_token(ctx: Context, account: Account, token_id: str) -> Response:
    """Change everything but the value (D: API description; what is left out stays, P #2253)."""
    return _change(ctx, _find(ctx, token_id, "account", account.id))


@account_route("PUT", "/tokens/<token_id>/value", *ACCOUNT_WRITE)
def roll_account_token(ctx: Context, account: Account, token_id: str) -> Response:
    """A new value; the old one is dead at once (C: cloudflare-go's tests)."""
    return _roll(ctx, _find(ctx, token_id, "account", account.id))


@account_route("DELETE", "/tokens/<token_id>", *ACCOUNT_WRITE)
def delete_account_token(ctx: Context, account: Account, token_id: str) -> Response:
    """End a token (C: cloudflare-go's tests)."""
    return _delete(ctx, _find(ctx, token_id, "account", account.id))


def parse_policies(
    state: CloudflareState, given: object, *, owner: str, owner_id: str
) -> list[TokenPolicy]:
    """Turn the request's policies into stored ones. Raises ApiError 400 with what is wrong."""
    if not isinstance(given, list) or not given:
        raise ApiError(400, "policies must be a list with at least one policy")
    return [_policy(state, policy, owner, owner_id) for policy in given]


def _policy(state: CloudflareState, given: object, owner: str, owner_id: str) -> TokenPolicy:
    given = policy_object(given)
    effect = given.get("effect")
    if effect not in ("allow", "deny"):
        raise ApiError(400, f"policy effect must be allow or deny, not {effect!r}")
    groups = [_group(group, owner) for group in _listed(given.get("permission_groups"))]
    resources = given.get("resources")
    if not isinstance(resources, dict) or not resources:
        raise ApiError(400, "policy resources must be an object with at least one resource")
    scopes = {s for key, value in resources.items() for s in _scopes(key, value, owner, owner_id)}
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


def _group(given: object, owner: str) -> TokenGroup:
    identifier = given.get("id") if isinstance(given, Mapping) else None
    group = TOKEN_GROUP_BY_ID.get(str(identifier))
    if group is None:
        raise ApiError(400, f"unknown permission group id {identifier!r}")
    if owner == "account" and group.scope == USER_SCOPE:
        raise ApiError(
            400, f"permission group {group.name!r} is a user's: not for account-owned tokens"
        )
    return group


def _scopes(key: str, value: object, owner: str, owner_id: str) -> set[str]:
    """Which scopes one entry of ``resources`` reaches. Raises ApiError 400."""
    scope, name = _scope_of(key)
    if scope == USER_SCOPE and (owner != "user" or name != owner_id):
        raise ApiError(400, f"resource {key!r}: not the token's own user")
    if scope == ACCOUNT_SCOPE and owner == "account" and name not in (owner_id, "*"):
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


def _reply(ctx: Context, groups: list[TokenGroup]) -> Response:
    name, scope = ctx.request.args.get("name"), ctx.request.args.get("scope")
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


@user_route("GET", "/user/tokens/permission_groups", *USER_READ)
def user_token_groups(ctx: Context) -> Response:
    """What user-owned tokens can hold: everything (C: cloudflare-go's tests)."""
    return _reply(ctx, list(TOKEN_GROUPS))


@account_route("GET", "/tokens/permission_groups", *ACCOUNT_READ)
def account_token_groups(ctx: Context, account: Account) -> Response:
    """What account-owned tokens can hold: nothing that is a user's (C: cloudflare-go's tests)."""
    del account  # the same for every account
    return _reply(ctx, [group for group in TOKEN_GROUPS if group.scope != USER_SCOPE])


def _verified(ctx: Context, owner: str, owner_id: str | None) -> Response:
    try:
        token = signin.identify(ctx).token
        if token is None:
            # The operator's own token is a user token that no state lists.
            if owner == "account":
                raise invalid_token()
            return reply({"id": ctx.state.operator.id, "status": "active"}, messages=[_ACTIVE])
        if token.owner != owner or owner_id not in (None, token.owner_id):
            raise invalid_token()
    except ApiError as refusal:
        return error(refusal.status, refusal.message, refusal.code)
    status = signin.token_status(token)
    result: dict[str, object] = {"id": token.id, "status": status}
    for name in ("not_before", "expires_on"):
        if getattr(token, name):
            result[name] = getattr(token, name)
    return reply(result, messages=[_ACTIVE] if status == "active" else None)


@router.route("GET", f"{API}/user/tokens/verify")
def verify_user_token(ctx: Context) -> Response:
    """Verify a user-owned token (C: cloudflare-go's tests)."""
    return _verified(ctx, "user", None)


@router.route("GET", f"{API}/accounts/<account_id>/tokens/verify")
def verify_account_token(ctx: Context, account_id: str) -> Response:
    """Verify a token that this account owns (D: API description)."""
    return _verified(ctx, "account", account_id)
