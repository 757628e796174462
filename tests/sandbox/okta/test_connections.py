"""Okta's connection API: a pretence on the SCIM test apps, real on zscalerbyz."""

from typing import Any

import httpx
import pytest

from tests.sandbox.okta.okta_support import TOKEN, Okta, Target

BASE = "https://api.cloudflare.com/client/v4/accounts/0123456789abcdef0123456789abcdef/scim/v2"
BODY = {"baseUrl": BASE, "profile": {"authScheme": "TOKEN", "token": TOKEN}}
FEATURE = {
    "create": {"lifecycleCreate": {"status": "ENABLED"}},
    "update": {"lifecycleDeactivate": {"status": "ENABLED"}, "profile": {"status": "DISABLED"}},
}


def connect(okta: Okta, app_id: str, body: Any = BODY, status: int = 200) -> Any:
    return okta.got("POST", f"/apps/{app_id}/connections/default", body, status)


def activate(okta: Okta, app_id: str) -> None:
    okta.got("POST", f"/apps/{app_id}/connections/default/lifecycle/activate", status=204)


def provisioning(admin: httpx.Client) -> Any:
    return admin.get("state").json()["okta"]["apps"][0]["provisioning"]


@pytest.mark.parametrize("name", ["scim2testapp", "scim2testapp_basic", "scim2headerauth"])
def test_scim_test_app_answers_unknown_and_stores_nothing(
    okta: Okta, admin: httpx.Client, name: str
) -> None:
    app_id = okta.app(name)
    before = provisioning(admin)
    assert connect(okta, app_id)["status"] == "UNKNOWN"
    activate(okta, app_id)
    assert okta.got("GET", f"/apps/{app_id}/connections/default")["status"] == "UNKNOWN"
    assert provisioning(admin) == before
    assert okta.got("GET", f"/apps/{app_id}")["features"] == []


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_features_need_provisioning(okta: Okta, method: str) -> None:
    app_id = okta.app("zscalerbyz")
    path = f"/apps/{app_id}/features/USER_PROVISIONING"
    error = okta.got(method, path, FEATURE if method == "PUT" else None, 400)
    cause = "Provisioning is not enabled for the app instance."
    assert error["errorCauses"] == [{"errorSummary": cause}]
    okta.got("GET", f"/apps/{app_id}/features", status=400)


def test_zscaler_connection_is_stored_then_switched_on(okta: Okta, admin: httpx.Client) -> None:
    app_id = okta.app("zscalerbyz")
    assert connect(okta, app_id)["status"] == "DISABLED"
    activate(okta, app_id)
    read = okta.got("GET", f"/apps/{app_id}/connections/default")
    assert (read["status"], read["baseUrl"], read["authScheme"]) == ("ENABLED", BASE, "TOKEN")
    assert TOKEN not in str(read)
    assert provisioning(admin)["token"] == "[secret]"
    assert TOKEN not in admin.get("requests").text


def test_activate_in_the_same_call(okta: Okta) -> None:
    app_id = okta.app("zscalerbyz")
    answer = okta.got("POST", f"/apps/{app_id}/connections/default?activate=true", BODY)
    assert answer["status"] == "ENABLED"


def test_deactivate_keeps_the_credentials(okta: Okta) -> None:
    app_id = okta.app("zscalerbyz")
    connect(okta, app_id)
    activate(okta, app_id)
    okta.got("POST", f"/apps/{app_id}/connections/default/lifecycle/deactivate", status=204)
    assert okta.got("GET", f"/apps/{app_id}/connections/default")["status"] == "DISABLED"
    activate(okta, app_id)
    assert okta.got("GET", f"/apps/{app_id}/connections/default")["status"] == "ENABLED"


def test_org2org_takes_its_own_address_where_none_is_given(okta: Okta) -> None:
    app_id = okta.app("okta_org2org", settings={"app": {"baseUrl": "https://target.okta.com"}})
    body = {"profile": {"authScheme": "TOKEN", "token": TOKEN}}
    assert connect(okta, app_id, body)["baseUrl"] == "https://target.okta.com"
    assert connect(okta, app_id)["baseUrl"] == BASE


@pytest.mark.parametrize(
    "body",
    [
        {"profile": {"authScheme": "TOKEN", "token": TOKEN}},
        {"baseUrl": BASE, "profile": {"authScheme": "TOKEN"}},
        {"baseUrl": BASE, "profile": {"authScheme": "BASIC", "token": TOKEN}},
        {"baseUrl": BASE, "profile": {"authScheme": "OAUTH2", "clientId": "x"}},
    ],
)
def test_bad_connection_is_refused(okta: Okta, body: Any) -> None:
    connect(okta, okta.app("zscalerbyz"), body, 400)


def test_activation_without_credentials_is_refused(okta: Okta) -> None:
    app_id = okta.app("zscalerbyz")
    okta.got("POST", f"/apps/{app_id}/connections/default/lifecycle/activate", status=400)


def test_features_are_written_and_read_back(okta: Okta) -> None:
    app_id = okta.app("zscalerbyz")
    connect(okta, app_id)
    activate(okta, app_id)
    path = f"/apps/{app_id}/features/USER_PROVISIONING"
    written = okta.got("PUT", path, FEATURE)
    assert okta.got("GET", path) == written
    assert written["capabilities"]["create"]["lifecycleCreate"]["status"] == "ENABLED"
    shown = okta.got("GET", f"/apps/{app_id}")["features"]
    assert {"PUSH_NEW_USERS", "PUSH_USER_DEACTIVATION", "GROUP_PUSH"} <= set(shown)
    assert "PUSH_PROFILE_UPDATES" not in shown


def test_feature_update_is_partial(okta: Okta) -> None:
    app_id = okta.app("zscalerbyz")
    connect(okta, app_id)
    activate(okta, app_id)
    path = f"/apps/{app_id}/features/USER_PROVISIONING"
    okta.got("PUT", path, FEATURE)
    change = {"update": {"password": {"status": "ENABLED", "seed": "OKTA", "change": "CHANGE"}}}
    capabilities = okta.got("PUT", path, change)["capabilities"]
    assert capabilities["update"]["password"]["seed"] == "OKTA"
    assert capabilities["update"]["lifecycleDeactivate"]["status"] == "ENABLED"
    assert "PUSH_PASSWORD_UPDATES" in okta.got("GET", f"/apps/{app_id}")["features"]
    okta.got("PUT", path, {"create": {"lifecycleCreate": {"status": "ON"}}}, 400)


def test_inbound_feature(okta: Okta) -> None:
    app_id = okta.app("zscalerbyz")
    connect(okta, app_id)
    activate(okta, app_id)
    path = f"/apps/{app_id}/features/INBOUND_PROVISIONING"
    body = {
        "importSettings": {
            "username": {"userNameFormat": "EMAIL"},
            "schedule": {"status": "DISABLED", "fullImport": None},
        },
        "importRules": {"userCreateAndMatch": {"allowPartialMatch": True}},
    }
    rules = okta.got("PUT", path, body)["capabilities"]["importRules"]["userCreateAndMatch"]
    assert (rules["allowPartialMatch"], rules["autoConfirmNewUsers"]) == (True, False)
    assert [f["name"] for f in okta.got("GET", f"/apps/{app_id}/features")] == [
        "USER_PROVISIONING",
        "INBOUND_PROVISIONING",
    ]
    okta.got("GET", f"/apps/{app_id}/features/OTHER", status=404)


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_features_of_an_app_without_connection_are_not_supported(okta: Okta, method: str) -> None:
    app_id = okta.app()
    with Target() as target:
        okta.integrate(app_id, target)  # by hand, in the console
    path = f"/apps/{app_id}/features/USER_PROVISIONING"
    error = okta.got(method, path, FEATURE if method == "PUT" else None, 400)
    assert error["errorCauses"] == [{"errorSummary": "Provisioning is not supported."}]
    assert "PUSH_NEW_USERS" in okta.got("GET", f"/apps/{app_id}")["features"]


def test_an_unknown_feature_is_told_before_an_unknown_app(okta: Okta) -> None:
    error = okta.got("GET", "/apps/0oaNone/features/OTHER", status=404)
    assert error["errorSummary"].endswith("OTHER (PublicAppFeatureSetName)")
