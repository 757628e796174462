"""The calls that a plan foretells are those of the real engine and providers, bucket by bucket."""

from collections import Counter
from pathlib import Path

import pytest

from cfscim.config.calls import Calls
from cfscim.config.messages import CONFIG_KEY
from cfscim.up.engine import Engine, EngineDeployer
from cfscim.up.sandbox_process import SandboxProcess
from tests.configs import ACCOUNT, COMBINATIONS, config_object
from tests.engine.conftest import received
from tests.plan.plan_kit import bucket_of
from tests.plan.test_plan_calls import READS, foretold


def _seen(entries: list[dict[str, object]]) -> tuple[Counter[str], Counter[str]]:
    """Reads and writes by bucket."""
    reads, writes = Counter[str](), Counter[str]()
    for entry in entries:
        bucket = bucket_of(str(entry["method"]), str(entry["path"]))
        if bucket is not None:
            (reads if entry["method"] in READS else writes)[bucket] += 1
    return reads, writes


def _figures(figures: dict[str, Calls]) -> tuple[Counter[str], Counter[str]]:
    return (
        Counter({key: one.first.reads for key, one in figures.items()}),
        Counter({key: one.first.writes for key, one in figures.items()}),
    )


@pytest.mark.parametrize(("kind", "model", "owner"), COMBINATIONS)
def test_the_figures_are_those_of_the_engine(
    kind: str, model: str, owner: str, engine: Engine, sandbox: SandboxProcess, folder: Path
) -> None:
    if model == "virtualGroups":
        sandbox.post(f"cloudflare/accounts/{ACCOUNT}", {"virtualGroups": True})
    content = config_object(kind, model, owner)
    if kind == "okta":
        content["identityProvider"] = {"kind": "okta", "orgName": "example"}
    config = {CONFIG_KEY: content}
    figures = foretold(config)
    stack = EngineDeployer(engine, "engine", folder, sandbox.environment(), lambda _line: None)
    stack.update(config)
    first = received(sandbox)
    assert _seen(first) == _figures(figures)

    stack.update(config)
    reads, writes = _seen(received(sandbox)[len(first) :])
    assert writes == Counter()
    assert reads == Counter({key: one.unchanged for key, one in figures.items()})

    before = len(received(sandbox))
    stack.stack.refresh(on_output=lambda _line: None)
    reads, writes = _seen(received(sandbox)[before:])
    assert writes == Counter()
    assert reads == Counter({key: one.refresh for key, one in figures.items()})
