"""What `verify` advises rests on what the real providers do: each of these is seen with the engine."""

import os
from pathlib import Path

import pytest
from pulumi.automation import CommandError

from cfscim.up.engine import Engine, EngineDeployer
from sandbox.server.server import Sandbox
from sandbox.server.world import World
from tests.adopt.adopting import adopt
from tests.configs import config_object
from tests.verify.verify_support import KEY, write


class Stack:
    """A stack of the engine on the sandbox of this process."""

    def __init__(self, engine: Engine, sandbox: Sandbox, folder: Path, kind: str) -> None:
        environment = {**os.environ, **sandbox.env}
        self.deployer = EngineDeployer(engine, "engine", folder, environment, lambda _line: None)
        self.given: dict[str, object] = {KEY: config_object(kind)}

    def write(self, path: str, value: object) -> None:
        write(self.given, path, value)

    def up(self) -> None:
        self.deployer.update(self.given)

    def up_refresh(self) -> None:
        self.deployer.configure(self.given)
        self.deployer.stack.up(refresh=True, color="never", suppress_outputs=True)

    def adopt(self) -> None:
        """`adopt --import`."""
        self.deployer.configure(self.given)
        assert adopt(self.deployer, "engine", self.given)["resources"] == []


@pytest.fixture
def world(sandbox_server: Sandbox) -> World:
    """The vendors as at the first start."""
    sandbox_server.world.reset()
    return sandbox_server.world


@pytest.fixture
def okta(engine: Engine, sandbox_server: Sandbox, world: World, folder: Path) -> Stack:
    stack = Stack(engine, sandbox_server, folder, "okta")
    stack.write("identityProvider.apiIntegration", "api")
    stack.write("identityProvider.catalogApp", "zscalerbyz")
    stack.up()
    return stack


def test_what_a_refresh_puts_right_and_what_it_does_not(okta: Stack, world: World) -> None:
    [app] = world.okta.apps.values()
    [account] = [one for one in world.cloudflare.accounts.values() if one.user_groups]
    billing = next(one for one in account.user_groups.values() if one.name == "Billing")
    [token] = world.cloudflare.tokens.values()

    billing.policies.clear()
    token.name = app.label = "by hand"
    app.provisioning.create_users = False
    okta.up_refresh()
    [app] = world.okta.apps.values()
    [token] = world.cloudflare.tokens.values()
    assert len(account.user_groups[billing.id].policies) == 1
    assert (token.name, app.label) == ("cloudflare-scim-engine", "Cloudflare SCIM")
    assert app.provisioning.create_users

    gone = app.mappings.pop()
    with pytest.raises(CommandError, match="push group"):
        okta.up_refresh()
    okta.adopt()
    okta.up_refresh()
    assert len(app.mappings) == 4

    group = world.okta.groups[gone.source_group_id]
    name = group.name
    group.name = f"{name} 2"
    with pytest.raises(CommandError, match="protect"):
        okta.up_refresh()
    group.name = name
    okta.up_refresh()  # the refused update has kept the other name in the state

    world.cloudflare.tokens.clear()
    okta.write("token.rotation", "2")
    okta.up()  # what is gone is in no rotation's way
    assert len(world.cloudflare.tokens) == 1


def test_a_token_that_is_gone_comes_with_a_refresh(okta: Stack, world: World) -> None:
    world.cloudflare.tokens.clear()
    okta.up_refresh()
    [token] = world.cloudflare.tokens.values()
    [app] = world.okta.apps.values()
    assert token.status == "active"
    assert app.provisioning.enabled


def test_a_refresh_sees_no_other_token_in_entra(
    engine: Engine, sandbox_server: Sandbox, world: World, folder: Path
) -> None:
    stack = Stack(engine, sandbox_server, folder, "entra")
    stack.up()
    [secrets] = [one.secrets for one in world.entra.synchronization.values()]
    right = secrets["SecretToken"]
    secrets["SecretToken"] = "wrong"
    stack.up_refresh()
    assert secrets["SecretToken"] == "wrong"
    stack.write("token.rotation", "2")
    stack.up()
    assert secrets["SecretToken"] not in ("wrong", right)
