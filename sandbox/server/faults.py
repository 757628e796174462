"""Vendors that misbehave: which requests get which fault, and how often it has fired."""

import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.server.router import VENDORS

STATUS_KINDS = {
    "401": 401,
    "403": 403,
    "404": 404,
    "409": 409,
    "429": 429,
    "429-retry-after": 429,
    "500": 500,
    "503": 503,
}
KINDS = (
    "refuse",
    *STATUS_KINDS,
    "slow",
    "hang",
    "truncated",
    "wrong-json",
    "noop",
    "lost-response",
    "lag",
)
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
KEYS: dict[str, type] = {
    **dict.fromkeys(("kind", "method", "path", "vendor"), str),
    **dict.fromkeys(("times", "skip", "seconds", "retryAfter", "reads"), float),
}
"""What a fault is described by, each with its type."""
_DEFAULT_SECONDS = {"slow": 2.0, "hang": 600.0}


class BadFaultError(Exception):
    """The fault asked for is not one; the text says why."""


@dataclass
class Fault:
    """One fault: what it does, on which requests, and how often.

    ``seconds``: how long `slow` waits before, `hang` and `lost-response` until they hang up.
    """

    kind: str
    method: str | None = None
    path: str | None = None
    vendor: str | None = None
    times: int | None = 1
    skip: int = 0
    seconds: float = 0.0
    retry_after: int = 1
    reads: int = 1
    fired: int = 0
    passed: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def matches(self, vendor: str, method: str, path: str) -> bool:
        """Is this request aimed at? ``path`` matches exactly or as a regex over the whole path."""
        if self.vendor not in (None, vendor) or self.method not in (None, method):
            return False
        # A lag begins with a write; reads are what it then answers from the past.
        if self.kind == "lag" and self.method is None and method in ("GET", "HEAD"):
            return False
        return self.path is None or self.path == path or bool(re.fullmatch(self.path, path))

    def describe(self) -> dict[str, object]:
        """For the admin API."""
        return {
            "kind": self.kind,
            "method": self.method,
            "path": self.path,
            "vendor": self.vendor,
            "times": self.times,
            "skip": self.skip,
            "seconds": self.seconds,
            "retryAfter": self.retry_after,
            "reads": self.reads,
            "fired": self.fired,
            "active": self.times is None or self.fired < self.times,
        }


@dataclass
class Lag:
    """A vendor whose reads are answered from ``state`` for the next ``reads`` reads."""

    state: Any
    reads: int


class FaultBook:
    """All faults, in the order they were set; the first that matches fires."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lags: dict[str, Lag] = {}
        self._lock = threading.Lock()

    def add(self, wanted: Sequence[Mapping[str, object]]) -> None:
        """Add faults from their JSON, all or none. Raises BadFaultError."""
        faults = [_parse(part) for part in wanted]
        with self._lock:
            self._faults.extend(faults)

    def take(self, vendor: str, method: str, path: str) -> Fault | None:
        """The fault that fires on this request, counted as fired."""
        with self._lock:
            for fault in self._faults:
                if fault.times is not None and fault.fired >= fault.times:
                    continue
                if not fault.matches(vendor, method, path):
                    continue
                if fault.passed < fault.skip:
                    fault.passed += 1
                    continue
                fault.fired += 1
                return fault
        return None

    def start_lag(self, vendor: str, before: Any, reads: int) -> None:
        """From now on ``reads`` reads of the vendor see ``before``."""
        with self._lock:
            self._lags[vendor] = Lag(before, reads)

    def lagged_state(self, vendor: str) -> Any | None:
        """The past state this read is answered from, or None; counts one read."""
        with self._lock:
            lag = self._lags.get(vendor)
            if lag is None or lag.reads <= 0:
                self._lags.pop(vendor, None)
                return None
            lag.reads -= 1
            return lag.state

    def describe(self) -> list[dict[str, object]]:
        """Every fault with how often it fired."""
        with self._lock:
            return [fault.describe() for fault in self._faults]

    def clear(self) -> None:
        """Drop all faults and release every request that hangs."""
        with self._lock:
            for fault in self._faults:
                fault.over.set()
            self._faults.clear()
            self._lags.clear()


def _parse(wanted: Mapping[str, object]) -> Fault:
    unknown = sorted(set(wanted) - set(KEYS))
    if unknown:
        raise BadFaultError(f"unknown key {unknown[0]!r}; known: {', '.join(KEYS)}")
    kind = str(wanted.get("kind"))
    if kind not in KINDS:
        raise BadFaultError(f"unknown kind {kind!r}; known: {', '.join(KINDS)}")
    path = wanted.get("path")
    if path is not None:
        try:
            re.compile(str(path))
        except re.error as error:
            raise BadFaultError(f"path is no regular expression: {error}") from error
    method, vendor = (str(wanted.get(key) or "") for key in ("method", "vendor"))
    for key, value, known in (("method", method.upper(), _METHODS), ("vendor", vendor, VENDORS)):
        if value and value not in known:
            raise BadFaultError(f"unknown {key} {value!r}; known: {', '.join(known)}")
    return Fault(
        kind=kind,
        method=method.upper() or None,
        path=str(path) if path is not None else None,
        vendor=vendor or None,
        times=_number(wanted, "times", 1) if wanted.get("times", 1) is not None else None,
        skip=_number(wanted, "skip", 0),
        seconds=_seconds(wanted, _DEFAULT_SECONDS.get(kind, 0.0)),
        retry_after=_number(wanted, "retryAfter", 1),
        reads=_number(wanted, "reads", 1),
    )


def _number(wanted: Mapping[str, object], key: str, default: int) -> int:
    value = wanted.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadFaultError(f"{key} must be a whole number, 0 or more")
    return value


def _seconds(wanted: Mapping[str, object], default: float) -> float:
    value = wanted.get("seconds", default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 3600:
        raise BadFaultError("seconds must be a number from 0 to 3600")
    return float(value)
