"""Okta's push mappings: taken as asked, deleted only when inactive."""

import pytest

from tests.sandbox.okta.okta_support import Okta, Target


@pytest.fixture
def app_id(okta: Okta, target: Target) -> str:
    app_id = okta.app()
    okta.integrate(app_id, target)
    return app_id


def test_a_mapping_is_taken_without_provisioning_and_proves_nothing(okta: Okta) -> None:
    app_id, group_id = okta.app(), okta.group("Billing")
    mapping = okta.push(app_id, group_id, "Billing")
    okta.cycle()
    read = okta.mapping(app_id, mapping["id"])
    assert read["status"] == "ACTIVE"
    assert "lastPush" not in read
    assert "errorSummary" not in read


def test_mapping_is_read_back_with_an_app_group_as_target(okta: Okta, app_id: str) -> None:
    group_id = okta.group("Billing")
    mapping = okta.push(app_id, group_id, "Billing")
    assert okta.mapping(app_id, mapping["id"]) == mapping
    assert (mapping["sourceGroupId"], mapping["status"]) == (group_id, "ACTIVE")
    target = okta.got("GET", f"/groups/{mapping['targetGroupId']}")
    assert (target["type"], target["profile"]["name"]) == ("APP_GROUP", "Billing")
    assert "lastPush" not in mapping


def test_mapping_to_a_known_target(okta: Okta, app_id: str) -> None:
    path = f"/apps/{app_id}/group-push/mappings"
    first = okta.push(app_id, okta.group("A"), "Shared")
    okta.got("PATCH", f"{path}/{first['id']}", {"status": "INACTIVE"})
    okta.got("DELETE", f"{path}/{first['id']}?deleteTargetGroup=false", status=200)
    body = {"sourceGroupId": okta.group("B"), "targetGroupId": first["targetGroupId"]}
    assert okta.got("POST", path, body)["targetGroupId"] == first["targetGroupId"]


@pytest.mark.parametrize(
    "change",
    [
        {"targetGroupName": ""},
        {"targetGroupId": "00gNone0000000000000"},
        {"status": "PAUSED"},
    ],
)
def test_bad_mapping_is_refused(okta: Okta, app_id: str, change: dict[str, str]) -> None:
    body = {"sourceGroupId": okta.group("A"), "targetGroupName": "A", **change}
    okta.got("POST", f"/apps/{app_id}/group-push/mappings", body, 400)
    assert okta.got("GET", f"/apps/{app_id}/group-push/mappings") == []


def test_group_is_pushed_once(okta: Okta, app_id: str) -> None:
    group_id = okta.group("A")
    okta.push(app_id, group_id, "A")
    for body in (
        {"sourceGroupId": group_id, "targetGroupName": "B"},
        {"sourceGroupId": okta.group("C"), "targetGroupName": "A"},
    ):
        okta.got("POST", f"/apps/{app_id}/group-push/mappings", body, 400)


def test_only_okta_groups_are_pushed(okta: Okta, app_id: str) -> None:
    everyone = okta.got("GET", "/groups?q=Everyone")[0]["id"]
    body = {"sourceGroupId": everyone, "targetGroupName": "Everyone"}
    okta.got("POST", f"/apps/{app_id}/group-push/mappings", body, 400)


def test_mappings_are_filtered(okta: Okta, app_id: str) -> None:
    path, first = f"/apps/{app_id}/group-push/mappings", okta.group("A")
    okta.push(app_id, first, "A")
    other = okta.push(app_id, okta.group("B"), "B")
    okta.got("PATCH", f"{path}/{other['id']}", {"status": "INACTIVE"})
    assert [m["sourceGroupId"] for m in okta.got("GET", f"{path}?sourceGroupId={first}")] == [first]
    assert [m["id"] for m in okta.got("GET", f"{path}?status=INACTIVE")] == [other["id"]]
    assert okta.got("GET", f"{path}?lastUpdated=2100-01-01T00:00:00Z") == []
    okta.got("GET", f"{path}?lastUpdated=yesterday", status=400)


def test_mappings_are_paged(okta: Okta, app_id: str) -> None:
    for name in ("A", "B", "C"):
        okta.push(app_id, okta.group(name), name)
    answer = okta.get(f"/api/v1/apps/{app_id}/group-push/mappings?limit=2")
    assert len(answer.json()) == 2
    assert len(okta.get(answer.links["next"]["url"]).json()) == 1


def test_only_an_inactive_mapping_can_be_deleted(okta: Okta, app_id: str) -> None:
    mapping = okta.push(app_id, okta.group("A"), "A")
    path = f"/apps/{app_id}/group-push/mappings/{mapping['id']}"
    okta.got("DELETE", f"{path}?deleteTargetGroup=false", status=400)
    assert okta.got("PATCH", path, {"status": "INACTIVE"})["status"] == "INACTIVE"
    okta.got("DELETE", path, status=400)
    okta.got("DELETE", f"{path}?deleteTargetGroup=maybe", status=400)
    okta.got("DELETE", f"{path}?deleteTargetGroup=false", status=200)
    assert "(GroupPushMapping)" in okta.got("GET", path, status=404)["errorSummary"]


def test_neither_group_of_a_mapping_can_be_deleted(okta: Okta, app_id: str) -> None:
    mapping = okta.push(app_id, okta.group("A"), "A")
    okta.got("DELETE", f"/groups/{mapping['targetGroupId']}", status=400)
    okta.got("DELETE", f"/groups/{mapping['sourceGroupId']}", status=400)
    path = f"/apps/{app_id}/group-push/mappings/{mapping['id']}"
    okta.got("PATCH", path, {"status": "INACTIVE"})
    okta.got("DELETE", f"{path}?deleteTargetGroup=false")
    okta.got("DELETE", f"/groups/{mapping['sourceGroupId']}", status=204)


def test_a_name_is_one_group_s_whether_of_okta_or_of_an_app(okta: Okta, app_id: str) -> None:
    okta.push(app_id, okta.group("A"), "Pushed")
    for name in ("A", "Pushed"):
        okta.got("POST", "/groups", {"profile": {"name": name}}, 400)


def test_app_takes_its_groups_along(okta: Okta, app_id: str) -> None:
    mapping = okta.push(app_id, okta.group("A"), "A")
    okta.got("POST", f"/apps/{app_id}/lifecycle/deactivate")
    okta.got("DELETE", f"/apps/{app_id}", status=204)
    okta.got("GET", f"/groups/{mapping['targetGroupId']}", status=404)
    okta.got("GET", f"/groups/{mapping['sourceGroupId']}")
