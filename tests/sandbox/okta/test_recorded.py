"""The sandbox answers as live Okta organisations were recorded to (status, error, keys, types)."""

import contextlib
import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.exceptions import HTTPException

from sandbox import tenant
from sandbox.__main__ import main
from sandbox.okta import recorded
from sandbox.okta import routes as okta
from sandbox.okta.models import OktaState
from sandbox.replay import Exchange, Figures, Ids, cursor, differences, load
from sandbox.server.world import World

FILE = Path(__file__).parents[3].parent / "shared" / "recorded" / "okta-management.jsonl.gz"
GROUP = {"id": "00g00000000000000001", "profile": {"name": "Billing", "description": ""}}


def exchange(number: int, method: str, path: str, **more: object) -> Exchange:
    line = {"file": "made-up", "i": number, "method": method, "path": path, "status": 200, **more}
    return Exchange.of(line)


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.reset()


@pytest.mark.skipif(not FILE.is_file(), reason="../shared/recorded is not here")
def test_every_recorded_answer_is_the_sandboxes_too(world: World) -> None:
    figures = tenant.run(world, load(FILE))
    print(*figures.lines(), sep="\n")
    assert figures.exchanges.total() > 5_000
    assert not figures.differences, "\n".join(figures.differences[:20])
    given = [each for each in recorded.ACCEPTED if not each.further]
    unused = [each for each in given if not figures.accepted[each]]
    assert not unused, "differences are accepted that there are no longer"
    page = (Path(__file__).parents[3] / "docs" / "sandbox.md").read_text(encoding="utf-8")
    assert [row for row in table(figures) if row not in page] == []


# Marked as recorded in cassettes that are not among these, as their docstrings say.
_ELSEWHERE = re.compile(r"R: older|singly, and")


@pytest.mark.skipif(not FILE.is_file(), reason="../shared/recorded is not here")
def test_what_is_marked_as_recorded_is_in_a_recording() -> None:
    routes, seen = okta.router._map.bind("okta"), set[tuple[str, str]]()
    for each in load(FILE):
        with contextlib.suppress(HTTPException):
            rule, _ = routes.match(each.path, method=each.method, return_rule=True)
            seen |= {(each.method, rule.rule)} if each.status < 400 else set()
    marked = {
        (method, rule.rule)
        for rule in okta.router._map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD"}
        if re.search(r"(?<![\w`])R(?![\w`])", said := rule.endpoint.__doc__ or "")
        and not _ELSEWHERE.search(said)
    }
    assert len(marked) > 50
    assert sorted(marked - seen) == []


ROWS = {
    "connection and features": r".*/(connections|features)\b.*",
    "push mappings": r".*/group-push/.*",
    "assignments": r".* /api/v1/apps/\{id\}/(groups|users).*",
    "policies, organisation": r".* /(\.well-known|api/v1/policies).*|.*/apps/\{id\}/policies/.*",
    "apps": r".* /api/v1/apps.*|.*/groups/\{id\}/apps",
    "groups and members": r".* /api/v1/groups.*",
    "people": r".* /api/v1/users.*",
    "all": r".*",
}


def table(figures: Figures) -> list[str]:
    """The rows of the page's table."""
    counters = (figures.exchanges, figures.statuses, figures.shapes, figures.settled)
    left, rows = set(figures.exchanges), []
    for name, calls in ROWS.items():
        chosen = {call for call in left if re.fullmatch(calls, call)}
        if name == "all":
            chosen = set(figures.exchanges)
        left -= chosen
        numbers = [f"{sum(each[call] for call in chosen):,}" for each in counters]
        rows.append(f"| {' | '.join([name, *numbers])} |")
    return rows


def test_a_difference_of_status_key_and_type_is_told(world: World) -> None:
    made = {**GROUP, "type": 1, "nickname": "B"}
    figures = Figures()
    recording = [
        exchange(0, "POST", "/api/v1/groups", request=GROUP, response=made),
        exchange(1, "GET", "/api/v1/groups/00g00000000000000001", status=404, response={}),
        exchange(2, "DELETE", "/api/v1/groups/00g00000000000000001", status=204),
    ]
    del recording[1]
    tenant.replay(world, [*recording, exchange(3, "GET", "/api/v1/groups/nobody")], figures)
    told = "\n".join(figures.differences)
    assert ".nickname: missing" in told
    assert ".type: text, recorded number" in told
    assert "status 404, recorded 200" in told
    assert figures.statuses["DELETE /api/v1/groups/{id}"] == 1


def test_what_was_there_before_is_made_first(world: World) -> None:
    member = {
        "id": "00u00000000000000001",
        "status": "SUSPENDED",
        "profile": {"login": "barbara@example.com", "email": "barbara@example.com"},
    }
    path = "/api/v1/groups/00g00000000000000001"
    figures = Figures()
    recording = [
        exchange(0, "GET", f"{path}/users", response=[member]),
        exchange(1, "GET", path, response=GROUP),
    ]
    tenant.replay(world, recording, figures)
    state: OktaState = world.okta
    [group] = [group for group in state.groups.values() if group.name == "Billing"]
    [person] = group.members
    assert (state.users[person].login, state.users[person].status) == (
        member["profile"]["login"],
        "SUSPENDED",
    )
    assert figures.statuses.total() == 2


def test_who_is_assigned_by_a_group_is_in_it(world: World) -> None:
    """No list of the group's members was recorded; only the link says it."""
    app, link = "/api/v1/apps/0oa00000000000000001", f"https://x/api/v1/groups/{GROUP['id']}"
    person = {
        "id": "00u00000000000000001",
        "scope": "GROUP",
        "status": "ACTIVE",
        "_links": {"group": {"name": "Billing", "href": link}},
    }
    recording = [
        exchange(0, "GET", f"{app}/groups", response=[{"id": GROUP["id"], "priority": 0}]),
        exchange(1, "GET", f"{app}/users", response=[person]),
        exchange(2, "GET", f"/api/v1/groups/{GROUP['id']}", response=GROUP),
        exchange(3, "GET", f"/api/v1/users/{person['id']}", response={"profile": {}, **person}),
    ]
    tenant.replay(world, recording, Figures())
    [group] = [group for group in world.okta.groups.values() if group.name == "Billing"]
    assert len(group.members) == 1


PERSON = "/api/v1/users/00u00000000000000001"


@pytest.mark.parametrize(
    ("step", "before"),
    [
        ("activate", "STAGED"),
        ("reactivate", "PROVISIONED"),
        ("suspend", "ACTIVE"),
        ("unsuspend", "SUSPENDED"),
        ("unlock", "LOCKED_OUT"),
    ],
)
def test_who_took_a_step_was_where_it_begins(world: World, step: str, before: str) -> None:
    """Only a later answer shows them, with what they were by then."""
    shown = {"id": PERSON[-20:], "status": "ACTIVE", "profile": {"login": "b@example.com"}}
    figures = Figures()
    path = f"{PERSON}/lifecycle/{step}"
    recording = [exchange(0, "POST", path, response={}), exchange(1, "GET", PERSON, response=shown)]
    recorded.build(world, recording, Ids())
    assert [user.status for user in world.okta.users.values() if not user.administrator][
        -1
    ] == before
    tenant.replay(world, recording, figures)
    assert figures.statuses.total() == 2


def test_who_is_named_in_a_request_or_a_list_was_there(world: World) -> None:
    app = "/api/v1/apps/0oa00000000000000001"
    assignment = {"id": PERSON[-20:], "scope": "USER", "status": "ACTIVE", "credentials": {}}
    group = {"id": GROUP["id"], "priority": 0}
    figures = Figures()
    recording = [
        exchange(0, "GET", f"{app}/groups", response=[group]),
        exchange(1, "DELETE", f"{app}/users/{PERSON[-20:]}", status=204),
        exchange(2, "POST", f"{app}/users", request={"id": PERSON[-20:]}, response=assignment),
    ]
    tenant.replay(world, recording, figures)
    assert figures.statuses.total() == 3
    assert not [line for line in figures.differences if "[]: missing" in line]


def test_an_apps_group_has_its_own_attributes(world: World) -> None:
    listed = {**GROUP, "type": "APP_GROUP", "profile": {"name": "Staff", "dn": "CN=Staff"}}
    figures = Figures()
    tenant.replay(world, [exchange(0, "GET", "/api/v1/groups", response=[listed])], figures)
    assert not [line for line in figures.differences if ".dn" in line]


def test_ids_of_the_recording_become_the_sandboxes(world: World) -> None:
    figures = Figures()
    path = "/api/v1/groups/00g00000000000000001"
    recording = [
        exchange(0, "POST", "/api/v1/groups", request=GROUP, response=GROUP),
        exchange(1, "PUT", path, request={"profile": {"name": "Renamed"}}, response=GROUP),
    ]
    tenant.replay(world, recording, figures)
    assert figures.statuses.total() == 2
    assert "Renamed" in [group.name for group in world.okta.groups.values()]


@pytest.mark.parametrize(
    ("recorded_body", "ours", "lines"),
    [
        ({"a": None}, {"a": {"b": 1}}, []),
        ({"a": {"b": 1}}, {}, [".a: missing"]),
        ({"a": [1]}, {"a": []}, [".a[]: missing"]),
        ([{"a": "x"}, {"b": 1}], [{"a": "y", "b": 2}], []),
        ({"appLinks": {"x_link": True}}, {"appLinks": {"y_link": False}}, []),
        ({"a": "x"}, {"a": True}, [".a: boolean, recorded text"]),
    ],
)
def test_shapes(recorded_body: object, ours: object, lines: list[str]) -> None:
    assert differences(recorded_body, ours) == lines


def test_the_cursor_of_the_next_page() -> None:
    link = '<https://x/api/v1/users?limit=1>; rel="self", <https://x/api/v1/users?after=00u1>; rel="next"'
    assert cursor(link) == "00u1"
    assert cursor(link.partition(",")[0]) == ""


def test_the_command_tells_where_a_tenant_behaves_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.jsonl"
    line = {"file": "a", "i": 0, "method": "DELETE", "path": "/api/v1/groups/nobody"}
    refused = {
        "errorCode": "E0000007",
        "errorSummary": "",
        "errorLink": "",
        "errorId": "",
        "errorCauses": [],
    }
    file.write_text(json.dumps({**line, "status": 404, "response": refused}) + "\n")
    assert main(["replay", str(tmp_path)]) == 0
    file.write_text(json.dumps({**line, "status": 204, "response": None}) + "\n")
    assert main(["replay", str(file)]) == 1
    assert "status 404, recorded 204" in capsys.readouterr().out
    assert main(["replay", str(tmp_path / "none.jsonl")]) == 2


_LINE = {
    "source": "elsewhere",
    "file": "a",
    "i": 0,
    "method": "get",
    "path": "https://x.okta.com/api/v1/groups?q=Any",
    "status": "200 OK",
    "response": "[]",
}


@pytest.mark.parametrize(
    "lines",
    [
        "[" + json.dumps(_LINE) + "]",
        json.dumps({key: _LINE[key] for key in ("method", "path", "status", "response")}) + "\n\n",
        json.dumps({**_LINE, "path": "/api/v1/groups", "query": "q=Any", "host": None}),
        json.dumps({**_LINE, "path": "/api/v1/groups", "query": {"q": ["Any"]}}),
    ],
)
def test_other_forms_of_the_same_exchange(tmp_path: Path, lines: str) -> None:
    (tmp_path / "inner").mkdir()
    for place, data in (
        ("a.jsonl", lines.encode()),
        ("inner/b.jsonl.gz", gzip.compress(lines.encode())),
    ):
        (tmp_path / place).write_bytes(data)
    first, second = load(tmp_path)
    assert (first.method, first.path, first.query) == ("GET", "/api/v1/groups", (("q", "Any"),))
    assert (first.status, first.response, first.host) == (200, [], "")
    assert second.query == first.query


@pytest.mark.parametrize(
    "data",
    [b"\x1f\x8b\x08", gzip.compress(b"{}" * 999, mtime=0)[:30], b"\xff\xfe", b"[1", b'["x"]', b"7"],
)
def test_a_file_that_is_none_is_named_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes
) -> None:
    (tmp_path / "a.jsonl").write_bytes(data)
    assert main(["replay", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert str(tmp_path / "a.jsonl") in told
    assert told.count("\n") == 1


def test_calls_that_nothing_of_ours_makes_are_counted(world: World) -> None:
    graph = {"host": "microsoft", "method": "GET", "status": 200, "file": "a"}
    figures = tenant.run(
        world,
        [
            Exchange.of({**graph, "i": 0, "path": "/v1.0/teams/x", "response": {"id": "x"}}),
            Exchange.of({**graph, "i": 1, "path": "/client/v4/zones", "host": "cloudflare-0"}),
            exchange(2, "GET", "/api/v1/zones"),
            exchange(3, "GET", "/api/v1/zones"),
        ],
    )
    assert figures.differences == []
    assert figures.others == {
        "GET /v1.0/teams/x": 1,
        "GET /client/v4/zones": 1,
        "GET /api/v1/zones": 2,
    }
    assert "not compared: 4 exchanges of 3 calls" in [*figures.lines()]


@pytest.mark.parametrize("junk", [None, -1, [], {}, [None], {"id": []}, {"profile": 1}, "\n"])
def test_answers_of_no_sense_are_differences_and_no_failure(
    world: World, capsys: pytest.CaptureFixture[str], junk: object
) -> None:
    key = "00u" + "a" * 17
    person = {"id": key, "status": junk, "profile": {"login": junk, "email": "a@example.com"}}
    listed = [person, {"id": junk}, junk]
    figures = tenant.run(
        world,
        [
            exchange(1, "GET", "/api/v1/users", response=listed),
            exchange(2, "GET", f"/api/v1/users/{key}", response={**person, "_links": junk}),
            exchange(3, "POST", "/api/v1/groups", request={"profile": junk}),
            exchange(4, "GET", f"/api/v1/groups/{'x' * 300}/users", response=junk),
        ],
    )
    assert figures.exchanges.total() == 4
    assert capsys.readouterr().err == ""


def test_a_line_that_is_no_exchange_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"file": "x", "i": 0}\n')
    with pytest.raises(ValueError, match=r"a\.jsonl:1: this line is no exchange"):
        load(tmp_path)
