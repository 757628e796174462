"""The guide's virtual groups: only where an account has them switched on."""

import httpx
import pytest

from sandbox.server.server import Sandbox
from tests.loopback import PLAIN
from tests.sandbox.cloudflare.cloudflare_api import (
    ACCOUNT,
    SUPER_ADMINISTRATOR,
    account_client,
    effective_roles,
    patch,
    scim_client,
    scim_user,
)

ROLES = ["Administrator Read Only", "Administrator", "Billing", SUPER_ADMINISTRATOR]


@pytest.fixture
def virtual(sandbox: Sandbox) -> Sandbox:
    """The sandbox with an account that has virtual groups."""
    url = f"{sandbox.admin}/cloudflare/accounts/{ACCOUNT}"
    answer = PLAIN.post(url, json={"virtualGroups": True, "name": "Old"})
    assert answer.json() == {"id": ACCOUNT, "name": "Old", "virtualGroups": True}
    return sandbox


def _ada(sandbox: Sandbox) -> str:
    return scim_client(sandbox).post("/Users", json=scim_user("ada@example.com")).json()["id"]


def _set(sandbox: Sandbox, group: str, *users: str) -> httpx.Response:
    operation = {"op": "replace", "path": "members", "value": [{"value": one} for one in users]}
    return scim_client(sandbox).patch(f"/Groups/{group}", json=patch(operation))


@pytest.mark.parametrize("prefix", ["", f"CF-{ACCOUNT} - "], ids=["okta", "entra"])
@pytest.mark.parametrize("role", ROLES)
def test_the_groups_name_is_the_role(virtual: Sandbox, prefix: str, role: str) -> None:
    ada = _ada(virtual)
    pushed = scim_client(virtual).post("/Groups", json={"displayName": prefix + role})
    assert pushed.status_code == 201
    group = pushed.json()
    assert group["id"].startswith("cloudflare-v1-")
    assert group["displayName"] == prefix + role
    assert _set(virtual, group["id"], ada).status_code == 200
    assert effective_roles(virtual, "ada@example.com") == sorted([role, "Minimal Account Access"])
    assert scim_client(virtual).get(f"/Users/{ada}").json()["groups"] == [group["id"]]
    assert account_client(virtual).get("/iam/user_groups").json()["result"] == []
    _set(virtual, group["id"])
    assert effective_roles(virtual, "ada@example.com") == ["Minimal Account Access"]


def test_entra_finds_and_links_a_group_that_cloudflare_lists(virtual: Sandbox) -> None:
    name = f"CF-{ACCOUNT} - Billing"
    found = scim_client(virtual).get("/Groups", params={"filter": f'displayName eq "{name}"'})
    [group] = found.json()["Resources"]
    assert group["displayName"] == name
    _set(virtual, group["id"], _ada(virtual))
    assert "Billing" in (effective_roles(virtual, "ada@example.com") or [])


@pytest.mark.parametrize(
    "name",
    [
        f"CF-{ACCOUNT} - Super Administrator",
        f"CF-{ACCOUNT} - administrator",
        f"CF-{ACCOUNT} \u2013 Administrator",  # an en dash
        f"CF-{'0' * 32} - Administrator",
        "CF-Administrator",
    ],
)
def test_near_misses_are_refused(virtual: Sandbox, name: str) -> None:
    assert scim_client(virtual).post("/Groups", json={"displayName": name}).status_code == 400


def test_a_near_miss_without_prefix_is_a_group_without_a_role(virtual: Sandbox) -> None:
    body = {"displayName": "Super Administrator"}
    group = scim_client(virtual).post("/Groups", json=body).json()["id"]
    _set(virtual, group, _ada(virtual))
    assert effective_roles(virtual, "ada@example.com") == ["Minimal Account Access"]


def test_a_system_group_has_only_members_to_change(virtual: Sandbox) -> None:
    group = scim_client(virtual).post("/Groups", json={"displayName": "Billing"}).json()["id"]
    rename = patch({"op": "replace", "path": "displayName", "value": "Finance"})
    assert scim_client(virtual).patch(f"/Groups/{group}", json=rename).status_code == 400
    assert scim_client(virtual).delete(f"/Groups/{group}").status_code == 400
    again = scim_client(virtual).post("/Groups", json={"displayName": "Billing"})
    assert again.json()["scimType"] == "uniqueness"


def test_the_only_super_administrator_keeps_the_role(virtual: Sandbox) -> None:
    body = {"displayName": SUPER_ADMINISTRATOR}
    group = scim_client(virtual).post("/Groups", json=body).json()["id"]
    _set(virtual, group, _ada(virtual))
    members = account_client(virtual).get("/members").json()["result"]
    owner = next(one for one in members if one["email"] == "owner@example.com")
    assert account_client(virtual).delete(f"/members/{owner['id']}").status_code == 200
    refused = _set(virtual, group)
    assert refused.status_code == 400
    assert SUPER_ADMINISTRATOR in (effective_roles(virtual, "ada@example.com") or [])


def test_switched_off_a_role_name_is_just_a_name(sandbox: Sandbox) -> None:
    pushed = scim_client(sandbox).post("/Groups", json={"displayName": "Billing"}).json()
    assert not pushed["id"].startswith("cloudflare-v1-")
    _set(sandbox, pushed["id"], _ada(sandbox))
    assert effective_roles(sandbox, "ada@example.com") == ["Minimal Account Access"]
    name = f"CF-{ACCOUNT} - Billing"
    assert scim_client(sandbox).post("/Groups", json={"displayName": name}).status_code == 400
