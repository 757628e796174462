"""One cell of the fault matrix: a run of `up`'s deployment that meets one fault, and the run after.

The calls come from the sandbox's own request log of a clean run; nothing here lists them.
"""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, cast
from unittest.mock import patch

import httpx

from cfscim.config.messages import CONFIG_KEY, ScimError
from cfscim.config.models import ScimConfig, parse_config
from cfscim.rehearsal import Rehearsal, RehearsalDeployer
from cfscim.up.command import begin, deploy
from cfscim.up.sandbox_process import SandboxProcess
from cfscim.vendors.retries import Policy
from cfscim.verify import Status, parse_outputs
from sandbox.server import outbound
from sandbox.server.server import Sandbox
from sandbox.server.world import VENDORS
from tests.adopt.adopting import adopt
from tests.configs import config_object
from tests.rehearsal.fault_judgement import State, difference, doubles, excess, normal
from tests.verify.carry_out import Hands, in_turn
from tests.verify.verify_base import Bases
from tests.verify.verify_support import Stack, show

BOUND = 30.0
"""Seconds within which a run with one fault must have ended, with the time-outs of `hurried`."""
_ROUNDS = 4
"""How often a person follows what `verify` says."""
_FAILS, _NOT_YET = Status.FAILS, Status.NOT_YET
_SECONDS = {"slow": 0.3, "hang": 600.0}


@dataclass(frozen=True, order=True)
class Call:
    """A call that `up` makes; ids in the path are patterns."""

    vendor: str
    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.vendor} {self.method} {self.path.replace('[^/]+', '*')}"


@dataclass
class Cell:
    """What came of one fault on one call. `line` is the error's, empty after a success."""

    provider: str
    fault: str
    call: Call
    line: str = ""
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)


class Direct:
    """The sandbox of this process, in the shape in which `up` drives its own."""

    def __init__(self, sandbox: Sandbox, client: httpx.Client) -> None:
        self._sandbox = sandbox
        self._client = client

    def post(self, path: str, body: object = None) -> dict[str, object]:
        """An admin call. Raises `ScimError` with the sandbox's answer, as `SandboxProcess` does."""
        answer = self._client.post(path, json=body or {})
        if answer.is_error:
            raise ScimError(f"sandbox: {answer.text.strip()[:300]}")
        return answer.json()

    def state(self) -> dict[str, dict[str, object]]:
        """Everything the sandbox holds."""
        return self._client.get("state").json()


class Matrix:
    """One identity provider's stack: the calls it makes, and how it ends when all goes well."""

    def __init__(self, sandbox: Sandbox, admin: httpx.Client, provider: str) -> None:
        self.provider = provider
        self._sandbox, self._admin = sandbox, admin
        self._declared = config_object(provider, breakGlass=["owner@example.com"])
        self.config: ScimConfig = parse_config(self._declared, stack="dev")
        self._reset()
        self.run()
        self.calls = calls_in(admin.get("requests").json())
        self._end = self.state()

    def run(self, deployer: RehearsalDeployer | None = None) -> dict[str, object]:
        """`up` without its read-back; the stack's outputs. Raises `ScimError`."""
        deployer = deployer or self.deployer()
        driven = cast(SandboxProcess, Direct(self._sandbox, self._admin))
        return deploy(begin(self.config, self._declared, deployer, driven, lambda _line: None))

    def deployer(self) -> RehearsalDeployer:
        """A stack without a state."""
        return RehearsalDeployer("dev", self._sandbox.env, lambda _line: None)

    def adopt(self, deployer: RehearsalDeployer) -> None:
        """What `adopt` is run for after a run that did not end well: everything that exists and
        is not in the state is taken over, and twins are deleted by their ids."""
        stack = {CONFIG_KEY: self._declared}
        adopt(deployer, "dev", stack)

    def _refreshed(self, deployer: RehearsalDeployer) -> RehearsalDeployer:
        """`pulumi refresh`."""
        state, quiet = deployer.state(), lambda _line: None
        rehearsal = Rehearsal("dev", self._sandbox.env, progress=quiet, state=state)
        rehearsal.refresh({CONFIG_KEY: self._declared})
        return RehearsalDeployer("dev", self._sandbox.env, quiet, rehearsal.export())

    def _advised(self, deployer: RehearsalDeployer, outputs: Mapping[str, object]) -> str:
        """As `verify` advises, until it has nothing more to say: where a vendor said yes and did
        nothing, the state believes it. What it still says, where that does not end."""
        given, env = {CONFIG_KEY: self._declared}, self._sandbox.env
        printed = {**outputs, "tokenValue": deployer.secret_output("tokenValue")}
        parsed = parse_outputs(printed, self.config, source="the clean run")
        stack = Stack(self.config, parsed, env, given, printed, deployer.state())
        hands = Hands(Bases(self._sandbox), (self.provider, "userGroups", "account"), stack)
        for _ in range(_ROUNDS):
            report = hands.verify()
            if report.exit_code == 0:
                return ""
            open_ = [one for one in report.checks if one.status in (_FAILS, _NOT_YET)]
            for action in in_turn(open_):
                with suppress(ScimError):  # what an update refuses is the next round's
                    hands.do(action)
        return show(report)

    def state(self) -> State:
        """Everything the sandbox holds."""
        return self._admin.get("state").json()

    def cell(self, fault: str, call: Call) -> Cell:
        """A fresh sandbox, one fault, a run; then no fault, and the run that must mend it."""
        cell = Cell(self.provider, fault, call)
        self._reset()
        aimed = {"kind": fault, "vendor": call.vendor, "method": call.method, "path": call.path}
        shape = {"seconds": _SECONDS.get(fault, 0.0), "reads": 3, "retryAfter": 1}
        self._admin.post("faults", json={**aimed, **shape}).raise_for_status()
        begun = time.monotonic()
        deployer = self.deployer()
        with hurried():
            cell.line, _ = self._attempt(cell, "the run with the fault", deployer)
        cell.seconds = time.monotonic() - begun
        if cell.seconds > BOUND:
            cell.problems.append(f"took {cell.seconds:.1f} s")
        if not any(one["fired"] for one in self._admin.get("faults").json()):
            cell.problems.append("the fault never fired")
        self._sandbox.world.faults.clear()
        self._judge(cell, "after the fault")
        self._try_a_cycle(cell)
        self.adopt(deployer)
        failed, outputs = self._attempt(cell, "the clean run", deployer)
        if failed and fault == "noop":
            # docs/troubleshooting.md: the state has what the vendor never made.
            deployer = self._refreshed(deployer)
            self.adopt(deployer)
            failed, outputs = self._attempt(cell, "the run after a refresh", deployer)
        if failed:
            cell.problems.append(f"the clean run failed: {failed}")
        if fault == "noop" and not failed:
            still = self._advised(deployer, outputs)
            if still:
                cell.problems.append(f"verify's advice does not end: {still}")
        # What an identity provider believes it delivered it sends again only when it is made to,
        # as `verify` advises.
        self._admin.post("cycle", json={"full": True}).raise_for_status()
        self._judge(cell, "after the clean run")
        wanted, ended = normal(self._end), normal(self.state())
        if ended != wanted:
            found = difference(wanted, ended)
            cell.problems.append(f"the clean run did not end as declared: {found}")
        return cell

    def _attempt(
        self, cell: Cell, what: str, deployer: RehearsalDeployer
    ) -> tuple[str, dict[str, object]]:
        """The line of the error that ended a run, empty after a success; and its outputs."""
        try:
            return "", self.run(deployer)
        except ScimError as error:
            line = str(error)
            if "\n" in line or not 20 <= len(line) <= 600:
                cell.problems.append(f"{what}: not one clear line: {line!r}")
            return line, {}
        except Exception as error:
            cell.problems.append(f"{what}: {type(error).__name__}: {str(error)[:300]}")
            return f"{type(error).__name__}", {}

    def _try_a_cycle(self, cell: Cell) -> None:
        """What the identity provider would do, if its cycle came right after the fault."""
        world = self._sandbox.world
        with world.locked(*VENDORS):
            kept = {v: world.state(v).model_copy(deep=True) for v in VENDORS}
        self._admin.post("cycle")
        self._judge(cell, "after a cycle in between")
        with world.locked(*VENDORS):
            for vendor, state in kept.items():
                setattr(world, vendor, state)

    def _judge(self, cell: Cell, when: str) -> None:
        now = self.state()
        found = [*excess(now, self._end, self.config), *doubles(now)]
        cell.problems += [f"{when}: {problem}" for problem in found]

    def _reset(self) -> None:
        self._sandbox.world.faults.clear()
        self._sandbox.world.reset()


@contextmanager
def hurried() -> Iterator[None]:
    """The client's own policy with shorter times, and an identity provider that waits as briefly."""
    times = {"connect": 2.0, "read": 3.0, "total": 20.0, "first_delay": 0.05, "longest_delay": 0.2}
    names = list(Policy.__dataclass_fields__)
    usual = Policy()
    defaults = tuple(times.get(name, getattr(usual, name)) for name in names)
    with (
        patch.object(Policy.__init__, "__defaults__", defaults),
        patch.object(outbound, "_TIMEOUT_SECONDS", 3.0),
    ):
        yield


def calls_in(log: list[Any]) -> list[Call]:
    """Each call of a request log, once."""
    return sorted({Call(e["vendor"], e["method"], pattern_of(e["path"])) for e in log})


def pattern_of(path: str) -> str:
    """A path with its ids as patterns."""
    # Every vendor's ids are long and have a digit; no word of a path is both.
    parts = path.split("/")
    ids = [len(part) >= 17 and any(c.isdigit() for c in part) for part in parts]
    return "/".join(
        "[^/]+" if an_id else re.escape(part) for part, an_id in zip(parts, ids, strict=True)
    )
