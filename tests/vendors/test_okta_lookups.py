"""Our look-ups see what Okta has, while its searches and a group's members are seconds behind."""

import pytest

from cfscim.vendors.okta import api
from cfscim.vendors.okta.api import OktaClient
from sandbox.server.server import Sandbox
from tests.sandbox.okta.okta_support import NEWCOMER, Clock, Okta


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock.of_what_is_late(monkeypatch)


def addressed(okta: OktaClient, address: str) -> list[str]:
    return [user.id for user in okta.users_by_email([address])[address]]


def test_a_group_made_just_now_is_found(there: Okta, okta: OktaClient, clock: Clock) -> None:
    made = there.group("Fresh")
    seen = okta.group_by_name("Fresh")
    assert seen is not None
    assert seen.id == made
    clock.at += 3
    there.got("DELETE", f"/groups/{made}", status=204)
    assert okta.group_by_name("Fresh") is None


def test_people_made_or_changed_just_now(there: Okta, okta: OktaClient, clock: Clock) -> None:
    made = there.got("POST", "/users?activate=false", {"profile": NEWCOMER})["id"]
    assert addressed(okta, "new@example.com") == [made]
    clock.at += 3
    there.got("POST", f"/users/{made}", {"profile": {"email": "other@example.com"}})
    assert addressed(okta, "new@example.com") == []
    assert addressed(okta, "other@example.com") == [made]
    clock.at += 3
    # Another case is seen by the search alone.
    assert addressed(okta, "OTHER@example.com") == [made]


@pytest.mark.parametrize("later", [3, 0])
def test_more_groups_of_a_beginning_than_a_list_shows(
    there: Okta, okta: OktaClient, clock: Clock, monkeypatch: pytest.MonkeyPatch, later: int
) -> None:
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        clock.at += seconds + 1

    monkeypatch.setattr(okta._http, "sleep", sleep)  # pyright: ignore[reportPrivateUsage]
    for number in range(205):
        there.group(f"Fresh {number:03}")
    last = there.group("fresh")
    there.got("PUT", f"/groups/{last}", {"profile": {"name": "Fresh"}})
    clock.at += later
    seen = okta.group_by_name("Fresh")
    # What is beyond the list is seen once the search has it.
    assert seen is not None
    assert seen.id == last
    assert len(waited) == (later == 0)


def test_members_that_differ_are_read_again_where_they_were_just_changed(
    sandbox: Sandbox, there: Okta, okta: OktaClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "LATE_SECONDS", 0.0)
    group = there.group("Fresh", "ada")
    before_the_late_one = 11
    sandbox.world.okta.late.reads = before_the_late_one
    assert okta.group_members(group) == ()
    sandbox.world.okta.late.reads = before_the_late_one
    members = okta.settled_members(okta.group(group), ["ada@example.com"], exact=True)
    assert [member.email for member in members] == ["ada@example.com"]
