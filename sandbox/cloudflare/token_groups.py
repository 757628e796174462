"""The permission groups that API tokens can have. Not the roles: those are in ``iam.py``."""

from werkzeug import Response

from sandbox.cloudflare.api import account_route, user_route
from sandbox.cloudflare.catalog import TOKEN_GROUPS, USER_SCOPE, TokenGroup
from sandbox.cloudflare.errors import reply
from sandbox.cloudflare.model import Account
from sandbox.cloudflare.tokens import ACCOUNT_READ, USER_READ
from sandbox.server.router import Context


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
    """What user-owned tokens can hold: everything."""
    return _reply(ctx, list(TOKEN_GROUPS))


@account_route("GET", "/tokens/permission_groups", *ACCOUNT_READ)
def account_token_groups(ctx: Context, account: Account) -> Response:
    """What account-owned tokens can hold: nothing that is a user's."""
    del account  # the same for every account
    return _reply(ctx, [group for group in TOKEN_GROUPS if group.scope != USER_SCOPE])
