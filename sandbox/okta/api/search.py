"""Okta's search and filter expressions, as in ``profile.email eq "ada@example.com"``.

They are SCIM filters over attribute paths; text compares without regard to case. Source:
https://developer.okta.com/docs/reference/core-okta-api/#filter.
"""

from collections.abc import Callable, Collection, Mapping

from scim2_models import ScimFilter
from scim2_models.exceptions import InvalidFilterException
from scim2_models.path import (
    AttrPath,
    Comparison,
    FilterVisitor,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ValuePath,
)

from sandbox.okta.errors import bad_search

Record = Mapping[str, object]
Test = Callable[[Record], bool]
_MOST_PARENTHESES = 50  # deeper than any client's, and far from the parser's own limit


def expression(text: str, known: Collection[str] | None = None) -> Test:
    """A test over records whose keys are attribute paths (``profile.email``).

    ``known``: the only attributes that this list can be asked for; None allows all. Raises
    OktaError (E0000031) for an expression that Okta would refuse.
    """
    if text.count("(") > _MOST_PARENTHESES:
        raise bad_search(text, "too many parentheses")
    try:
        tree = ScimFilter(text).ast
    except InvalidFilterException as error:
        raise bad_search(text, str(error)) from error
    return _Tests(text, known).visit(tree)


class _Tests(FilterVisitor[Test]):
    """Turns a filter's tree into a test."""

    def __init__(self, text: str, known: Collection[str] | None) -> None:
        self._text, self._known = text, known

    def visit_logical_expr(self, node: LogicalExpr) -> Test:
        tests = [self.visit(term) for term in node.terms]
        every = all if node.op is LogicalOperator.and_ else any
        return lambda record: every(test(record) for test in tests)

    def visit_present(self, node: Present) -> Test:
        path = self._path(node.attr_path)
        return lambda record: record.get(path) not in (None, "")

    def visit_comparison(self, node: Comparison) -> Test:
        path, operator = self._path(node.attr_path), str(node.op)
        value = node.value if not isinstance(node.value, bool) else str(node.value).lower()
        return lambda record: _compare(operator, record.get(path), str(value))

    def visit_not(self, node: Not) -> Test:
        raise bad_search(self._text, f"{node} is unknown")

    def visit_value_path(self, node: ValuePath) -> Test:
        raise bad_search(self._text, f"{node} is unknown")

    def _path(self, path: AttrPath) -> str:
        name = f"{path.attr}.{path.sub_attr}" if path.sub_attr else path.attr
        if self._known is not None and name not in self._known:
            raise bad_search(self._text, f"{name!r} cannot be searched")
        return name


def _compare(operator: str, value: object, wanted: str) -> bool:
    if isinstance(value, (list, tuple, set)):
        return any(_compare(operator, item, wanted) for item in value)
    if value is None:
        return operator == "ne"
    have = str(value).casefold() if not isinstance(value, bool) else str(value).lower()
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
