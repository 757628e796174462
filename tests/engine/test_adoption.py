"""Hand-made set-ups, some of them wrong, taken over by `adopt --import` with the real engine.

By default a few of each identity provider; `CFSCIM_FULL_MATRIX=1` tries every one.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from cfscim.adopt.command import Request, run
from cfscim.config.messages import CONFIG_KEY
from cfscim.plan.model import declare
from cfscim.up.engine import Engine
from sandbox.server.server import Sandbox
from tests.adopt.test_adopt import (
    ALL,
    HARMLESS,
    NEARLY,
    Config,
    Hand,
    dynamic_group,
    pushed_to_another,
    stack_config,
    two_apps,
)
from tests.conftest import admin_client
from tests.engine.deployer import Deployer
from tests.engine.engine_preview import preview

WRONG: list[tuple[str, Config, Callable[[Hand], object]]] = [
    *((f"nearly {at}", stack_config(kind), change) for at, (kind, change, _) in enumerate(NEARLY)),
    ("two apps", stack_config(), two_apps),
    ("pushed to another", stack_config(), pushed_to_another),
    ("a dynamic group", stack_config("entra"), dynamic_group),
]
EVERY = [*ALL, *WRONG]
DAILY = ("okta, by login", "entra, others in a group", "nearly 0", "a dynamic group")
FULL = os.environ.get("CFSCIM_FULL_MATRIX") == "1"
CHOSEN = [one for one in EVERY if FULL or one[0] in DAILY]


@pytest.mark.parametrize(("name", "config", "change"), CHOSEN, ids=[name for name, *_ in CHOSEN])
def test_what_fits_is_taken_over_protected_and_nothing_is_replaced(
    engine: Engine,
    sandbox_server: Sandbox,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    config: Config,
    change: Callable[[Hand], object],
) -> None:
    sandbox_server.world.reset()
    with admin_client(sandbox_server) as admin:
        hand = Hand(sandbox_server, admin, config)
        change(hand)
        deployer = Deployer(
            engine, "dev", folder, {**os.environ, **sandbox_server.env}, lambda _line: None
        )
        deployer.configure(hand.config)
        assert deployer.stack.name == "dev"
        monkeypatch.chdir(deployer.project_folder)
        before = admin.get("state").json()
        capsys.readouterr()
        code = run(Request("dev", do_import=True), deployer.environment)
        said = capsys.readouterr().out
        assert admin.get("state").json() == before, "it writes nothing"
    wrong = name in [one[0] for one in WRONG]
    assert code == (1 if "Needs a person" in said else 0)
    assert not wrong or "Needs a person" in said or "Note: " in said
    imported = {
        resource["urn"].rsplit("::", 1)[-1]: resource
        for resource in deployer.state()["deployment"]["resources"]  # type: ignore[index,call-overload]
    }
    declared = {one.name: one.options for one in declare("dev", hand.config).resources}
    known = {name: one for name, one in imported.items() if name in declared}
    assert len(known) >= 6
    for name_, resource in known.items():
        options = declared[name_]
        assert resource.get("protect", False) is options.protect, name_
        assert resource.get("retainOnDelete", False) is options.retain_on_delete, name_
    seen = preview(deployer, hand.config[CONFIG_KEY])  # type: ignore[arg-type]
    assert seen.refused == [], seen.operations
    assert {*seen.operations.values()} <= {"create", "update"}, seen.operations
    created = [one.split() for one, what in seen.operations.items() if what == "create"]
    named = {*re.findall(r"[^\s,:]+", said)}
    unexpected = [
        name_
        for name_, type_ in created
        if type_ not in HARMLESS and ":dynamic/" not in type_ and name_ not in named
    ]
    assert unexpected == [], said
    with capsys.disabled():
        counts = f"{len(known)} imported, {len(created)} to create"
        print(f"\n{name}: {counts}, nothing replaced or deleted", flush=True)
