"""The admin API: looking in, resetting, people, accounts."""

import httpx
import pytest

from sandbox.server.server import Sandbox
from tests.sandbox.cloudflare.cloudflare_api import (
    ACCOUNT,
    SCIM_PROVISIONING,
    account_client,
    account_token,
    scim_client,
    scim_user,
)

PEOPLE = {f"{name}@example.com" for name in ("ada", "grace", "alan", "katherine", "edsger")}


def test_the_state_has_three_vendors_and_no_secret(sandbox: Sandbox, admin: httpx.Client) -> None:
    value = account_token(sandbox, SCIM_PROVISIONING)["value"]
    text = admin.get("state").text
    state = admin.get("state").json()
    assert set(state) == {"cloudflare", "okta", "entra"}
    assert state["cloudflare"]["members"] == [
        {
            "email": "owner@example.com",
            "roles": ["Super Administrator - All Privileges"],
            "status": "accepted",
            "accountId": ACCOUNT,
        }
    ]
    for secret in (value, *sandbox.world.credentials.secrets()):
        assert secret not in text


def test_a_reset_makes_the_same_ids_again(sandbox: Sandbox, admin: httpx.Client) -> None:
    def run() -> list[object]:
        token = account_token(sandbox, SCIM_PROVISIONING)
        user = scim_client(sandbox).post("/Users", json=scim_user("ada@example.com")).json()
        group = account_client(sandbox).post("/iam/user_groups", json={"name": "x"}).json()
        return [token["id"], user["id"], group["result"]["id"]]

    first = run()
    admin.post("reset")
    assert admin.get("requests").json() == []
    assert run() == first


def test_the_seed_people_are_in_both_directories(sandbox: Sandbox) -> None:
    world = sandbox.world
    assert {user.profile["email"] for user in world.okta.users.values()} >= PEOPLE
    entra = world.entra.model_dump_json()
    assert all(f'"{email}"' in entra for email in PEOPLE)


def test_a_person_is_added_to_both_or_to_one(sandbox: Sandbox, admin: httpx.Client) -> None:
    both = admin.post("users", json={"email": "mary@example.com", "firstName": "Mary"})
    assert both.status_code == 201
    assert set(both.json()["ids"]) == {"okta", "entra"}
    one = {"email": "bob@example.com", "identityProvider": "entra"}
    assert set(admin.post("users", json=one).json()["ids"]) == {"entra"}
    assert "bob@example.com" not in sandbox.world.okta.model_dump_json()
    again = admin.post("users", json={"email": "mary@example.com"})
    assert again.json()["ids"] == both.json()["ids"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("users", {"email": "nobody"}),
        ("users", {"email": "a@example.com", "identityProvider": "google"}),
        ("cycle", {"identityProvider": "google"}),
        ("cloudflare/accounts/xyz", {}),
        (f"cloudflare/accounts/{ACCOUNT}", {"virtualGroups": "yes"}),
        ("cloudflare/operator", {"email": "nobody"}),
        ("cloudflare/operator", {"mail": "ada@example.com"}),
    ],
)
def test_wrong_input_is_named(admin: httpx.Client, path: str, body: object) -> None:
    answer = admin.post(path, json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_no_such_thing(admin: httpx.Client) -> None:
    assert admin.get("nothing").status_code == 404
    assert admin.delete("state").status_code == 405
    assert admin.post("console/okta/0oa00000000000000000", json={}).status_code == 404
    assert admin.post("users", content=b"{").status_code == 400


def test_an_idle_cycle_pushes_nothing(admin: httpx.Client) -> None:
    report = admin.post("cycle").json()
    assert set(report) == {"okta", "entra"}
    assert admin.get("requests").json() == []
    assert set(admin.post("cycle", json={"identityProvider": "okta"}).json()) == {"okta"}


def test_the_prefix_may_come_twice(sandbox: Sandbox, admin: httpx.Client) -> None:
    assert admin.get("_sandbox/state").json() == admin.get("state").json()
    assert sandbox.admin.endswith("/_sandbox")
