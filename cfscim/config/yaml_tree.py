"""YAML text -> the value the Pulumi engine would read, with the line of every key and item.

Reads libyaml's events in a loop of its own: no recursion, so that hostile nesting cannot overflow
the stack, and a bound on what aliases may unfold to.
"""

from dataclasses import dataclass, field

import yaml

from cfscim.config.credentials import MASK, looks_secret
from cfscim.config.messages import Problem
from cfscim.config.yaml_scalars import plain_scalar

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST = 40
_MOST_VALUES = 100_000
_TAG = "tag:yaml.org,2002:"
_STR = _TAG + "str"
_WORDS = {_TAG + kind for kind in ("int", "float", "bool", "null", "timestamp")}
_CONTAINERS = {None, "!", _TAG + "map", _TAG + "seq"}


@dataclass
class Tree:
    """A YAML document: its value, the line of each key path, and what is wrong with the text.

    `written` holds, by key path, the text of words that are not read as text.
    """

    value: object = None
    lines: dict[str, int] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


@dataclass
class _Node:
    """A finished value with how many values it holds and how deep they go."""

    value: object
    size: int = 1
    depth: int = 0


@dataclass
class _Open:
    """A mapping or list whose end has not been read yet."""

    node: _Node
    path: str
    anchor: str | None
    is_mapping: bool
    key: str | None = None
    merged: list[tuple[object, int]] = field(default_factory=list)
    merging: bool = False


class _RefusedError(Exception):
    """Reading stops here with this problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.what)
        self.problem = problem


def read_tree(text: str) -> Tree:
    """Reads one YAML document; never raises for bad text, but lists it in `problems`."""
    reader = _Reader()
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            reader.take(event)
    except yaml.MarkedYAMLError as error:
        reader.tree.problems.append(_syntax(error, text))
    except yaml.YAMLError:
        reader.tree.problems.append(
            _file_problem("a character that YAML does not allow stands in the file", 1)
        )
    except _RefusedError as refused:
        reader.tree.problems.append(refused.problem)
    else:
        return reader.tree
    return Tree(problems=reader.tree.problems)


class _Reader:
    """Takes events one by one and builds the tree."""

    def __init__(self) -> None:
        self.tree = Tree()
        self._open: list[_Open] = []
        self._anchors: dict[str, _Node | None] = {}
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        """Adds what one event says."""
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._begin(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._end()
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise _refused(event, "", "a second YAML document begins here", "remove the ---")

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        parent = self._open[-1] if self._open else None
        plain = event.implicit[0] or event.tag in _WORDS
        if parent is not None and parent.is_mapping and parent.key is None:
            self._key(parent, event, plain)
            return
        path = self._place(event)
        if not plain and event.tag not in (None, "!", _STR):
            raise _refused(
                event, path, "a YAML tag stands here", "remove the word beginning with !"
            )
        value = plain_scalar(event.value) if plain else event.value
        if not isinstance(value, str) and event.value:
            self.tree.written[path] = event.value
        self._deliver(event, _Node(value), event.anchor)

    def _key(self, parent: _Open, event: yaml.ScalarEvent, plain: bool) -> None:
        line = event.start_mark.line + 1
        if plain and event.value == "<<":
            parent.key, parent.merging = "<<", True
            return
        parent.key = event.value
        path = _below(parent.path, event.value)
        if isinstance(parent.node.value, dict) and event.value in parent.node.value:
            self.tree.problems.append(_twice(path, self.tree.lines[path], line))
        self.tree.lines[path] = line

    def _begin(self, event: yaml.CollectionStartEvent) -> None:
        path = self._place(event)
        if len(self._open) >= _DEEPEST:
            raise _too_deep(event, path)
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        if event.tag not in _CONTAINERS:
            raise _refused(
                event, path, "a YAML tag stands here", "remove the word beginning with !"
            )
        if event.anchor:
            self._anchors[event.anchor] = None
        node = _Node({} if is_mapping else [])
        self._open.append(_Open(node, path, event.anchor, is_mapping))

    def _end(self) -> None:
        closed = self._open.pop()
        for merged, line in closed.merged:
            self._merge(closed, merged, line)
        self._deliver(None, closed.node, closed.anchor)

    def _alias(self, event: yaml.AliasEvent) -> None:
        path = self._place(event)
        if event.anchor not in self._anchors:
            raise _refused(
                event, path, "an alias names no anchor above it", "write the value itself"
            )
        node = self._anchors[event.anchor]
        if node is None:
            raise _refused(event, path, "an alias stands inside its own anchor", "remove it")
        self._deliver(event, node, None)

    def _place(self, event: yaml.NodeEvent) -> str:
        """The path of the value that begins with this event; lines of list items are kept here."""
        if not self._open:
            return ""
        parent = self._open[-1]
        if not parent.is_mapping:
            items = parent.node.value
            assert isinstance(items, list)
            path = f"{parent.path}[{len(items)}]"
            self.tree.lines[path] = event.start_mark.line + 1
            return path
        if parent.key is None:
            raise _refused(
                event, parent.path, "a list or mapping is used as a key", "write a plain key"
            )
        return _below(parent.path, parent.key)

    def _deliver(self, event: yaml.NodeEvent | None, node: _Node, anchor: str | None) -> None:
        if anchor:
            self._anchors[anchor] = node
        if not self._open:
            self.tree.value = node.value
            return
        parent = self._open[-1]
        if isinstance(parent.node.value, list):
            parent.node.value.append(node.value)
        elif isinstance(parent.node.value, dict) and parent.key is not None:
            if parent.merging:
                line = event.start_mark.line + 1 if event else self.tree.lines.get(parent.path, 1)
                parent.merged.append((node.value, line))
            else:
                parent.node.value[parent.key] = node.value
            parent.key, parent.merging = None, False
        parent.node.size += node.size
        parent.node.depth = max(parent.node.depth, node.depth + 1)
        if parent.node.size > _MOST_VALUES:
            raise _RefusedError(
                _file_problem(f"the file unfolds to more than {_MOST_VALUES:,} values", None)
            )
        if len(self._open) + node.depth > _DEEPEST:
            raise _too_deep(event, parent.path)

    def _merge(self, into: _Open, merged: object, line: int) -> None:
        target = into.node.value
        assert isinstance(target, dict)
        for one in merged if isinstance(merged, list) else [merged]:
            if not isinstance(one, dict):
                problem = _file_problem("<< merges something that is no mapping", line)
                self.tree.problems.append(problem)
                continue
            for key, value in one.items():
                if key not in target:
                    target[key] = value
                    self.tree.lines.setdefault(_below(into.path, key), line)


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _file_problem(what: str, line: int | None, path: str = "", instead: str = "") -> Problem:
    return Problem(
        path=MASK if looks_secret(path) else path,
        what=what,
        why="the stack's config cannot be read for certain",
        instead=instead or "write plain YAML: keys and values, indented with spaces",
        line=line,
    )


def _refused(event: yaml.Event, path: str, what: str, instead: str) -> _RefusedError:
    return _RefusedError(_file_problem(what, event.start_mark.line + 1, path, instead))


def _too_deep(event: yaml.Event | None, path: str) -> _RefusedError:
    line = event.start_mark.line + 1 if event else None
    return _RefusedError(
        _file_problem(f"keys are nested more than {_DEEPEST} deep", line, path[:200])
    )


def _twice(path: str, first: int, second: int) -> Problem:
    return Problem(
        path=MASK if looks_secret(path) else path,
        what=f"the key stands twice, first on line {first}",
        why="Pulumi refuses the file, and other readers silently take one of the two",
        instead="remove one of the two, or put both values under one key",
        line=second,
    )


def _syntax(error: yaml.MarkedYAMLError, text: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    number = mark.line + 1 if mark else None
    rows = text.splitlines()
    row = rows[number - 1] if number and number <= len(rows) else ""
    if "\t" in row[: len(row) - len(row.lstrip())]:
        return _file_problem("a tab is used to indent", number, instead="indent with spaces")
    what = f"this is no YAML: {error.problem or 'the text ends too early'}"
    return _file_problem(what, number, instead="correct the line, or the one before it")
