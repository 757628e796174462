"""OData ``$filter``: parsed to a small tree, evaluated against one object.

Covers what Graph's directory and logs accept: eq ne gt ge lt le, in, and or not, startswith,
endswith, contains, ``collection/any(x:x eq 'v')``, and paths with ``/``.
Source: https://learn.microsoft.com/graph/filter-query-parameter
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import JsonValue

Object = dict[str, JsonValue]
Predicate = Callable[[Object], bool]

_TOKEN = re.compile(r"\s*(?:'(?:[^']|'')*'|[(),:]|[^\s(),:']+(?::[^\s(),']+)*)")
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
    parser = _Parser(_tokens(text), case_sensitive)
    test = parser.expression(0)
    parser.end()
    return Filter(test, frozenset(parser.properties), parser.advanced)


def _tokens(text: str) -> list[str]:
    tokens, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise FilterError(f"unexpected character at position {at}")
        tokens.append(match.group(0).strip())
        at = match.end()
    return tokens


def _value(item: Object, path: str) -> JsonValue:
    current: JsonValue = item
    for part in path.split("/"):
        if not isinstance(current, dict):
            return None
        current = current.get(part)
    return current


class _Parser:
    def __init__(self, tokens: list[str], case_sensitive: bool) -> None:
        self._tokens = tokens
        self._at = 0
        self._exact = case_sensitive
        self.properties: set[str] = set()
        self.advanced = False

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self, expected: str | None = None) -> str:
        token = self._peek()
        if not token or (expected is not None and token.lower() != expected):
            raise FilterError(f"expected {expected or 'more'} but found {token or 'the end'!r}")
        self._at += 1
        return token

    def end(self) -> None:
        """Nothing may be left."""
        if self._peek():
            raise FilterError(f"unexpected {self._peek()!r}")

    def expression(self, depth: int) -> Predicate:
        """``a or b or c``."""
        if depth > _MAX_DEPTH:
            raise FilterError("too deeply nested")
        tests = [self._conjunction(depth)]
        while self._peek().lower() == "or":
            self._next()
            tests.append(self._conjunction(depth))
        return tests[0] if len(tests) == 1 else lambda item: any(test(item) for test in tests)

    def _conjunction(self, depth: int) -> Predicate:
        tests = [self._term(depth)]
        while self._peek().lower() == "and":
            self._next()
            tests.append(self._term(depth))
        return tests[0] if len(tests) == 1 else lambda item: all(test(item) for test in tests)

    def _term(self, depth: int) -> Predicate:
        token = self._peek().lower()
        if token == "not":
            self._next()
            self.advanced = True
            inner = self._term(depth + 1)
            return lambda item: not inner(item)
        if token == "(":
            self._next()
            inner = self.expression(depth + 1)
            self._next(")")
            return inner
        if token in _TEXT_TESTS:
            return self._text_test(token)
        if token.endswith("/any"):
            return self._any(depth)
        return self._comparison()

    def _property(self) -> str:
        name = self._next()
        if not re.fullmatch(r"[A-Za-z_@][\w@./]*", name):
            raise FilterError(f"{name!r} is no property")
        self.properties.add(name.partition("/")[0])
        return name

    def _text_test(self, name: str) -> Predicate:
        self.advanced = self.advanced or name == "endswith"
        self._next()
        self._next("(")
        path = self._property()
        self._next(",")
        wanted = self._fold(self._literal())
        self._next(")")
        check = _TEXT_TESTS[name]

        def test(item: Object) -> bool:
            value = _value(item, path)
            return isinstance(value, str) and check(str(self._fold(value)), str(wanted))

        return test

    def _any(self, depth: int) -> Predicate:
        path = self._property().removesuffix("/any")
        self._next("(")
        variable, _, rest = self._next().partition(":")
        if not rest:  # "x : x eq" was written with spaces
            self._next(":")
        else:  # "x:x" came as one word
            self._tokens.insert(self._at, rest)
        before = set(self.properties)
        inner = self.expression(depth + 1)
        self.properties = before
        self._next(")")

        def test(item: Object) -> bool:
            values = _value(item, path)
            return isinstance(values, list) and any(inner({variable: v}) for v in values)

        return test

    def _comparison(self) -> Predicate:
        path = self._property()
        operator = self._next().lower()
        if operator == "in":
            return self._membership(path)
        if operator not in ("eq", "ne", "gt", "ge", "lt", "le"):
            raise FilterError(f"unknown operator {operator!r}")
        self.advanced = self.advanced or operator == "ne"
        wanted = self._fold(self._literal())
        return lambda item: _compare(operator, self._fold(_value(item, path)), wanted)

    def _membership(self, path: str) -> Predicate:
        self._next("(")
        wanted = [self._fold(self._literal())]
        while self._peek() == ",":
            self._next()
            wanted.append(self._fold(self._literal()))
        self._next(")")
        if len(wanted) > _MAX_IN_VALUES:
            raise FilterError(f"too many values after in: at most {_MAX_IN_VALUES}")
        return lambda item: self._fold(_value(item, path)) in wanted

    def _literal(self) -> JsonValue:
        token = self._next()
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        named = {"null": None, "true": True, "false": False}
        if token.lower() in named:
            return named[token.lower()]
        if re.fullmatch(r"-?\d+(\.\d+)?", token):
            return float(token) if "." in token else int(token)
        if re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z|[0-9a-fA-F-]{36}", token):
            return token
        raise FilterError(f"{token!r} is no literal; text stands in single quotes")

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
