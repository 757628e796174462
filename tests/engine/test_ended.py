"""A destroy by entries whose day has passed since the last update, by the real engine."""

from pathlib import Path
from typing import Any

import pytest
from pulumi import automation

from cfscim.up.engine import Engine
from cfscim.up.sandbox_process import RunningSandbox
from sandbox.server.server import Sandbox
from tests.configs import config_object
from tests.conftest import admin_client
from tests.engine.deployer import Deployer
from tests.scenarios import UNTIL, Stage

WHAT = ("Billing", "everything")
ENDED = "2026-01-31"


def test_a_destroy_takes_nothing_by_an_entry_that_has_ended(
    engine: Engine, sandbox_server: Sandbox, folder: Path
) -> None:
    sandbox_server.world.reset()
    whole = RunningSandbox(sandbox_server.admin, sandbox_server.env)
    deployer = Deployer(engine, "dev", folder, whole.environment(), lambda _line: None)
    removals = [{"what": what, "until": UNTIL, "by": "Grace", "reason": "left"} for what in WHAT]
    with admin_client(sandbox_server) as admin:
        Stage(deployer, admin).deploy({**config_object("entra"), "removals": removals})
        _set_day(deployer, ENDED)
        before = _held(admin.get("state").json())
        with pytest.raises(automation.CommandError, match=f"that of Billing by Grace.*{ENDED}"):
            deployer.destroy()
        assert _held(admin.get("state").json()) == before
        _set_day(deployer, UNTIL)
        deployer.destroy()
        assert admin.get("state").json()["entra"]["groups"] == []
    whole.close()


def _set_day(deployer: Deployer, until: str) -> None:
    """As if the entry of the first role had ended on this day, and no update had been since."""
    exported = deployer.stack.export_stack()
    deployment: Any = exported.deployment
    resources = deployment["resources"]
    [guard] = [one for one in resources if one["urn"].endswith("::destroy-guard")]
    for kept in (guard["inputs"], guard["outputs"]):
        kept["leaving"][0]["until"] = until
    deployer.stack.import_stack(exported)


def _held(state: Any) -> list[object]:
    """Everything that gives access."""
    entra, cloudflare = state["entra"], state["cloudflare"]
    return [
        entra["groups"],
        entra["appRoleAssignments"],
        cloudflare["userGroups"],
        cloudflare["members"],
    ]
