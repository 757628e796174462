"""A scenario's step that is cut off at one writing call, and the run after it.

The process dies: from the call on, nothing gets through, or that call still does and its answer is
lost. Then `adopt` is run, and the step once more.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import httpx

from cfscim.config.messages import ScimError
from cfscim.rehearsal import RehearsalDeployer
from sandbox.server.faults import Fault, FaultBook
from sandbox.server.server import Sandbox
from sandbox.server.world import VENDORS
from tests.adopt.adopting import adopt
from tests.rehearsal.fault_judgement import difference, doubles, normal
from tests.rehearsal.fault_support import hurried
from tests.scenarios import Change, Destroy, Scenario, Stage, Step, stack_file

LOST = "lost-response"
WAYS = ("503", LOST)


class Cut:
    """Counts the writing calls of a run, and ends it at the `at`-th, by the way `how`."""

    def __init__(self, at: int | None = None, how: str = "503") -> None:
        self._at, self._how = at, how
        self.writes = 0

    def take(self, _book: FaultBook, _vendor: str, method: str, path: str) -> Fault | None:
        """In place of the sandbox's faults."""
        # Signing in changes nothing.
        writes = method not in ("GET", "HEAD") and not path.endswith("/token")
        self.writes += writes
        if self._at is None or self.writes < self._at:
            return None
        first = writes and self.writes == self._at
        return Fault(self._how if first else "503", seconds=0.0, retry_after=0)

    @contextmanager
    def on(self) -> Iterator["Cut"]:
        """While the block runs."""
        with patch.object(FaultBook, "take", lambda *given: self.take(*given)):
            yield self


@dataclass
class Moment:
    """Everything that a step begins with."""

    vendors: Mapping[str, Any]
    state: Any
    outputs: dict[str, Any]
    token: Any


class Interrupted:
    """A scenario, step by step; each update is taken undisturbed, and again with a cut."""

    def __init__(self, sandbox: Sandbox, admin: httpx.Client, scenario: Scenario) -> None:
        self._sandbox, self._admin, self._scenario = sandbox, admin, scenario
        self._stage = Stage(self._deployer(), admin, anew=self._deployer)
        self.runs = 0

    def problems(self, *, every: bool) -> list[str]:
        """What any cut left behind; `every` call, or the middle one of each step."""
        found: list[str] = []
        self._stage.deploy(self._scenario.start)
        config = self._scenario.start
        for step in self._scenario.steps:
            config = step.config if isinstance(step, Change) else config
            before = self._moment()
            with Cut().on() as counted:
                self._stage.take(step)
            if isinstance(step, Change | Destroy):
                after, wanted = self._moment(), self._state()
                calls = range(1, counted.writes + 1)
                for at in calls if every else [*calls][len(calls) // 2 :][:1]:
                    for how in WAYS if every else (WAYS[(at + self.runs) % 2],):
                        found += [
                            f"{self._scenario.name}, {_called(step)}, {how} at {at}: {problem}"
                            for problem in self._cut(step, config, before, wanted, Cut(at, how))
                        ]
                self._back_to(after)
        return found

    def _cut(self, step: Step, config: Any, before: Moment, wanted: Any, cut: Cut) -> list[str]:
        self.runs += 1
        self._back_to(before)
        with hurried(), cut.on():
            try:
                self._stage.take(step)
            except ScimError:
                pass
            else:
                return ["the run did not notice that it was cut off"]
        try:
            self._adopt(stack_file(config), before)
            self._stage.take(step)
            self._stage.take(step)
        except ScimError as error:
            return [f"the run after it failed: {error}"]
        now = self._state()
        # Two tokens stand side by side while the previous one is kept.
        twice = [one for one in doubles(now) if one not in doubles(wanted)]
        whole, ended = normal(wanted), normal(now)
        return twice + ([difference(whole, ended)] if ended != whole else [])

    def _adopt(self, stack: dict[str, object], before: Moment) -> None:
        """Everything is taken over, and twins go, but for a token that was there before the step:
        while it is kept, the identity provider may hold it."""
        deployer = self._stage.deployer
        kept = before.vendors["cloudflare"].tokens
        adopt(deployer, "dev", stack, kept=kept)

    def _deployer(self, state: Any = None) -> RehearsalDeployer:
        return RehearsalDeployer("dev", self._sandbox.env, _quiet, state)

    def _state(self) -> Any:
        return self._admin.get("state").json()

    def _moment(self) -> Moment:
        world = self._sandbox.world
        with world.locked(*VENDORS):
            kept = {one: world.state(one).model_copy(deep=True) for one in VENDORS}
        deployer = self._stage.deployer
        return Moment(kept, deployer.state(), self._stage.outputs, deployer._token_value)

    def _back_to(self, moment: Moment) -> None:
        world = self._sandbox.world
        with world.locked(*VENDORS):
            for vendor, state in moment.vendors.items():
                setattr(world, vendor, state.model_copy(deep=True))
        self._stage.deployer = self._deployer(moment.state)
        self._stage.deployer._token_value = moment.token
        self._stage.outputs = moment.outputs


def _called(step: Step) -> str:
    return step.name if isinstance(step, Change) else "destroy"


def _quiet(_line: str) -> None:
    """Nobody listens."""
