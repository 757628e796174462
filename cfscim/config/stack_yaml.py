"""YAML text -> the value the Pulumi engine would read, with the line of every key and item.

PyYAML composes the document; how deep it may nest is checked before each step down, because
composing recurses and hostile nesting would end the interpreter instead of one line. What the
words mean follows Go's yaml.v3, with which the engine reads stack files.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.composer import Composer

from cfscim.config.credentials import MASK, looks_secret
from cfscim.config.messages import Keys, Message, Where

_PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST = 40
_MOST_VALUES = 100_000
_TAG = "tag:yaml.org,2002:"
_PLAIN = "plain"
_WORDS = {_PLAIN, *(_TAG + kind for kind in ("int", "float", "bool", "null", "timestamp"))}
_SCALARS = {"!", _TAG + "str", *_WORDS}
_CONTAINERS = {"!", _TAG + "map", _TAG + "seq"}


@dataclass
class Tree:
    """A YAML document: its value, the line of each key path, and what is wrong with the text.

    `written` holds, by key path, the text of words that are not read as text.
    """

    value: object = None
    lines: dict[Keys, int] = field(default_factory=dict)
    written: dict[Keys, str] = field(default_factory=dict)
    problems: list[Message] = field(default_factory=list)


def read_tree(text: str) -> Tree:
    """Reads one YAML document; never raises for bad text, but lists it in `problems`."""
    tree = Tree()
    try:
        root = _Document(text).root()
        if root is not None:
            tree.value = _Values(tree).value(root, (), 0)
    except yaml.MarkedYAMLError as error:
        return Tree(problems=[*tree.problems, _syntax(error, text)])
    except yaml.YAMLError:
        what = "a character that YAML does not allow stands in the file"
        return Tree(problems=[_file_problem(what, 1)])
    except _RefusedError as refused:
        return Tree(problems=[*tree.problems, refused.problem])
    return tree


class _RefusedError(Exception):
    """Reading stops here with this problem."""

    def __init__(self, problem: Message) -> None:
        super().__init__(problem.what)
        self.problem = problem


class _Alias(yaml.Node):
    """An alias where it stands; `value` is the node of its anchor."""

    def __init__(self, value: yaml.Node, mark: yaml.Mark) -> None:
        super().__init__("alias", value, mark, mark)


class _Document(Composer):
    """PyYAML's composer over libyaml's events, bounded in depth and with the place of aliases."""

    def __init__(self, text: str) -> None:
        super().__init__()
        events = _PARSER(text)
        self.check_event, self.peek_event = events.check_event, events.peek_event
        self.get_event = events.get_event
        self._steps: Keys = ()

    def root(self) -> yaml.Node | None:
        """The only document's node; nothing for an empty text."""
        self.get_event()
        root = None if self.check_event(yaml.StreamEndEvent) else self.compose_document()
        if not self.check_event(yaml.StreamEndEvent):
            second = self.peek_event().start_mark
            raise _refused(second, (), "a second YAML document begins here", "remove the ---")
        return root

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event, above = self.peek_event(), self._steps
        mark = event.start_mark
        if isinstance(parent, yaml.MappingNode) and index is None:
            if isinstance(event, yaml.ScalarEvent):
                return self.compose_scalar_node(event.anchor)
            raise _refused(mark, above, "a list or mapping is used as a key", "write a plain key")
        self._steps = (*above, *_step(index))
        if isinstance(event, yaml.AliasEvent):
            node = self._alias(event, mark)
        else:
            self._check(event, mark)
            self.anchors.pop(event.anchor, None)  # yaml.v3 takes the last anchor of a name
            node = super().compose_node(parent, index)
        self._steps = above
        return node

    def _alias(self, event: yaml.AliasEvent, mark: yaml.Mark) -> _Alias:
        self.get_event()
        if event.anchor not in self.anchors:
            what = "an alias names no anchor above it"
            raise _refused(mark, self._steps, what, "write the value itself")
        return _Alias(self.anchors[event.anchor], mark)

    def _check(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent, mark: yaml.Mark) -> None:
        """Refuses what nests too deep, before it is composed, and tags that would hide a value."""
        collection = isinstance(event, yaml.CollectionStartEvent)
        if collection and len(self._steps) >= _DEEPEST:
            raise _too_deep(mark.line + 1, self._steps)
        if event.tag is not None and event.tag not in (_CONTAINERS if collection else _SCALARS):
            instead = "remove the word beginning with !"
            raise _refused(mark, self._steps, "a YAML tag stands here", instead)

    def resolve(self, _kind: type, _value: str | None, implicit: tuple[bool, bool] | bool) -> str:
        """Whether a scalar without a tag stands bare, and may mean something else than its text."""
        return _PLAIN if isinstance(implicit, tuple) and implicit[0] else "text"

    def descend_resolver(self, _parent: yaml.Node | None, _index: object) -> None:
        """Tags do not depend on the path."""

    def ascend_resolver(self) -> None:
        """Tags do not depend on the path."""


def _step(index: object) -> Keys:
    """The step down to a node: none to the root."""
    if isinstance(index, yaml.ScalarNode):
        return (index.value,)
    return (index,) if isinstance(index, int) else ()


class _Values:
    """Turns nodes into values, and notes lines and problems in the tree."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._within: list[yaml.Node] = []
        self._unfolding: tuple[int, Keys] | None = None
        self._count = 0

    def value(self, node: yaml.Node, path: Keys, depth: int, above: Keys = ()) -> object:
        """The value of the node at `path`; `above` is the path of what holds it."""
        if isinstance(node, _Alias):
            return self._aliased(node, path, depth, above)
        if isinstance(node, yaml.ScalarNode):
            self._counted()
            return self._scalar(node, path)
        if depth >= _DEEPEST:
            raise _too_deep(*(self._unfolding or (node.start_mark.line + 1, path)))
        self._within.append(node)
        made = (
            self._mapping(node, path, depth + 1)
            if isinstance(node, yaml.MappingNode)
            else self._list(node, path, depth + 1)
        )
        self._within.pop()
        self._counted()
        return made

    def _aliased(self, alias: _Alias, path: Keys, depth: int, above: Keys) -> object:
        mark = alias.start_mark
        if any(alias.value is node for node in self._within):
            raise _refused(mark, path, "an alias stands inside its own anchor", "remove it")
        outermost = self._unfolding is None
        if outermost:
            self._unfolding = (mark.line + 1, above)
        value = self.value(alias.value, path, depth, above)
        if outermost:
            self._unfolding = None
        return value

    def _scalar(self, node: yaml.ScalarNode, path: Keys) -> object:
        value = plain_scalar(node.value) if node.tag in _WORDS else node.value
        if not isinstance(value, str) and node.value and self._unfolding is None:
            self._tree.written[path] = node.value
        return value

    def _list(self, node: yaml.Node, path: Keys, depth: int) -> list[object]:
        items = []
        for index, item in enumerate(node.value):
            place = (*path, index)
            self._note(place, item.start_mark)
            items.append(self.value(item, place, depth, path))
        return items

    def _mapping(self, node: yaml.Node, path: Keys, depth: int) -> dict[str, object]:
        mapping: dict[str, object] = {}
        merged: list[tuple[object, int]] = []
        for key, value in node.value:
            place = (*path, key.value)
            if key.value == "<<" and key.tag in _WORDS:
                line = value.start_mark.line + 1
                if isinstance(value, yaml.CollectionNode):
                    line = self._tree.lines.get(path, 1)
                merged.append((self.value(value, place, depth, path), line))
                continue
            if key.value in mapping and self._unfolding is None:
                line = key.start_mark.line + 1
                self._tree.problems.append(_twice(place, self._tree.lines[place], line))
            self._note(place, key.start_mark)
            mapping[key.value] = self.value(value, place, depth, path)
        for source, line in merged:
            self._merge(mapping, path, source, line)
        return mapping

    def _merge(self, target: dict[str, object], path: Keys, source: object, line: int) -> None:
        for mapping in source if isinstance(source, list) else [source]:
            if not isinstance(mapping, dict):
                problem = _file_problem("<< merges something that is no mapping", line)
                self._tree.problems.append(problem)
                continue
            for key, value in mapping.items():
                if key not in target:
                    target[key] = value
                    self._tree.lines.setdefault((*path, key), line)

    def _note(self, path: Keys, mark: yaml.Mark) -> None:
        if self._unfolding is None:
            self._tree.lines[path] = mark.line + 1

    def _counted(self) -> None:
        self._count += 1
        if self._count > _MOST_VALUES:
            what = f"the file unfolds to more than {_MOST_VALUES:,} values"
            raise _RefusedError(_file_problem(what, None))


def _at(keys: Keys, line: int | None) -> Where:
    """The place; a path that reads like a credential as a whole is masked as a whole."""
    where = Where(keys, line=line)
    return Where((MASK,), line=line) if looks_secret(where.path) else where


def _file_problem(what: str, line: int | None, keys: Keys = (), instead: str = "") -> Message:
    return Message(
        _at(keys, line),
        what=what,
        why="the stack's config cannot be read for certain",
        instead=instead or "write plain YAML: keys and values, indented with spaces",
    )


def _refused(mark: yaml.Mark, path: Keys, what: str, instead: str) -> _RefusedError:
    return _RefusedError(_file_problem(what, mark.line + 1, path, instead))


def _too_deep(line: int, path: Keys) -> _RefusedError:
    what = f"keys are nested more than {_DEEPEST} deep"
    while len(Where(path).path) > _LONGEST:
        path = path[:-1]
    return _RefusedError(_file_problem(what, line, path))


def _twice(path: Keys, first: int, second: int) -> Message:
    return Message(
        _at(path, second),
        what=f"the key stands twice, first on line {first}",
        why="Pulumi refuses the file, and other readers silently take one of the two",
        instead="remove one of the two, or put both values under one key",
    )


def _syntax(error: yaml.MarkedYAMLError, text: str) -> Message:
    mark = error.problem_mark or error.context_mark
    number = mark.line + 1 if mark else None
    rows = text.splitlines()
    row = rows[number - 1] if number and number <= len(rows) else ""
    if "\t" in row[: len(row) - len(row.lstrip())]:
        return _file_problem("a tab is used to indent", number, instead="indent with spaces")
    what = f"this is no YAML: {error.problem or 'the text ends too early'}"
    return _file_problem(what, number, instead="correct the line, or the one before it")


_NULL = {"", "~", "null", "Null", "NULL"}
_TRUE = {"true", "True", "TRUE"}
_FALSE = {"false", "False", "FALSE"}
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9_]*)\Z")
_OCTAL = re.compile(r"[-+]?0o?[0-7_]+\Z")
_BASED = re.compile(r"[-+]?0(?:x[0-9a-fA-F_]+|b[01_]+)\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9_]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z")
_LARGEST = 2**64
_LONGEST = 200

Scalar = str | int | float | bool | None


def plain_scalar(text: str) -> Scalar:
    """The value of an unquoted word: null, true, false, a number, or the text itself."""
    if text in _NULL:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if text[0] not in "+-.0123456789":
        return text
    return _number(text)


def _number(text: str) -> Scalar:
    digits = text.replace("_", "")
    if len(digits) > _LONGEST:
        return text  # nothing in a stack file is such a number
    if _DECIMAL.match(text):
        return _sized(int(digits))
    if _OCTAL.match(text):
        return _sized(int(digits.replace("o", ""), 8))
    if _BASED.match(text):
        return _sized(int(digits, 0))
    if _NOT_FINITE.match(text):
        return float(text.lower().replace(".", ""))
    if _FLOAT.match(text) and any(char.isdigit() for char in digits):
        return float(digits)
    return text


def _sized(number: int) -> int | float:
    """Numbers beyond 64 bits lose digits in the engine."""
    return number if -_LARGEST // 2 <= number < _LARGEST else float(number)
