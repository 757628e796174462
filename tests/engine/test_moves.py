"""Every scenario of the rehearsal by the real engine, with a sampler that sees every state."""

import json
from collections.abc import Mapping
from itertools import count
from pathlib import Path

import pytest

from cfscim.adopt.command import import_words
from cfscim.config.json_types import JsonObject
from cfscim.up.engine import Engine, EngineDeployer
from cfscim.up.sandbox_process import RunningSandbox
from sandbox.server.server import Sandbox
from tests.conftest import admin_client
from tests.scenarios import ADOPTIONS, SCENARIOS, Sampler, Scenario, Stage, names, play

ALL = (*SCENARIOS, *ADOPTIONS)


class Deployer(EngineDeployer):
    """The engine's deployer with the steps more that a scenario has."""

    def destroy(self) -> None:
        """`pulumi destroy`."""
        self.stack.destroy()

    def take_over(self, imports: JsonObject, config: Mapping[str, object]) -> None:
        """`pulumi import` of what `adopt` wrote."""
        self.configure(config)
        file = self.project_folder / "adopt.json"
        file.write_text(json.dumps(imports))
        words = import_words("dev", file)
        assert self.stack.name == "dev", "and it exists"
        command = self.stack.workspace.pulumi_command
        command.run(words, str(self.project_folder), self.environment)


@pytest.mark.parametrize("scenario", ALL, ids=names(ALL))
def test_nobody_loses_or_gains_a_role(
    engine: Engine, sandbox_server: Sandbox, folder: Path, scenario: Scenario
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
    assert sampler.wrong == []
    assert sampler.looks > 10
