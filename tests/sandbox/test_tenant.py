"""What the program recorded of this sandbox replays without a difference; a changed answer is told."""

import copy
import json
import os
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from cfscim.__main__ import app
from cfscim.vendors.recording import recorded
from cfscim.verify.entra_person import provision
from sandbox.__main__ import main
from sandbox.replay import Exchange, Figures, load, shape
from sandbox.server.server import Sandbox
from sandbox.tenant import run, vendor_of
from tests.verify.verify_support import set_up

NO_STATE = {"version": 3, "deployment": {"resources": []}}
COMMANDS = (
    ("verify", "--outputs", "outputs.json"),
    ("preflight", "--state", "state.json"),
    ("adopt", "--state", "state.json"),
    ("steps", "--outputs", "outputs.json"),
    ("restore-super-admin", "--outputs", "outputs.json", "--person", "ada@example.com", "--yes"),
    ("access", "--live"),
)
VARIANTS: dict[str, dict[str, object]] = {
    "okta-userGroups-account": {},
    "okta-virtualGroups-user": {"cycle": False},
    "okta-userGroups-user": {"apiIntegration": "api", "catalogApp": "zscalerbyz"},
    "entra-userGroups-account": {"scope": "filtered"},
    "entra-virtualGroups-user": {},
}
# What an object has only once something happened: without it the answer is of an earlier moment.
_OF_A_MOMENT = re.compile(
    r".*\.(last_used_on|lastPush|lastSync|externalId|password|policies)|.*\.resources\..*|.*\.scope\..*"
)
Recordings = dict[str, Path]


@pytest.fixture(scope="module")
def recordings(
    sandbox_server: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Recordings]:
    """A folder for each stack: every command that reads a vendor, with --record."""
    yield {
        name: recording(sandbox_server, name, options, tmp_path_factory.mktemp(name))
        for name, options in VARIANTS.items()
    }
    sandbox_server.world.reset()


def recording(sandbox: Sandbox, name: str, options: dict[str, Any], folder: Path) -> Path:
    sandbox.world.reset()
    kind, model, owner = name.split("-")[:3]
    stack = set_up(sandbox, kind, model, owner, **options)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        files = {"outputs.json": stack.printed, "state.json": NO_STATE}
        for file, content in files.items():
            Path(file).write_text(json.dumps(content))
        Path("Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": dict(stack.given)}))
        on_demand = [("verify", "--outputs", "outputs.json", "--person", "ada@example.com")]
        for command in (*COMMANDS, *(on_demand if kind == "entra" else ())):
            about = [] if command[0] == "access" else ["--stack", "dev"]
            arguments = [*command, *about, "--record", "recording"]
            done = CliRunner().invoke(app, arguments, env={**os.environ, **sandbox.env})
            # Virtual groups are shown to the SCIM token alone, so that access cannot ask for them.
            partly = command[0] == "access" and model == "virtualGroups"
            assert done.exit_code in (0, 1, 4, *((3,) if partly else ())), done.output
    return folder / "recording"


def replayed(sandbox: Sandbox, exchanges: list[Exchange]) -> Figures:
    return run(sandbox.world, exchanges)


@pytest.mark.parametrize("name", VARIANTS)
def test_no_difference(sandbox_server: Sandbox, recordings: Recordings, name: str) -> None:
    exchanges = load(recordings[name])
    figures = replayed(sandbox_server, exchanges)
    assert figures.differences == []
    assert figures.exchanges.total() == len(exchanges) > 150  # not one of them is passed over
    assert all(each.today for each in figures.accepted)


def changed(exchange: Exchange, chance: random.Random) -> Exchange | None:
    """The exchange without one key of its answer, wherever it is; None without one to take."""
    places = [
        place
        for place in shape(exchange.response)
        if re.search(r"\.\w+$", place) and not _OF_A_MOMENT.fullmatch(place)
    ]
    if not places:
        return None
    answer: Any = copy.deepcopy(exchange.response)
    take_away(answer, re.findall(r"\[\]|\.(?:@odata\.)?[^.\[]+", chance.choice(sorted(places))))
    return replace(exchange, response=answer)


def take_away(value: Any, path: list[str]) -> None:
    """Delete what stands at a place of an answer, in every item of a list."""
    step, rest = path[0], path[1:]
    if step == "[]":
        for item in value if isinstance(value, list) else ():
            take_away(item, rest)
    elif isinstance(value, dict) and step[1:] in value:
        if rest:
            take_away(value[step[1:]], rest)
        else:
            del value[step[1:]]


@pytest.mark.parametrize("why", ["out of scope", "refused", "another token", "nobody", "disabled"])
def test_a_person_on_demand_replays(sandbox_server: Sandbox, tmp_path: Path, why: str) -> None:
    """On its own, with whatever comes of it."""
    world = sandbox_server.world
    world.reset()
    stack = set_up(sandbox_server, "entra", "userGroups", "account")
    ada = next(one for one in world.entra.users.values() if one.text("mail") == "ada@example.com")
    if why == "out of scope":
        for group in world.entra.groups.values():
            group.members = [one for one in group.members if one != ada.id]
    ada.properties |= {"surname": "King", "accountEnabled": why != "disabled"}
    if why == "refused":
        world.faults.add([{"kind": "403", "method": "PATCH", "path": ".*/scim/v2/Users/.*"}])
    if why == "another token":
        for synchronization in world.entra.synchronization.values():
            synchronization.secrets["SecretToken"] = "another"
    person = "nobody@example.com" if why == "nobody" else "ada@example.com"
    with recorded(tmp_path, "cfscim verify"):
        provision(stack.config, stack.outputs, {}, stack.env, person)
    world.faults.clear()
    exchanges = load(tmp_path)
    assert len(exchanges) >= 3
    assert replayed(sandbox_server, exchanges).differences == []


@pytest.mark.parametrize("name", ["okta-userGroups-account", "entra-userGroups-account"])
@pytest.mark.parametrize("seed", range(2))
def test_a_missing_key_is_told(
    sandbox_server: Sandbox, recordings: Recordings, name: str, seed: int
) -> None:
    """The first answer of each call loses a key: each of these exchanges is told."""
    chance = random.Random(seed)
    exchanges, seen, touched = [], set(), []
    for exchange in load(recordings[name]):
        call = vendor_of(exchange).call_of(exchange)
        other = None if call in seen else changed(exchange, chance)
        if other is not None:
            seen.add(call)
            touched.append((f"cfscim {other.file} {other.number} {other.method}", call))
            exchanges.append(other or exchange)
    assert len(touched) > 20
    told = replayed(sandbox_server, exchanges).differences
    assert [one for one in touched if not any(line.startswith(one[0]) for line in told)] == []


@pytest.mark.parametrize(
    ("name", "call", "status", "answer", "line"),
    [
        ("okta", "GET /api/v1/groups", 403, {"errorCode": "E0000006"}, "errorSummary: too much"),
        (
            "okta",
            "GET /api/v1/apps/{id}/features",
            400,
            {"errorCode": "E0000003"},
            "error E0000001",
        ),
        ("okta", "GET /accounts/{id}/members", 404, {"success": False}, "status 200, recorded 404"),
        ("entra", "GET /v1.0/groups", 400, {"error": {"code": "x"}}, "status 200, recorded 400"),
        ("entra", "GET /v1.0/users", 403, {"error": {"code": "Other"}}, "recorded Other"),
    ],
)
def test_another_status_or_error_is_told(
    sandbox_server: Sandbox,
    recordings: Recordings,
    name: str,
    call: str,
    status: int,
    answer: dict[str, Any],
    line: str,
) -> None:
    exchanges = load(recordings[f"{name}-userGroups-account"])
    at = next(i for i, one in enumerate(exchanges) if vendor_of(one).call_of(one) == call)
    exchanges[at] = replace(exchanges[at], status=status, response=answer)
    told = replayed(sandbox_server, exchanges).differences
    assert any(line in each for each in told), told


def test_the_command_ends_with_0_where_nothing_differs(
    recordings: Recordings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(recordings["entra-userGroups-account"])]) == 0
    assert "GET /v1.0/servicePrincipals/{id}/synchronization/jobs/{id}/schema" in (
        capsys.readouterr().out
    )


GROUP = {"id": "00000000-0000-4000-8000-00000000000a", "displayName": "Billing"}


def graph(number: int, method: str, path: str, **more: Any) -> Exchange:
    line = {"file": "a", "i": number, "host": "microsoft-0", "status": 200, "method": method}
    return Exchange.of({**line, "path": f"/v1.0{path}", **more})


def test_what_a_recording_makes_was_not_there_before(sandbox_server: Sandbox) -> None:
    asked = "/groups?$filter=displayName eq 'Billing'"
    body = {"displayName": "Billing", "mailNickname": "b", "mailEnabled": False}
    body["securityEnabled"] = True
    recording = [
        graph(0, "GET", asked, response={"value": []}),
        graph(1, "POST", "/groups", request=body, status=201, response=GROUP),
        graph(2, "GET", asked, response={"value": [GROUP]}),
        graph(3, "GET", f"/groups/{GROUP['id']}/members", response={"value": []}),
    ]
    told = replayed(sandbox_server, recording)
    assert told.statuses.total() == 4
    assert [line for line in told.differences if ".value[]:" in line] == []


@pytest.mark.parametrize("kind", ["users", "groups", "servicePrincipals", "applications"])
def test_what_is_asked_for_below_it_was_there(sandbox_server: Sandbox, kind: str) -> None:
    path = f"/{kind}/{GROUP['id']}"
    recording = [
        graph(0, "GET", f"{path}/owners", response={"value": []}),
        graph(1, "DELETE", path, status=204),
    ]
    told = replayed(
        sandbox_server, recording if kind in ("groups", "servicePrincipals") else recording[1:]
    )
    assert told.statuses == told.exchanges


def test_the_next_page_of_graph_is_asked_for_by_its_own_cursor(sandbox_server: Sandbox) -> None:
    people = [
        {
            "id": f"00000000-0000-4000-8000-{number:012x}",
            "userPrincipalName": f"{number}@example.com",
        }
        for number in range(120)
    ]
    link = "https://x/v1.0/users?$select=id&$skiptoken=text-00001"
    recording = [
        graph(0, "GET", "/users?$select=id", response={"@odata.nextLink": link, "value": people}),
        graph(1, "GET", "/users?$select=id&$skiptoken=text-00001", response={"value": people}),
    ]
    assert replayed(sandbox_server, recording).statuses.total() == 2
