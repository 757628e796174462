"""Who is a user of which app: by direct assignment, or as a member of an assigned group."""

import re

from sandbox.okta.api import log
from sandbox.okta.errors import invalid
from sandbox.okta.models import App, AppUser, OktaState, Scope, User, now

DEFAULT_TEMPLATE = {"template": "${source.login}", "type": "BUILT_IN"}
_ATTRIBUTE = re.compile(r"(?:\$\{)?(?:source|user)\.([A-Za-z]+)\}?")
_BEFORE = re.compile(r"\$\{fn:substringBefore\((?:source|user)\.(login|email), *\"@\"\)\}")


def user_name(template: dict[str, str], user: User) -> str:
    """The name that a person gets in an app whose ``userNameTemplate`` is ``template``.

    Raises OktaError for an expression beyond plain attributes and substringBefore.
    """
    if template.get("type") == "NONE":
        return user.login
    text = template.get("template", DEFAULT_TEMPLATE["template"])
    before = _BEFORE.fullmatch(text)
    if before:
        return str(user.profile[before.group(1)]).partition("@")[0]
    attribute = _ATTRIBUTE.fullmatch(text)
    if attribute is None:
        raise invalid(
            "credentials.userNameTemplate.template",
            f"template: {text!r} is not an expression this organisation evaluates",
        )
    suffix = template.get("userSuffix") or template.get("suffix") or ""
    return str(user.profile.get(attribute.group(1)) or user.login) + suffix


def refresh(state: OktaState, app: App | None = None) -> None:
    """Bring app users in line with assignments and memberships, of one app or of all.

    The name in the app is made when the assignment begins: a later change of the template leaves
    it, as in Okta. Somebody who falls out is remembered, so that the cycle can tell the target.
    """
    for each in [app] if app is not None else list(state.apps.values()):
        _refresh(state, each)


def _refresh(state: OktaState, app: App) -> None:
    by_group = {
        user_id
        for assignment in app.groups
        for user_id in state.groups[assignment.group_id].members
        if user_id in state.users and state.users[user_id].assignable
    }
    for user_id, app_user in list(app.users.items()):
        user = state.users.get(user_id)
        direct = app_user.scope == "USER" and user is not None and user.assignable
        if not direct and user_id not in by_group:
            leave(state, app, user_id)
    for user_id in sorted(by_group - set(app.users)):
        join(state, app, state.users[user_id], "GROUP")


def join(state: OktaState, app: App, user: User, scope: Scope, name: str | None = None) -> AppUser:
    """Make a person a user of the app; somebody about to leave it stays linked."""
    moment = now()
    app_user = AppUser(
        user_id=user.id,
        scope=scope,
        created=moment,
        last_updated=moment,
        user_name=name or user_name(app.user_name_template, user),
        status_changed=moment,
        # R, okta-iam-lifecycle-lab phase 3.6: only Provision User sends them later.
        missed=not (app.provisioning.enabled and app.provisioning.create_users),
    )
    for gone in app.leaving:
        if gone.user_id == user.id:
            app_user.external_id, app_user.last_sync = gone.external_id, gone.last_sync
            app_user.inactive = gone.inactive
    app.leaving = [gone for gone in app.leaving if gone.user_id != user.id]
    app.users[user.id] = app_user
    log.write(
        state, "application.user_membership.add", "Add user to application membership", user, app
    )
    return app_user


def leave(state: OktaState, app: App, user_id: str) -> None:
    """End a person's use of the app."""
    app_user = app.users.pop(user_id)
    if app_user.external_id is not None:
        app.leaving.append(app_user)
    user = state.users.get(user_id)
    about = [user] if user is not None else []
    log.write(
        state,
        "application.user_membership.remove",
        "Remove user from application membership",
        *about,
        app,
    )
