"""Okta's full cycle: what the target lost behind Okta's back comes back; nothing else changes."""

import pytest

from tests.sandbox.okta.okta_support import Okta, Target


@pytest.fixture
def app_id(okta: Okta, target: Target) -> str:
    """Ada and Grace are in the target; Ada in the pushed group, Alan in it but not assigned."""
    app_id = okta.app()
    okta.integrate(app_id, target)
    okta.assign(app_id, okta.group("Users", "ada", "grace"))
    okta.push(app_id, okta.group("Administrator", "ada", "alan"), "Administrator")
    okta.push(app_id, okta.group("Billing"), "Billing")
    assert okta.cycle()["errors"] == []
    target.requests.clear()
    return app_id


def names(target: Target) -> list[str]:
    return sorted(user["userName"] for user in target.users.values())


def lose(target: Target, name: str) -> None:
    """The user is gone at the target, from every group too."""
    (gone,) = [key for key, user in target.users.items() if user["userName"] == name]
    del target.users[gone]
    for group in target.groups.values():
        group["members"] = [member for member in group["members"] if member != gone]


def test_a_lost_user_comes_back_with_the_membership(
    okta: Okta, target: Target, app_id: str
) -> None:
    lose(target, "ada@example.com")
    okta.cycle()
    assert target.requests == [], "an ordinary cycle believes what it delivered"
    report = okta.cycle(full=True)
    assert report["errors"] == []
    assert report["users"]["created"] == ["ada@example.com"]
    assert names(target) == ["ada@example.com", "grace@example.com"]
    assert target.member_names("Administrator") == ["ada@example.com"]
    assert okta.cycle()["users"]["created"] == []


def test_a_lost_membership_comes_back_and_one_too_many_goes(
    okta: Okta, target: Target, app_id: str
) -> None:
    group = next(g for g in target.groups.values() if g["displayName"] == "Administrator")
    grace = next(k for k, u in target.users.items() if u["userName"] == "grace@example.com")
    group["members"] = [grace]
    okta.cycle(full=True)
    assert target.member_names("Administrator") == ["ada@example.com"]


def test_lost_groups_are_made_once_an_empty_one_too(
    okta: Okta, target: Target, app_id: str
) -> None:
    target.groups.clear()
    assert okta.cycle(full=True)["groups"]["pushed"] == ["Administrator", "Billing"]
    names = [group["displayName"] for group in target.groups.values()]
    assert names == ["Administrator", "Billing"]
    assert target.member_names("Administrator") == ["ada@example.com"]


def test_what_is_there_is_neither_made_again_nor_switched_off(
    okta: Okta, target: Target, app_id: str
) -> None:
    before = {key: dict(user) for key, user in target.users.items()}
    assert okta.cycle(full=True)["errors"] == []
    assert target.users == before
    assert len(target.groups) == 2
    sent = [request for request in target.requests if request["method"] != "GET"]
    assert {request["method"] for request in sent} == {"PATCH"}
    assert {one["op"] for request in sent for one in request["body"]["Operations"]} == {"replace"}


def test_a_user_known_under_another_id_is_linked(okta: Okta, target: Target, app_id: str) -> None:
    lose(target, "ada@example.com")
    target.users["u0"] = {"id": "u0", "userName": "ada@example.com", "active": True}
    okta.cycle(full=True)
    assert names(target) == ["ada@example.com", "grace@example.com"]
    assert target.member_names("Administrator") == ["ada@example.com"]


def test_who_was_switched_off_at_the_target_is_on_again(
    okta: Okta, target: Target, app_id: str
) -> None:
    for user in target.users.values():
        user["active"] = user["userName"] != "ada@example.com"
    assert okta.cycle(full=True)["users"]["reactivated"] == ["ada@example.com"]
    assert all(user["active"] for user in target.users.values())


def test_without_create_users_the_lost_are_not_made(
    okta: Okta, target: Target, app_id: str
) -> None:
    okta.console(app_id, createUsers=False)
    lose(target, "ada@example.com")
    okta.cycle(full=True)
    assert names(target) == ["grace@example.com"]
    emptied = {"op": "replace", "path": "members", "value": []}
    patches = target.sent("PATCH", "Groups/")
    assert emptied in [one for patch in patches for one in patch["body"]["Operations"]]


def test_a_suspended_person_is_switched_off(okta: Okta, target: Target, app_id: str) -> None:
    okta.got("POST", f"/users/{okta.user('ada')}/lifecycle/suspend")
    okta.cycle(full=True)
    assert {u["userName"]: u["active"] for u in target.users.values()} == {
        "ada@example.com": False,
        "grace@example.com": True,
    }
    assert target.member_names("Administrator") == []


def test_whom_the_target_says_nothing_about_stays_in_the_groups(
    okta: Okta, target: Target, app_id: str
) -> None:
    for group in target.groups.values():
        group["members"] = []
    target.fail = lambda method, path: 503 if (method, path) == ("GET", "Users") else 0
    report = okta.cycle(full=True)
    assert len(report["errors"]) == 2
    assert report["groups"]["pushed"] == ["Administrator", "Billing"]
    assert target.member_names("Administrator") == ["ada@example.com"]


def test_a_target_that_refuses_is_reported_and_asked_again(
    okta: Okta, target: Target, app_id: str
) -> None:
    lose(target, "ada@example.com")
    target.fail = lambda method, path: 503
    assert okta.cycle(full=True)["errors"]
    target.fail = lambda method, path: 0
    assert okta.cycle(full=True)["errors"] == []
    assert target.member_names("Administrator") == ["ada@example.com"]
