"""Okta's provisioning: what assignments and push mappings call for, told to each target.

It knows an app's stored address and token and nothing of the target's inside.
"""

from contextlib import suppress
from typing import TYPE_CHECKING

from sandbox.okta.api import log
from sandbox.okta.models import App, AppUser, Mapping, OktaState
from sandbox.okta.provisioning.groups import push_groups
from sandbox.okta.provisioning.report import Report
from sandbox.okta.provisioning.scim import ScimError, Target
from sandbox.okta.provisioning.users import deactivate_users, push_users, suspend_users

if TYPE_CHECKING:
    from sandbox.server.world import World


def run_cycle(world: "World", *, full: bool = False) -> dict[str, object]:
    """Run once; called with Okta's lock held.

    ``full``: everything once more, as an administrator does it in the console: see `again`.

    Returns ``{"users": {"created", "linked", "reactivated", "deactivated"}, "groups": {"pushed",
    "unchanged", "deleted"}, "errors"}``, lists of names and of one-line texts. Nothing
    that goes wrong at a target ends the cycle: it is tried again in the next one.
    """
    state: OktaState = world.okta
    report = Report()
    _delete_groups(world, state, report)
    for app in list(state.apps.values()):
        setup = app.provisioning
        if app.status != "ACTIVE" or not setup.enabled:
            continue
        try:
            with Target(world, app.name, setup.base_url, setup.token) as target:
                deactivate_users(state, app, target, report)
                suspend_users(state, app, target, report)
                if full:
                    forget_delivery(app, target, report)
                push_users(state, app, target, report)
                push_groups(state, app, target, report)
        except ScimError as error:  # an address that is none: no call could be made at all
            report.errors.append(f"{app.label}: {error}")
    return report.as_dict()


def tell_of_leaving(world: "World", state: OktaState, app: App) -> None:
    """What Okta has sent before an app can be switched off: whoever was unassigned.

    D: "Deactivate users: accounts are deactivated when they are unassigned"; I: within seconds,
    where the sandbox otherwise waits for the next cycle.
    """
    setup, report = app.provisioning, Report()
    if app.status != "ACTIVE" or not setup.enabled or not app.leaving:
        return
    with suppress(ScimError), Target(world, app.name, setup.base_url, setup.token) as target:
        deactivate_users(state, app, target, report)


def _delete_groups(world: "World", state: OktaState, report: Report) -> None:
    kept = []
    for wanted in state.group_deletions:
        event = "application.provision.group_push.removed"
        message = f"Remove pushed group {wanted.name}"
        try:
            with Target(world, wanted.app_name, wanted.base_url, wanted.token) as target:
                target.delete_group(wanted.external_id)
        except ScimError as error:
            kept.append(wanted)
            report.errors.append(f"{wanted.app_label}: delete group {wanted.name}: {error}")
            log.write(state, event, message, failure=str(error))
        else:
            report.groups_deleted.append(wanted.name)
            log.write(state, event, message)
    state.group_deletions = kept


def forget_delivery(app: App, target: Target, report: Report) -> None:
    """Drop what Okta remembers of people and groups that the target does not have.

    The rest of the cycle then looks for them, and creates them where they are missing; members
    are sent as a whole. What the target has is neither created nor deactivated.
    """
    for app_user in app.users.values():
        try:
            _forget_user(app_user, target)  # one who cannot be asked about stays in the groups
        except ScimError as error:
            report.errors.append(f"{app.label}: push {app_user.user_name}: {error}")
    for mapping in app.mappings:
        try:
            _forget_group(mapping, target)
        except ScimError as error:
            report.errors.append(f"{app.label}: push group {mapping.target_name}: {error}")


def _forget_user(app_user: AppUser, target: Target) -> None:
    if app_user.external_id is None:
        return  # the cycle looks for this person anyway
    remote = target.find_user(app_user.user_name)
    if remote is None or remote.get("active") is False:
        app_user.external_id = None
    else:
        app_user.external_id = str(remote["id"])


def _forget_group(mapping: Mapping, target: Target) -> None:
    mapping.complete = False
    if mapping.external_id is None:
        return
    try:
        target.get_group(mapping.external_id)  # R, obot run-001: by its id, whatever it is called
    except ScimError as error:
        if error.status != 404:
            raise
        mapping.external_id = mapping.remote_name = None
