"""Attribute mapping sources: ``[mail]``, constants, and functions such as Switch and Join.

Source (D): https://learn.microsoft.com/entra/identity/app-provisioning/functions-for-customizing-application-data
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedInput
from lark.exceptions import VisitError
from pydantic import JsonValue

from sandbox.entra.provisioning.filters import as_text

_PARSER = Lark(
    r"""
    ?start: value
    ?value: "[" ATTRIBUTE "]"                   -> attribute
          | TEXT                                -> text
          | NAME "(" argument ("," argument)* ")"  -> call
    argument: value?
    ATTRIBUTE: /[^\]]+/
    TEXT: /"(?:[^"\\]|\\.)*"/
    NAME: /\w+/
    %ignore /\s+/
    """,
    parser="lalr",
    lexer="contextual",
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
    names: set[str] = set()
    waiting = [_read(source)]
    while waiting:
        node = waiting.pop()
        if node.kind == "attribute":
            names.add(node.value)
        waiting += node.arguments
    return names


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
    text = str(expression or "")
    if text.count("(") > _MAX_DEPTH:
        raise ExpressionError("too deeply nested")
    try:
        return _Reader().transform(_PARSER.parse(text))
    except UnexpectedInput as error:
        raise ExpressionError(
            f"cannot read the expression at position {error.pos_in_stream}"
        ) from error
    except VisitError as error:
        raise error.orig_exc from error


class _Reader(Transformer[Token, _Node]):
    """Turns the parsed text into nodes, from the leaves up."""

    def attribute(self, tokens: list[Token]) -> _Node:
        return _Node("attribute", str(tokens[0]))

    def text(self, tokens: list[Token]) -> _Node:
        return _Node("text", tokens[0][1:-1])

    def argument(self, nodes: list[_Node]) -> _Node:
        return nodes[0] if nodes else _Node("empty")

    def call(self, parts: list[Any]) -> _Node:
        name = str(parts[0])
        if name not in _FUNCTIONS:
            raise ExpressionError(f"this sandbox has no function '{name}'")
        return _Node("call", name, tuple(parts[1:]))


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
