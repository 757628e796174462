"""Engine and rehearsal end in the same sandbox state, for every combination."""

import json
import re
from pathlib import Path

import pytest

from cfscim.engine import Engine
from cfscim.engine_deployer import EngineDeployer
from cfscim.rehearsal.deployer import RehearsalDeployer
from cfscim.sandbox_process import SandboxProcess
from cfscim.up import deploy
from scim.config import parse_config
from tests.combinations import COMBINATIONS, config_object

_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_ID = re.compile(
    r"\b(0o[a-z][0-9A-Za-z]{17}|00[ug][0-9A-Za-z]{17}|[0-9a-f]{32}|[0-9A-Za-z]{20}"
    r"|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})\b"
)
# What a vendor writes down about when and in which order things happened, not what they are.
_HISTORY = {"provisioningLog", "deletedItems", "status", "mailNickname", "groupDeletions"}


def normal(value: object) -> object:
    """The state without ids, times and order: those differ with the order of requests."""
    if isinstance(value, dict):
        return {k: normal(v) for k, v in sorted(value.items()) if k not in _HISTORY}
    if isinstance(value, list):
        return sorted((normal(item) for item in value), key=lambda item: json.dumps(item))
    if isinstance(value, str):
        return _ID.sub("<id>", _STAMP.sub("<time>", value))
    return value


@pytest.mark.parametrize(("kind", "role_model", "owner"), COMBINATIONS)
def test_same_end(kind: str, role_model: str, owner: str, engine: Engine, folder: Path) -> None:
    declared = config_object(kind, role_model, owner)
    config = parse_config(declared, stack="engine")
    ends = []
    for way in ("engine", "rehearsal"):
        with SandboxProcess() as sandbox:
            environment = sandbox.environment()
            deployer = (
                EngineDeployer(engine, "engine", folder, environment, lambda _line: None)
                if way == "engine"
                else RehearsalDeployer("engine", environment, lambda _line: None)
            )
            deploy(config, declared, deployer, sandbox, lambda _line: None)
            ends.append(normal(sandbox.state()))
    assert ends[0] == ends[1]
