"""An app's provisioning connection by API.

Okta answers 200 for every app. For those that its API cannot connect (all SCIM test apps) the
status is UNKNOWN and nothing is stored: the trap that the program must not fall into. Source: the
schemas ProvisioningConnectionTokenRequest and ProvisioningConnectionStatus of Okta's OpenAPI
document, and the answers recorded in terraform-provider-okta's tests.
"""

from werkzeug import Response

from sandbox.okta.api import log
from sandbox.okta.api.apps import find
from sandbox.okta.api.route import body_object, endpoint, member, no_content, query_flag, text
from sandbox.okta.catalog import kind_of
from sandbox.okta.errors import invalid
from sandbox.okta.models import ORGANISATION, App, Provisioning
from sandbox.server.router import Context, json_reply

_READ, _MANAGE = "okta.apps.read", "okta.apps.manage"
_PATH = "/api/v1/apps/<app_id>/connections/default"


@endpoint("GET", _PATH, _READ)
def get_connection(ctx: Context, app_id: str) -> Response:
    """The connection; never its token (R)."""
    return json_reply(_view(find(ctx.state, app_id)))


@endpoint("POST", _PATH, _MANAGE)
def update_connection(ctx: Context, app_id: str) -> Response:
    """Store address and credentials, where the app is one whose connection the API can set (R)."""
    app, body = find(ctx.state, app_id), body_object(ctx)
    profile = member(body, "profile")
    scheme, token = text(profile, "authScheme"), text(profile, "token")
    ctx.world.log.hide(token)
    known = kind_of(app.name).takes_connection
    if scheme not in (("TOKEN", "OAUTH2") if known else ("TOKEN", "OAUTH2", "UNKNOWN")):  # R
        raise invalid("profile.authScheme", "authScheme: TOKEN or OAUTH2 is expected")
    if known:
        store(app, scheme, text(body, "baseUrl"), token, text(profile, "clientId"))
        if query_flag(ctx, "activate", default=False):
            _enable(app)
        log.write(
            ctx.state,
            "application.provision.integration.call_api",
            "Update application provisioning connection",
            app,
        )
    return json_reply(_view(app))


@endpoint("POST", f"{_PATH}/lifecycle/activate", _MANAGE)
def activate(ctx: Context, app_id: str) -> Response:
    """Switch provisioning on; for an app without connection it answers 204 and does nothing (R)."""
    app = find(ctx.state, app_id)
    if kind_of(app.name).takes_connection:
        _enable(app)
    return no_content()


@endpoint("POST", f"{_PATH}/lifecycle/deactivate", _MANAGE)
def deactivate(ctx: Context, app_id: str) -> Response:
    """Switch provisioning off; address and token stay stored (R)."""
    app = find(ctx.state, app_id)
    if kind_of(app.name).takes_connection:
        app.provisioning.enabled = False
    return no_content()


def store(app: App, scheme: str, base_url: str, token: str, client_id: str) -> None:
    """Keeps how the app signs in to the target: `scheme` TOKEN with a bearer token, else the app's
    own; raises `OktaError` for what Okta refuses of it."""
    setup: Provisioning = app.provisioning.model_copy()
    kind = kind_of(app.name)
    if scheme == "TOKEN":
        if not token and not setup.token:
            raise invalid("profile.token", "token: The field cannot be left blank")
        setup.auth_scheme, setup.token = "TOKEN", token or setup.token
    else:
        if kind.takes_base_url:
            raise invalid("profile.authScheme", f"authScheme: {kind.title} takes TOKEN only")
        setup.auth_scheme, setup.client_id = "OAUTH2", client_id
    if kind.takes_base_url:
        if not (base_url or setup.base_url):
            raise invalid("baseUrl", "baseUrl: The field cannot be left blank")
        setup.base_url = base_url or setup.base_url
    else:  # R: what was given is kept, the app's own setting stands in for it
        setup.base_url = base_url or str(app.settings.get("baseUrl") or "")
    app.provisioning = setup


def _enable(app: App) -> None:
    setup = app.provisioning
    if not setup.token and not setup.client_id:
        raise invalid("connection", "The provisioning connection has no credentials.")
    setup.enabled = True


def _view(app: App) -> dict[str, object]:
    if not kind_of(app.name).takes_connection:
        return {"profile": {"authScheme": "UNKNOWN"}, "status": "UNKNOWN"}
    setup = app.provisioning
    href = f"{ORGANISATION}/api/v1/apps/{app.id}/connections/default"
    step = "deactivate" if setup.enabled else "activate"
    view: dict[str, object] = {
        "status": "ENABLED" if setup.enabled else "DISABLED",
        "profile": {"authScheme": setup.auth_scheme},
        "_links": {
            "self": {"href": href, "hints": {"allow": ["POST", "GET"]}},
            step: {"href": f"{href}/lifecycle/{step}", "hints": {"allow": ["POST"]}},
        },
    }
    if setup.auth_scheme == "TOKEN":
        view["authScheme"] = "TOKEN"
    if setup.base_url:
        view["baseUrl"] = setup.base_url
    return view
