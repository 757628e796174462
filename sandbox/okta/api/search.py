"""Okta's search and filter expressions, as in ``profile.email eq "ada@example.com"``.

They are SCIM filters over attribute paths. In a search text compares without regard to case, and
``ne``, ``ew`` and ``not`` are none of its operators; a filter compares as it stands, by ``eq`` and
of ``lastUpdated`` by order too (D, okta-management: listUsers).
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
_ORDER = ("gt", "ge", "lt", "le")
_FILTERED = ("eq",)
SEARCHED = ("eq", "sw", "co", *_ORDER)
"""The operators of a search; the System Log has more."""
LOGGED = (*SEARCHED, "ne", "ew")
"""The operators of the System Log's filter (D: system log query)."""
_MOST_PARENTHESES = 50  # deeper than any client's, and far from the parser's own limit


def expression(
    text: str, known: Collection[str] | None = None, operators: Collection[str] = SEARCHED
) -> Test:
    """A test over records whose keys are attribute paths (``profile.email``).

    ``known``: of a filter, the attributes that this list can be asked for; None: all. Raises
    OktaError (E0000031) for an expression that Okta would refuse.
    """
    if text.count("(") > _MOST_PARENTHESES:
        raise bad_search()
    try:
        tree = ScimFilter(text).ast
    except InvalidFilterException as error:
        raise bad_search() from error
    return _Tests(known, operators).visit(tree)


class _Tests(FilterVisitor[Test]):
    """Turns a filter's tree into a test."""

    def __init__(self, known: Collection[str] | None, operators: Collection[str]) -> None:
        self._known, self._searched = known, operators

    def visit_logical_expr(self, node: LogicalExpr) -> Test:
        tests = [self.visit(term) for term in node.terms]
        every = all if node.op is LogicalOperator.and_ else any
        return lambda record: every(test(record) for test in tests)

    def visit_present(self, node: Present) -> Test:
        path = self._path(node.attr_path)
        return lambda record: record.get(path) not in (None, "")

    def visit_comparison(self, node: Comparison) -> Test:
        path, operator = self._path(node.attr_path), str(node.op)
        if operator not in self._operators(path):
            raise bad_search()
        value = node.value if not isinstance(node.value, bool) else str(node.value).lower()
        fold = str.casefold if self._known is None else str
        return lambda record: _compare(operator, record.get(path), str(value), fold)

    def visit_not(self, node: Not) -> Test:
        del node
        raise bad_search()

    def visit_value_path(self, node: ValuePath) -> Test:
        del node
        raise bad_search()

    def _operators(self, path: str) -> Collection[str]:
        if self._known is None:
            return self._searched
        return (*_FILTERED, *_ORDER) if path.startswith("last") else _FILTERED

    def _path(self, path: AttrPath) -> str:
        name = f"{path.attr}.{path.sub_attr}" if path.sub_attr else path.attr
        if self._known is not None and name not in self._known:
            raise bad_search()
        return name


def _compare(operator: str, value: object, wanted: str, fold: Callable[[str], str]) -> bool:
    if isinstance(value, (list, tuple, set)):
        return any(_compare(operator, item, wanted, fold) for item in value)
    if value is None:
        return operator == "ne"
    have = fold(str(value)) if not isinstance(value, bool) else str(value).lower()
    want = fold(wanted)
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
