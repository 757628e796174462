"""SCIM users: provisioning, filters, what is ignored, and the end of a membership."""

import pytest

from sandbox.server.server import Sandbox
from tests.sandbox.cloudflare.cloudflare_api import effective_roles, patch, scim_client, scim_user

ADA = "ada@example.com"


def _provision(sandbox: Sandbox, email: str = ADA, **changes: object) -> dict[str, object]:
    answer = scim_client(sandbox).post("/Users", json=scim_user(email, **changes))
    assert answer.status_code == 201, answer.text
    assert answer.headers["content-type"] == "application/scim+json"
    return answer.json()


def test_a_new_member_has_minimal_access(sandbox: Sandbox) -> None:
    created = _provision(sandbox, externalId="00u1")
    assert created["userName"] == ADA
    assert created["externalId"] == "00u1"
    assert created["name"] == {
        "givenName": "Ada",
        "familyName": "Test",
        "formatted": "Ada Test",
    }
    assert effective_roles(sandbox, ADA) == ["Minimal Account Access"]
    assert scim_client(sandbox).get(f"/Users/{created['id']}").json() == created


BAD_USERS = {
    "no name": {"userName": None},
    "no address": {"userName": "ada"},
    "no emails": {"emails": []},
    "primary differs": {"emails": [{"value": "a@example.com", "primary": True}]},
    "primary differs in case": {"emails": [{"value": "Ada@example.com", "primary": True}]},
    "inactive": {"active": False},
    "no activity": {"active": None},
    "no schema": {"schemas": []},
    "name is no object": {"name": "Ada"},
}


@pytest.mark.parametrize("changes", BAD_USERS.values(), ids=BAD_USERS)
def test_incomplete_users_are_refused(sandbox: Sandbox, changes: dict[str, object]) -> None:
    answer = scim_client(sandbox).post("/Users", json=scim_user(ADA, **changes))
    assert answer.status_code == 400
    assert answer.json()["scimType"] in ("invalidValue", "invalidSyntax")
    assert effective_roles(sandbox, ADA) is None


def test_broken_json_gets_scims_error(sandbox: Sandbox) -> None:
    answer = scim_client(sandbox).post("/Users", content=b"{")
    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidSyntax")


def test_a_member_is_not_provisioned_twice(sandbox: Sandbox) -> None:
    _provision(sandbox)
    answer = scim_client(sandbox).post("/Users", json=scim_user(ADA.upper()))
    assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")


def test_the_only_filter_is_user_name_equals(sandbox: Sandbox) -> None:
    _provision(sandbox)
    _provision(sandbox, "grace@example.com")
    scim = scim_client(sandbox)
    found = scim.get("/Users", params={"filter": 'UserName EQ "ADA@EXAMPLE.COM"'}).json()
    assert [user["userName"] for user in found["Resources"]] == [ADA]
    none = scim.get("/Users", params={"filter": 'userName eq "nobody@example.com"'}).json()
    assert (none["totalResults"], none["Resources"]) == (0, [])
    for text in ('userName sw "a"', 'emails.value eq "x"', 'userName eq "a" or active eq true'):
        answer = scim.get("/Users", params={"filter": text})
        assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidFilter")


@pytest.mark.parametrize(
    ("start", "count", "names"),
    [
        (1, 2, ["owner@example.com", ADA]),
        (3, 2, ["grace@example.com"]),
        (0, 1, ["owner@example.com"]),
        (1, 0, []),
        (9, 9, []),
    ],
)
def test_paging(sandbox: Sandbox, start: int, count: int, names: list[str]) -> None:
    _provision(sandbox)
    _provision(sandbox, "grace@example.com")
    params = {"startIndex": start, "count": count}
    page = scim_client(sandbox).get("/Users", params=params).json()
    assert [user["userName"] for user in page["Resources"]] == names
    assert (page["totalResults"], page["itemsPerPage"]) == (3, len(names))


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "active", "value": False},
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "replace", "value": {"active": False}},
        {
            "op": "replace",
            "path": "urn:ietf:params:scim:schemas:core:2.0:User:active",
            "value": False,
        },
    ],
)
def test_deactivation_ends_the_membership(sandbox: Sandbox, operation: dict[str, object]) -> None:
    user = _provision(sandbox)["id"]
    answer = scim_client(sandbox).patch(f"/Users/{user}", json=patch(operation))
    assert (answer.status_code, answer.json()["active"]) == (200, False)
    assert effective_roles(sandbox, ADA) is None
    assert scim_client(sandbox).get(f"/Users/{user}").status_code == 404


def test_a_replacement_deactivates_too_and_the_person_can_return(sandbox: Sandbox) -> None:
    user = _provision(sandbox)["id"]
    body = scim_user(ADA, active=False)
    assert scim_client(sandbox).put(f"/Users/{user}", json=body).json()["active"] is False
    assert effective_roles(sandbox, ADA) is None
    assert _provision(sandbox)["id"] == user


def test_there_is_no_delete(sandbox: Sandbox) -> None:
    user = _provision(sandbox)["id"]
    assert scim_client(sandbox).delete(f"/Users/{user}").status_code == 405
    assert effective_roles(sandbox, ADA) == ["Minimal Account Access"]


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "Replace", "path": "name.givenName", "value": "Augusta"},
        {"op": "Replace", "path": "userName", "value": "augusta@example.com"},
        {"op": "Add", "path": "active", "value": "False"},
        {"op": "Add", "path": "title", "value": "Countess"},
    ],
)
def test_what_is_taken_without_effect(sandbox: Sandbox, operation: dict[str, object]) -> None:
    created = _provision(sandbox)
    path = f"/Users/{created['id']}"
    assert scim_client(sandbox).patch(path, json=patch(operation)).status_code == 200
    assert scim_client(sandbox).get(path).json() == created


def test_a_replacement_keeps_name_and_address(sandbox: Sandbox) -> None:
    created = _provision(sandbox)
    path = f"/Users/{created['id']}"
    body = scim_user("augusta@example.com", name={"givenName": "Augusta"}, externalId="new")
    changed = scim_client(sandbox).put(path, json=body).json()
    assert changed == {**created, "externalId": "new"}


@pytest.mark.parametrize(
    "body",
    [
        {"Operations": [{"op": "replace", "path": "active", "value": False}]},
        patch({"op": "delete", "path": "active"}),
        patch({"op": "replace", "path": "active", "value": "no"}),
        patch({"op": "replace", "value": 3}),
        patch(),
        [],
    ],
)
def test_a_senseless_patch_changes_nothing(sandbox: Sandbox, body: object) -> None:
    user = _provision(sandbox)["id"]
    assert scim_client(sandbox).patch(f"/Users/{user}", json=body).status_code == 400
    assert effective_roles(sandbox, ADA) is not None


def test_the_only_super_administrator_is_not_deprovisioned(sandbox: Sandbox) -> None:
    scim = scim_client(sandbox)
    [owner] = scim.get("/Users").json()["Resources"]
    off = patch({"op": "replace", "path": "active", "value": False})
    answer = scim.patch(f"/Users/{owner['id']}", json=off)
    assert answer.status_code == 400
    assert "not deprovisioned" in answer.json()["detail"]
    assert effective_roles(sandbox, "owner@example.com") is not None


def test_another_e_mail_domain_is_refused_and_another_name_ignored(sandbox: Sandbox) -> None:
    person = str(_provision(sandbox)["id"])
    scim = scim_client(sandbox)
    for address, status in (("lovelace@example.com", 200), ("ada@example.org", 400)):
        body = scim_user(address)
        assert scim.put(f"/Users/{person}", json=body).status_code == status
        change = {"op": "replace", "path": "userName", "value": address}
        assert scim.patch(f"/Users/{person}", json=patch(change)).status_code == status
    assert scim.get(f"/Users/{person}").json()["userName"] == ADA
