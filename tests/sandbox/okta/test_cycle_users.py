"""Okta's cycle and people: created or linked when assigned, deactivated when not any more."""

import pytest

from sandbox.server.server import Sandbox
from tests.sandbox.okta.okta_support import Okta, Target


@pytest.fixture
def users(okta: Okta) -> str:
    return okta.group("Users", "ada")


@pytest.fixture
def app_id(okta: Okta, target: Target, users: str) -> str:
    app_id = okta.app()
    okta.integrate(app_id, target)
    okta.assign(app_id, users)
    target.requests.clear()
    return app_id


def test_new_user_is_looked_for_then_created(okta: Okta, target: Target, app_id: str) -> None:
    assert okta.cycle()["users"]["created"] == ["ada@example.com"]
    look, create = target.requests
    assert look["query"] == {
        "filter": 'userName eq "ada@example.com"',
        "startIndex": "1",
        "count": "100",
    }
    ada = okta.user("ada")
    assert len(create["body"].pop("password")) > 8
    assert create["body"] == {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "ada@example.com",
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "emails": [{"primary": True, "value": "ada@example.com", "type": "work"}],
        "displayName": "Ada Lovelace",
        "locale": "en-US",
        "externalId": ada,
        "groups": [],
        "active": True,
    }
    user = okta.got("GET", f"/apps/{app_id}/users/{ada}")
    assert (user["status"], user["syncState"]) == ("PROVISIONED", "SYNCHRONIZED")
    assert [user["externalId"]] == list(target.users)


def test_second_cycle_sends_nothing(okta: Okta, target: Target, app_id: str) -> None:
    okta.cycle()
    sent = len(target.requests)
    okta.cycle()
    assert len(target.requests) == sent


def test_known_user_is_linked(okta: Okta, target: Target, app_id: str) -> None:
    target.users["u0"] = {"id": "u0", "userName": "ada@example.com", "active": True}
    assert okta.cycle()["users"]["linked"] == ["ada@example.com"]
    assert not target.sent("POST")


def test_inactive_user_is_reactivated(okta: Okta, target: Target, app_id: str) -> None:
    target.users["u0"] = {"id": "u0", "userName": "ada@example.com", "active": False}
    assert okta.cycle()["users"]["reactivated"] == ["ada@example.com"]
    assert target.users["u0"]["active"] is True
    assert [(sent["method"], sent["path"]) for sent in target.requests[-3:]] == [
        ("PATCH", "Users/u0"),
        ("GET", "Users/u0"),
        ("PUT", "Users/u0"),
    ]
    assert target.requests[-1]["body"]["id"] == "u0"


@pytest.mark.parametrize("way", ["member", "group", "person"])
def test_whoever_leaves_is_deactivated(
    okta: Okta, target: Target, app_id: str, users: str, way: str
) -> None:
    okta.cycle()
    ada = okta.user("ada")
    if way == "member":
        okta.got("DELETE", f"/groups/{users}/users/{ada}", status=204)
    elif way == "group":
        okta.got("DELETE", f"/apps/{app_id}/groups/{users}", status=204)
    else:
        okta.got("POST", f"/users/{ada}/lifecycle/deactivate")
    assert okta.cycle()["users"]["deactivated"] == ["ada@example.com"]
    (patch,) = target.sent("PATCH", "Users/")
    assert patch["body"]["Operations"] == [{"op": "replace", "value": {"active": False}}]
    assert [user["active"] for user in target.users.values()] == [False]


def test_without_deactivate_users_nobody_is_deactivated(
    okta: Okta, target: Target, app_id: str, users: str
) -> None:
    okta.console(app_id, deactivateUsers=False)
    okta.cycle()
    okta.got("DELETE", f"/apps/{app_id}/groups/{users}", status=204)
    okta.cycle()
    assert not target.sent("PATCH")


def test_without_create_users_nobody_is_pushed(okta: Okta, target: Target, app_id: str) -> None:
    okta.console(app_id, createUsers=False)
    okta.cycle()
    assert not target.users


def test_who_comes_back_in_time_is_left_alone(
    okta: Okta, target: Target, app_id: str, users: str
) -> None:
    okta.cycle()
    path = f"/groups/{users}/users/{okta.user('ada')}"
    okta.got("DELETE", path, status=204)
    okta.got("PUT", path, status=204)
    target.requests.clear()
    okta.cycle()
    assert target.requests == []


def test_refused_user_is_shown_and_tried_again(okta: Okta, target: Target, app_id: str) -> None:
    target.fail = lambda method, path: 409 if method == "POST" else 0
    (error,) = okta.cycle()["errors"]
    assert "409 refused Users" in error
    user = okta.got("GET", f"/apps/{app_id}/users/{okta.user('ada')}")
    assert (user["status"], user["syncState"]) == ("STAGED", "ERROR")
    target.fail = lambda method, path: 0
    assert okta.cycle()["users"]["created"] == ["ada@example.com"]
    user = okta.got("GET", f"/apps/{app_id}/users/{okta.user('ada')}")
    assert user["syncState"] == "SYNCHRONIZED"


def test_refused_deactivation_is_tried_again(
    okta: Okta, target: Target, app_id: str, users: str
) -> None:
    okta.cycle()
    okta.got("DELETE", f"/apps/{app_id}/groups/{users}", status=204)
    target.fail = lambda method, path: 403 if method == "PATCH" else 0
    assert "403" in okta.cycle()["errors"][0]
    target.fail = lambda method, path: 0
    assert okta.cycle()["users"]["deactivated"] == ["ada@example.com"]
    assert okta.cycle()["users"]["deactivated"] == []


def test_user_gone_at_the_target_counts_as_deactivated(
    okta: Okta, target: Target, app_id: str, users: str
) -> None:
    okta.cycle()
    target.users.clear()
    okta.got("DELETE", f"/apps/{app_id}/groups/{users}", status=204)
    report = okta.cycle()
    assert (report["users"]["deactivated"], report["errors"]) == (["ada@example.com"], [])


def test_suspended_person_is_not_pushed(okta: Okta, target: Target, app_id: str) -> None:
    okta.got("POST", f"/users/{okta.user('ada')}/lifecycle/suspend")
    okta.cycle()
    assert not target.users


def test_suspension_switches_off_and_its_end_on_again(
    okta: Okta, target: Target, app_id: str
) -> None:
    okta.cycle()
    okta.got("POST", f"/users/{okta.user('ada')}/lifecycle/suspend")
    assert okta.cycle()["users"]["deactivated"] == ["ada@example.com"]
    assert [user["active"] for user in target.users.values()] == [False]
    assert okta.cycle()["users"]["deactivated"] == [], "told once"
    okta.got("POST", f"/users/{okta.user('ada')}/lifecycle/unsuspend")
    assert okta.cycle()["users"]["reactivated"] == ["ada@example.com"]


@pytest.mark.parametrize("status", ["STAGED", "PROVISIONED", "LOCKED_OUT", "PASSWORD_EXPIRED"])
def test_who_is_not_active_yet_or_any_more_is_pushed(
    sandbox: Sandbox, okta: Okta, target: Target, app_id: str, status: str
) -> None:
    person = sandbox.world.okta.find_user("ada")
    assert person is not None
    sandbox.world.okta.users[person.id] = person.model_copy(update={"status": status})
    assert okta.cycle()["users"]["created"] == ["ada@example.com"]


def test_who_was_assigned_before_provisioning_waits_for_provision_user(
    okta: Okta, target: Target
) -> None:
    app_id = okta.app()
    okta.assign(app_id, okta.group("Early", "ada"))
    okta.integrate(app_id, target)
    okta.cycle()
    okta.cycle(full=True)
    assert not target.users, "neither a cycle nor Force Sync sends who was assigned too early"
    shown = okta.got("GET", f"/apps/{app_id}/users/{okta.user('ada')}")
    assert (shown["syncState"], shown["externalId"]) == ("ERROR", None)
    okta.console(app_id, provisionUser=True)
    assert okta.cycle()["users"]["created"] == ["ada@example.com"]


def test_a_new_assignment_is_pushed_too(okta: Okta, target: Target) -> None:
    app_id, early = okta.app(), okta.group("Early", "ada")
    okta.assign(app_id, early)
    okta.integrate(app_id, target)
    okta.got("DELETE", f"/apps/{app_id}/groups/{early}", status=204)
    okta.assign(app_id, early)
    assert okta.cycle()["users"]["created"] == ["ada@example.com"]


@pytest.mark.parametrize("way", ["inactive", "disconnected"])
def test_nothing_is_pushed_without_app_or_connection(
    okta: Okta, target: Target, users: str, way: str
) -> None:
    app_id = okta.app()
    if way == "inactive":
        okta.integrate(app_id, target)
        okta.got("POST", f"/apps/{app_id}/lifecycle/deactivate")
    okta.assign(app_id, users)
    target.requests.clear()
    okta.cycle()
    assert target.requests == []


def test_unreachable_target_ends_in_an_error_line(
    okta: Okta, target: Target, app_id: str, sandbox: Sandbox
) -> None:
    sandbox.world.okta.apps[app_id].provisioning.base_url = "http://127.0.0.1:9/scim"
    (error,) = okta.cycle()["errors"]
    assert "Connect" in error
    assert "\n" not in error
