"""Says that a long reading goes on, and nothing about a short one."""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from cfscim.verify.reading import Tally

_QUIET_SECONDS = 2.0


class Ticker:
    """While open, reports every two seconds, beginning after two. Use `with`."""

    def __init__(
        self, progress: Callable[[str], None], tally: Tally, *, every: float = _QUIET_SECONDS
    ) -> None:
        self._progress = progress
        self._tally = tally
        self._every = every
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="verify-progress", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        begun = time.monotonic()
        while not self._over.wait(self._every):
            spent = time.monotonic() - begun
            self._progress(
                f"verify: {self._tally.ended} of {self._tally.begun} readings done "
                f"after {spent:.0f} s"
            )
