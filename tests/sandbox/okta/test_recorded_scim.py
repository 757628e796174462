"""The cycle's requests have the order and the form of Okta's own, as a SCIM server recorded them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.replay import shape
from sandbox.server.server import Sandbox
from tests.sandbox.okta.okta_support import Okta, Target

FILE = Path(__file__).parents[3].parent / "shared" / "recorded" / "okta-to-scim.jsonl"
CATALOGUE = "catalogue SCIM 2.0 test app, PATCH, Import Groups on"
pytestmark = pytest.mark.skipif(not FILE.is_file(), reason="../shared/recorded is not here")
Sent = dict[str, Any]


@pytest.fixture
def okta(sandbox: Sandbox) -> Iterator[Okta]:
    with Okta(sandbox) as client:
        yield client


@pytest.fixture
def target() -> Iterator[Target]:
    with Target() as running:
        yield running


def recorded(*numbers: int) -> list[Sent]:
    lines = [json.loads(line) for line in FILE.read_text().splitlines()]
    ours = {line["seq"]: line for line in lines if line["run"] == CATALOGUE}
    return [ours[str(number)] for number in numbers]


def form(sent: Sent, body: str) -> object:
    """What is compared of a request: method, kind of path, query keys, and the body's shape.

    ``meta`` is the target's own and comes back as it was given.
    """
    kind, _, key = sent["path"].partition("/")
    places = {
        place: types for place, types in shape(sent[body] or None).items() if ".meta" not in place
    }
    operations = [
        (one["op"], one.get("path", "").partition("[")[0])
        for one in (sent[body] or {}).get("Operations", [])
    ]
    return sent["method"], kind, bool(key), sorted(sent["query"]), places, operations


def assert_as_recorded(target: Target, *numbers: int) -> None:
    """Everything sent since the last time is what was recorded under these numbers, in order."""
    ours = [form(sent, "body") for sent in target.requests]
    target.requests.clear()
    assert ours == [form(sent, "request") for sent in recorded(*numbers)]


def test_a_cycle_sends_what_okta_sent(okta: Okta, target: Target) -> None:
    app_id = okta.app()
    okta.integrate(app_id, target, importGroups=True, renameGroups=True)
    users = okta.group("Users", "ada")
    target.requests.clear()
    okta.assign(app_id, users)
    okta.cycle()
    assert_as_recorded(target, 8, 11)

    okta.got("POST", f"/users/{okta.user('ada')}/lifecycle/suspend")
    okta.cycle()
    assert_as_recorded(target, 18)
    okta.got("POST", f"/users/{okta.user('ada')}/lifecycle/unsuspend")
    okta.cycle()
    assert_as_recorded(target, 19, 20, 21, 22)

    group = okta.group("test", "ada")
    okta.push(app_id, group, "test")
    okta.cycle()
    assert_as_recorded(target, 23, 24)
    okta.push(app_id, okta.group("scim-empty"), "scim-empty")
    okta.cycle()
    assert_as_recorded(target, 25)

    okta.got("PUT", f"/groups/{group}", {"profile": {"name": "test-renamed"}})
    okta.cycle()
    assert_as_recorded(target, 26, 27)
    okta.got("PUT", f"/groups/{users}/users/{okta.user('grace')}", status=204)
    okta.cycle()
    target.requests.clear()
    okta.got("PUT", f"/groups/{group}/users/{okta.user('grace')}", status=204)
    okta.cycle()
    assert_as_recorded(target, 29, 30, 31)
    okta.got("DELETE", f"/groups/{group}/users/{okta.user('ada')}", status=204)
    okta.cycle()
    assert_as_recorded(target, 33, 34, 35)


def test_the_agent_is_oktas(okta: Okta, target: Target) -> None:
    app_id = okta.app()
    okta.integrate(app_id, target)
    assert target.requests[0]["agent"].startswith("Okta SCIM Client")
    assert target.requests[0]["query"] == recorded_test_of_credentials()


def recorded_test_of_credentials() -> dict[str, str]:
    lines = [json.loads(line) for line in FILE.read_text().splitlines()]
    return next(line["query"] for line in lines if line["seq"] == "2-4,6")
