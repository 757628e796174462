"""The time that a whole run may take, whatever the number of its calls and the vendors' pace."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

WHOLE_RUN = 600.0
"""Seconds in which a command has read what it can; a pipeline's step ends well within its own."""

_ends: list[float] = []


@contextmanager
def whole_run(seconds: float | None = None) -> Iterator[None]:
    """Bounds every call made within; a call that begins or goes on later is a time-out."""
    end = time.monotonic() + (WHOLE_RUN if seconds is None else seconds)
    _ends.append(end)
    try:
        yield
    finally:
        _ends.remove(end)


def time_left() -> float:
    """Seconds until the run's limit, or infinity where there is none; negative when it is past."""
    return min(_ends) - time.monotonic() if _ends else float("inf")
