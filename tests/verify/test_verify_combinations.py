"""No false red: the eight declared combinations hold after a cycle."""

import pytest

from cfscim.config.okta_switches import unlisted
from sandbox.server.server import Sandbox
from tests.configs import COMBINATIONS
from tests.verify.verify_support import failing, open_questions, set_up, show

pytestmark = pytest.mark.usefixtures("signed_in")

# What Okta has no API for stays open for ever.
OPEN = {
    "okta": {"okta.connection", *(f"okta.{switch.name}" for switch in unlisted())},
    "entra": set[str](),
}


@pytest.mark.parametrize(("kind", "model", "owner"), COMBINATIONS)
def test_a_stack_after_its_cycle_is_as_declared(
    sandbox: Sandbox, kind: str, model: str, owner: str
) -> None:
    report = set_up(sandbox, kind, model, owner).verify()
    assert failing(report) == {}, show(report)
    assert open_questions(report) == OPEN[kind], show(report)
    assert report.exit_code == 0
