"""Group push mappings by API.

A mapping names an Okta group and the app's group it is pushed to; the pushing itself is the
cycle's work. Source: https://developer.okta.com/docs/api/openapi/okta-management/management/tags/grouppushmapping
and the answers recorded in terraform-provider-okta's tests.
"""

from werkzeug import Response

from sandbox.okta.api import log
from sandbox.okta.api.apps import find
from sandbox.okta.api.groups import find as find_group
from sandbox.okta.api.route import body_object, endpoint, page, query_flag, text
from sandbox.okta.api.views import mapping_view
from sandbox.okta.errors import OktaError, invalid, not_found
from sandbox.okta.models import App, Group, GroupDeletion, Mapping, OktaState, now, parse
from sandbox.server.router import Context, json_reply

_READ = ("okta.apps.read", "okta.groups.read")
_MANAGE = ("okta.apps.manage", "okta.groups.manage")
_PATH = "/api/v1/apps/<app_id>/group-push/mappings"


@endpoint("GET", _PATH, *_READ)
def list_mappings(ctx: Context, app_id: str) -> Response:
    """The mappings, by ``sourceGroupId``, ``status`` and ``lastUpdated``.

    Source: R; in ERROR C and P #2670.
    """
    app, args = find(ctx.state, app_id), ctx.request.args
    mappings = app.mappings
    if args.get("sourceGroupId"):
        mappings = [m for m in mappings if m.source_group_id == args["sourceGroupId"]]
    if args.get("status"):
        mappings = [m for m in mappings if m.status == args["status"]]
    if args.get("lastUpdated"):
        try:
            since = parse(args["lastUpdated"])
        except ValueError as error:
            raise invalid("lastUpdated", "lastUpdated: a timestamp is expected") from error
        mappings = [m for m in mappings if parse(m.last_updated) >= since]
    return page(
        ctx, mappings, lambda m: m.id, lambda m: mapping_view(app, m), default=100, most=1000
    )


@endpoint("POST", _PATH, *_MANAGE)
def create_mapping(ctx: Context, app_id: str) -> Response:
    """Push a group: to a new group of the app (``targetGroupName``) or to one it knows.

    R: 200, and also for an app without provisioning, where the mapping stays ACTIVE and unpushed.
    """
    state: OktaState = ctx.state
    app, body = find(state, app_id), body_object(ctx)
    source = find_group(state, text(body, "sourceGroupId"))
    if source.type != "OKTA_GROUP":
        raise invalid("sourceGroupId", "sourceGroupId: only an Okta group can be pushed")
    if any(mapping.source_group_id == source.id for mapping in app.mappings):
        raise invalid("sourceGroupId", "sourceGroupId: the group is pushed to this app already")
    status = text(body, "status", "ACTIVE")
    if status not in ("ACTIVE", "INACTIVE"):
        raise invalid("status", "status: ACTIVE or INACTIVE is expected")
    target = _target(state, app, text(body, "targetGroupId"), text(body, "targetGroupName"))
    moment = now()
    mapping = Mapping(
        id=state.new_id("gPm"),
        source_group_id=source.id,
        target_group_id=target.id,
        target_name=target.name,
        created=moment,
        last_updated=moment,
        status="ACTIVE" if status == "ACTIVE" else "INACTIVE",
    )
    app.mappings.append(mapping)
    log.write(
        state,
        "application.provision.group_push.mapping.created",
        "Group push mapping created",
        source,
        app,
    )
    return json_reply(mapping_view(app, mapping))


@endpoint("GET", f"{_PATH}/<mapping_id>", *_READ)
def get_mapping(ctx: Context, app_id: str, mapping_id: str) -> Response:
    """One mapping (R; in ERROR C and P #2670)."""
    app = find(ctx.state, app_id)
    return json_reply(mapping_view(app, _mapping(app, mapping_id)))


@endpoint("PATCH", f"{_PATH}/<mapping_id>", *_MANAGE)
def update_mapping(ctx: Context, app_id: str, mapping_id: str) -> Response:
    """Switch a mapping on or off; one in ERROR must be repaired first.

    Source: R; in ERROR C and P #2670.
    """
    app = find(ctx.state, app_id)
    mapping, status = _mapping(app, mapping_id), text(body_object(ctx), "status")
    if status not in ("ACTIVE", "INACTIVE"):
        raise invalid("status", "status: ACTIVE or INACTIVE is expected")
    if mapping.status == "ERROR":
        raise invalid("status", "status: a mapping in ERROR cannot be changed")
    mapping.status = "ACTIVE" if status == "ACTIVE" else "INACTIVE"
    mapping.last_updated = now()
    return json_reply(mapping_view(app, mapping))


@endpoint("DELETE", f"{_PATH}/<mapping_id>", *_MANAGE)
def delete_mapping(ctx: Context, app_id: str, mapping_id: str) -> Response:
    """Delete an INACTIVE mapping; with ``deleteTargetGroup=true`` the target's group too.

    Source: R; in ERROR C and P #2670.
    """
    state: OktaState = ctx.state
    app = find(state, app_id)
    mapping = _mapping(app, mapping_id)
    if "deleteTargetGroup" not in ctx.request.args:
        summary = "The request is missing a required parameter."
        raise OktaError(400, "E0000028", summary, "deleteTargetGroup is required")
    delete_target = query_flag(ctx, "deleteTargetGroup", default=False)
    if mapping.status != "INACTIVE":
        raise invalid("status", "status: only an INACTIVE mapping can be deleted")
    app.mappings.remove(mapping)
    if delete_target:
        _delete_target(state, app, mapping)
    log.write(
        state,
        "application.provision.group_push.mapping.deleted",
        "Group push mapping deleted",
        state.groups[mapping.source_group_id],
        app,
    )
    return Response(status=200)  # R: 200 with an empty body


def _delete_target(state: OktaState, app: App, mapping: Mapping) -> None:
    setup = app.provisioning
    state.groups.pop(mapping.target_group_id, None)
    if mapping.external_id is None:
        return
    # Carried out by the next cycle, which outlives both the mapping and the app.
    state.group_deletions.append(
        GroupDeletion(
            app_label=app.label,
            app_name=app.name,
            base_url=setup.base_url,
            token=setup.token,
            external_id=mapping.external_id,
            name=mapping.remote_name or mapping.target_name,
        )
    )


def _target(state: OktaState, app: App, group_id: str, name: str) -> Group:
    if bool(group_id) == bool(name):
        raise invalid("target", "Either targetGroupId or targetGroupName must be provided.")
    if group_id:
        group = find_group(state, group_id)
        if group.type != "APP_GROUP" or group.app_id != app.id:
            raise invalid("targetGroupId", "targetGroupId: not a group of this app")
    else:
        own = [g for g in state.groups.values() if g.app_id == app.id and g.name == name]
        if own:
            group = own[0]
        else:
            group = state.add_group(name, None, kind="APP_GROUP", app_id=app.id)
            state.made_group(group)
    if any(mapping.target_group_id == group.id for mapping in app.mappings):
        raise invalid("target", "The target group is pushed to by another mapping.")
    return group


def _mapping(app: App, mapping_id: str) -> Mapping:
    for mapping in app.mappings:
        if mapping.id == mapping_id:
            return mapping
    raise not_found(mapping_id, "GroupPushMapping")
