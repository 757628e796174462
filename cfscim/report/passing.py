"""A word on a terminal while something is loaded or worked out; gone when there is more to say."""

import sys

_shown = ""


def show(text: str) -> None:
    """Writes the text at once; nothing in a file or a pipe."""
    global _shown
    clear()
    if sys.stderr.isatty():
        _shown = f"{text} …"
        print(_shown, end="", file=sys.stderr, flush=True)


def clear() -> None:
    """Takes it away again, without an escape."""
    global _shown
    if _shown:
        print(f"\r{' ' * len(_shown)}\r", end="", file=sys.stderr, flush=True)
        _shown = ""
