"""Who is assigned before provisioning is on is never pushed: the order decides who arrives."""

import os
from collections.abc import Callable, Mapping

import httpx
import pytest

from cfscim.config.messages import ScimError
from cfscim.config.models import parse_config
from cfscim.rehearsal import RehearsalResult
from cfscim.verify import Report, Status, parse_outputs, run
from sandbox.server.server import Sandbox
from tests.configs import ACCOUNT, stack_config
from tests.loopback import PLAIN
from tests.rehearsal.rehearsal_support import do_console_steps, rehearsal

pytestmark = pytest.mark.usefixtures("no_sockets")

KEY = "cloudflare-scim:scim"
OWNERS = ["account", "user"] if os.environ.get("CFSCIM_FULL_MATRIX") else ["account"]
Way = Callable[..., tuple[RehearsalResult, dict[str, object]]]
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


def _assign_early(sandbox: Sandbox) -> None:
    """As this program did before, and as a person does who is quick."""
    [app] = sandbox.world.okta.apps.values()
    group = next(g for g in sandbox.world.okta.groups.values() if g.name == "Cloudflare Users")
    okta = f"{sandbox.world.http_base}/api/v1/apps/{app.id}/groups/{group.id}"
    token = {"Authorization": f"SSWS {sandbox.env['OKTA_API_TOKEN']}"}
    PLAIN.put(okta, json={}, headers=token).raise_for_status()


def _given(model: str, owner: str, **provider: object) -> dict[str, object]:
    given = stack_config("okta", model, owner, **provider)  # type: ignore[arg-type]
    scim = given[KEY]
    assert isinstance(scim, dict)
    scim["breakGlass"] = ["owner@example.com"]
    return given


def _by_console(
    sandbox: Sandbox, admin: httpx.Client, model: str, owner: str, *, early: bool
) -> tuple[RehearsalResult, dict[str, object]]:
    stack = rehearsal(sandbox)
    result = stack.update(_given(model, owner))
    assert _assigned(sandbox) == []
    if early:
        _assign_early(sandbox)
    do_console_steps(admin, result)
    given = _given(model, owner, apiIntegrationConfirmed=True)
    return stack.update(given), given


def _by_api(
    sandbox: Sandbox, _admin: httpx.Client, model: str, owner: str, *, early: bool
) -> tuple[RehearsalResult, dict[str, object]]:
    stack = rehearsal(sandbox)
    given = _given(model, owner, apiIntegration="api", catalogApp="zscalerbyz")
    if early:  # the app is there, and its connection is not yet
        fault = {"kind": "403", "method": "POST", "path": ".*/connections/default", "times": 1}
        sandbox.world.faults.add([fault])
        with pytest.raises(ScimError):
            stack.update(given)
        assert _assigned(sandbox) == []
        _assign_early(sandbox)
    return stack.update(given), given


@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("owner", OWNERS)
@pytest.mark.parametrize("model", ["userGroups", "virtualGroups"])
@pytest.mark.parametrize("way", [_by_console, _by_api])
def test_the_old_order_ends_red_and_the_new_one_green(
    sandbox: Sandbox, admin: httpx.Client, way: Way, model: str, owner: str, early: bool
) -> None:
    virtual = {"virtualGroups": model == "virtualGroups"}
    admin.post(f"cloudflare/accounts/{ACCOUNT}", json=virtual).raise_for_status()
    result, given = way(sandbox, admin, model, owner, early=early)
    for app in sandbox.world.okta.apps.values():
        app.provisioning.import_groups = app.provisioning.rename_groups = False  # no API has them
    assert _assigned(sandbox) == ["Cloudflare Users"]
    admin.post("cycle").raise_for_status()
    assert _arrived(admin) == (set() if early else PEOPLE)
    report = _report(sandbox, result, given)
    failed = {check.id: check for check in report.checks if check.status is Status.FAILS}
    assert report.exit_code == (1 if early else 0), [c.found for c in failed.values()]
    assert ("okta.people.early" in failed) is early
    if not early:
        return
    check = failed["okta.people.early"]
    assert all(person in check.found for person in PEOPLE)
    assert "Provision User" in check.action
    [app] = sandbox.world.okta.apps.values()
    admin.post(f"console/okta/{app.id}", json={"provisionUser": True}).raise_for_status()
    admin.post("cycle").raise_for_status()
    assert _arrived(admin) == PEOPLE
    assert _report(sandbox, result, given).exit_code == 0


def test_credentials_of_another_organisation_are_a_line_of_verify(
    sandbox: Sandbox, admin: httpx.Client
) -> None:
    result, given = _by_console(sandbox, admin, "userGroups", "account", early=False)
    other = {**sandbox.env, "OKTA_ORG_NAME": "other"}
    checks = _report(sandbox, result, given, other).checks
    [line] = [check for check in checks if check.id == "okta.organisation"]
    assert (line.status, line.found) == (Status.FAILS, "these credentials are of other")


def _report(
    sandbox: Sandbox,
    result: RehearsalResult,
    given: dict[str, object],
    env: Mapping[str, str] | None = None,
) -> Report:
    assert result.token_value is not None
    outputs = {**result.outputs, "tokenValue": result.token_value.get_secret_value()}
    config = parse_config(given[KEY], stack="dev")
    parsed = parse_outputs(outputs, config, source="here")
    return run(config, parsed, {}, env or sandbox.env, lambda _line: None)
