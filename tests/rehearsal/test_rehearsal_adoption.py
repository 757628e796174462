"""A rehearsal that remembers nothing takes over what an earlier one left, and makes no second."""

import httpx
import pytest

from sandbox.server.server import Sandbox
from tests.rehearsal.rehearsal_support import (
    do_console_steps,
    names,
    rehearsal,
    stack_config,
    state,
)


def _everything(admin: httpx.Client, kind: str) -> dict[str, list[str]]:
    found = state(admin)
    shown = {
        "tokens": names(found["cloudflare"]["tokens"], "id"),
        "userGroups": names(found["cloudflare"]["userGroups"], "id"),
        "groups": names(found[kind]["groups"], "id"),
    }
    if kind == "okta":
        return {**shown, "apps": names(found["okta"]["apps"], "id")}
    return {
        **shown,
        "applications": names(found["entra"]["applications"], "id"),
        "servicePrincipals": names(found["entra"]["servicePrincipals"], "id"),
        "assignments": names(found["entra"]["appRoleAssignments"], "id"),
        "jobs": sorted(
            job["id"] for one in found["entra"]["synchronization"].values() for job in one["jobs"]
        ),
    }


@pytest.mark.parametrize("owner", ["account", "user"])
@pytest.mark.parametrize("kind", ["okta", "entra"])
def test_nothing_exists_twice(sandbox: Sandbox, admin: httpx.Client, kind: str, owner: str) -> None:
    config = stack_config(kind, owner=owner)
    rehearsal(sandbox).update(config)
    before = _everything(admin, kind)
    lines: list[str] = []
    second = rehearsal(sandbox, lines).update(config)
    assert _everything(admin, kind) == before
    assert second.summary["adopted"] >= 10
    assert "  adopted " + ("ApiToken" if owner == "user" else "AccountToken") + " token" in lines


def test_an_adopted_token_works_and_the_value_before_it_no_longer_does(
    sandbox: Sandbox, admin: httpx.Client
) -> None:
    first = rehearsal(sandbox).update(stack_config("entra"))
    second = rehearsal(sandbox).update(stack_config("entra"))
    assert second.outputs["tokenId"] == first.outputs["tokenId"]
    status = []
    for result in (first, second):
        assert result.token_value is not None
        token = result.token_value.get_secret_value()
        url = f"{sandbox.world.http_base}/client/v4/accounts/0123456789abcdef0123456789abcdef/tokens/verify"
        answer = httpx.get(url, headers={"Authorization": f"Bearer {token}"}, trust_env=False)
        status.append(answer.status_code)
    assert status == [401, 200]


def test_pushed_groups_are_adopted(sandbox: Sandbox, admin: httpx.Client) -> None:
    stack = rehearsal(sandbox)
    do_console_steps(admin, stack.update(stack_config()))
    config = stack_config(apiIntegrationConfirmed=True)
    stack.update(config)
    groups = names(state(admin)["okta"]["groups"], "id")
    lines: list[str] = []
    rehearsal(sandbox, lines).update(config)
    assert len([line for line in lines if line.startswith("  adopted PushGroup")]) == 4
    assert names(state(admin)["okta"]["groups"], "id") == groups


@pytest.mark.parametrize("kind", ["okta", "entra"])
def test_an_adopted_group_ends_with_exactly_the_declared_people(
    sandbox: Sandbox, admin: httpx.Client, kind: str
) -> None:
    rehearsal(sandbox).update(stack_config(kind, roles={"Billing": ["alan@example.com"]}))
    rehearsal(sandbox).update(stack_config(kind, roles={"Billing": ["ada@example.com"]}))
    members = {
        group.get("name", group.get("displayName")): group["members"]
        for group in state(admin)[kind]["groups"]
    }
    assert members["Billing"] == ["ada@example.com"]
