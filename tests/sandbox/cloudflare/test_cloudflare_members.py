"""Members and their effective roles; the last Super Administrator."""

from sandbox.server.server import Sandbox
from tests.sandbox.cloudflare.cloudflare_api import (
    ACCOUNT,
    SCIM_PROVISIONING,
    SUPER_ADMINISTRATOR,
    account_client,
    account_token,
    effective_roles,
    patch,
    role_policy,
    scim_client,
    scim_user,
)

SUPER_ID = "33666b9c79b9a5273fc7344ff42f953d"
BILLING_ID = "298ce8e7a2ba08b9d18ce0a32bb458ee"


def _push(sandbox: Sandbox, name: str, email: str) -> str:
    scim = scim_client(sandbox)
    person = scim.post("/Users", json=scim_user(email)).json()["id"]
    group = scim.post("/Groups", json={"displayName": name}).json()["id"]
    add = {"op": "add", "path": "members", "value": [{"value": person}]}
    assert scim.patch(f"/Groups/{group}", json=patch(add)).status_code == 200
    return group


def test_an_account_starts_with_one_super_administrator(sandbox: Sandbox) -> None:
    account_client(sandbox).get("")
    assert effective_roles(sandbox, "owner@example.com") == [SUPER_ADMINISTRATOR]


def test_a_group_without_a_policy_grants_nothing(sandbox: Sandbox) -> None:
    group = _push(sandbox, "Administrator", "ada@example.com")
    assert effective_roles(sandbox, "ada@example.com") == ["Minimal Account Access"]
    body = {"policies": [role_policy(sandbox, "Administrator")]}
    account_client(sandbox).put(f"/iam/user_groups/{group}", json=body)
    assert effective_roles(sandbox, "ada@example.com") == [
        "Administrator",
        "Minimal Account Access",
    ]


def test_a_policy_on_domains_only_is_not_the_role(sandbox: Sandbox) -> None:
    group = _push(sandbox, "Administrator", "ada@example.com")
    policy = role_policy(sandbox, "Administrator")
    groups = account_client(sandbox).get("/iam/resource_groups").json()["result"]
    policy["resource_groups"] = [{"id": groups[1]["id"]}]
    account_client(sandbox).put(f"/iam/user_groups/{group}", json={"policies": [policy]})
    assert effective_roles(sandbox, "ada@example.com") == ["Minimal Account Access"]


def test_members_come_in_the_order_asked_for(sandbox: Sandbox) -> None:
    _push(sandbox, "Billing", "ada@example.com")
    client = account_client(sandbox)
    asked = {"order": "user.email", "direction": "desc"}
    mails = [m["user"]["email"] for m in client.get("/members", params=asked).json()["result"]]
    assert len(mails) > 1
    assert mails == sorted(mails, reverse=True)
    assert client.get("/members", params={"order": "age"}).status_code == 400


def test_a_resource_group_of_one_s_own(sandbox: Sandbox) -> None:
    client, whole = account_client(sandbox), f"com.cloudflare.api.account.{ACCOUNT}"
    scope = {"key": whole, "objects": [{"key": "*"}]}
    body = {"name": "Everything", "scope": scope}
    made = client.post("/iam/resource_groups", json=body).json()["result"]
    read = client.get(f"/iam/resource_groups/{made['id']}").json()["result"]
    assert read == made
    assert read["scope"] == scope
    assert client.get(f"/iam/resource_groups/{'0' * 32}").status_code == 404
    assert client.post("/iam/resource_groups", json={"scope": scope}).status_code == 400


def test_members_show_direct_roles_only(sandbox: Sandbox) -> None:
    group = _push(sandbox, "Billing", "ada@example.com")
    body = {"policies": [role_policy(sandbox, "Billing")]}
    account_client(sandbox).put(f"/iam/user_groups/{group}", json=body)
    members = account_client(sandbox).get("/members").json()["result"]
    ada = next(member for member in members if member["email"] == "ada@example.com")
    assert [role["name"] for role in ada["roles"]] == ["Minimal Account Access"]
    assert ada["id"] != ada["user"]["id"]


def test_the_last_super_administrator_stays(sandbox: Sandbox) -> None:
    operator = account_client(sandbox)
    [owner] = operator.get("/members").json()["result"]
    path = f"/members/{owner['id']}"
    assert operator.delete(path).status_code == 400
    assert operator.put(path, json={"roles": [{"id": BILLING_ID}]}).status_code == 400
    assert effective_roles(sandbox, "owner@example.com") == [SUPER_ADMINISTRATOR]
    operator.post("/members", json={"email": "grace@example.com", "roles": [SUPER_ID]})
    assert operator.delete(path).status_code == 200
    assert effective_roles(sandbox, "owner@example.com") is None


def test_nobody_is_a_member_twice(sandbox: Sandbox) -> None:
    body = {"email": "Ada@example.com", "roles": [BILLING_ID]}
    assert account_client(sandbox).post("/members", json=body).status_code == 200
    body["email"] = "ada@example.com"
    assert account_client(sandbox).post("/members", json=body).status_code == 409


def test_changes_are_audited_without_refusals(sandbox: Sandbox) -> None:
    operator = account_client(sandbox)
    operator.post("/members", json={"email": "ada@example.com", "roles": [BILLING_ID]})
    operator.post("/members", json={"email": "ada@example.com", "roles": [BILLING_ID]})
    window = {"since": "2020-01-01", "before": "2099-01-01T00:00:00Z"}
    [entry] = operator.get("/logs/audit", params=window).json()["result"]
    assert entry["action"]["type"] == "create"
    assert entry["actor"]["email"] == "owner@example.com"
    assert operator.get("/logs/audit").status_code == 400


def test_a_page_of_members_has_fifty_at_most(sandbox: Sandbox) -> None:
    scim = scim_client(sandbox)
    for number in range(51):
        scim.post("/Users", json=scim_user(f"p{number:02}@example.com"))
    pages = [
        account_client(sandbox).get("/members", params={"per_page": 100, "page": page}).json()
        for page in (1, 2, 3)
    ]
    assert [len(page["result"]) for page in pages] == [50, 2, 0]
    assert pages[0]["result_info"]["total_pages"] == 2


def test_a_member_carries_roles_and_policies_whichever_was_given(sandbox: Sandbox) -> None:
    api = account_client(sandbox)
    scim_client(sandbox).post("/Users", json=scim_user("pushed@example.com"))
    body = {"email": "policy@example.com", "policies": [role_policy(sandbox, "Administrator")]}
    assert api.post("/members", json=body).status_code == 200
    shown = {one["email"]: one for one in api.get("/members").json()["result"]}
    for email, role in (
        ("pushed@example.com", "Minimal Account Access"),
        ("policy@example.com", "Administrator"),
    ):
        assert [one["name"] for one in shown[email]["roles"]] == [role]
        [policy] = shown[email]["policies"]
        assert [one["name"] for one in policy["permission_groups"]] == [role]


def test_the_scim_token_gives_the_role_back_when_nobody_has_it(sandbox: Sandbox) -> None:
    token = account_token(sandbox, SCIM_PROVISIONING)["value"]
    [owner] = account_client(sandbox).get("/members").json()["result"]
    sandbox.world.cloudflare.accounts[ACCOUNT].members[owner["id"]].roles = []
    role = {"roles": [{"id": SUPER_ID}]}
    answer = account_client(sandbox, token).put(f"/members/{owner['id']}", json=role)
    assert answer.status_code == 200
    assert effective_roles(sandbox, "owner@example.com") == [SUPER_ADMINISTRATOR]


def test_a_refusal_for_want_of_a_permission_names_its_page(sandbox: Sandbox) -> None:
    token = account_token(sandbox, SCIM_PROVISIONING)["value"]
    answer = account_client(sandbox, token).get("/tokens")
    assert answer.status_code == 403
    [error] = answer.json()["errors"]
    assert error["documentation_url"].startswith("https://developers.cloudflare.com/")
