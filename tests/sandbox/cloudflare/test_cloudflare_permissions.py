"""A token opens exactly what its permission groups open, on exactly its account."""

import pytest

from sandbox.server.server import Sandbox
from tests.sandbox.cloudflare.cloudflare_api import (
    ACCOUNT,
    OTHER_ACCOUNT,
    SCIM_PROVISIONING,
    SETTINGS_READ,
    SETTINGS_WRITE,
    SUPER_ADMINISTRATOR,
    account_client,
    account_token,
    client,
    policy,
    scim_client,
    scim_user,
    user_token,
)

SCIM_READS = ["/scim/v2/Users", "/scim/v2/Groups", "/scim/v2/ServiceProviderConfig"]
READS = [
    "/members",
    "/roles",
    "/iam/user_groups",
    "/iam/permission_groups",
    "/iam/resource_groups",
    "",
]
TOKEN_READS = ["/tokens", "/tokens/permission_groups"]
AUDIT = ["/logs/audit?since=2020-01-01&before=2099-01-01"]


def _opened(sandbox: Sandbox, token: str) -> set[str]:
    caller = account_client(sandbox, token)
    paths = SCIM_READS + READS + TOKEN_READS + AUDIT
    answers = {path: caller.get(path).status_code for path in paths}
    assert set(answers.values()) <= {200, 403}
    return {path for path, status in answers.items() if status == 200}


@pytest.mark.parametrize(
    ("group", "opened"),
    [
        (SCIM_PROVISIONING, {*SCIM_READS, *READS}),
        (SETTINGS_READ, {*SCIM_READS, *READS, *AUDIT}),
        (SETTINGS_WRITE, {*SCIM_READS, *READS, *AUDIT}),
        ("5bc3f8b21c554832afc660159ab75fa4", set(TOKEN_READS)),
        ("e086da7e2179491d91ee5f35b3ca210a", set()),
    ],
)
def test_reads(sandbox: Sandbox, group: str, opened: set[str]) -> None:
    assert _opened(sandbox, account_token(sandbox, group)["value"]) == opened


@pytest.mark.parametrize(
    ("group", "status"), [(SCIM_PROVISIONING, 201), (SETTINGS_WRITE, 201), (SETTINGS_READ, 403)]
)
def test_writing_over_scim(sandbox: Sandbox, group: str, status: int) -> None:
    caller = scim_client(sandbox, account_token(sandbox, group)["value"])
    assert caller.post("/Users", json=scim_user("ada@example.com")).status_code == status
    assert len(caller.get("/Users").json()["Resources"]) == (2 if status == 201 else 1)


def test_the_scim_token_gives_a_role_back(sandbox: Sandbox) -> None:
    caller = account_client(sandbox, account_token(sandbox, SCIM_PROVISIONING)["value"])
    body = {"email": "ada@example.com", "roles": ["05784afa30c1afe1440e79d9351c7430"]}
    member = caller.post("/members", json=body).json()["result"]
    role = {"roles": [{"id": "33666b9c79b9a5273fc7344ff42f953d"}]}
    changed = caller.put(f"/members/{member['id']}", json=role).json()["result"]
    assert [one["name"] for one in changed["roles"]] == [SUPER_ADMINISTRATOR]


def test_another_account_stays_closed(sandbox: Sandbox) -> None:
    value = account_token(sandbox, SCIM_PROVISIONING)["value"]
    client(sandbox).get(f"/accounts/{OTHER_ACCOUNT}")
    caller = client(sandbox, value)
    assert caller.get(f"/accounts/{OTHER_ACCOUNT}/scim/v2/Users").status_code == 403
    assert [a["id"] for a in caller.get("/accounts").json()["result"]] == [ACCOUNT]


def test_only_the_operator_opens_an_account(sandbox: Sandbox) -> None:
    value = account_token(sandbox, SCIM_PROVISIONING)["value"]
    assert client(sandbox, value).get(f"/accounts/{'9' * 32}").status_code == 403
    assert "9" * 32 not in sandbox.world.cloudflare.accounts


def test_deny_wins(sandbox: Sandbox) -> None:
    denied = {**policy(SCIM_PROVISIONING), "effect": "deny"}
    token = account_token(sandbox, policies=[policy(SCIM_PROVISIONING), denied])
    assert scim_client(sandbox, token["value"]).get("/Users").status_code == 403


def test_a_user_token_ends_with_its_owners_membership(sandbox: Sandbox) -> None:
    operator = account_client(sandbox)
    user, account = (
        user_token(sandbox, policy(SCIM_PROVISIONING))["value"],
        account_token(sandbox, SCIM_PROVISIONING)["value"],
    )
    role = {
        "email": "grace@example.com",
        "roles": ["33666b9c79b9a5273fc7344ff42f953d"],
        "status": "accepted",
    }
    operator.post("/members", json=role)
    owner = next(
        m for m in operator.get("/members").json()["result"] if m["email"] == "owner@example.com"
    )
    assert scim_client(sandbox, user).get("/Users").status_code == 200
    assert operator.delete(f"/members/{owner['id']}").status_code == 200
    assert scim_client(sandbox, user).get("/Users").status_code == 403
    assert scim_client(sandbox, account).get("/Users").status_code == 200


def test_scim_errors_have_scims_shape(sandbox: Sandbox) -> None:
    answer = scim_client(sandbox, "cfat_" + "x" * 40).get("/Users")
    assert answer.headers["content-type"] == "application/scim+json"
    assert answer.json() == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": "401",
        "detail": "Invalid API Token",
    }


def test_a_malformed_account_id_is_not_found(sandbox: Sandbox) -> None:
    assert client(sandbox).get("/accounts/nonsense").json()["errors"][0]["code"] == 7003
