"""Ctrl-C and SIGTERM: the run ends at once, in one line and with the code of the signal."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from cfscim.config.messages import Exit, Message, Where
from cfscim.report.say import say

_GRACE = 2.0
"""Seconds for what has to be put away; a call to a vendor is not waited for any longer."""
_CODES = {signal.SIGINT: Exit.INTERRUPTED, signal.SIGTERM: Exit.TERMINATED}


@contextmanager
def ends_in_one_line(command: str) -> Iterator[None]:
    """Turns both signals into one line about `command` and the exit code that belongs to it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    by: list[signal.Signals] = []

    def heard(number: int, _frame: FrameType | None) -> None:
        if by:
            os._exit(_CODES[by[0]])  # asked twice: nothing more is put away
        by.append(signal.Signals(number))
        late = threading.Timer(_GRACE, lambda: _leave(command, by[0]))
        late.daemon = True
        late.start()
        raise KeyboardInterrupt

    before = {number: signal.signal(number, heard) for number in _CODES}
    try:
        yield
    except BaseException:
        if not by:
            raise
        _say(command, by[0])
        sys.exit(_CODES[by[0]])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(command: str, by: signal.Signals) -> None:
    if sys.stderr.isatty():
        print(file=sys.stderr)  # a terminal has written ^C into the line that was begun
    message = Message(
        Where(about=command),
        f"ended by {by.name} before it was done",
        "what it had not read or done by then is not known",
        "run it again",
    )
    say(str(message), "!", error=True)


def _leave(command: str, by: signal.Signals) -> None:
    _say(command, by)
    os._exit(_CODES[by])
