"""Scoping filters: the operators, and whether an object passes.

Clauses of a group are AND'ed, groups are OR'ed, text is compared with case, and a clause on an
empty attribute is false unless it asks for emptiness. IsMemberOf does not exist. Source:
https://learn.microsoft.com/entra/identity/app-provisioning/define-conditional-rules-for-provisioning-user-accounts
Strength: the operators D; their names on the wire and which attribute types they list I.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

_TEXT = ("String",)
_NUMBERS = ("String", "Integer")
_ANYTHING = ("String", "Integer", "Boolean", "Reference", "Binary", "DateTime")


@dataclass(frozen=True)
class Operator:
    """One operator: how many operands, for which attribute types, and its test."""

    name: str
    unary: bool
    types: tuple[str, ...]
    test: Callable[[str, str], bool]
    integer_operand: bool = False
    regex_operand: bool = False


def _greater(value: str, wanted: str) -> bool:
    return value.isdecimal() and int(value) > int(wanted)


def _greater_or_equal(value: str, wanted: str) -> bool:
    return value.isdecimal() and int(value) >= int(wanted)


_ALL = (
    Operator("EQUALS", False, _NUMBERS, lambda value, wanted: value == wanted),
    Operator("NOT EQUALS", False, _NUMBERS, lambda value, wanted: value != wanted),
    Operator("IS NULL", True, _ANYTHING, lambda value, _: not value),
    Operator("IS NOT NULL", True, _ANYTHING, lambda value, _: bool(value)),
    Operator("IS TRUE", True, ("Boolean",), lambda value, _: value == "True"),
    Operator("IS FALSE", True, ("Boolean",), lambda value, _: value == "False"),
    Operator(
        "REGEX MATCH",
        False,
        _TEXT,
        lambda value, wanted: bool(re.search(wanted, value)),
        regex_operand=True,
    ),
    Operator(
        "NOT REGEX MATCH",
        False,
        _TEXT,
        lambda value, wanted: not re.search(wanted, value),
        regex_operand=True,
    ),
    Operator("Greater_Than", False, _NUMBERS, _greater, integer_operand=True),
    Operator("Greater_Than_OR_EQUALS", False, _NUMBERS, _greater_or_equal, integer_operand=True),
    Operator("Includes", False, _TEXT, lambda value, wanted: wanted in value),
    Operator("ENDS_WITH", False, _TEXT, lambda value, wanted: value.endswith(wanted)),
    Operator("&", False, _TEXT, lambda value, wanted: value in wanted),
    Operator("!&", False, _TEXT, lambda value, wanted: value not in wanted),
)
OPERATORS: Mapping[str, Operator] = {operator.name: operator for operator in _ALL}


def operator_documents() -> list[dict[str, object]]:
    """What ``schema/filterOperators`` answers."""
    return [
        {
            "id": operator.name,
            "name": operator.name,
            "arity": "Unary" if operator.unary else "Binary",
            "multivaluedComparisonType": "All",
            "supportedAttributeTypes": list(operator.types),
        }
        for operator in _ALL
    ]


def as_text(value: JsonValue) -> str:
    """An attribute as filters and expressions see it: empty for null, True and False as words."""
    return "" if value is None else str(value)


def in_scope(scope: JsonValue, attributes: Mapping[str, JsonValue]) -> bool:
    """Does an object pass an object mapping's scope? No groups means everybody."""
    groups = scope.get("groups") if isinstance(scope, dict) else None
    if not isinstance(groups, list) or not groups:
        return True
    return any(_group_holds(group, attributes) for group in groups)


def _group_holds(group: JsonValue, attributes: Mapping[str, JsonValue]) -> bool:
    clauses = group.get("clauses") if isinstance(group, dict) else None
    if not isinstance(clauses, list):
        return False
    return all(isinstance(c, dict) and _clause_holds(c, attributes) for c in clauses)


def _clause_holds(clause: dict[str, JsonValue], attributes: Mapping[str, JsonValue]) -> bool:
    operator = OPERATORS[str(clause["operatorName"])]
    value = as_text(attributes.get(str(clause["sourceOperandName"])))
    if operator.name == "IS NULL":
        return not value
    if not value:
        return False
    if operator.unary:
        return operator.test(value, "")
    return any(operator.test(value, wanted) for wanted in operands(clause))


def operands(clause: Mapping[str, JsonValue]) -> list[str]:
    """The values of a clause's target operand."""
    operand = clause.get("targetOperand")
    values = operand.get("values") if isinstance(operand, dict) else None
    return [str(value) for value in values] if isinstance(values, list) else []
