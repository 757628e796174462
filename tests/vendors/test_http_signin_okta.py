"""Signing in to Okta: the provider's settings, in the provider's order, with DPoP where asked."""

import hashlib
import json
from base64 import urlsafe_b64decode
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from cfscim.config.messages import MissingError
from cfscim.vendors.errors import AnswerError
from cfscim.vendors.okta.api import OktaClient
from cfscim.vendors.okta.signin import okta_http
from cfscim.vendors.retries import Policy
from tests.vendors.http_kit import Vendor, reply

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ORG = {"OKTA_ORG_NAME": "example", "OKTA_BASE_URL": "okta.com"}
TOKEN_URL = "https://example.okta.com/oauth2/v1/token"


def pem(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = KEY,
    form: PrivateFormat = PrivateFormat.PKCS8,
    lock: KeySerializationEncryption | None = None,
) -> str:
    return key.private_bytes(Encoding.PEM, form, lock or NoEncryption()).decode()


SERVICE = {
    **ORG,
    "OKTA_API_CLIENT_ID": "0oaclient",
    "OKTA_API_PRIVATE_KEY": pem(),
    "OKTA_API_PRIVATE_KEY_ID": "kid-1",
    "OKTA_API_SCOPES": "okta.apps.read,okta.groups.read",
}


def signed(env: dict[str, str], config: dict[str, str] | None = None) -> httpx.Request:
    vendor = Vendor(reply(200))
    okta_http(config or {}, env, transport=vendor).get("/api/v1/org")
    return vendor.requests[-1]


@pytest.mark.parametrize(
    ("config", "env", "header"),
    [
        ({}, {"OKTA_API_TOKEN": "a"}, "SSWS a"),
        ({"okta:apiToken": "b"}, {"OKTA_API_TOKEN": "a"}, "SSWS b"),
        ({}, {"OKTA_API_TOKEN": "a", "OKTA_ACCESS_TOKEN": "c"}, "Bearer c"),
        ({"okta:accessToken": "d"}, {"OKTA_ACCESS_TOKEN": "c"}, "Bearer d"),
        ({}, {"OKTA_API_TOKEN": "a", "OKTA_API_PRIVATE_KEY": "not read"}, "SSWS a"),
    ],
)
def test_the_providers_order(config: dict[str, str], env: dict[str, str], header: str) -> None:
    request = signed({**ORG, **env}, config)
    assert request.headers["Authorization"] == header
    assert str(request.url) == "https://example.okta.com/api/v1/org"


def test_the_organisations_address_comes_from_config_first() -> None:
    config = {"okta:orgName": "mine", "okta:baseUrl": "oktapreview.com"}
    assert signed({**ORG, "OKTA_API_TOKEN": "a"}, config).url.host == "mine.oktapreview.com"
    assert signed({"OKTA_ORG_NAME": "x", "OKTA_API_TOKEN": "a"}).url.host == "x.okta.com"


def test_the_proxy_takes_the_organisations_place() -> None:
    http = okta_http({}, {"OKTA_API_TOKEN": "a", "OKTA_HTTP_PROXY": "http://127.0.0.1:8080/"})
    assert http.base == "http://127.0.0.1"
    http = okta_http({"okta:httpProxy": "https://gate.example"}, {"OKTA_API_TOKEN": "a"})
    assert http.base == "https://gate.example"


@pytest.mark.parametrize(
    ("env", "names"),
    [
        (ORG, "OKTA_API_TOKEN"),
        ({"OKTA_API_TOKEN": "a"}, "OKTA_ORG_NAME"),
        ({**ORG, "OKTA_API_PRIVATE_KEY": pem()}, "OKTA_API_CLIENT_ID"),
        ({**SERVICE, "OKTA_API_PRIVATE_KEY": "/no/such/file"}, "OKTA_API_PRIVATE_KEY"),
        ({**SERVICE, "OKTA_API_PRIVATE_KEY": "-----BEGIN nonsense"}, "OKTA_API_PRIVATE_KEY"),
        (
            {**SERVICE, "OKTA_API_PRIVATE_KEY": pem(lock=BestAvailableEncryption(b"x"))},
            "unencrypted",
        ),
        ({**ORG, "OKTA_API_TOKEN": "a", "OKTA_HTTP_PROXY": "nonsense"}, "OKTA_HTTP_PROXY"),
    ],
)
def test_what_is_missing_is_named_without_the_secret(env: dict[str, str], names: str) -> None:
    with pytest.raises(MissingError) as caught:
        okta_http({}, env)
    assert names in str(caught.value)
    assert "\n" not in str(caught.value)
    assert pem().splitlines()[2] not in str(caught.value)


def test_the_providers_retries_and_time_out_are_kept() -> None:
    env = {**ORG, "OKTA_API_TOKEN": "a"}
    assert okta_http({"okta:maxRetries": "1"}, env).policy.attempts == 2
    assert okta_http({"okta:requestTimeout": "7"}, env).policy.read == 7
    assert okta_http({"okta:requestTimeout": "0"}, env).policy.read == Policy().read
    with pytest.raises(MissingError, match="okta:maxRetries"):
        okta_http({"okta:maxRetries": "many"}, env)


class Okta(httpx.BaseTransport):
    """An authorization server that may demand DPoP with a nonce, and an API behind it."""

    def __init__(self, *, dpop: bool = False, lost: int = 0) -> None:
        self.dpop, self.lost = dpop, lost
        self.forms: list[dict[str, list[str]]] = []
        self.calls: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path != "/oauth2/v1/token":
            self.calls.append(request)
            return reply(200)
        self.forms.append(parse_qs(request.read().decode()))
        if self.lost:
            self.lost -= 1
            raise httpx.ReadTimeout("lost")
        if not self.dpop:
            return reply(200, {"token_type": "Bearer", "access_token": "at1", "expires_in": 3600})
        proof = request.headers.get("DPoP")
        if not proof:
            return reply(400, {"error": "invalid_dpop_proof", "error_description": "missing"})
        if jwt.decode(proof, options={"verify_signature": False}).get("nonce") != "n1":
            return reply(400, {"error": "use_dpop_nonce"}, DPoP_Nonce="n1")
        return reply(200, {"token_type": "DPoP", "access_token": "at2", "expires_in": 3600})


@pytest.mark.parametrize(
    ("key", "form", "algorithm"),
    [
        (KEY, PrivateFormat.PKCS8, "RS256"),
        (KEY, PrivateFormat.TraditionalOpenSSL, "RS256"),
        (ec.generate_private_key(ec.SECP256R1()), PrivateFormat.PKCS8, "ES256"),
    ],
)
def test_a_service_app_signs_its_assertion(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, form: PrivateFormat, algorithm: str
) -> None:
    okta = Okta()
    env = {**SERVICE, "OKTA_API_PRIVATE_KEY": pem(key, form).replace("\n", "\\n")}
    with okta_http({}, env, transport=okta) as http:
        http.get("/api/v1/org")
        http.get("/api/v1/org")
    assert [call.headers["Authorization"] for call in okta.calls] == ["Bearer at1"] * 2
    assert len(okta.forms) == 1, "the token is kept"
    form_sent = okta.forms[0]
    assert form_sent["grant_type"] == ["client_credentials"]
    assert form_sent["scope"] == ["okta.apps.read okta.groups.read"]
    assertion = form_sent["client_assertion"][0]
    claims = jwt.decode(assertion, key.public_key(), algorithms=[algorithm], audience=TOKEN_URL)
    assert claims["iss"] == claims["sub"] == "0oaclient"
    assert claims["exp"] - claims["iat"] == 3600
    assert jwt.get_unverified_header(assertion)["kid"] == "kid-1"


def test_a_key_file_and_pulumis_list_of_scopes(tmp_path: Path) -> None:
    okta, file = Okta(), tmp_path / "key.pem"
    file.write_text(pem())
    config = {
        "okta:privateKey": str(file),
        "okta:clientId": "c",
        "okta:scopes": '["okta.logs.read"]',
    }
    okta_http(config, ORG, transport=okta).get("/api/v1/logs")
    assert okta.forms[0]["scope"] == ["okta.logs.read"]


def test_dpop_is_proved_with_nonce_and_bound_to_request_and_token() -> None:
    okta = Okta(dpop=True)
    with okta_http({}, SERVICE, transport=okta) as http:
        http.get("/api/v1/apps", {"q": "x"})
    assertions = [form["client_assertion"][0] for form in okta.forms]
    assert len(set(assertions)) == len(assertions) == 3, "each assertion is used once"
    headers = okta.calls[0].headers
    assert headers["Authorization"] == "DPoP at2"
    key = jwt.PyJWK(jwt.get_unverified_header(headers["DPoP"])["jwk"], algorithm="RS256")
    proof = jwt.decode(headers["DPoP"], key, algorithms=["RS256"])
    assert proof["htm"] == "GET"
    assert proof["htu"] == "https://example.okta.com/api/v1/apps"
    assert urlsafe_b64decode(proof["ath"] + "=") == hashlib.sha256(b"at2").digest()
    assert "d" not in jwt.get_unverified_header(headers["DPoP"])["jwk"]


def test_a_lost_token_answer_is_asked_for_with_a_new_assertion() -> None:
    okta = Okta(lost=1)
    okta_http({}, SERVICE, transport=okta).get("/api/v1/org")
    ids = [
        jwt.decode(form["client_assertion"][0], options={"verify_signature": False})["jti"]
        for form in okta.forms
    ]
    assert len(set(ids)) == 2


def test_a_refused_service_app_is_told_what_to_check() -> None:
    refused = {"error": "invalid_client", "error_description": "The client_assertion is invalid."}
    with pytest.raises(AnswerError) as caught:
        okta_http({}, SERVICE, transport=Vendor(reply(401, refused))).get("/api/v1/org")
    assert caught.value.kind == "unauthorized"
    assert "check client id, private key, its key id and the granted scopes" in str(caught.value)


def test_the_client_reads_typed_answers_and_names_what_is_undocumented() -> None:
    env = {**ORG, "OKTA_API_TOKEN": "a"}
    for body in ({"id": "1", "status": "ACTIVE"}, {"id": "1", "label": ["x"], "status": "ACTIVE"}):
        http = okta_http({}, env, transport=Vendor(reply(200, body)))
        with pytest.raises(AnswerError, match=r"not as documented \(label: ") as caught:
            OktaClient(http).app("1")
        assert json.dumps(body) not in str(caught.value)
