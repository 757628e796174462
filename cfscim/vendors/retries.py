"""When a failed call may be repeated, how long to wait before it, and how long a whole run may
take.
"""

import random
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime

from cfscim.vendors.errors import AnswerError

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


_REPEATABLE = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}
_TEMPORARY = {408, 425, 429, 500, 502, 503, 504}
# Answered in place of doing anything: safe to repeat whatever the method.
_NOTHING_DONE = {429, 503}


@dataclass(frozen=True)
class Policy:
    """Limits for every call; times in seconds."""

    connect: float = 10.0
    read: float = 30.0
    total: float = 120.0
    """From the first attempt to the last answer, waiting included."""
    attempts: int = 5
    longest_wait: float = 90.0
    """All waiting of one call together; Okta's limits start anew every minute."""
    first_delay: float = 0.5
    longest_delay: float = 10.0
    max_bytes: int = 20 * 1024 * 1024
    parallel: int = 4
    max_pages: int = 500


def may_repeat(error: AnswerError, method: str, repeatable: bool | None) -> bool:
    """Whether doing it again can neither do it twice nor be pointless.

    `repeatable` is what the caller knows about a POST; None leaves it to the method.
    """
    if error.kind == "unreachable":
        return not error.sent
    if error.status in _NOTHING_DONE or not error.sent:
        return True
    safe = method in _REPEATABLE if repeatable is None else repeatable
    if error.status is None:
        return safe and error.kind in ("unavailable", "timeout", "malformed")
    return safe and error.status in _TEMPORARY


def delay(error: AnswerError, attempt: int, policy: Policy) -> float:
    """Seconds to wait after this attempt: the vendor's wish, else growing and random."""
    if error.retry_after is not None:
        return error.retry_after
    longest = min(policy.longest_delay, policy.first_delay * 2 ** (attempt - 1))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - only spreads the load


RETRY_AFTER, QUOTA_LEFT, QUOTA_RESET = (
    "retry-after",
    "x-rate-limit-remaining",
    "x-rate-limit-reset",
)
"""Headers: what RFC 9110 has for all, and Okta's own."""
_CLOCKS_AGREE = 120.0
"""Seconds; Okta and Entra let five minutes pass, and a proof of possession less."""


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """What the answer asks to wait: `Retry-After` (seconds or date), else Okta's limit headers."""
    wish = headers.get(RETRY_AFTER, "").strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]*)?", wish):
        return float(wish)
    at = _date(wish)
    if at is not None:
        return max(0.0, at - _sent_at(headers, now))
    return quota_over(headers, now)


def quota_over(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds until Okta's rate limit starts anew, by Okta's clock; None where calls are left."""
    reset = headers.get(QUOTA_RESET, "").strip()
    if headers.get(QUOTA_LEFT, "").strip() != "0" or not (reset.isascii() and reset.isdigit()):
        return None
    return max(0.0, int(reset) - _sent_at(headers, now) + 1)


def clock_off(headers: Mapping[str, str], now: float) -> str:
    """Words for a clock that is not the vendor's, by the answer's own date (RFC 9110, 6.6.1);
    empty where it agrees, or the answer has none. Signatures and tokens are good by the minute.
    """
    at = _date(headers.get("date", ""))
    return "" if at is None else clock_words(at, now)


SET_CLOCK = "set this machine's clock, then run again"


def clock_words(at: float, now: float) -> str:
    """The words of `clock_off`, where the moment of the answer (`at`) is known otherwise."""
    if abs(now - at) < _CLOCKS_AGREE:
        return ""
    minutes = round(abs(now - at) / 60)
    which = "ahead of" if now > at else "behind"
    return f"this machine's clock is {minutes} minutes {which} the vendor's"


def _sent_at(headers: Mapping[str, str], now: float) -> float:
    at = _date(headers.get("date", ""))
    return at if at is not None else now


def _date(text: str) -> float | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
