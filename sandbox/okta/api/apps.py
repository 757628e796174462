"""App instances: add from the catalogue, read, replace, activate, deactivate, delete.

What Okta ignores is ignored here too: ``features`` in a request, settings and links that the
catalogue app does not have, SAML options that belong to custom apps only. Source:
https://developer.okta.com/docs/api/openapi/okta-management/management/tags/application and the
answers recorded in terraform-provider-okta's tests.
"""

from werkzeug import Response

from sandbox.okta.api import log
from sandbox.okta.api.policies import DEFAULT_ACCESS_POLICY
from sandbox.okta.api.route import (
    body_object,
    empty_object,
    endpoint,
    flag,
    member,
    no_content,
    page,
    query_flag,
    text,
)
from sandbox.okta.api.search import expression
from sandbox.okta.api.views import app_view
from sandbox.okta.catalog import CATALOG, CatalogApp
from sandbox.okta.errors import OktaError, invalid, not_found
from sandbox.okta.models import App, OktaState, now
from sandbox.okta.provisioning.assignment import DEFAULT_TEMPLATE, user_name
from sandbox.server.router import Context, json_reply

_READ, _MANAGE = "okta.apps.read", "okta.apps.manage"
_SIGN_ON_TEXTS = (
    "defaultRelayState",
    "ssoAcsUrlOverride",
    "audienceOverride",
    "recipientOverride",
    "destinationOverride",
)
# Decided by the catalogue: what a request says here is dropped.
_CATALOG_SIGN_ON: dict[str, object] = {
    "responseSigned": False,
    "assertionSigned": False,
    "honorForceAuthn": False,
    "requestCompressed": False,
    "allowMultipleAcsEndpoints": False,
    "samlSignedRequestEnabled": False,
}
_TEMPLATE_KEYS = ("template", "type", "userSuffix", "suffix", "pushStatus")
_LABEL_LENGTH = 100
_FILTERED = (
    "id",
    "status",
    "name",
    "label",
    "credentials.signing.kid",
    "user.id",
    "group.id",
    "signOnMode",
)


def find(state: OktaState, app_id: str) -> App:
    """An app by id. Raises OktaError 404."""
    if app_id not in state.apps:
        raise not_found(app_id, "AppInstance")
    return state.apps[app_id]


def _record(app: App) -> dict[str, object]:
    return {
        "id": app.id,
        "status": app.status,
        "name": app.name,
        "label": app.label,
        "signOnMode": "SAML_2_0",
        "user.id": list(app.users),
        "group.id": [assignment.group_id for assignment in app.groups],
    }


@endpoint("GET", "/api/v1/apps", _READ)
def list_apps(ctx: Context) -> Response:
    """``q`` matches the beginning of label or name; ``filter`` a few attributes."""
    args = ctx.request.args
    apps = list(ctx.state.apps.values())
    if args.get("q"):
        start = args["q"].casefold()
        apps = [a for a in apps if a.label.casefold().startswith(start) or a.name.startswith(start)]
    if args.get("filter"):
        test = expression(args["filter"], _FILTERED)
        apps = [app for app in apps if test(_record(app))]
    return page(ctx, apps, lambda app: app.id, app_view, default=20, most=200)


@endpoint("POST", "/api/v1/apps", _MANAGE)
def create_app(ctx: Context) -> Response:
    """Add an instance of a catalogue app; ``activate=false`` leaves it inactive."""
    body, state = body_object(ctx), ctx.state
    name = text(body, "name")
    if not name:
        raise invalid("name", "name: this organisation adds apps of the catalogue only")
    if name not in CATALOG:
        raise not_found(name, "App")
    activate = query_flag(ctx, "activate", default=True)
    moment = now()
    app = App(
        id="",
        name=name,
        label="",
        status="ACTIVE" if activate else "INACTIVE",
        created=moment,
        last_updated=moment,
        access_policy_id=DEFAULT_ACCESS_POLICY,
        settings=dict(CATALOG[name].settings),
    )
    _fill(app, CATALOG[name], body, state)
    app.id = state.new_id("0oa")
    state.apps[app.id] = app
    log.write(state, "application.lifecycle.create", "Create application", log.app_target(app))
    return json_reply(app_view(app))


@endpoint("GET", "/api/v1/apps/<app_id>", _READ)
def get_app(ctx: Context, app_id: str) -> Response:
    """One app."""
    return json_reply(app_view(find(ctx.state, app_id)))


@endpoint("PUT", "/api/v1/apps/<app_id>", _MANAGE)
def replace_app(ctx: Context, app_id: str) -> Response:
    """Replace what can be set: anything left out falls back to its default."""
    app, body = find(ctx.state, app_id), body_object(ctx)
    if text(body, "name", app.name) != app.name:
        raise invalid("name", "name: the app's name cannot be changed")
    changed = app.model_copy(deep=True)
    _fill(changed, CATALOG[app.name], body, ctx.state)
    changed.last_updated = now()
    ctx.state.apps[app_id] = changed
    log.write(
        ctx.state, "application.lifecycle.update", "Update application", log.app_target(changed)
    )
    return json_reply(app_view(changed))


@endpoint("DELETE", "/api/v1/apps/<app_id>", _MANAGE)
def delete_app(ctx: Context, app_id: str) -> Response:
    """Delete an inactive app; its own groups go with it, the target is not told."""
    app, state = find(ctx.state, app_id), ctx.state
    if app.status == "ACTIVE":
        raise OktaError(403, "E0000056", "Delete application forbidden.")
    del state.apps[app_id]
    for group in list(state.groups.values()):
        if group.app_id == app_id:
            del state.groups[group.id]
    log.write(state, "application.lifecycle.delete", "Delete application", log.app_target(app))
    return no_content()


@endpoint("POST", "/api/v1/apps/<app_id>/lifecycle/activate", _MANAGE)
def activate_app(ctx: Context, app_id: str) -> Response:
    """Make an app active; active already is no error."""
    app = find(ctx.state, app_id)
    if app.status != "ACTIVE":
        app.status, app.last_updated = "ACTIVE", now()
        message = "Activate application"
        log.write(ctx.state, "application.lifecycle.activate", message, log.app_target(app))
    return empty_object()


@endpoint("POST", "/api/v1/apps/<app_id>/lifecycle/deactivate", _MANAGE)
def deactivate_app(ctx: Context, app_id: str) -> Response:
    """Make an app inactive: nothing is pushed any more."""
    app = find(ctx.state, app_id)
    if app.status != "INACTIVE":
        app.status, app.last_updated = "INACTIVE", now()
        message = "Deactivate application"
        log.write(ctx.state, "application.lifecycle.deactivate", message, log.app_target(app))
    return empty_object()


@endpoint("POST", "/api/v1/apps/<app_id>/logo", _MANAGE)
def upload_logo(ctx: Context, app_id: str) -> Response:
    """Take a logo file; the picture itself is not kept."""
    app = find(ctx.state, app_id)
    if "file" not in ctx.request.files:
        raise invalid("file", "file: a logo file is expected")
    app.logo_id, app.last_updated = f"fs/bco/1/{ctx.state.new_id('gfs')}", now()
    return Response(status=201)


def _fill(app: App, kind: CatalogApp, body: dict[str, object], state: OktaState) -> None:
    label = text(body, "label")
    if not label.strip():
        raise invalid("label", "label: The field cannot be left blank")
    if len(label) > _LABEL_LENGTH:
        raise invalid("label", "label: The field is too long")
    mode = text(body, "signOnMode", "SAML_2_0")
    if mode != "SAML_2_0":
        raise invalid("signOnMode", f"signOnMode: {kind.title} does not offer {mode}")
    app.label = label
    _fill_looks(app, kind, body)
    template = _template(body)
    user_name(template, state.owner)  # refuses an expression that cannot be evaluated
    app.user_name_template = template
    settings = member(body, "settings")
    given = member(settings, "app")
    app.settings = {key: given.get(key, default) for key, default in kind.settings.items()}
    app.implicit_assignment = flag(settings, "implicitAssignment", default=False)
    notes = member(settings, "notes")
    app.note_admin, app.note_enduser = text(notes, "admin") or None, text(notes, "enduser") or None
    sign_on = member(settings, "signOn")
    texts: dict[str, object] = {key: text(sign_on, key) for key in _SIGN_ON_TEXTS}
    statements = sign_on.get("attributeStatements") or []
    if not isinstance(statements, list) or not all(isinstance(s, dict) for s in statements):
        raise invalid("attributeStatements", "attributeStatements: a list of objects is expected")
    app.sign_on = {**texts, "attributeStatements": statements, **_CATALOG_SIGN_ON}


def _fill_looks(app: App, kind: CatalogApp, body: dict[str, object]) -> None:
    looks, access = member(body, "visibility"), member(body, "accessibility")
    hide, links = member(looks, "hide"), member(looks, "appLinks")
    app.auto_launch = flag(looks, "autoLaunch", default=False)
    # On by default, which is why the guide has it switched off.
    app.auto_submit_toolbar = flag(looks, "autoSubmitToolbar", default=True)
    app.hide_ios, app.hide_web = flag(hide, "iOS", default=False), flag(hide, "web", default=False)
    app.app_links = {kind.link: flag(links, kind.link, default=True)}
    app.self_service = flag(access, "selfService", default=False)
    app.error_redirect_url = text(access, "errorRedirectUrl") or None
    app.login_redirect_url = text(access, "loginRedirectUrl") or None


def _template(body: dict[str, object]) -> dict[str, str]:
    given = member(member(body, "credentials"), "userNameTemplate")
    kept = {key: text(given, key) for key in _TEMPLATE_KEYS if given.get(key)}
    return {**DEFAULT_TEMPLATE, **kept}
