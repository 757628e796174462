"""Update, update again, refresh, destroy: what the engine says of each, for every combination.

What is left after the destroy is what the rehearsal's destroy leaves, down to the last attribute.
"""

from pathlib import Path

import pytest
from pulumi.automation.errors import CommandError

from cfscim.config.models import parse_config
from cfscim.rehearsal import RehearsalDeployer
from cfscim.up.command import begin, deploy
from cfscim.up.engine import Engine, EngineDeployer
from cfscim.up.sandbox_process import SandboxProcess
from tests.configs import ACCOUNT, COMBINATIONS, config_object
from tests.engine.end_state import differences, end_state


def members(sandbox: SandboxProcess) -> dict[str, set[str]]:
    listed = sandbox.state()["cloudflare"]["members"]
    return {m["email"]: set(m["roles"]) for m in listed if m["accountId"] == ACCOUNT}


@pytest.mark.parametrize(("kind", "role_model", "owner"), COMBINATIONS)
def test_update_repeat_refresh_destroy(
    kind: str,
    role_model: str,
    owner: str,
    engine: Engine,
    folder: Path,
) -> None:
    declared = config_object(kind, role_model, owner)
    (folder / "engine").mkdir()
    with SandboxProcess(folder / "engine") as sandbox:
        _whole_life(declared, engine, sandbox, folder / "stack")
    assert differences(end_state(folder / "engine"), _rehearsed(declared, folder)) == []


def _rehearsed(declared: dict[str, object], folder: Path) -> object:
    """What the rehearsal leaves of the same life."""
    kept = folder / "rehearsal"
    kept.mkdir()
    with SandboxProcess(kept) as sandbox:
        deployer = RehearsalDeployer("engine", sandbox.environment(), lambda _line: None)
        config = parse_config(declared, stack="engine")
        deploy(begin(config, declared, deployer, sandbox, lambda _line: None))
        _deactivates_nobody(sandbox)
        deployer.destroy(unprotect=True)
    return end_state(kept)


def _deactivates_nobody(sandbox: SandboxProcess) -> None:
    """Leaving Okta begins with this in its console: docs/leaving.md."""
    for app in sandbox.state()["okta"]["apps"]:
        sandbox.post(f"console/okta/{app['id']}", {"deactivateUsers": False})


def _whole_life(
    declared: dict[str, object], engine: Engine, sandbox: SandboxProcess, folder: Path
) -> None:
    config = parse_config(declared, stack="engine")
    kind = config.identity_provider.kind
    lines: list[str] = []
    deployer = EngineDeployer(engine, "engine", folder, sandbox.environment(), lines.append)

    deploy(begin(config, declared, deployer, sandbox, lines.append))
    assert "Administrator" in members(sandbox)["ada@example.com"]
    assert "Super Administrator - All Privileges" in members(sandbox)["grace@example.com"]

    before = sandbox.state()
    again = deployer.stack.up(expect_no_changes=True, suppress_outputs=True)
    assert set(again.summary.resource_changes or {}) == {"same"}
    refreshed = deployer.stack.refresh(expect_no_changes=True)
    assert set(refreshed.summary.resource_changes or {}) == {"same"}
    assert sandbox.state() == before

    # The Automation API destroys with --skip-preview, the worst case: nothing may be lost even so.
    with pytest.raises(CommandError, match="protected|Deactivate Users is on"):
        deployer.stack.destroy()
    access = members(sandbox)
    sandbox.post("cycle")
    assert members(sandbox) == access

    _deactivates_nobody(sandbox)
    deployer.stack.workspace.pulumi_command.run(
        ["state", "unprotect", "--all", "--yes", "--stack", "engine"],
        str(deployer.project_folder),
        deployer.environment,
    )
    deployer.stack.destroy()
    left = sandbox.state()
    named = [t for t in left["cloudflare"]["tokens"] if t["name"] == "cloudflare-scim-engine"]
    assert not named
    expected = 4 if config.role_model == "userGroups" else 0
    assert len(left["cloudflare"]["userGroups"]) == expected
    groups = {group.get("name") or group.get("displayName") for group in left[kind]["groups"]}
    assert groups == ({"Everyone"} if kind == "okta" else set())
    apps = left["okta"]["apps"] if kind == "okta" else left["entra"]["applications"]
    assert "Cloudflare SCIM" not in {app.get("label") or app.get("displayName") for app in apps}
    assert "Administrator" in members(sandbox)["ada@example.com"], "destroying took a role away"
