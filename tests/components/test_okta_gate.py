"""OktaGate against the sandbox's Okta: it passes only on what Okta shows, never on a 200."""

import httpx
import pytest

from cfscim.config.messages import RemoteError
from cfscim.rehearsal import RehearsalResult
from components.okta.gate import OktaGateProvider
from components.rest_resource import Props
from sandbox.server.server import Sandbox
from tests.components.dynamic_support import configured
from tests.configs import stack_config
from tests.rehearsal.rehearsal_support import do_console_steps, rehearsal

pytestmark = pytest.mark.usefixtures("no_sockets")


@pytest.fixture
def stack(sandbox: Sandbox) -> RehearsalResult:
    return rehearsal(sandbox).update(stack_config("okta", apiIntegrationConfirmed=False))


def gate(stack: RehearsalResult, check: str) -> Props:
    outputs = stack.outputs
    return {"appId": outputs["applicationId"], "check": check, "baseUrl": outputs["scimBaseUrl"]}


def test_before_the_console_steps_the_gate_names_what_is_off(
    stack: RehearsalResult, sandbox: Sandbox
) -> None:
    with pytest.raises(RemoteError, match="Create Users is off, Deactivate Users is off"):
        configured(OktaGateProvider(), sandbox).create(gate(stack, "console"))


def test_after_the_console_steps_it_passes_and_changes_nothing(
    stack: RehearsalResult, sandbox: Sandbox, admin: httpx.Client
) -> None:
    do_console_steps(admin, stack)
    provider, props = configured(OktaGateProvider(), sandbox), gate(stack, "console")
    created = provider.create(props)
    assert created.outs == props
    assert provider.read(created.id, props).outs == props
    assert not provider.diff(created.id, props, props).changes
    assert provider.update(created.id, props, props).outs == props
    asked = [r for r in admin.get("requests").json() if r["path"].startswith("/api/v1/apps/")]
    provider.delete(created.id, props)
    after = [r for r in admin.get("requests").json() if r["path"].startswith("/api/v1/apps/")]
    assert asked == after


def test_settings_dropped_later_read_as_gone_so_that_the_next_update_says_why(
    stack: RehearsalResult, sandbox: Sandbox, admin: httpx.Client
) -> None:
    do_console_steps(admin, stack)
    provider, props = configured(OktaGateProvider(), sandbox), gate(stack, "console")
    created = provider.create(props)
    path = f"console/okta/{stack.outputs['applicationId']}"
    token = stack.token_value
    assert token is not None
    settings = {"baseUrl": props["baseUrl"], "token": token.get_secret_value()}
    admin.post(path, json={**settings, "deactivateUsers": False}).raise_for_status()
    assert not provider.read(created.id, props).id
    with pytest.raises(RemoteError, match="Deactivate Users is off"):
        provider.create(props)


def test_a_connection_that_okta_does_not_support_fails_with_its_answer_and_the_way_out(
    stack: RehearsalResult, sandbox: Sandbox
) -> None:
    with pytest.raises(RemoteError, match=r"UNKNOWN.*apiIntegration: console"):
        configured(OktaGateProvider(), sandbox).create(gate(stack, "connection"))
