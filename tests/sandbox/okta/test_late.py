"""What Okta shows late: searches by seconds, a group's members now and then (vendors-seen)."""

import httpx
import pytest

from sandbox.server.server import Sandbox
from tests.sandbox.okta.okta_support import NEWCOMER, Clock, Okta

NAMED = '/groups?search=profile.name eq "Fresh"'
ADDRESSED = '/users?search=profile.email eq "new@example.com"'


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock.of_what_is_late(monkeypatch)


def found(okta: Okta, path: str) -> list[str]:
    return [str(item["id"]) for item in okta.got("GET", path)]


def test_a_search_shows_a_group_seconds_after_it_was_made(okta: Okta, clock: Clock) -> None:
    made = okta.got("POST", "/groups", {"profile": {"name": "Fresh"}})["id"]
    assert found(okta, NAMED) == []
    assert found(okta, "/groups?q=Fresh") == [made]
    clock.at += 3
    assert found(okta, NAMED) == [made]


def test_a_search_shows_an_old_name_and_a_deleted_group_for_seconds(
    okta: Okta, clock: Clock
) -> None:
    made = okta.got("POST", "/groups", {"profile": {"name": "Fresh"}})["id"]
    clock.at += 3
    okta.got("PUT", f"/groups/{made}", {"profile": {"name": "Stale"}})
    assert found(okta, NAMED) == [made]
    clock.at += 3
    assert found(okta, NAMED) == []
    okta.got("DELETE", f"/groups/{made}", status=204)
    assert found(okta, '/groups?search=profile.name eq "Stale"') == [made]
    clock.at += 3
    assert found(okta, '/groups?search=profile.name eq "Stale"') == []


def test_a_search_shows_people_late_and_a_filter_does_not(okta: Okta, clock: Clock) -> None:
    made = okta.got("POST", "/users?activate=false", {"profile": NEWCOMER})["id"]
    by_filter = ADDRESSED.replace("search", "filter")
    assert (found(okta, ADDRESSED), found(okta, by_filter)) == ([], [made])
    clock.at += 3
    assert found(okta, ADDRESSED) == [made]


def test_now_and_then_members_are_those_of_before(okta: Okta, clock: Clock) -> None:
    group = okta.got("POST", "/groups", {"profile": {"name": "Fresh"}})["id"]
    ada = found(okta, '/users?search=profile.email eq "ada@example.com"')[0]
    okta.got("PUT", f"/groups/{group}/users/{ada}", status=204)
    reads = [found(okta, f"/groups/{group}/users") for _ in range(24)]
    assert reads.count([]) == 2
    clock.at += 3
    assert {len(found(okta, f"/groups/{group}/users")) for _ in range(24)} == {1}


def test_the_lag_can_be_set(admin: httpx.Client, sandbox: Sandbox) -> None:
    answer = admin.post("okta/late", json={"search": 0, "members": 0.5})
    assert answer.json() == {"search": 0, "members": 0.5}
    assert sandbox.world.okta.late.search_seconds == 0
    assert admin.post("okta/late", json={"search": "long"}).status_code == 400
