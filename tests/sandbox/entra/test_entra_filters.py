"""Scoping filters and mapping expressions, rule by rule, without a server."""

import pytest

from sandbox.entra.provisioning.expressions import ExpressionError, evaluate
from sandbox.entra.provisioning.filters import in_scope
from sandbox.entra.provisioning.schema import ACTIVE_EXPRESSION
from tests.sandbox.entra.entra_support import scope

PERSON = {
    "department": "Sales",
    "employeeId": "120",
    "accountEnabled": True,
    "city": None,
    "mail": "ada@example.com",
}


@pytest.mark.parametrize(
    ("attribute", "operator", "value", "passes"),
    [
        ("department", "EQUALS", "Sales", True),
        ("department", "EQUALS", "sales", False),
        ("department", "NOT EQUALS", "Legal", True),
        ("department", "NOT EQUALS", "Sales", False),
        ("city", "NOT EQUALS", "Paris", False),
        ("city", "IS NULL", None, True),
        ("city", "IS NOT NULL", None, False),
        ("department", "IS NULL", None, False),
        ("department", "IS NOT NULL", None, True),
        ("accountEnabled", "IS TRUE", None, True),
        ("accountEnabled", "IS FALSE", None, False),
        ("mail", "REGEX MATCH", r"@example\.com$", True),
        ("mail", "REGEX MATCH", r"@EXAMPLE\.com$", False),
        ("mail", "NOT REGEX MATCH", r"@example\.com$", False),
        ("mail", "NOT REGEX MATCH", r"@other\.com$", True),
        ("city", "NOT REGEX MATCH", "x", False),
        ("employeeId", "Greater_Than", "119", True),
        ("employeeId", "Greater_Than", "120", False),
        ("employeeId", "Greater_Than_OR_EQUALS", "120", True),
        ("department", "Greater_Than", "1", False),
        ("department", "Includes", "ale", True),
        ("department", "Includes", "ALE", False),
        ("mail", "ENDS_WITH", ".com", True),
        ("mail", "ENDS_WITH", ".org", False),
        ("department", "&", "Sales and Legal", True),
        ("department", "&", "Legal", False),
        ("department", "!&", "Legal", True),
        ("department", "!&", "Sales and Legal", False),
    ],
)
def test_operator(attribute: str, operator: str, value: str | None, passes: bool) -> None:
    assert in_scope(scope([(attribute, operator, value)]), PERSON) is passes


def test_clauses_are_anded_and_groups_are_ored() -> None:
    right, wrong = ("department", "EQUALS", "Sales"), ("department", "EQUALS", "Legal")
    assert not in_scope(scope([right, wrong]), PERSON)
    assert in_scope(scope([wrong], [right]), PERSON)
    assert in_scope(scope([right, ("employeeId", "EQUALS", "120")]), PERSON)


@pytest.mark.parametrize("empty", [None, {"groups": []}])
def test_no_filter_lets_everybody_pass(empty: object) -> None:
    assert in_scope(empty, PERSON)  # type: ignore[arg-type]


def call(expression: str, **attributes: object) -> object:
    source = {"type": "Function", "expression": expression}
    return evaluate(source, attributes)  # type: ignore[arg-type]


@pytest.mark.parametrize(("soft_deleted", "active"), [(False, "True"), (True, "False")])
def test_active_is_the_opposite_of_soft_deleted(soft_deleted: bool, active: str) -> None:
    assert call(ACTIVE_EXPRESSION, IsSoftDeleted=soft_deleted) == active
    assert call("Not([IsSoftDeleted])", IsSoftDeleted=soft_deleted) == active


def test_other_functions() -> None:
    assert call('Join(" ", [a], [b])', a="Ada", b="Lovelace") == "Ada Lovelace"
    assert call('Join(" ", [a], [b])', a="Ada", b=None) == "Ada"
    assert call("Coalesce([a], [b])", a=None, b="x") == "x"
    assert call('ToLower(Append([a], "@X"))', a="ADA") == "ada@x"
    assert call('Switch([a], "other", "1", "one")', a="2") == "other"


@pytest.mark.parametrize("wrong", ["Nonsense([a])", "Join(", "[a] [b]", 'Not("x")) ', "Mid"])
def test_an_expression_that_cannot_be_read(wrong: str) -> None:
    with pytest.raises(ExpressionError):
        call(wrong, a="x")
