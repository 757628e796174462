"""An app's provisioning features by API: they exist only once provisioning is enabled.

The two switches Import Groups and Rename groups are nowhere in this API, as in Okta's. Source:
https://developer.okta.com/docs/api/openapi/okta-management/management/tags/applicationfeatures.
"""

from typing import Literal, cast

from werkzeug import Response

from sandbox.okta.api import log
from sandbox.okta.api.apps import find
from sandbox.okta.api.route import body_object, endpoint, member, text
from sandbox.okta.catalog import kind_of
from sandbox.okta.errors import invalid, not_found
from sandbox.okta.models import ORGANISATION, App
from sandbox.server.router import Context, json_reply

_READ, _MANAGE = "okta.apps.read", "okta.apps.manage"
_PATH = "/api/v1/apps/<app_id>/features"
_DESCRIPTIONS = {
    "USER_PROVISIONING": "User provisioning settings from Okta to a downstream application",
    "INBOUND_PROVISIONING": (
        "In-bound provisioning settings for provisioning users from an application to Okta"
    ),
}
_NO_SCHEDULE = {"status": "DISABLED", "fullImport": None, "incrementalImport": None}
_DEFAULT_INBOUND: dict[str, object] = {
    "importSettings": {
        "username": {"userNameFormat": "EMAIL"},
        "schedule": dict(_NO_SCHEDULE),
    },
    "importRules": {
        "userCreateAndMatch": {
            "exactMatchCriteria": "EMAIL",
            "allowPartialMatch": False,
            "autoConfirmPartialMatch": False,
            "autoConfirmExactMatch": False,
            "autoConfirmNewUsers": False,
            "autoActivateNewUsers": False,
        }
    },
}


@endpoint("GET", _PATH, _READ)
def list_features(ctx: Context, app_id: str) -> Response:
    """Both features: each as shown singly, and the refusals R; that the list holds both D."""
    app = _enabled(find(ctx.state, app_id))
    return json_reply([_view(app, name) for name in _DESCRIPTIONS])


@endpoint("GET", f"{_PATH}/<name>", _READ)
def get_feature(ctx: Context, app_id: str, name: str) -> Response:
    """One feature (R)."""
    _known(name)
    return json_reply(_view(_enabled(find(ctx.state, app_id)), name))


@endpoint("PUT", f"{_PATH}/<name>", _MANAGE)
def update_feature(ctx: Context, app_id: str, name: str) -> Response:
    """Change the given capabilities only (R)."""
    _known(name)
    body = body_object(ctx)  # R: looked at before the app
    app = _enabled(find(ctx.state, app_id))
    if name == "USER_PROVISIONING":
        _set_outbound(app, body)
    else:
        _set_inbound(app, body)
    log.write(ctx.state, "application.lifecycle.update", "Update application features", app)
    return json_reply(_view(app, name))


def _set_outbound(app: App, body: dict[str, object]) -> None:
    setup = app.provisioning.model_copy(deep=True)
    create, update = member(body, "create"), member(body, "update")
    password = member(update, "password")
    setup.create_users = _status(member(create, "lifecycleCreate"), setup.create_users)
    setup.deactivate_users = _status(member(update, "lifecycleDeactivate"), setup.deactivate_users)
    setup.update_users = _status(member(update, "profile"), setup.update_users)
    setup.password.enabled = _status(password, setup.password.enabled)
    setup.password.seed = cast(
        Literal["OKTA", "RANDOM"], _choice(password, "seed", setup.password.seed, "OKTA", "RANDOM")
    )
    setup.password.change = cast(
        Literal["CHANGE", "KEEP_EXISTING"],
        _choice(password, "change", setup.password.change, "CHANGE", "KEEP_EXISTING"),
    )
    app.provisioning = setup


def _set_inbound(app: App, body: dict[str, object]) -> None:
    settings = member(body, "importSettings")
    names = member(settings, "username")
    kept = dict(app.provisioning.inbound or _DEFAULT_INBOUND)
    if settings:
        # Okta's own examples write userNameFormat, its schema usernameFormat.
        form = text(names, "usernameFormat") or text(names, "userNameFormat", "EMAIL")
        if form not in ("EMAIL", "CUSTOM"):
            raise invalid("usernameFormat", "usernameFormat: EMAIL or CUSTOM is expected")
        schedule = member(settings, "schedule")
        _choice(schedule, "status", "DISABLED", "ENABLED", "DISABLED")
        shown = {key: value for key, value in schedule.items() if value is not None}
        kept["importSettings"] = {
            "username": {"userNameFormat": form},
            "schedule": {**_NO_SCHEDULE, **shown},
        }
    match = member(member(body, "importRules"), "userCreateAndMatch")
    if match:
        default = cast(dict[str, dict[str, object]], _DEFAULT_INBOUND["importRules"])
        kept["importRules"] = {"userCreateAndMatch": {**default["userCreateAndMatch"], **match}}
    app.provisioning.inbound = kept


def _status(setting: dict[str, object], current: bool) -> bool:
    now = "ENABLED" if current else "DISABLED"
    return _choice(setting, "status", now, "ENABLED", "DISABLED") == "ENABLED"


def _choice(setting: dict[str, object], key: str, current: str, *allowed: str) -> str:
    value = text(setting, key, current)
    if value not in allowed:
        raise invalid(key, f"{key}: {' or '.join(allowed)} is expected")
    return value


def _enabled(app: App) -> App:
    # R for bookmark apps, I for the SCIM test apps, whose connection is UNKNOWN in the same way.
    if not kind_of(app.name).takes_connection:
        raise invalid("feature", "Provisioning is not supported.")
    if not app.provisioning.enabled:
        raise invalid("feature", "Provisioning is not enabled for the app instance.")
    return app


def _known(name: str) -> None:
    if name not in _DESCRIPTIONS:
        raise not_found(name, "PublicAppFeatureSetName")  # R: before the app is looked for


def _view(app: App, name: str) -> dict[str, object]:
    setup = app.provisioning

    def shown(on: bool) -> dict[str, object]:
        return {"status": "ENABLED" if on else "DISABLED"}

    outbound: dict[str, object] = {
        "create": {"lifecycleCreate": shown(setup.create_users)},
        "update": {
            "profile": shown(setup.update_users),
            "lifecycleDeactivate": shown(setup.deactivate_users),
            "password": {
                **shown(setup.password.enabled),
                "seed": setup.password.seed,
                "change": setup.password.change,
            },
        },
    }
    inbound = setup.inbound or _DEFAULT_INBOUND
    href = f"{ORGANISATION}/api/v1/apps/{app.id}/features/{name}"
    return {
        "name": name,
        "status": "ENABLED",
        "description": _DESCRIPTIONS[name],
        "capabilities": outbound if name == "USER_PROVISIONING" else inbound,
        "_links": {"self": {"href": href, "hints": {"allow": ["GET", "PUT"]}}},
    }
