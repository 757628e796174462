"""What counts as a pass: an exception never, an owed answer never, silence of a vendor never."""

import pytest

from cfscim.config.messages import ScimError
from cfscim.vendors.errors import AnswerError
from cfscim.verify.actions import UPDATE as DO
from cfscim.verify.actions import look
from cfscim.verify.reading import Unreadable
from cfscim.verify.report import (
    Check,
    Dependent,
    Question,
    Report,
    Status,
    Verdict,
    answer,
    fails,
    holds,
    same,
    unknown,
)


def _check(verdict: Verdict | Exception, vendor: str = "Okta") -> Check:
    def ask() -> Verdict:
        if isinstance(verdict, Exception):
            raise verdict
        return verdict

    return answer(Question(f"{vendor.lower()}.id", "title", "expected", "https://link", ask))


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("a bug"),
        KeyError("x"),
        AssertionError(),
        Unreadable(
            ScimError(
                "somewhere",
                "broken",
                "why",
                "run again",
            )
        ),
        Unreadable(AnswerError("timeout", "Okta GET /x", "no answer in time")),
        Unreadable(AnswerError("forbidden", "Okta GET /x", "answered 403")),
        Unreadable(Dependent("there is no app", "okta.app.active")),
    ],
)
def test_an_exception_never_holds(error: Exception) -> None:
    check = _check(error)
    assert check.status is Status.UNKNOWN
    assert check.found
    assert check.action


def test_only_a_missing_permission_or_object_is_not_owed() -> None:
    assert _check(RuntimeError()).owed
    assert _check(Unreadable(AnswerError("timeout", "Okta GET /x", "no answer"))).owed
    assert not _check(Unreadable(Dependent("gone", "another"))).owed
    forbidden = AnswerError("forbidden", "Okta GET /x", "answered 403", instead="grant okta.x.read")
    check = _check(Unreadable(forbidden))
    assert not check.owed
    assert check.action == "grant okta.x.read"
    assert "may not read it" in check.found


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ([holds("a")], 0),
        ([holds("a"), unknown("a", "no API", look())], 0),
        ([holds("a"), fails("a", "b", DO)], 1),
        ([unknown("a", "no API", look())], 3),
        ([holds("a"), RuntimeError()], 3),
        ([fails("a", "b", DO), RuntimeError()], 1),
        ([], 3),
    ],
)
def test_the_exit_code(verdicts: list[Verdict | Exception], code: int) -> None:
    assert Report(tuple(_check(one) for one in verdicts)).exit_code == code


def test_a_vendor_of_which_nothing_was_learned_is_no_pass() -> None:
    silent = _check(unknown("a", "no permission", DO), vendor="Cloudflare")
    assert Report((_check(holds("a")), silent)).exit_code == 3


def test_a_line_is_one_line_without_secrets() -> None:
    secret = "cfat_" + "a1" * 20
    check = _check(fails("a\nb", f"token {secret}", DO))
    assert check.expected == "a\\nb"
    assert secret not in check.found


def test_equal_means_byte_for_byte() -> None:
    assert same("Billing", "Billing", DO).status is Status.HOLDS
    for other in ("billing", "Billing ", "Billing\u200b", "", "B\u0456lling"):
        assert same("Billing", other, DO).status is Status.FAILS
