"""Okta's cycle and groups: linked by name or created, empty ones too, members kept right."""

import pytest

from tests.sandbox.okta.okta_support import Okta, Target

ROLE = "Super Administrator - All Privileges"


@pytest.fixture
def app_id(okta: Okta, target: Target) -> str:
    app_id = okta.app()
    okta.integrate(app_id, target, renameGroups=False, importGroups=False)
    okta.assign(app_id, okta.group("Users", "ada", "grace", "alan"))
    return app_id


def test_group_is_created_then_filled(okta: Okta, target: Target, app_id: str) -> None:
    mapping = okta.push(app_id, okta.group(ROLE, "ada"), ROLE)
    report = okta.cycle()
    assert (report["groups"]["pushed"], report["errors"]) == ([ROLE], [])
    assert target.member_names(ROLE) == ["ada@example.com"]
    look, create, fill = target.sent(path="Groups")
    assert look["query"]["filter"] == f'displayName eq "{ROLE}"'
    assert create["body"]["displayName"] == ROLE
    assert [member["display"] for member in create["body"]["members"]] == ["ada@example.com"]
    (operation,) = fill["body"]["Operations"]
    assert (operation["op"], operation["path"]) == ("add", "members")
    assert "lastPush" in okta.mapping(app_id, mapping["id"])


def test_existing_group_is_linked(okta: Okta, target: Target, app_id: str) -> None:
    target.groups["g0"] = {"id": "g0", "displayName": ROLE, "members": ["stranger"]}
    okta.push(app_id, okta.group(ROLE, "ada"), ROLE)
    okta.cycle()
    assert not target.sent("POST", "Groups")
    assert target.member_names(ROLE) == ["ada@example.com"]


def test_empty_group_is_pushed_and_filled_later(okta: Okta, target: Target, app_id: str) -> None:
    group_id = okta.group("Billing")
    mapping = okta.push(app_id, group_id, "Billing")
    assert okta.cycle()["groups"]["pushed"] == ["Billing"]
    _, create = target.sent(path="Groups")
    assert create["body"]["members"] == []
    assert "lastPush" in okta.mapping(app_id, mapping["id"])
    okta.got("PUT", f"/groups/{group_id}/users/{okta.user('ada')}", status=204)
    okta.cycle()
    assert target.member_names("Billing") == ["ada@example.com"]


def test_person_needs_the_app_as_well_as_the_group(okta: Okta, target: Target, app_id: str) -> None:
    okta.push(app_id, okta.group("Billing", "ada", "edsger"), "Billing")
    okta.cycle()
    assert target.member_names("Billing") == ["ada@example.com"]


def test_person_whom_the_target_refused_is_not_pushed(
    okta: Okta, target: Target, app_id: str
) -> None:
    okta.push(app_id, okta.group("Billing", "ada", "grace"), "Billing")
    refused: list[str] = []

    def fail(method: str, path: str) -> int:
        if method == "POST" and path == "Users" and not refused:
            refused.append(path)
            return 400
        return 0

    target.fail = fail
    okta.cycle()
    assert len(target.member_names("Billing")) == 1
    okta.cycle()
    assert target.member_names("Billing") == ["ada@example.com", "grace@example.com"]


def test_membership_changes_are_sent_as_changes(okta: Okta, target: Target, app_id: str) -> None:
    group_id = okta.group("Billing", "ada", "grace")
    okta.push(app_id, group_id, "Billing")
    okta.cycle()
    okta.got("DELETE", f"/groups/{group_id}/users/{okta.user('grace')}", status=204)
    okta.got("PUT", f"/groups/{group_id}/users/{okta.user('alan')}", status=204)
    target.requests.clear()
    okta.cycle()
    read, name, patch = target.requests
    assert read["method"] == "GET"
    assert name["body"]["Operations"] == [
        {"op": "replace", "value": {"id": read["path"].partition("/")[2], "displayName": "Billing"}}
    ]
    assert [operation["op"] for operation in patch["body"]["Operations"]] == ["remove", "add"]
    assert target.member_names("Billing") == ["ada@example.com", "alan@example.com"]


def test_group_that_becomes_empty_is_emptied(okta: Okta, target: Target, app_id: str) -> None:
    group_id = okta.group("Billing", "ada")
    okta.push(app_id, group_id, "Billing")
    okta.cycle()
    okta.got("DELETE", f"/groups/{group_id}/users/{okta.user('ada')}", status=204)
    okta.cycle()
    assert target.member_names("Billing") == []


def test_nothing_new_sends_nothing(okta: Okta, target: Target, app_id: str) -> None:
    mapping = okta.push(app_id, okta.group("Billing", "ada"), "Billing")
    okta.cycle()
    read = okta.mapping(app_id, mapping["id"])
    target.requests.clear()
    assert okta.cycle()["groups"]["unchanged"] == ["Billing"]
    assert target.requests == []
    assert okta.mapping(app_id, mapping["id"]) == read


def test_inactive_mapping_is_not_pushed(okta: Okta, target: Target, app_id: str) -> None:
    mapping = okta.push(app_id, okta.group("Billing", "ada"), "Billing")
    path = f"/apps/{app_id}/group-push/mappings/{mapping['id']}"
    okta.got("PATCH", path, {"status": "INACTIVE"})
    okta.cycle()
    assert not target.groups


@pytest.mark.parametrize("rename", [True, False])
def test_new_name_follows_only_with_rename_groups(
    okta: Okta, target: Target, app_id: str, rename: bool
) -> None:
    okta.console(app_id, renameGroups=rename)
    group_id = okta.group("Billing", "ada")
    okta.push(app_id, group_id, "Billing")
    okta.cycle()
    okta.got("PUT", f"/groups/{group_id}", {"profile": {"name": "Accounting"}})
    okta.cycle()
    names = [group["displayName"] for group in target.groups.values()]
    assert names == ["Accounting" if rename else "Billing"]


def test_failed_push_is_an_error_until_it_works(okta: Okta, target: Target, app_id: str) -> None:
    mapping = okta.push(app_id, okta.group("Billing", "ada"), "Billing")
    path = f"/apps/{app_id}/group-push/mappings/{mapping['id']}"
    target.fail = lambda method, url: 403 if url.startswith("Groups") else 0
    report = okta.cycle()
    assert "push group Billing: GET Groups: 403" in report["errors"][0]
    read = okta.mapping(app_id, mapping["id"])
    assert read["status"] == "ERROR"
    assert "errorSummary" not in read  # R: only the System Log says why
    [event] = okta.got("GET", '/logs?filter=outcome.result eq "FAILURE"')
    assert "403 refused Groups" in event["outcome"]["reason"]
    okta.got("PATCH", path, {"status": "INACTIVE"}, 400)
    target.fail = lambda method, url: 0
    okta.cycle()
    read = okta.mapping(app_id, mapping["id"])
    assert read["status"] == "ACTIVE"
    assert target.member_names("Billing") == ["ada@example.com"]


def test_lost_member_update_is_made_good(okta: Okta, target: Target, app_id: str) -> None:
    group_id = okta.group("Billing", "ada")
    okta.push(app_id, group_id, "Billing")
    okta.cycle()
    okta.got("PUT", f"/groups/{group_id}/users/{okta.user('grace')}", status=204)
    target.fail = lambda method, url: 500 if method == "PATCH" else 0
    okta.cycle()
    target.fail = lambda method, url: 0
    okta.cycle()
    assert target.member_names("Billing") == ["ada@example.com", "grace@example.com"]


def test_group_gone_at_the_target_is_made_anew(okta: Okta, target: Target, app_id: str) -> None:
    group_id = okta.group("Billing", "ada")
    okta.push(app_id, group_id, "Billing")
    okta.cycle()
    target.groups.clear()
    okta.got("PUT", f"/groups/{group_id}/users/{okta.user('grace')}", status=204)
    assert "404" in okta.cycle()["errors"][0]
    okta.cycle()
    assert target.member_names("Billing") == ["ada@example.com", "grace@example.com"]


def test_deletion_of_a_group_that_is_gone_is_done(okta: Okta, target: Target, app_id: str) -> None:
    mapping = okta.push(app_id, okta.group("Billing", "ada"), "Billing")
    okta.cycle()
    target.groups.clear()
    path = f"/apps/{app_id}/group-push/mappings/{mapping['id']}"
    okta.got("PATCH", path, {"status": "INACTIVE"})
    okta.got("DELETE", f"{path}?deleteTargetGroup=true", status=200)
    assert okta.cycle()["errors"] == []


@pytest.mark.parametrize("delete", [True, False])
def test_target_is_deleted_only_on_request(
    okta: Okta, target: Target, app_id: str, delete: bool
) -> None:
    mapping = okta.push(app_id, okta.group("Billing", "ada"), "Billing")
    okta.cycle()
    path = f"/apps/{app_id}/group-push/mappings/{mapping['id']}"
    okta.got("PATCH", path, {"status": "INACTIVE"})
    okta.got("DELETE", f"{path}?deleteTargetGroup={str(delete).lower()}", status=200)
    report = okta.cycle()
    assert report["groups"]["deleted"] == (["Billing"] if delete else [])
    assert bool(target.groups) is not delete


def test_refused_deletion_outlives_the_app(okta: Okta, target: Target, app_id: str) -> None:
    mapping = okta.push(app_id, okta.group("Billing", "ada"), "Billing")
    okta.cycle()
    path = f"/apps/{app_id}/group-push/mappings/{mapping['id']}"
    okta.got("PATCH", path, {"status": "INACTIVE"})
    okta.got("DELETE", f"{path}?deleteTargetGroup=true", status=200)
    okta.got("POST", f"/apps/{app_id}/lifecycle/deactivate")
    okta.got("DELETE", f"/apps/{app_id}", status=204)
    target.fail = lambda method, url: 500 if method == "DELETE" else 0
    assert "delete group Billing" in okta.cycle()["errors"][0]
    target.fail = lambda method, url: 0
    assert okta.cycle()["groups"]["deleted"] == ["Billing"]
    assert not target.groups


def test_who_left_the_app_leaves_the_group(okta: Okta, target: Target, app_id: str) -> None:
    okta.push(app_id, okta.group("Billing", "ada", "grace"), "Billing")
    okta.cycle()
    users = okta.got("GET", "/groups?q=Users")[0]["id"]
    okta.got("DELETE", f"/groups/{users}/users/{okta.user('ada')}", status=204)
    okta.cycle()
    assert okta.cycle()["errors"] == []
    assert target.member_names("Billing") == ["grace@example.com"]
    active = [user["userName"] for user in target.users.values() if user["active"]]
    assert sorted(active) == ["alan@example.com", "grace@example.com"]
