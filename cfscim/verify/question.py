"""A question and how it is answered: an exception is never an answer that holds."""

from collections.abc import Callable
from dataclasses import dataclass

from cfscim.config.messages import ScimError, one_line
from cfscim.vendors.errors import AnswerError
from cfscim.vendors.secrets import mask
from cfscim.verify.reading import Unreadable
from cfscim.verify.report import Check, Status


@dataclass(frozen=True)
class Verdict:
    """What came of a question."""

    status: Status
    expected: str
    found: str
    action: str = ""
    link: str = ""


def holds(expected: str, found: str = "") -> Verdict:
    """It was read back and is as declared."""
    return Verdict(Status.HOLDS, expected, found or expected)


def fails(expected: str, found: str, action: str, link: str = "") -> Verdict:
    """It was read back and differs; `action` says what to do now, `link` where if elsewhere."""
    return Verdict(Status.FAILS, expected, found, action, link)


def unknown(expected: str, found: str, action: str, link: str = "") -> Verdict:
    """Nobody can say from here."""
    return Verdict(Status.UNKNOWN, expected, found, action, link)


def same(expected: str, found: str, action: str) -> Verdict:
    """Holds when both are equal, byte for byte."""
    return holds(expected) if found == expected else fails(expected, found or "nothing", action)


@dataclass(frozen=True)
class Question:
    """What is asked, of whom; `ask` may raise `Unreadable` when a reading is missing."""

    id: str
    vendor: str
    title: str
    expected: str
    link: str
    ask: Callable[[], Verdict]


def answer(question: Question) -> Check:
    """The check that comes of a question; whatever is raised becomes `cannot be known`."""
    owed = False
    try:
        verdict = question.ask()
    except Unreadable as missing:
        verdict, owed = _unread(question, missing.error)
    except Exception as error:
        owed = True
        verdict = unknown(
            question.expected,
            f"this check itself failed ({type(error).__name__})",
            "report it as a bug of cfscim; look at the page by hand meanwhile",
        )
    return Check(
        id=question.id,
        vendor=question.vendor,
        title=question.title,
        status=verdict.status,
        expected=_line(verdict.expected),
        found=_line(verdict.found),
        action=_line(verdict.action),
        link=verdict.link or question.link,
        owed=owed,
    )


def _unread(question: Question, error: ScimError) -> tuple[Verdict, bool]:
    parts = str(error).split("; ")
    found, action = parts[0], parts[-1] if len(parts) > 1 else "run again"
    if isinstance(error, Dependent):
        return unknown(question.expected, error.why, error.instead), False
    forbidden = isinstance(error, AnswerError) and error.kind == "forbidden"
    if forbidden:
        found = f"the credentials may not read it: {found}"
    return unknown(question.expected, found, action), not forbidden


class Dependent(ScimError):
    """It cannot be asked, because what it belongs to is missing; another check says so."""

    def __init__(self, why: str, instead: str) -> None:
        self.why = why
        self.instead = instead
        super().__init__(f"{why}; {instead}")


def _line(text: str) -> str:
    return one_line(mask(text))
