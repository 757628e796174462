"""OData answers: filter, order, count, page and select, with Graph's limits and refusals.

Filters: eq ne gt ge lt le, in, and or not, startswith, endswith, contains,
``collection/any(x:x eq 'v')``, and paths with ``/``.
Source (D): https://learn.microsoft.com/graph/filter-query-parameter
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from lark import Lark, Token, Transformer, UnexpectedInput
from lark.exceptions import VisitError
from pydantic import JsonValue
from werkzeug import Response

from sandbox.entra.api.graph import context_line, ordinary
from sandbox.entra.errors import GraphError, bad_request
from sandbox.server.router import Context, json_reply

Object = dict[str, JsonValue]
Predicate = Callable[[Object], bool]

_GRAMMAR = r"""
    ?start: disjunction
    ?disjunction: conjunction (_OR conjunction)*
    ?conjunction: term (_AND term)*
    ?term: _NOT term                                   -> negation
         | "(" disjunction ")"
         | TEST "(" path "," literal ")"               -> text_test
         | path "/any" "(" NAME ":" disjunction ")"    -> any_of
         | path OPERATOR literal                       -> comparison
         | path _IN "(" literal ("," literal)* ")"     -> membership
    path: NAME ("/" NAME)*
    literal: TEXT | STAMP | GUID | NUMBER | WORD
    _OR.2: /or\b/i
    _AND.2: /and\b/i
    _NOT.2: /not\b/i
    _IN.2: /in\b/i
    TEST.2: /(startswith|endswith|contains)(?=\s*\()/i
    OPERATOR.2: /(eq|ne|gt|ge|lt|le)\b/i
    WORD.2: /(null|true|false)\b/i
    TEXT: /'(?:[^']|'')*'/
    STAMP.3: /\d{4}-\d\d-\d\dT[\d:.]+Z/
    GUID.3: /[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}/
    NUMBER: /-?\d+(\.\d+)?/
    NAME: /(?!any\()[A-Za-z_@][\w@.]*/
    %ignore /\s+/
"""
_PARSER = Lark(_GRAMMAR, parser="lalr")
_TEXT_TESTS: dict[str, Callable[[str, str], bool]] = {
    "startswith": str.startswith,
    "endswith": str.endswith,
    "contains": lambda whole, part: part in whole,
}
_MAX_DEPTH = 30
_MAX_IN_VALUES = 15


class FilterError(Exception):
    """The filter is not valid; the text says where."""


@dataclass(frozen=True)
class Filter:
    """A parsed filter and whether Graph calls it an advanced query."""

    test: Predicate
    properties: frozenset[str]
    advanced: bool


def parse(text: str, *, case_sensitive: bool = False) -> Filter:
    """Parse a filter. Raises FilterError.

    The directory compares text without case, the logs with.
    """
    if text.count("(") > _MAX_DEPTH or len(re.findall(r"\bnot\b", text, re.I)) > _MAX_DEPTH:
        raise FilterError("too deeply nested")
    try:
        tree = _PARSER.parse(text)
    except UnexpectedInput as error:
        raise FilterError(
            f"unexpected text at position {max(error.pos_in_stream or 0, 0)}"
        ) from error
    reader = _Reader(case_sensitive)
    try:
        test = reader.transform(tree)
    except VisitError as error:
        raise error.orig_exc from error
    return Filter(test, frozenset(reader.properties), reader.advanced)


def _value(item: Object, path: str) -> JsonValue:
    current: JsonValue = item
    for part in path.split("/"):
        if not isinstance(current, dict):
            return None
        current = current.get(part)
    return current


class _Reader(Transformer[Token, Predicate]):
    """Turns each node of a filter into its test, from the leaves up."""

    def __init__(self, case_sensitive: bool) -> None:
        super().__init__()
        self._exact = case_sensitive
        self.properties: set[str] = set()
        self.advanced = False

    def disjunction(self, tests: list[Predicate]) -> Predicate:
        return lambda item: any(test(item) for test in tests)

    def conjunction(self, tests: list[Predicate]) -> Predicate:
        return lambda item: all(test(item) for test in tests)

    def negation(self, tests: list[Predicate]) -> Predicate:
        self.advanced = True
        return lambda item: not tests[0](item)

    def path(self, names: list[Token]) -> str:
        self.properties.add(str(names[0]))
        return "/".join(names)

    def text_test(self, parts: list[Any]) -> Predicate:
        name, path, wanted = parts[0].lower(), parts[1], str(self._fold(parts[2]))
        self.advanced = self.advanced or name == "endswith"
        check = _TEXT_TESTS[name]

        def test(item: Object) -> bool:
            value = _value(item, path)
            return isinstance(value, str) and check(str(self._fold(value)), wanted)

        return test

    def any_of(self, parts: list[Any]) -> Predicate:
        path, variable, inner = parts
        self.properties.discard(str(variable))  # it stands for an element

        def test(item: Object) -> bool:
            values = _value(item, path)
            return isinstance(values, list) and any(inner({str(variable): v}) for v in values)

        return test

    def comparison(self, parts: list[Any]) -> Predicate:
        path, operator, wanted = parts[0], parts[1].lower(), self._fold(parts[2])
        self.advanced = self.advanced or operator == "ne"
        return lambda item: _compare(operator, self._fold(_value(item, path)), wanted)

    def membership(self, parts: list[Any]) -> Predicate:
        path, wanted = parts[0], [self._fold(value) for value in parts[1:]]
        if len(wanted) > _MAX_IN_VALUES:
            raise FilterError(f"too many values after in: at most {_MAX_IN_VALUES}")
        return lambda item: self._fold(_value(item, path)) in wanted

    def literal(self, tokens: list[Token]) -> JsonValue:
        token = tokens[0]
        if token.type == "TEXT":
            return token[1:-1].replace("''", "'")
        if token.type == "WORD":
            return {"null": None, "true": True, "false": False}[token.lower()]
        if token.type == "NUMBER":
            return float(token) if "." in token else int(token)
        return str(token)

    def _fold(self, value: JsonValue) -> JsonValue:
        return value if self._exact or not isinstance(value, str) else value.lower()


def _compare(operator: str, value: JsonValue, wanted: JsonValue) -> bool:
    if operator == "eq":
        return value == wanted
    if operator == "ne":
        return value != wanted
    numbers = isinstance(value, int | float) and isinstance(wanted, int | float)
    texts = isinstance(value, str) and isinstance(wanted, str)
    if not (numbers or texts):
        return False
    if operator == "gt":
        return value > wanted  # type: ignore[operator]
    if operator == "ge":
        return value >= wanted  # type: ignore[operator]
    if operator == "lt":
        return value < wanted  # type: ignore[operator]
    return value <= wanted  # type: ignore[operator]


_DEFAULT_PAGE = 100
_MAX_PAGE = 999
_KNOWN_OPTIONS = frozenset(
    {"$filter", "$select", "$top", "$skiptoken", "$count", "$orderby", "$search", "$format"}
)
# Readable with $select only; Graph leaves them out of an ordinary answer.
_SELECTABLE = frozenset(
    {
        "id",
        "allowExternalSenders",
        "autoSubscribeNewMembers",
        "hideFromAddressLists",
        "hideFromOutlookClients",
        "isSubscribedByMail",
        "unseenCount",
        "oauth2RequirePostResponse",
        "assignedLicenses",
        "identities",
        "imAddresses",
        "onPremisesDistinguishedName",
        "onPremisesDomainName",
        "onPremisesSecurityIdentifier",
        "ageGroup",
        "consentProvidedForMinor",
        "employeeHireDate",
        "employeeOrgData",
        "employeeType",
        "externalUserState",
        "creationType",
        "showInAddressList",
        "passwordPolicies",
        "displayName",
        "homepage",
        "manager",
        "aboutMe",
        "onPremisesExtensionAttributes",
        "isManagementRestricted",
        "assignedPlans",
        "birthday",
        "employeeLeaveDateTime",
        "hireDate",
        "isResourceAccount",
        "lastPasswordChangeDateTime",
        "legalAgeGroupClassification",
        "licenseAssignmentStates",
        "mailboxSettings",
        "onPremisesLastSyncDateTime",
        "onPremisesProvisioningErrors",
        "provisionedPlans",
        "serviceProvisioningErrors",
        "signInActivity",
        "signInSessionsValidFromDateTime",
    }
)


@dataclass(frozen=True)
class ListRule:
    """How one kind of list behaves: its context, default properties, and comparison of text."""

    context: str
    default: Sequence[str] = ()
    case_sensitive: bool = False
    advanced: bool = True  # the directory's: some queries need ConsistencyLevel: eventual
    of_a_person: frozenset[str] = frozenset()  # selectable though nobody is in the list (I)


def list_reply(ctx: Context, rule: ListRule, items: Iterable[Object]) -> Response:
    """A page of ``items`` as Graph answers it. Raises GraphError 400 for what Graph refuses."""
    options = {name: value for name, value in ctx.request.args.items() if name.startswith("$")}
    unknown = sorted(set(options) - _KNOWN_OPTIONS)
    if unknown:
        raise bad_request(f"Query option '{unknown[0]}' is not supported here.", "BadRequest")
    everything = list(items)
    names = known_properties(everything) | rule.of_a_person
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
    if not wanted:
        return ordinary(ctx, item, default)
    shown = [name.strip().partition("/")[0] for name in wanted]
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
        tree = parse(text, case_sensitive=rule.case_sensitive)
    except FilterError as error:
        raise bad_request(f"Invalid filter clause: {error}.", "Request_UnsupportedQuery") from error
    unknown = sorted(tree.properties - names) if items else []
    if unknown:
        message = f"Invalid filter clause: could not find a property named '{unknown[0]}'."
        raise bad_request(message, "BadRequest")
    return [item for item in items if tree.test(item)], tree.advanced


def _searched(text: str, items: list[Object]) -> list[Object]:
    name, _, wanted = text.strip('"').partition(":")
    if not wanted:
        message = 'Unsupported search clause: write "property:text" in double quotes.'
        raise bad_request(message, "Request_UnsupportedQuery")
    return [item for item in items if wanted.lower() in str(item.get(name) or "").lower()]


def _require_eventual(ctx: Context, complete: bool) -> None:
    """Source (D): https://learn.microsoft.com/graph/aad-advanced-queries"""
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
