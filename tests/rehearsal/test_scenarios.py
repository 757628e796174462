"""Every scenario from beginning to end in rehearsal, with a sampler that sees every state."""

import httpx
import pytest

from cfscim.rehearsal import RehearsalDeployer
from sandbox.server.server import Sandbox
from tests.scenarios import SCENARIOS, Sampler, Scenario, Stage, names, play


@pytest.mark.parametrize("scenario", SCENARIOS, ids=names(SCENARIOS))
def test_nobody_loses_or_gains_a_role_at_any_moment(
    sandbox: Sandbox, admin: httpx.Client, scenario: Scenario
) -> None:
    stage = Stage(RehearsalDeployer("dev", sandbox.env, lambda _line: None), admin)
    sampler = Sampler(sandbox)
    play(scenario, stage, sampler)
    assert sampler.wrong == []
    assert sampler.looks > 10
