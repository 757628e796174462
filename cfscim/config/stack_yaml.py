"""YAML text -> the value the Pulumi engine would read, with the line of every key and item.

PyYAML composes the document; how deep it may nest is checked before each step down, because
composing recurses and hostile nesting would end the interpreter instead of one line. What the
words mean follows Go's yaml.v3, with which the engine reads stack files.
"""

import copy
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NoReturn

import yaml
from yaml.composer import Composer
from yaml.resolver import BaseResolver

from cfscim.config.credentials import MASK, looks_secret
from cfscim.config.messages import ConfigError, Keys, Message, Where

_PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST = 40
_MOST_VALUES = 100_000
_LONGEST = 200
_TAG = "tag:yaml.org,2002:"
_WORDS = {_TAG + kind for kind in ("int", "float", "bool", "null", "timestamp")}
_SCALARS = {None, "!", _TAG + "str", *_WORDS}
_CONTAINERS = {None, "!", _TAG + "map", _TAG + "seq"}
_MOMENTS = (("expiresOn",), ("until",))
"""Keys of which the engine's own words for a moment are understood, too."""


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
        if (root := _Document(text).get_single_node()) is not None:
            tree.value = _Values(tree).value(root, (), None)
    except yaml.MarkedYAMLError as error:
        return Tree(problems=[_syntax(error, text)])
    except yaml.YAMLError:
        return Tree(problems=[_problem("a character that YAML does not allow stands in the file")])
    except ConfigError as refused:
        return Tree(problems=[*tree.problems, *refused.problems])
    return tree


class _Document(Composer, BaseResolver):
    """PyYAML's composer over libyaml's events, bounded in depth; an alias is a copy of its node
    with a place of its own."""

    DEFAULT_SCALAR_TAG = None  # type: ignore[assignment]  # an untagged word keeps no tag

    def __init__(self, text: str) -> None:
        super().__init__()
        events = _PARSER(text)
        self.check_event, self.peek_event = events.check_event, events.peek_event
        self.get_event = events.get_event
        self._steps: Keys = ()

    def compose_document(self) -> yaml.Node | None:
        root = super().compose_document()
        if not self.check_event(yaml.StreamEndEvent):
            self._refuse("a second YAML document begins here", "remove the ---")
        return root

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event, above = self.peek_event(), self._steps
        if isinstance(parent, yaml.MappingNode) and index is None:
            if not isinstance(event, yaml.ScalarEvent):
                self._refuse("a list or mapping is used as a key", "write a plain key")
            return self.compose_scalar_node(event.anchor)
        if parent is not None:
            self._steps = (*above, getattr(index, "value", index))
        if isinstance(event, yaml.AliasEvent):
            node = self._alias(event, parent, index)
        else:
            collection = isinstance(event, yaml.CollectionStartEvent)
            if collection and len(self._steps) >= _DEEPEST:
                raise _too_deep(event.start_mark.line + 1, self._steps)
            if event.tag not in (_CONTAINERS if collection else _SCALARS):  # it would hide a value
                self._refuse("a YAML tag stands here", "remove the word beginning with !")
            self.anchors.pop(event.anchor, None)  # yaml.v3 takes the last anchor of a name
            node = super().compose_node(parent, index)
        self._steps = above
        return node

    def _alias(self, event: yaml.AliasEvent, parent: yaml.Node | None, index: Any) -> yaml.Node:
        if event.anchor not in self.anchors:
            self._refuse("an alias names no anchor above it", "write the value itself")
        if self.anchors[event.anchor].end_mark is None:
            self._refuse("an alias stands inside its own anchor", "remove it")
        node: Any = copy.copy(super().compose_node(parent, index))
        node.start_mark, node.alias = event.start_mark, True
        return node

    def _refuse(self, what: str, instead: str) -> NoReturn:
        """Gives the document up at what comes next in it."""
        line = self.peek_event().start_mark.line + 1
        raise ConfigError([_problem(what, line, self._steps, instead)])


def _is_word(node: yaml.ScalarNode) -> bool:
    """Whether a scalar may mean something else than its text."""
    return node.tag in _WORDS or (node.tag is None and not node.style)


def _line(node: yaml.Node) -> int:
    return node.start_mark.line + 1


Alias = tuple[int, Keys] | None
"""Line and place of the outermost alias that is being unfolded."""


class _Values:
    """Turns nodes into values, and notes lines and problems in the tree."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._count = 0

    def value(self, node: yaml.Node, path: Keys, alias: Alias) -> object:
        """The value of a node at a key path. Raises `ConfigError` for too many or too deep
        values."""
        if alias is None and hasattr(node, "alias"):
            alias = (_line(node), path[:-1])
        if isinstance(node, yaml.ScalarNode):
            value = self._scalar(node, path, alias)
        elif len(path) >= _DEEPEST:
            raise _too_deep(*(alias or (_line(node), path)))
        elif isinstance(node, yaml.MappingNode):
            value = self._mapping(node, path, alias)
        else:
            value = [self._item(item, (*path, n), alias) for n, item in enumerate(node.value)]
        self._count += 1
        if self._count > _MOST_VALUES:
            what = f"the file unfolds to more than {_MOST_VALUES:,} values"
            raise ConfigError([_problem(what, None)])
        return value

    def _scalar(self, node: yaml.ScalarNode, path: Keys, alias: Alias) -> object:
        word, text = _is_word(node), node.value
        value = plain_scalar(text) if word else text
        if not isinstance(value, str) and text and alias is None:
            self._tree.written[path] = text
        if word and path[-1:] not in _MOMENTS and _is_time(text):
            self._tell(
                f"{text} is read as a moment, not as text",
                _line(node),
                path,
                f'write "{text}" in quotes',
                "the engine hands it on in other words, with a time of day and a zone",
            )
        untrue = node.tag in _WORDS and isinstance(value, str) and not _is_time(value)
        if untrue or (isinstance(value, float) and not math.isfinite(value)):
            self._tell("no value that the engine can read", _line(node), path)
        return value

    def _item(
        self, node: yaml.Node, path: Keys, alias: Alias, key: yaml.Node | None = None
    ) -> object:
        if alias is None:
            self._tree.lines[path] = _line(key or node)
        return self.value(node, path, alias)

    def _mapping(self, node: yaml.MappingNode, path: Keys, alias: Alias) -> dict[str, object]:
        mapping: dict[str, object] = {}
        merged: list[tuple[object, int]] = []
        for key, value in node.value:
            place = (*path, key.value)
            if key.value == "<<" and _is_word(key):
                if merged:
                    self._twice(place, merged[0][1], key)
                plain = isinstance(value, yaml.CollectionNode) and not hasattr(value, "alias")
                line = self._tree.lines.get(path, 1) if plain else _line(value)
                merged.append((self.value(value, place, alias), line))
                continue
            if key.value in mapping and alias is None:
                self._twice(place, self._tree.lines[place], key)
            mapping[key.value] = self._item(value, place, alias, key)
        for source, line in merged:
            self._merge(mapping, path, source, line)
        return mapping

    def _merge(self, target: dict[str, object], path: Keys, source: object, line: int) -> None:
        for mapping in source if isinstance(source, list) else [source]:
            if not isinstance(mapping, dict):
                self._tell("<< merges something that is no mapping", line)
                continue
            for key in mapping:
                if key not in target:
                    target[key] = mapping[key]
                    self._tree.lines.setdefault((*path, key), line)

    def _twice(self, path: Keys, first: int, key: yaml.Node) -> None:
        self._tell(
            f"the key stands twice, first on line {first}",
            _line(key),
            path,
            "remove one of the two, or put both values under one key",
            "Pulumi refuses the file, and other readers silently take one of the two",
        )

    def _tell(self, *parts: Any) -> None:
        self._tree.problems.append(_problem(*parts))


def _problem(
    what: str,
    line: int | None = 1,
    keys: Keys = (),
    instead: str = "write plain YAML: keys and values, indented with spaces",
    why: str = "the stack's config cannot be read for certain",
) -> Message:
    """A problem at a place; a path that reads like a credential as a whole is masked as a whole."""
    where = Where(keys, line=line)
    if looks_secret(where.path):
        where = Where((MASK,), line=line)
    return Message(where, what, why, instead)


def _too_deep(line: int, path: Keys) -> ConfigError:
    while len(Where(path).path) > _LONGEST:
        path = path[:-1]
    return ConfigError([_problem(f"keys are nested more than {_DEEPEST} deep", line, path)])


def _syntax(error: yaml.MarkedYAMLError, text: str) -> Message:
    mark = error.problem_mark or error.context_mark
    number = mark.line + 1 if mark else None
    rows = text.splitlines()
    row = rows[number - 1] if number and number <= len(rows) else ""
    if "\t" in row[: len(row) - len(row.lstrip())]:
        return _problem("a tab is used to indent", number, instead="indent with spaces")
    what = f"this is no YAML: {error.problem or 'the text ends too early'}"
    return _problem(what, number, instead="correct the line, or the one before it")


Scalar = str | int | float | bool | None


def _sized(number: int) -> int | float:
    """Numbers beyond 64 bits lose digits in the engine."""
    return number if -(2**63) <= number < 2**64 else float(number)


_NAMED: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBERS: dict[str, Callable[[str], Scalar]] = {
    r"[-+]?(?:0|[1-9][0-9]*)": lambda digits: _sized(int(digits)),
    r"[-+]?0o?[0-7]+": lambda digits: _sized(int(digits.replace("o", ""), 8)),
    r"[-+]?0(?:x[0-9a-fA-F]+|b[01]+)": lambda digits: _sized(int(digits, 0)),
    r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)": lambda word: float(word.replace(".", "")),
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?": float,
}


_DAY, _CLOCK = r"(\d{4})-(\d\d?)-(\d\d?)", r"(\d\d?):(\d\d?):(\d\d?)([.,]\d+)?"
_TIME = re.compile(rf"{_DAY}(?: {_CLOCK}|[Tt]{_CLOCK}(Z|[+-]\d\d:\d\d))?", re.ASCII)


def _is_time(text: str) -> bool:
    """Whether the engine reads a bare word as a moment (yaml.v3, resolve.go)."""
    match = _TIME.fullmatch(text)
    if match is None:
        return False
    try:
        datetime(*(int(part) for part in match.groups() if part and part.isdigit()))  # type: ignore[arg-type]
    except ValueError:
        return False
    return True


def plain_scalar(text: str) -> Scalar:
    """The value of an unquoted word: null, true, false, a number, or the text itself."""
    if text in _NAMED:
        return _NAMED[text]
    digits = text if text[0] in "._" else text.replace("_", "")
    if len(digits) <= _LONGEST:  # nothing in a stack file is such a number
        for pattern, number in _NUMBERS.items():
            if re.fullmatch(pattern, digits):
                return number(digits)
    return text
