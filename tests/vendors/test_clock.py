"""A clock that is not the vendor's is named where a signature or a token is judged by it."""

import time
from email.utils import formatdate
from types import SimpleNamespace

import pytest

from cfscim.vendors.errors import AnswerError
from cfscim.vendors.okta.signin import okta_http
from cfscim.vendors.retries import clock_off
from sandbox.server.server import Sandbox
from tests.vendors.http_kit import Clock, Vendor, client, reply
from tests.vendors.test_http_signin_okta import SERVICE
from tests.vendors.test_rest_graph_signin import reads

NOW = 1_000_000.0


def dated(seconds: float) -> dict[str, str]:
    return {"date": formatdate(NOW + seconds, usegmt=True)}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(660, "11 minutes behind"), (-660, "11 minutes ahead of"), (90, ""), (-90, "")],
)
def test_the_answers_date_is_compared(seconds: float, words: str) -> None:
    found = clock_off(dated(seconds), NOW)
    assert (words in found) if words else (found == "")


@pytest.mark.parametrize("date", ["", "yesterday"])
def test_without_a_date_nothing_is_said(date: str) -> None:
    assert clock_off({"date": date}, NOW) == ""


@pytest.mark.parametrize("status", [400, 401])
def test_a_refusal_names_the_clock_first(status: int) -> None:
    refused = Vendor(reply(status, {"error": "invalid_client"}, **dated(660)))
    with pytest.raises(AnswerError) as caught:
        client(refused, clock=Clock()).get("/v1/x")
    text = str(caught.value)
    assert "this machine's clock is 11 minutes behind the vendor's" in text
    assert text.endswith("set this machine's clock, then run again")


def test_a_refusal_on_time_does_not() -> None:
    with pytest.raises(AnswerError) as caught:
        client(Vendor(reply(401, {}, **dated(1))), clock=Clock()).get("/v1/x")
    assert "clock" not in str(caught.value)


def test_an_okta_assertion_is_good_by_the_minute() -> None:
    refused = reply(401, {"error": "invalid_client"}, date=formatdate(1e9, usegmt=True))
    with pytest.raises(AnswerError, match=r"clock is \d+ minutes ahead") as caught:
        okta_http({}, SERVICE, transport=Vendor(refused)).get("/api/v1/org")
    assert caught.value.kind == "unauthorized"


def test_an_entra_sign_in_too(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(time=lambda: 4e9, sleep=time.sleep)
    monkeypatch.setattr("cfscim.vendors.entra.signin.time", clock)
    with pytest.raises(AnswerError, match=r"clock is \d+ minutes ahead"):
        reads({**sandbox.env, "ARM_CLIENT_SECRET": "wrong-secret-0"})
