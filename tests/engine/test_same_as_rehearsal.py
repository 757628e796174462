"""Engine and rehearsal end in the same sandbox state, for every combination."""

from pathlib import Path

import pytest

from cfscim.config.models import parse_config
from cfscim.rehearsal import RehearsalDeployer
from cfscim.up.command import begin, deploy
from cfscim.up.engine import Engine, EngineDeployer
from cfscim.up.sandbox_process import SandboxProcess
from tests.configs import COMBINATIONS, config_object
from tests.engine.end_state import differences, end_state


@pytest.mark.parametrize(("kind", "role_model", "owner"), COMBINATIONS)
def test_same_end(kind: str, role_model: str, owner: str, engine: Engine, folder: Path) -> None:
    declared = config_object(kind, role_model, owner)
    config = parse_config(declared, stack="engine")
    ends = []
    for way in ("engine", "rehearsal"):
        kept = folder / way
        kept.mkdir()
        with SandboxProcess(kept) as sandbox:
            environment = sandbox.environment()
            deployer = (
                EngineDeployer(engine, "engine", folder / "stack", environment, lambda _line: None)
                if way == "engine"
                else RehearsalDeployer("engine", environment, lambda _line: None)
            )
            deploy(begin(config, declared, deployer, sandbox, lambda _line: None))
        ends.append(end_state(kept))
    assert differences(*ends) == []
