"""`verify --person`: Entra provisions one person now, and Cloudflare is asked."""

import json

import httpx
import pytest

from cfscim.config.messages import UsageError
from cfscim.config.models import parse_config
from cfscim.rehearsal import RehearsalDeployer
from cfscim.verify import Check, Report, Status, parse_outputs
from cfscim.verify.command import run
from cfscim.verify.entra_person import provision
from sandbox.server.server import Sandbox
from sandbox.server.world import World
from tests.scenarios import Change, Config, Scenario, Stage, names, provider_switch
from tests.verify.verify_base import ENTRA, OKTA, Bases
from tests.verify.verify_entra_deviations import sync, user

pytestmark = pytest.mark.usefixtures("signed_in")


def checks(bases: Bases, person: str, stack: object = None) -> dict[str, Check]:
    made = stack or bases.stack(ENTRA)
    report = provision(made.config, made.outputs, {}, made.env, person)  # type: ignore[attr-defined]
    return {check.id: check for check in report.checks}


def test_a_person_who_is_there_already_holds_on_both_sides(bases: Bases) -> None:
    found = checks(bases, "ada@example.com")
    assert {check.status for check in found.values()} == {Status.HOLDS}
    assert "as Entra does" in found["entra.person"].found


@pytest.mark.parametrize("why", ["disabled in Entra", "in no assigned group"])
def test_who_is_taken_away_is_not_said_to_be_provisioned(bases: Bases, why: str) -> None:
    stack = bases.stack(ENTRA)
    ada = user(bases.sandbox.world, "ada")
    if why == "disabled in Entra":
        ada.properties["accountEnabled"] = False
    else:
        for group in bases.sandbox.world.entra.groups.values():
            group.members = [one for one in group.members if one != ada.id]
    found = checks(bases, "ada@example.com", stack)
    assert found["entra.person"].status is Status.FAILS
    assert found["entra.person"].found == f"taken away in Cloudflare: {why}"
    assert "see that the account is enabled" in found["entra.person"].action
    assert found["cloudflare.person"].action == "see entra.person"


def newcomer(world: World, address: str) -> str:
    """A person in Entra who is in no group yet; returns the id."""
    kept = user(world, "edsger").properties
    changed = {"mail": address, "userPrincipalName": address}
    return world.entra.add("user", {k: v for k, v in kept.items() if k != "id"} | changed).id


def test_a_new_person_arrives_without_waiting_for_a_cycle(bases: Bases) -> None:
    stack = bases.stack(ENTRA)
    world: World = bases.sandbox.world
    address = "barbara@example.com"
    person = newcomer(world, address)
    for group in world.entra.groups.values():
        if group.text("displayName") == "Cloudflare Users":
            group.members.append(person)
    found = checks(bases, address, stack)
    assert {check.status for check in found.values()} == {Status.HOLDS}, found
    assert found["entra.person"].found == f"provisioned as {address}"


def test_a_person_who_is_out_of_scope_is_said_to_be(bases: Bases) -> None:
    stack = bases.stack(ENTRA)
    newcomer(bases.sandbox.world, "barbara@example.com")
    found = checks(bases, "barbara@example.com", stack)
    assert found["entra.person"].status is Status.FAILS
    assert "Skipped: NotEffectivelyEntitled" in found["entra.person"].found
    assert "put the person into the role's group" in found["entra.person"].action
    assert found["cloudflare.person"].status is Status.FAILS


def test_nobody_of_this_address(bases: Bases) -> None:
    found = checks(bases, "nobody@example.com")
    assert found["entra.person"].status is Status.FAILS
    assert "nobody has nobody@example.com as mail" in found["entra.person"].found
    assert found["cloudflare.person"].status is Status.FAILS


def test_what_entra_says_is_passed_on(bases: Bases) -> None:
    stack = bases.stack(ENTRA)
    sync(bases.sandbox.world).secrets["SecretToken"] = "wrong"
    found = checks(bases, "ada@example.com", stack)
    assert found["entra.person"].status is not Status.HOLDS


def test_a_missing_permission_is_named(bases: Bases) -> None:
    stack = bases.stack(ENTRA)
    bases.sandbox.world.entra.roles = ["User.Read.All", "Synchronization.Read.All"]
    found = checks(bases, "ada@example.com", stack)
    assert found["entra.person"].status is Status.UNKNOWN
    assert "Synchronization.ReadWrite.All" in found["entra.person"].action


MOVES = [provider_switch("okta"), provider_switch("entra")]


@pytest.mark.parametrize("scenario", MOVES, ids=names(MOVES))
def test_during_a_move_the_way_of_entra_is_asked(
    sandbox: Sandbox, admin: httpx.Client, scenario: Scenario
) -> None:
    stage = Stage(RehearsalDeployer("dev", sandbox.env, lambda _line: None), admin)
    stage.deploy(scenario.start)
    asked = 0
    for step in scenario.steps:
        stage.take(step)
        if not isinstance(step, Change) or "move" not in step.config:
            continue
        found = of_stage(stage, step.config)
        if found is None:
            assert step.name == "switch"
            assert scenario.name == "entra-to-okta"
            continue
        asked += 1
        assert {check.status for check in found.checks} == {Status.HOLDS}, step.name
    assert asked == 2


def of_stage(stage: Stage, config: Config) -> Report | None:
    """What is said of a stack as it stands; None where nobody provisions on demand."""
    token = stage.deployer.secret_output("tokenValue")
    text = json.loads(json.dumps({**stage.outputs, "tokenValue": token}))
    parsed = parse_config(config, stack="dev")
    outputs = parse_outputs(text, parsed, source="here")
    try:
        return provision(parsed, outputs, {}, stage.deployer.environment, "ada@example.com")
    except UsageError:
        return None


def test_okta_has_nothing_like_it(bases: Bases) -> None:
    stack = bases.stack(OKTA)
    with pytest.raises(UsageError, match="leave --person out"):
        provision(stack.config, stack.outputs, {}, stack.env, "ada@example.com")


@pytest.mark.parametrize("person", ["", " ", "not an address", "ada@example.com ", "ada"])
def test_what_is_no_address_is_refused_before_anything_is_asked(person: str) -> None:
    with pytest.raises(UsageError, match="--person: .*a person is found by the address alone"):
        run("nowhere", "text", None, {}, person=person)
