"""Okta's assignments: groups by priority, their members as app users, names from the template."""

import pytest

from tests.sandbox.okta.okta_support import Okta


def names(okta: Okta, app_id: str) -> list[str]:
    return [u["credentials"]["userName"] for u in okta.got("GET", f"/apps/{app_id}/users")]


def test_members_of_an_assigned_group_are_app_users(okta: Okta) -> None:
    app_id, group_id = okta.app(), okta.group("Users", "ada")
    okta.assign(app_id, group_id)
    okta.got("PUT", f"/groups/{group_id}/users/{okta.user('grace')}", status=204)
    assert sorted(names(okta, app_id)) == ["ada@example.com", "grace@example.com"]
    okta.got("DELETE", f"/groups/{group_id}/users/{okta.user('ada')}", status=204)
    assert names(okta, app_id) == ["grace@example.com"]


def test_app_user_without_provisioning_is_active(okta: Okta) -> None:
    app_id = okta.app()
    okta.assign(app_id, okta.group("Users", "ada"))
    (user,) = okta.got("GET", f"/apps/{app_id}/users")
    assert (user["status"], user["syncState"], user["scope"]) == ("ACTIVE", "DISABLED", "GROUP")


def test_unassigned_group_takes_its_members_along(okta: Okta) -> None:
    app_id, users, others = okta.app(), okta.group("Users", "ada"), okta.group("B", "ada", "alan")
    okta.assign(app_id, users)
    okta.assign(app_id, others)
    okta.got("DELETE", f"/apps/{app_id}/groups/{others}", status=204)
    assert names(okta, app_id) == ["ada@example.com"]
    okta.got("DELETE", f"/apps/{app_id}/groups/{others}", status=404)


def test_assignments_are_listed_by_priority(okta: Okta) -> None:
    app_id, first, second = okta.app(), okta.group("A"), okta.group("B")
    okta.assign(app_id, first)
    okta.assign(app_id, second)
    okta.got("PUT", f"/apps/{app_id}/groups/{first}", {"priority": 5, "profile": {"k": "v"}})
    listed = okta.got("GET", f"/apps/{app_id}/groups?limit=200")
    assert [(a["id"], a["priority"]) for a in listed] == [(second, 1), (first, 5)]
    profile = okta.got("GET", f"/apps/{app_id}/groups/{first}")["profile"]
    assert {key: value for key, value in profile.items() if value is not None} == {"k": "v"}
    assert "entitlements" in profile  # R: of a SCIM app all its attributes are shown
    okta.got("PUT", f"/apps/{app_id}/groups/{first}", {"priority": "high"}, 400)


def test_unknown_group_cannot_be_assigned(okta: Okta) -> None:
    okta.got("PUT", f"/apps/{okta.app()}/groups/00gNone0000000000000", {}, 404)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ({"template": "${source.login}"}, "t.berners@example.com"),
        ({"template": "${source.email}"}, "tim@example.com"),
        ({"template": '${fn:substringBefore(source.login, "@")}'}, "t.berners"),
        ({"template": "user.email", "type": "CUSTOM"}, "tim@example.com"),
        ({"template": "${source.email}", "userSuffix": ".test"}, "tim@example.com.test"),
    ],
)
def test_user_name_follows_the_template(
    okta: Okta, template: dict[str, str], expected: str
) -> None:
    profile = {
        "login": "t.berners@example.com",
        "email": "tim@example.com",
        "firstName": "Tim",
        "lastName": "Berners-Lee",
    }
    okta.got("POST", "/users", {"profile": profile})
    app_id = okta.app(credentials={"userNameTemplate": template})
    okta.assign(app_id, okta.group("Users", "t.berners@example.com"))
    assert names(okta, app_id) == [expected]


def test_direct_assignment_outlives_the_groups(okta: Okta) -> None:
    app_id, group_id, ada = okta.app(), okta.group("Users", "ada"), okta.user("ada")
    okta.assign(app_id, group_id)
    okta.got("POST", f"/apps/{app_id}/users", {"id": ada, "scope": "USER"})
    okta.got("DELETE", f"/apps/{app_id}/groups/{group_id}", status=204)
    assert okta.got("GET", f"/apps/{app_id}/users/{ada}")["scope"] == "USER"
    okta.got("DELETE", f"/apps/{app_id}/users/{ada}", status=204)
    okta.got("GET", f"/apps/{app_id}/users/{ada}", status=404)


def test_an_assignment_by_group_cannot_be_taken_from_a_person(okta: Okta) -> None:
    app_id, ada = okta.app(), okta.user("ada")
    okta.assign(app_id, okta.group("Users", "ada"))
    okta.got("DELETE", f"/apps/{app_id}/users/{ada}", status=403)
    assert okta.got("GET", f"/apps/{app_id}/users/{ada}")["scope"] == "GROUP"


def test_name_in_the_app_can_be_set(okta: Okta) -> None:
    app_id, ada = okta.app(), okta.user("ada")
    okta.assign(app_id, okta.group("Users", "ada"))
    body = {"credentials": {"userName": "lovelace@example.com"}, "scope": "USER"}
    okta.got("POST", f"/apps/{app_id}/users/{ada}", body)
    assert names(okta, app_id) == ["lovelace@example.com"]
    okta.got("POST", f"/apps/{app_id}/users/{ada}", {"scope": "EVERYBODY"}, 400)


def test_deactivated_person_loses_the_app(okta: Okta) -> None:
    app_id, ada = okta.app(), okta.user("ada")
    okta.assign(app_id, okta.group("Users", "ada", "alan"))
    okta.got("POST", f"/users/{ada}/lifecycle/deactivate")
    assert names(okta, app_id) == ["alan@example.com"]
    okta.got("POST", f"/apps/{app_id}/users", {"id": ada}, 400)


def test_app_users_may_be_shown_with_the_person(okta: Okta) -> None:
    app_id = okta.app()
    okta.assign(app_id, okta.group("Users", "ada"))
    (user,) = okta.got("GET", f"/apps/{app_id}/users?expand=user")
    assert user["_embedded"]["user"]["profile"]["login"] == "ada@example.com"
    (user,) = okta.got("GET", f"/apps/{app_id}/users")
    assert "_embedded" not in user
