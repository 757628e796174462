"""`apiIntegration: api` with the real engine: refused with Okta's own answer, or read back."""

from pathlib import Path

import pytest

from cfscim.config.messages import CONFIG_KEY, ScimError
from cfscim.config.models import parse_config
from cfscim.up.command import begin, deploy
from cfscim.up.engine import Engine, EngineDeployer
from cfscim.up.sandbox_process import SandboxProcess
from tests.configs import config_object
from tests.engine.conftest import received
from tests.plan.plan_kit import bucket_of
from tests.plan.test_plan_calls import READS


def by_api(catalog_app: str) -> dict[str, object]:
    declared = config_object()
    provider = {"kind": "okta", "orgName": "example", "apiIntegration": "api"}
    return {**declared, "identityProvider": {**provider, "catalogApp": catalog_app}}


def run(declared: dict[str, object], deployer: EngineDeployer, sandbox: SandboxProcess) -> None:
    deploy(begin(parse_config(declared, stack="engine"), declared, deployer, sandbox, print))


def test_on_the_scim_test_app_the_update_fails_and_names_the_way_out(
    engine: Engine, sandbox: SandboxProcess, folder: Path
) -> None:
    deployer = EngineDeployer(engine, "engine", folder, sandbox.environment(), print)
    with pytest.raises(ScimError, match=r"UNKNOWN.*apiIntegration: console") as caught:
        run(by_api("scim2testapp"), deployer, sandbox)
    assert "Traceback" not in str(caught.value)


def test_on_an_app_with_the_api_it_succeeds_after_reading_back(
    engine: Engine, sandbox: SandboxProcess, folder: Path
) -> None:
    lines: list[str] = []
    declared = by_api("zscalerbyz")
    deployer = EngineDeployer(engine, "engine", folder, sandbox.environment(), lines.append)
    run(declared, deployer, sandbox)
    created = [line.strip() for line in lines if "created" in line]
    gate = created.index("created OktaGate okta-features-gate")
    assert gate < created.index("created PushGroup okta-push-administrator")

    before = len(received(sandbox))
    deployer.update({CONFIG_KEY: declared})
    again = [entry for entry in received(sandbox)[before:] if entry["method"] not in READS]
    assert [entry for entry in again if bucket_of(str(entry["method"]), str(entry["path"]))] == []
