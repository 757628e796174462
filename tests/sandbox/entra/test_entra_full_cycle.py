"""Entra's full cycle is a restart with resetScope Full; the admin center's restart is less."""

import httpx
import pytest

from sandbox.server.server import Sandbox
from tests.sandbox.cloudflare.cloudflare_api import (
    ACCOUNT,
    SCIM_PROVISIONING,
    account_client,
    account_token,
)
from tests.sandbox.entra.entra_support import Graph, Provisioning, cycle

ADA, GRACE = "ada@example.com", "grace@example.com"
BASE = f"https://api.cloudflare.com/client/v4/accounts/{ACCOUNT}/scim/v2"


@pytest.fixture
def job(sandbox: Sandbox, graph: Graph, admin: httpx.Client) -> Provisioning:
    """Ada and Grace are members of the account, Ada in the group Administrator."""
    token = account_token(sandbox, SCIM_PROVISIONING)["value"]
    made = Provisioning(graph)
    made.secrets(BaseAddress=BASE, SecretToken=token, SyncAll="false")
    made.start()
    graph.assign(made.sp_id, graph.group("Users", ADA, GRACE))
    graph.assign(made.sp_id, graph.group("Administrator", ADA))
    assert cycle(admin)["errors"] == []
    return made


def people(admin: httpx.Client) -> list[str]:
    return sorted(one["email"] for one in admin.get("state").json()["cloudflare"]["members"])


def groups(admin: httpx.Client) -> dict[str, list[str]]:
    found = admin.get("state").json()["cloudflare"]["userGroups"]
    assert len({one["name"] for one in found}) == len(found)
    return {one["name"]: one["members"] for one in found}


def lose_member(sandbox: Sandbox, email: str) -> None:
    """Somebody removes the person from the account by hand."""
    with account_client(sandbox) as api:
        members = api.get("/members").json()["result"]
        (gone,) = [one["id"] for one in members if one["user"]["email"] == email]
        assert api.delete(f"/members/{gone}").is_success


def lose_membership(sandbox: Sandbox, group: str) -> None:
    """Cloudflare forgot who is in the group."""
    for one in sandbox.world.cloudflare.accounts[ACCOUNT].user_groups.values():
        if one.name == group:
            one.members.clear()


def test_a_lost_member_comes_back_with_the_groups(
    sandbox: Sandbox, job: Provisioning, admin: httpx.Client
) -> None:
    lose_member(sandbox, ADA)
    cycle(admin)
    assert ADA not in people(admin), "an ordinary cycle believes what it delivered"
    assert cycle(admin, full=True)["errors"] == []
    assert people(admin) == [ADA, GRACE, "owner@example.com"]
    assert groups(admin) == {"Administrator": [ADA], "Users": [ADA, GRACE]}
    assert cycle(admin)["users"] == []


def test_a_full_cycle_where_nothing_is_lost_changes_nothing(
    job: Provisioning, admin: httpx.Client
) -> None:
    before = admin.get("state").json()["cloudflare"]
    assert cycle(admin, full=True)["errors"] == []
    after = admin.get("state").json()["cloudflare"]
    del before["tokens"], after["tokens"]  # when a token was last used
    assert after == before


def test_only_full_breaks_the_links(
    sandbox: Sandbox, graph: Graph, job: Provisioning, admin: httpx.Client
) -> None:
    lose_membership(sandbox, "Administrator")
    graph.call("POST", f"{job.job}/restart")  # the admin center's Restart provisioning
    cycle(admin)
    assert groups(admin)["Administrator"] == []
    graph.call("POST", f"{job.job}/restart", {"criteria": {"resetScope": "Full"}})
    cycle(admin)
    assert groups(admin)["Administrator"] == [ADA]


@pytest.mark.parametrize("body", [None, {}, {"criteria": {}}, {"criteria": {"resetScope": ""}}])
def test_a_restart_without_a_scope_is_the_admin_center_s(
    sandbox: Sandbox, graph: Graph, job: Provisioning, admin: httpx.Client, body: object
) -> None:
    lose_member(sandbox, ADA)
    graph.call("POST", f"{job.job}/restart", body)
    cycle(admin)
    assert ADA in people(admin), "every source object is looked at again"
    lose_membership(sandbox, "Administrator")
    graph.call("POST", f"{job.job}/restart", body)
    cycle(admin)
    assert groups(admin)["Administrator"] == []


@pytest.mark.parametrize("action", ["pause", "never started"])
def test_a_full_cycle_starts_no_job(
    graph: Graph, sandbox: Sandbox, admin: httpx.Client, action: str
) -> None:
    job = Provisioning(graph)
    if action == "pause":
        job.start()
        graph.call("POST", f"{job.job}/pause")
    state = graph.call("GET", job.job)["schedule"]["state"]
    assert cycle(admin, full=True)["idle"] == [job.job_id]
    assert graph.call("GET", job.job)["schedule"]["state"] == state != "Active"


def test_full_is_true_or_false(admin: httpx.Client) -> None:
    answer = admin.post("cycle", json={"full": "yes"})
    assert answer.status_code == 400
    assert "full" in answer.json()["error"]
