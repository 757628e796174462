"""A token that expired, was revoked or was deleted, by the real engine: noticed, and made anew."""

from pathlib import Path

import pytest

from cfscim.adopt.command import Request, run
from cfscim.up.engine import Engine, EngineDeployer
from cfscim.up.sandbox_process import RunningSandbox
from sandbox.server.server import Sandbox
from tests.adopt.test_adopt import ENDS, end
from tests.combinations import config_object
from tests.conftest import admin_client
from tests.scenarios import Stage, stack_file


@pytest.mark.parametrize("how", ENDS)
def test_a_token_that_has_ended_is_forgotten_and_the_next_update_makes_a_new_one(
    engine: Engine,
    sandbox_server: Sandbox,
    folder: Path,
    how: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sandbox_server.world.reset()
    whole = RunningSandbox(sandbox_server.admin, sandbox_server.env)
    lines: list[str] = []
    deployer = EngineDeployer(engine, "dev", folder, whole.environment(), lines.append)
    declared = config_object("entra", "userGroups", "account")
    with admin_client(sandbox_server) as admin:
        Stage(deployer, admin).deploy(declared)
        tokens = sandbox_server.world.cloudflare.tokens
        first = [*tokens]
        end(sandbox_server, how)
        deployer.update(stack_file(declared))
        assert [*tokens] == ([] if how == "deleted" else first), "a plain update sees nothing"
        request = Request(str(deployer.project_folder / "Pulumi.dev.yaml"), do_import=True)
        assert run(request, deployer.environment) == 0
        assert "Forgotten: token" in capsys.readouterr().out
        deployer.update(stack_file(declared))
        [now] = [token for token in tokens.values() if token.status == "active"]
        assert now.id not in first
        assert admin.post("cycle").json()["entra"]["errors"] == []
    again = deployer.stack.up(expect_no_changes=True, suppress_outputs=True)
    assert set(again.summary.resource_changes or {}) == {"same"}
    whole.close()
