"""Addresses: loopback only, plain and TLS, as a proxy, and what unreadable requests get."""

import ipaddress
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from sandbox.server.outbound import scim_client as outbound_client
from sandbox.server.server import Sandbox
from tests.loopback import PLAIN
from tests.sandbox.cloudflare.cloudflare_api import client, scim_client, scim_user


def _raw(sandbox: Sandbox, request: bytes) -> bytes:
    port = int(sandbox.world.http_base.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(request)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    return answer


def test_only_loopback_is_bound(sandbox: Sandbox) -> None:
    for server in sandbox._servers:
        assert ipaddress.ip_address(str(server.server_address[0])).is_loopback


def test_the_environment_is_the_contracts(sandbox: Sandbox) -> None:
    assert set(sandbox.env) == {
        "CLOUDFLARE_BASE_URL",
        "CLOUDFLARE_API_TOKEN",
        "OKTA_ORG_NAME",
        "OKTA_BASE_URL",
        "OKTA_API_TOKEN",
        "OKTA_HTTP_PROXY",
        "ARM_METADATA_HOSTNAME",
        "ARM_TENANT_ID",
        "ARM_CLIENT_ID",
        "ARM_CLIENT_SECRET",
        "ARM_USE_CLI",
        "SSL_CERT_FILE",
        "REQUESTS_CA_BUNDLE",
    }


@pytest.mark.parametrize(
    "target",
    [
        "http://example.okta.com/api/v1/users/me",
        "http://127.0.0.1:8080/api/v1/users/me",
        "http://127.0.0.1/api/v1/users/me",
        "/api/v1/users/me",
    ],
)
def test_absolute_request_lines_reach_okta(sandbox: Sandbox, target: str) -> None:
    line = f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert b"errorCode" in _raw(sandbox, line.encode())
    assert [one["vendor"] for one in sandbox.world.log.entries()] == ["okta"]


def test_as_a_clients_proxy(sandbox: Sandbox) -> None:
    with httpx.Client(proxy=sandbox.env["OKTA_HTTP_PROXY"], trust_env=False) as proxied:
        answer = proxied.get("http://example.okta.com/api/v1/users/me")
    assert "errorCode" in answer.json()


def test_connect_is_refused_with_the_way_out(sandbox: Sandbox) -> None:
    answer = _raw(sandbox, b"CONNECT example.okta.com:443 HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 405")
    assert b"http://" in answer


def test_tls_with_the_sandboxs_authority(sandbox: Sandbox) -> None:
    trusted = ssl.create_default_context(cafile=sandbox.env["SSL_CERT_FILE"])
    url = f"https://{sandbox.env['ARM_METADATA_HOSTNAME']}/_sandbox/state"
    assert httpx.get(url, verify=trusted, trust_env=False).status_code == 200
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(url, trust_env=False)


def test_a_silent_tls_client_stops_nobody(sandbox: Sandbox) -> None:
    host, _, port = sandbox.env["ARM_METADATA_HOSTNAME"].partition(":")
    trusted = ssl.create_default_context(cafile=sandbox.env["SSL_CERT_FILE"])
    with socket.create_connection((host, int(port))):
        url = f"https://{host}:{port}/_sandbox/state"
        assert httpx.get(url, verify=trusted, trust_env=False, timeout=5).status_code == 200


def test_unreadable_bodies(sandbox: Sandbox) -> None:
    answer = client(sandbox).post("/user/tokens", content=b'{"name": ')
    assert (answer.status_code, answer.json()["success"]) == (400, False)
    huge = b"POST /client/v4/user/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n"
    assert b" 413 " in _raw(sandbox, huge).splitlines()[0]


def test_deep_json_is_no_crash(sandbox: Sandbox) -> None:
    answer = client(sandbox).post("/user/tokens", content=b"[" * 100_000)
    assert answer.status_code == 400


@pytest.mark.parametrize("path", ["/nothing/at/all", "//x", "/%00", "/client/v4/%2e%2e/user"])
def test_odd_paths_are_not_found(sandbox: Sandbox, path: str) -> None:
    answer = PLAIN.get(sandbox.world.http_base + path)
    assert answer.status_code in (400, 401, 404)


def test_cloudflares_address_is_the_sandbox(sandbox: Sandbox) -> None:
    base = "https://api.cloudflare.com/client/v4"
    with outbound_client(sandbox.world, base, "cfat_" + "x" * 40) as outbound:
        assert outbound.get("user").status_code == 401
    [entry] = sandbox.world.log.entries()
    assert entry["path"] == "/client/v4/user"


@pytest.mark.parametrize("base", ["https://example.com/scim", "http://192.0.2.1/scim"])
def test_no_other_host_is_reached(sandbox: Sandbox, base: str) -> None:
    refused = pytest.raises(httpx.ConnectError, match="this sandbox reaches no other host")
    with outbound_client(sandbox.world, base, "t") as outbound, refused:
        outbound.get("Users")


def test_a_base_that_is_no_address_is_an_http_error(sandbox: Sandbox) -> None:
    odd = outbound_client(sandbox.world, "nonsense", "t")
    with odd as outbound, pytest.raises(httpx.HTTPError):
        outbound.get("Users")


def test_requests_at_the_same_time_do_not_mix(sandbox: Sandbox) -> None:
    caller = scim_client(sandbox)

    def provision(number: int) -> int:
        return caller.post("/Users", json=scim_user(f"p{number % 4}@example.com")).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(provision, range(24)))
    assert (answers.count(201), answers.count(409)) == (4, 20)
    assert caller.get("/Users").json()["totalResults"] == 5
