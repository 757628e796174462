"""``verify``: is this token valid? Needs no permission, only the right kind of token.

The user's address knows user-owned tokens only, the account's only that account's own.
"""

from werkzeug import Response

from sandbox.cloudflare import auth
from sandbox.cloudflare.api import router
from sandbox.cloudflare.errors import ApiError, error, reply
from sandbox.server.router import Context

_ACTIVE = {"code": 10000, "message": "This API Token is valid and active", "type": None}


def _verified(ctx: Context, owner: str, owner_id: str | None) -> Response:
    try:
        token = auth.identify(ctx).token
        if token is None:
            # The operator's own token is a user token that no state lists.
            if owner == "account":
                raise ApiError(401, "Invalid API Token", code=1000)
            return reply({"id": ctx.state.operator.id, "status": "active"}, messages=[_ACTIVE])
        if token.owner != owner or owner_id not in (None, token.owner_id):
            raise ApiError(401, "Invalid API Token", code=1000)
    except ApiError as refusal:
        return error(refusal.status, refusal.message, refusal.code)
    status = auth.token_status(token)
    result: dict[str, object] = {"id": token.id, "status": status}
    for name in ("not_before", "expires_on"):
        if getattr(token, name):
            result[name] = getattr(token, name)
    return reply(result, messages=[_ACTIVE] if status == "active" else None)


@router.route("GET", "/client/v4/user/tokens/verify")
def verify_user_token(ctx: Context) -> Response:
    """Verify a user-owned token."""
    return _verified(ctx, "user", None)


@router.route("GET", "/client/v4/accounts/<account_id>/tokens/verify")
def verify_account_token(ctx: Context, account_id: str) -> Response:
    """Verify a token that this account owns."""
    return _verified(ctx, "account", account_id)
