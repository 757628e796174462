"""Documents as GitHub Markdown that fits into one comment, every value in it made harmless."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from cfscim.config.messages import one_line
from cfscim.gitops.summary import COMMENT
from cfscim.report.document import (
    Block,
    Bullets,
    Code,
    Diff,
    Document,
    Fold,
    Inline,
    Line,
    Node,
    Paragraph,
    Prose,
    Section,
    Signed,
    Strong,
    Table,
    Tree,
    Weight,
    plain,
)

T = TypeVar("T")
LONGEST_VALUE = 256
"""Characters, more than an address can have; a longer value is clipped, the whole of it stands in
the stack file."""

# No `$` at either end: GitHub takes a dollar beside a backtick for a formula.
_SAFE_IN_BACKTICKS = re.compile(r"(?!\$)[^`|\\]+(?<!\$)")
_PIECES = re.compile(r"`[^`]+`|https?://\S*[^\s.,;:)]|\S*[@#$]\S*|\S+|\s+")
_ENTITIES = {"<": "&lt;", "&": "&amp;"}
_ESCAPED = str.maketrans({char: "\\" + char for char in "\\`*_{}[]|~"} | _ENTITIES)
_BEGINS_A_BLOCK = re.compile(r"^(\d*)([-+=.)])")
_PLAIN_LINK = re.compile(r"https://[A-Za-z0-9./_#?=&%~+-]+")


def code(text: str) -> str:
    """A value as a code span that means itself everywhere, table cells included.

    GitHub looks for mentions and issue numbers outside code only.
    """
    shown = clipped(one_line(text))
    if not shown:
        return "(empty)"
    if _SAFE_IN_BACKTICKS.fullmatch(shown) and shown == shown.strip():
        return f"`{shown}`"
    inner = "".join(char if char.isalnum() else f"&#{ord(char)};" for char in shown)
    return f"<code>{inner}</code>"


def words(text: str) -> str:
    """Our own words, escaped all the same."""
    return one_line(text).translate(_ESCAPED)


def prose(text: str) -> str:
    """A finished sentence: code in backticks stays code, links stay links, the rest is escaped.

    Anything with an @ (an address), a # or a $ becomes code: outside it GitHub would make a
    mention, an issue link or a formula of it.
    """
    line = "".join(_piece(piece) for piece in _PIECES.findall(one_line(text))).lstrip(" >")
    # Behind a bullet, too, two dashes are a rule and "1." is a list.
    return _BEGINS_A_BLOCK.sub(r"\1\\\2", line)


def fenced(lines: Iterable[str], language: str) -> list[str]:
    """A code block whose fence is longer than any run of backticks in it."""
    shown = [clipped(one_line(line)) for line in lines]
    longest = max((len(run) for line in shown for run in re.findall(r"`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{language}", *shown, fence]


def marker(text: str) -> str:
    """A comment that GitHub does not show."""
    inner = re.sub(r"[^A-Za-z0-9_.: /-]", "_", text)
    # Two dashes would end a comment; "=" is in no stack name, so no two markers become alike.
    return f"<!-- {inner.replace('--', '-=')} -->"


def clipped(text: str) -> str:
    """The text, or its beginning when it is long."""
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _piece(piece: str) -> str:
    if piece.isspace():
        return " "
    if len(piece) > 2 and piece[0] == piece[-1] == "`":
        return code(piece[1:-1])
    if _PLAIN_LINK.fullmatch(piece):
        return f"<{piece}>"
    if piece.startswith(("https://", "http://")) or re.search(r"[@#$]", piece):
        return _with_punctuation(piece)
    return piece.translate(_ESCAPED)


def _with_punctuation(piece: str) -> str:
    """The value as code, what merely surrounds it in the sentence as text."""
    match = re.fullmatch(r"([(\"']*)(.*?)([)\"'.,;:]*)", piece)
    assert match is not None
    before, value, after = match.groups()
    return before + code(value) + after


NO_LIMIT = 10**9

# Entries shown of a list of each weight, from everything to hardly anything.
_EVERYTHING = NO_LIMIT
_STEPS: tuple[tuple[int, int, int], ...] = (
    (_EVERYTHING, _EVERYTHING, _EVERYTHING),
    (200, _EVERYTHING, _EVERYTHING),
    (0, _EVERYTHING, _EVERYTHING),
    (0, 100, _EVERYTHING),
    (0, 20, 500),
    (0, 20, 250),
    (0, 10, 120),
    (0, 5, 60),
    (0, 3, 25),
    (0, 2, 8),
    (0, 1, 3),
)


@dataclass
class _Cut:
    """How much is shown, and how much was left out so far."""

    most: tuple[int, int, int]
    left_out: int = 0

    def first(self, items: Sequence[T], weight: Weight) -> Sequence[T]:
        """Those of the items that are shown."""
        most = _EVERYTHING if weight is Weight.NEVER_CUT else self.most[weight]
        shown = items[:most]
        self.left_out += len(items) - len(shown)
        return shown


def render(documents: Sequence[Document], *, most: int = COMMENT, lead: Sequence[str] = ()) -> str:
    """The documents one after the other, at most `most` characters.

    When they do not fit, resource details go first, then lists are shortened, people last; what
    was left out is counted at the end. `lead`: finished lines that stand first.
    """
    text = ""
    for step in _STEPS:
        cut = _Cut(step)
        lines = [*lead, *(line for document in documents for line in _document(document, cut))]
        if cut.left_out:
            lines += [
                "",
                f"_Cut to fit into one comment: {cut.left_out:,} lines are left out; the "
                "command above shows them._",
            ]
        text = "\n".join(lines).rstrip() + "\n"
        if len(text) <= most:
            return text
    return _shortest(documents, most, lead)


def section_lines(sections: Iterable[Section]) -> list[str]:
    """Sections as finished lines, whole, to stand in `lead`."""
    return [line for section in sections for line in _section(section, _Cut(_STEPS[0]))]


def _shortest(documents: Sequence[Document], most: int, lead: Sequence[str]) -> str:
    """As many whole documents in their shortest form as fit, then titles, then a number."""
    note = "\n_Cut to fit into one comment: {} more stacks; run the command for each of them._\n"
    titles = [f"- {_inline(document.title)}\n" for document in documents]
    room = most - len(note) - 10
    text = "\n".join([*lead, ""])
    for index, document in enumerate(documents):
        whole = "\n".join(_document(document, _Cut(_STEPS[-1]))) + "\n"
        fits = len(text) + len(whole) + sum(map(len, titles[index + 1 :])) <= room
        piece = whole if fits else titles[index]
        if len(text) + len(piece) > room:
            return text + note.format(len(documents) - index)
        text += piece
    return text


def _document(document: Document, cut: _Cut) -> Iterator[str]:
    yield marker(document.marker)
    yield f"## {_inline(document.title)}"
    yield ""
    for block in document.intro:
        yield from _block(block, cut)
    for section in document.sections:
        yield from _section(section, cut)
    if document.outro:
        yield "---"
        yield ""
        for block in document.outro:
            yield from _block(block, cut)


def _section(section: Section, cut: _Cut) -> Iterator[str]:
    if section.when_cut and cut.most[Weight.VITAL] == _EVERYTHING:
        return
    yield f"### {words(section.title)}"
    yield ""
    for block in section.blocks:
        yield from _block(block, cut)


def _block(block: Block, cut: _Cut) -> Iterator[str]:
    """The lines of a block, an empty one last."""
    match block:
        case Paragraph(line):
            yield _inline(line)
        case Bullets(entries, weight, numbered):
            shown = cut.first(entries, weight)
            for index, entry in enumerate(shown, 1):
                yield f"{f'{index}.' if numbered else '-'} {_inline(entry)}"
            yield from _more(len(entries) - len(shown))
        case Table(head, rows, weight):
            shown = cut.first(rows, weight)
            if shown:
                yield f"| {' | '.join(words(title) for title in head)} |"
                yield f"|{'---|' * len(head)}"
            for row in shown:
                yield f"| {' | '.join(_inline(cell) for cell in row)} |"
            if len(shown) < len(rows):
                yield ""
            yield from _more(len(rows) - len(shown))
        case Diff(entries, weight):
            yield from _fence(entries, weight, "diff", cut)
        case Signed(entries):
            for sign, entry in entries:
                yield f"- {f'`{sign}` ' if sign.strip() else ''}{_inline(entry)}"
        case Tree(roots, weight):
            yield from _fence(tuple(_drawn(roots, "")), weight, "text", cut)
        case Fold(title, blocks):
            yield f"<details><summary>{words(title)}</summary>"
            yield ""
            for inner in blocks:
                yield from _block(inner, cut)
            yield "</details>"
    yield ""


def _fence(entries: Sequence[str], weight: Weight, language: str, cut: _Cut) -> Iterator[str]:
    shown = cut.first(entries, weight)
    if shown:
        yield from fenced(shown, language)
    yield from _more(len(entries) - len(shown))


def _more(number: int) -> Iterator[str]:
    if number:
        yield f"- … and {number:,} more"


def _inline(line: Line) -> str:
    return "".join(_part(part) for part in line)


def _part(part: Inline) -> str:
    match part:
        case Code(text):
            return code(text)
        case Strong(text):
            # Blanks inside the stars would show the stars.
            inner = text.strip()
            return text.replace(inner, f"**{words(inner)}**") if inner else text
        case Prose(text):
            return prose(text)
        case _:
            return words(part)


def _drawn(nodes: Sequence[Node], indent: str) -> Iterator[str]:
    """A tree in letters, for a code block."""
    for index, node in enumerate(nodes):
        last = index == len(nodes) - 1
        yield f"{indent}{'└─ ' if last else '├─ '}{plain(node.line)}"
        yield from _drawn(node.below, indent + ("   " if last else "│  "))
