"""The System Log: what happened, who did it, to what, and how it went.

Event types as in https://developer.okta.com/docs/reference/api/event-types/.
"""

import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from werkzeug import Response

from sandbox.okta.api.route import endpoint, page
from sandbox.okta.api.search import LOGGED, expression
from sandbox.okta.errors import invalid
from sandbox.okta.models import App, Group, OktaState, User, now, parse
from sandbox.server.router import Context
from sandbox.server.tls import HOST

_MOST_EVENTS = 5_000
_REASON_LENGTH = 255
_CLIENT_FIELDS = {"ipAddress": HOST, "zone": "null"}
Noun = User | Group | App


def write(
    state: OktaState, event_type: str, message: str, *about: Noun, failure: str | None = None
) -> None:
    """Add an event about these, in this order; ``failure`` is the reason of one that went wrong."""
    outcome: dict[str, object] = {"result": "SUCCESS"}
    if failure is not None:
        outcome = {"result": "FAILURE", "reason": failure[:_REASON_LENGTH]}
    number = state.counters.take("event")
    state.log.append(
        {
            "uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"okta:{number}")),
            "published": now(),
            "eventType": event_type,
            "version": "0",
            "severity": "INFO" if failure is None else "ERROR",
            "displayMessage": message,
            "actor": _actor(state, event_type),
            "client": _CLIENT_FIELDS,
            "outcome": outcome,
            "target": [_target(noun) for noun in about],
            "transaction": {"type": "JOB" if ".provision." in event_type else "WEB", "detail": {}},
            "debugContext": {"debugData": {}},
        }
    )
    del state.log[:-_MOST_EVENTS]


def _target(noun: Noun) -> dict[str, object]:
    if isinstance(noun, User):
        name = f"{noun.first_name} {noun.last_name}"
        shown = {"type": "User", "alternateId": noun.login, "displayName": name}
    elif isinstance(noun, App):
        shown = {"type": "AppInstance", "alternateId": noun.label, "displayName": noun.label}
    else:
        shown = {"type": "UserGroup", "alternateId": "unknown", "displayName": noun.name}
    return {"id": noun.id, **shown}


def _actor(state: OktaState, event_type: str) -> dict[str, object]:
    if ".provision." in event_type:
        return {
            "id": "okta-system",
            "type": "SystemPrincipal",
            "alternateId": "system@okta.com",
            "displayName": "Okta System",
        }
    return _target(state.owner)


@endpoint("GET", "/api/v1/logs", "okta.logs.read")
def list_events(ctx: Context) -> Response:
    """Events between ``since`` (7 days ago) and ``until`` (now), by ``filter`` and ``q``.

    Source: D: Okta reference.
    """
    args, state = ctx.request.args, ctx.state
    since = _moment(args.get("since"), "since") or datetime.now(UTC) - timedelta(days=7)
    until = _moment(args.get("until"), "until")
    order = args.get("sortOrder", "ASCENDING")
    if order not in ("ASCENDING", "DESCENDING"):
        raise invalid("sortOrder", "sortOrder: ASCENDING or DESCENDING is expected")
    test = (
        expression(args["filter"], operators=LOGGED) if args.get("filter") else lambda _event: True
    )
    words = args.get("q", "").casefold().split()
    events = [
        event
        for event in state.log
        if since <= parse(str(event["published"]))
        and (until is None or parse(str(event["published"])) <= until)
        and test(_record(event))
        and all(word in _text(event) for word in words)
    ]
    if order == "DESCENDING":
        events.reverse()
    polling = until is None and order == "ASCENDING"
    return page(
        ctx,
        events,
        lambda event: str(event["uuid"]),
        lambda event: event,
        default=100,
        most=1000,
        endless=polling,
    )


def _moment(value: str | None, name: str) -> datetime | None:
    if value is None:
        return None
    try:
        return parse(re.sub(r" (?=\d\d:\d\d$)", "+", value))  # "+" of a zone read as a space
    except ValueError as error:
        raise invalid(name, f"{name}: an ISO 8601 timestamp is expected") from error


def _record(event: Mapping[str, object]) -> dict[str, object]:
    """Flatten an event for filters: ``outcome.result``, ``target.id``, ``actor.id`` …"""
    record: dict[str, object] = {}
    for key, value in event.items():
        if isinstance(value, dict):
            record |= {f"{key}.{inner}": item for inner, item in value.items()}
        elif isinstance(value, list):
            for inner in ("id", "type", "alternateId", "displayName"):
                record[f"{key}.{inner}"] = [item.get(inner) for item in value]
        else:
            record[key] = value
    return record


def _text(event: Mapping[str, object]) -> str:
    return str(event).casefold()
