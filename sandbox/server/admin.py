"""The sandbox's own API under /_sandbox: look inside, reset, people, a cycle, faults."""

import math
import re
from pathlib import Path
from typing import Any

from werkzeug import Response

from sandbox.entra import audit
from sandbox.entra.models import Entity, EntraState
from sandbox.entra.provisioning.cycle import run_cycle as run_entra_cycle
from sandbox.okta.api.groups import put_in, take_out
from sandbox.okta.api.users import suspend as suspend_in_okta
from sandbox.okta.provisioning.console import KEYS as CONSOLE_KEYS
from sandbox.okta.provisioning.console import configure as configure_okta_app
from sandbox.okta.provisioning.cycle import run_cycle as run_okta_cycle
from sandbox.server.admin_router import RefusedError, admin_route
from sandbox.server.faults import KEYS as FAULT_KEYS
from sandbox.server.faults import BadFaultError
from sandbox.server.people import Person
from sandbox.server.router import VENDORS, Context, json_reply

_CYCLES = {"okta": run_okta_cycle, "entra": run_entra_cycle}
_PROVIDERS = tuple(_CYCLES)
_PAGE = Path(__file__).with_name("face.html")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@admin_route("GET", "/_sandbox/")
def face(_ctx: Context, _given: dict[str, Any]) -> Response:
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


@admin_route(
    "POST",
    "/_sandbox/members",
    {"identityProvider": str, "group": str, "email": str, "member": bool},
)
def set_member(ctx: Context, given: dict[str, Any]) -> Response:
    """Put a person into a group of an identity provider, or take them out (``member: false``)."""
    vendor, wanted = _provider(given), given.get("member") is not False
    with ctx.world.locked(vendor):
        person, key = _person(ctx, vendor, given), given.get("group") or ""
        directory = ctx.world.okta if vendor == "okta" else ctx.world.entra
        if key not in directory.groups:
            raise RefusedError(404, f"{vendor} has no group {key!r}")
        if vendor == "okta":
            okta = ctx.world.okta
            group = okta.groups[key]
            if group.type != "OKTA_GROUP":
                raise RefusedError(400, f"{group.name!r}: Okta itself says who is in this group")
            (put_in if wanted else take_out)(okta, group, okta.users[person])
        else:
            entra = ctx.world.entra
            _change_in_entra(entra, entra.groups[key], entra.users[person], member=wanted)
    ctx.world.changed.set()
    return json_reply({"group": key, "member": wanted})


@admin_route(
    "POST", "/_sandbox/suspend", {"identityProvider": str, "email": str, "suspended": bool}
)
def suspend(ctx: Context, given: dict[str, Any]) -> Response:
    """Suspend a person (Okta: SUSPENDED, Entra: accountEnabled false), or let them in again."""
    vendor, suspended = _provider(given), given.get("suspended") is not False
    with ctx.world.locked(vendor):
        person = _person(ctx, vendor, given)
        if vendor == "okta":
            suspend_in_okta(ctx.world.okta, person, suspended=suspended)
        else:
            entra, user = ctx.world.entra, ctx.world.entra.users[person]
            user.properties["accountEnabled"] = not suspended
            audit.write(entra, audit.DISABLED if suspended else audit.ENABLED, user)
    ctx.world.changed.set()
    return json_reply({"email": given.get("email"), "suspended": suspended})


def _change_in_entra(state: EntraState, group: Entity, person: Entity, *, member: bool) -> None:
    """What an administrator does on a group's page."""
    if member != (person.id in group.members):
        what = "Add member to group" if member else "Remove member from group"
        audit.write(state, what, person, group)
        (group.members.append if member else group.members.remove)(person.id)


def _provider(given: dict[str, Any]) -> str:
    """The identity provider that a call names. Raises `RefusedError`."""
    if (vendor := given.get("identityProvider")) in _PROVIDERS:
        return str(vendor)
    raise RefusedError(400, f"identityProvider: {vendor!r} is neither okta nor entra")


def _providers(given: dict[str, Any]) -> tuple[str, ...]:
    """The one that a call names, or both. Raises `RefusedError`."""
    return _PROVIDERS if given.get("identityProvider") is None else (_provider(given),)


def _person(ctx: Context, vendor: str, given: dict[str, Any]) -> str:
    """The person's id in an identity provider, whose lock is held. Raises `RefusedError`."""
    email = (given.get("email") or "").lower()
    if vendor == "okta":
        ids = [id_ for id_, user in ctx.world.okta.users.items() if user.email.lower() == email]
    else:
        users = ctx.world.entra.users.items()
        names = ("mail", "userPrincipalName")
        ids = [
            id_
            for id_, user in users
            if email in [str(user.properties.get(name)).lower() for name in names]
        ]
    if not ids:
        raise RefusedError(404, f"{vendor} has no person {email!r}")
    return ids[0]


def _address(given: dict[str, Any]) -> str:
    """The address that a call names. Raises `RefusedError` where it is none."""
    email = given.get("email") or ""
    if not _EMAIL.fullmatch(email):
        raise RefusedError(400, f"email: {email!r} is no e-mail address")
    return email


@admin_route("GET", "/_sandbox/state")
def get_state(ctx: Context, _given: dict[str, Any]) -> Response:
    """What the three vendors hold, without any secret."""
    world = ctx.world
    with world.locked(*VENDORS):
        return json_reply({v: world.state(v).snapshot() for v in VENDORS})


@admin_route("GET", "/_sandbox/requests")
def get_requests(ctx: Context, _given: dict[str, Any]) -> Response:
    """Every request to a vendor, oldest first."""
    return json_reply(ctx.world.log.entries())


@admin_route("POST", "/_sandbox/reset")
def reset(ctx: Context, _given: dict[str, Any]) -> Response:
    """Back to the beginning: state, faults and log."""
    ctx.world.faults.clear()
    ctx.world.reset()
    return Response(status=204)


@admin_route(
    "POST",
    "/_sandbox/users",
    {
        "email": str,
        "identityProvider": str,
        "firstName": str,
        "lastName": str,
        "userPrincipalName": str,
        "attributes": dict,
        "suspended": bool,
        "mail": bool,
    },
)
def add_user(ctx: Context, given: dict[str, Any]) -> Response:
    """Add a person to both directories, or to the one named in ``identityProvider``.

    ``attributes``: of the Entra user, by Microsoft's names. ``suspended``: may not sign in (Okta:
    SUSPENDED, Entra: accountEnabled false). ``mail: false``: no mailbox in Entra.
    """
    email, vendors = _address(given), _providers(given)
    names = (given.get(key) or "" for key in ("firstName", "lastName", "userPrincipalName"))
    person = Person.of(email, *names)
    ids = {}
    for vendor in vendors:
        with ctx.world.locked(vendor):
            directory = ctx.world.okta if vendor == "okta" else ctx.world.entra
            ids[vendor] = directory.add_person(person)
            _describe(ctx, vendor, ids[vendor], given)
    ctx.world.changed.set()
    return json_reply({"email": email, "ids": ids}, 201)


def _describe(ctx: Context, vendor: str, user_id: str, given: dict[str, Any]) -> None:
    if vendor == "okta":
        if given.get("suspended"):
            ctx.world.okta.users[user_id].status = "SUSPENDED"
        return
    properties = ctx.world.entra.users[user_id].properties
    properties.update(given.get("attributes") or {})
    if given.get("suspended"):
        properties["accountEnabled"] = False
    if given.get("mail") is False:
        properties["mail"] = None


@admin_route("POST", "/_sandbox/console/okta/<app_id>", CONSOLE_KEYS)
def okta_console(ctx: Context, given: dict[str, Any], app_id: str) -> Response:
    """What an administrator does by hand on an app's Provisioning tab."""
    with ctx.world.locked("okta"):
        try:
            answer = configure_okta_app(ctx.world, app_id, given)
        except LookupError:
            raise RefusedError(404, f"Okta has no app {app_id}") from None
        except ValueError as error:
            raise RefusedError(400, str(error)) from None
    ctx.world.changed.set()
    return json_reply(answer)


@admin_route("POST", "/_sandbox/okta/late", {"search": float, "members": float})
def set_late(ctx: Context, given: dict[str, Any]) -> Response:
    """How many seconds Okta's ``search`` and its groups' ``members`` are behind; 0: not at all."""
    for key, seconds in given.items():
        if not 0 <= (seconds or 0) < math.inf:
            raise RefusedError(400, f"{key}: {seconds!r} is no number of seconds")
    with ctx.world.locked("okta"):
        late = ctx.world.okta.late
        for key, name in (("search", "search_seconds"), ("members", "member_seconds")):
            if given.get(key) is not None:
                setattr(late, name, float(given[key]))
        return json_reply({"search": late.search_seconds, "members": late.member_seconds})


@admin_route("POST", "/_sandbox/cycle", {"identityProvider": str, "full": bool})
def cycle(ctx: Context, given: dict[str, Any]) -> Response:
    """One provisioning cycle of both identity providers, or of ``identityProvider``.

    ``full``: what an administrator makes them deliver everything again with, in place of what
    changed since the last cycle.
    """
    report = {}
    for vendor in _providers(given):
        with ctx.world.locked(vendor):  # only its own: it reaches Cloudflare over HTTP
            report[vendor] = _CYCLES[vendor](ctx.world, full=bool(given.get("full")))
    ctx.world.changed.set()
    return json_reply(report)


@admin_route("GET", "/_sandbox/faults")
def get_faults(ctx: Context, _given: dict[str, Any]) -> Response:
    """The faults and how often each has fired."""
    return json_reply(ctx.world.faults.describe())


@admin_route("POST", "/_sandbox/faults", FAULT_KEYS, many=True)
def add_faults(ctx: Context, given: list[dict[str, Any]]) -> Response:
    """Set one fault, or a list of them; answers all that are set."""
    try:
        ctx.world.faults.add(given)
    except BadFaultError as error:
        raise RefusedError(400, str(error)) from None
    return json_reply(ctx.world.faults.describe(), 201)


@admin_route("DELETE", "/_sandbox/faults")
def clear_faults(ctx: Context, _given: dict[str, Any]) -> Response:
    """Drop every fault; requests that hang are let go."""
    ctx.world.faults.clear()
    return Response(status=204)


@admin_route("POST", "/_sandbox/cloudflare/operator", {"email": str})
def name_operator(ctx: Context, given: dict[str, Any]) -> Response:
    """The address of the person who set the accounts up, their first Super Administrator."""
    email = _address(given)
    with ctx.world.locked("cloudflare"):
        try:
            ctx.world.cloudflare.name_operator(email)
        except ValueError as error:
            raise RefusedError(400, str(error)) from None
    ctx.world.changed.set()
    return json_reply({"email": email})


@admin_route(
    "POST", "/_sandbox/cloudflare/accounts/<account_id>", {"name": str, "virtualGroups": bool}
)
def set_account(ctx: Context, given: dict[str, Any], account_id: str) -> Response:
    """Name a Cloudflare account and switch its virtual groups on or off."""
    name, virtual = given.get("name"), given.get("virtualGroups")
    with ctx.world.locked("cloudflare"):
        try:
            answer = ctx.world.cloudflare.configure_account(account_id, name, virtual)
        except ValueError as error:
            raise RefusedError(400, str(error)) from None
    ctx.world.changed.set()
    return json_reply(answer)
