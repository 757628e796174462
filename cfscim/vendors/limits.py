"""The time that a whole run may take, whatever the number of its calls and the vendors' pace."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

WHOLE_RUN = 600.0
"""Seconds in which a command has read what it can; a pipeline's step ends well within its own."""
_PATIENCE = 4.0
"""Seconds in which a run asks again an address where nobody answers."""


@dataclass(eq=False)
class _Run:
    end: float
    silent: dict[str, str] = field(default_factory=dict)


_runs: list[_Run] = []


@contextmanager
def whole_run(seconds: float | None = None) -> Iterator[None]:
    """Bounds every call made within; a call that begins or goes on later is a time-out."""
    run = _Run(time.monotonic() + (WHOLE_RUN if seconds is None else seconds))
    _runs.append(run)
    try:
        yield
    finally:
        _runs.remove(run)


def time_left() -> float:
    """Seconds until the run's limit, or infinity where there is none; negative when it is past."""
    return min(run.end for run in _runs) - time.monotonic() if _runs else float("inf")


def patience() -> float:
    """Seconds in which an address that does not answer is asked again: few in a run, which has
    others to ask, and no limit of their own elsewhere."""
    return _PATIENCE if _runs else float("inf")


def note_silent(address: str, what: str) -> None:
    """Nobody answers there, and `what` says so: this run does not ask again."""
    if _runs:
        _runs[-1].silent[address] = what


def silent(address: str) -> str:
    """What was noted of the address in this run; empty where nothing was."""
    return next((run.silent[address] for run in _runs if address in run.silent), "")
