"""The console's step: credentials are tried first, left-out switches keep their value."""

from typing import Any

import httpx
import pytest

from tests.sandbox.okta.okta_support import TOKEN, Okta, Target

GUIDE = {"importGroups": False, "createUsers": True, "deactivateUsers": True, "renameGroups": False}


def provisioning(admin: httpx.Client) -> Any:
    return admin.get("state").json()["okta"]["apps"][0]["provisioning"]


def test_credentials_are_tried_as_okta_tries_them(okta: Okta, target: Target) -> None:
    okta.integrate(okta.app(), target)
    (request,) = target.requests
    assert (request["method"], request["path"]) == ("GET", "Users")
    assert request["query"] == {"startIndex": "1", "count": "2"}
    assert request["agent"] == "Okta SCIM Client 1.0.0"
    assert request["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"token": "wrong-token-9876"}, "401 token refused"),
        ({"baseUrl": "https://scim.example.com/v2"}, "reaches no other host"),
        ({"baseUrl": "http://127.0.0.1:9/scim/v2"}, "Connect"),
    ],
)
def test_failed_test_stores_nothing(
    okta: Okta, target: Target, admin: httpx.Client, settings: dict[str, str], text: str
) -> None:
    app_id = okta.app()
    before = provisioning(admin)
    answer = okta.console(app_id, **{"baseUrl": target.url, "token": TOKEN, **settings})
    assert answer.status_code == 400
    assert text in answer.json()["error"]
    assert "wrong-token" not in answer.text
    assert provisioning(admin) == before


def test_okta_s_own_defaults(okta: Okta, target: Target, admin: httpx.Client) -> None:
    app_id = okta.app()
    assert okta.console(app_id, baseUrl=target.url, token=TOKEN).status_code == 200
    set_up = provisioning(admin)
    assert (set_up["importGroups"], set_up["renameGroups"]) == (True, True)
    assert (set_up["createUsers"], set_up["deactivateUsers"]) == (False, False)


def test_the_guides_switches_show_in_the_apps_features(okta: Okta, target: Target) -> None:
    app_id = okta.app()
    okta.integrate(app_id, target, **GUIDE)
    assert okta.got("GET", f"/apps/{app_id}")["features"] == [
        "GROUP_PUSH",
        "PUSH_NEW_USERS",
        "PUSH_USER_DEACTIVATION",
        "REACTIVATE_USERS",
        "SCIM_PROVISIONING",
    ]
    okta.console(app_id, importGroups=True)
    assert "IMPORT_NEW_USERS" in okta.got("GET", f"/apps/{app_id}")["features"]


def test_boxes_by_name_are_kept_and_shown_where_an_app_shows_them(
    okta: Okta, target: Target
) -> None:
    app_id = okta.app()
    boxes = {"PUSH_NEW_USERS": False, "PROFILE_MASTERING": True, "PUSH_PASSWORD_UPDATES": True}
    okta.integrate(app_id, target)
    okta.console(app_id, boxes={**boxes, "importGroups": False, "pushBadges": True})
    assert okta.got("GET", f"/apps/{app_id}")["features"] == [
        "GROUP_PUSH",
        "PROFILE_MASTERING",
        "PUSH_PASSWORD_UPDATES",
        "PUSH_USER_DEACTIVATION",
        "SCIM_PROVISIONING",
    ]


def test_left_out_settings_stay(okta: Okta, target: Target, admin: httpx.Client) -> None:
    app_id = okta.app()
    okta.integrate(app_id, target, **GUIDE)
    assert okta.console(app_id, createUsers=False).status_code == 200
    set_up = provisioning(admin)
    assert (set_up["baseUrl"], set_up["token"]) == (target.url, "[secret]")
    assert (set_up["createUsers"], set_up["importGroups"]) == (False, False)
    assert TOKEN not in admin.get("state").text


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"baseUrl": "ftp://x/y", "token": TOKEN},
        {"baseUrl": 7},
        {"createUsers": "yes"},
        {"updateUsers": True},
        {"boxes": {"PUSH_NEW_USERS": "yes"}},
        {"boxes": ["PUSH_NEW_USERS"]},
    ],
)
def test_bad_settings_are_refused(okta: Okta, settings: dict[str, object]) -> None:
    assert okta.console(okta.app(), **settings).status_code == 400


def test_unknown_and_inactive_apps(okta: Okta, target: Target) -> None:
    assert okta.console("0oaNone", baseUrl=target.url, token=TOKEN).status_code == 404
    app_id = okta.app()
    okta.got("POST", f"/apps/{app_id}/lifecycle/deactivate")
    assert okta.console(app_id, baseUrl=target.url, token=TOKEN).status_code == 400


@pytest.mark.parametrize(
    ("name", "expected"),
    [("scim2headerauth", TOKEN), ("scim2testapp", f"Bearer {TOKEN}")],
)
def test_header_app_sends_the_bare_token(
    okta: Okta, target: Target, name: str, expected: str
) -> None:
    okta.integrate(okta.app(name), target)
    assert target.requests[0]["authorization"] == expected
