"""Every scenario from beginning to end in rehearsal, with a sampler that sees every state."""

import json
from hashlib import sha256

import httpx
import pytest

from cfscim.config.messages import ScimError
from cfscim.config.models import parse_config
from cfscim.rehearsal import RehearsalDeployer
from cfscim.verify import Report, Status, parse_outputs, run
from cfscim.verify.command import lines
from sandbox.server.server import Sandbox
from tests.scenarios import (
    ADOPTIONS,
    SCENARIOS,
    UNTIL,
    Change,
    Config,
    Console,
    Cycle,
    Sampler,
    Scenario,
    Stage,
    Step,
    granted,
    names,
    play,
    provider_switch,
    rotation,
)

pytestmark = pytest.mark.usefixtures("signed_in")

# Of a move that is given up a User Group may stay in Cloudflare, which verify names.
MOVES = {
    one.name
    for one in SCENARIOS
    if any("move" in change.config for change in one.changes) and "given-up" not in one.name
}


ALL = (*SCENARIOS, *ADOPTIONS)


@pytest.mark.parametrize("scenario", ALL, ids=names(ALL))
def test_nobody_loses_or_gains_a_role_and_verify_knows_every_step_of_a_move(
    sandbox: Sandbox, admin: httpx.Client, scenario: Scenario
) -> None:

    def anew() -> RehearsalDeployer:
        return RehearsalDeployer("dev", sandbox.env, lambda _line: None)

    stage = Stage(anew(), admin, anew=anew)
    sampler, changes, wrong = Sampler(sandbox), list[Change](), list[str]()

    def after(step: Step) -> None:
        if isinstance(step, Change):
            changes.append(step)
        elif isinstance(step, Cycle | Console) and scenario.name in MOVES:
            report = verified(sandbox, stage, changes[-1].config)
            found = [one for one in report.checks if one.status is Status.FAILS or one.owed]
            wrong.extend(f"{changes[-1].name}: {line}" for line in lines(found))

    play(scenario, stage, sampler, after)
    assert sampler.wrong == []
    assert sampler.looks > 10
    if scenario in ADOPTIONS:
        assert len(sandbox.world.cloudflare.tokens) == 1, "the former token was ended last"
    assert "\n".join(wrong) == ""


ROTATIONS = [rotation("okta"), rotation("entra"), *ADOPTIONS]


@pytest.mark.parametrize("scenario", ROTATIONS, ids=names(ROTATIONS))
def test_what_the_identity_provider_signs_in_with_is_valid_at_every_moment(
    sandbox: Sandbox, admin: httpx.Client, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    def anew() -> RehearsalDeployer:
        return RehearsalDeployer("dev", sandbox.env, lambda _line: None)

    world, ended, looks = sandbox.world, set[str](), list[int]()
    changed = world.changed.set

    def look() -> None:
        changed()
        tokens = world.cloudflare.tokens.values()
        valid = {token.value_sha256 for token in tokens if token.status == "active"}
        held = [app.provisioning.token for app in world.okta.apps.values()]
        held += [sync.secrets["SecretToken"] for sync in world.entra.synchronization.values()]
        looks.append(len(held))
        ended.update(one for one in held if sha256(one.encode()).hexdigest() not in valid)

    stage = Stage(anew(), admin, anew=anew)
    stage.deploy(scenario.start)
    monkeypatch.setattr(world.changed, "set", look)
    for step in scenario.steps:
        stage.take(step)
    assert not ended
    assert sum(looks) > 2


def verified(sandbox: Sandbox, stage: Stage, config: Config) -> Report:
    """What verify finds of the stack as its last update left it."""
    outputs = {**stage.outputs, "tokenValue": stage.deployer.secret_output("tokenValue")}
    text = json.loads(json.dumps(outputs))
    parsed = parse_config({**config, "breakGlass": ["owner@example.com"]}, stack="dev")
    found = parse_outputs(text, parsed, source="here")
    return run(parsed, found, {}, sandbox.env, lambda _line: None)


@pytest.mark.parametrize("given_up", [False, True], ids=["protected", "while it is given up"])
def test_who_takes_the_console_steps_back_is_refused_and_nobody_loses_a_role(
    sandbox: Sandbox, admin: httpx.Client, given_up: bool
) -> None:
    """The new app's assignment would go, and Okta would deactivate everybody in Cloudflare."""
    scenario = provider_switch("entra")
    stage = Stage(RehearsalDeployer("dev", sandbox.env, lambda _line: None), admin)
    sampler = Sampler(sandbox)
    stage.deploy(scenario.start)
    sampler.expected = granted(scenario.start)
    unconfirmed, confirmed = scenario.changes[:2]
    entry = {"what": "move", "until": UNTIL, "by": "grace@example.com", "reason": "given up"}
    more: Config = {"removals": [entry]} if given_up else {}
    with sampler.running():
        for step in scenario.steps[: scenario.steps.index(confirmed) + 1]:
            stage.take(step)
        stage.take(Cycle())
        stage.update({**confirmed.config, **more})
        with pytest.raises(ScimError, match="Deactivate Users is on" if given_up else "protected"):
            stage.update({**unconfirmed.config, **more})
        stage.take(Cycle())
    assert sampler.wrong == []
