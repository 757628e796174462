"""`apiIntegration: api` with the real engine: refused with Okta's own answer, or read back."""

from pathlib import Path

import pytest

from cfscim.config.messages import ScimError
from cfscim.config.models import parse_config
from cfscim.up.command import deploy
from cfscim.up.engine import Engine, EngineDeployer
from cfscim.up.sandbox_process import SandboxProcess
from tests.combinations import config_object


def by_api(catalog_app: str) -> dict[str, object]:
    declared = config_object("okta", "userGroups", "account")
    provider = {"kind": "okta", "orgName": "example", "apiIntegration": "api"}
    return {**declared, "identityProvider": {**provider, "catalogApp": catalog_app}}


def run(
    declared: dict[str, object], engine: Engine, sandbox: SandboxProcess, to: Path
) -> list[str]:
    lines: list[str] = []
    deployer = EngineDeployer(engine, "engine", to, sandbox.environment(), lines.append)
    deploy(parse_config(declared, stack="engine"), declared, deployer, sandbox, lines.append)
    return lines


def test_on_the_scim_test_app_the_update_fails_and_names_the_way_out(
    engine: Engine, sandbox: SandboxProcess, folder: Path
) -> None:
    with pytest.raises(ScimError, match=r"UNKNOWN.*apiIntegration: console") as caught:
        run(by_api("scim2testapp"), engine, sandbox, folder)
    assert "Traceback" not in str(caught.value)


def test_on_an_app_with_the_api_it_succeeds_after_reading_back(
    engine: Engine, sandbox: SandboxProcess, folder: Path
) -> None:
    lines = run(by_api("zscalerbyz"), engine, sandbox, folder)
    created = [line.strip() for line in lines if "created" in line]
    gate = created.index("created OktaGate okta-features-gate")
    assert gate < created.index("created PushGroup okta-push-administrator")
