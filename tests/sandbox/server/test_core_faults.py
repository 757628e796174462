"""Every fault does what it says, as often and where it was told to, and nothing more."""

import json
import time

import httpx
import pytest

from sandbox.server.server import Sandbox
from tests.loopback import PLAIN
from tests.sandbox.cloudflare.cloudflare_api import (
    account_client,
    client,
    effective_roles,
    scim_client,
    scim_user,
)

USERS = r"/client/v4/accounts/[0-9a-f]{32}/scim/v2/Users"


def _provision(sandbox: Sandbox, email: str = "ada@example.com") -> httpx.Response:
    return scim_client(sandbox).post("/Users", json=scim_user(email))


def _count(sandbox: Sandbox) -> int:
    return scim_client(sandbox).get("/Users").json()["totalResults"]


def _set(admin: httpx.Client, kind: str, **settings: object) -> list[dict[str, object]]:
    wanted = {"kind": kind, "method": "POST", "path": USERS, **settings}
    answer = admin.post("faults", json=wanted)
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.mark.parametrize("status", [401, 403, 404, 409, 429, 500, 503])
def test_a_status_is_answered_once_in_the_vendors_shape(
    sandbox: Sandbox, admin: httpx.Client, status: int
) -> None:
    _set(admin, str(status))
    refused = _provision(sandbox)
    assert refused.status_code == status
    assert refused.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert "Retry-After" not in refused.headers
    assert effective_roles(sandbox, "ada@example.com") is None
    assert _provision(sandbox).status_code == 201


def test_the_other_shapes(sandbox: Sandbox, admin: httpx.Client) -> None:
    for _ in range(3):
        admin.post("faults", json={"kind": "503"})
    assert client(sandbox).get("/user").json()["success"] is False
    base = sandbox.world.http_base
    assert "errorCode" in httpx.get(base + "/api/v1/users/me", trust_env=False).json()
    assert "error" in httpx.get(base + "/v1.0/users", trust_env=False).json()


def test_retry_after(sandbox: Sandbox, admin: httpx.Client) -> None:
    _set(admin, "429-retry-after", retryAfter=7)
    assert _provision(sandbox).headers["Retry-After"] == "7"
    admin.post("faults", json={"kind": "429-retry-after", "vendor": "okta", "retryAfter": 3})
    answer = PLAIN.get(sandbox.world.http_base + "/api/v1/groups")
    assert 0 <= int(answer.headers["X-Rate-Limit-Reset"]) - time.time() <= 4


def test_refuse_answers_nothing_and_does_nothing(sandbox: Sandbox, admin: httpx.Client) -> None:
    _set(admin, "refuse")
    with pytest.raises(httpx.RemoteProtocolError):
        _provision(sandbox)
    assert _count(sandbox) == 1


def test_a_lost_response_was_done(sandbox: Sandbox, admin: httpx.Client) -> None:
    _set(admin, "lost-response")
    with pytest.raises(httpx.RemoteProtocolError):
        _provision(sandbox)
    assert _count(sandbox) == 2


def test_a_truncated_answer_was_done(sandbox: Sandbox, admin: httpx.Client) -> None:
    _set(admin, "truncated")
    with pytest.raises(httpx.RemoteProtocolError, match="complete message"):
        _provision(sandbox)
    assert _count(sandbox) == 2


def test_wrong_json_is_200_and_nothing_done(sandbox: Sandbox, admin: httpx.Client) -> None:
    _set(admin, "wrong-json")
    answer = _provision(sandbox)
    assert (answer.status_code, type(answer.json())) == (200, list)
    assert _count(sandbox) == 1


def test_noop_looks_done_and_is_not(sandbox: Sandbox, admin: httpx.Client) -> None:
    _set(admin, "noop")
    answer = _provision(sandbox)
    assert (answer.status_code, answer.json()["userName"]) == (201, "ada@example.com")
    assert _count(sandbox) == 1
    assert scim_client(sandbox).get(f"/Users/{answer.json()['id']}").status_code == 404


def test_slow_waits_and_then_does_it(sandbox: Sandbox, admin: httpx.Client) -> None:
    _set(admin, "slow", seconds=0.3)
    start = time.monotonic()
    assert _provision(sandbox).status_code == 201
    assert time.monotonic() - start >= 0.3


def test_hang_holds_up_nobody_else_and_ends_with_the_fault(
    sandbox: Sandbox, admin: httpx.Client
) -> None:
    _set(admin, "hang")
    caller = scim_client(sandbox)
    with pytest.raises(httpx.ReadTimeout):
        caller.post("/Users", json=scim_user("ada@example.com"), timeout=0.2)
    assert _count(sandbox) == 1
    _set(admin, "hang", seconds=0.1)
    with pytest.raises(httpx.RemoteProtocolError):
        _provision(sandbox)
    assert _count(sandbox) == 1


def test_reads_lag_behind_the_write(sandbox: Sandbox, admin: httpx.Client) -> None:
    caller = scim_client(sandbox)
    _set(admin, "lag", reads=2)
    assert caller.post("/Users", json=scim_user("ada@example.com")).status_code == 201
    counts = [caller.get("/Users").json()["totalResults"] for _ in range(3)]
    assert counts == [1, 1, 2]


def test_a_lag_does_not_lose_later_writes(sandbox: Sandbox, admin: httpx.Client) -> None:
    caller = scim_client(sandbox)
    _set(admin, "lag", reads=1)
    caller.post("/Users", json=scim_user("ada@example.com"))
    caller.post("/Users", json=scim_user("grace@example.com"))
    counts = [caller.get("/Users").json()["totalResults"] for _ in range(2)]
    assert counts == [1, 3]


def test_skip_and_times(sandbox: Sandbox, admin: httpx.Client) -> None:
    _set(admin, "500", skip=1, times=2)
    people = ["a@example.com", "b@example.com", "c@example.com", "d@example.com"]
    assert [_provision(sandbox, one).status_code for one in people] == [201, 500, 500, 201]
    [fault] = admin.get("faults").json()
    assert (fault["fired"], fault["active"]) == (2, False)


def test_only_the_route_that_is_aimed_at(sandbox: Sandbox, admin: httpx.Client) -> None:
    _set(admin, "500", path="/client/v4/user", method="GET", times=None)
    assert client(sandbox).get("/user/tokens").status_code == 200
    assert client(sandbox).post("/user").status_code == 405
    assert [client(sandbox).get("/user").status_code for _ in range(3)] == [500] * 3
    admin.delete("faults")
    assert client(sandbox).get("/user").status_code == 200
    assert admin.get("faults").json() == []


def test_only_the_vendor_that_is_aimed_at(sandbox: Sandbox, admin: httpx.Client) -> None:
    admin.post("faults", json={"kind": "500", "vendor": "entra"})
    assert client(sandbox).get("/user").status_code == 200


def test_the_log_names_the_fault(sandbox: Sandbox, admin: httpx.Client) -> None:
    _set(admin, "503")
    _set(admin, "refuse")
    _provision(sandbox)
    with pytest.raises(httpx.RemoteProtocolError):
        _provision(sandbox)
    seen = [(one.get("fault"), one["status"]) for one in admin.get("requests").json()]
    assert [one for one in seen if one[0]] == [("503", 503), ("refuse", None)]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"kind": "explode"},
        {"kind": "500", "path": "("},
        {"kind": "500", "times": -1},
        {"kind": "slow", "seconds": "long"},
        {"kind": "500", "method": "GET", "pfad": "/x"},
        ["500"],
        None,
    ],
)
def test_a_senseless_fault_is_refused(admin: httpx.Client, wrong: object) -> None:
    answer = admin.post("faults", content=json.dumps(wrong))
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert admin.get("faults").json() == []


def test_a_reset_ends_faults(sandbox: Sandbox, admin: httpx.Client) -> None:
    _set(admin, "500", times=None)
    assert admin.post("reset").status_code == 204
    assert _provision(sandbox).status_code == 201
    assert account_client(sandbox).get("").status_code == 200
