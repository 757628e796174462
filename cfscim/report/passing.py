"""A word on a terminal while something is loaded or worked out; gone when there is more to say."""

import os
import sys
from contextlib import suppress

_shown = ""


def show(text: str) -> None:
    """Writes the text at once; nothing in a file or a pipe."""
    global _shown
    clear()
    if sys.stderr.isatty():
        _shown = _fitting(text)
        print(_shown, end="", file=sys.stderr, flush=True)


def begin(text: str) -> None:
    """What stays on the screen, before anything is loaded or asked; nothing in a file or a pipe."""
    if sys.stderr.isatty():
        print(_fitting(text), file=sys.stderr, flush=True)


def _fitting(text: str) -> str:
    """The text and an ellipsis, no wider than the terminal."""
    columns = 80
    with suppress(OSError, ValueError):
        columns = int(os.environ.get("COLUMNS") or os.get_terminal_size(2).columns) or columns
    return f"{text[: max(columns - 3, 0)].rstrip()} …"


def clear() -> None:
    """Takes it away again, without an escape."""
    global _shown
    if _shown:
        print(f"\r{' ' * len(_shown)}\r", end="", file=sys.stderr, flush=True)
        _shown = ""
