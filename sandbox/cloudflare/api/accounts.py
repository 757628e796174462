"""The user behind the token, the accounts, and an account's audit log.

Source: shapes and permissions D (OpenAPI, accounts and audit logs); which accounts a token sees I.
"""

from werkzeug import Response

from sandbox.cloudflare import API, signin
from sandbox.cloudflare.api import audit
from sandbox.cloudflare.api.route import MEMBER_READ, account_route, page, router, user_route
from sandbox.cloudflare.errors import ApiError, reply
from sandbox.cloudflare.models import Account
from sandbox.server.router import Context


def describe(account: Account) -> dict[str, object]:
    """An account as the API shows it (R: JupiterOne/graph-cloudflare 2023)."""
    return {
        "id": account.id,
        "name": account.name,
        "type": account.plan,
        "created_on": account.created_on,
        "settings": {
            "enforce_twofactor": False,
            "api_access_enabled": None,
            "access_approval_expiry": None,
            "use_account_custom_ns_by_default": False,
        },
        "legacy_flags": {"enterprise_zone_quota": {"maximum": 0, "current": 0, "available": 0}},
    }


@user_route("GET", "/user", "User Details Read", "User Details Write")
def get_user(ctx: Context) -> Response:
    """The user who owns the token; its id is the tag in the token's resources.

    Source: D: API description.
    """
    user = ctx.state.users[ctx.caller.owner_id]
    return reply({**user.model_dump(), "suspended": False, "has_enterprise_zones": True})


@router.route("GET", f"{API}/accounts")
def list_accounts(ctx: Context) -> Response:
    """The accounts that the token may read (D: API description; which a token sees I)."""
    signin.authenticate(ctx)
    name = ctx.request.args.get("name")
    accounts = [
        describe(account)
        for account in ctx.state.accounts.values()
        if name in (None, account.name) and _readable(ctx, account)
    ]
    return page(ctx, accounts)


def _readable(ctx: Context, account: Account) -> bool:
    try:
        signin.require(ctx, MEMBER_READ, account)
    except ApiError:
        return False
    return True


@account_route("GET", "", *MEMBER_READ)
def get_account(ctx: Context, account: Account) -> Response:
    """One account (D: API description)."""
    del ctx
    return reply(describe(account))


@account_route("GET", "/logs/audit", "Account Settings Read", "Account Settings Write")
def audit_log(ctx: Context, account: Account) -> Response:
    """The newest changes first; ``since`` and ``before`` are required (D: API description)."""
    entries = audit.between(ctx, account)
    try:
        start = int(ctx.request.args.get("cursor") or 0)
        limit = min(int(ctx.request.args.get("limit") or 100), 1000)
    except ValueError as problem:
        raise ApiError(400, "cursor and limit must be what this endpoint gave") from problem
    chosen = entries[start : start + limit]
    info: dict[str, object] = {"count": len(chosen)}
    if start + limit < len(entries):
        info["cursor"] = str(start + limit)
    return reply(chosen, info=info)


@account_route("GET", "/sso_connectors", "SSO Connector Read", "SSO Connector Write")
def list_sso_connectors(ctx: Context, account: Account) -> Response:
    """The domains whose people sign in to the dashboard by SSO.

    Source: D: API description, IAM > SSO.
    """
    del ctx
    return reply(account.sso_connectors)
