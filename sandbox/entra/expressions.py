"""Attribute mapping sources: ``[mail]``, constants, and functions such as Switch and Join.

Source: https://learn.microsoft.com/entra/identity/app-provisioning/functions-for-customizing-application-data
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from sandbox.entra.filters import as_text

_TOKEN = re.compile(
    r'\s*(?:\[(?P<attribute>[^\]]+)\]|"(?P<text>(?:[^"\\]|\\.)*)"|(?P<word>\w+)|(?P<sign>[(),]))'
)
_MAX_DEPTH = 20


class ExpressionError(Exception):
    """The expression cannot be read, or uses a function this sandbox does not have."""


@dataclass(frozen=True)
class _Node:
    """``kind``: attribute, text, call or empty (an argument left out)."""

    kind: str
    value: str = ""
    arguments: tuple["_Node", ...] = ()


def attributes_of(source: Mapping[str, JsonValue]) -> set[str]:
    """The source attributes a mapping reads. Raises ExpressionError."""
    found: set[str] = set()
    waiting = [_read(source)]
    while waiting:
        node = waiting.pop()
        if node.kind == "attribute":
            found.add(node.value)
        waiting += node.arguments
    return found


def evaluate(source: Mapping[str, JsonValue], attributes: Mapping[str, JsonValue]) -> JsonValue:
    """The value a mapping's source has for an object; None when empty."""
    node = _read(source)
    if node.kind == "attribute":  # keeps lists and references as they are
        return attributes.get(node.value)
    return _text(node, attributes) or None


def _read(source: Mapping[str, JsonValue]) -> _Node:
    kind, expression = source.get("type"), source.get("expression")
    if kind == "Attribute":
        name = source.get("name") or str(expression or "").strip("[] ")
        return _Node("attribute", str(name))
    if kind == "Constant":
        value = expression if expression is not None else source.get("name")
        return _Node("text", str(value or "").strip('"'))
    if kind != "Function":
        raise ExpressionError(f"unknown source type '{kind}'")
    parser = _Parser(str(expression or ""))
    node = parser.value(0)
    parser.end()
    return node


class _Parser:
    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def _match(self) -> re.Match[str]:
        match = _TOKEN.match(self._text, self._at)
        if match is None:
            raise ExpressionError(f"cannot read the expression at position {self._at}")
        return match

    def _sign(self, wanted: str) -> bool:
        match = _TOKEN.match(self._text, self._at)
        if match is None or match.group("sign") != wanted:
            return False
        self._at = match.end()
        return True

    def end(self) -> None:
        """Nothing may be left."""
        if self._text[self._at :].strip():
            raise ExpressionError(f"unexpected text at position {self._at}")

    def value(self, depth: int) -> _Node:
        """An attribute, a text, or a call."""
        if depth > _MAX_DEPTH:
            raise ExpressionError("too deeply nested")
        match = self._match()
        self._at = match.end()
        if match.group("attribute") is not None:
            return _Node("attribute", match.group("attribute"))
        if match.group("text") is not None:
            return _Node("text", match.group("text"))
        name = match.group("word")
        if name is None or not self._sign("("):
            raise ExpressionError(f"unexpected '{match.group(0).strip()}'")
        if name not in _FUNCTIONS:
            raise ExpressionError(f"this sandbox has no function '{name}'")
        arguments = [self._argument(depth)]
        while self._sign(","):
            arguments.append(self._argument(depth))
        if not self._sign(")"):
            raise ExpressionError(f"the arguments of '{name}' do not end")
        return _Node("call", name, tuple(arguments))

    def _argument(self, depth: int) -> _Node:
        match = _TOKEN.match(self._text, self._at)
        if match is not None and match.group("sign") in (",", ")"):
            return _Node("empty")
        return self.value(depth + 1)


def _text(node: _Node, attributes: Mapping[str, JsonValue]) -> str:
    if node.kind == "attribute":
        return as_text(attributes.get(node.value))
    if node.kind == "call":
        return _FUNCTIONS[node.value]([_text(argument, attributes) for argument in node.arguments])
    return node.value


def _switch(arguments: list[str]) -> str:
    """Switch(source, default, key1, value1, …)."""
    source, default, *pairs = [*arguments, ""] if len(arguments) == 1 else arguments
    for key, value in zip(pairs[::2], pairs[1::2], strict=False):
        if key == source:
            return value
    return default


def _join(arguments: list[str]) -> str:
    return arguments[0].join(part for part in arguments[1:] if part)


def _not(arguments: list[str]) -> str:
    return {"True": "False", "False": "True"}.get(arguments[0], "")


_FUNCTIONS: dict[str, Callable[[list[str]], str]] = {
    "Switch": _switch,
    "Join": _join,
    "Not": _not,
    "Append": "".join,
    "Coalesce": lambda arguments: next((part for part in arguments if part), ""),
    "ToLower": lambda arguments: arguments[0].lower(),
    "ToUpper": lambda arguments: arguments[0].upper(),
    "StripSpaces": lambda arguments: arguments[0].replace(" ", ""),
}
