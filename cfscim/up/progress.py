"""What `up` says while it works: with the seconds since its start, resources by kind, and what is
waited for when nothing was said for a while."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_SILENCE = 5.0
"""Seconds after which the reader is told what is waited for."""


class Progress:
    """In: where a line goes, and whether each resource gets its own (`whole`).

    May be called from several threads.
    """

    def __init__(self, tell: Callable[[str], None], *, whole: bool = False) -> None:
        self._tell = tell
        self._whole = whole
        self._done: dict[tuple[str, str], list[str]] = {}
        self._waits: dict[str, float] = {}
        self._spoken = time.monotonic()
        self._longest = ""
        self._patience = 1.0
        self._lock = threading.RLock()

    def __call__(self, text: str) -> None:
        """A line of its own, after what was done until then."""
        with self._lock:
            self._flush()
            self._line(text)

    def resource(self, text: str) -> None:
        """`created Saml okta-app`: said at the next line, together with others of its kind."""
        with self._lock:
            if self._whole:
                self._line(f"  {text.strip()}")
                return
            how, kind, name = text.strip().rsplit(" ", 2)
            self._done.setdefault((how, kind), []).append(name)

    def detail(self, text: str) -> None:
        """What only those want to read who asked for all of it."""
        if self._whole:
            self(f"  {text}")

    def begun(self, what: str) -> None:
        """Something begins that may take long: `SynchronizationSecret entra-secret`."""
        with self._lock:
            self._waits[what] = time.monotonic()

    def ended(self, what: str) -> None:
        """It is over, well or not."""
        with self._lock:
            self._waits.pop(what, None)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """While open, says after some silence what is waited for; what goes on is said again after
        twice as long."""
        over = threading.Event()

        def watch() -> None:
            while not over.wait(_SILENCE / 5):
                with self._lock:
                    if self._waits and time.monotonic() - self._spoken >= self._due():
                        self._line(f"  {self._waiting()}")
                        self._patience *= 2

        thread = threading.Thread(target=watch, name="up-progress", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            self._waits.clear()

    def _due(self) -> float:
        """After how long the reader is told again."""
        longest = min(self._waits, key=lambda what: self._waits[what])
        if longest != self._longest:
            self._longest, self._patience = longest, 1.0
        return _SILENCE * self._patience

    def _waiting(self) -> str:
        """The oldest first; of many, three by name."""
        oldest = sorted(self._waits, key=lambda what: self._waits[what])
        seconds = time.monotonic() - self._waits[oldest[0]]
        more = f" and {len(oldest) - 3} more" if len(oldest) > 3 else ""
        done = sum(map(len, self._done.values()))
        so_far = f"{done} done so far; " if done else ""
        return f"{so_far}waiting for {', '.join(oldest[:3])}{more} ({seconds:.0f} s)"

    def _flush(self) -> None:
        # Several are made at the same time: the order in which they end means nothing.
        for (how, kind), names in sorted(self._done.items()):
            self._line(f"  {how} {f'{len(names)} {kind}' if names[1:] else f'{kind} {names[0]}'}")
        self._done.clear()

    def _line(self, text: str) -> None:
        self._spoken = time.monotonic()
        self._tell(text)


def progress_of(tell: Callable[[str], None]) -> Progress:
    """What was given, where it is one already; else one that says each resource."""
    return tell if isinstance(tell, Progress) else Progress(tell, whole=True)
