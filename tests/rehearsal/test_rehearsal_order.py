"""Who is assigned before provisioning is on is never pushed: the order decides who arrives."""

import httpx
import pytest

from cfscim.config.messages import ScimError
from cfscim.config.models import parse_config
from cfscim.verify import Status, parse_outputs, run
from sandbox.server.server import Sandbox
from tests.loopback import PLAIN
from tests.rehearsal.rehearsal_support import do_console_steps, rehearsal, stack_config

KEY = "cloudflare-scim:scim"
PEOPLE = {"ada@example.com", "grace@example.com", "alan@example.com"}


def _assigned(sandbox: Sandbox) -> list[str]:
    [app] = sandbox.world.okta.apps.values()
    return [sandbox.world.okta.groups[one.group_id].name for one in app.groups]


def _arrived(admin: httpx.Client) -> set[str]:
    members = admin.get("state").json()["cloudflare"]["members"]
    return {member["email"] for member in members} & PEOPLE


def test_credentials_of_another_organisation_declare_nothing(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OKTA_ORG_NAME", "other")
    with pytest.raises(ScimError, match="other is not identityProvider.orgName example"):
        rehearsal(sandbox).update(stack_config("okta", "userGroups", "account"))
    assert not sandbox.world.cloudflare.tokens
    assert not sandbox.world.okta.apps


@pytest.mark.parametrize("early", [False, True])
def test_the_users_group_is_assigned_only_behind_the_gate(
    sandbox: Sandbox, admin: httpx.Client, early: bool
) -> None:
    stack = rehearsal(sandbox)
    result = stack.update(stack_config("okta", "userGroups", "account"))
    assert _assigned(sandbox) == []
    if early:  # as this program did before, and as a person does who is quick
        [app] = sandbox.world.okta.apps.values()
        group = next(g for g in sandbox.world.okta.groups.values() if g.name == "Cloudflare Users")
        okta = f"{sandbox.world.http_base}/api/v1/apps/{app.id}/groups/{group.id}"
        token = {"Authorization": f"SSWS {sandbox.env['OKTA_API_TOKEN']}"}
        PLAIN.put(okta, json={}, headers=token).raise_for_status()
    do_console_steps(admin, result)
    given = stack_config("okta", "userGroups", "account", apiIntegrationConfirmed=True)
    result = stack.update(given)
    assert _assigned(sandbox) == ["Cloudflare Users"]
    admin.post("cycle").raise_for_status()
    assert _arrived(admin) == (set() if early else PEOPLE)

    assert result.token_value is not None
    outputs = {**result.outputs, "tokenValue": result.token_value.get_secret_value()}
    config = parse_config(given[KEY], stack="dev")
    report = run(config, parse_outputs(outputs, config, source="here"), {}, sandbox.env, print)
    failed = {check.id: check for check in report.checks if check.status is Status.FAILS}
    assert ("okta.people.early" in failed) is early
    other = {**sandbox.env, "OKTA_ORG_NAME": "other"}
    report = run(config, parse_outputs(outputs, config, source="here"), {}, other, print)
    [organisation] = [one for one in report.checks if one.id == "okta.organisation"]
    assert (organisation.status, organisation.found) == (
        Status.FAILS,
        "these credentials are of other",
    )
    if early:
        check = failed["okta.people.early"]
        assert all(person in check.found for person in PEOPLE)
        assert "Provision User" in check.action
        [app] = sandbox.world.okta.apps.values()
        path = f"console/okta/{app.id}"
        admin.post(path, json={"provisionUser": True}).raise_for_status()
        admin.post("cycle").raise_for_status()
        assert _arrived(admin) == PEOPLE
