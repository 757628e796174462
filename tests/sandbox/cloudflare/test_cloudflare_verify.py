"""Verification tells user-owned and account-owned tokens apart."""

from sandbox.server.server import Sandbox
from tests.sandbox.cloudflare.cloudflare_api import (
    OTHER_ACCOUNT,
    SCIM_PROVISIONING,
    account_client,
    account_token,
    client,
    policy,
    user_token,
)


def test_an_account_token_is_known_to_its_account_only(sandbox: Sandbox) -> None:
    token = account_token(sandbox, SCIM_PROVISIONING, expires_on="2099-01-01T00:00:00Z")
    client(sandbox).get(f"/accounts/{OTHER_ACCOUNT}")
    mine = account_client(sandbox, token["value"]).get("/tokens/verify")
    assert mine.json()["result"] == {
        "id": token["id"],
        "status": "active",
        "expires_on": "2099-01-01T00:00:00Z",
    }
    caller = client(sandbox, token["value"])
    assert caller.get("/user/tokens/verify").status_code == 401
    assert caller.get(f"/accounts/{OTHER_ACCOUNT}/tokens/verify").status_code == 401


def test_a_user_token_is_known_to_the_user_only(sandbox: Sandbox) -> None:
    token = user_token(sandbox, policy(SCIM_PROVISIONING))
    assert client(sandbox, token["value"]).get("/user/tokens/verify").status_code == 200
    assert account_client(sandbox, token["value"]).get("/tokens/verify").status_code == 401


def test_an_invented_token_is_refused(sandbox: Sandbox) -> None:
    answer = client(sandbox, "cfat_" + "x" * 40).get("/user/tokens/verify")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (401, 1000)


def test_no_token_at_all(sandbox: Sandbox) -> None:
    caller = client(sandbox)
    del caller.headers["Authorization"]
    assert caller.get("/user/tokens/verify").json()["errors"][0]["code"] == 9106
