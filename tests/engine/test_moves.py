"""Every scenario of the rehearsal by the real engine, with a sampler that sees every state."""

from pathlib import Path

import pytest

from cfscim.up.engine import Engine, EngineDeployer
from cfscim.up.sandbox_process import RunningSandbox
from sandbox.server.server import Sandbox
from tests.conftest import admin_client
from tests.scenarios import SCENARIOS, Sampler, Scenario, Stage, names, play


class Deployer(EngineDeployer):
    """The engine's deployer with the one step more that a scenario has."""

    def destroy(self) -> None:
        """`pulumi destroy`."""
        self.stack.destroy()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=names(SCENARIOS))
def test_nobody_loses_or_gains_a_role(
    engine: Engine, sandbox_server: Sandbox, folder: Path, scenario: Scenario
) -> None:
    sandbox_server.world.reset()
    whole = RunningSandbox(sandbox_server.admin, sandbox_server.env)
    deployer = Deployer(engine, "dev", folder, whole.environment(), lambda _line: None)
    sampler = Sampler(sandbox_server)
    try:
        with admin_client(sandbox_server) as admin:
            play(scenario, Stage(deployer, admin), sampler)
    finally:
        whole.close()
    assert sampler.wrong == []
    assert sampler.looks > 10
