"""Okta's groups: unique names, prefix search, members; Everyone is not to be touched."""

import pytest

from tests.sandbox.okta.okta_support import Okta

ROLE = "Super Administrator - All Privileges"


def names(okta: Okta, query: str) -> list[str]:
    return [group["profile"]["name"] for group in okta.got("GET", f"/groups?{query}")]


def test_group_is_read_back_as_written(okta: Okta) -> None:
    body = {"profile": {"name": ROLE, "description": ""}}
    group = okta.got("POST", "/groups", body)
    read = okta.got("GET", f"/groups/{group['id']}")
    assert (read["profile"], read["type"]) == (body["profile"], "OKTA_GROUP")


def test_second_group_of_a_name_is_refused(okta: Okta) -> None:
    okta.group("Billing")
    error = okta.got("POST", "/groups", {"profile": {"name": "Billing"}}, 400)
    assert error["errorSummary"] == "Api validation failed: name"
    cause = "name: An object with this field already exists in the current organization"
    assert error["errorCauses"] == [{"errorSummary": cause}]


@pytest.mark.parametrize(
    "profile", [{}, {"name": " "}, {"name": "x" * 256}, {"name": "x", "cost": 1}, {"name": 7}]
)
def test_bad_profile_is_refused(okta: Okta, profile: dict[str, object]) -> None:
    okta.got("POST", "/groups", {"profile": profile}, 400)


def test_q_matches_the_beginning_of_a_name(okta: Okta) -> None:
    for name in ("Administrator", "Administrator Read Only", "Billing"):
        okta.group(name)
    assert names(okta, "q=administrator") == ["Administrator", "Administrator Read Only"]
    assert names(okta, "q=Read") == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ('search=profile.name eq "Administrator"', ["Administrator"]),
        ('search=profile.name sw "Admin"', ["Administrator", "Administrator Read Only"]),
        ('search=type eq "BUILT_IN"', ["Everyone"]),
        ('filter=type eq "OKTA_GROUP"', ["Administrator", "Administrator Read Only"]),
    ],
)
def test_search_and_filter(okta: Okta, query: str, expected: list[str]) -> None:
    okta.sandbox.world.okta.late.search_seconds = 0
    okta.group("Administrator")
    okta.group("Administrator Read Only")
    assert names(okta, query) == expected


def test_filter_knows_few_attributes(okta: Okta) -> None:
    okta.got("GET", '/groups?filter=profile.name eq "x"', status=400)


def test_put_replaces_the_profile(okta: Okta) -> None:
    body = {"profile": {"name": "A", "description": "old"}}
    group_id = okta.got("POST", "/groups", body)["id"]
    okta.got("PUT", f"/groups/{group_id}", {"profile": {"name": "B"}})
    assert okta.got("GET", f"/groups/{group_id}")["profile"] == {"name": "B", "description": None}


def test_rename_to_a_taken_name_is_refused(okta: Okta) -> None:
    okta.group("A")
    okta.got("PUT", f"/groups/{okta.group('B')}", {"profile": {"name": "A"}}, 400)


def test_members_come_and_go(okta: Okta) -> None:
    group_id = okta.group("A", "ada", "grace")
    path = f"/groups/{group_id}/users"
    okta.got("PUT", f"{path}/{okta.user('ada')}", status=204)
    okta.got("DELETE", f"{path}/{okta.user('grace')}", status=204)
    okta.got("DELETE", f"{path}/{okta.user('grace')}", status=204)
    assert [u["profile"]["login"] for u in okta.got("GET", path)] == ["ada@example.com"]


def test_unknown_member_or_group_is_404(okta: Okta) -> None:
    okta.got("PUT", f"/groups/{okta.group('A')}/users/00uNobody00000000000", status=404)
    error = okta.got("GET", "/groups/00gNone0000000000000/users", status=404)
    assert "(UserGroup)" in error["errorSummary"]


def test_member_list_is_paged(okta: Okta) -> None:
    group_id = okta.group("A", "ada", "grace", "alan")
    answer = okta.get(f"/api/v1/groups/{group_id}/users?limit=2")
    rest = okta.get(answer.links["next"]["url"])
    assert (len(answer.json()), len(rest.json()), "next" in rest.links) == (2, 1, False)


def test_everyone_cannot_be_changed(okta: Okta) -> None:
    group_id = okta.got("GET", "/groups?q=Everyone")[0]["id"]
    okta.got("DELETE", f"/groups/{group_id}/users/{okta.user('ada')}", status=403)
    okta.got("PUT", f"/groups/{group_id}", {"profile": {"name": "All"}}, 403)
    okta.got("DELETE", f"/groups/{group_id}", status=403)


def test_deleted_group_takes_its_assignment_along(okta: Okta) -> None:
    group_id, app_id = okta.group("A", "ada"), okta.app()
    okta.assign(app_id, group_id)
    assert [a["id"] for a in okta.got("GET", f"/groups/{group_id}/apps")] == [app_id]
    okta.got("DELETE", f"/groups/{group_id}", status=204)
    assert okta.got("GET", f"/apps/{app_id}/groups") == []
    assert okta.got("GET", f"/apps/{app_id}/users") == []
