"""Signing in to Entra: the provider's settings, in the provider's order, in every cloud."""

import base64
from pathlib import Path

import httpx
import pytest

from cfscim.config.messages import MissingError
from cfscim.vendors.entra.signin import (
    AzureCli,
    Certificate,
    Endpoints,
    Federated,
    GraphTokens,
    ManagedIdentity,
    Principal,
    Secret,
    credential_for,
    find_cloud,
    find_identity,
    graph_http,
)
from cfscim.vendors.errors import AnswerError, UnreachableError
from cfscim.vendors.retries import Policy
from cfscim.vendors.settings import Settings
from sandbox.server.server import Sandbox
from tests.vendors.http_kit import Vendor, reply

WHO = Principal("tenant-1", "client-1")
APP = {"ARM_TENANT_ID": "tenant-1", "ARM_CLIENT_ID": "client-1"}
PFX = base64.b64encode(b"pfx").decode()
CERTIFICATE = {"ARM_CLIENT_CERTIFICATE": PFX, "ARM_CLIENT_CERTIFICATE_PASSWORD": "p"}
SECRET = {"ARM_CLIENT_SECRET": "s3cret"}
OIDC = {"ARM_USE_OIDC": "true"}
GITHUB = {"ACTIONS_ID_TOKEN_REQUEST_URL": "https://gh/x", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "rt"}
MSI = {"ARM_USE_MSI": "true"}
CLOUD = Endpoints("https://graph.microsoft.com", "https://login.microsoftonline.com")


def found(*env: dict[str, str], **config: str) -> object:
    merged = {key: value for part in env for key, value in part.items()}
    return find_identity(Settings({f"azuread:{k}": v for k, v in config.items()}, merged))


def test_the_providers_order() -> None:
    everything = (APP, CERTIFICATE, SECRET, OIDC, {"ARM_OIDC_TOKEN": "t"}, GITHUB, MSI)
    assert found(*everything) == Certificate(WHO, b"pfx", "p")
    assert found(APP, SECRET, OIDC, {"ARM_OIDC_TOKEN": "t"}, MSI) == Secret(WHO, "s3cret")
    assert found(APP, OIDC, {"ARM_OIDC_TOKEN": "t"}, GITHUB, MSI) == Federated(WHO, token="t")
    github = Federated(WHO, request_url="https://gh/x", request_token="rt")
    assert found(APP, OIDC, GITHUB, MSI) == github
    assert found(APP, GITHUB, MSI) == ManagedIdentity("client-1", "")
    assert found(APP, GITHUB) == AzureCli("tenant-1")


def test_without_tenant_or_client_no_application_signs_in() -> None:
    assert found({"ARM_TENANT_ID": "t"}, SECRET) == AzureCli("t")
    assert found({"ARM_CLIENT_ID": "c"}, SECRET, MSI) == ManagedIdentity("c", "")


def test_config_goes_before_the_environment() -> None:
    who = Principal("t2", "c2")
    assert found(APP, SECRET, tenantId="t2", clientId="c2", clientSecret="s2") == Secret(who, "s2")
    assert found(APP, MSI, useMsi="false", useCli="true") == AzureCli("tenant-1")


def test_secrets_ids_and_certificates_from_files(tmp_path: Path) -> None:
    secret, client, pfx = tmp_path / "s", tmp_path / "c", tmp_path / "p"
    secret.write_text("from-file\n")
    client.write_text("client-1\n")
    pfx.write_bytes(b"\x30pfx")
    tenant = {"ARM_TENANT_ID": "tenant-1", "ARM_CLIENT_ID_FILE_PATH": str(client)}
    assert found(tenant, {"ARM_CLIENT_SECRET_FILE_PATH": str(secret)}) == Secret(WHO, "from-file")
    by_path = {"ARM_CLIENT_CERTIFICATE_PATH": str(pfx)}
    assert found(tenant, by_path) == Certificate(WHO, b"\x30pfx", "")


def test_a_token_file_is_named_and_not_kept(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("one")
    identity = found(APP, OIDC, {"ARM_OIDC_TOKEN_FILE_PATH": str(file)})
    assert identity == Federated(WHO, token_file=str(file))


def test_a_workload_identity_is_what_kubernetes_injects(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("one")
    injected = {
        "AZURE_TENANT_ID": "tenant-1",
        "AZURE_CLIENT_ID": "client-1",
        "AZURE_FEDERATED_TOKEN_FILE": str(file),
    }
    assert found(injected) == AzureCli("")
    workload = {"ARM_USE_AKS_WORKLOAD_IDENTITY": "true"}
    assert found(injected, workload) == Federated(WHO, token_file=str(file))


def test_azure_devops_is_asked_for_its_connection() -> None:
    pipeline = {
        "SYSTEM_OIDCREQUESTURI": "https://ado",
        "SYSTEM_ACCESSTOKEN": "t",
        "ARM_OIDC_AZURE_SERVICE_CONNECTION_ID": "c1",
    }
    identity = found(APP, OIDC, pipeline)
    assert isinstance(identity, Federated)
    assert (identity.request_url, identity.connection) == ("https://ado", "c1")


@pytest.mark.parametrize(
    ("env", "names"),
    [
        ({"ARM_USE_CLI": "false"}, "ARM_CLIENT_SECRET"),
        ({"ARM_USE_CLI": "perhaps"}, "ARM_USE_CLI"),
        ({**APP, "ARM_CLIENT_CERTIFICATE": "%%%"}, "base64"),
        ({**APP, "ARM_CLIENT_SECRET_FILE_PATH": "/no/such"}, "/no/such cannot be read"),
        ({**APP, **SECRET, "ARM_CLIENT_SECRET_FILE_PATH": __file__}, "differ"),
        ({**APP, "ARM_USE_AKS_WORKLOAD_IDENTITY": "true", "AZURE_TENANT_ID": "other"}, "differ"),
    ],
)
def test_what_is_missing_or_contradictory_is_named(env: dict[str, str], names: str) -> None:
    with pytest.raises(MissingError) as caught:
        found(env)
    assert names in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_no_identity_shows_its_secret() -> None:
    for identity in (found(APP, SECRET), found(APP, CERTIFICATE), found(APP, OIDC, GITHUB)):
        assert not {"s3cret", "pfx", "rt'"} & set(repr(identity).replace("'", " ' ").split())


@pytest.mark.parametrize(
    ("name", "graph", "login"),
    [
        ("", "graph.microsoft.com", "login.microsoftonline.com"),
        ("public", "graph.microsoft.com", "login.microsoftonline.com"),
        ("usgovernment", "graph.microsoft.us", "login.microsoftonline.us"),
        ("USGovernmentL5", "dod-graph.microsoft.us", "login.microsoftonline.us"),
        ("china", "microsoftgraph.chinacloudapi.cn", "login.chinacloudapi.cn"),
    ],
)
def test_the_clouds(name: str, graph: str, login: str) -> None:
    cloud = find_cloud(Settings({}, {"ARM_ENVIRONMENT": name}), Policy())
    assert (cloud.graph, cloud.authority) == (f"https://{graph}", f"https://{login}")
    assert cloud.public == (graph == "graph.microsoft.com")


def test_an_unknown_cloud_is_refused() -> None:
    with pytest.raises(MissingError, match="write one of global"):
        find_cloud(Settings({"azuread:environment": "moon"}, {}), Policy())


def metadata(graph: str, login: str) -> dict[str, object]:
    return {
        "name": "Own",
        "resourceManager": "https://arm",
        "microsoftGraphResourceId": graph,
        "authentication": {"loginEndpoint": login},
    }


def test_the_metadata_host_says_where_everything_is() -> None:
    vendor = Vendor(reply(200, metadata("https://graph.own/", "https://login.own/")))
    settings = Settings({}, {"ARM_METADATA_HOSTNAME": "arm.own", "ARM_ENVIRONMENT": "china"})
    cloud = find_cloud(settings, Policy(), vendor)
    assert cloud == Endpoints("https://graph.own", "https://login.own")
    assert str(vendor.requests[0].url) == (
        "https://arm.own/metadata/endpoints?api-version=2022-09-01"
    )


def test_a_plain_login_on_loopback_is_reached_over_tls() -> None:
    vendor = Vendor(reply(200, metadata("http://127.0.0.1:80", "http://127.0.0.1:80")))
    settings = Settings({"azuread:metadataHost": "127.0.0.1:443"}, {})
    cloud = find_cloud(settings, Policy(), vendor)
    assert cloud == Endpoints("http://127.0.0.1:80", "https://127.0.0.1:443")


def test_a_plain_graph_elsewhere_is_refused() -> None:
    vendor = Vendor(reply(200, metadata("http://graph.own", "https://login.own")))
    with pytest.raises(Exception, match="unencrypted"):
        find_cloud(Settings({}, {"ARM_METADATA_HOSTNAME": "arm.own"}), Policy(), vendor)


@pytest.mark.parametrize("body", [[{"name": "old"}], {"name": "x"}, "x"])
def test_metadata_of_another_form_is_malformed(body: object) -> None:
    settings = Settings({}, {"ARM_METADATA_HOSTNAME": "arm.own"})
    with pytest.raises(AnswerError) as caught:
        find_cloud(settings, Policy(attempts=1), Vendor(httpx.Response(200, json=body)))
    assert caught.value.kind == "malformed"


def test_managed_identity_at_its_own_endpoint() -> None:
    vendor = Vendor(reply(200, {"access_token": "at", "expires_in": "3600"}))
    identity = ManagedIdentity("client-1", "http://169.254.1.1/msi/token")
    credential = credential_for(identity, CLOUD, Settings({}, {}), Policy(), vendor)
    assert credential.get_token("https://graph.microsoft.com/.default").token == "at"
    request = vendor.requests[0]
    assert request.headers["Metadata"] == "true"
    assert dict(request.url.params) == {
        "api-version": "2018-02-01",
        "resource": "https://graph.microsoft.com",
        "client_id": "client-1",
    }


def test_a_certificate_that_cannot_be_opened_is_named() -> None:
    with pytest.raises(MissingError, match="client certificate cannot be opened"):
        credential_for(Certificate(WHO, b"junk", "p"), CLOUD, Settings({}, {}), Policy())


def test_a_login_that_is_not_there_is_unreachable() -> None:
    policy = Policy(connect=1, read=1, attempts=2, first_delay=0.01, longest_delay=0.02)
    cloud = Endpoints("https://graph.microsoft.com", "https://127.0.0.1:9")
    for identity in (Secret(WHO, "s3cret"), Federated(WHO, token="t0ken")):
        credential = credential_for(identity, cloud, Settings({}, {}), policy)
        with pytest.raises(UnreachableError) as caught:
            GraphTokens(credential, "https://graph/.default", cloud.authority, policy).value()
        assert str(caught.value).startswith("Entra sign-in: https://127.0.0.1:9 does not answer")


def test_a_login_whose_certificate_nobody_vouches_for_is_said_to_be_one(sandbox: Sandbox) -> None:
    cloud = Endpoints("https://graph.microsoft.com", sandbox.world.https_base)
    for identity in (Secret(WHO, "s3cret"), Federated(WHO, token="t0ken")):
        credential = credential_for(identity, cloud, Settings({}, {}), Policy(attempts=1))
        with pytest.raises(UnreachableError) as caught:
            GraphTokens(credential, "https://graph/.default", cloud.authority, Policy()).value()
        said = f"Entra sign-in: {cloud.authority}'s certificate is not trusted; "
        assert str(caught.value).startswith(said)
        assert str(caught.value).endswith("; name its authority's file in SSL_CERT_FILE")


def test_without_the_azure_command_line_it_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    credential = credential_for(AzureCli(""), CLOUD, Settings({}, {}), Policy())
    with pytest.raises(MissingError, match="run `az login`, or set ARM_CLIENT_ID"):
        GraphTokens(credential, "https://graph/.default", CLOUD.authority).value()


def test_nothing_is_asked_before_the_first_request() -> None:
    http = graph_http({}, {**APP, **SECRET})
    assert http.base == "https://graph.microsoft.com"
    http.close()


def test_a_service_connection_signs_in_by_azure_identitys_own_credential() -> None:
    settings = Settings({}, {"SYSTEM_OIDCREQUESTURI": "https://ado"})
    identity = Federated(WHO, request_url="https://ado", request_token="t", connection="c1")
    credential = credential_for(identity, CLOUD, settings, Policy())
    assert type(credential).__name__ == "AzurePipelinesCredential"
