"""The workflows' steps that read the vendors back, run as they stand against the sandbox.

`pulumi` is a stand-in that shows the stack's outputs; tests/engine has the real one.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from sandbox.server.server import Sandbox
from tests.repository.workflow_kit import Clone, Outcome
from tests.repository.workflow_steps import Step, runs
from tests.verify.verify_support import Stack, set_up

PULUMI = """#!/usr/bin/env python3
import os, sys
from pathlib import Path
folder = Path(os.environ["GH_STUB"])
if sys.argv[1] == "refresh":
    print((folder / "refresh").read_text())
    sys.exit(bool((folder / "refresh").read_text()))
print((folder / "outputs.json").read_text() if sys.argv[1] == "stack" else "{}")
"""
DEPLOY = "deploy/up/Verify what the vendors really have"
DRIFT = "drift/check/Refresh, expecting no changes, and verify"


@pytest.fixture
def stack(sandbox: Sandbox) -> Iterator[Stack]:
    yield set_up(sandbox, "okta", "userGroups", "account")
    sandbox.world.reset()


@pytest.fixture
def clone(tmp_path: Path, stack: Stack) -> Clone:
    made = Clone(tmp_path)
    folder = made.command("pulumi", PULUMI)
    (folder / "outputs.json").write_text(json.dumps(stack.printed))
    (folder / "refresh").write_text("")
    config = yaml.safe_dump({"config": dict(stack.given)}, sort_keys=False)
    (made.path / "Pulumi.dev.yaml").write_text(config)
    return made


def _run(clone: Clone, step: Step, stack: Stack) -> Outcome:
    token = stack.env["CLOUDFLARE_API_TOKEN"]
    return clone.run(
        step, stack.env, STACK="dev", OKTA_API_PRIVATE_KEY="", CLOUDFLARE_API_TOKEN=token
    )


@runs(DEPLOY)
def test_deployment_is_red_when_a_vendor_differs(
    clone: Clone, step: Step, stack: Stack, sandbox: Sandbox
) -> None:
    done = _run(clone, step, stack)
    assert done.code == 0, done.text
    sandbox.world.cloudflare.tokens.clear()
    done = _run(clone, step, stack)
    assert done.code == 1
    assert "cloudflare.token" in done.text


@runs(DRIFT)
def test_drift_is_handed_over_and_fails(
    clone: Clone, step: Step, stack: Stack, sandbox: Sandbox
) -> None:
    done = _run(clone, step, stack)
    assert done.code == 0, done.text
    assert not (clone.path / "drift" / "dev.md").exists()
    runner = clone.command("pulumi", PULUMI)
    (runner / "refresh").write_text("~ okta-app: hideWeb")
    done = _run(clone, step, stack)
    assert done.code == 1
    said = (clone.path / "drift" / "dev.md").read_text()
    assert "~ okta-app: hideWeb" in said
    assert "`verify`" not in said


@runs(DRIFT)
def test_drift_that_only_the_vendor_knows(
    clone: Clone, step: Step, stack: Stack, sandbox: Sandbox
) -> None:
    sandbox.world.cloudflare.tokens.clear()
    done = _run(clone, step, stack)
    assert done.code == 1
    said = (clone.path / "drift" / "dev.md").read_text()
    assert "`verify`" in said
    assert str(stack.printed["tokenValue"]) not in said + done.text
