"""What a person reads last of a plain `pulumi preview` or `up` that this program refuses."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from cfscim.config.messages import CONFIG_KEY
from cfscim.up.engine import Engine, EngineDeployer
from cfscim.up.sandbox_process import SandboxProcess
from tests.configs import config_object

NOBODY = {"Administrator": {"members": ["nobody@example.com"]}}
GATE = {"kind": "okta", "orgName": "example", "apiIntegrationConfirmed": True}
CASES = {
    "config": ({"nope": 1}, "preview", '"nope" is no key here'),
    "look-up": ({"roles": NOBODY}, "preview", "no user has the e-mail address nobody@example.com"),
    "gate": ({"identityProvider": GATE}, "up", "Create Users is off"),
}


def plain(
    stack: EngineDeployer, changes: Mapping[str, object], command: str
) -> subprocess.CompletedProcess[str]:
    """`pulumi preview` or `up` as a person types it, of the config with these changes."""
    stack.configure({CONFIG_KEY: {**config_object(), **changes}})
    assert stack.stack.name == "engine"
    yes = ["--yes", "--skip-preview"][: 2 * (command == "up")]
    return subprocess.run(
        ["pulumi", command, "--non-interactive", *yes],
        cwd=stack.project_folder,
        env=stack.environment,
        capture_output=True,
        text=True,
    )


def test_values_left_from_the_examples_are_a_warning_of_the_engines(
    engine: Engine, sandbox: SandboxProcess, folder: Path
) -> None:
    stack = EngineDeployer(engine, "engine", folder, sandbox.environment(), lambda _line: None)
    warned = plain(stack, {}, "preview").stdout
    assert "warning: cloudflare-scim:scim.account.id: left from the examples: account id" in warned


@pytest.mark.parametrize("case", CASES)
def test_our_line_is_the_only_reason(
    case: str, engine: Engine, sandbox: SandboxProcess, folder: Path
) -> None:
    changes, command, reason = CASES[case]
    stack = EngineDeployer(engine, "engine", folder, sandbox.environment(), lambda _line: None)
    done = plain(stack, changes, command)
    assert done.returncode
    said = (done.stdout + done.stderr).partition("\nDiagnostics:\n")[2]
    errors = [line for line in said.splitlines() if line.strip().startswith("error: ")]
    assert reason in errors[0] + errors[-1]
    assert not [line for line in errors if "ScimError" in line or "messages." in line], errors
    assert [line for line in errors if reason not in line] in ([], ["    error: update failed"])
    assert "Traceback" not in said
