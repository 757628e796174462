"""The sandbox's own API under /_sandbox: look inside, reset, add people, run a cycle, set faults.

Answers JSON; an error is ``{"error": text}``. Not a vendor's API, and without authentication: the
server listens on loopback only, and takes these calls only when they name a loopback host, so that
no page that a browser has open can reach them (DNS rebinding, cross-site requests).
"""

import re
from pathlib import Path
from typing import Any

from werkzeug import Request, Response

from sandbox.cloudflare.models import NO_ACCOUNT_ID
from sandbox.entra import audit
from sandbox.entra.models import Entity, EntraState
from sandbox.entra.provisioning.cycle import run_cycle as run_entra_cycle
from sandbox.okta.api.groups import put_in, take_out
from sandbox.okta.api.users import suspend as suspend_in_okta
from sandbox.okta.provisioning.console import KEYS as CONSOLE_KEYS
from sandbox.okta.provisioning.console import configure as configure_okta_app
from sandbox.okta.provisioning.cycle import run_cycle as run_okta_cycle
from sandbox.server.faults import BadFaultError
from sandbox.server.people import Person
from sandbox.server.router import Context, Router, json_reply
from sandbox.server.tls import HOST, LOCALHOST

_CYCLES = {"okta": run_okta_cycle, "entra": run_entra_cycle}
_PROVIDERS = tuple(_CYCLES)
_ACCOUNT_ID = re.compile(r"[0-9a-f]{32}")
_HERE = re.compile(rf"({re.escape(HOST)}|{LOCALHOST}|\[::1\])(:\d+)?", re.IGNORECASE)
_PAGE = Path(__file__).with_name("face.html")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class RefusedError(Exception):
    """An admin call that is not carried out: ``status`` and the reason."""

    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        super().__init__(reason)


def _error(status: int, message: str) -> Response:
    return json_reply({"error": message}, status)


admin_router = Router("sandbox", _error)


def _object(ctx: Context, *known: str) -> dict[str, Any]:
    """The request's body. Raises `RefusedError` for a body or a key that the call does not take."""
    body = ctx.body
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise RefusedError(400, "the body is no JSON object")
    unknown = sorted(set(body) - set(known))
    if unknown:
        raise RefusedError(400, f"unknown key {unknown[0]!r}; this call takes {', '.join(known)}")
    return body


def refuse_foreign(request: Request) -> None:
    """Raises `RefusedError` where the call names no loopback host, or comes from a page that is not
    the sandbox's own. A browser sends Origin with what changes something (Fetch standard: D), and
    Sec-Fetch-Site with everything to this machine (Fetch Metadata: D)."""
    host = request.headers.get("Host", "")
    if host and not _HERE.fullmatch(host):
        raise RefusedError(403, f"Host {host!r} is not this machine: use http://{HOST}")
    origin = request.headers.get("Origin")
    site = request.headers.get("Sec-Fetch-Site", "none")
    changes = request.method not in ("GET", "HEAD")
    if origin not in (None, f"http://{host}") or (changes and site not in ("none", "same-origin")):
        raise RefusedError(403, "a page of another address asks: use the sandbox's own")


@admin_router.route("GET", "/_sandbox/")
def face(_ctx: Context) -> Response:
    """A page to look at it and to try things: who has which role, groups, requests, faults."""
    return Response(
        _PAGE.read_bytes(),
        content_type="text/html; charset=utf-8",
        headers={
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
            "script-src 'unsafe-inline'; connect-src 'self'; frame-ancestors 'none'",
            "Cache-Control": "no-store",
        },
    )


@admin_router.route("POST", "/_sandbox/members")
def set_member(ctx: Context) -> Response:
    """Put a person into a group of an identity provider, or take them out (``member: false``)."""
    body = _object(ctx, "identityProvider", "group", "email", "member")
    vendor, person = _person(ctx, body)
    with ctx.world.locked(vendor):
        key, wanted = str(body.get("group")), bool(body.get("member", True))
        directory = ctx.world.okta if vendor == "okta" else ctx.world.entra
        if key not in directory.groups:
            return _error(404, f"{vendor} has no group {key!r}")
        if vendor == "okta":
            okta = ctx.world.okta
            (put_in if wanted else take_out)(okta, okta.groups[key], okta.users[person])
        else:
            entra = ctx.world.entra
            _change_in_entra(entra, entra.groups[key], entra.users[person], member=wanted)
    ctx.world.changed.set()
    return json_reply({"group": key, "member": wanted})


@admin_router.route("POST", "/_sandbox/suspend")
def suspend(ctx: Context) -> Response:
    """Suspend a person (Okta: SUSPENDED, Entra: accountEnabled false), or let them in again."""
    body = _object(ctx, "identityProvider", "email", "suspended")
    vendor, person = _person(ctx, body)
    suspended = body.get("suspended", True) is True
    with ctx.world.locked(vendor):
        if vendor == "okta":
            suspend_in_okta(ctx.world.okta, person, suspended=suspended)
        else:
            entra, user = ctx.world.entra, ctx.world.entra.users[person]
            user.properties["accountEnabled"] = not suspended
            audit.write(entra, audit.DISABLED if suspended else audit.ENABLED, user)
    ctx.world.changed.set()
    return json_reply({"email": body.get("email"), "suspended": suspended})


def _change_in_entra(state: EntraState, group: Entity, person: Entity, *, member: bool) -> None:
    """What an administrator does on a group's page."""
    if member != (person.id in group.members):
        what = "Add member to group" if member else "Remove member from group"
        audit.write(state, what, person, group)
        (group.members.append if member else group.members.remove)(person.id)


def _person(ctx: Context, body: dict[str, Any]) -> tuple[str, str]:
    """The identity provider and the person's id in it. Raises `RefusedError`."""
    vendor, email = body.get("identityProvider"), str(body.get("email", "")).lower()
    if vendor == "okta":
        ids = [id_ for id_, user in ctx.world.okta.users.items() if user.email.lower() == email]
    elif vendor == "entra":
        users = ctx.world.entra.users.items()
        names = ("mail", "userPrincipalName")
        ids = [
            id_
            for id_, user in users
            if email in [str(user.properties.get(name)).lower() for name in names]
        ]
    else:
        raise RefusedError(400, f"identityProvider: {vendor!r} is neither okta nor entra")
    if not ids:
        raise RefusedError(404, f"{vendor} has no person {email!r}")
    return vendor, ids[0]


@admin_router.route("GET", "/_sandbox/state")
def get_state(ctx: Context) -> Response:
    """What the three vendors hold, without any secret."""
    world = ctx.world
    with world.locked("cloudflare", "okta", "entra"):
        return json_reply({v: world.state(v).snapshot() for v in ("cloudflare", "okta", "entra")})


@admin_router.route("GET", "/_sandbox/requests")
def get_requests(ctx: Context) -> Response:
    """Every request to a vendor, oldest first."""
    return json_reply(ctx.world.log.entries())


@admin_router.route("POST", "/_sandbox/reset")
def reset(ctx: Context) -> Response:
    """Back to the beginning: state, faults and log."""
    _object(ctx)
    ctx.world.faults.clear()
    ctx.world.reset()
    return Response(status=204)


@admin_router.route("POST", "/_sandbox/users")
def add_user(ctx: Context) -> Response:
    """Add a person to both directories, or to the one named in ``identityProvider``.

    ``attributes``: of the Entra user, by Microsoft's names. ``suspended``: may not sign in (Okta:
    SUSPENDED, Entra: accountEnabled false). ``mail: false``: no mailbox in Entra.
    """
    body = _object(
        ctx,
        "email",
        "identityProvider",
        "firstName",
        "lastName",
        "userPrincipalName",
        "attributes",
        "suspended",
        "mail",
    )
    email = str(body.get("email", ""))
    provider = body.get("identityProvider")
    if not _EMAIL.fullmatch(email):
        return _error(400, f"email: {email!r} is no e-mail address")
    if provider not in (None, *_PROVIDERS):
        return _error(400, f"identityProvider: {provider!r} is neither okta nor entra")
    person = Person.of(
        email,
        str(body.get("firstName") or ""),
        str(body.get("lastName") or ""),
        str(body.get("userPrincipalName") or ""),
    )
    ids = {}
    for vendor in _PROVIDERS if provider is None else (provider,):
        with ctx.world.locked(vendor):
            directory = ctx.world.okta if vendor == "okta" else ctx.world.entra
            ids[vendor] = directory.add_person(person)
            _describe(ctx, vendor, ids[vendor], body)
    ctx.world.changed.set()
    return json_reply({"email": email, "ids": ids}, 201)


def _describe(ctx: Context, vendor: str, user_id: str, body: dict[str, Any]) -> None:
    suspended = body.get("suspended") is True
    if vendor == "okta":
        if suspended:
            ctx.world.okta.users[user_id].status = "SUSPENDED"
        return
    attributes = body.get("attributes")
    properties = ctx.world.entra.users[user_id].properties
    properties.update(attributes if isinstance(attributes, dict) else {})
    if suspended:
        properties["accountEnabled"] = False
    if body.get("mail") is False:
        properties["mail"] = None


@admin_router.route("POST", "/_sandbox/console/okta/<app_id>")
def okta_console(ctx: Context, app_id: str) -> Response:
    """What an administrator does by hand on an app's Provisioning tab."""
    with ctx.world.locked("okta"):
        try:
            answer = configure_okta_app(ctx.world, app_id, _object(ctx, *CONSOLE_KEYS))
        except LookupError:
            return _error(404, f"Okta has no app {app_id}")
        except ValueError as error:
            return _error(400, str(error))
    ctx.world.changed.set()
    return json_reply(answer)


@admin_router.route("POST", "/_sandbox/okta/late")
def set_late(ctx: Context) -> Response:
    """How many seconds Okta's ``search`` and its groups' ``members`` are behind; 0: not at all."""
    body = _object(ctx, "search", "members")
    with ctx.world.locked("okta"):
        late = ctx.world.okta.late
        for key, name in (("search", "search_seconds"), ("members", "member_seconds")):
            seconds = body.get(key, getattr(late, name))
            if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or seconds < 0:
                return _error(400, f"{key}: {seconds!r} is no number of seconds")
            setattr(late, name, float(seconds))
        return json_reply({"search": late.search_seconds, "members": late.member_seconds})


@admin_router.route("POST", "/_sandbox/cycle")
def cycle(ctx: Context) -> Response:
    """One provisioning cycle of both identity providers, or of ``identityProvider``.

    ``full``: what an administrator makes them deliver everything again with, in place of what
    changed since the last cycle.
    """
    body = _object(ctx, "identityProvider", "full")
    provider, full = body.get("identityProvider"), body.get("full", False)
    if provider not in (None, *_PROVIDERS):
        return _error(400, f"identityProvider: {provider!r} is neither okta nor entra")
    if not isinstance(full, bool):
        return _error(400, f"full: {full!r} is neither true nor false")
    report = {}
    for vendor in _PROVIDERS if provider is None else (provider,):
        with ctx.world.locked(vendor):  # only its own: it reaches Cloudflare over HTTP
            report[vendor] = _CYCLES[vendor](ctx.world, full=full)
    ctx.world.changed.set()
    return json_reply(report)


@admin_router.route("GET", "/_sandbox/faults")
def get_faults(ctx: Context) -> Response:
    """The faults and how often each has fired."""
    return json_reply(ctx.world.faults.describe())


@admin_router.route("POST", "/_sandbox/faults")
def add_fault(ctx: Context) -> Response:
    """Set one fault, or a list of them; answers all that are set."""
    wanted = ctx.body if isinstance(ctx.body, list) else [ctx.body]
    try:
        ctx.world.faults.add(wanted)
    except BadFaultError as error:
        return _error(400, str(error))
    return json_reply(ctx.world.faults.describe(), 201)


@admin_router.route("DELETE", "/_sandbox/faults")
def clear_faults(ctx: Context) -> Response:
    """Drop every fault; requests that hang are let go."""
    ctx.world.faults.clear()
    return Response(status=204)


@admin_router.route("POST", "/_sandbox/cloudflare/operator")
def name_operator(ctx: Context) -> Response:
    """The address of the person who set the accounts up, their first Super Administrator."""
    email = str(_object(ctx, "email").get("email", ""))
    if not _EMAIL.fullmatch(email):
        return _error(400, f"email: {email!r} is no e-mail address")
    with ctx.world.locked("cloudflare"):
        try:
            ctx.world.cloudflare.name_operator(email)
        except ValueError as error:
            return _error(400, str(error))
    ctx.world.changed.set()
    return json_reply({"email": email})


@admin_router.route("POST", "/_sandbox/cloudflare/accounts/<account_id>")
def set_account(ctx: Context, account_id: str) -> Response:
    """Name a Cloudflare account and switch its virtual groups on or off."""
    body = _object(ctx, "name", "virtualGroups")
    if not _ACCOUNT_ID.fullmatch(account_id):
        return _error(400, NO_ACCOUNT_ID)
    name, virtual = body.get("name"), body.get("virtualGroups")
    if not isinstance(name, str | None) or not isinstance(virtual, bool | None):
        return _error(400, "name is a string and virtualGroups is true or false")
    with ctx.world.locked("cloudflare"):
        answer = ctx.world.cloudflare.configure_account(account_id, name, virtual)
    ctx.world.changed.set()
    return json_reply(answer)
