"""User groups and their members (``/accounts/{id}/iam/user_groups``).

A group that was pushed over SCIM is locked: its name and members change only over SCIM, and it is
deleted only there; its policies stay editable (user groups page, "managing User Groups via SCIM").
Source: shapes D (OpenAPI, iam user groups); locks, and the name that may not begin with CF, D
(user groups page); the texts of the refusals I.
"""

from werkzeug import Response

from sandbox.cloudflare.api.iam import describe_policies, parse_member_policies
from sandbox.cloudflare.api.route import MEMBER_READ, MEMBER_WRITE, account_route, json_object, page
from sandbox.cloudflare.errors import ApiError, reply
from sandbox.cloudflare.models import Account, CloudflareState, Member, UserGroup, timestamp
from sandbox.server.router import Context

_PATH = "/iam/user_groups"


def describe(account: Account, group: UserGroup) -> dict[str, object]:
    """A user group; without any policy there is no ``policies`` key."""
    shown: dict[str, object] = {
        "id": group.id,
        "name": group.name,
        "status": "V",
        "created_on": group.created_on,
        "modified_on": group.modified_on,
    }
    if group.policies:
        shown["policies"] = describe_policies(account, group.policies)
    return shown


@account_route("GET", _PATH, *MEMBER_READ)
def list_user_groups(ctx: Context, account: Account) -> Response:
    """By name; ``id`` and ``name`` match exactly, ``fuzzyName`` a part of the name.

    Source: D: API description.
    """
    args = ctx.request.args
    fuzzy = args.get("fuzzyName", "").lower()
    chosen = [
        group
        for group in account.user_groups.values()
        if args.get("id") in (None, group.id)
        and args.get("name") in (None, group.name)
        and fuzzy in group.name.lower()
    ]
    chosen.sort(key=lambda group: group.name, reverse=args.get("direction") == "desc")
    return page(ctx, [describe(account, group) for group in chosen], default=100)


@account_route("POST", _PATH, *MEMBER_WRITE)
def create_user_group(ctx: Context, account: Account) -> Response:
    """Names are unique in an account (D: API description; texts I)."""
    body = json_object(ctx)
    name = _name(account, body.get("name"), None)
    policies = parse_member_policies(ctx.state, account, body.get("policies") or [], [])
    group = UserGroup(id=ctx.state.new_id("user-group"), name=name, policies=policies)
    account.user_groups[group.id] = group
    return reply(describe(account, group))


@account_route("GET", f"{_PATH}/<group_id>", *MEMBER_READ)
def get_user_group(ctx: Context, account: Account, group_id: str) -> Response:
    """One group (D: API description)."""
    del ctx
    return reply(describe(account, find(account, group_id)))


@account_route("PUT", f"{_PATH}/<group_id>", *MEMBER_WRITE)
def put_user_group(ctx: Context, account: Account, group_id: str) -> Response:
    """Change the name, or replace all policies; what is not given stays.

    Source: D: API description; the lock of what is pushed D, its text I.
    """
    group, body = find(account, group_id), json_object(ctx)
    name = group.name
    if body.get("name", group.name) != group.name:
        _refuse_locked(group, "renamed")
        name = _name(account, body["name"], group)
    if body.get("policies") is not None:
        group.policies = parse_member_policies(ctx.state, account, body["policies"], group.policies)
    group.name = name
    group.modified_on = timestamp()
    return reply(describe(account, group))


@account_route("DELETE", f"{_PATH}/<group_id>", *MEMBER_WRITE)
def delete_user_group(ctx: Context, account: Account, group_id: str) -> Response:
    """End a group; its members stay in the account (D: API description)."""
    del ctx
    group = find(account, group_id)
    _refuse_locked(group, "deleted")
    del account.user_groups[group.id]
    return reply({"id": group.id})


@account_route("GET", f"{_PATH}/<group_id>/members", *MEMBER_READ)
def list_group_members(ctx: Context, account: Account, group_id: str) -> Response:
    """By e-mail address; ``fuzzyEmail`` matches a part of it (D: API description)."""
    group = find(account, group_id)
    fuzzy = ctx.request.args.get("fuzzyEmail", "").lower()
    shown = [_member(ctx.state, account.members[member]) for member in group.members]
    shown = [row for row in shown if fuzzy in str(row["email"]).lower()]
    reverse = ctx.request.args.get("direction") == "desc"
    shown.sort(key=lambda member: str(member["email"]), reverse=reverse)
    return page(ctx, shown, default=100)


@account_route("POST", f"{_PATH}/<group_id>/members", *MEMBER_WRITE)
def add_group_members(ctx: Context, account: Account, group_id: str) -> Response:
    """Add members, given as ``[{"id"}]``; who is in already stays in.

    Source: D: API description; the lock D, its text I.
    """
    group = find(account, group_id)
    _refuse_locked(group, "given members")
    wanted = _wanted(ctx, account)
    for member in wanted:
        group.members.setdefault(member.id, timestamp())
    group.modified_on = timestamp()
    return reply([_member(ctx.state, member) for member in wanted])


@account_route("PUT", f"{_PATH}/<group_id>/members", *MEMBER_WRITE)
def put_group_members(ctx: Context, account: Account, group_id: str) -> Response:
    """Exactly these members (D: API description; the lock D, its text I)."""
    group = find(account, group_id)
    _refuse_locked(group, "given members")
    wanted = _wanted(ctx, account)
    group.members = {m.id: group.members.get(m.id, timestamp()) for m in wanted}
    group.modified_on = timestamp()
    return reply([_member(ctx.state, member) for member in wanted])


@account_route("GET", f"{_PATH}/<group_id>/members/<member_id>", *MEMBER_READ)
def get_group_member(ctx: Context, account: Account, group_id: str, member_id: str) -> Response:
    """One member with the time of joining (D: API description)."""
    group = find(account, group_id)
    if member_id not in group.members:
        raise ApiError(404, "the user group has no such member", code=404)
    member = account.members[member_id]
    user = ctx.state.users[member.user_id]
    shown = _member(ctx.state, member)
    shown |= {"created_at": group.members[member_id], "user": user.model_dump()}
    return reply(shown)


@account_route("DELETE", f"{_PATH}/<group_id>/members/<member_id>", *MEMBER_WRITE)
def remove_group_member(ctx: Context, account: Account, group_id: str, member_id: str) -> Response:
    """Take one member out (D: API description; the lock D, its text I)."""
    group = find(account, group_id)
    _refuse_locked(group, "relieved of members")
    if group.members.pop(member_id, None) is None:
        raise ApiError(404, "the user group has no such member", code=404)
    return reply(_member(ctx.state, account.members[member_id]))


def find(account: Account, group_id: str) -> UserGroup:
    """The group, or ApiError 404."""
    if group_id not in account.user_groups:
        raise ApiError(404, "user group not found", code=404)
    return account.user_groups[group_id]


def _refuse_locked(group: UserGroup, what: str) -> None:
    if group.scim_managed:
        raise ApiError(400, f"user group {group.name!r} is managed by SCIM and cannot be {what}")


def _name(account: Account, given: object, current: UserGroup | None) -> str:
    if not isinstance(given, str) or not given.strip():
        raise ApiError(400, "name is required")
    if any(g.name == given and g is not current for g in account.user_groups.values()):
        raise ApiError(409, f"a user group named {given!r} exists already", code=1002)
    return given


def _wanted(ctx: Context, account: Account) -> list[Member]:
    if not isinstance(ctx.body, list):
        raise ApiError(400, "the request body must be a list of objects with an id")
    members = []
    for entry in ctx.body:
        member = account.members.get(str(entry.get("id"))) if isinstance(entry, dict) else None
        if member is None:
            raise ApiError(400, f"no such account member: {entry!r}")
        members.append(member)
    return members


def _member(state: CloudflareState, member: Member) -> dict[str, object]:
    email = state.users[member.user_id].email
    return {"id": member.id, "email": email, "status": member.status}
