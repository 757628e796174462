"""Documents as text: in colour on a terminal, plain and unwrapped everywhere else."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text
from rich.tree import Tree as RichTree

from cfscim.config.messages import one_line
from cfscim.hints import as_run_here
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
    Strong,
    Table,
    Tree,
)

_DIFF_STYLES = {"+": "green", "-": "red", "~": "yellow", "±": "bold red"}


def show(documents: Iterable[Document], console: Console | None = None) -> None:
    """Prints the documents; nothing in a config is taken for markup or for a colour."""
    out = console or Console(highlight=False, markup=False, emoji=False)
    if console is None and not out.is_terminal:
        # Nobody's window is that wide; in a file or a pipe a line stays a line.
        out.width = 10_000
    for document in documents:
        _line(out, _text(document.title, "bold"))
        for block in document.intro:
            _block(out, block, "")
        for section in document.sections:
            _line(out, Text())
            _line(out, Text(section.title, "bold underline"))
            for block in section.blocks:
                _block(out, block, "  ")
        if document.outro:
            _line(out, Text())
        for block in document.outro:
            _block(out, block, "")
        _line(out, Text())


def _block(out: Console, block: Block, indent: str) -> None:
    match block:
        case Paragraph(line):
            _line(out, Text(indent) + _text(line))
        case Bullets(entries, _, numbered):
            for index, entry in enumerate(entries, 1):
                sign = f"{index}. " if numbered else "- "
                _line(out, Text(indent + sign) + _text(entry))
        case Table(head, rows):
            _table(out, head, rows, indent)
        case Diff(entries):
            for entry in entries:
                _line(out, Text(indent + one_line(entry), _DIFF_STYLES.get(entry[:1], "dim")))
        case Tree(roots):
            for root in roots:
                out.print(_tree(root))
        case Fold(title, blocks):
            _line(out, Text(f"{indent}{title}:", "italic"))
            for inner in blocks:
                _block(out, inner, indent + "  ")


def _table(out: Console, head: Sequence[str], rows: Sequence[Sequence[Line]], indent: str) -> None:
    """Columns as wide as their longest cell; a terminal may wrap a line, nothing is cut off."""
    cells = [[_text(cell) for cell in row] for row in rows]
    titles = [Text(title.upper(), "bold") for title in head]
    widths = [max(row[i].cell_len for row in [titles, *cells]) for i in range(len(head))]
    for row in [titles, *cells]:
        line = Text(indent)
        for cell, width in zip(row, widths, strict=True):
            line += cell + Text(" " * (width - cell.cell_len + 2))
        line.rstrip()
        _line(out, line)


def _tree(node: Node) -> RichTree:
    found = RichTree(_text(node.line), guide_style="dim")
    for child in node.below:
        found.children.append(_tree(child))
    return found


def _line(out: Console, text: Text) -> None:
    out.print(text, soft_wrap=True)


def _text(line: Line, style: str = "") -> Text:
    text = Text(style=style)
    for part in line:
        text.append(*_part(part))
    return text


def _part(part: Inline) -> tuple[str, str]:
    match part:
        case Code(value):
            return one_line(as_run_here(value)), "cyan"
        case Strong(words):
            return words, "bold"
        case str():
            return part, ""
        case _:
            return one_line(part.text), ""
