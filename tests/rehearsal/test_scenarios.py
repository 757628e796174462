"""Every scenario from beginning to end in rehearsal, with a sampler that sees every state."""

import json

import httpx
import pytest

from cfscim.config.models import parse_config
from cfscim.rehearsal import RehearsalDeployer
from cfscim.verify import Report, Status, parse_outputs, run
from cfscim.verify.command import lines
from sandbox.server.server import Sandbox
from tests.scenarios import (
    ADOPTIONS,
    SCENARIOS,
    Change,
    Config,
    Console,
    Cycle,
    Sampler,
    Scenario,
    Stage,
    Step,
    names,
    play,
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


def verified(sandbox: Sandbox, stage: Stage, config: Config) -> Report:
    """What verify finds of the stack as its last update left it."""
    outputs = {**stage.outputs, "tokenValue": stage.deployer.secret_output("tokenValue")}
    text = json.loads(json.dumps(outputs))
    parsed = parse_config({**config, "breakGlass": ["owner@example.com"]}, stack="dev")
    found = parse_outputs(text, parsed, source="here")
    return run(parsed, found, {}, sandbox.env, lambda _line: None)
