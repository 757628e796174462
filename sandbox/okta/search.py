"""Okta's search and filter expressions, as in ``profile.email eq "ada@example.com"``.

Operators eq, ne, sw, co, ew, gt, ge, lt, le, pr; and, or, parentheses. Text compares without
regard to case. Source: https://developer.okta.com/docs/reference/core-okta-api/#filter.
"""

import json
import re
from collections.abc import Callable, Collection, Mapping

from sandbox.okta.errors import bad_search

Record = Mapping[str, object]
Test = Callable[[Record], bool]

_TOKEN = re.compile(r'\s*(?:(\()|(\))|("(?:[^"\\]|\\.)*")|([^\s()"]+))')
_OPERATORS = ("eq", "ne", "sw", "co", "ew", "gt", "ge", "lt", "le")
_MOST_PARENTHESES = 50


def expression(text: str, known: Collection[str] | None = None) -> Test:
    """A test over records whose keys are attribute paths (``profile.email``).

    ``known``: the only attributes that this list can be asked for; None allows all. Raises
    OktaError (E0000031) for an expression that Okta would refuse.
    """
    return _Parser(text, known).parse()


class _Parser:
    def __init__(self, text: str, known: Collection[str] | None) -> None:
        self._text, self._known, self._tokens = text, known, _split(text)

    def parse(self) -> Test:
        test = self._either()
        if self._tokens:
            raise bad_search(self._text, f"unexpected {self._tokens[0]!r}")
        return test

    def _either(self) -> Test:
        tests = [self._both()]
        while self._take_word("or"):
            tests.append(self._both())
        return lambda record: any(test(record) for test in tests)

    def _both(self) -> Test:
        tests = [self._single()]
        while self._take_word("and"):
            tests.append(self._single())
        return lambda record: all(test(record) for test in tests)

    def _single(self) -> Test:
        first = self._next()
        if first == "(":
            test = self._either()
            if self._next() != ")":
                raise bad_search(self._text, "a closing parenthesis is missing")
            return test
        if self._known is not None and first not in self._known:
            raise bad_search(self._text, f"{first!r} cannot be searched")
        operator = self._next().casefold()
        if operator == "pr":
            return lambda record: record.get(first) not in (None, "")
        if operator not in _OPERATORS:
            raise bad_search(self._text, f"unknown operator {operator!r}")
        value = self._value()
        return lambda record: _compare(operator, record.get(first), value)

    def _value(self) -> str:
        token = self._next()
        if token in ("(", ")"):
            raise bad_search(self._text, "a value is missing")
        if not token.startswith('"'):
            return token
        try:
            return str(json.loads(token))
        except ValueError as error:
            raise bad_search(self._text, f"{token} is no string") from error

    def _take_word(self, word: str) -> bool:
        if self._tokens and self._tokens[0].casefold() == word:
            self._tokens.pop(0)
            return True
        return False

    def _next(self) -> str:
        if not self._tokens:
            raise bad_search(self._text, "the expression ends too early")
        return self._tokens.pop(0)


def _split(text: str) -> list[str]:
    tokens, position = [], 0
    text = text.rstrip()
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise bad_search(text, f"cannot read from character {position + 1}")
        tokens.append(found.group().strip())
        position = found.end()
    if not tokens:
        raise bad_search(text, "the expression is empty")
    if tokens.count("(") > _MOST_PARENTHESES:
        raise bad_search(text, "too many parentheses")
    return tokens


def _compare(operator: str, found: object, wanted: str) -> bool:
    if isinstance(found, (list, tuple, set)):
        return any(_compare(operator, item, wanted) for item in found)
    if found is None:
        return operator == "ne"
    have = str(found).casefold() if not isinstance(found, bool) else str(found).lower()
    want = wanted.casefold()
    match operator:
        case "eq":
            return have == want
        case "ne":
            return have != want
        case "sw":
            return have.startswith(want)
        case "ew":
            return have.endswith(want)
        case "co":
            return want in have
        case "gt":
            return have > want
        case "ge":
            return have >= want
        case "lt":
            return have < want
        case _:
            return have <= want
