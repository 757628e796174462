"""API tokens, user-owned and account-owned: create, read, change, roll, delete, verify.

The value is answered at creation and at rolling, never again. ``last_used_on`` is absent until a
first use; the real one may trail behind a use.
"""

from datetime import UTC, datetime

from werkzeug import Response

from sandbox.cloudflare import auth
from sandbox.cloudflare.api import account_route, json_object, page, user_route
from sandbox.cloudflare.catalog import TOKEN_GROUP_BY_ID
from sandbox.cloudflare.errors import ApiError, reply
from sandbox.cloudflare.model import Account, Token, timestamp
from sandbox.cloudflare.state import CloudflareState
from sandbox.cloudflare.token_policy import parse_condition, parse_date, parse_policies
from sandbox.server.credentials import random_text
from sandbox.server.router import Context

USER_READ = ("API Tokens Read", "API Tokens Write")
USER_WRITE = ("API Tokens Write",)
ACCOUNT_READ = ("Account API Tokens Read", "Account API Tokens Write")
ACCOUNT_WRITE = ("Account API Tokens Write",)
EXPOSED = "revoked (exposed)"
"""D 2026-04, P #7023: the status of a token that Cloudflare found in public and ended itself."""
_PREFIXES = {"user": "cfut_", "account": "cfat_"}


def describe(token: Token) -> dict[str, object]:
    """A token as the API shows it: no value, absent settings left out."""
    shown: dict[str, object] = {
        "id": token.id,
        "name": token.name,
        "status": auth.token_status(token),
        "issued_on": token.issued_on,
        "modified_on": token.modified_on,
        "policies": [
            {
                "id": policy.id,
                "effect": policy.effect,
                "resources": policy.resources,
                "permission_groups": [
                    {"id": one, "name": TOKEN_GROUP_BY_ID[one].name}
                    for one in policy.permission_groups
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
    token.value_sha256 = auth.sha256(value)
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
    if expires and auth.parse_time(str(expires)) <= datetime.now(UTC):
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
    if auth.token_status(token) == EXPOSED and status != EXPOSED:
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
    assert isinstance(principal, auth.Principal)
    return ctx.state.operator.id if principal.token is None else principal.token.owner_id


@user_route("GET", "/user/tokens", *USER_READ)
def list_user_tokens(ctx: Context) -> Response:
    """The caller's own tokens."""
    return _list(ctx, "user", _me(ctx))


@user_route("POST", "/user/tokens", *USER_WRITE)
def create_user_token(ctx: Context) -> Response:
    """Create a user-owned token; the value is in this answer only."""
    return _create(ctx, "user", _me(ctx))


@user_route("GET", "/user/tokens/<token_id>", *USER_READ)
def get_user_token(ctx: Context, token_id: str) -> Response:
    """One token, without its value."""
    return reply(describe(_find(ctx, token_id, "user", _me(ctx))))


@user_route("PUT", "/user/tokens/<token_id>", *USER_WRITE)
def put_user_token(ctx: Context, token_id: str) -> Response:
    """Change everything but the value."""
    return _change(ctx, _find(ctx, token_id, "user", _me(ctx)))


@user_route("PUT", "/user/tokens/<token_id>/value", *USER_WRITE)
def roll_user_token(ctx: Context, token_id: str) -> Response:
    """A new value; the old one is dead at once."""
    return _roll(ctx, _find(ctx, token_id, "user", _me(ctx)))


@user_route("DELETE", "/user/tokens/<token_id>", *USER_WRITE)
def delete_user_token(ctx: Context, token_id: str) -> Response:
    """End a token."""
    return _delete(ctx, _find(ctx, token_id, "user", _me(ctx)))


@account_route("GET", "/tokens", *ACCOUNT_READ)
def list_account_tokens(ctx: Context, account: Account) -> Response:
    """The account's tokens."""
    return _list(ctx, "account", account.id)


@account_route("POST", "/tokens", *ACCOUNT_WRITE)
def create_account_token(ctx: Context, account: Account) -> Response:
    """Create an account-owned token; the value is in this answer only."""
    return _create(ctx, "account", account.id)


@account_route("GET", "/tokens/<token_id>", *ACCOUNT_READ)
def get_account_token(ctx: Context, account: Account, token_id: str) -> Response:
    """One token, without its value."""
    return reply(describe(_find(ctx, token_id, "account", account.id)))


@account_route("PUT", "/tokens/<token_id>", *ACCOUNT_WRITE)
def put_account_token(ctx: Context, account: Account, token_id: str) -> Response:
    """Change everything but the value."""
    return _change(ctx, _find(ctx, token_id, "account", account.id))


@account_route("PUT", "/tokens/<token_id>/value", *ACCOUNT_WRITE)
def roll_account_token(ctx: Context, account: Account, token_id: str) -> Response:
    """A new value; the old one is dead at once."""
    return _roll(ctx, _find(ctx, token_id, "account", account.id))


@account_route("DELETE", "/tokens/<token_id>", *ACCOUNT_WRITE)
def delete_account_token(ctx: Context, account: Account, token_id: str) -> Response:
    """End a token."""
    return _delete(ctx, _find(ctx, token_id, "account", account.id))
