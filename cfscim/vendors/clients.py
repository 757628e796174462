"""The signed-in clients of one run, so that a run signs in once and not with every resource."""

import threading
from collections.abc import Callable
from typing import Protocol, TypeVar


class _Closeable(Protocol):
    def __exit__(self, *_: object) -> None: ...


_C = TypeVar("_C", bound=_Closeable)


class Clients:
    """The clients of one run, one a vendor: signed in once, shared by its resources and threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[type[_Closeable], _Closeable] = {}

    def shared(self, kind: type[_C], sign_in: Callable[[], _C]) -> _C:
        """The client of this kind; `sign_in` makes it where nobody asked before."""
        with self._lock:
            client = self._open.get(kind)
            if not isinstance(client, kind):
                client = self._open[kind] = sign_in()
            return client

    def close(self) -> None:
        """Gives the connections back."""
        for client in self._open.values():
            client.__exit__()
        self._open.clear()
