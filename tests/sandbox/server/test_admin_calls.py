"""Every call of the admin API: what it does not take is refused, in words, and changes nothing."""

import json
import re

import httpx
import pytest

from sandbox.server.admin_router import admin_router
from sandbox.server.server import Sandbox
from tests.loopback import PLAIN

CALLS = sorted(
    (method, re.sub(r"<\w+>", "a" * 32, rule.rule.removeprefix("/_sandbox/")))
    for rule in admin_router._map.iter_rules()
    for method in (rule.methods or set()) - {"HEAD"}
)
PATHS = sorted({path for _, path in CALLS})
VALUES: dict[str, object] = {"text": "x", "switch": True, "number": 1, "list": [[]], "object": {}}
HEADERS = {"Content-Type": "application/json"}


def state(admin: httpx.Client) -> list[object]:
    answers = (admin.get(path) for path in ("state", "faults", "requests"))
    return [answer.raise_for_status().json() for answer in answers]


def refused(answer: httpx.Response, *statuses: int) -> str:
    assert answer.status_code in (statuses or (400,)), answer.text
    assert set(answer.json()) == {"error"}
    assert "\n" not in answer.json()["error"]
    return answer.json()["error"]


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_no_call_takes_an_unknown_key(admin: httpx.Client, method: str, path: str) -> None:
    before = state(admin)
    asked = admin.request(method, path, json={"nosuch": 1})
    assert "unknown key 'nosuch'" in refused(asked)
    assert "unknown key 'nosuch'" in refused(admin.request(method, f"{path}?nosuch=1", json={}))
    assert state(admin) == before


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_no_call_takes_a_value_of_another_kind(admin: httpx.Client, method: str, path: str) -> None:
    before = state(admin)
    said = refused(admin.request(method, path, json={"nosuch": 1}))
    takes = said.partition("this call takes ")[2] or said.partition("known: ")[2]
    for key in takes.split(", ") if takes != "nothing" else ():
        others = [admin.request(method, path, json={key: value}) for value in VALUES.values()]
        wrong = [answer for answer in others if f"{key}: " in answer.text]
        assert len(wrong) >= len(VALUES) - 1, key
        for answer in wrong:
            refused(answer)
        assert all(answer.status_code < 500 for answer in others)
    # The one of its own kind may have been taken.
    admin.delete("faults")
    if path.startswith("cloudflare/accounts/"):
        return
    assert state(admin)[1:] == before[1:]


@pytest.mark.parametrize(("method", "path"), [call for call in CALLS if call[0] != "GET"])
@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff\xfe",
        b'"x"',
        b"3",
        b"[[]]",
        b"[" * 100_000,
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1e999}',
        b'{"a": "\\ud800"}',
        b"\0",
        b"email=ada@example.com",
        b"9" * 5000,
    ],
)
def test_a_body_that_is_no_object_is_refused(
    admin: httpx.Client, method: str, path: str, body: bytes
) -> None:
    before = state(admin)
    refused(admin.request(method, path, content=body, headers=HEADERS))
    assert state(admin) == before


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_another_method_is_refused(admin: httpx.Client, method: str, path: str) -> None:
    if (method, path) not in CALLS:
        refused(admin.request(method, path), 405)


@pytest.mark.parametrize(("method", "path"), CALLS)
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null", "Content-Type": "text/plain"},
    ],
)
def test_no_call_is_for_another_page(
    sandbox: Sandbox, method: str, path: str, headers: dict[str, str]
) -> None:
    url = f"{sandbox.origin}/_sandbox/{path}"
    refused(PLAIN.request(method, url, headers=headers, content=b"{}"), 403)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "500", "vendor": "cloudflair"},
        {"kind": "500", "method": "GTE"},
        {"kind": "slow", "seconds": 1e9},
        {"kind": "500", "times": 1.5},
        {"kind": "500", "path": "("},
        {"kind": "5000"},
    ],
)
def test_a_fault_that_could_never_strike_is_refused(
    admin: httpx.Client, fault: dict[str, object]
) -> None:
    refused(admin.post("faults", json=[{"kind": "503"}, fault]))
    assert admin.get("faults").json() == [], "all or none"


def test_a_switch_left_out_or_null_is_as_documented(admin: httpx.Client) -> None:
    ada = {"identityProvider": "okta", "email": "ada@example.com"}
    for more, status in (({}, "SUSPENDED"), ({"suspended": False}, "ACTIVE")):
        admin.post("suspend", json={**ada, **more}).raise_for_status()
        admin.post("suspend", json={**ada, "suspended": "false"})
        people = admin.get("state").json()["okta"]["users"]
        assert [one["status"] for one in people if one["email"] == ada["email"]] == [status]
    admin.post("suspend", json={**ada, "suspended": None}).raise_for_status()
    assert "SUSPENDED" in admin.get("state").text


def test_okta_s_own_groups_are_left_to_okta(sandbox: Sandbox, admin: httpx.Client) -> None:
    groups = sandbox.world.okta.groups.values()
    everyone = next(group for group in groups if group.type == "BUILT_IN")
    who = {"identityProvider": "okta", "email": "ada@example.com", "group": everyone.id}
    for member in (True, False):
        refused(admin.post("members", json={**who, "member": member}))


def test_an_odd_name_is_kept_and_shown_as_it_stands(admin: httpx.Client) -> None:
    odd = "<script>alert(1)</script>\u202e\0'\"😀"
    email = '"<b>"@example.com'
    body = {"email": email, "firstName": odd, "attributes": {"department": odd}}
    admin.post("users", json=body).raise_for_status()
    everything = admin.get("state")
    assert email in [user["mail"] for user in everything.json()["entra"]["users"]]
    assert json.loads(everything.text) == everything.json()
    assert everything.headers["content-type"] == "application/json"
