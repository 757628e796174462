"""Only what is safe is repeated, and no wait is longer than allowed."""

from email.utils import formatdate

import httpx
import pytest

from cfscim.vendors.errors import AnswerError, UnreachableError
from cfscim.vendors.http import Call
from cfscim.vendors.retries import Policy
from tests.vendors.http_kit import Clock, Vendor, client, reply

REFUSED = httpx.ConnectError("refused")
LOST = httpx.ReadTimeout("lost")
BROKEN = httpx.RemoteProtocolError("peer closed connection")
SAFE = ("GET", "PUT", "DELETE")


@pytest.mark.parametrize("method", SAFE)
@pytest.mark.parametrize(
    "trouble", [reply(500), reply(502), reply(503), reply(504), reply(429), LOST, BROKEN, REFUSED]
)
def test_a_safe_method_is_repeated(method: str, trouble: httpx.Response | Exception) -> None:
    vendor = Vendor(trouble, reply(200, {"done": True}))
    assert client(vendor).send(Call(method, "/x")).body == {"done": True}
    assert len(vendor.requests) == 2


@pytest.mark.parametrize("trouble", [reply(500), reply(502), reply(504), LOST, BROKEN])
def test_a_post_that_may_have_been_done_is_not_repeated(
    trouble: httpx.Response | Exception,
) -> None:
    vendor = Vendor(trouble, reply(200))
    with pytest.raises(AnswerError):
        client(vendor).send(Call("POST", "/x", body={}))
    assert len(vendor.requests) == 1


@pytest.mark.parametrize("trouble", [reply(429), reply(503), REFUSED])
def test_a_post_of_which_nothing_was_done_is_repeated(trouble: httpx.Response | Exception) -> None:
    vendor = Vendor(trouble, reply(200))
    client(vendor).send(Call("POST", "/x", body={"a": 1}))
    assert vendor.bodies() == [{"a": 1}, {"a": 1}]


def test_a_post_that_does_no_harm_twice_is_repeated() -> None:
    vendor = Vendor(LOST, reply(500), reply(204))
    client(vendor).send(Call("POST", "/x", repeatable=True))
    assert len(vendor.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
def test_an_answer_that_will_not_change_is_not_asked_for_again(status: int) -> None:
    vendor = Vendor(reply(status))
    with pytest.raises(AnswerError):
        client(vendor).get("/x")
    assert len(vendor.requests) == 1


def test_attempts_are_counted() -> None:
    vendor = Vendor(reply(500))
    with pytest.raises(AnswerError):
        client(vendor, policy=Policy(attempts=3)).get("/x")
    assert len(vendor.requests) == 3


def test_waits_grow_and_stay_below_the_longest() -> None:
    clock, policy = Clock(), Policy(attempts=8, first_delay=1, longest_delay=5)
    with pytest.raises(AnswerError):
        client(Vendor(reply(500)), clock, policy=policy).get("/x")
    for wait, top in zip(clock.slept, (1, 2, 4, 5, 5, 5, 5), strict=True):
        assert top / 2 <= wait <= top


def test_retry_after_in_seconds_is_waited() -> None:
    clock = Clock()
    client(Vendor(reply(429, Retry_After="7"), reply(200)), clock).get("/x")
    assert clock.slept == [7.0]


def test_retry_after_as_a_date_is_reckoned_by_the_vendors_clock() -> None:
    clock = Clock()
    sent, wanted = formatdate(5_000, usegmt=True), formatdate(5_012, usegmt=True)
    client(Vendor(reply(503, Retry_After=wanted, Date=sent), reply(200)), clock).get("/x")
    assert clock.slept == [12.0]


@pytest.mark.parametrize("nonsense", ["soon", "-5", "nan", "inf", "1e9", "٣"])
def test_a_retry_after_that_says_nothing_is_passed_over(nonsense: str) -> None:
    clock = Clock()
    bad = httpx.Response(429, headers={"Retry-After": nonsense.encode()}, json={})
    client(Vendor(bad, reply(200)), clock).get("/x")
    assert 0 < clock.slept[0] <= 0.5


def test_a_wait_beyond_the_limit_is_not_begun() -> None:
    clock, vendor = Clock(), Vendor(reply(429, Retry_After="3600"))
    with pytest.raises(AnswerError) as caught:
        client(vendor, clock).get("/x")
    assert (caught.value.kind, clock.slept, len(vendor.requests)) == ("throttled", [], 1)


def test_all_waits_of_a_call_together_are_limited() -> None:
    clock, policy = Clock(), Policy(attempts=50, longest_wait=25, total=1000)
    with pytest.raises(AnswerError):
        client(Vendor(reply(429, Retry_After="10")), clock, policy=policy).get("/x")
    assert clock.slept == [10.0, 10.0]


def test_the_whole_call_ends_before_its_deadline() -> None:
    clock = Clock()

    def slow(_request: httpx.Request) -> httpx.Response:
        clock.now += 30
        raise LOST

    with pytest.raises(AnswerError) as caught:
        client(Vendor(slow), clock, policy=Policy(attempts=50, total=100)).get("/x")
    assert caught.value.kind == "timeout"
    assert clock.now - 1_000_000 <= 130


def test_oktas_limit_headers_are_waited_for() -> None:
    clock = Clock(now=2_000.0)
    over = reply(
        429,
        X_Rate_Limit_Remaining="0",
        X_Rate_Limit_Reset="2020",
        Date=formatdate(2_005, usegmt=True),
    )
    client(Vendor(over, reply(200)), clock).get("/x")
    assert clock.slept == [16.0]


def test_the_last_call_of_oktas_limit_holds_the_next_one_back() -> None:
    clock = Clock(now=2_000.0)
    last = reply(200, X_Rate_Limit_Remaining="0", X_Rate_Limit_Reset="2010")
    http = client(Vendor(last, reply(200)), clock)
    http.get("/api/v1/apps/1")
    http.get("/api/v1/users")
    assert clock.slept == []
    http.get("/api/v1/apps/2")
    assert clock.slept == [11.0]


def test_nothing_to_connect_to_is_an_error_of_its_own() -> None:
    with pytest.raises(UnreachableError) as caught:
        client(Vendor(REFUSED), policy=Policy(attempts=2)).get("/x")
    assert caught.value.kind == "unreachable"
    assert "vendor.example does not answer; nothing was sent" in str(caught.value)
