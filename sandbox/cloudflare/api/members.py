"""Account members and the roles they can have (``/accounts/{id}/members``, ``/roles``).

A member carries ``roles`` and ``policies``, whichever of the two it was given, and ``policies`` is
never empty (P: terraform-provider-cloudflare #6520 and its acceptance test). Only what was given
directly is shown here, not what comes through user groups (D: user groups page). The last Super
Administrator is neither removed nor stripped of the role (I: guide, "Limitations").
"""

from werkzeug import Response

from sandbox.cloudflare.api.iam import describe_policies, parse_member_policies
from sandbox.cloudflare.api.route import MEMBER_READ, MEMBER_WRITE, account_route, json_object, page
from sandbox.cloudflare.catalog import (
    ACCOUNT_ROLES,
    ROLE_BY_GROUP_ID,
    ROLE_BY_NAME,
    ROLE_BY_ROLE_ID,
    Role,
)
from sandbox.cloudflare.errors import ApiError, reply
from sandbox.cloudflare.models import Account, CloudflareState, Member, Policy
from sandbox.server.ids import hex32
from sandbox.server.router import Context

_ORDERS = ("user.first_name", "user.last_name", "user.email", "status")


def describe_role(role: Role) -> dict[str, object]:
    """A role as /roles and /members show it (R: JupiterOne/graph-cloudflare 2023)."""
    edit = role.name not in ("Minimal Account Access", "Administrator Read Only")
    return {
        "id": role.role_id,
        "name": role.name,
        "description": role.description,
        "permissions": {"organization": {"read": True, "edit": edit}},
    }


def describe(state: CloudflareState, account: Account, member: Member) -> dict[str, object]:
    """A member with the directly given roles and policies, each in both forms."""
    user = state.users[member.user_id]
    names = dict.fromkeys([*member.roles, *whole_account_roles(account, member)])
    return {
        "id": member.id,
        "email": user.email,
        "status": member.status,
        "api_access_enabled": None,
        "user": {**user.model_dump(), "two_factor_authentication_enabled": False},
        "roles": [describe_role(ROLE_BY_NAME[name]) for name in names],
        "policies": describe_policies(account, [*member.policies, *_as_policies(account, member)]),
    }


def whole_account_roles(account: Account, member: Member) -> list[str]:
    """The account roles that a member's own policies give on the whole account."""
    whole = {g.id for g in account.resource_groups.values() if g.objects == ["*"]}
    return [
        ROLE_BY_GROUP_ID[group].name
        for policy in member.policies
        if policy.access == "allow" and whole & {*policy.resource_groups}
        for group in policy.permission_groups
        if ROLE_BY_GROUP_ID[group] in ACCOUNT_ROLES
    ]


def _as_policies(account: Account, member: Member) -> list[Policy]:
    whole = next(g.id for g in account.resource_groups.values() if g.objects == ["*"])
    return [
        Policy(
            id=hex32(f"member-policy/{member.id}/{name}"),
            permission_groups=[ROLE_BY_NAME[name].id],
            resource_groups=[whole],
            created_on=account.created_on,
        )
        for name in member.roles
    ]


@account_route("GET", "/roles", *MEMBER_READ)
def list_roles(ctx: Context, account: Account) -> Response:
    """The account-scoped roles (C: cloudflare-go's tests)."""
    del account
    return page(ctx, [describe_role(role) for role in ACCOUNT_ROLES])


@account_route("GET", "/roles/<role_id>", *MEMBER_READ)
def get_role(ctx: Context, account: Account, role_id: str) -> Response:
    """One role (C: cloudflare-go's tests)."""
    del ctx, account
    return reply(describe_role(_role(role_id)))


@account_route("GET", "/members", *MEMBER_READ)
def list_members(ctx: Context, account: Account) -> Response:
    """The account's members; ``status`` filters, ``order`` and ``direction`` sort.

    Source: C: cloudflare-go's tests. Nothing says in which order they come unasked: as they joined.
    """
    status = ctx.request.args.get("status")
    shown = [
        describe(ctx.state, account, member)
        for member in account.members.values()
        if status in (None, member.status)
    ]
    order = ctx.request.args.get("order")
    if order is not None:
        if order not in _ORDERS:
            raise ApiError(400, f"order must be one of {', '.join(_ORDERS)}")
        shown.sort(key=lambda member: _sort_key(member, order))
    if ctx.request.args.get("direction") == "desc":
        shown.reverse()
    return page(ctx, shown, most=50)


def _sort_key(shown: dict[str, object], order: str) -> str:
    if order == "status":
        return str(shown["status"])
    user = shown["user"]
    assert isinstance(user, dict)
    return str(user[order.removeprefix("user.")] or "")


@account_route("POST", "/members", *MEMBER_WRITE)
def create_member(ctx: Context, account: Account) -> Response:
    """Invite somebody, with roles or with policies (C: cloudflare-go's tests; P #6520)."""
    body = json_object(ctx)
    email = str(body.get("email", ""))
    if "@" not in email:
        raise ApiError(400, "email is required")
    state: CloudflareState = ctx.state
    user = state.user_by_email(email, create=True)
    assert user is not None
    if any(member.user_id == user.id for member in account.members.values()):
        raise ApiError(409, f"{email} is already a member of the account", code=1002)
    roles, policies = body.get("roles") or [], body.get("policies") or []
    if bool(roles) == bool(policies) or not isinstance(roles, list):
        raise ApiError(400, "give either roles or policies, at least one")
    names = [_role(str(role)).name for role in roles]
    status = str(body.get("status") or "pending")
    if status not in ("accepted", "pending"):
        raise ApiError(400, f"status must be accepted or pending, not {status!r}")
    granted = parse_member_policies(state, account, policies, [])
    member = state.add_member(account, user, roles=names, status=status)
    member.policies = granted
    return reply(describe(state, account, member))


@account_route("GET", "/members/<member_id>", *MEMBER_READ)
def get_member(ctx: Context, account: Account, member_id: str) -> Response:
    """One member (C: cloudflare-go's tests)."""
    return reply(describe(ctx.state, account, find(account, member_id)))


@account_route("PUT", "/members/<member_id>", *MEMBER_WRITE)
def put_member(ctx: Context, account: Account, member_id: str) -> Response:
    """Replace the roles (``[{"id"}]``) or the policies.

    Source: C: cloudflare-go's tests; P #6520; the last Super Administrator I.
    """
    member, body = find(account, member_id), json_object(ctx)
    before = member.model_copy(deep=True)
    roles = body.get("roles")
    if isinstance(roles, list):
        member.roles = [
            _role(str(role.get("id") if isinstance(role, dict) else role)).name for role in roles
        ]
        member.policies = []
    elif "policies" in body:
        member.policies = parse_member_policies(
            ctx.state, account, body["policies"], member.policies
        )
        member.roles = []
    else:
        raise ApiError(400, "give roles or policies")
    if not ctx.state.super_administrators(account):
        account.members[member.id] = before
        raise ApiError(400, "the account needs at least one Super Administrator")
    return reply(describe(ctx.state, account, member))


@account_route("DELETE", "/members/<member_id>", *MEMBER_WRITE)
def delete_member(ctx: Context, account: Account, member_id: str) -> Response:
    """End a membership (D: API description; the last Super Administrator I)."""
    member = find(account, member_id)
    if ctx.state.super_administrators(account) == [member]:
        raise ApiError(400, "the account needs at least one Super Administrator")
    ctx.state.remove_member(account, member)
    return reply({"id": member.id})


def find(account: Account, member_id: str) -> Member:
    """The member, or ApiError 404."""
    if member_id not in account.members:
        raise ApiError(404, "Member not found for account", code=1003)
    return account.members[member_id]


def _role(role_id: str) -> Role:
    role = ROLE_BY_ROLE_ID.get(role_id)
    if role is None:
        raise ApiError(400, f"unknown role id {role_id!r}")
    return role
