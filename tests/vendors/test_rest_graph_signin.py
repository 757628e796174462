"""Our sign-in to Entra against the sandbox, by every method that needs no machine of Azure's."""

import base64
from pathlib import Path
from typing import Any

import httpx
import pytest

from cfscim.vendors.entra.api import GraphClient
from cfscim.vendors.errors import AnswerError
from sandbox.server.server import Sandbox

NOT_CREDENTIALS = ("ARM_CLIENT_SECRET", "ARM_CLIENT_ID", "ARM_TENANT_ID")


@pytest.fixture
def material(admin: httpx.Client) -> dict[str, Any]:
    return admin.get("entra/signin").json()


@pytest.fixture
def bare(sandbox: Sandbox) -> dict[str, str]:
    """The sandbox's environment without the client secret."""
    return {name: value for name, value in sandbox.env.items() if name != "ARM_CLIENT_SECRET"}


def reads(env: dict[str, str], config: dict[str, str] | None = None) -> bool:
    with GraphClient.from_settings(config or {}, env) as graph:
        return "ada@example.com" in graph.users_by_mail(["ada@example.com"])


def test_a_secret(sandbox: Sandbox) -> None:
    assert reads(sandbox.env)


def test_everything_from_the_stacks_config(sandbox: Sandbox) -> None:
    env = sandbox.env
    config = {
        "azuread:tenantId": env["ARM_TENANT_ID"],
        "azuread:clientId": env["ARM_CLIENT_ID"],
        "azuread:clientSecret": env["ARM_CLIENT_SECRET"],
        "azuread:metadataHost": env["ARM_METADATA_HOSTNAME"],
    }
    assert reads({"SSL_CERT_FILE": env["SSL_CERT_FILE"]}, config)


def test_a_certificate(bare: dict[str, str], material: dict[str, Any], tmp_path: Path) -> None:
    password = {"ARM_CLIENT_CERTIFICATE_PASSWORD": material["certificatePassword"]}
    assert reads({**bare, **password, "ARM_CLIENT_CERTIFICATE": material["certificatePfx"]})
    file = tmp_path / "client.pfx"
    file.write_bytes(base64.b64decode(material["certificatePfx"]))
    assert reads({**bare, **password, "ARM_CLIENT_CERTIFICATE_PATH": str(file)})


def test_an_oidc_token(bare: dict[str, str], material: dict[str, Any], tmp_path: Path) -> None:
    oidc = {**bare, "ARM_USE_OIDC": "true"}
    assert reads({**oidc, "ARM_OIDC_TOKEN": material["oidcToken"]})
    file = tmp_path / "token"
    file.write_text(material["oidcToken"] + "\n")
    assert reads({**oidc, "ARM_OIDC_TOKEN_FILE_PATH": str(file)})


def test_a_token_asked_for_as_in_a_github_workflow(
    bare: dict[str, str], material: dict[str, Any]
) -> None:
    workflow = {
        "ARM_USE_OIDC": "true",
        "ACTIONS_ID_TOKEN_REQUEST_URL": material["oidcRequestUrl"],
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": material["oidcRequestToken"],
    }
    assert reads({**bare, **workflow})
    wrong = {**workflow, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "wrong-token-0"}
    with pytest.raises(AnswerError) as caught:
        reads({**bare, **wrong})
    assert "OIDC issuer GET /_sandbox/entra/oidc: answered 401" in str(caught.value)
    assert "wrong-token-0" not in str(caught.value)


def test_a_workload_identity(sandbox: Sandbox, material: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(material["oidcToken"])
    env = {name: value for name, value in sandbox.env.items() if name not in NOT_CREDENTIALS}
    pod = {
        "ARM_USE_AKS_WORKLOAD_IDENTITY": "true",
        "AZURE_TENANT_ID": material["tenantId"],
        "AZURE_CLIENT_ID": material["clientId"],
        "AZURE_FEDERATED_TOKEN_FILE": str(file),
    }
    assert reads({**env, **pod})


def test_a_managed_identity_at_its_endpoint(sandbox: Sandbox, material: dict[str, Any]) -> None:
    env = {name: value for name, value in sandbox.env.items() if name not in NOT_CREDENTIALS}
    endpoint = material["imdsHost"] + "/metadata/identity/oauth2/token"
    assert reads({**env, "ARM_USE_MSI": "true", "ARM_MSI_ENDPOINT": endpoint})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"ARM_CLIENT_SECRET": "wrong-secret-0"}, "Invalid client secret provided"),
        (
            {"ARM_CLIENT_ID": "00000000-0000-0000-0000-000000000000"},
            "was not found in the directory",
        ),
        ({"ARM_TENANT_ID": "11111111-0000-0000-0000-000000000000"}, "not found"),
    ],
)
def test_a_refused_sign_in_is_one_line(sandbox: Sandbox, change: dict[str, str], says: str) -> None:
    with pytest.raises(AnswerError) as caught:
        reads({**sandbox.env, **change})
    assert caught.value.kind == "unauthorized"
    text = str(caught.value)
    assert text.startswith("Entra sign-in: ")
    assert says in text
    assert "check tenant, client" in text
    for unwanted in ("\n", "Trace ID", "wrong-secret-0", sandbox.env["ARM_CLIENT_SECRET"]):
        assert unwanted not in text


def test_a_token_is_fetched_once(sandbox: Sandbox, admin: httpx.Client) -> None:
    with GraphClient.from_settings({}, sandbox.env) as graph:
        for _ in range(3):
            graph.users_by_mail(["ada@example.com"])
    asked = [
        r["path"] for r in admin.get("requests").json() if r["path"].endswith("/oauth2/v2.0/token")
    ]
    assert len(asked) == 1


def test_the_sign_in_checks_certificates(sandbox: Sandbox) -> None:
    env = {n: v for n, v in sandbox.env.items() if n not in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")}
    with pytest.raises(AnswerError, match="certificate is not trusted"):
        reads(env)
