"""Every scenario with each of its updates cut off: the next run, after `adopt`, ends as undisturbed.

One writing call a step of some scenarios by default; with `CFSCIM_FULL_MATRIX=1` every call of all,
refused and answer lost.
"""

import os

import httpx
import pytest

from sandbox.server.server import Sandbox
from tests.rehearsal.interruption import Interrupted
from tests.scenarios import ADOPTIONS, SCENARIOS, Scenario, names

pytestmark = pytest.mark.usefixtures("signed_in")

FULL = os.environ.get("CFSCIM_FULL_MATRIX") == "1"
SAMPLE = [
    "user-groups-okta",
    "okta-to-entra",
    "rotation-entra",
    "leaving-entra",
    "dropped-role-okta",
    "adoption-entra",
]
TRIED = [one for one in (*SCENARIOS, *ADOPTIONS) if FULL or one.name in SAMPLE]


@pytest.mark.parametrize("scenario", TRIED, ids=names(TRIED))
def test_what_was_cut_off_ends_as_if_it_had_not_been(
    sandbox: Sandbox,
    admin: httpx.Client,
    capsys: pytest.CaptureFixture[str],
    scenario: Scenario,
) -> None:
    tried = Interrupted(sandbox, admin, scenario)
    problems = tried.problems(every=FULL)
    if FULL:
        with capsys.disabled():
            print(f"\n{scenario.name}: {tried.runs} runs cut off, {len(problems)} problems")
    assert problems == []
    assert tried.runs > 0
