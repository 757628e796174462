"""App instances: add from the catalogue, read, replace, activate, deactivate, delete.

What Okta ignores is ignored here too: ``features`` in a request, settings and links that the
catalogue app does not have, SAML options that belong to custom apps only. Source:
https://developer.okta.com/docs/api/openapi/okta-management/management/tags/application and the
answers recorded in terraform-provider-okta's tests.
"""

import re
from collections.abc import Mapping
from typing import Any

from werkzeug import Response

from sandbox.okta.api import log
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
from sandbox.okta.catalog import (
    CATALOG,
    CATALOG_SIGN_ON,
    OWN,
    OWN_SIGN_ON_EXTRAS,
    SCIM_TEST_APPS,
    SIGN_ON,
    CatalogApp,
    SignOn,
    kind_of,
)
from sandbox.okta.errors import OktaError, invalid, not_found
from sandbox.okta.models import (
    DEFAULT_ACCESS_POLICY,
    ORGANISATION,
    App,
    Form,
    OktaState,
    Provisioning,
    now,
)
from sandbox.okta.provisioning.assignment import DEFAULT_TEMPLATE, user_name
from sandbox.okta.provisioning.cycle import tell_of_leaving
from sandbox.server.router import Context, json_reply

_READ, _MANAGE = "okta.apps.read", "okta.apps.manage"
_TEMPLATE_KEYS = ("template", "type", "userSuffix", "suffix", "pushStatus")
_OWN_MODES = ("SAML_2_0", "AUTO_LOGIN", "OPENID_CONNECT")
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
        "signOnMode": app.mode,
        "user.id": list(app.users),
        "group.id": [assignment.group_id for assignment in app.groups],
    }


@endpoint("GET", "/api/v1/apps", _READ)
def list_apps(ctx: Context) -> Response:
    """``q`` matches the beginning of label or name; ``filter`` a few attributes (R)."""
    args = ctx.request.args
    if "expand" in args and not re.fullmatch(r"user/\w+", args["expand"]):
        raise invalid("RequestParams", "Expand query is malformed.")  # R
    if "after" in args and args["after"] not in ctx.state.apps:
        raise OktaError(400, "E0000029", "Invalid paging request.", "Invalid cursor.")  # R
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
    """Add an app, of the catalogue by ``name``; ``activate=false`` leaves it inactive (R)."""
    body, state = body_object(ctx), ctx.state
    name = text(body, "name").casefold()
    if name and name not in CATALOG:
        raise not_found(name, "App")
    if not name and ("name" in body or text(body, "signOnMode") not in _OWN_MODES):
        raise invalid("name", "name: The field cannot be left blank")
    kind = kind_of(name)
    activate = query_flag(ctx, "activate", default=True)
    moment = now()
    app = App(
        id="",
        name=name or _own_name(state, text(body, "label")),
        label="",
        mode=_mode(kind, body),
        status="ACTIVE" if activate else "INACTIVE",
        created=moment,
        last_updated=moment,
        access_policy_id=DEFAULT_ACCESS_POLICY,
        settings=dict(kind.settings),
    )
    if kind is OWN or app.mode != "SAML_2_0":
        app.form = Form()
    _fill(app, kind, body, state)
    app.id = state.new_id("0oa")
    _name_client(app)
    state.apps[app.id] = app
    log.write(state, "application.lifecycle.create", "Create application", app)
    return json_reply(_with_secret(app_view(app)))


@endpoint("GET", "/api/v1/apps/<app_id>", _READ)
def get_app(ctx: Context, app_id: str) -> Response:
    """One app (R)."""
    return json_reply(app_view(find(ctx.state, app_id)))


@endpoint("PUT", "/api/v1/apps/<app_id>", _MANAGE)
def replace_app(ctx: Context, app_id: str) -> Response:
    """Replace what can be set: anything left out falls back to its default (R)."""
    app, body = find(ctx.state, app_id), body_object(ctx)
    if text(body, "name", app.name).casefold() != app.name:
        raise invalid("name", "name: the app's name cannot be changed")
    changed = app.model_copy(deep=True)
    kind = kind_of(app.name)
    _mode(kind, body)
    _fill(changed, kind, body, ctx.state)
    _name_client(changed)
    changed.last_updated = now()
    if app.loses_settings and changed.label != app.label:
        changed.provisioning = Provisioning()
    ctx.state.apps[app_id] = changed
    log.write(ctx.state, "application.lifecycle.update", "Update application", changed)
    return json_reply(_with_secret(app_view(changed)))


@endpoint("DELETE", "/api/v1/apps/<app_id>", _MANAGE)
def delete_app(ctx: Context, app_id: str) -> Response:
    """Delete an inactive app; its own groups go with it, the target is not told (R)."""
    app, state = find(ctx.state, app_id), ctx.state
    if app.status == "ACTIVE":
        summary = "Delete application forbidden."
        cause = "The application must be deactivated before deletion."
        raise OktaError(403, "E0000056", summary, cause)
    del state.apps[app_id]
    for group in list(state.groups.values()):
        if group.app_id == app_id:
            del state.groups[group.id]
    log.write(state, "application.lifecycle.delete", "Delete application", app)
    return no_content()


@endpoint("POST", "/api/v1/apps/<app_id>/lifecycle/activate", _MANAGE)
def activate_app(ctx: Context, app_id: str) -> Response:
    """Make an app active; active already is no error (R)."""
    app = find(ctx.state, app_id)
    if app.status != "ACTIVE":
        app.status, app.last_updated = "ACTIVE", now()
        message = "Activate application"
        log.write(ctx.state, "application.lifecycle.activate", message, app)
    return empty_object()


@endpoint("POST", "/api/v1/apps/<app_id>/lifecycle/deactivate", _MANAGE)
def deactivate_app(ctx: Context, app_id: str) -> Response:
    """Make an app inactive: nothing is pushed any more (R)."""
    app = find(ctx.state, app_id)
    if app.status != "INACTIVE":
        tell_of_leaving(ctx.world, ctx.state, app)
        app.status, app.last_updated = "INACTIVE", now()
        message = "Deactivate application"
        log.write(ctx.state, "application.lifecycle.deactivate", message, app)
    return empty_object()


@endpoint("POST", "/api/v1/apps/<app_id>/logo", _MANAGE)
def upload_logo(ctx: Context, app_id: str) -> Response:
    """Take a logo file; the picture itself is not kept (R)."""
    app = find(ctx.state, app_id)
    if "file" not in ctx.request.files:
        raise invalid("file", "file: a logo file is expected")
    app.logo_id, app.last_updated = f"fs/bco/1/{ctx.state.new_id('gfs')}", now()
    return Response(status=201)


def _mode(kind: CatalogApp, body: dict[str, object]) -> str | None:
    """The sign-on mode asked for. Raises OktaError where the app does not offer it."""
    mode = text(body, "signOnMode", kind.mode or "")
    if kind is OWN or mode in (kind.mode or "", "", *kind.others):
        return mode or None
    if mode in ("AUTO_LOGIN", "BROWSER_PLUGIN") and kind.name not in SCIM_TEST_APPS:
        # R: a catalogue app asked to log in by itself becomes one of the browser plugin.
        return "BROWSER_PLUGIN" if kind.mode is not None else None
    raise invalid("signOnMode", f"signOnMode: {kind.title} does not offer {mode}")


def _own_name(state: OktaState, label: str) -> str:
    """The key that Okta makes up for an app of the organisation's own (R)."""
    return f"example_{re.sub('[^a-z0-9]', '', label.casefold())}_{len(state.apps) + 1}"


def _name_client(app: App) -> None:
    client = app.form.credentials.get("oauthClient") if app.form is not None else None
    if isinstance(client, dict):
        client.pop("client_secret", None)  # R: shown once, when the app is made
        client["client_id"] = client.get("client_id") or app.id


def _with_secret(view: dict[str, Any]) -> dict[str, Any]:
    client = view["credentials"].get("oauthClient")
    if client is None or client.get("token_endpoint_auth_method") in ("none", "private_key_jwt"):
        return view
    shown = {**client, "client_secret": "sandbox-secret-of-a-client-that-nobody-uses"}
    return {**view, "credentials": {**view["credentials"], "oauthClient": shown}}


def _fill(app: App, kind: CatalogApp, body: dict[str, object], state: OktaState) -> None:
    label = text(body, "label")
    if not label.strip():
        raise invalid("label", "label: The field cannot be left blank")
    if len(label) > _LABEL_LENGTH:
        raise invalid("label", "label: The field is too long")
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
    if app.form is not None:
        form = SIGN_ON[app.mode] if kind.own_client or app.mode != "OPENID_CONNECT" else SignOn()
        app.form.credentials = _filled(form.credentials, member(body, "credentials"))
        app.form.settings = _filled(form.settings, settings)
        return
    sign_on = member(settings, "signOn")
    texts: dict[str, object] = {key: text(sign_on, key) or None for key in CATALOG_SIGN_ON}
    statements = sign_on.get("attributeStatements") or []
    if not isinstance(statements, list) or not all(isinstance(s, dict) for s in statements):
        raise invalid("attributeStatements", "attributeStatements: a list of objects is expected")
    app.sign_on = {**texts, "attributeStatements": statements}


def _filled(form: Mapping[str, object], given: Mapping[str, object]) -> dict[str, object]:
    """The keys of a form, with what was given for them; inside an object of it whatever is given.

    R: an app of the organisation's own drops what only catalogue apps have.
    """
    result: dict[str, object] = {}
    for key, default in form.items():
        value = given.get(key, default)
        if isinstance(default, Mapping) and isinstance(value, Mapping):
            value = {**default, **value}
        result[key] = value
    for key in ("userName", "password"):  # R: shown where one was given
        if "scheme" in form and given.get(key):
            result[key] = {} if key == "password" else given[key]
    sign_on, known = result.get("signOn"), form.get("signOn")
    if isinstance(sign_on, dict) and isinstance(known, Mapping):
        kept = {*known, *OWN_SIGN_ON_EXTRAS}
        sign_on = {key: value for key, value in sign_on.items() if key in kept}
        result["signOn"] = sign_on
        if hooks := sign_on.get("inlineHooks"):
            result["signOn"] = {**sign_on, "inlineHooks": [_with_link(hook) for hook in hooks]}
    return result


def _with_link(hook: dict[str, object]) -> dict[str, object]:
    href = f"{ORGANISATION}/api/v1/inlineHooks/{hook.get('id')}"
    return {
        **hook,
        "_links": {"self": {"href": href, "hints": {"allow": ["GET", "PUT", "DELETE"]}}},
    }


def _fill_looks(app: App, kind: CatalogApp, body: dict[str, object]) -> None:
    looks, access = member(body, "visibility"), member(body, "accessibility")
    hide, links = member(looks, "hide"), member(looks, "appLinks")
    app.auto_launch = flag(looks, "autoLaunch", default=False)
    # R: off unless asked for; the console's own wizard ticks it, so the guide says to clear it.
    app.auto_submit_toolbar = flag(looks, "autoSubmitToolbar", default=False)
    app.hide_ios, app.hide_web = flag(hide, "iOS", default=False), flag(hide, "web", default=False)
    link = kind.link if kind is not OWN else f"{app.name}_link"
    app.app_links = {link: flag(links, link, default=True)}
    app.self_service = flag(access, "selfService", default=False)
    app.error_redirect_url = text(access, "errorRedirectUrl") or None
    app.login_redirect_url = text(access, "loginRedirectUrl") or None


def _template(body: dict[str, object]) -> dict[str, str]:
    given = dict(member(member(body, "credentials"), "userNameTemplate"))
    if given.get("type") == "CUSTOM":
        given.setdefault("pushStatus", "DONT_PUSH")  # R
    kept = {key: text(given, key) for key in _TEMPLATE_KEYS if given.get(key)}
    return {**DEFAULT_TEMPLATE, **kept}
