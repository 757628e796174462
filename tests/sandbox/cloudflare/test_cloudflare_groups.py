"""User groups: policies, members, the lock that SCIM puts on them."""

from typing import Any

import pytest

from sandbox.server.server import Sandbox
from tests.sandbox.cloudflare.cloudflare_api import (
    ACCOUNT,
    account_client,
    effective_roles,
    patch,
    role_group_id,
    role_policy,
    scim_client,
    scim_user,
)


def _group(sandbox: Sandbox, name: str, *policies: dict[str, object]) -> dict[str, Any]:
    body = {"name": name, **({"policies": list(policies)} if policies else {})}
    answer = account_client(sandbox).post("/iam/user_groups", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def test_a_group_reads_back_as_it_was_created(sandbox: Sandbox) -> None:
    created = _group(sandbox, "Administrator", role_policy(sandbox, "Administrator"))
    assert account_client(sandbox).get(f"/iam/user_groups/{created['id']}").json()["result"] == (
        created
    )
    [policy] = created["policies"]
    assert policy["permission_groups"][0]["name"] == "Administrator"
    assert policy["resource_groups"][0]["scope"] == {
        "key": f"com.cloudflare.api.account.{ACCOUNT}",
        "objects": [{"key": "*"}],
    }


def test_without_policies_there_is_no_such_key(sandbox: Sandbox) -> None:
    assert "policies" not in _group(sandbox, "Empty")


def test_names_are_unique(sandbox: Sandbox) -> None:
    _group(sandbox, "Billing")
    answer = account_client(sandbox).post("/iam/user_groups", json={"name": "Billing"})
    assert answer.status_code == 409


@pytest.mark.parametrize("part", ["permission_groups", "resource_groups"])
def test_unknown_ids_are_refused(sandbox: Sandbox, part: str) -> None:
    policy = {**role_policy(sandbox, "Billing"), part: [{"id": "0" * 32}]}
    answer = account_client(sandbox).post(
        "/iam/user_groups", json={"name": "x", "policies": [policy]}
    )
    assert answer.status_code == 400
    assert "0" * 32 in answer.json()["errors"][0]["message"]


def test_a_token_permission_group_is_no_role(sandbox: Sandbox) -> None:
    wrong = [{"id": "d5812c023a5048b4882175a28952362d"}]
    policy = {**role_policy(sandbox, "Billing"), "permission_groups": wrong}
    answer = account_client(sandbox).post(
        "/iam/user_groups", json={"name": "x", "policies": [policy]}
    )
    assert answer.status_code == 400


def test_deny_is_refused(sandbox: Sandbox) -> None:
    policy = {**role_policy(sandbox, "Billing"), "access": "deny"}
    answer = account_client(sandbox).post(
        "/iam/user_groups", json={"name": "x", "policies": [policy]}
    )
    assert "Policy validation failed" in answer.json()["errors"][0]["message"]


def test_policy_ids_are_new_after_each_change_and_not_to_be_sent(sandbox: Sandbox) -> None:
    created = _group(sandbox, "Billing", role_policy(sandbox, "Billing"))
    path = f"/iam/user_groups/{created['id']}"
    old = created["policies"][0]["id"]
    reused = {**role_policy(sandbox, "Billing"), "id": old}
    assert account_client(sandbox).put(path, json={"policies": [reused]}).status_code == 400
    fresh = {"policies": [role_policy(sandbox, "Billing")]}
    changed = account_client(sandbox).put(path, json=fresh).json()["result"]
    assert changed["policies"][0]["id"] != old


def test_an_inline_scope_grants_as_the_resource_group_does(sandbox: Sandbox) -> None:
    scim = scim_client(sandbox)
    ada = scim.post("/Users", json=scim_user("ada@example.com")).json()["id"]
    key = f"com.cloudflare.api.account.{ACCOUNT}"
    policy = {
        "access": "allow",
        "permission_groups": [{"id": role_group_id(sandbox, "Billing")}],
        "resource_groups": [{"scope": {"key": key, "objects": [{"key": "*"}]}}],
    }
    _group(sandbox, "Money", policy)
    group = scim.post("/Groups", json={"displayName": "Money"}).json()["id"]
    add = {"op": "add", "path": "members", "value": [{"value": ada}]}
    scim.patch(f"/Groups/{group}", json=patch(add))
    assert effective_roles(sandbox, "ada@example.com") == ["Billing", "Minimal Account Access"]


@pytest.fixture
def pushed(sandbox: Sandbox) -> str:
    """The id of a group with a policy that was then pushed over SCIM."""
    created = _group(sandbox, "Billing", role_policy(sandbox, "Billing"))
    answer = scim_client(sandbox).post("/Groups", json={"displayName": "Billing"})
    assert (answer.status_code, answer.json()["id"]) == (201, created["id"])
    return answer.json()["id"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "", {"name": "Finance"}),
        ("DELETE", "", None),
        ("POST", "/members", []),
        ("PUT", "/members", []),
        ("DELETE", f"/members/{'0' * 32}", None),
    ],
)
def test_a_pushed_group_is_locked(
    sandbox: Sandbox, pushed: str, method: str, path: str, body: object
) -> None:
    answer = account_client(sandbox).request(method, f"/iam/user_groups/{pushed}{path}", json=body)
    assert answer.status_code == 400
    assert "managed by SCIM" in answer.json()["errors"][0]["message"]


def test_a_pushed_groups_policies_stay_editable(sandbox: Sandbox, pushed: str) -> None:
    body = {"name": "Billing", "policies": [role_policy(sandbox, "Analytics")]}
    answer = account_client(sandbox).put(f"/iam/user_groups/{pushed}", json=body)
    assert answer.json()["result"]["policies"][0]["permission_groups"][0]["name"] == "Analytics"


def test_members_of_an_unlocked_group(sandbox: Sandbox) -> None:
    operator = account_client(sandbox)
    group = _group(sandbox, "Friends")["id"]
    body = {"email": "ada@example.com", "roles": ["298ce8e7a2ba08b9d18ce0a32bb458ee"]}
    ada = operator.post("/members", json=body).json()["result"]["id"]
    path = f"/iam/user_groups/{group}/members"
    assert operator.post(path, json=[{"id": ada}]).status_code == 200
    assert operator.post(path, json=[{"id": "0" * 32}]).status_code == 400
    [shown] = operator.get(path).json()["result"]
    assert shown == {"id": ada, "email": "ada@example.com", "status": "pending"}
    assert operator.get(f"{path}/{ada}").json()["result"]["user"]["email"] == "ada@example.com"
    operator.delete(f"{path}/{ada}")
    assert operator.delete(f"{path}/{ada}").status_code == 404
    assert operator.get(f"{path}/{ada}").status_code == 404
    assert operator.get(path).json()["result"] == []
    for exactly in ([ada], []):
        operator.put(path, json=[{"id": member} for member in exactly])
        assert [shown["id"] for shown in operator.get(path).json()["result"]] == exactly


def test_lists_are_paged(sandbox: Sandbox) -> None:
    for number in range(5):
        _group(sandbox, f"Group {number}")
    listed = (
        account_client(sandbox).get("/iam/user_groups", params={"page": 2, "per_page": 2}).json()
    )
    assert [group["name"] for group in listed["result"]] == ["Group 2", "Group 3"]
    assert listed["result_info"] == {
        "page": 2,
        "per_page": 2,
        "count": 2,
        "total_count": 5,
        "total_pages": 3,
    }
