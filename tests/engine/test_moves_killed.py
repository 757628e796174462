"""A scenario whose update is killed with SIGKILL at a writing call: `adopt`, the step once more, and
it ends as if it had not been; the sampler sees no wrong state on the way."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from cfscim.up.engine import Engine
from cfscim.up.sandbox_process import RunningSandbox
from sandbox.server.server import Sandbox
from tests.adopt.adopting import adopt
from tests.conftest import admin_client
from tests.engine.killed_support import HELD, KillableDeployer, Killed
from tests.rehearsal.fault_judgement import doubles
from tests.scenarios import ADOPTIONS, SCENARIOS, Change, Sampler, Stage, Step, play, stack_file


@dataclass(frozen=True)
class Kill:
    """Where the update of a step is killed."""

    scenario: str
    step: str
    when: str
    vendor: str
    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.scenario}, {self.step}, {self.when} {self.method} {self.path}"


KILLS = (
    Kill("rotation-okta", "a new token", "after", "cloudflare", "POST", ".*/tokens"),
    Kill("rotation-entra", "a new token", "before", "entra", "PUT", ".*/synchronization/secrets"),
    Kill("prefix-okta", "side by side", "after", "cloudflare", "POST", ".*/iam/user_groups"),
    Kill("prefix-okta", "side by side", "before", "okta", "POST", ".*/group-push/mappings"),
    Kill("prefix-entra", "side by side", "after", "entra", "POST", ".*/groups"),
    Kill("prefix-entra", "switch", "after", "cloudflare", "PUT", ".*/iam/user_groups/.*"),
    # What is deleted already, the provider's deletion fails on: `adopt` takes it out of the state.
    Kill("okta-to-entra", "switch", "after", "okta", "DELETE", ".*/group-push/mappings/.*"),
    Kill("dropped-role-okta", "take it out", "after", "okta", "DELETE", ".*/groups/[^/]*"),
    Kill("leaving-okta", "Destroy", "after", "okta", "DELETE", ".*/group-push/mappings/.*"),
    Kill("leaving-entra", "Destroy", "after", "entra", "DELETE", ".*/groups/.*"),
    Kill("entra-to-okta", "switch", "after", "entra", "DELETE", ".*/groups/.*"),
    Kill("given-up-okta-to-entra", "back", "after", "entra", "DELETE", ".*/appRoleAssign.*"),
    Kill("adoption-okta", "take it over", "after", "cloudflare", "POST", ".*/tokens"),
    Kill("adoption-entra", "take it over", "before", "entra", "PUT", ".*/synchronization/secrets"),
)


class Cut(Stage):
    """A stage on which one step is killed once, and taken again after `adopt`."""

    kill: Kill
    killed = False

    def take(self, step: Step) -> None:
        """The step; the one to be killed twice."""
        name = step.name if isinstance(step, Change) else type(step).__name__
        if name != self.kill.step or self.killed:
            super().take(step)
            return
        kept = [one["id"] for one in self._state()["cloudflare"]["tokens"]]
        self._aim()
        self.deployer.faults = self.admin
        with pytest.raises(Killed):
            super().take(step)
        self.killed = True
        self.admin.delete("faults").raise_for_status()
        self.deployer.faults = None
        self.deployer.pulumi("cancel", "--yes")
        stack = stack_file(step.config if isinstance(step, Change) else self.config)
        adopt(self.deployer, "dev", stack, kept=kept)
        super().take(step)

    def _aim(self) -> None:
        aimed = {"vendor": self.kill.vendor, "method": self.kill.method, "path": self.kill.path}
        fault = {"kind": HELD[self.kill.when], "seconds": 600, **aimed}
        self.admin.post("faults", json=fault).raise_for_status()

    def _state(self) -> Mapping[str, Any]:
        return self.admin.get("state").json()


@pytest.mark.parametrize("kill", KILLS, ids=str)
def test_what_was_killed_ends_as_if_it_had_not_been(
    engine: Engine,
    sandbox_server: Sandbox,
    folder: Path,
    kill: Kill,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sandbox_server.world.reset()
    whole = RunningSandbox(sandbox_server.admin, sandbox_server.env)
    folders = (folder / str(place) for place in count())

    def anew() -> KillableDeployer:
        return KillableDeployer(
            engine, "dev", next(folders), whole.environment(), lambda _line: None
        )

    [scenario] = [one for one in (*SCENARIOS, *ADOPTIONS) if one.name == kill.scenario]
    sampler = Sampler(sandbox_server)
    try:
        with admin_client(sandbox_server) as admin:
            stage = Cut(anew(), admin, anew=anew)
            stage.kill = kill
            play(scenario, stage, sampler)
            state = admin.get("state").json()
    finally:
        sandbox_server.world.faults.clear()
        whole.close()
    with capsys.disabled():
        seen = f"{sampler.looks} looks, {len(sampler.wrong)} wrong, {len(doubles(state))} doubles"
        print(f"\n{kill}: {seen}", flush=True)
    assert stage.killed
    assert sampler.wrong == []
    assert doubles(state) == []
