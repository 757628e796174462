"""What a call to a vendor gave, or why it gave nothing; many at once, but bounded."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, Self, TypeVar

from cfscim.config.messages import MissingError, ScimError
from cfscim.vendors.errors import AnswerError
from cfscim.verify.actions import Action, see

T = TypeVar("T")
_PARALLEL = 4
_QUIET_SECONDS = 2.0
_MOST_QUIET_SECONDS = 60.0


class Unreadable(Exception):
    """A reading that is not there; `error` says why in one line."""

    def __init__(self, error: ScimError) -> None:
        self.error = error
        super().__init__(str(error))

    @property
    def kind(self) -> str:
        """How the call failed (`Kind` of vendors/errors.py); empty where no vendor was asked."""
        return self.error.kind if isinstance(self.error, AnswerError) else ""

    @property
    def what(self) -> str:
        """Where it failed and how, without why it matters and what to do."""
        where, what = str(self.error.message.where), self.error.message.what
        return f"{where}: {what}" if where else what


class Dependent(ScimError):
    """It cannot be asked, because what it belongs to is missing.

    `why`: what is missing. `instead`: the id of the check that says what to do about it
    (`okta.app.active`), or what to do.
    """

    def __init__(self, why: str, instead: str | Action) -> None:
        self.why = why
        self.action = instead if isinstance(instead, Action) else see(instead)
        super().__init__(f"{why}: {self.action.text}")


class Reading(Generic[T]):
    """A value that was asked for."""

    def __init__(self, future: "Future[T]") -> None:
        self._future = future

    @classmethod
    def of(cls, value: T) -> "Reading[T]":
        """A value that is known already."""
        future: Future[T] = Future()
        future.set_result(value)
        return cls(future)

    @classmethod
    def failed(cls, error: ScimError) -> "Reading[T]":
        """A value that is known not to be there."""
        future: Future[T] = Future()
        future.set_exception(error)
        return cls(future)

    def get(self) -> T:
        """The value. Raises `Unreadable`, or `MissingError` where there are no credentials."""
        try:
            return self._future.result()
        except ScimError as error:
            if isinstance(error, MissingError) and not isinstance(error, AnswerError):
                raise
            raise Unreadable(error) from None

    @property
    def there(self) -> bool:
        """Whether it could be read."""
        try:
            self.get()
        except Unreadable:
            return False
        return True

    def wait(self) -> T | None:
        """The value, or None where it cannot be had."""
        try:
            return self.get()
        except Unreadable:
            return None

    @property
    def gone(self) -> bool:
        """Whether the vendor says that there is no such thing."""
        try:
            self.get()
        except Unreadable as error:
            return error.kind == "not found"
        return False


def existing(reading: Reading[T | None], why: str, check: str) -> T:
    """What was read. Raises `Unreadable` where it could not be, and where the vendor has none.

    `why`: what is missing then; `check`: the id of the check that says what to do about it.
    """
    value = reading.get()
    if value is None:
        raise Unreadable(Dependent(why, check))
    return value


class Tally:
    """How many calls were begun and ended."""

    def __init__(self) -> None:
        self.begun = 0
        self.ended = 0

    def note_end(self, _future: object) -> None:
        """One more has ended."""
        self.ended += 1


class Reader:
    """Makes calls in the background, at most four at a time. Use `with`."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._pool = ThreadPoolExecutor(max_workers=_PARALLEL, thread_name_prefix="verify")

    def read(self, call: Callable[[], T]) -> Reading[T]:
        """Begins the call; its value or error is kept."""
        self._tally.begun += 1
        future = self._pool.submit(call)
        future.add_done_callback(self._tally.note_end)
        return Reading(future)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=True)


class Ticker:
    """While open, reports after two seconds, then each time twice as many have passed, and every
    minute at least: whatever hangs fills no log. Use `with`."""

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
        begun, pause = time.monotonic(), self._every
        while not self._over.wait(pause):
            spent = time.monotonic() - begun
            pause = min(spent, _MOST_QUIET_SECONDS)
            self._progress(
                f"verify: {self._tally.ended} of {self._tally.begun} readings done "
                f"after {spent:.0f} s"
            )
