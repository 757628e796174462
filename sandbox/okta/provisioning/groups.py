"""The groups' half of a cycle: link or create the target group, then keep its members right.

Only members who are users of the app in the target are pushed, and a group is not pushed before
it has one (Cloudflare's Okta page: empty groups are not pushed).
"""

from collections.abc import Mapping as Map

from sandbox.okta.api import log
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
        targets = (log.group_target(source), log.app_target(app))
        try:
            changed = _push(state, app, mapping, target)
        except ScimError as error:
            _fail(mapping, error)
            report.errors.append(f"{app.label}: push group {source.name}: {error}")
            log.write(state, _EVENT, "Push group", *targets, failure=str(error))
            continue
        if mapping.external_id is None:
            report.groups_skipped.append(source.name)
            continue
        mapping.status, mapping.error = "ACTIVE", None
        if changed:
            mapping.last_push = mapping.last_updated = now()
            log.write(state, _EVENT, "Push group", *targets)
        (report.groups_pushed if changed else report.groups_unchanged).append(source.name)


def _push(state: OktaState, app: App, mapping: Mapping, target: Target) -> bool:
    """Returns whether anything was sent that changes the target."""
    members = _members(state, app, mapping)
    name = state.groups[mapping.source_group_id].name
    changed = False
    if mapping.external_id is None:
        if not members:
            return False
        _link(mapping, target)
        changed = True
    group_id = mapping.external_id or ""
    if app.provisioning.rename_groups and mapping.remote_name != name:
        target.rename_group(group_id, name)
        mapping.remote_name = mapping.target_name = name
        state.groups[mapping.target_group_id].name = name
        changed = True
    return _push_members(mapping, group_id, members, target) or changed


def _link(mapping: Mapping, target: Target) -> None:
    found = target.find_group(mapping.target_name)
    if found is not None:
        mapping.external_id, mapping.remote_name = str(found["id"]), str(found["displayName"])
    else:
        mapping.external_id = target.create_group(mapping.target_name)
        mapping.remote_name = mapping.target_name
    mapping.complete = False


def _push_members(mapping: Mapping, group_id: str, members: Map[str, str], target: Target) -> bool:
    if not mapping.complete:
        target.replace_members(group_id, members)
    else:
        added = {key: name for key, name in members.items() if key not in mapping.pushed}
        removed = [key for key in mapping.pushed if key not in members]
        if not added and not removed:
            return False
        target.change_members(group_id, added, removed)
    mapping.pushed, mapping.complete = list(members), True
    return True


def _members(state: OktaState, app: App, mapping: Mapping) -> dict[str, str]:
    """The target's ids of the source group's members, with their names there."""
    members: dict[str, str] = {}
    for user_id in state.groups[mapping.source_group_id].members:
        app_user = app.users.get(user_id)
        if app_user is not None and app_user.external_id is not None:
            members[app_user.external_id] = app_user.user_name
    return members


def _fail(mapping: Mapping, error: ScimError) -> None:
    mapping.status, mapping.error, mapping.complete = "ERROR", str(error), False
    mapping.last_updated = now()
    if error.status == 404:  # the target's group is gone: look for it, or create it, anew
        mapping.external_id = mapping.remote_name = None
