"""SCIM groups: names, joining a user group, members, locks."""

import pytest

from sandbox.server.server import Sandbox
from tests.sandbox.cloudflare.cloudflare_api import (
    SUPER_ADMINISTRATOR,
    account_client,
    effective_roles,
    patch,
    role_policy,
    scim_client,
    scim_user,
)


def _person(sandbox: Sandbox, email: str) -> str:
    return scim_client(sandbox).post("/Users", json=scim_user(email)).json()["id"]


def _push(sandbox: Sandbox, name: str) -> str:
    answer = scim_client(sandbox).post("/Groups", json={"displayName": name})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def _members(sandbox: Sandbox, group: str) -> list[str]:
    answer = scim_client(sandbox).get(f"/Groups/{group}")
    assert answer.status_code == 200, answer.text
    return sorted(member["display"] for member in answer.json().get("members", []))


def _patch(sandbox: Sandbox, group: str, *operations: dict[str, object]) -> int:
    answer = scim_client(sandbox).patch(f"/Groups/{group}", json=patch(*operations))
    return answer.status_code


@pytest.mark.parametrize(
    "name", ["", " ", None, "CF", "CF Administrators", f"CF-{'0' * 32} - Administrator"]
)
def test_forbidden_names(sandbox: Sandbox, name: str | None) -> None:
    answer = scim_client(sandbox).post("/Groups", json={"displayName": name})
    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue")
    assert scim_client(sandbox).get("/Groups").json()["totalResults"] == 0


@pytest.mark.parametrize("name", ["cf lower case", "Administrator", "🌍", "C F"])
def test_free_names(sandbox: Sandbox, name: str) -> None:
    _push(sandbox, name)
    [group] = account_client(sandbox).get("/iam/user_groups").json()["result"]
    assert group["name"] == name


def test_a_name_is_pushed_once(sandbox: Sandbox) -> None:
    _push(sandbox, "Billing")
    answer = scim_client(sandbox).post("/Groups", json={"displayName": "Billing"})
    assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")


def test_lists_leave_out_members(sandbox: Sandbox) -> None:
    ada, group = _person(sandbox, "ada@example.com"), _push(sandbox, "Billing")
    _push(sandbox, "Other")
    add = {"op": "Add", "path": "members", "value": [{"value": ada}]}
    assert _patch(sandbox, group, add) == 200
    listed = scim_client(sandbox).get("/Groups", params={"filter": 'displayName eq "Billing"'})
    assert [("members" in one, one["id"]) for one in listed.json()["Resources"]] == [(False, group)]
    assert _members(sandbox, group) == ["ada@example.com"]
    refused = scim_client(sandbox).get("/Groups", params={"filter": 'id eq "x"'})
    assert refused.json()["scimType"] == "invalidFilter"


def test_members_are_added_removed_and_replaced(sandbox: Sandbox) -> None:
    ada, grace = _person(sandbox, "ada@example.com"), _person(sandbox, "grace@example.com")
    group = _push(sandbox, "Billing")
    both = {"op": "add", "path": "members", "value": [{"value": ada}, {"value": grace}]}
    assert _patch(sandbox, group, both) == 200
    assert _patch(sandbox, group, both) == 200  # again: nothing happens
    assert _members(sandbox, group) == ["ada@example.com", "grace@example.com"]
    assert _patch(sandbox, group, {"op": "remove", "path": f'members[value eq "{ada}"]'}) == 200
    assert _members(sandbox, group) == ["grace@example.com"]
    only = {"op": "replace", "path": "members", "value": [{"value": ada}]}
    assert _patch(sandbox, group, only) == 200
    assert _members(sandbox, group) == ["ada@example.com"]
    entra = {"op": "Remove", "path": "members", "value": [{"value": ada}]}
    assert _patch(sandbox, group, entra) == 200
    assert _members(sandbox, group) == []


def test_okta_replaces_without_a_path(sandbox: Sandbox) -> None:
    ada, group = _person(sandbox, "ada@example.com"), _push(sandbox, "Billing")
    value = {"displayName": "Finance", "members": [{"value": ada}]}
    assert _patch(sandbox, group, {"op": "replace", "value": value}) == 200
    assert _members(sandbox, group) == ["ada@example.com"]
    assert scim_client(sandbox).get(f"/Groups/{group}").json()["displayName"] == "Finance"


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "add", "path": "members", "value": [{"value": "0" * 32}]},
        {"op": "add", "path": "members", "value": ["x"]},
        {"op": "replace", "path": "displayName", "value": "CF new"},
        {"op": "replace", "path": "displayName", "value": ""},
        {"op": "replace", "path": "displayName", "value": "Taken"},
        {"op": "remove", "path": 'members[display eq "x"]'},
    ],
)
def test_a_refused_patch_changes_nothing_at_all(
    sandbox: Sandbox, operation: dict[str, object]
) -> None:
    ada, group = _person(sandbox, "ada@example.com"), _push(sandbox, "Billing")
    _push(sandbox, "Taken")
    add = {"op": "add", "path": "members", "value": [{"value": ada}]}
    assert _patch(sandbox, group, add, operation) in (400, 409)
    assert _members(sandbox, group) == []
    assert scim_client(sandbox).get(f"/Groups/{group}").json()["displayName"] == "Billing"


def test_pushing_joins_the_user_group_of_that_name(sandbox: Sandbox) -> None:
    policies = [role_policy(sandbox, "Billing")]
    body = {"name": "Billing", "policies": policies}
    created = account_client(sandbox).post("/iam/user_groups", json=body).json()["result"]
    assert _push(sandbox, "Billing") == created["id"]
    kept = account_client(sandbox).get(f"/iam/user_groups/{created['id']}").json()["result"]
    assert kept["policies"] == created["policies"]


def test_patching_a_found_group_takes_it_over(sandbox: Sandbox) -> None:
    created = account_client(sandbox).post("/iam/user_groups", json={"name": "Billing"})
    group = created.json()["result"]["id"]
    assert _patch(sandbox, group, {"op": "replace", "path": "externalId", "value": "e"}) == 200
    assert account_client(sandbox).delete(f"/iam/user_groups/{group}").status_code == 400


def test_deleting_takes_the_role_away_and_leaves_the_person(sandbox: Sandbox) -> None:
    ada, group = _person(sandbox, "ada@example.com"), _push(sandbox, "Billing")
    _patch(sandbox, group, {"op": "add", "path": "members", "value": [{"value": ada}]})
    body = {"policies": [role_policy(sandbox, "Billing")]}
    account_client(sandbox).put(f"/iam/user_groups/{group}", json=body)
    assert "Billing" in (effective_roles(sandbox, "ada@example.com") or [])
    assert scim_client(sandbox).delete(f"/Groups/{group}").status_code == 204
    assert effective_roles(sandbox, "ada@example.com") == ["Minimal Account Access"]
    assert scim_client(sandbox).get(f"/Groups/{group}").status_code == 404


def test_a_deactivated_person_leaves_the_groups(sandbox: Sandbox) -> None:
    ada, group = _person(sandbox, "ada@example.com"), _push(sandbox, "Billing")
    _patch(sandbox, group, {"op": "add", "path": "members", "value": [{"value": ada}]})
    assert scim_client(sandbox).get(f"/Users/{ada}").json()["groups"] == [group]
    off = patch({"op": "replace", "path": "active", "value": False})
    scim_client(sandbox).patch(f"/Users/{ada}", json=off)
    assert _members(sandbox, group) == []


def test_user_groups_can_take_the_last_super_administrator_away(sandbox: Sandbox) -> None:
    """As Cloudflare warns; the SCIM token then gives the role back."""
    ada, group = _person(sandbox, "ada@example.com"), _push(sandbox, "Supers")
    body = {"policies": [role_policy(sandbox, SUPER_ADMINISTRATOR)]}
    account_client(sandbox).put(f"/iam/user_groups/{group}", json=body)
    _patch(sandbox, group, {"op": "add", "path": "members", "value": [{"value": ada}]})
    members = account_client(sandbox).get("/members").json()["result"]
    owner = next(one for one in members if one["email"] == "owner@example.com")
    assert account_client(sandbox).delete(f"/members/{owner['id']}").status_code == 200
    assert _patch(sandbox, group, {"op": "replace", "path": "members", "value": []}) == 200
    assert effective_roles(sandbox, "ada@example.com") == ["Minimal Account Access"]


def test_put_replaces_name_and_members_and_keeps_what_it_leaves_out(sandbox: Sandbox) -> None:
    group, ada = _push(sandbox, "Billing"), _person(sandbox, "ada@example.com")
    scim = scim_client(sandbox)
    body: dict[str, object] = {"displayName": "Billing", "members": [{"value": ada}]}
    assert scim.put(f"/Groups/{group}", json=body).status_code == 200
    assert _members(sandbox, group) == ["ada@example.com"]
    assert scim.put(f"/Groups/{group}", json={"displayName": "Finance"}).status_code == 200
    assert _members(sandbox, group) == ["ada@example.com"]
    assert scim.get(f"/Groups/{group}").json()["displayName"] == "Finance"
    assert scim.put(f"/Groups/{group}", json={"displayName": "x", "members": []}).status_code == 200
    assert _members(sandbox, group) == []
    assert scim.put(f"/Groups/{group}", json={"members": []}).status_code == 400
