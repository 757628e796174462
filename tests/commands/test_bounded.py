"""Every command that asks a vendor ends within its time, however slowly the vendors answer."""

import gzip
import json
import os
import re
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from cfscim.vendors import retries
from cfscim.vendors.errors import AnswerError
from cfscim.vendors.http import HttpClient
from cfscim.vendors.network import open_client
from cfscim.vendors.retries import Policy
from sandbox.server.server import Sandbox
from tests.commands.commands_support import asking, at_port, called, stack
from tests.vendors.test_http_bounds import server, silent, slow_body, slow_header

LIMIT = 0.2
GIVEN_UP = re.compile("in time|took too long|not reached within the time|does not answer")


@pytest.fixture
def facing(
    sandbox_server: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., list[str]]:
    """`facing("okta", port)`: a stack all of whose vendors are at that port -> the commands, in its
    folder, that ask one of them."""
    monkeypatch.chdir(tmp_path)

    def at(kind: str, port: int, scheme: str = "http") -> list[str]:
        stack(tmp_path, kind, {}, "cfat_0000000000000000000000000000000000000000")
        for name, value in at_port(sandbox_server.env, port).items():
            at_scheme = value.replace("http://", f"{scheme}://")
            monkeypatch.setitem(os.environ, name, at_scheme)
        return [words for words in asking(kind) if "json" not in words.split()]

    return at


def _slow_tls(connection: socket.socket, stop: threading.Event) -> None:
    """A handshake that comes one byte at a time: the head of a long ServerHello, and its bytes."""
    connection.recv(65536)
    for byte in b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03" + bytes(16_000):
        if stop.wait(0.05):
            return
        connection.sendall(bytes([byte]))


@pytest.mark.parametrize("kind", ["okta", "entra"])
@pytest.mark.parametrize("behave", [silent, slow_header, slow_body, _slow_tls])
def test_a_command_ends_in_time_and_says_so(
    kind: str,
    behave,
    facing: Callable[..., list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(retries, "WHOLE_RUN", LIMIT)
    scheme = "https" if behave is _slow_tls else "http"
    with server(behave) as port:
        for words in facing(kind, port, scheme):
            begun = time.monotonic()
            code = called(words, monkeypatch)
            taken = time.monotonic() - begun
            said = capsys.readouterr()
            assert code == 3, (words, said)
            assert GIVEN_UP.search(said.out + said.err), (words, said)
            assert taken < LIMIT + 5, (words, taken)


def _request(connection: socket.socket) -> str:
    """Reads one request to its end -> its path."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536) or b"\r\n\r\n"
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    while length and len(body) < int(length[1]):
        body += connection.recv(65536) or b" " * int(length[1])
    return head.split()[1].decode("latin-1") if head.split()[1:] else "/"


def _answer(connection: socket.socket, body: bytes, *headers: str, status: str = "200 OK") -> None:
    length = f"Content-Length: {len(body)}"
    lines = (f"HTTP/1.1 {status}", *headers, length, "Connection: close", "", "")
    connection.sendall("\r\n".join(lines).encode() + body)


def _leads_on(connection: socket.socket, _stop: threading.Event) -> None:
    """A redirect to itself, for ever."""
    place = f"http://127.0.0.1:{connection.getsockname()[1]}{_request(connection)}"
    _answer(connection, b"", f"Location: {place}", status="302 Found")


def _pages(connection: socket.socket, _stop: threading.Event) -> None:
    """An empty page, and always another one, in the words of each vendor."""
    path, more = _request(connection), time.monotonic()
    base = f"http://127.0.0.1:{connection.getsockname()[1]}"
    if "/oauth2/" in path:
        token = {"access_token": "x", "token_type": "Bearer", "expires_in": 3600}
        _answer(connection, json.dumps(token).encode())
    elif "/api/v1/" in path:
        _answer(connection, b"[]", f'Link: <{base}/api/v1/groups?after={more}>; rel="next"')
    else:
        many = {"page": 1, "total_pages": 10**9, "cursors": {"after": str(more)}}
        body = {"success": True, "result": [], "result_info": many, "value": []}
        after = {"@odata.nextLink": f"{base}/v1.0/groups?more={more}"}
        _answer(connection, json.dumps({**body, **after}).encode())


def _chunks(connection: socket.socket, stop: threading.Event) -> None:
    """A body without end, as fast as it is taken."""
    _request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not stop.is_set():
        connection.sendall(b"10000\r\n" + b" " * 65536 + b"\r\n")


def _headers(connection: socket.socket, stop: threading.Event) -> None:
    """Headers without end."""
    _request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while not stop.is_set():
        connection.sendall(b"X-More: " + b"y" * 1000 + b"\r\n")


def _bomb(connection: socket.socket, _stop: threading.Event) -> None:
    """60 kB that unfold to 64 MB."""
    _request(connection)
    _answer(connection, BOMB, "Content-Encoding: gzip")


BOMB = gzip.compress(b" " * 64_000_000)


@pytest.mark.parametrize("kind", ["okta", "entra"])
@pytest.mark.parametrize("behave", [_leads_on, _pages, _chunks, _headers, _bomb])
def test_what_has_no_end_is_given_up(
    kind: str,
    behave,
    facing: Callable[..., list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(retries, "WHOLE_RUN", LIMIT)
    more = ["access --live"]
    if kind == "entra":
        more.append("verify --stack entra --person ada@example.com --outputs outputs.json")
    with server(behave) as port:
        for words in (*facing(kind, port), *more):
            begun = time.monotonic()
            code = called(words, monkeypatch)
            said = capsys.readouterr()
            assert code == 3, (words, said)
            assert re.search("Cloudflare|Okta|Entra|Azure|clouds", said.out + said.err), (
                words,
                said,
            )
            assert time.monotonic() - begun < LIMIT + 5, words


def test_what_is_packed_is_unfolded_bit_by_bit() -> None:
    """One part of the stream must not become more than may be kept before it is looked at."""
    client = open_client("http://127.0.0.1", {}, Policy(max_bytes=1_000_000, attempts=1))
    tracemalloc.start()
    try:
        with (
            server(_bomb) as port,
            HttpClient("Vendor", f"http://127.0.0.1:{port}", client) as http,
        ):
            http.policy = Policy(max_bytes=1_000_000, attempts=1)
            with pytest.raises(AnswerError, match="more than 1000000 bytes"):
                http.get("/x")
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", ["okta", "entra"])
def test_a_vendor_that_cannot_be_reached_is_one_line(
    kind: str,
    facing: Callable[..., list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(retries, "_PATIENCE", 0.1)
    for words in facing(kind, 1):
        begun = time.monotonic()
        assert called(words, monkeypatch) == 3, words
        taken = time.monotonic() - begun
        said = capsys.readouterr()
        lines = [line for line in (said.out + said.err).splitlines() if "does not answer" in line]
        assert 1 <= len(lines) <= 2, (words, lines)
        assert taken < 4, (words, taken)
