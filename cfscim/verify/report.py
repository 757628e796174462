"""The core of `verify`: a question, its verdict, the check that comes of it, and the whole report.

A check is written as a function that returns a verdict, and may raise `Unreadable` where a reading
is missing (then it `cannot be known`); whatever else it raises never makes it hold:

    holds(expected)                        read back, and as declared
    fails(expected, found, action, …)      read back, and different; `actions.py` has the advice
    not_yet(expected, found, by)           declared, and the identity provider had no cycle since
    unknown(expected, found, action)       nobody can say from here

`not yet` is for what will come by itself: `by` is the moment by which it should be there, and the
caller says `fails` from that moment on. What waits for a person has `by=None`.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from cfscim.config.messages import one_line
from cfscim.config.words import to_the_minute
from cfscim.vendors.errors import AnswerError
from cfscim.vendors.secrets import mask
from cfscim.verify import actions
from cfscim.verify.actions import Act, Action
from cfscim.verify.reading import Dependent, Unreadable


class Status(StrEnum):
    """How a check ended. Nothing but an answer that was read back makes it hold."""

    HOLDS = "holds"
    NOT_YET = "not yet"
    FAILS = "does not hold"
    UNKNOWN = "cannot be known"


@dataclass(frozen=True)
class Verdict:
    """What came of a question.

    `by`: the moment by which a `not yet` should be over. `warning`: what holds and is better known.
    """

    status: Status
    expected: str
    found: str
    actions: tuple[Action, ...] = ()
    link: str = ""
    by: datetime | None = None
    warning: str = ""


def holds(expected: str, found: str = "", *, warning: str = "") -> Verdict:
    """It was read back and is as declared; `warning`: what will not last."""
    return Verdict(Status.HOLDS, expected, found or expected, warning=warning)


def fails(expected: str, found: str, *advice: Action, link: str = "") -> Verdict:
    """It was read back and differs; `advice`: what to do now, in order; `link`: where."""
    return Verdict(Status.FAILS, expected, found, advice, link)


def not_yet(
    expected: str, found: str, by: datetime | None, *advice: Action, link: str = ""
) -> Verdict:
    """It was declared and is on its way, and should be there at `by`."""
    return Verdict(Status.NOT_YET, expected, found, advice, link, by)


def unknown(expected: str, found: str, *advice: Action, link: str = "") -> Verdict:
    """Nobody can say from here."""
    return Verdict(Status.UNKNOWN, expected, found, advice, link)


def same(expected: str, found: str, *advice: Action) -> Verdict:
    """Holds when both are equal, byte for byte."""
    return holds(expected) if found == expected else fails(expected, found or "nothing", *advice)


@dataclass(frozen=True)
class Question:
    """What is asked, of whom; `ask` may raise `Unreadable` when a reading is missing."""

    id: str
    title: str
    expected: str
    link: str
    ask: Callable[[], Verdict]

    @property
    def vendor(self) -> str:
        """Who is asked, as in `Okta`: what the id begins with."""
        return self.id.partition(".")[0].capitalize()


@dataclass(frozen=True)
class Check:
    """One question to a live system: what was expected, what was found, and what to do now.

    `link` leads to the page where it is put right. `by`: when a `not yet` should be over. `owed`
    marks an answer that should have come and did not (no network, credentials refused, a broken
    answer): nothing may be concluded then. `cause`: a vendor and what is wrong with it, where that
    is no matter of what was asked.
    """

    id: str
    vendor: str
    title: str
    status: Status
    expected: str
    found: str
    actions: tuple[Action, ...]
    link: str
    by: datetime | None = None
    owed: bool = False
    warning: str = ""
    cause: tuple[str, str] | None = None

    @property
    def action(self) -> str:
        """All that is to be done, in order, as one line."""
        return "; then ".join(action.text for action in self.actions)

    @property
    def by_text(self) -> str:
        """The moment by which it should be there, or nothing."""
        return to_the_minute(self.by) if self.by else ""


def answer(question: Question) -> Check:
    """The check that comes of a question; whatever is raised becomes `cannot be known`."""
    owed, cause = False, None
    try:
        verdict = question.ask()
    except Unreadable as missing:
        verdict, owed = _unread(question, missing)
        cause = _cause(missing)
    except Exception as error:
        owed = True
        verdict = unknown(
            question.expected,
            f"this check itself failed ({type(error).__name__})",
            actions.look("report it as a bug of cfscim; look at the page by hand meanwhile"),
        )
    return Check(
        id=question.id,
        vendor=question.vendor,
        title=question.title,
        status=verdict.status,
        expected=_line(verdict.expected),
        found=_line(verdict.found),
        actions=tuple(replace(action, text=_line(action.text)) for action in verdict.actions),
        link=verdict.link or question.link,
        by=verdict.by,
        owed=owed,
        warning=_line(verdict.warning),
        cause=cause,
    )


def _unread(question: Question, missing: Unreadable) -> tuple[Verdict, bool]:
    error = missing.error
    if isinstance(error, Dependent):
        return unknown(question.expected, error.why, error.action), False
    message, cause = error.message, missing.what
    if not isinstance(error, AnswerError):
        return unknown(question.expected, cause, Action(Act.VENDOR, message.instead)), True
    if error.kind == "forbidden":
        cause = f"the credentials may not read it: {cause}"
        return unknown(question.expected, cause, Action(Act.GRANT, message.instead)), False
    return unknown(question.expected, cause, Action(Act.VENDOR, message.instead)), True


_OF_THE_VENDOR = ("unreachable", "unavailable", "timeout", "throttled", "unauthorized")
"""Kinds of failure that say nothing of what was asked."""


def _cause(missing: Unreadable) -> tuple[str, str] | None:
    error = missing.error
    if not isinstance(error, AnswerError) or error.kind not in _OF_THE_VENDOR:
        return None
    vendor, _, _ = error.message.where.about.partition(" ")
    return vendor, _line(error.message.what)


def _line(text: str) -> str:
    return one_line(mask(text))


@dataclass(frozen=True)
class Report:
    """Every check, in a stable order."""

    checks: tuple[Check, ...]

    def counts(self) -> Mapping[Status, int]:
        """How many checks ended in each way."""
        by_status = Counter(check.status for check in self.checks)
        return {status: by_status[status] for status in Status}

    @property
    def exit_code(self) -> int:
        """1 when something does not hold, 3 when an answer that was owed is missing, 4 when
        something is not there yet and nothing is wrong, else 0.

        What a vendor has no API for, or the credentials lack a permission for, is counted and
        shown and does not fail by itself; a vendor of which nothing at all was learned does.
        """
        statuses = {check.status for check in self.checks}
        if Status.FAILS in statuses:
            return 1
        learned = {
            check.vendor for check in self.checks if check.status in (Status.HOLDS, Status.NOT_YET)
        }
        silent = {check.vendor for check in self.checks} - learned
        if silent or not self.checks or any(check.owed for check in self.checks):
            return 3
        return 4 if Status.NOT_YET in statuses else 0
