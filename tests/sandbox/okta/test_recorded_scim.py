"""The cycle's requests have the order and the form of Okta's own, as a SCIM server recorded them."""

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.replay import shape
from sandbox.server.server import Sandbox
from tests.sandbox.cloudflare.cloudflare_api import scim_client
from tests.sandbox.okta.okta_support import Okta, Target

FILE = Path(__file__).parents[3].parent / "shared" / "recorded" / "okta-to-scim.jsonl"
CATALOGUE = "catalogue SCIM 2.0 test app, PATCH, Import Groups on"
OWN = "own app of the wizard, PUT"
pytestmark = pytest.mark.skipif(not FILE.is_file(), reason="../shared/recorded is not here")
Sent = dict[str, Any]


def lines(run: str) -> list[Sent]:
    found = [json.loads(line) for line in FILE.read_text().splitlines()]
    return [line for line in found if line["run"].startswith(run)]


def recorded(*numbers: int, run: str = CATALOGUE) -> list[Sent]:
    ours = {line["seq"]: line for line in lines(run)}
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


def assert_as_recorded(target: Target, *numbers: int, run: str = CATALOGUE) -> None:
    """Everything sent since the last time is what was recorded under these numbers, in order."""
    ours = [form(sent, "body") for sent in target.requests]
    target.requests.clear()
    assert ours == [form(sent, "request") for sent in recorded(*numbers, run=run)]


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


def test_an_app_of_ones_own_sends_what_okta_sent(okta: Okta, target: Target) -> None:
    """Import Groups off: the target is asked for the group, and gets it as a whole."""
    own = {"label": "Own app", "signOnMode": "SAML_2_0"}
    app_id = okta.got("POST", "/apps?activate=true", own)["id"]
    okta.integrate(app_id, target, importGroups=False)
    target.requests.clear()
    okta.assign(app_id, okta.group("Users", "ada"))
    okta.cycle()
    assert_as_recorded(target, 7, 8, run=OWN)
    okta.push(app_id, okta.group("scim-empty", "ada"), "scim-empty")
    okta.cycle()
    assert_as_recorded(target, 13, 14, 15, 16, run=OWN)


GONE = "Cloudflare ends the membership on active: false, and the person is gone from SCIM"
OTHERWISE = dict.fromkeys((20, 21, 22, 51, 52, 54, 55), (404, GONE)) | dict.fromkeys(
    (31, 38), (400, f"{GONE}: no member of a group either")
)
"""What Cloudflare's endpoint answers otherwise than the recording server, and why."""


@pytest.mark.parametrize("run", [CATALOGUE, OWN])
def test_cloudflares_endpoint_answers_what_okta_sent(sandbox: Sandbox, run: str) -> None:
    named: dict[str, str] = {}
    differences: dict[int, int] = {}
    with scim_client(sandbox) as client:
        for line in lines(run):
            text = json.dumps([line["path"], line["request"]])
            for name, known in named.items():
                text = text.replace(f"@{name}", known)
            path, body = json.loads(text)
            answer = client.request(line["method"], path, params=line["query"], json=body)
            if line["names"]:
                named[line["names"]] = answer.json()["id"]
            if answer.status_code != line["answered"]:
                differences[int(line["seq"])] = answer.status_code
        groups = client.get("Groups").json()["Resources"]
    wanted = {number: status for number, (status, _) in OTHERWISE.items()}
    assert differences == (wanted if run == CATALOGUE else {})
    wanted_names = {"test-renamed", "scim-empty"} if run == CATALOGUE else {"scim-empty"}
    assert {group["displayName"] for group in groups} == wanted_names
