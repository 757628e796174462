"""Documents as text: as wide as the terminal, in colours that mean something, plain elsewhere.

Green is a gain, red a loss, a risk or a failure, yellow what nobody can know. Without a terminal,
or with `NO_COLOR`, not one escape is printed; in a file or a pipe a line stays a line.
"""

import os
import re
import sys
from collections.abc import Iterable, Sequence
from functools import lru_cache

from rich.cells import cell_len
from rich.console import Console, ConsoleDimensions
from rich.text import Text
from rich.tree import Tree as RichTree

from cfscim.config.messages import one_line
from cfscim.hints import as_printed, as_run_here
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
    Signed,
    Strong,
    Table,
    Tree,
)
from cfscim.report.say import columns, is_terminal

_DIFF_STYLES = {"+": "green", "-": "red", "±": "bold red"}
_SIGN_STYLES = {"+": "green", "-": "red", "!": "bold red", "?": "yellow", " ": "dim"}
_UNWRAPPED = 10_000
"""Columns of a file or a pipe: nobody's window is that wide."""


def terminal(*, error: bool = False) -> Console:
    """The console that a command prints to; a config's text is taken for no markup there.

    `error`: that of standard error.
    """
    # FORCE_COLOR=0 and CLICOLOR=0 are what other programs take for a no.
    denied = "0" in (os.environ.get("FORCE_COLOR"), os.environ.get("CLICOLOR"))
    plain = denied or os.environ.get("NO_COLOR")
    stream = sys.stderr if error else sys.stdout
    shown = is_terminal(stream)
    out = Console(
        file=stream,
        force_terminal=shown,
        highlight=False,
        markup=False,
        emoji=False,
        color_system=None if plain else "auto",
    )
    # With a height, too, Rich asks the environment for neither at every line; a terminal without
    # colours it takes for one of 80 columns.
    out.size = ConsoleDimensions(columns(stream) if shown else _UNWRAPPED, 25)
    return out


def show(documents: Iterable[Document], console: Console | None = None) -> None:
    """Prints the documents; nothing in a config is taken for markup or for a colour."""
    out = console or terminal()
    for number, document in enumerate(documents):
        if number:
            _line(out, Text())
        if document.title:
            _line(out, _text(document.title, "bold"))
        for block in document.intro:
            _block(out, block, "")
        for section in (section for section in document.sections if not section.when_cut):
            _line(out, Text())
            _line(out, Text(section.title, "bold underline"))
            for block in section.blocks:
                _block(out, block, "  ")
        if document.outro:
            if document.title:
                _line(out, Text())
            for block in document.outro:
                _block(out, block, "")
    out.file.flush()


def show_lines(text: str, sign: str, *, hanging: str, error: bool) -> None:
    """Prints finished lines in the colour of `sign`; `hanging`: before what does not fit."""
    out = terminal(error=error)
    for line in text.split("\n"):
        _line(out, Text(line, _SIGN_STYLES.get(sign, "")), hanging)
    out.file.flush()


def _block(out: Console, block: Block, indent: str) -> None:
    match block:
        case Paragraph(line):
            _line(out, Text(indent) + _text(line), indent)
        case Bullets(entries, _, numbered):
            for index, entry in enumerate(entries, 1):
                sign = f"{index}. " if numbered else "- "
                _line(out, Text(indent + sign) + _text(entry), indent + " " * len(sign))
        case Table(head, rows):
            _table(out, head, rows, indent)
        case Diff(entries):
            for entry in entries:
                _line(out, Text(indent + one_line(entry), _DIFF_STYLES.get(entry[:1], "dim")))
        case Signed(entries):
            for sign, entry in entries:
                # The colour is the meaning; a value has none of its own here.
                words = Text(f"{indent}{sign} ") + _text(entry, coloured=False)
                words.stylize(_SIGN_STYLES.get(sign, ""))
                _line(out, words, f"{indent}  ")
        case Tree(roots):
            plain = out.options.ascii_only
            guides = RichTree.ASCII_GUIDES if plain else RichTree.TREE_GUIDES[0]
            for root in roots:
                _node(out, root, guides, Text(), "")
        case Fold(title, blocks):
            _line(out, Text(f"{indent}{title}:", "italic"))
            for inner in blocks:
                _block(out, inner, indent + "  ")


def _table(out: Console, head: Sequence[str], rows: Sequence[Sequence[Line]], indent: str) -> None:
    """Columns as wide as their longest cell, or a row over several lines where they do not fit."""
    cells = [[_text(cell) for cell in row] for row in rows]
    titles = [Text(title.upper(), "bold") for title in head]
    widths = [max(row[i].cell_len for row in [titles, *cells]) for i in range(len(head))]
    if len(indent) + sum(widths) + 2 * (len(widths) - 1) > out.width:
        for row in cells:
            _line(out, Text(indent) + row[0], indent + "  ")
            for title, cell in zip(head[1:], row[1:], strict=True):
                if cell.plain != "-":
                    _line(out, Text(f"{indent}  {title.lower()} ") + cell, indent + "    ")
        return
    for row in [titles, *cells]:
        line = Text(indent)
        for cell, width in zip(row, widths, strict=True):
            line += cell + Text(" " * (width - cell.cell_len + 2))
        line.rstrip()
        _line(out, line)


def _node(out: Console, node: Node, guides: Sequence[str], before: Text, hanging: str) -> None:
    """A node and what is below it; `before` and `hanging`: the guides left of its lines."""
    space, down, fork, end = guides
    _line(out, before + _text(node.line), hanging, whole=len(before))
    for child in node.below:
        guide, further = (end, space) if child is node.below[-1] else (fork, down)
        _node(out, child, guides, Text().append(hanging + guide, "dim"), hanging + further)


def _line(out: Console, text: Text, hanging: str = "", *, whole: int = 0) -> None:
    """One line, or several where the terminal is narrower: broken between words, and within no
    link and no command, so that both can be copied; nor within the `whole` first columns. A word
    that is longer than a line goes on in the next; at least half of a line is for words."""
    if text.cell_len <= (width := _width(out)):
        _print(out, text)
        return
    hanging = hanging[: width // 2]
    for index, part in enumerate(text.divide(_breaks(text.plain, width, len(hanging), whole))):
        part.rstrip()
        if part.plain.strip():
            _print(out, Text(hanging) + part if index else part)


@lru_cache(maxsize=1)  # Rich looks at the file and at the environment each time it is asked.
def _width(out: Console) -> int:
    return out.width


@lru_cache(maxsize=1)
def _is_terminal(out: Console) -> bool:
    return out.is_terminal


def _print(out: Console, text: Text) -> None:
    if _is_terminal(out):
        out.print(text, soft_wrap=True)
    else:
        # Nothing to colour: Rich takes a third of a long plan's time to find that out.
        out.file.write(text.plain + "\n")


_WORD = re.compile(
    r"(?:(?<=Next: )|(?<=Then: ))\S*(?:python|pulumi) .*"
    r"|pulumi \w+ --stack \S+\s*|\S*python\S* -m \w+(?: [^\s,`]+)*\s*|(?:`[^`]*`|[^\s`]|`)+\s*"
)
"""What stays on one line: a word, or a command."""
_COPIED = re.compile(r"[`/]|\bpython\S* -m |\bpulumi ")
"""In what is copied: a link, a path, a command."""


def _breaks(plain: str, width: int, hanging: int, whole: int) -> list[int]:
    """Where the lines after the first begin; each of them stands behind `hanging` columns."""
    begins: list[int] = []
    used = 0
    for word in _WORD.finditer(plain):
        used = used or cell_len(plain[: word.start()])
        room = width - hanging if begins else width
        if word.start() > whole and used + cell_len(word.group().rstrip()) > room:
            begins.append(word.start())
            used, room = 0, width - hanging
        whole_word = used + cell_len(word.group().rstrip()) <= room
        if whole_word or _COPIED.search(word.group()):
            used += cell_len(word.group())
            continue
        for place, sign in enumerate(word.group(), word.start()):
            if used + cell_len(sign) > room and place > whole and not sign.isspace():
                begins.append(place)
                used, room = 0, width - hanging
            used += cell_len(sign)
    return begins


def _text(line: Line, style: str = "", *, coloured: bool = True) -> Text:
    text = Text(style=style)
    for part in line:
        words, own = _part(part)
        text.append(words, own if coloured else "")
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
            return one_line(as_printed(part.text)), ""
