"""`pulumi up` killed at one call, as a pipeline's runner is: every process of it, with SIGKILL.

Before the call: the sandbox holds the request and does nothing. After: the sandbox has done what
was asked and holds the answer.
"""

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from pulumi.automation.errors import CommandError

from cfscim.config.messages import CONFIG_KEY, ScimError
from cfscim.config.models import parse_config
from cfscim.up.command import begin, deploy
from cfscim.up.engine import Engine, EngineDeployer
from cfscim.up.sandbox_process import SandboxProcess
from tests.adopt.adopting import adopt
from tests.configs import config_object
from tests.engine.conftest import received
from tests.engine.deployer import Deployer
from tests.loopback import plain_client
from tests.rehearsal.fault_judgement import State, difference, doubles, excess, normal
from tests.rehearsal.fault_support import Call, calls_in

HELD = {"before": "hang", "after": "lost-response"}
_WAIT_SECONDS = 120.0
_SETTLE_SECONDS = 0.5


class Killed(Exception):
    """The run was killed where it was meant to be."""


@dataclass
class Cell:
    """What came of one kill."""

    when: str
    call: Call
    line: str = ""
    problems: list[str] = field(default_factory=list)


class KillableDeployer(Deployer):
    """The engine's deployer, whose updates can be killed and are recovered as the docs say."""

    faults: httpx.Client | None = None
    last_config: Mapping[str, object] | None = None

    def update(self, config: Mapping[str, object]) -> dict[str, object]:
        """One update; with `faults`, killed as soon as the fault there has fired."""
        self.last_config = config
        if self.faults is None:
            return super().update(config)
        self.configure(config)
        self._killed(self.faults, "up")
        return {k: v.value for k, v in self.stack.outputs().items() if not v.secret}

    def destroy(self) -> None:
        """`pulumi destroy`; with `faults`, killed as an update is."""
        if self.faults is None:
            super().destroy()
        else:
            self._killed(self.faults, "destroy")

    def _killed(self, faults: httpx.Client, word: str) -> None:
        command = ["pulumi", word, "--yes", "--skip-preview", "--non-interactive"]
        command += ["--stack", self._stack_name]
        with Path(self.project_folder / "killed.log").open("wb") as log:
            running = subprocess.Popen(
                command,
                cwd=self.project_folder,
                env=dict(self.environment),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            deadline = time.monotonic() + _WAIT_SECONDS
            while running.poll() is None and time.monotonic() < deadline:
                if any(one["fired"] for one in faults.get("faults").json()):
                    # A file backend killed in the middle of a write leaves half a file; that is
                    # the backend's business, and docs/troubleshooting.md says what to do then.
                    time.sleep(_SETTLE_SECONDS)
                    _kill_session(running.pid)
                    running.wait()
                    raise Killed
                time.sleep(0.02)
        if running.returncode != 0:
            _kill_session(running.pid)
            raise ScimError(f"the {word} to be killed failed: {log.name}")

    def pulumi(self, *arguments: str) -> str:
        """A command of the documented recovery."""
        done = subprocess.run(
            ["pulumi", *arguments, "--stack", self._stack_name, "--non-interactive"],
            cwd=self.project_folder,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            timeout=120,
        )
        return done.stdout + done.stderr


def _kill_session(session: int) -> None:
    # Plugins are in process groups of their own, but stay in the session.
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            if int(fields[3]) == session:
                os.kill(int(entry.name), signal.SIGKILL)
        except (OSError, ValueError, IndexError):
            continue


class KillMatrix:
    """One identity provider's stack under the engine: its writing calls, and its declared end."""

    def __init__(self, engine: Engine, sandbox: SandboxProcess, folder: Path, kind: str) -> None:
        self._engine, self._sandbox, self._folder, self.kind = engine, sandbox, folder, kind
        self._admin = plain_client(base_url=f"{sandbox.admin}/_sandbox/", timeout=60)
        self._declared = config_object(kind)
        self.config = parse_config(self._declared, stack="killed")
        self._runs = 0
        self.run(self._deployer())
        log: list[Any] = received(sandbox)
        self.calls = calls_in([e for e in log if _writes(e)])
        self._end: State = sandbox.state()

    def _deployer(self) -> KillableDeployer:
        self._runs += 1
        folder = self._folder / f"run-{self._runs}"
        env = self._sandbox.environment()
        return KillableDeployer(self._engine, "killed", folder, env, lambda _line: None)

    def run(self, deployer: EngineDeployer) -> None:
        deploy(begin(self.config, self._declared, deployer, self._sandbox, lambda _line: None))

    def cell(self, when: str, call: Call, *, lost_token: bool = False) -> Cell:
        """A fresh stack and sandbox, killed at one call; then the documented recovery.

        `lost_token`: the kill lost a new token's value. Then the recovery's last step must leave
        nothing to do.
        """
        cell, deployer = Cell(when, call), self._prepared(HELD[when], call, seconds=600)
        deployer.faults = self._admin
        try:
            self.run(deployer)
            cell.problems.append("the run was not killed")
        except Killed:
            pass
        self._admin.delete("faults").raise_for_status()
        deployer.faults = None
        self._judge(cell, "after the kill")
        deployer.pulumi("cancel", "--yes")  # the lock of the killed run
        self._adopt(cell, deployer)
        self._clean_run(cell, deployer)
        if lost_token:
            self._tidy(cell, deployer)
        return cell

    def lost_answer(self, call: Call) -> Cell:
        """A fresh stack and sandbox, and one call that is carried out without an answer.

        The provider may ask again and make a twin, or fail; the run after it must mend both.
        """
        cell, deployer = Cell("unanswered", call), self._prepared("lost-response", call, seconds=0)
        try:
            self.run(deployer)
        except ScimError as error:
            cell.line = str(error)
        if not self._admin.get("faults").json()[0]["fired"]:
            cell.problems.append("the fault never fired")
        self._admin.delete("faults").raise_for_status()
        self._adopt(cell, deployer)
        self._clean_run(cell, deployer)
        return cell

    def _adopt(self, cell: Cell, deployer: KillableDeployer) -> None:
        """`adopt --import`, with every twin deleted that it lists."""
        config = deployer.last_config
        assert config is not None
        try:
            adopt(deployer, "killed", config)
        except CommandError as error:
            cell.problems.append(f"the import failed: {str(error)[-600:]}")

    def _prepared(self, fault: str, call: Call, *, seconds: int) -> KillableDeployer:
        self._admin.post("reset").raise_for_status()
        aimed = {"vendor": call.vendor, "method": call.method, "path": call.path}
        answer = self._admin.post("faults", json={"kind": fault, "seconds": seconds, **aimed})
        answer.raise_for_status()
        return self._deployer()

    def _clean_run(self, cell: Cell, deployer: KillableDeployer) -> None:
        try:
            self._run_again(deployer)
        except ScimError as error:
            cell.line = str(error)
            cell.problems.append(f"the clean run failed: {error}")
        self._judge(cell, "after the clean run")
        now = self._sandbox.state()
        if normal(now) != normal(self._end):
            found = difference(normal(self._end), normal(now))
            cell.problems.append(f"the clean run did not end as declared: {found}")

    def _tidy(self, cell: Cell, deployer: KillableDeployer) -> None:
        before = self._sandbox.state()
        deployer.pulumi("refresh", "--yes", "--clear-pending-creates")
        if "pending_operations" in deployer.pulumi("stack", "export"):
            cell.problems.append("operations are still pending after the last step")
        said = deployer.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")
        if "unchanged" not in said or "no changes" in said or self._sandbox.state() != before:
            cell.problems.append(f"the update after the recovery changed something: {said[-600:]}")

    def _run_again(self, deployer: KillableDeployer) -> None:
        """What was interrupted, with the same config; then whatever comes after it."""
        config = deployer.last_config
        assert config is not None
        declared = config[CONFIG_KEY]
        assert isinstance(declared, dict)
        if self.kind == "okta" and not declared["identityProvider"]["apiIntegrationConfirmed"]:
            self.run(deployer)
        else:
            deployer.update(config)
            self._sandbox.post("cycle")

    def _judge(self, cell: Cell, when: str) -> None:
        now = self._sandbox.state()
        found = [*excess(now, self._end, self.config), *doubles(now)]
        cell.problems += [f"{when}: {problem}" for problem in found]


def _writes(entry: Any) -> bool:
    # A cycle's and a sign-in's calls are not the update's.
    path = str(entry["path"])
    return entry["method"] != "GET" and "/scim/v2" not in path and "/oauth2/" not in path
