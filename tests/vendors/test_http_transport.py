"""Certificates are always checked, plain HTTP stays on this machine, proxies come from the
environment given and never stand between us and loopback."""

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import trustme

from cfscim.config.messages import MissingError, ScimError
from cfscim.vendors.errors import UnreachableError
from cfscim.vendors.http import HttpClient
from cfscim.vendors.network import is_loopback, open_client, proxy_for, require_safe
from cfscim.vendors.retries import Policy

POLICY = Policy(attempts=3, connect=2, read=2)


class Handler(BaseHTTPRequestHandler):
    """Answers every GET with the request line it got."""

    def do_GET(self) -> None:
        body = f'{{"line": "{self.requestline}"}}'.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


def serve(context: ssl.SSLContext | None) -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls_port(authority: trustme.CA) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    yield from serve(context)


@pytest.fixture
def plain_port() -> Iterator[int]:
    yield from serve(None)


def fetch(base: str, env: dict[str, str], proxy: str | None = None) -> object:
    sleeps: list[float] = []
    with open_client(base, env, POLICY, proxy=proxy) as client:
        answer = HttpClient("V", base, client, policy=POLICY, sleep=sleeps.append).get("/x")
    return answer.body


def test_a_named_authority_is_trusted(tls_port: int, authority: trustme.CA, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        body = fetch(f"https://127.0.0.1:{tls_port}", {name: str(file)})
        assert body == {"line": "GET /x HTTP/1.1"}


def test_an_unknown_authority_is_not_trusted(tls_port: int) -> None:
    with pytest.raises(UnreachableError) as caught:
        fetch(f"https://127.0.0.1:{tls_port}", {})
    assert "certificate is not trusted" in str(caught.value)
    assert "SSL_CERT_FILE" in str(caught.value)


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_a_file_without_certificates_is_refused(content: str | None, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(MissingError, match="SSL_CERT_FILE"):
        fetch("https://127.0.0.1:1", {"SSL_CERT_FILE": str(file)})


def test_loopback_is_never_asked_through_a_proxy(
    plain_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = {"HTTP_PROXY": "http://127.0.0.1:1", "HTTPS_PROXY": "http://127.0.0.1:1"}
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    body = fetch(f"http://127.0.0.1:{plain_port}", env)
    assert body == {"line": "GET /x HTTP/1.1"}


def test_a_given_proxy_is_asked_with_the_whole_address(plain_port: int) -> None:
    body = fetch("http://127.0.0.1", {}, proxy=f"http://127.0.0.1:{plain_port}")
    assert body == {"line": "GET http://127.0.0.1/x HTTP/1.1"}


@pytest.mark.parametrize(
    ("env", "proxy"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://p:1"}, "http://p:1"),
        ({"https_proxy": "http://p:1"}, "http://p:1"),
        ({"HTTP_PROXY": "http://p:1"}, None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}, None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "a.b, okta.com"}, None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": ".okta.com:443"}, None),
        ({"HTTPS_PROXY": "http://p:1", "no_proxy": "ta.com"}, "http://p:1"),
    ],
)
def test_the_proxy_of_the_environment(env: dict[str, str], proxy: str | None) -> None:
    assert proxy_for("https://example.okta.com/x", env) == proxy


@pytest.mark.parametrize(
    "url", ["https://a.example/", "http://127.0.0.1:80", "http://[::1]:1/", "http://localhost:1"]
)
def test_safe_addresses(url: str) -> None:
    assert require_safe(url, "x") == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example",
        "http://127.0.0.1.a.example",
        "http://127.0.0.1@a.example",
        "ftp://a",
        "",
        "a.example",
        "http://169.254.169.254",
        "https://",
    ],
)
def test_unsafe_addresses_are_refused(url: str) -> None:
    assert not is_loopback(url)
    with pytest.raises(ScimError, match="unencrypted"):
        require_safe(url, "x")


def test_no_file_of_ours_turns_certificate_checks_off() -> None:
    for file in Path(__file__).parents[2].glob("cfscim/vendors/**/*.py"):
        text = file.read_text()
        for off in ("verify=False", "CERT_NONE", "check_hostname = False", "_create_unverified"):
            assert off not in text, file
        if file.name != "network.py":
            assert "httpx.Client(" not in text, f"{file}: only network.py makes clients"
