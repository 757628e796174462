"""What a call to a vendor gave, or why it gave nothing; many at once, but bounded."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, Self, TypeVar

from cfscim.config.messages import MissingError, ScimError
from cfscim.vendors.errors import AnswerError

T = TypeVar("T")
_PARALLEL = 4


class Unreadable(Exception):
    """A reading that is not there; `error` says why in one line."""

    def __init__(self, error: ScimError) -> None:
        self.error = error
        super().__init__(str(error))


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

    def get(self) -> T:
        """The value. Raises `Unreadable`, or `MissingError` where there are no credentials."""
        try:
            return self._future.result()
        except ScimError as error:
            if isinstance(error, MissingError) and not isinstance(error, AnswerError):
                raise
            raise Unreadable(error) from None

    def wait(self) -> T | None:
        """The value, or None where it cannot be had."""
        try:
            return self.get()
        except Unreadable:
            return None


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
