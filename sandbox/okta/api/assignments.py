"""Who is assigned to an app: groups and people.

Source: https://developer.okta.com/docs/api/openapi/okta-management/management/tags/applicationgroups
and …/applicationusers.
"""

from werkzeug import Response

from sandbox.okta.api import log
from sandbox.okta.api.apps import find
from sandbox.okta.api.groups import find as find_group
from sandbox.okta.api.route import body_object, endpoint, member, no_content, page, text
from sandbox.okta.api.users import find as find_user
from sandbox.okta.api.views import app_user_view, assignment_view
from sandbox.okta.errors import OktaError, forbidden, invalid, not_found
from sandbox.okta.models import App, AppUser, GroupAssignment, OktaState, now
from sandbox.okta.provisioning.assignment import join, leave, refresh
from sandbox.server.router import Context, json_reply

_READ, _MANAGE = "okta.apps.read", "okta.apps.manage"
_GROUPS, _USERS = "/api/v1/apps/<app_id>/groups", "/api/v1/apps/<app_id>/users"


@endpoint("GET", _GROUPS, _READ)
def list_groups(ctx: Context, app_id: str) -> Response:
    """The assigned groups by priority; ``q`` matches the beginning of their names (R)."""
    app, state = find(ctx.state, app_id), ctx.state
    groups = sorted(app.groups, key=lambda assignment: assignment.priority)
    start = ctx.request.args.get("q", "").casefold()
    groups = [a for a in groups if state.groups[a.group_id].name.casefold().startswith(start)]
    return page(
        ctx, groups, lambda a: a.group_id, lambda a: assignment_view(app, a), default=20, most=200
    )


@endpoint("GET", f"{_GROUPS}/<group_id>", _READ)
def get_group(ctx: Context, app_id: str, group_id: str) -> Response:
    """One assignment (R)."""
    app = find(ctx.state, app_id)
    return json_reply(assignment_view(app, _assigned(app, group_id)))


@endpoint("PUT", f"{_GROUPS}/<group_id>", _MANAGE)
def assign_group(ctx: Context, app_id: str, group_id: str) -> Response:
    """Assign a group, or change the assignment's priority and profile (R)."""
    app, group = find(ctx.state, app_id), find_group(ctx.state, group_id)
    body = ctx.body if ctx.body is not None else {}
    if not isinstance(body, dict):
        raise invalid("assignment", "assignment: an object is expected")
    priority = body.get("priority")
    if priority is not None and (isinstance(priority, bool) or not isinstance(priority, int)):
        raise invalid("priority", "priority: a whole number is expected")
    known = next((a for a in app.groups if a.group_id == group_id), None)
    if known is None:
        if group.type == "APP_GROUP" and group.app_id == app_id:
            raise invalid("group", "The app's own group cannot be assigned to it.")
        known = GroupAssignment(group_id=group_id, priority=len(app.groups), last_updated=now())
        app.groups.append(known)
        log.write(
            ctx.state,
            "group.application_assignment.add",
            "Add assigned application to group",
            group,
            app,
        )
    if priority is not None:
        known.priority = priority
    known.profile, known.last_updated = member(body, "profile"), now()
    refresh(ctx.state, app)
    return json_reply(assignment_view(app, known))


@endpoint("DELETE", f"{_GROUPS}/<group_id>", _MANAGE)
def unassign_group(ctx: Context, app_id: str, group_id: str) -> Response:
    """Take a group's assignment away: members without another one leave the app (R)."""
    app = find(ctx.state, app_id)
    app.groups.remove(_assigned(app, group_id))
    log.write(
        ctx.state,
        "group.application_assignment.remove",
        "Remove assigned application from group",
        ctx.state.groups[group_id],
        app,
    )
    refresh(ctx.state, app)
    return no_content()


@endpoint("GET", _USERS, _READ)
def list_users(ctx: Context, app_id: str) -> Response:
    """The app's users; ``q`` matches the beginning of their names in the app (R).

    ``expand=user`` shows each person too (R: Shopify/oktakit 2017).
    """
    app, whole = find(ctx.state, app_id), ctx.request.args.get("expand") == "user"
    start = ctx.request.args.get("q", "").casefold()
    users = [u for u in app.users.values() if u.user_name.casefold().startswith(start)]
    return page(
        ctx,
        users,
        lambda u: u.user_id,
        lambda u: app_user_view(ctx.state, app, u, whole=whole),
        default=50,
        most=500,
    )


@endpoint("POST", _USERS, _MANAGE)
def assign_user(ctx: Context, app_id: str) -> Response:
    """Assign a person directly, which also turns a group's assignment into a direct one (R)."""
    return _assign(ctx, find(ctx.state, app_id), text(body_object(ctx), "id"))


def _assign(ctx: Context, app: App, key: str) -> Response:
    body, user = body_object(ctx), find_user(ctx, key)
    if not user.assignable:
        raise OktaError(400, "E0000001", "Api validation failed: user", "The user is deactivated.")
    name = text(member(body, "credentials"), "userName") or None
    app_user = app.users.get(user.id)
    if app_user is None:
        app_user = join(ctx.state, app, user, "USER", name)
    app_user.scope, app_user.user_name = "USER", name or app_user.user_name
    app_user.profile, app_user.last_updated = member(body, "profile"), now()
    return json_reply(app_user_view(ctx.state, app, app_user))


@endpoint("GET", f"{_USERS}/<user_id>", _READ)
def get_user(ctx: Context, app_id: str, user_id: str) -> Response:
    """One app user (R)."""
    app = find(ctx.state, app_id)
    return json_reply(app_user_view(ctx.state, app, _app_user(app, user_id)))


@endpoint("POST", f"{_USERS}/<user_id>", _MANAGE)
def update_user(ctx: Context, app_id: str, user_id: str) -> Response:
    """Change an app user's name in the app, profile or scope; who is none is assigned (R: older
    cassettes of terraform-provider-okta)."""
    app, body = find(ctx.state, app_id), body_object(ctx)
    if user_id not in app.users:
        return _assign(ctx, app, user_id)
    app_user = _app_user(app, user_id)
    name = text(member(body, "credentials"), "userName")
    app_user.user_name = name or app_user.user_name
    if "profile" in body:
        app_user.profile = member(body, "profile")
    scope = text(body, "scope", app_user.scope)
    if scope not in ("USER", "GROUP"):
        raise invalid("scope", "scope: USER or GROUP is expected")
    app_user.scope = "USER" if scope == "USER" else "GROUP"
    app_user.last_updated = now()
    refresh(ctx.state, app)
    return json_reply(app_user_view(ctx.state, app, app_user))


@endpoint("DELETE", f"{_USERS}/<user_id>", _MANAGE)
def unassign_user(ctx: Context, app_id: str, user_id: str) -> Response:
    """Take a direct assignment away (R); one by group can't be taken from a single person (P)."""
    state: OktaState = ctx.state
    app = find(state, app_id)
    if _app_user(app, user_id).scope == "GROUP":
        raise forbidden("The user is assigned to the app by a group.")
    leave(state, app, user_id)
    refresh(state, app)
    return no_content()


def _assigned(app: App, group_id: str) -> GroupAssignment:
    for assignment in app.groups:
        if assignment.group_id == group_id:
            return assignment
    raise not_found(group_id, "GroupAssignment")


def _app_user(app: App, user_id: str) -> AppUser:
    if user_id not in app.users:
        raise not_found(user_id, "AppUser")
    return app.users[user_id]
