"""The token's value leaves the rehearsal through one door only: `token_value`."""

import logging

import httpx
import pytest

from cfscim.config.messages import ScimError
from cfscim.rehearsal import RehearsalDeployer
from sandbox.server.server import Sandbox
from tests.configs import stack_config
from tests.rehearsal.rehearsal_support import do_console_steps, rehearsal

pytestmark = pytest.mark.usefixtures("no_sockets")


@pytest.mark.parametrize("kind", ["okta", "entra"])
@pytest.mark.parametrize("owner", ["account", "user"])
def test_the_value_is_in_nothing_that_is_shown(
    sandbox: Sandbox,
    admin: httpx.Client,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    kind: str,
    owner: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    lines: list[str] = []
    stack = rehearsal(sandbox, lines)
    result = stack.update(stack_config(kind, owner=owner))
    if kind == "okta":
        do_console_steps(admin, result)
        stack.update(stack_config(kind, owner=owner, apiIntegrationConfirmed=True))
    assert result.token_value is not None
    value = result.token_value.get_secret_value()
    assert value.startswith("cf")
    printed = capfd.readouterr()
    shown = [*lines, repr(result), repr(stack), repr(vars(stack)), caplog.text]
    shown += [printed.out, printed.err, admin.get("requests").text, admin.get("state").text]
    assert [place for place, text in enumerate(shown) if value in text] == []
    assert result.outputs["tokenValue"] == "[secret]"


def test_an_error_does_not_repeat_it(sandbox: Sandbox, admin: httpx.Client) -> None:
    stack = rehearsal(sandbox)
    result = stack.update(stack_config("entra"))
    assert result.token_value is not None
    fault = {"kind": "403", "method": "PUT", "path": "/v1.0/.*/secrets", "times": None}
    admin.post("faults", json=fault).raise_for_status()
    with pytest.raises(ScimError) as failed:
        stack.update(stack_config("entra", notificationEmail="it@example.com"))
    assert "SynchronizationSecret entra-secret" in str(failed.value)
    assert result.token_value.get_secret_value() not in str(failed.value)


def test_the_deployer_of_up_leaves_secret_outputs_out_and_hands_the_value_over_when_asked(
    sandbox: Sandbox,
) -> None:
    deployer = RehearsalDeployer("dev", sandbox.env, lambda _line: None)
    with pytest.raises(ScimError, match="tokenValue"):
        deployer.secret_output("tokenValue")
    outputs = deployer.update(stack_config())
    assert "tokenValue" not in outputs
    assert outputs["tokenId"]
    assert deployer.secret_output("tokenValue").startswith("cf")
    with pytest.raises(ScimError, match="tokenId"):
        deployer.secret_output("tokenId")
