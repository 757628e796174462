"""The groups' half of a cycle: link or create the target group, then keep its members right.

R, obot run-001: empty groups are pushed too. Only members whom the target knows are sent.
"""

from collections.abc import Mapping as Map

from sandbox.okta.api import log
from sandbox.okta.catalog import OWN, kind_of
from sandbox.okta.models import App, Mapping, OktaState, now
from sandbox.okta.provisioning.report import Report
from sandbox.okta.provisioning.scim import ScimError, Target

_EVENT = "application.provision.group_push.pushed"


def push_groups(state: OktaState, app: App, target: Target, report: Report) -> None:
    """Push every ACTIVE mapping, and try those in ERROR again from the start."""
    for mapping in app.mappings:
        if mapping.status == "INACTIVE":
            continue
        source = state.groups[mapping.source_group_id]
        try:
            changed = _push(state, app, mapping, target)
        except ScimError as error:
            _fail(mapping, error)
            report.errors.append(f"{app.label}: push group {source.name}: {error}")
            log.write(state, _EVENT, "Push group", source, app, failure=str(error))
            continue
        mapping.status, mapping.error = "ACTIVE", None
        if changed:
            mapping.last_push = mapping.last_updated = now()
            log.write(state, _EVENT, "Push group", source, app)
        (report.groups_pushed if changed else report.groups_unchanged).append(source.name)


def _push(state: OktaState, app: App, mapping: Mapping, target: Target) -> bool:
    """Returns whether anything was sent that changes the target."""
    members = _members(state, app, mapping)
    if mapping.external_id is None and not _link(app, mapping, members, target):
        return True
    source = state.groups[mapping.source_group_id].name
    rename = app.provisioning.rename_groups and mapping.remote_name != source
    added = {key: name for key, name in members.items() if key not in mapping.pushed}
    removed = [key for key in mapping.pushed if key not in members]
    if mapping.complete and not (rename or added or removed):
        return False
    # R, obot run-001: each change is a GET, the name, and one PATCH for the change itself.
    group_id = mapping.external_id or ""
    target.get_group(group_id)
    name = source if rename else mapping.remote_name or source
    if not _whole(app):
        target.rename_group(group_id, name)
    mapping.remote_name = name
    if rename:
        mapping.target_name = name
        state.groups[mapping.target_group_id].name = name
    if _whole(app):
        target.replace_group(group_id, name, members)
    elif not mapping.complete:
        target.replace_members(group_id, members)
    elif added or removed:
        target.change_members(group_id, added, removed)
    mapping.pushed, mapping.complete = list(members), True
    return True


def _link(app: App, mapping: Mapping, members: Map[str, str], target: Target) -> bool:
    """Find the target's group, or create it with its members. Returns whether it was found.

    R, obot run-001 and run-003: where Okta imports groups it knows them all and does not ask.
    """
    known = None
    if not app.provisioning.import_groups:
        known = target.find_group(mapping.target_name)
    if known is not None:
        mapping.external_id, mapping.remote_name = str(known["id"]), str(known["displayName"])
        mapping.complete = False
        return True
    mapping.external_id = target.create_group(mapping.target_name, members)
    mapping.remote_name, mapping.complete = mapping.target_name, False
    if _whole(app):
        target.get_group(mapping.external_id)
        target.replace_group(mapping.external_id, mapping.target_name, members)
    elif members:
        target.change_members(mapping.external_id, members, [])
    mapping.pushed, mapping.complete = list(members), True
    return False


def _whole(app: App) -> bool:
    """R, obot run-003: an app of one's own gets each group as a whole, by PUT."""
    return kind_of(app.name) is OWN


def _members(state: OktaState, app: App, mapping: Mapping) -> dict[str, str]:
    """The target's ids of the source group's members, with their names there."""
    members: dict[str, str] = {}
    for user_id in state.groups[mapping.source_group_id].members:
        app_user = app.users.get(user_id)
        if app_user is not None and app_user.external_id is not None:
            members[app_user.external_id] = app_user.user_name
    return members


def _fail(mapping: Mapping, error: ScimError) -> None:
    # R (oktalib, 2026-08): a mapping in ERROR does not say why; the System Log does.
    mapping.status, mapping.complete = "ERROR", False
    mapping.last_updated = now()
    if error.status == 404:  # the target's group is gone: look for it, or create it, anew
        mapping.external_id = mapping.remote_name = None
