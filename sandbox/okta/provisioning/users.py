"""The people's half of a cycle: deactivate who left the app, create or link who came."""

from sandbox.okta.api import log
from sandbox.okta.models import App, AppUser, OktaState, now
from sandbox.okta.provisioning.report import Report
from sandbox.okta.provisioning.scim import ScimError, Target

_PUSH = "application.provision.user.push"
_REACTIVATE = "application.provision.user.reactivate"
_DEACTIVATE = "application.provision.user.deactivate"


def deactivate_users(state: OktaState, app: App, target: Target, report: Report) -> None:
    """Send ``active: false`` for everybody who is no longer assigned (feature Deactivate Users)."""
    wanted = app.provisioning.deactivate_users
    leaving = app.leaving if wanted else []
    app.leaving = [gone for gone in leaving if not _told(state, app, gone, target, report)]


def suspend_users(state: OktaState, app: App, target: Target, report: Report) -> None:
    """Send ``active: false`` for who was suspended (D: Okta's SCIM reference), once."""
    if not app.provisioning.deactivate_users:
        return
    for app_user in app.users.values():
        if app_user.external_id is None or app_user.inactive:
            continue
        if not state.users[app_user.user_id].pushed_active:
            app_user.inactive = _told(state, app, app_user, target, report)


def _told(state: OktaState, app: App, app_user: AppUser, target: Target, report: Report) -> bool:
    """Send ``active: false``; whether the target knows now. Who is gone there needs no telling."""
    message = "Deactivate user in external application"
    try:
        target.set_active(app_user.external_id or "", active=False)
    except ScimError as error:
        if error.status != 404:
            report.errors.append(f"{app.label}: deactivate {app_user.user_name}: {error}")
            _write(state, app, app_user, _DEACTIVATE, message, str(error))
            return False
    report.deactivated.append(app_user.user_name)
    _write(state, app, app_user, _DEACTIVATE, message)
    return True


def push_users(state: OktaState, app: App, target: Target, report: Report) -> None:
    """Create or link everybody assigned whom the target's id is not known of (Create Users).

    D: people who are STAGED or PROVISIONED are pushed too; a suspended one is not.
    """
    if not app.provisioning.create_users:
        return
    for app_user in app.users.values():
        if app_user.missed or not state.users[app_user.user_id].pushed_active:
            continue
        if app_user.external_id is not None and not app_user.inactive:
            continue
        try:
            _push(state, app, app_user, target, report)
        except ScimError as error:
            app_user.error = f"Automatic provisioning of user failed: {error}"
            report.errors.append(f"{app.label}: push {app_user.user_name}: {error}")
            message = "Push new user to external application"
            _write(state, app, app_user, _PUSH, message, str(error))
        else:
            app_user.error, app_user.last_sync = None, now()
            app_user.last_updated = app_user.status_changed = app_user.last_sync


def _push(state: OktaState, app: App, app_user: AppUser, target: Target, report: Report) -> None:
    name = app_user.user_name
    remote = target.find_user(name)
    if remote is None:
        app_user.external_id = target.create_user(name, state.users[app_user.user_id])
        app_user.inactive = False
        report.created.append(name)
        _write(state, app, app_user, _PUSH, "Push new user to external application")
        return
    remote_id = str(remote.get("id", ""))
    if remote.get("active") is False:
        target.set_active(remote_id, active=True)
        target.refresh_user(remote_id, name, state.users[app_user.user_id])
        report.reactivated.append(name)
        _write(state, app, app_user, _REACTIVATE, "Reactivate user in external application")
    else:
        report.linked.append(name)
        _write(state, app, app_user, _PUSH, "Link user to external application")
    app_user.external_id, app_user.inactive = remote_id, False


def _write(
    state: OktaState,
    app: App,
    app_user: AppUser,
    event: str,
    message: str,
    failure: str | None = None,
) -> None:
    user = state.users.get(app_user.user_id)
    about = [user] if user is not None else []
    log.write(state, event, message, *about, app, failure=failure)
