"""Advice ends: what a line tells its reader to do is carried out on the sandbox, and then it holds."""

from collections.abc import Callable

import pytest

from cfscim.verify import Check, Status
from cfscim.verify.actions import DECISIONS, Act
from sandbox.server.world import World
from tests.verify.carry_out import EXECUTORS, Hands
from tests.verify.test_undeclared_power import WAYS
from tests.verify.verify_base import Bases, Combination, bases, no_waiting
from tests.verify.verify_cloudflare_deviations import CLOUDFLARE
from tests.verify.verify_entra_deviations import ENTRA_DEVIATIONS
from tests.verify.verify_okta_deviations import OKTA_DEVIATIONS
from tests.verify.verify_support import failing, show

__all__ = ["bases", "no_waiting"]

# Carried out by an update, with an engine or in rehearsal: see test_token_life.py, and the
# rehearsal's own tests.
UPDATES = {Act.UPDATE, Act.REFRESH, Act.ROTATE, Act.EXTEND, Act.HAND_OVER, Act.CONFIRM}
NOTHING_TO_DO = {Act.RUN_AGAIN, Act.SEE}
ELSEWHERE = {Act.ENTRA_UNNEST}  # the sandbox's list of members does not take groups

CASES = [
    (one.stack, one.name, one.change, getattr(one, "cycle", False))
    for one in (*CLOUDFLARE, *OKTA_DEVIATIONS, *ENTRA_DEVIATIONS, *WAYS)
]


def test_every_kind_is_carried_out_somewhere_or_needs_a_person_to_judge() -> None:
    assert set(Act) == {*EXECUTORS, *UPDATES, *NOTHING_TO_DO, *DECISIONS, *ELSEWHERE}


def _executable(check: Check) -> bool:
    return bool(check.actions) and all(one.kind in EXECUTORS for one in check.actions)


@pytest.mark.parametrize(
    ("stack", "name", "change", "cycle"), CASES, ids=[f"{c[0][0]}: {c[1]}" for c in CASES]
)
def test_advice_ends(
    bases: Bases, stack: Combination, name: str, change: Callable[[World], object], cycle: bool
) -> None:
    made = bases.stack(stack)
    change(bases.sandbox.world)
    if cycle:
        bases.cycle(stack)
    before = failing(made.verify())
    advised = [check for check in before.values() if _executable(check)]
    if not advised:
        assert all(check.actions for check in before.values()), name
        return
    hands = Hands(bases, stack)
    for action in dict.fromkeys(action for check in advised for action in check.actions):
        hands.do(action)
    report = made.verify()
    after = {check.id: check for check in report.checks}
    left = [one.id for one in advised if after[one.id].status is not Status.HOLDS]
    assert left == [], f"{[one.action for one in advised]}\n{show(report)}"
