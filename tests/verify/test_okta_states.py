"""Every status of Okta's is its own sentence with its own way out: in `verify`, in `preflight` and
in the program; and who is not off has the role, with all that hangs on it."""

from typing import get_args

import pytest

from cfscim.config.okta_people import STATES
from sandbox.okta.models import UserStatus
from sandbox.okta.provisioning.assignment import refresh
from tests.configs import stack_config
from tests.preflight.test_preflight import answers, of
from tests.verify.carry_out import Hands
from tests.verify.verify_base import OKTA, Bases
from tests.verify.verify_okta_deviations import user
from tests.verify.verify_support import failing, show

pytestmark = pytest.mark.usefixtures("no_sockets")

ADA = "ada@example.com"


def test_every_status_of_okta_s_has_a_sentence() -> None:
    assert {*STATES} == {*get_args(UserStatus)} - {"ACTIVE"}
    assert len({(state.what, state.instead) for state in STATES.values()}) == len(STATES)


@pytest.mark.parametrize("status", sorted(STATES))
def test_a_person_of_this_status(
    bases: Bases, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hands = Hands(bases, OKTA, bases.stack(OKTA))
    state, world = STATES[status], bases.sandbox.world
    user(world, "ada").status = status
    refresh(world.okta)
    hands.wait()
    roles = {m["email"]: m["roles"] for m in world.cloudflare.snapshot()["members"]}  # type: ignore[index,union-attr]
    assert ("Administrator" in roles.get(ADA, [])) is not state.off

    report = hands.verify()
    told = "\n".join([*(c.found + c.action for c in failing(report).values()), show(report)])
    warned = "; ".join(check.warning for check in report.checks)
    if state.off:
        assert f"{ADA} is missing ({state.short})" in told
        assert "let the person in again" in told
    else:
        assert failing(report) == {}, show(report)
        assert f"{ADA} {state.what} ({state.instead})" in warned

    answer = of(answers(bases.sandbox, stack_config("okta"), hands.env), f"okta.person.{ADA}")
    assert answer.status == ("problem" if state.off else "unknown")
    assert state.what in str(answer.message)
    assert state.instead in str(answer.message)

    lines: list[str] = []
    monkeypatch.setattr("pulumi.log.warn", lines.append)
    if status == "DEPROVISIONED":
        with pytest.raises(Exception, match=f"deactivated: {ADA}: reactivate the person"):
            hands.update()
        return
    hands.update()
    assert any(state.what in line and state.instead in line for line in lines), lines
