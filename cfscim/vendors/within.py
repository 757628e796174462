"""Work that is waited for so long and no longer.

httpx and urllib limit the wait for each piece; a server that sends a byte at a time would never
exceed that. Python's own library only, as pipelines use it with nothing installed.
"""

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class OverdueError(Exception):
    """It was not done in its time."""


def within(seconds: float, work: Callable[[], T]) -> T:
    """What `work` returns or raises; raises `OverdueError` after `seconds`.

    The thread left behind ends with the connection, or with the process.
    """
    done: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True, name="cfscim-call")
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not done:
        raise OverdueError
    return done[0]
