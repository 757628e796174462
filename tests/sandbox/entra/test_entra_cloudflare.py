"""Entra's cycle against the sandbox's own Cloudflare: from an assigned group to a granted role."""

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

ADA, GRACE, ALAN = "ada@example.com", "grace@example.com", "alan@example.com"
BASE = f"https://api.cloudflare.com/client/v4/accounts/{ACCOUNT}/scim/v2"


@pytest.fixture(params=["", "?aadOptscim062020"], ids=["plain", "flag"])
def job(sandbox: Sandbox, graph: Graph, request: pytest.FixtureRequest) -> Provisioning:
    token = account_token(sandbox, SCIM_PROVISIONING)["value"]
    made = Provisioning(graph)
    made.secrets(BaseAddress=BASE + request.param, SecretToken=token, SyncAll="false")
    body = {"useSavedCredentials": True}
    graph.call("POST", f"{made.job}/validateCredentials", body)
    made.start()
    return made


def roles(admin: httpx.Client) -> dict[str, list[str]]:
    members = admin.get("state").json()["cloudflare"]["members"]
    return {member["email"]: member["roles"] for member in members}


def user_group(sandbox: Sandbox, name: str) -> str:
    """A Cloudflare User Group with the role of its name, as the program makes it."""
    with account_client(sandbox) as api:
        groups = api.get("/iam/permission_groups", params={"name": name}).json()["result"]
        resources = api.get("/iam/resource_groups").json()["result"]
        policy = {
            "access": "allow",
            "permission_groups": [{"id": groups[0]["id"]}],
            "resource_groups": [{"id": resources[0]["id"]}],
        }
        answer = api.post("/iam/user_groups", json={"name": name, "policies": [policy]})
        assert answer.status_code in (200, 201), answer.text
        return answer.json()["result"]["id"]


def test_an_assigned_group_joins_the_user_group_and_grants_its_role(
    sandbox: Sandbox, graph: Graph, job: Provisioning, admin: httpx.Client
) -> None:
    user_group(sandbox, "Administrator")
    graph.assign(job.sp_id, graph.group("Administrator", ADA))
    graph.assign(job.sp_id, graph.group("Cloudflare Users", ADA, GRACE))
    assert cycle(admin)["errors"] == []
    assert "Administrator" in roles(admin)[ADA]
    assert "Administrator" not in roles(admin)[GRACE]
    assert cycle(admin)["users"] == []


def test_leaving_the_group_takes_the_role_and_leaving_all_the_membership(
    sandbox: Sandbox, graph: Graph, job: Provisioning, admin: httpx.Client
) -> None:
    user_group(sandbox, "Administrator")
    role, users = graph.group("Administrator", ADA), graph.group("Cloudflare Users", ADA, GRACE)
    for group in (role, users):
        graph.assign(job.sp_id, group)
    cycle(admin)
    ada = graph.user_id(ADA)
    graph.call("DELETE", f"/groups/{role}/members/{ada}/$ref")
    assert cycle(admin)["errors"] == []
    assert "Administrator" not in roles(admin)[ADA]
    graph.call("DELETE", f"/groups/{users}/members/{ada}/$ref")
    assert cycle(admin)["errors"] == []
    assert ADA not in roles(admin)
    assert GRACE in roles(admin)


def test_a_principal_name_other_than_the_mail_is_a_logged_failure(
    graph: Graph, job: Provisioning, admin: httpx.Client
) -> None:
    graph.call("PATCH", f"/users/{ADA}", {"mail": "Ada@example.com"})
    graph.assign(job.sp_id, graph.group("Cloudflare Users", ADA, GRACE))
    errors = cycle(admin)["errors"]
    assert [line["name"] for line in errors] == [ADA]
    assert "must match userName" in errors[0]["reason"]
    assert (ADA, "create", "failure") in job.outcomes()
    assert ADA not in roles(admin)
    assert GRACE in roles(admin)


def test_the_guides_group_names_grant_roles_where_virtual_groups_are_on(
    graph: Graph, job: Provisioning, admin: httpx.Client
) -> None:
    admin.post(f"cloudflare/accounts/{ACCOUNT}", json={"virtualGroups": True}).raise_for_status()
    graph.assign(job.sp_id, graph.group(f"CF-{ACCOUNT} - Billing", ADA))
    cycle(admin)
    assert "Billing" in roles(admin)[ADA]


def test_a_name_beginning_with_cf_is_refused_elsewhere(
    graph: Graph, job: Provisioning, admin: httpx.Client
) -> None:
    name = f"CF-{ACCOUNT} - Billing"
    graph.assign(job.sp_id, graph.group(name, ADA))
    errors = cycle(admin)["errors"]
    assert [line["name"] for line in errors] == [name]
    assert "Billing" not in roles(admin)[ADA]
