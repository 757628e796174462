"""Groups and their members.

Source: https://developer.okta.com/docs/api/openapi/okta-management/management/tags/group.
"""

from collections.abc import Callable

from werkzeug import Response

from sandbox.okta.api import log
from sandbox.okta.api.route import body_object, endpoint, member, no_content, page, text
from sandbox.okta.api.search import expression
from sandbox.okta.api.users import find as find_user
from sandbox.okta.api.users import listed_user
from sandbox.okta.api.views import app_view, group_view
from sandbox.okta.errors import OktaError, invalid, not_found
from sandbox.okta.models import Group, OktaState, User, now
from sandbox.okta.provisioning.assignment import refresh
from sandbox.server.router import Context, json_reply

_READ, _MANAGE = "okta.groups.read", "okta.groups.manage"
_FILTERED = ("id", "type", "lastUpdated", "lastMembershipUpdated")
_NAME_LENGTH, _DESCRIPTION_LENGTH = 255, 1024


def find(state: OktaState, group_id: str) -> Group:
    """A group by id. Raises OktaError 404."""
    if group_id not in state.groups:
        raise not_found(group_id, "UserGroup")
    return state.groups[group_id]


def _record(group: Group) -> dict[str, object]:
    return {
        "id": group.id,
        "type": group.type,
        "created": group.created,
        "lastUpdated": group.last_updated,
        "lastMembershipUpdated": group.last_membership_updated,
        "profile.name": group.name,
        "profile.description": group.description,
        "source.id": group.app_id,
    }


@endpoint("GET", "/api/v1/groups", _READ)
def list_groups(ctx: Context) -> Response:
    """``q`` matches the beginning of names; ``search`` any attribute; ``filter`` a few (R)."""
    args, state, default = ctx.request.args, ctx.state, 200
    groups = list(state.groups.values())
    if args.get("search"):
        test = expression(args["search"])
        groups = [
            group for group in state.searched_groups.shown(state.groups) if test(_record(group))
        ]
    if args.get("q"):
        start, default = args["q"].casefold(), 300
        groups = [group for group in groups if group.name.casefold().startswith(start)]
    if args.get("filter"):
        test = expression(args["filter"], _FILTERED)
        groups = [group for group in groups if test(_record(group))]
    return page(
        ctx,
        groups,
        lambda group: group.id,
        group_view,
        default=default,
        most=10_000,
        linked=not args.get("q"),  # R 165 of 165: no Link header
    )


@endpoint("POST", "/api/v1/groups", _MANAGE)
def create_group(ctx: Context) -> Response:
    """Add a group of Okta's own; its name must be new (R)."""
    name, description, extra = _profile(ctx, None)
    group = ctx.state.add_group(name, description)
    group.extra = extra
    ctx.state.made_group(group)
    log.write(ctx.state, "group.lifecycle.create", "Create Okta group", group)
    return json_reply(group_view(group))


@endpoint("GET", "/api/v1/groups/<group_id>", _READ)
def get_group(ctx: Context, group_id: str) -> Response:
    """One group (R)."""
    return json_reply(group_view(find(ctx.state, group_id)))


@endpoint("PUT", "/api/v1/groups/<group_id>", _MANAGE)
def replace_group(ctx: Context, group_id: str) -> Response:
    """Replace the profile: a description left out is gone (R)."""
    group = _own(ctx.state, group_id)
    name, description, extra = _profile(ctx, group)
    ctx.state.note_group(group_id)
    group.name, group.description, group.extra = name, description, extra
    group.last_updated = now()
    log.write(ctx.state, "group.profile.update", "Update Okta group profile", group)
    return json_reply(group_view(group))


@endpoint("DELETE", "/api/v1/groups/<group_id>", _MANAGE)
def delete_group(ctx: Context, group_id: str) -> Response:
    """Delete; its assignments go with it. One that is pushed cannot be deleted.

    Source: R; of a pushed one D, its code I.
    """
    state: OktaState = ctx.state
    group = find(state, group_id)
    if group.type == "BUILT_IN":
        raise _not_allowed()
    mapped = [m for app in state.apps.values() for m in app.mappings]
    if any(mapping.source_group_id == group_id for mapping in mapped):  # D, P
        raise invalid("group", "The group is the source of a group push mapping.")
    if any(mapping.target_group_id == group_id for mapping in mapped):
        raise invalid("group", "The group is the target of a group push mapping.")
    for app in state.apps.values():
        app.groups = [a for a in app.groups if a.group_id != group_id]
    log.write(state, "group.lifecycle.delete", "Delete Okta group", group)
    state.note_group(group_id)
    del state.groups[group_id]
    refresh(state)
    return no_content()


@endpoint("GET", "/api/v1/groups/<group_id>/users", _READ)
def list_members(ctx: Context, group_id: str) -> Response:
    """The members, deactivated people left out; now and then those of before a change (R)."""
    state: OktaState = ctx.state
    members = find(state, group_id).members
    if "after" not in ctx.request.args:  # a page that follows is of the same list
        members = state.late.shown_members(group_id, members)
    people = [state.users[user_id] for user_id in members if user_id in state.users]
    shown = [user for user in people if user.assignable]
    return page(ctx, shown, lambda user: user.id, listed_user, default=1000, most=1000)


@endpoint("PUT", "/api/v1/groups/<group_id>/users/<user_id>", _MANAGE)
def add_member(ctx: Context, group_id: str, user_id: str) -> Response:
    """Add a person; a member already is no error (R)."""
    put_in(ctx.state, _own(ctx.state, group_id), find_user(ctx, user_id))
    return no_content()


@endpoint("DELETE", "/api/v1/groups/<group_id>/users/<user_id>", _MANAGE)
def remove_member(ctx: Context, group_id: str, user_id: str) -> Response:
    """Remove a person; no member is no error, a deactivated one is not found (R)."""
    group, user = _own(ctx.state, group_id), find_user(ctx, user_id)
    if not user.assignable:
        raise not_found(user_id, "User")
    take_out(ctx.state, group, user)
    return no_content()


def put_in(state: OktaState, group: Group, user: User) -> None:
    """Make a person a member, with all that follows from it."""
    if user.id not in group.members:
        _change(state, group, user, "add", "Add user to group membership", group.members.append)


def take_out(state: OktaState, group: Group, user: User) -> None:
    """End a person's membership, with all that follows from it."""
    if user.id in group.members:
        message = "Remove user from group membership"
        _change(state, group, user, "remove", message, group.members.remove)


def _change(
    state: OktaState,
    group: Group,
    user: User,
    kind: str,
    message: str,
    change: Callable[[str], None],
) -> None:
    state.note_group(group.id)
    state.late.note_members(group.id, group.members)
    change(user.id)
    group.last_membership_updated = now()
    log.write(state, f"group.user_membership.{kind}", message, user, group)
    refresh(state)


@endpoint("GET", "/api/v1/groups/<group_id>/apps", _READ)
def list_apps(ctx: Context, group_id: str) -> Response:
    """The apps to which the group is assigned (R)."""
    find(ctx.state, group_id)
    apps = [
        app
        for app in ctx.state.apps.values()
        if any(assignment.group_id == group_id for assignment in app.groups)
    ]
    return page(ctx, apps, lambda app: app.id, app_view, default=20, most=200)


def _profile(ctx: Context, group: Group | None) -> tuple[str, str | None, dict[str, object]]:
    profile = member(body_object(ctx), "profile")
    name = text(profile, "name")
    description = text(profile, "description") if profile.get("description") is not None else None
    own = ctx.state.group_attributes  # R: an organisation may add attributes to groups
    unknown = sorted(set(profile) - {"name", "description", *own})
    if unknown:
        raise invalid("profile", f"Property name '{unknown[0]}' is not defined in profile")
    if not name.strip():
        raise invalid("name", "name: The field cannot be left blank")
    if len(name) > _NAME_LENGTH:
        raise invalid("name", "name: The field is too long")
    if description is not None and len(description) > _DESCRIPTION_LENGTH:
        raise invalid("description", "description: The field is too long")
    unchanged = group is not None and group.name == name
    for other in () if unchanged else ctx.state.groups.values():
        if other is not group and other.name == name:  # P #1794: of apps' groups too
            raise invalid(
                "name",
                "name: An object with this field already exists in the current organization",
            )
    return name, description, {key: profile[key] for key in own if profile.get(key) is not None}


def _own(state: OktaState, group_id: str) -> Group:
    group = find(state, group_id)
    if group.type != "OKTA_GROUP":
        raise _not_allowed()
    return group


def _not_allowed() -> OktaError:
    return OktaError(403, "E0000060", "Unsupported operation.", "only Okta groups can be changed")
