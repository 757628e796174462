"""API tokens: what may be created, when the value is shown, when a token stops working."""

import re
import time
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.server.server import Sandbox
from tests.sandbox.cloudflare.cloudflare_api import (
    ACCOUNT,
    MEMBERSHIPS_READ,
    MEMBERSHIPS_WRITE,
    OTHER_ACCOUNT,
    SCIM_PROVISIONING,
    SETTINGS_READ,
    SETTINGS_WRITE,
    account_client,
    account_token,
    client,
    policy,
    scim_client,
    user_token,
)

ZONE = "com.cloudflare.api.account.zone"


def test_the_value_is_shown_at_creation_only(sandbox: Sandbox) -> None:
    token = account_token(sandbox, SCIM_PROVISIONING)
    assert re.fullmatch(r"cfat_[A-Za-z0-9]{40}", token["value"])
    again = account_client(sandbox).get(f"/tokens/{token['id']}").json()["result"]
    assert "value" not in again
    assert again == {key: value for key, value in token.items() if key != "value"}
    assert token["value"] not in sandbox.world.cloudflare.model_dump_json()


def test_a_user_token_has_its_own_prefix(sandbox: Sandbox) -> None:
    assert user_token(sandbox, policy(SETTINGS_READ))["value"].startswith("cfut_")


def test_rolling_ends_the_old_value_at_once(sandbox: Sandbox) -> None:
    token = account_token(sandbox, SCIM_PROVISIONING)
    new = account_client(sandbox).put(f"/tokens/{token['id']}/value", json={}).json()["result"]
    assert new != token["value"]
    assert scim_client(sandbox, token["value"]).get("/Users").status_code == 401
    assert scim_client(sandbox, new).get("/Users").status_code == 200


def test_a_change_keeps_the_value(sandbox: Sandbox) -> None:
    token = account_token(sandbox, SCIM_PROVISIONING)
    body = {"name": "renamed", "policies": [policy(SCIM_PROVISIONING)]}
    changed = account_client(sandbox).put(f"/tokens/{token['id']}", json=body).json()["result"]
    assert changed["name"] == "renamed"
    assert scim_client(sandbox, token["value"]).get("/Users").status_code == 200


def test_resources_come_back_as_the_text_that_was_sent(sandbox: Sandbox) -> None:
    resources = {f"{ZONE}.*": "*", f"com.cloudflare.api.account.{ACCOUNT}": "*"}
    token = account_token(
        sandbox, SCIM_PROVISIONING, policies=[policy(SCIM_PROVISIONING, resources=resources)]
    )
    text = account_client(sandbox).get(f"/tokens/{token['id']}").text
    wanted = f'"resources":{{"{ZONE}.*":"*","com.cloudflare.api.account.{ACCOUNT}":"*"}}'
    assert wanted in text


BAD_POLICIES = {
    "no policy": [],
    "unknown group": [policy("0" * 32)],
    "no resources": [
        {"effect": "allow", "permission_groups": [{"id": SCIM_PROVISIONING}], "resources": {}}
    ],
    "other account": [
        policy(SCIM_PROVISIONING, resources={f"com.cloudflare.api.account.{OTHER_ACCOUNT}": "*"})
    ],
    "zone for an account's group": [policy(SCIM_PROVISIONING, resources={f"{ZONE}.*": "*"})],
    "nonsense resource": [policy(SCIM_PROVISIONING, resources={"account": "*"})],
    "value is no star": [
        policy(SCIM_PROVISIONING, resources={f"com.cloudflare.api.account.{ACCOUNT}": "read"})
    ],
    "a user's group": [policy(MEMBERSHIPS_READ)],
    "effect": [{**policy(SCIM_PROVISIONING), "effect": "permit"}],
}


@pytest.mark.parametrize("policies", BAD_POLICIES.values(), ids=BAD_POLICIES)
def test_an_account_token_refuses(sandbox: Sandbox, policies: list[object]) -> None:
    answer = account_client(sandbox).post("/tokens", json={"name": "x", "policies": policies})
    assert answer.status_code == 400
    assert answer.json()["success"] is False
    assert account_client(sandbox).get("/tokens").json()["result"] == []


def test_a_users_group_is_named_as_such(sandbox: Sandbox) -> None:
    body = {"name": "x", "policies": [policy(MEMBERSHIPS_READ)]}
    answer = account_client(sandbox).post("/tokens", json=body)
    assert "not for account-owned tokens" in answer.json()["errors"][0]["message"]


def test_wildcards_are_cloudflares_to_accept(sandbox: Sandbox) -> None:
    everywhere = policy(SETTINGS_READ, resources={"com.cloudflare.api.account.*": "*"})
    value = user_token(sandbox, everywhere)["value"]
    client(sandbox).get(f"/accounts/{OTHER_ACCOUNT}")
    assert client(sandbox, value).get(f"/accounts/{OTHER_ACCOUNT}").status_code == 200


def test_the_guides_four_permissions_on_account_and_own_user(sandbox: Sandbox) -> None:
    me = client(sandbox).get("/user").json()["result"]["id"]
    own = {f"com.cloudflare.api.user.{me}": "*"}
    token = user_token(
        sandbox,
        policy(SETTINGS_READ, SETTINGS_WRITE),
        policy(MEMBERSHIPS_READ, MEMBERSHIPS_WRITE, resources=own),
    )
    assert scim_client(sandbox, token["value"]).get("/Users").status_code == 200


def test_another_users_resource_is_refused(sandbox: Sandbox) -> None:
    other = policy(MEMBERSHIPS_READ, resources={f"com.cloudflare.api.user.{'a' * 32}": "*"})
    answer = client(sandbox).post("/user/tokens", json={"name": "x", "policies": [other]})
    assert answer.status_code == 400
    assert "own user" in answer.json()["errors"][0]["message"]


def test_a_disabled_token_is_refused_and_says_so_when_verified(sandbox: Sandbox) -> None:
    token = account_token(sandbox, SCIM_PROVISIONING)
    body = {"name": "x", "policies": [policy(SCIM_PROVISIONING)], "status": "disabled"}
    account_client(sandbox).put(f"/tokens/{token['id']}", json=body)
    assert scim_client(sandbox, token["value"]).get("/Users").status_code == 401
    verified = account_client(sandbox, token["value"]).get("/tokens/verify").json()["result"]
    assert verified["status"] == "disabled"


def test_a_token_expires(sandbox: Sandbox) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    token = account_token(sandbox, SCIM_PROVISIONING, expires_on=soon)
    assert scim_client(sandbox, token["value"]).get("/Users").status_code == 200
    time.sleep(1.1)
    assert scim_client(sandbox, token["value"]).get("/Users").status_code == 401
    shown = account_client(sandbox).get(f"/tokens/{token['id']}").json()["result"]
    assert (shown["status"], shown["expires_on"]) == ("expired", soon)


def test_a_token_is_not_valid_before_its_time(sandbox: Sandbox) -> None:
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    token = account_token(sandbox, SCIM_PROVISIONING, not_before=later)
    assert scim_client(sandbox, token["value"]).get("/Users").status_code == 401


@pytest.mark.parametrize(
    ("request_ip", "status"),
    [
        ({"in": ["127.0.0.0/8"]}, 200),
        ({"in": ["192.0.2.0/24"]}, 403),
        ({"in": ["127.0.0.0/8"], "not_in": ["127.0.0.1"]}, 403),
        ({"not_in": ["192.0.2.0/24"]}, 200),
    ],
)
def test_the_address_condition_holds(
    sandbox: Sandbox, request_ip: dict[str, object], status: int
) -> None:
    token = account_token(sandbox, SCIM_PROVISIONING, condition={"request_ip": request_ip})
    assert scim_client(sandbox, token["value"]).get("/Users").status_code == status


@pytest.mark.parametrize(
    "wrong",
    [
        {"expires_on": "2020-01-01T00:00:00Z"},
        {"expires_on": "tomorrow"},
        {"expires_on": "2099-01-01T00:00:00"},
        {"condition": {"request_ip": {"in": ["300.0.0.0/8"]}}},
        {"name": " "},
    ],
)
def test_wrong_settings_are_refused(sandbox: Sandbox, wrong: dict[str, object]) -> None:
    body = {"name": "x", "policies": [policy(SCIM_PROVISIONING)], **wrong}
    assert account_client(sandbox).post("/tokens", json=body).status_code == 400


def test_a_change_keeps_what_it_leaves_out(sandbox: Sandbox) -> None:
    limits = {
        "expires_on": "2099-01-01T00:00:00Z",
        "condition": {"request_ip": {"in": ["127.0.0.0/8"]}},
    }
    token = account_token(sandbox, SCIM_PROVISIONING, **limits)
    body = {"name": "renamed", "policies": [policy(SCIM_PROVISIONING)]}
    changed = account_client(sandbox).put(f"/tokens/{token['id']}", json=body).json()["result"]
    assert changed["name"] == "renamed"
    assert {key: changed[key] for key in limits} == limits


def test_a_token_that_cloudflare_revoked_stays_revoked(sandbox: Sandbox) -> None:
    token = account_token(sandbox, SCIM_PROVISIONING)
    sandbox.world.cloudflare.tokens[token["id"]].status = "revoked (exposed)"
    assert scim_client(sandbox, token["value"]).get("/Users").status_code == 401
    api = account_client(sandbox)
    assert api.get(f"/tokens/{token['id']}").json()["result"]["status"] == "revoked (exposed)"
    body = {"name": "x", "policies": [policy(SCIM_PROVISIONING)], "status": "active"}
    assert api.put(f"/tokens/{token['id']}", json=body).status_code == 400
