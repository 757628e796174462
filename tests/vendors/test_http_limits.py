"""Answers are read up to a size and a time; requests go out a few at a time."""

import gzip
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from cfscim.vendors.errors import AnswerError
from cfscim.vendors.pages import gather
from cfscim.vendors.retries import Policy
from tests.vendors.http_kit import Clock, Vendor, client, reply


class Drip(httpx.SyncByteStream):
    """A body that arrives a byte a second."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def __iter__(self) -> Iterator[bytes]:
        while True:
            self._clock.now += 1
            yield b" "


def test_an_answer_that_is_too_long_is_not_read_to_its_end() -> None:
    http = client(
        Vendor(httpx.Response(200, content=b"[" + b"1," * 5000)), policy=Policy(max_bytes=999)
    )
    with pytest.raises(AnswerError, match="more than 999 bytes"):
        http.get("/x")


def test_a_compressed_answer_counts_by_what_it_becomes() -> None:
    packed = gzip.compress(b" " * 5_000_000)
    assert len(packed) < 10_000

    def answer(_request: httpx.Request) -> httpx.Response:
        body = httpx.ByteStream(packed)
        return httpx.Response(200, stream=body, headers={"Content-Encoding": "gzip"})

    with pytest.raises(AnswerError, match="more than 100000 bytes"):
        client(Vendor(answer), policy=Policy(max_bytes=100_000)).get("/x")


def test_an_answer_that_is_packed_twice_is_not_unfolded() -> None:
    packed = gzip.compress(gzip.compress(b" " * 5_000_000))

    def answer(_request: httpx.Request) -> httpx.Response:
        body = httpx.ByteStream(packed)
        return httpx.Response(200, stream=body, headers={"Content-Encoding": "gzip, gzip"})

    with pytest.raises(AnswerError, match="packed more than once"):
        client(Vendor(answer), policy=Policy(max_bytes=100_000)).get("/x")


def test_an_answer_that_drips_is_given_up() -> None:
    clock = Clock()
    drip = Vendor(lambda _request: httpx.Response(200, stream=Drip(clock)))
    with pytest.raises(AnswerError) as caught:
        client(drip, clock, policy=Policy(total=60)).get("/x")
    assert caught.value.kind == "timeout"
    assert clock.now - 1_000_000 < 70


def test_no_more_than_the_limit_are_under_way() -> None:
    lock, now, most = threading.Lock(), 0, 0

    def busy(_request: httpx.Request) -> httpx.Response:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.01)
        with lock:
            now -= 1
        return reply(200)

    http = client(Vendor(busy), policy=Policy(parallel=3))
    gather([lambda: http.get("/x")] * 20, limit=10)
    assert most == 3


def test_gather_keeps_the_order_and_its_own_limit() -> None:
    lock, now, most = threading.Lock(), 0, 0

    def call(number: int) -> int:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.002 * (10 - number))
        with lock:
            now -= 1
        return number

    assert gather([lambda n=n: call(n) for n in range(10)], limit=4) == list(range(10))
    assert 1 < most <= 4


def test_gather_raises_the_error_and_starts_nothing_more() -> None:
    started: list[int] = []

    def call(number: int) -> int:
        started.append(number)
        if number == 1:
            raise AnswerError("conflict", "here", "wrong")
        time.sleep(0.01)
        return number

    with pytest.raises(AnswerError, match="wrong"):
        gather([lambda n=n: call(n) for n in range(50)], limit=2)
    assert len(started) < 10


def test_gather_of_nothing() -> None:
    assert gather([]) == []
