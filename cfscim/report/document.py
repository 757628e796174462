"""A report for people, apart from how it is shown: as text on a terminal or as GitHub Markdown.

Plain strings in it are our own words; everything that came from a config is `Code`, so that a
renderer can make it harmless.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum


@dataclass(frozen=True)
class Code:
    """A value as it stands in a config, a file or a command."""

    text: str


@dataclass(frozen=True)
class Strong:
    """Our own words that must not be overlooked."""

    text: str


@dataclass(frozen=True)
class Prose:
    """A finished sentence that may quote config values, such as a warning or a step."""

    text: str


Inline = str | Code | Strong | Prose
Line = tuple[Inline, ...]


class Weight(IntEnum):
    """What is cut first when a report has to be short."""

    DETAIL = 0
    NORMAL = 1
    VITAL = 2
    NEVER_CUT = 3


@dataclass(frozen=True)
class Paragraph:
    """One line of text."""

    line: Line


@dataclass(frozen=True)
class Bullets:
    """A list; `numbered` where the order matters."""

    lines: tuple[Line, ...]
    weight: Weight = Weight.NORMAL
    numbered: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of cells under column titles."""

    head: tuple[str, ...]
    rows: tuple[tuple[Line, ...], ...]
    weight: Weight = Weight.NORMAL


@dataclass(frozen=True)
class Diff:
    """Lines that begin with `+`, `-` or a blank; values in them are shown as they are."""

    lines: tuple[str, ...]
    weight: Weight = Weight.DETAIL


@dataclass(frozen=True)
class Signed:
    """Lines by what they mean: `+` somebody gains, `-` somebody loses, `!` a risk or a refusal,
    `~` something else changes, `?` nobody can say, a blank for what stays as it is.
    """

    lines: tuple[tuple[str, Line], ...]


@dataclass(frozen=True)
class Node:
    """A line of a tree, and what hangs below it."""

    line: Line
    below: tuple["Node", ...] = ()


@dataclass(frozen=True)
class Tree:
    """What is inside what."""

    roots: tuple[Node, ...]
    weight: Weight = Weight.DETAIL


@dataclass(frozen=True)
class Fold:
    """What not everyone wants to read: folded in Markdown, shown in full as text."""

    title: str
    blocks: tuple["Block", ...]


Block = Paragraph | Bullets | Table | Diff | Signed | Tree | Fold


@dataclass(frozen=True)
class Section:
    """Blocks under a title; `when_cut`: only where lists of people had to be shortened."""

    title: str
    blocks: tuple[Block, ...]
    when_cut: bool = False


@dataclass(frozen=True)
class Document:
    """One stack's report. `marker` lets a pull-request comment be found again and edited."""

    marker: str
    title: Line
    intro: tuple[Block, ...]
    sections: tuple[Section, ...] = ()
    outro: tuple[Block, ...] = field(default=())


def listed(items: Iterable[Inline], *, last: str = "and") -> Line:
    """`a`, `b` and `c` as one line."""
    known = list(items)
    line: list[Inline] = []
    for index, item in enumerate(known):
        if index:
            line.append(f" {last} " if index == len(known) - 1 else ", ")
        line.append(item)
    return tuple(line)


def codes(texts: Iterable[str], *, most: int | None = None, rest: str = "more") -> Line:
    """The texts as values, at most `most` of them by name and the others as a number."""
    known = list(texts)
    if most is None or len(known) <= most:
        return listed(Code(text) for text in known)
    shown: list[Inline] = [Code(text) for text in known[:most]]
    return listed([*shown, f"{len(known) - most} {rest}"])


def plain(line: Line) -> str:
    """The line as plain text, values as they stand."""
    return "".join(part if isinstance(part, str) else part.text for part in line)


def count(number: int, singular: str, many: str | None = None) -> str:
    """`1 person`, `2 people`."""
    return f"{number} {verb(number, singular, many or singular + 's')}"


def verb(number: int, singular: str, many: str) -> str:
    """`gains` for 1, `gain` for any other number."""
    return singular if number == 1 else many
