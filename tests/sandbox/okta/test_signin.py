"""Okta lets in an API token, or an access token with the right scopes; nobody else."""

import time
from typing import Any

import httpx
import jwt
import pytest

from sandbox.server.server import Sandbox
from tests.loopback import PLAIN
from tests.sandbox.okta.okta_support import Okta

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture
def app(admin: httpx.Client) -> Any:
    return admin.get("okta/oauth").json()


def sign(app: Any, **changes: Any) -> str:
    moment = int(time.time())
    claims = {
        "iss": app["clientId"],
        "sub": app["clientId"],
        "exp": moment + 300,
        "aud": "https://example.okta.com/oauth2/v1/token",
        **changes,
    }
    return jwt.encode(claims, app["privateKey"], "RS256", headers={"kid": app["privateKeyId"]})


def token(sandbox: Sandbox, assertion: str, scope: str, place: str = "data") -> httpx.Response:
    form = {
        "grant_type": "client_credentials",
        "scope": scope,
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion,
    }
    url = sandbox.world.http_base + "/oauth2/v1/token"
    if place == "params":
        return PLAIN.post(url, params=form)
    return PLAIN.post(url, data=form)


def signed_in(sandbox: Sandbox, app: Any, scope: str) -> Okta:
    answer = token(sandbox, sign(app), scope).json()
    return Okta(sandbox, f"Bearer {answer['access_token']}")


def test_wrong_api_token_is_refused(sandbox: Sandbox) -> None:
    with Okta(sandbox, "SSWS wrong") as okta:
        assert okta.got("GET", "/users/me", status=401)["errorCode"] == "E0000011"


def test_no_token_is_refused(sandbox: Sandbox) -> None:
    answer = PLAIN.get(sandbox.world.http_base + "/api/v1/users/me")
    assert (answer.status_code, answer.json()["errorCode"]) == (401, "E0000005")


def test_access_token_reads_what_its_scope_covers(sandbox: Sandbox, app: Any) -> None:
    with signed_in(sandbox, app, "okta.groups.read") as okta:
        assert [g["profile"]["name"] for g in okta.got("GET", "/groups")] == ["Everyone"]


@pytest.mark.parametrize("place", ["data", "params"])
def test_token_request_by_form_or_query(sandbox: Sandbox, app: Any, place: str) -> None:
    assert token(sandbox, sign(app), "okta.apps.read", place).status_code == 200


def test_missing_scope_is_named(sandbox: Sandbox, app: Any) -> None:
    with signed_in(sandbox, app, "okta.groups.read") as okta:
        answer = okta.post("/api/v1/groups", json={"profile": {"name": "x"}})
    assert (answer.status_code, answer.json()["errorCode"]) == (403, "E0000006")
    assert 'scope="okta.groups.manage"' in answer.headers["WWW-Authenticate"]
    assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]


def test_manage_includes_read(sandbox: Sandbox, app: Any) -> None:
    with signed_in(sandbox, app, "okta.groups.manage") as okta:
        assert okta.got("GET", "/groups")


def test_push_mappings_need_two_scopes(sandbox: Sandbox, app: Any) -> None:
    with Okta(sandbox) as owner:
        app_id = owner.app()
    with signed_in(sandbox, app, "okta.apps.read") as okta:
        okta.got("GET", f"/apps/{app_id}/group-push/mappings", status=403)
    with signed_in(sandbox, app, "okta.apps.read okta.groups.read") as okta:
        assert okta.got("GET", f"/apps/{app_id}/group-push/mappings") == []


def test_service_app_is_no_user(sandbox: Sandbox, app: Any) -> None:
    with signed_in(sandbox, app, "okta.users.read") as okta:
        okta.got("GET", "/users/me", status=404)


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 1},
        {"exp": int(time.time()) + 90_000},
        {"aud": "https://other.okta.com/oauth2/v1/token"},
        {"aud": "https://example.okta.com/elsewhere"},
        {"iss": "0oaSomebodyElse"},
    ],
)
def test_wrong_assertion_is_refused(sandbox: Sandbox, app: Any, changes: dict[str, Any]) -> None:
    answer = token(sandbox, sign(app, **changes), "okta.apps.read")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_foreign_signature_is_refused(sandbox: Sandbox, app: Any) -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa

    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    claims = jwt.decode(sign(app), options={"verify_signature": False})
    forged = jwt.encode(claims, stranger, "RS256", headers={"kid": app["privateKeyId"]})
    assert token(sandbox, forged, "okta.apps.read").json()["error"] == "invalid_client"


@pytest.mark.parametrize("scope", ["", "okta.domains.manage"])
def test_scope_must_be_granted_to_the_app(sandbox: Sandbox, app: Any, scope: str) -> None:
    answer = token(sandbox, sign(app), scope)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


def test_changed_access_token_is_refused(sandbox: Sandbox, app: Any) -> None:
    access = token(sandbox, sign(app), "okta.apps.read").json()["access_token"]
    with Okta(sandbox, f"Bearer {access[:-2]}xx") as okta:
        okta.got("GET", "/apps", status=401)


def test_access_token_expires(sandbox: Sandbox, app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.okta.signin.ACCESS_TOKEN_SECONDS", -1)
    with signed_in(sandbox, app, "okta.apps.read") as okta:
        okta.got("GET", "/apps", status=401)


def test_key_outlives_a_reset(sandbox: Sandbox, app: Any, admin: httpx.Client) -> None:
    admin.post("reset")
    assert admin.get("okta/oauth").json() == app


def test_rate_limit_counts_down_and_refuses(sandbox: Sandbox) -> None:
    with Okta(sandbox) as okta:
        left = int(okta.get("/api/v1/groups").headers["X-Rate-Limit-Remaining"])
        answer = okta.get("/api/v1/groups")
        assert int(answer.headers["X-Rate-Limit-Remaining"]) in (left - 1, 9_999)
        assert int(answer.headers["X-Rate-Limit-Reset"]) > time.time()
        sandbox.world.okta.rate_limit = 1
        refused = [okta.get("/api/v1/groups") for _ in range(2)][-1]
    assert (refused.status_code, refused.json()["errorCode"]) == (429, "E0000047")
    assert refused.headers["X-Rate-Limit-Remaining"] == "0"


def test_unknown_path_and_method(sandbox: Sandbox) -> None:
    with Okta(sandbox) as okta:
        assert okta.got("GET", "/nothing", status=404)["errorCode"] == "E0000007"
        assert okta.got("PATCH", "/groups", status=405)["errorCode"] == "E0000022"


def test_broken_json_is_refused(sandbox: Sandbox) -> None:
    with Okta(sandbox) as okta:
        answer = okta.post("/api/v1/groups", content=b"{", headers={"Content-Type": "x/json"})
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "E0000003")


def test_secrets_stay_out_of_the_log(sandbox: Sandbox, app: Any, admin: httpx.Client) -> None:
    assertion = sign(app)
    access = token(sandbox, assertion, "okta.apps.read").json()["access_token"]
    with Okta(sandbox, f"Bearer {access}") as okta:
        okta.got("GET", f"/apps?q={access[:90]}")
    text = admin.get("requests").text + admin.get("state").text
    assert assertion not in text
    assert access not in text
    assert app["privateKey"] not in text
