"""What `plan --against` predicts is what the real engine's preview then says, change by change."""

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from cfscim.config.models import parse_config
from cfscim.config.stack_file import check_stack_file
from cfscim.plan.model import make_plan
from cfscim.review.changes import Action, ResourceChange, resource_changes
from cfscim.up.command import begin, deploy
from cfscim.up.engine import Engine, EngineDeployer
from cfscim.up.sandbox_process import SandboxProcess
from tests.engine.engine_preview import Said, preview
from tests.plan.plan_kit import write
from tests.review.gallery_scenarios import SCENARIOS, Config, Scenario

STACK = "review"
# A preview looks people up in the sandbox, and these are not there.
NOT_HERE = ("three-hundred-people",)
# Each shows another kind of change; with CFSCIM_ENGINE_ALL=1 the whole gallery is compared.
TELLING = (
    *("grant", "role-dropped", "members-handed-to-okta", "group-rename-attempt"),
    *("users-group-additive-to-exact", "token-rotated", "token-owner-switched"),
    *("account-switched", "okta-api-integration"),
    *("token-rotated-entra", "role-model-to-virtual-groups", "entra-scope-filtered"),
    *("entra-stopped", "provider-switched-to-okta"),
)


def _bases() -> list[list[Scenario]]:
    """The scenarios to compare, those with the same base together: it is deployed once."""
    found: dict[str, list[Scenario]] = {}
    for scenario in SCENARIOS:
        wanted = scenario.name in TELLING or "CFSCIM_ENGINE_ALL" in os.environ
        if scenario.before is not None and scenario.name not in NOT_HERE and wanted:
            found.setdefault(json.dumps(scenario.before), []).append(scenario)
    return list(found.values())


def _predicted(scenario: Scenario, folder: Path) -> tuple[ResourceChange, ...]:
    plans = [
        make_plan(check_stack_file(write(folder, STACK, config)))
        for config in (scenario.before, scenario.after)
    ]
    return resource_changes(plans[0].resources, plans[1].resources, STACK)


def _deployed(base: Config, engine: Engine, sandbox: SandboxProcess, to: Path) -> EngineDeployer:
    deployer = EngineDeployer(engine, STACK, to, sandbox.environment(), lambda _line: None)
    # From loopback a token with allowed networks does not work, so they are added afterwards.
    token = {**base["token"], "allowedCidrs": []} if isinstance(base["token"], dict) else {}
    open_base = {**base, "token": token}
    config = parse_config(base, stack=STACK)
    if getattr(config.identity_provider, "api_integration_confirmed", True):
        deploy(begin(config, open_base, deployer, sandbox, lambda _line: None))
    if config.token.allowed_cidrs or not deployer.stack.outputs():
        deployer.update({"cloudflare-scim:scim": base})
    return deployer


def _compare_refused(changes: Sequence[ResourceChange], said: Said) -> None:
    """A preview stops on the way once it refuses, so the operations are not complete."""
    refused = {change.resource.name for change in changes if change.refused}
    names = set(re.findall(r"::([\w@.-]+)[\"']", " ".join(said.refused)))
    assert names & refused
    if all(change.action is Action.DELETE for change in changes if change.refused):
        assert names <= refused


def _tops(change: ResourceChange) -> set[str]:
    return {re.split(r"[.\[]", one.path)[0] for one in change.changes}


@pytest.mark.parametrize("scenarios", _bases(), ids=lambda scenarios: scenarios[0].name)
def test_the_engine_s_preview_says_the_same(
    scenarios: list[Scenario], engine: Engine, sandbox: SandboxProcess, folder: Path
) -> None:
    for name in ("barbara", "margaret"):
        sandbox.post("users", {"email": f"{name}@example.com"})
    base = scenarios[0].before
    assert base is not None
    deployer = _deployed(base, engine, sandbox, folder)
    scratch = folder / "scratch"
    scratch.mkdir()
    for scenario in scenarios:
        changes = _predicted(scenario, scratch)
        said = preview(deployer, scenario.after)
        assert bool(said.refused) == any(change.refused for change in changes), scenario.name
        if said.refused:
            _compare_refused(changes, said)
            continue
        named = {f"{change.resource.name} {change.resource.type}": change for change in changes}
        predicted = {name: change.action.value for name, change in named.items()}
        assert said.operations == predicted, scenario.name
        for name, change in named.items():
            # Of a dynamic resource the engine is told that it differs, not in what.
            dynamic = change.resource.type.startswith("pulumi-python:")
            if change.action in (Action.UPDATE, Action.REPLACE) and not dynamic:
                # The engine also names outputs that will be known later; a plan holds inputs only.
                given = said.inputs[name] & {*change.resource.inputs, *_tops(change)}
                assert given == _tops(change), (scenario.name, name)
