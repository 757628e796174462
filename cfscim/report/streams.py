"""Standard input, output and error: closed ones, a reader that has gone, letters they lack."""

import codecs
import os
import sys
from io import BufferedWriter, FileIO, TextIOWrapper
from typing import Any


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
