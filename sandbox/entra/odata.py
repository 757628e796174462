"""OData answers: filter, order, count, page and select, with Graph's limits and refusals."""

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from pydantic import JsonValue
from werkzeug import Response

from sandbox.entra.errors import GraphError, bad_request
from sandbox.entra.graph import context_line, is_beta
from sandbox.entra.odata_filter import FilterError, Object, parse
from sandbox.server.router import Context, json_reply

_DEFAULT_PAGE = 100
_MAX_PAGE = 999
_KNOWN_OPTIONS = frozenset(
    {"$filter", "$select", "$top", "$skiptoken", "$count", "$orderby", "$search", "$format"}
)
# Readable with $select only; Graph leaves them out of an ordinary answer.
_SELECTABLE = frozenset(
    {
        "id", "allowExternalSenders", "autoSubscribeNewMembers", "hideFromAddressLists",
        "hideFromOutlookClients", "isSubscribedByMail", "unseenCount", "oauth2RequirePostResponse",
        "assignedLicenses", "identities", "imAddresses", "onPremisesDistinguishedName",
        "onPremisesDomainName", "onPremisesSecurityIdentifier", "ageGroup",
        "consentProvidedForMinor",
        "employeeHireDate", "employeeOrgData", "employeeType", "externalUserState", "creationType",
        "showInAddressList", "passwordPolicies", "displayName", "homepage", "manager", "aboutMe",
        "onPremisesExtensionAttributes", "isManagementRestricted", "assignedPlans",
    }
)  # fmt: skip


@dataclass(frozen=True)
class ListRule:
    """How one kind of list behaves: its context, default properties, and comparison of text."""

    context: str
    default: Sequence[str] = ()
    case_sensitive: bool = False
    advanced: bool = True  # the directory's: some queries need ConsistencyLevel: eventual


def list_reply(ctx: Context, rule: ListRule, items: Iterable[Object]) -> Response:
    """A page of ``items`` as Graph answers it. Raises GraphError 400 for what Graph refuses."""
    options = {name: value for name, value in ctx.request.args.items() if name.startswith("$")}
    unknown = sorted(set(options) - _KNOWN_OPTIONS)
    if unknown:
        raise bad_request(f"Query option '{unknown[0]}' is not supported here.", "BadRequest")
    everything = list(items)
    names = known_properties(everything)
    chosen, advanced = _filtered(options, rule, everything, names)
    if "$search" in options:
        chosen = _searched(options["$search"], chosen)
    counted = options.get("$count", "").lower() == "true"
    if rule.advanced and (advanced or counted or "$search" in options):
        _require_eventual(ctx, counted or not advanced)
    if "$orderby" in options:
        chosen = _ordered(options["$orderby"], chosen, names)
    size, start = _page_size(options), _offset(options)
    page = chosen[start : start + size]
    body: dict[str, object] = context_line(ctx, rule.context)
    if counted:
        body["@odata.count"] = len(chosen)
    if start + size < len(chosen):
        body["@odata.nextLink"] = _next_link(ctx, start + size)
    body["value"] = [selected(ctx, item, rule.default, names) for item in page]
    return json_reply(body)


def known_properties(items: Iterable[Object]) -> frozenset[str]:
    """Every property that any of the items has."""
    names = set(_SELECTABLE)
    for item in items:
        names.update(item)
    return frozenset(names)


def selected(
    ctx: Context, item: Object, default: Sequence[str] = (), names: frozenset[str] | None = None
) -> dict[str, object]:
    """The properties ``$select`` asks for, else the default ones; annotations always stay."""
    wanted = [name for name in ctx.request.args.get("$select", "").split(",") if name.strip()]
    known = names if names is not None else known_properties([item])
    for name in wanted:
        if name.strip().partition("/")[0] not in known:
            kind = str(item.get("@odata.type", "#microsoft.graph.entity")).lstrip("#")
            message = f"Could not find a property named '{name.strip()}' on type '{kind}'."
            raise bad_request(message, "BadRequest")
    if not wanted and (not default or is_beta(ctx)):
        return {**item}
    shown = [name.strip().partition("/")[0] for name in wanted] or list(default)
    annotations = {key: value for key, value in item.items() if "@odata" in key}
    return {**annotations, **{name: item.get(name) for name in shown}}


def one_reply(ctx: Context, context: str, item: Object, default: Sequence[str] = ()) -> Response:
    """One object, with ``$select`` honoured."""
    return json_reply({**context_line(ctx, context), **selected(ctx, item, default)})


def _filtered(
    options: dict[str, str], rule: ListRule, items: list[Object], names: frozenset[str]
) -> tuple[list[Object], bool]:
    text = options.get("$filter", "")
    if not text:
        return items, False
    try:
        found = parse(text, case_sensitive=rule.case_sensitive)
    except FilterError as error:
        raise bad_request(f"Invalid filter clause: {error}.", "Request_UnsupportedQuery") from error
    unknown = sorted(found.properties - names) if items else []
    if unknown:
        message = f"Invalid filter clause: could not find a property named '{unknown[0]}'."
        raise bad_request(message, "BadRequest")
    return [item for item in items if found.test(item)], found.advanced


def _searched(text: str, items: list[Object]) -> list[Object]:
    name, _, wanted = text.strip('"').partition(":")
    if not wanted:
        message = 'Unsupported search clause: write "property:text" in double quotes.'
        raise bad_request(message, "Request_UnsupportedQuery")
    return [item for item in items if wanted.lower() in str(item.get(name) or "").lower()]


def _require_eventual(ctx: Context, complete: bool) -> None:
    """Source: https://learn.microsoft.com/graph/aad-advanced-queries"""
    eventual = ctx.request.headers.get("ConsistencyLevel", "").lower() == "eventual"
    if not eventual or not complete:
        message = (
            "Request is not supported without advanced query capabilities: send "
            "ConsistencyLevel: eventual and $count=true."
        )
        raise GraphError(400, message, "Request_UnsupportedQuery")


def _ordered(text: str, items: list[Object], names: frozenset[str]) -> list[Object]:
    name, _, direction = text.strip().partition(" ")
    if name not in names or direction.strip().lower() not in ("", "asc", "desc"):
        raise bad_request(f"Invalid $orderby '{text}'.", "Request_UnsupportedQuery")
    down = direction.strip().lower() == "desc"
    return sorted(items, key=lambda item: _sort_key(item.get(name)), reverse=down)


def _sort_key(value: JsonValue) -> tuple[bool, str]:
    return value is not None, str(value).lower()


def _page_size(options: dict[str, str]) -> int:
    text = options.get("$top")
    if text is None:
        return _DEFAULT_PAGE
    if not text.isdecimal() or not 1 <= int(text) <= _MAX_PAGE:
        message = f"Invalid page size specified: '{text}'. Must be between 1 and {_MAX_PAGE}."
        raise bad_request(message, "Request_UnsupportedQuery")
    return int(text)


def _offset(options: dict[str, str]) -> int:
    token = options.get("$skiptoken")
    if token is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token.encode()).decode().removeprefix("page:"))
    except (ValueError, binascii.Error) as error:
        raise bad_request("Invalid skip token.", "Directory_ExpiredPageToken") from error


def _next_link(ctx: Context, start: int) -> str:
    token = base64.urlsafe_b64encode(f"page:{start}".encode()).decode()
    query = [(k, v) for k, v in ctx.request.args.items(multi=True) if k != "$skiptoken"]
    return f"{ctx.request.base_url}?{urlencode([*query, ('$skiptoken', token)])}"
