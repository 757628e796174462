"""Okta's System Log: what was done, by filter, keyword and time; pollers always get a next page."""

from typing import Any

from tests.sandbox.okta.okta_support import Okta, Target


def events(okta: Okta, query: str = "") -> list[Any]:
    return okta.got("GET", f"/logs?{query}")


def test_administrators_acts_are_logged(okta: Okta) -> None:
    okta.group("Billing", "ada")
    types = [event["eventType"] for event in events(okta)]
    assert types == ["group.lifecycle.create", "group.user_membership.add"]
    assert events(okta)[0]["actor"]["displayName"] == "Okta Administrator"


def test_provisioning_is_logged_with_its_failures(okta: Okta) -> None:
    app_id = okta.app()
    with Target() as target:
        okta.integrate(app_id, target)
        okta.assign(app_id, okta.group("Users", "ada"))
        okta.push(app_id, okta.group("Billing", "ada"), "Billing")
        okta.cycle()
        target.fail = lambda method, path: 403
        okta.got(
            "PUT", f"/groups/{okta.group('Late', 'grace')}/users/{okta.user('ada')}", status=204
        )
        okta.assign(app_id, okta.got("GET", "/groups?q=Late")[0]["id"])
        okta.cycle()
    pushed = events(okta, 'filter=eventType eq "application.provision.user.push"')
    assert [event["outcome"]["result"] for event in pushed] == ["SUCCESS", "FAILURE"]
    assert "403" in pushed[1]["outcome"]["reason"]
    assert [t["type"] for t in pushed[0]["target"]] == ["User", "AppInstance"]
    groups = events(okta, 'filter=eventType eq "application.provision.group_push.pushed"')
    assert groups[0]["target"][0]["displayName"] == "Billing"
    assert events(okta, f'filter=target.id eq "{app_id}" and outcome.result eq "FAILURE"') == [
        pushed[1]
    ]


def test_keywords_and_time(okta: Okta) -> None:
    okta.group("Billing")
    okta.group("Administrator")
    assert len(events(okta, "q=billing")) == 1
    assert events(okta, "since=2100-01-01T00:00:00Z") == []
    assert events(okta, "until=2000-01-01T00:00:00Z") == []
    okta.got("GET", "/logs?since=soon", status=400)
    okta.got("GET", "/logs?sortOrder=UP", status=400)


def test_newest_first_on_request(okta: Okta) -> None:
    okta.group("A")
    okta.group("B")
    found = events(okta, "sortOrder=DESCENDING&limit=1")
    assert found[0]["target"][0]["displayName"] == "B"


def test_poller_gets_a_next_page_and_a_bounded_query_ends(okta: Okta) -> None:
    okta.group("A")
    answer = okta.get("/api/v1/logs")
    later = answer.links["next"]["url"]
    assert okta.get(later).json() == []
    okta.group("B")
    assert [e["target"][0]["displayName"] for e in okta.get(later).json()] == ["B"]
    assert "next" not in okta.get("/api/v1/logs?until=2100-01-01T00:00:00Z").links
