"""What an administrator does by hand on an app's Provisioning tab, because Okta has no API for it.

Guide: "Integrate the Cloudflare API", "Set up your SCIM users", and Rename groups under "Push
Groups". Left-out switches keep their value; Okta's own defaults are Import Groups and Rename
groups on, Create and Deactivate Users off. Okta's console has more boxes than are acted on here:
those are given by name under `boxes`, kept, and shown where an app shows them.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from sandbox.okta.api import log
from sandbox.okta.models import FEATURES, App, OktaState, Provisioning, now
from sandbox.okta.provisioning.scim import ScimError, Target

if TYPE_CHECKING:
    from sandbox.server.world import World

_SWITCHES = {
    "importGroups": "import_groups",
    "createUsers": "create_users",
    "deactivateUsers": "deactivate_users",
    "renameGroups": "rename_groups",
}
_BOXES = {**_SWITCHES, **FEATURES}
_PROVISION = "provisionUser"
KEYS: dict[str, type] = {
    "baseUrl": str,
    "token": str,
    "boxes": dict,
    _PROVISION: bool,
    **dict.fromkeys(_SWITCHES, bool),
}


def configure(world: "World", app_id: str, settings: Mapping[str, object]) -> dict[str, object]:
    """Test the credentials against the target, then store them and set the switches.

    Called with Okta's lock held. Raises LookupError for an unknown app, ValueError (one line) for
    settings that the console would refuse; nothing is changed then.
    """
    state: OktaState = world.okta
    app = state.apps[app_id]
    world.log.hide(str(settings.get("token") or ""))
    setup = _changed(app, settings)
    try:
        with Target(world, app.name, setup.base_url, setup.token) as target:
            target.test()
    except ScimError as error:
        raise ValueError(f"Error authenticating: {error}") from error
    app.provisioning, app.last_updated = setup, now()
    if settings.get(_PROVISION):  # Assignments > Provision User: who was assigned too early
        for app_user in app.users.values():
            app_user.missed = False
    log.write(state, "application.lifecycle.update", "Update application provisioning", app)
    return {
        "appId": app.id,
        "status": "ENABLED",
        "baseUrl": setup.base_url,
        "features": app.features,
        **{key: getattr(setup, name) for key, name in _SWITCHES.items()},
    }


def _changed(app: App, settings: Mapping[str, object]) -> Provisioning:
    if app.status != "ACTIVE":
        raise ValueError("the app is not active")
    setup = app.provisioning.model_copy(deep=True)
    for key, name in (("baseUrl", "base_url"), ("token", "token")):
        value = settings.get(key, getattr(setup, name))
        if not isinstance(value, str) or not value.strip():
            raise ValueError(f"{key} must be given: the integration has none yet")
        setattr(setup, name, value.strip())
    address = urlsplit(setup.base_url)
    if address.scheme not in ("https", "http") or not address.hostname:
        raise ValueError("baseUrl must be an http or https address")
    boxes = settings.get("boxes", {})
    if not isinstance(boxes, Mapping):
        raise ValueError("boxes must be an object of names and true or false")
    switches = {key: settings[key] for key in _SWITCHES if key in settings}
    for key, value in {**cast(Mapping[str, object], boxes), **switches}.items():
        if not isinstance(value, bool):
            raise ValueError(f"{key} must be true or false")
        if key == "PUSH_PASSWORD_UPDATES":
            setup.password.enabled = value
        elif name := _BOXES.get(key):
            setattr(setup, name, value)
        else:
            setup.boxes[key] = value
    setup.enabled = True
    return setup
