"""How a v4 route is declared: path, permission groups that open it, paging, audit.

Source: envelope, paging and codes D (OpenAPI); a larger `per_page` is cut I.
"""

from collections.abc import Callable, Sequence
from functools import wraps

from werkzeug import Response

from sandbox.cloudflare import API, signin
from sandbox.cloudflare.api import audit
from sandbox.cloudflare.errors import ApiError, error, not_allowed, reply
from sandbox.cloudflare.models import Account
from sandbox.server.router import Context, Router

router = Router("cloudflare", error)
_MAX_PER_PAGE = 100

# The token of the SCIM set-up may read all of this, too (OpenAPI, x-api-token-group).
MEMBER_READ = ("SCIM Provisioning", "Account Settings Write", "Account Settings Read")
MEMBER_WRITE = ("SCIM Provisioning", "Account Settings Write")

Handler = Callable[..., Response]


def account_route(method: str, path: str, *groups: str) -> Callable[[Handler], Handler]:
    """Declare ``/accounts/<account_id>`` + path; the handler gets (ctx, account, **values)."""

    def register(handler: Handler) -> Handler:
        @wraps(handler)
        def checked(ctx: Context, account_id: str, **values: str) -> Response:
            account = admitted(ctx, account_id, groups)
            response = handler(ctx, account, **values)
            if method != "GET":
                audit.record(ctx, account, response.status_code)
            return response

        router.route(method, f"{API}/accounts/<account_id>{path}")(checked)
        return handler

    return register


def user_route(method: str, path: str, *groups: str) -> Callable[[Handler], Handler]:
    """Declare a route without an account; the handler gets (ctx, **values)."""

    def register(handler: Handler) -> Handler:
        @wraps(handler)
        def checked(ctx: Context, **values: str) -> Response:
            signin.authenticate(ctx)
            signin.require(ctx, groups, None)
            return handler(ctx, **values)

        router.route(method, API + path)(checked)
        return handler

    return register


def admitted(ctx: Context, account_id: str, groups: tuple[str, ...]) -> Account:
    """Authenticate, find the account, check the permission. Raises ApiError."""
    signin.authenticate(ctx)
    if ctx.caller.token is not None and account_id not in ctx.state.accounts:
        raise not_allowed()
    account = ctx.state.account(account_id)
    if account is None:
        raise ApiError(
            404,
            f"Could not route to {ctx.request.path}, perhaps your object identifier is invalid?",
            code=7003,
        )
    signin.require(ctx, groups, account)
    return account


def json_object(ctx: Context) -> dict[str, object]:
    """The request's body, which must be a JSON object. Raises ApiError 400."""
    if not isinstance(ctx.body, dict):
        raise ApiError(400, "The request body must be a JSON object")
    return ctx.body


def page(
    ctx: Context, items: Sequence[object], default: int = 20, most: int = _MAX_PER_PAGE
) -> Response:
    """One page of a list, with result_info; a larger per_page than ``most`` is cut to it."""
    number = _integer(ctx, "page", 1)
    size = min(_integer(ctx, "per_page", default), most)
    chosen = list(items[(number - 1) * size : number * size])
    info = {
        "page": number,
        "per_page": size,
        "count": len(chosen),
        "total_count": len(items),
        "total_pages": -(-len(items) // size),
    }
    return reply(chosen, info=info)


def _integer(ctx: Context, name: str, default: int) -> int:
    text = ctx.request.args.get(name)
    if text is None:
        return default
    try:
        number = int(float(text))
    except (ValueError, OverflowError):
        number = 0
    if number < 1:
        raise ApiError(400, f"{name} must be a positive number")
    return number
