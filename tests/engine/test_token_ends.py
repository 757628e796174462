"""A token that expired, was revoked or was deleted, by the real engine: the next update mends it."""

from pathlib import Path

import pytest

from cfscim.up.engine import Engine, EngineDeployer
from cfscim.up.sandbox_process import RunningSandbox
from sandbox.server.server import Sandbox
from tests.adopt.test_adopt import ENDS, end, twin
from tests.configs import config_object
from tests.conftest import admin_client
from tests.engine.engine_preview import preview
from tests.scenarios import Stage, stack_file

_TOKEN = "token cloudflare:index/accountToken:AccountToken"


@pytest.mark.parametrize("how", ENDS)
def test_a_plain_update_makes_a_new_one_and_its_preview_says_so(
    engine: Engine, sandbox_server: Sandbox, folder: Path, how: str
) -> None:
    sandbox_server.world.reset()
    whole = RunningSandbox(sandbox_server.admin, sandbox_server.env)
    lines: list[str] = []
    deployer = EngineDeployer(engine, "dev", folder, whole.environment(), lines.append)
    declared = config_object("entra")
    with admin_client(sandbox_server) as admin:
        Stage(deployer, admin).deploy(declared)
        tokens = sandbox_server.world.cloudflare.tokens
        [own] = tokens.values()
        assert preview(deployer, declared).operations == {}
        deployer.update(stack_file(declared))  # notes its id, so that a living twin hides nothing
        assert preview(deployer, declared).operations == {}
        end(sandbox_server, how)
        first = [own.id, twin(sandbox_server, own)]
        assert preview(deployer, declared).operations[_TOKEN] == "replace"
        assert [*tokens] == first[how == "deleted" :], "a preview writes nothing"
        deployer.update(stack_file(declared))
        [now] = [one for one in tokens.values() if one.id != first[1]]
        assert now.status == "active"
        assert now.id not in first
        assert admin.post("cycle").json()["entra"]["errors"] == []
    again = deployer.stack.up(expect_no_changes=True, suppress_outputs=True)
    assert set(again.summary.resource_changes or {}) == {"same"}
    whole.close()
