"""Signing in as azure-identity does, by every method, at the TLS port with the test CA.

msgraph-sdk is not used here: it and its kiota and OpenTelemetry packages are about 100 MB of
generated code for the dozen calls in question, and it is not among the project's pins; the program
itself uses httpx with azure-identity credentials, which is exactly what is exercised here.
"""

import base64
import hashlib
import ssl
import time
from typing import Any

import httpx
import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    CertificateCredential,
    ClientAssertionCredential,
    ClientSecretCredential,
    ManagedIdentityCredential,
)
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.entra import signin
from sandbox.server.server import Sandbox
from tests.loopback import PLAIN
from tests.sandbox.entra.entra_support import Graph


@pytest.fixture
def material(sandbox: Sandbox) -> dict[str, Any]:
    return PLAIN.get(sandbox.admin + "/entra/signin").json()


def options(material: dict[str, Any]) -> dict[str, Any]:
    return {
        "authority": material["authority"],
        "disable_instance_discovery": True,
        "connection_verify": material["caFile"],
        "retry_total": 0,
    }


def trust(material: dict[str, Any]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=material["caFile"])


def works(sandbox: Sandbox, token: str) -> bool:
    """Does Graph accept this token?"""
    headers = {"Authorization": f"Bearer {token}"}
    url = sandbox.world.http_base + "/v1.0/organization"
    return PLAIN.get(url, headers=headers).status_code == 200


def test_client_secret(sandbox: Sandbox, material: dict[str, Any]) -> None:
    credential = ClientSecretCredential(
        material["tenantId"], material["clientId"], material["clientSecret"], **options(material)
    )
    token = credential.get_token(material["scope"]).token
    assert works(sandbox, token)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert token.count(".") == 2
    assert claims["tid"] == material["tenantId"]
    assert claims["appid"] == material["clientId"]
    assert "Application.ReadWrite.All" in claims["roles"]
    assert (
        Graph(sandbox).call("GET", f"/servicePrincipals/{claims['oid']}")["appId"]
        == (material["clientId"])
    )


def test_wrong_secret_is_7000215(sandbox: Sandbox, material: dict[str, Any]) -> None:
    credential = ClientSecretCredential(
        material["tenantId"], material["clientId"], "wrong", **options(material)
    )
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        credential.get_token(material["scope"])


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"client_secret": "wrong"}, 401, 7000215),
        ({"client_secret": ""}, 401, 7000216),
        ({"client_id": "11111111-2222-3333-4444-555555555555"}, 400, 700016),
        ({"grant_type": "password"}, 400, 70003),
        ({"scope": "User.Read"}, 400, 1002012),
        ({"tenant": "11111111-2222-3333-4444-555555555555"}, 400, 90002),
    ],
)
def test_refusals_have_the_login_services_shape(
    material: dict[str, Any], change: dict[str, str], status: int, code: int
) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": material["clientId"],
        "client_secret": material["clientSecret"],
        "scope": material["scope"],
        "tenant": material["tenantId"],
    } | change
    url = f"{material['imdsHost']}/{form.pop('tenant')}/oauth2/v2.0/token"
    response = PLAIN.post(url, data=form)
    assert response.status_code == status
    assert response.json()["error_codes"] == [code]
    assert response.json()["error_description"].startswith(f"AADSTS{code}: ")
    assert "wrong" not in response.text


def test_certificate(sandbox: Sandbox, material: dict[str, Any]) -> None:
    pem = (material["certificateKeyPem"] + material["certificatePem"]).encode()
    credential = CertificateCredential(
        material["tenantId"], material["clientId"], certificate_data=pem, **options(material)
    )
    assert works(sandbox, credential.get_token(material["scope"]).token)


def test_certificate_as_pfx(sandbox: Sandbox, material: dict[str, Any]) -> None:
    credential = CertificateCredential(
        material["tenantId"],
        material["clientId"],
        certificate_data=base64.b64decode(material["certificatePfx"]),
        password=material["certificatePassword"],
        **options(material),
    )
    assert works(sandbox, credential.get_token(material["scope"]).token)


def assertion(
    material: dict[str, Any], thumbprint: str, algorithm: str, key: rsa.RSAPrivateKey
) -> str:
    """A client assertion as the azuread provider (kid) or MSAL (x5t#S256) writes it."""
    loaded = x509.load_pem_x509_certificate(material["certificatePem"].encode())
    digest = hashlib.new(algorithm, loaded.public_bytes(serialization.Encoding.DER)).digest()
    claims = {
        "iss": material["clientId"],
        "sub": material["clientId"],
        "aud": f"{material['authority']}/{material['tenantId']}/oauth2/v2.0/token",
        "exp": int(time.time()) + 300,
    }
    header = {thumbprint: base64.urlsafe_b64encode(digest).decode()}
    return jwt.encode(claims, key, algorithm="RS256", headers=header)


@pytest.mark.parametrize(("thumbprint", "algorithm"), [("kid", "sha1"), ("x5t#S256", "sha256")])
def test_both_ways_to_name_the_certificate_and_its_signature_is_checked(
    sandbox: Sandbox, material: dict[str, Any], thumbprint: str, algorithm: str
) -> None:
    def sign_in(key: rsa.RSAPrivateKey) -> str:
        signed = assertion(material, thumbprint, algorithm, key)
        credential = ClientAssertionCredential(
            material["tenantId"], material["clientId"], lambda: signed, **options(material)
        )
        return credential.get_token(material["scope"]).token

    assert works(sandbox, sign_in(signin.material().key))
    with pytest.raises(ClientAuthenticationError, match="AADSTS700027"):
        sign_in(rsa.generate_private_key(public_exponent=65537, key_size=2048))


def test_federated_token(sandbox: Sandbox, material: dict[str, Any]) -> None:
    def workflow_token() -> str:
        headers = {"Authorization": f"Bearer {material['oidcRequestToken']}"}
        url = material["oidcRequestUrl"] + "&audience=api://AzureADTokenExchange"
        return PLAIN.get(url, headers=headers).json()["value"]

    credential = ClientAssertionCredential(
        material["tenantId"], material["clientId"], workflow_token, **options(material)
    )
    assert works(sandbox, credential.get_token(material["scope"]).token)


@pytest.mark.parametrize("wrong", [{"subject": "repo:somebody/else"}, {"audience": "api://other"}])
def test_a_federated_token_of_another_subject_or_audience_is_refused(
    sandbox: Sandbox, material: dict[str, Any], wrong: dict[str, str]
) -> None:
    credential = ClientAssertionCredential(
        material["tenantId"],
        material["clientId"],
        lambda: signin.material().oidc_token(**wrong),
        **options(material),
    )
    with pytest.raises(ClientAuthenticationError, match="AADSTS700213"):
        credential.get_token(material["scope"])


@pytest.fixture(params=["machine", "app service"])
def identity_environment(
    request: pytest.FixtureRequest, material: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "AZURE_POD_IDENTITY_AUTHORITY_HOST"):
        monkeypatch.delenv(name, raising=False)
    if request.param == "machine":
        monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", material["imdsHost"])
    else:
        monkeypatch.setenv("IDENTITY_ENDPOINT", material["identityEndpoint"])
        monkeypatch.setenv("IDENTITY_HEADER", material["identityHeader"])
    return


@pytest.mark.usefixtures("identity_environment")
def test_managed_identity(sandbox: Sandbox, material: dict[str, Any]) -> None:
    token = ManagedIdentityCredential().get_token(material["imdsHost"] + "/.default").token
    assert works(sandbox, token)


def test_the_metadata_service_wants_its_header(material: dict[str, Any]) -> None:
    url = f"{material['imdsHost']}/metadata/identity/oauth2/token"
    answer = PLAIN.get(url, params={"resource": material["imdsHost"]})
    assert answer.status_code == 400
    url = material["identityEndpoint"]
    answer = PLAIN.get(url, params={"resource": material["imdsHost"]})
    assert answer.status_code == 401


def test_cloud_metadata_is_what_the_provider_reads(sandbox: Sandbox, material: Any) -> None:
    host = sandbox.env["ARM_METADATA_HOSTNAME"]
    url = f"https://{host}/metadata/endpoints?api-version=2022-09-01"
    body = httpx.get(url, verify=trust(material), trust_env=False).json()
    assert body["name"]
    assert body["resourceManager"]
    assert body["microsoftGraphResourceId"] == sandbox.world.http_base
    assert body["authentication"]["loginEndpoint"].startswith("http://127.0.0.1:")


def test_openid_and_instance_discovery_stay_on_the_port_asked(material: dict[str, Any]) -> None:
    verify = trust(material)
    url = f"{material['authority']}/{material['tenantId']}/v2.0/.well-known/openid-configuration"
    body = httpx.get(url, verify=verify, trust_env=False).json()
    assert body["token_endpoint"].startswith(material["authority"])
    url = f"{material['authority']}/common/discovery/instance"
    wanted = f"{material['authority']}/{material['tenantId']}/oauth2/v2.0/authorize"
    params = {"api-version": "1.1", "authorization_endpoint": wanted}
    found = httpx.get(url, params=params, verify=verify, trust_env=False).json()
    assert found["tenant_discovery_endpoint"].startswith(
        f"{material['authority']}/{material['tenantId']}/"
    )


@pytest.mark.parametrize("token", ["", "abc", "e30.e30.e30"])
def test_graph_refuses_what_is_no_token_of_the_tenant(sandbox: Sandbox, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    url = sandbox.world.http_base + "/v1.0/users"
    answer = PLAIN.get(url, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "InvalidAuthenticationToken"


def test_graph_refuses_a_token_for_another_resource(
    sandbox: Sandbox, material: dict[str, Any]
) -> None:
    credential = ClientSecretCredential(
        material["tenantId"], material["clientId"], material["clientSecret"], **options(material)
    )
    token = credential.get_token("https://management.azure.com/.default").token
    assert not works(sandbox, token)


def test_the_signin_secrets_are_not_in_the_request_log(
    sandbox: Sandbox, material: dict[str, Any], admin: httpx.Client
) -> None:
    credential = ClientSecretCredential(
        material["tenantId"], material["clientId"], material["clientSecret"], **options(material)
    )
    token = credential.get_token(material["scope"]).token
    assert works(sandbox, token)
    logged = admin.get("requests").text
    assert "/oauth2/v2.0/token" in logged
    assert material["clientSecret"] not in logged
    assert token not in logged
