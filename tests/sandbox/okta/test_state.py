"""Okta's state: survives a JSON round trip, shows no secret, and its routes touch nothing else."""

import httpx
import pytest

from sandbox.okta.models import OktaState
from tests.sandbox.okta.okta_support import TOKEN, Okta, Target


def fill(okta: Okta) -> None:
    app_id = okta.app()
    with Target() as target:
        okta.integrate(app_id, target)
        okta.assign(app_id, okta.group("Users", "ada"))
        okta.push(app_id, okta.group("Billing", "ada"), "Billing")
        okta.cycle()


def test_round_trip(okta: Okta) -> None:
    fill(okta)
    state: OktaState = okta.sandbox.world.okta
    assert OktaState.model_validate_json(state.model_dump_json()) == state


def test_snapshot_shows_the_outcome_without_secret_or_time(okta: Okta, admin: httpx.Client) -> None:
    fill(okta)
    text = admin.get("state").text
    shown = admin.get("state").json()["okta"]
    (app,) = shown["apps"]
    assert (app["assignedGroups"], app["users"][0]["userName"]) == (["Users"], "ada@example.com")
    assert app["pushMappings"][0]["pushed"] is True
    assert app["provisioning"]["token"] == "[secret]"
    billing = [g for g in shown["groups"] if g["name"] == "Billing"]
    assert [g["type"] for g in billing] == ["OKTA_GROUP", "APP_GROUP"]
    assert billing[0]["members"] == ["ada@example.com"]
    assert TOKEN not in text
    assert "created" not in shown["users"][0]


def test_noop_fault_changes_nothing(okta: Okta, admin: httpx.Client) -> None:
    before = admin.get("state").json()["okta"]
    admin.post("faults", json={"kind": "noop", "vendor": "okta", "method": "POST"})
    group_id = okta.got("POST", "/groups", {"profile": {"name": "Lost"}})["id"]
    okta.got("GET", f"/groups/{group_id}", status=404)
    assert admin.get("state").json()["okta"] == before


def test_lagging_reads_see_the_past(okta: Okta, admin: httpx.Client) -> None:
    admin.post("faults", json={"kind": "lag", "vendor": "okta", "reads": 2})
    group_id = okta.got("POST", "/groups", {"profile": {"name": "Late"}})["id"]
    statuses = [okta.get(f"/api/v1/groups/{group_id}").status_code for _ in range(3)]
    assert statuses == [404, 404, 200]


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("401", 401, "E0000011"),
        ("403", 403, "E0000006"),
        ("404", 404, "E0000007"),
        ("409", 409, "E0000157"),
        ("429-retry-after", 429, "E0000047"),
        ("500", 500, "E0000009"),
        ("503", 503, "E0000010"),
    ],
)
def test_injected_errors_have_okta_s_shape(
    okta: Okta, admin: httpx.Client, kind: str, status: int, code: str
) -> None:
    admin.post("faults", json={"kind": kind, "vendor": "okta"})
    answer = okta.get("/api/v1/groups")
    assert (answer.status_code, answer.json()["errorCode"]) == (status, code)
    assert "X-Rate-Limit-Reset" in answer.headers
