"""Every run ends within its bound, however slowly a server connects, answers or goes on."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from cfscim.vendors.errors import AnswerError, UnreachableError
from cfscim.vendors.http import HttpClient
from cfscim.vendors.network import open_client
from cfscim.vendors.retries import Policy, time_left, whole_run
from tests.vendors.http_kit import Clock, Vendor, client, reply

BOUND = Policy(connect=1, read=1, total=1, attempts=2)


def silent(_connection: socket.socket, stop: threading.Event) -> None:
    stop.wait()


def slow_header(connection: socket.socket, stop: threading.Event) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1000:
        if stop.wait(0.1):
            return
        connection.sendall(bytes([byte]))


def slow_body(connection: socket.socket, stop: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not stop.wait(0.1):
        connection.sendall(b" ")


def slow_chunks(connection: socket.socket, stop: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not stop.wait(0.1):
        connection.sendall(b"1\r\n \r\n")


@contextmanager
def server(behave: Callable[[socket.socket, threading.Event], None]) -> Iterator[int]:
    """A server on loopback whose every connection is treated by `behave`; its port."""
    stop, listening = threading.Event(), socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while not stop.is_set():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=treat, args=(connection,), daemon=True).start()

    def treat(connection: socket.socket) -> None:
        try:
            behave(connection, stop)
        except OSError:
            pass
        finally:
            connection.close()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listening.getsockname()[1]
    finally:
        stop.set()
        listening.close()


def asked(scheme: str, port: int) -> float:
    """The seconds until one call was given up."""
    base = f"{scheme}://127.0.0.1:{port}"
    begun = time.monotonic()
    with (
        HttpClient("Vendor", base, open_client(base, {}, BOUND), policy=BOUND) as http,
        pytest.raises(AnswerError) as caught,
    ):
        http.get("/x")
    assert caught.value.kind in ("timeout", "unreachable", "unavailable"), caught.value
    assert "\n" not in str(caught.value)
    return time.monotonic() - begun


@pytest.mark.parametrize("behave", [silent, slow_header, slow_body, slow_chunks])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_slow_server_is_given_up_in_time(scheme: str, behave) -> None:
    with server(behave) as port:
        assert asked(scheme, port) < 5


def test_a_whole_run_is_bounded_and_names_what_it_did_not_reach() -> None:
    slow = Policy(connect=30, read=30, total=30)
    with server(slow_header) as port, whole_run(0.5):
        base = f"http://127.0.0.1:{port}"
        begun = time.monotonic()
        with HttpClient("Vendor", base, open_client(base, {}, slow), policy=slow) as http:
            for path in ("/first", "/second", "/third"):
                with pytest.raises(AnswerError) as caught:
                    http.get(path)
            assert str(caught.value).startswith("Vendor GET /third: not reached within the time")
        assert time.monotonic() - begun < 3
    assert time_left() == float("inf")


def test_a_run_does_not_ask_again_where_nobody_answers() -> None:
    vendor, clock = Vendor(httpx.ConnectError("refused")), Clock()
    with whole_run(), client(vendor, clock) as http:
        for path in ("/x", "/y"):
            with pytest.raises(
                UnreachableError, match=f"GET {path}: vendor.example does not answer"
            ):
                http.get(path)
        assert set(vendor.paths) == {"/x"}
        assert sum(clock.slept) < 5
    vendor = Vendor(httpx.ConnectError("refused"), reply(200))
    with whole_run(), client(vendor) as http:
        assert http.get("/x").status == 200, "another run asks anew"
