"""Every scenario of the rehearsal by the real engine, with a sampler that sees every state."""

from itertools import count
from pathlib import Path

import pytest

from cfscim.up.engine import Engine
from cfscim.up.sandbox_process import RunningSandbox
from sandbox.server.server import Sandbox
from tests.conftest import admin_client
from tests.engine.deployer import Deployer
from tests.scenarios import ADOPTIONS, SCENARIOS, Sampler, Scenario, Stage, names, play

ALL = (*SCENARIOS, *ADOPTIONS)


@pytest.mark.parametrize("scenario", ALL, ids=names(ALL))
def test_nobody_loses_or_gains_a_role(
    engine: Engine,
    sandbox_server: Sandbox,
    folder: Path,
    scenario: Scenario,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sandbox_server.world.reset()
    whole = RunningSandbox(sandbox_server.admin, sandbox_server.env)
    folders = (folder / str(place) for place in count())

    def anew() -> Deployer:
        return Deployer(engine, "dev", next(folders), whole.environment(), lambda _line: None)

    sampler = Sampler(sandbox_server)
    try:
        with admin_client(sandbox_server) as admin:
            play(scenario, Stage(anew(), admin, anew=anew), sampler)
    finally:
        whole.close()
    with capsys.disabled():
        print(f"\n{scenario.name}: {sampler.looks} looks, {len(sampler.wrong)} wrong", flush=True)
    assert sampler.wrong == []
    assert sampler.looks > 10
