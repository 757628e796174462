"""A vendor does what the provider plugin asked, and its answer is lost: the next run puts it right.

By default what makes a twin or fails with Okta; `CFSCIM_FULL_MATRIX=1` tries every call of both.
"""

import os
from pathlib import Path

import httpx
import pytest

from cfscim.config.keypath import CONFIG_KEY
from cfscim.config.messages import ScimError
from cfscim.up.engine import Engine, EngineDeployer
from cfscim.up.sandbox_process import SandboxProcess
from tests.combinations import config_object
from tests.engine.killed_support import Cell, KillMatrix

FULL = os.environ.get("CFSCIM_FULL_MATRIX") == "1"
# The provider's own three minutes of trying again are too long for every day.
DAILY = ("/tokens", "/api/v1/apps", "/api/v1/groups", "/mappings")


@pytest.mark.parametrize("kind", ("okta", "entra") if FULL else ("okta",))
def test_the_run_after_a_lost_answer_ends_as_declared(
    kind: str,
    engine: Engine,
    sandbox: SandboxProcess,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    matrix = KillMatrix(engine, sandbox, folder, kind)
    calls = [call for call in matrix.calls if FULL or call.path.endswith(DAILY)]
    assert len(calls) >= len(DAILY)
    done: list[Cell] = []
    for call in calls:
        done.append(matrix.lost_answer(call))
        with capsys.disabled():
            said = done[-1].line or "success"
            print(f"\n{kind} {call}: {said[:160]}; {done[-1].problems or 'mended'}", flush=True)
    assert [(str(cell.call), cell.problems) for cell in done if cell.problems] == []


def test_two_that_are_exactly_it_end_the_update_in_one_line(
    engine: Engine, sandbox: SandboxProcess, folder: Path
) -> None:
    config = {CONFIG_KEY: config_object("okta", "userGroups", "account")}
    deployer = EngineDeployer(engine, "two", folder, sandbox.environment(), lambda _line: None)
    refused = {"kind": "403", "vendor": "okta", "method": "POST", "path": "/api/v1/apps"}
    httpx.post(f"{sandbox.admin}/_sandbox/faults", json=refused, trust_env=False)
    with pytest.raises(ScimError, match="injected fault 403"):
        deployer.update(config)
    token = sandbox.environment()["OKTA_API_TOKEN"]
    app = {"name": "scim2testapp", "label": "Cloudflare SCIM", "signOnMode": "SAML_2_0"}
    with httpx.Client(headers={"Authorization": f"SSWS {token}"}, trust_env=False) as okta:
        for _ in range(2):
            okta.post(f"{sandbox.admin}/api/v1/apps", json=app).raise_for_status()
    with pytest.raises(ScimError, match="2 objects are exactly it .*delete all but one") as refusal:
        deployer.update(config)
    assert "Traceback" not in str(refusal.value)
    assert len(sandbox.state()["okta"]["apps"]) == 2
