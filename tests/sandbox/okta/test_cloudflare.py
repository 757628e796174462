"""Okta's cycle against the sandbox's own Cloudflare: from an assignment to a granted role."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox.server.server import Sandbox
from tests.loopback import plain_client
from tests.sandbox.okta.okta_support import Okta

ACCOUNT = "0123456789abcdef0123456789abcdef"
BASE = f"https://api.cloudflare.com/client/v4/accounts/{ACCOUNT}/scim/v2"
ROLE = "Administrator"


@pytest.fixture
def cloudflare(sandbox: Sandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {sandbox.env['CLOUDFLARE_API_TOKEN']}"}
    base = f"{sandbox.env['CLOUDFLARE_BASE_URL']}/accounts/{ACCOUNT}/"
    with plain_client(base_url=base, headers=headers) as client:
        yield client


def result(answer: httpx.Response) -> Any:
    assert answer.status_code < 300, answer.text
    return answer.json()["result"]


@pytest.fixture
def token(cloudflare: httpx.Client) -> str:
    groups = result(cloudflare.get("tokens/permission_groups"))
    scim = next(g["id"] for g in groups if g["name"] == "SCIM Provisioning")
    policy = {
        "effect": "allow",
        "permission_groups": [{"id": scim}],
        "resources": {f"com.cloudflare.api.account.{ACCOUNT}": "*"},
    }
    return result(cloudflare.post("tokens", json={"name": "scim", "policies": [policy]}))["value"]


@pytest.fixture
def role_group(cloudflare: httpx.Client) -> str:
    permissions = result(cloudflare.get("iam/permission_groups"))
    wanted = next(p["id"] for p in permissions if p["name"] == ROLE)
    whole = next(
        r["id"]
        for r in result(cloudflare.get("iam/resource_groups"))
        if [o["key"] for o in r["scope"]["objects"]] == ["*"]
    )
    policy = {
        "access": "allow",
        "permission_groups": [{"id": wanted}],
        "resource_groups": [{"id": whole}],
    }
    body = {"name": ROLE, "policies": [policy]}
    return result(cloudflare.post("iam/user_groups", json=body))["id"]


@pytest.fixture
def app_id(okta: Okta, token: str) -> str:
    app_id = okta.app()
    answer = okta.console(
        app_id,
        baseUrl=BASE,
        token=token,
        importGroups=False,
        createUsers=True,
        deactivateUsers=True,
        renameGroups=False,
    )
    assert answer.status_code == 200, answer.text
    return app_id


def roles(admin: httpx.Client) -> dict[str, list[str]]:
    members = admin.get("state").json()["cloudflare"]["members"]
    return {m["email"]: m["roles"] for m in members}


def test_assigned_member_of_a_pushed_group_gets_the_role(
    okta: Okta, admin: httpx.Client, app_id: str, role_group: str
) -> None:
    okta.assign(app_id, okta.group("Cloudflare Users", "ada", "grace"))
    mapping = okta.push(app_id, okta.group(ROLE, "ada", "alan"), ROLE)
    report = okta.cycle()
    assert report["errors"] == []
    assert ROLE in roles(admin)["ada@example.com"]
    assert ROLE not in roles(admin)["grace@example.com"]
    assert "alan@example.com" not in roles(admin)
    assert okta.mapping(app_id, mapping["id"])["status"] == "ACTIVE"


def test_removal_from_the_group_takes_the_role_away(
    okta: Okta, admin: httpx.Client, app_id: str, role_group: str
) -> None:
    okta.assign(app_id, okta.group("Cloudflare Users", "ada"))
    group_id = okta.group(ROLE, "ada")
    okta.push(app_id, group_id, ROLE)
    okta.cycle()
    okta.got("DELETE", f"/groups/{group_id}/users/{okta.user('ada')}", status=204)
    assert okta.cycle()["errors"] == []
    assert ROLE not in roles(admin)["ada@example.com"]


def test_unassigned_person_leaves_the_account(
    okta: Okta, admin: httpx.Client, app_id: str, role_group: str
) -> None:
    users = okta.group("Cloudflare Users", "ada", "grace")
    okta.assign(app_id, users)
    okta.push(app_id, okta.group(ROLE, "ada", "grace"), ROLE)
    okta.cycle()
    okta.got("DELETE", f"/groups/{users}/users/{okta.user('ada')}", status=204)
    assert okta.cycle()["errors"] == []
    assert "ada@example.com" not in roles(admin)
    okta.got("PUT", f"/groups/{users}/users/{okta.user('ada')}", status=204)
    assert okta.cycle()["errors"] == []
    assert ROLE in roles(admin)["ada@example.com"]


def test_refused_group_name_puts_the_mapping_in_error(okta: Okta, app_id: str) -> None:
    okta.assign(app_id, okta.group("Cloudflare Users", "ada"))
    mapping = okta.push(app_id, okta.group("CF Admins", "ada"), "CF Admins")
    okta.cycle()
    read = okta.mapping(app_id, mapping["id"])
    assert read["status"] == "ERROR"
    assert "errorSummary" not in read  # R
    [event] = okta.got("GET", '/logs?filter=outcome.result eq "FAILURE"')
    assert "CF" in event["outcome"]["reason"]


def test_login_instead_of_address_is_refused(okta: Okta, admin: httpx.Client, token: str) -> None:
    person = {"email": "tim@example.com", "userPrincipalName": "tim@corp.example.net"}
    admin.post("users", json={**person, "identityProvider": "okta"})
    app_id = okta.app(credentials={"userNameTemplate": {"template": "${source.login}"}})
    settings = {"createUsers": True, "deactivateUsers": True}
    assert okta.console(app_id, baseUrl=BASE, token=token, **settings).status_code == 200
    okta.assign(app_id, okta.group("Cloudflare Users", "tim@corp.example.net"))
    assert "POST Users: 400" in okta.cycle()["errors"][0]


def test_wrong_token_fails_the_console_s_test(okta: Okta) -> None:
    answer = okta.console(okta.app(), baseUrl=BASE, token="cfat_" + "x" * 40)
    assert answer.status_code == 400
    assert "Error authenticating" in answer.json()["error"]
    assert "x" * 40 not in answer.text


def test_slow_target_is_waited_for(okta: Okta, admin: httpx.Client, app_id: str) -> None:
    admin.post("faults", json={"kind": "slow", "seconds": 0.5, "path": ".*/scim/v2/.*"})
    okta.assign(app_id, okta.group("Cloudflare Users", "ada"))
    assert okta.cycle()["users"]["created"] == ["ada@example.com"]


def test_lost_answer_creates_nobody_twice(okta: Okta, admin: httpx.Client, app_id: str) -> None:
    fault = {"kind": "lost-response", "method": "POST", "path": ".*/scim/v2/Users"}
    admin.post("faults", json=fault)
    okta.assign(app_id, okta.group("Cloudflare Users", "ada"))
    assert "POST Users" in okta.cycle()["errors"][0]
    assert okta.cycle()["users"]["linked"] == ["ada@example.com"]
    assert list(roles(admin)).count("ada@example.com") == 1
