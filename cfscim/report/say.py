"""What a command says as it comes, and the streams it says it on.

Plain in a file or a pipe, as `terminal.py` shows lines else; closed streams, a reader that has gone
and letters that a terminal lacks end nothing.
"""

import codecs
import os
import sys
from contextlib import suppress
from functools import partial
from io import BufferedWriter, FileIO, TextIOWrapper
from typing import Any, TextIO

from cfscim.hints import as_printed

_shown = ""


def is_terminal(out: TextIO) -> bool:
    """Whether a stream is shown by a terminal, or who reads it says so (force-color.org; 0: no)."""
    return out.isatty() or os.environ.get("FORCE_COLOR", "") not in ("", "0")


def columns(out: TextIO) -> int:
    """How wide a terminal is, one that knows no colour too; COLUMNS says so first."""
    for ask in (
        lambda: int(os.environ.get("COLUMNS", "")),
        *(partial(_width_of, stream) for stream in (out, sys.stdin, sys.stderr)),
    ):
        with suppress(OSError, ValueError, AttributeError):
            if width := ask():
                return width
    return 80


def _width_of(stream: TextIO) -> int:
    return os.get_terminal_size(stream.fileno()).columns


def passing(text: str) -> None:
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
    return f"{text[: max(columns(sys.stderr) - 3, 0)].rstrip()} …"


def clear() -> None:
    """Takes it away again, without an escape."""
    global _shown
    if _shown:
        print(f"\r{' ' * len(_shown)}\r", end="", file=sys.stderr, flush=True)
        _shown = ""


def say(text: str, sign: str = "", *, hanging: str = "  ", error: bool = False) -> None:
    """Prints the lines with the commands in them as they run here.

    `sign` gives the colour, as in `document.Signed`; `hanging`: what stands before the rest of a
    line that does not fit; `error`: to standard error.
    """
    clear()
    shown, out = as_printed(text), sys.stderr if error else sys.stdout
    if not is_terminal(out):
        print(shown, file=out, flush=True)
        return
    # Only now: a pipeline that reads us need not wait for it to load.
    from cfscim.report.terminal import show_lines

    show_lines(shown, sign, hanging=hanging, error=error)


class _Unread(FileIO):
    """Where the reader has gone, as in `plan | head`, what is left to say goes nowhere: the work is
    done to its end, and the exit code says how it went."""

    def write(self, data: Any, /) -> int:
        """Returns how much was taken."""
        try:
            return super().write(data)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
            return len(data)


_SPELT = {"…": "...", "±": "+-"}
"""Signs of ours that a terminal of ASCII lacks."""


def _spelt(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    plain = "".join(
        _SPELT.get(sign) or sign.encode("ascii", "backslashreplace").decode() for sign in lacking
    )
    return plain, error.end


def prepare() -> None:
    """Before anything is said."""
    _open_closed()
    codecs.register_error("spelt", _spelt)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, TextIOWrapper) and isinstance(stream.buffer, BufferedWriter | FileIO):
            stream.flush()
            raw = _Unread(stream.fileno(), "w", closefd=False)
            # A character the terminal lacks is spelt out instead of ending the run.
            lacking = TextIOWrapper(
                BufferedWriter(raw),
                stream.encoding,
                "spelt",
                line_buffering=stream.line_buffering,
            )
            setattr(sys, name, lacking)


def _open_closed() -> None:
    """Who closed one of the three streams hears or says nothing there; no file takes its place."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            try:
                os.fstat(number)
            except OSError:
                os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one
            setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))


def flush() -> None:
    """Ends quietly where nothing more can be written, as on a full disk."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
