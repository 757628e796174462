"""The real engine, with its plugins, or why there is none; and `pulumi up` by it.

It runs in a project folder of its own that points at this program.
"""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import yaml
from pulumi.automation import CommandResult, EngineEvent, LocalWorkspace, PulumiCommand, Stack
from pulumi.automation.errors import CommandError, create_command_error
from pulumi.automation.events import StepEventMetadata
from semver import VersionInfo

from cfscim import processes
from cfscim.config.json_types import JsonObject
from cfscim.config.messages import PROJECT, MissingError, ScimError, one_line
from cfscim.config.project import PROJECT_FILE
from cfscim.gitops.shell import masked
from cfscim.program.run import PROGRAM
from cfscim.up.progress import progress_of

KEPT_PASSPHRASE = "CFSCIM_KEPT_PASSPHRASE"  # noqa: S105 - a variable's name
"""Where `up --sandbox` hands over the passphrase that a kept stack was made with."""

PASSPHRASE = "PULUMI_CONFIG_PASSPHRASE"  # noqa: S105 - a variable's name
_DOWNLOADS = ("get.pulumi.com", 443)
_CONNECT_SECONDS = 3.0


@dataclass(frozen=True)
class Engine:
    """The `pulumi` command and the version of each provider plugin it will use."""

    command: PulumiCommand
    plugins: dict[str, str]

    @property
    def summary(self) -> str:
        """As in `Pulumi v3.260.0 with cloudflare 6.17.0, okta 6.8.0`."""
        plugins = ", ".join(f"{name} {version}" for name, version in self.plugins.items())
        return f"Pulumi v{self.command.version} with {plugins}"


@dataclass(frozen=True)
class NoEngine:
    """Why the program cannot be run with an engine here."""

    reason: str


# All three: the engine asks for the plugin of every provider SDK in the virtual environment.
PROVIDERS = ("cloudflare", "okta", "azuread")


def find_engine() -> Engine | NoEngine:
    """The engine on PATH, or one installed now, with the three provider plugins.

    Downloads only what is missing and only where the network allows it.
    """
    try:
        return _executable()
    except subprocess.TimeoutExpired as late:
        raise MissingError(
            "pulumi",
            f"it gave nothing in {late.timeout:g} s",
            "nothing can be tried out with an engine that does not answer",
            "see what `pulumi version` does, or run without it on PATH",
        ) from None


def _executable() -> Engine | NoEngine:
    if shutil.which("pulumi"):
        command = Bounded("pulumi")
    else:
        if not _network():
            return NoEngine(
                "there is no `pulumi` on PATH, and get.pulumi.com, where it could be installed "
                "from, does not answer"
            )
        try:
            command = Bounded(PulumiCommand.install().command)
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            return NoEngine(f"`pulumi` is not on PATH and installing it failed ({_line(error)})")
    plugins: dict[str, str] = {}
    for provider in PROVIDERS:
        version = _plugin_version(command, provider) or _installed(command, provider)
        if version is None:
            return NoEngine(
                f"the provider plugin {provider} is neither installed nor to be downloaded here"
            )
        plugins[provider] = version
    return Engine(command, plugins)


def _plugin_version(command: PulumiCommand, provider: str) -> str | None:
    on_path = shutil.which(f"pulumi-resource-{provider}")
    if on_path:
        asked = processes.run_text([on_path, "--version"], seconds=processes.ASK_SECONDS)
        return asked.stdout.strip().removeprefix("v") or "unknown"
    listed = _run(command, "plugin", "ls", "--json")
    wanted = metadata.version(f"pulumi-{provider}")
    versions = [p["version"] for p in json.loads(listed or "[]") if p["name"] == provider]
    return wanted if wanted in versions else None


def _installed(command: PulumiCommand, provider: str) -> str | None:
    if not _network():
        return None
    version = metadata.version(f"pulumi-{provider}")
    done = _run(command, "plugin", "install", "resource", provider, version)
    return version if done is not None else None


def _run(command: PulumiCommand, *arguments: str) -> str | None:
    words = [command.command, *arguments, "--non-interactive"]
    done = processes.run_text(words, seconds=processes.WORK_SECONDS, cwd=Path.home())
    return done.stdout if done.returncode == 0 else None


def _network() -> bool:
    try:
        with socket.create_connection(_DOWNLOADS, timeout=_CONNECT_SECONDS):
            return True
    except OSError:
        return False


def _line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:160] if str(error).strip() else type(error).__name__


_OPERATIONS = {
    "create": "created",
    "create-replacement": "created anew",
    "replace": "replaced",
    "update": "updated",
    "delete": "deleted",
    "delete-replaced": "deleted the old",
    "read": "read",
    "import": "adopted",
}


class Bounded(PulumiCommand):
    """The engine's command, each of whose runs ends in time; Pulumi's own waits for ever.

    `command`: a name on PATH or a path. Raises `subprocess.TimeoutExpired` where it gives no
    version, `MissingError` where what it gives is none.
    """

    def __init__(self, command: str) -> None:
        env = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
        asked = processes.run_text([command, "version"], seconds=processes.ASK_SECONDS, env=env)
        self.command = command
        said = asked.stdout.strip()
        try:
            self.version = VersionInfo.parse(said.removeprefix("v"))
        except ValueError:
            first = (asked.stderr.strip() or said or "nothing").splitlines()[0]
            raise MissingError(
                "pulumi",
                f"`pulumi version` gives no version: {one_line(masked(first))[:200]}",
                "nothing can be tried out with an engine that does not answer",
                "see what `pulumi version` does, or run without it on PATH",
            ) from None

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: Callable[[str], object] | None = None,
        on_error: Callable[[str], object] | None = None,
    ) -> CommandResult:
        """As Pulumi's own, whose lines are heard at the end. Raises `MissingError` when late."""
        words = [self.command, *([] if "--non-interactive" in args else ["--non-interactive"])]
        env = {**os.environ, **additional_env, "PULUMI_AUTOMATION_API": "true"}
        try:
            done = processes.run_text(
                [*words, *args], seconds=processes.WORK_SECONDS, cwd=cwd, env=env
            )
        except subprocess.TimeoutExpired:
            raise MissingError(
                f"pulumi {' '.join(args[:2])}",
                f"it did not end within {processes.WORK_SECONDS:g} s",
                "what it had done by then stands in its state",
                "run this again, and see what `pulumi` itself says where it does not end again",
            ) from None
        for hear, text in ((on_output, done.stdout), (on_error, done.stderr)):
            if hear is not None:
                for line in text.splitlines():
                    hear(line.rstrip())
        result = CommandResult(done.stdout.rstrip(), done.stderr.rstrip(), done.returncode)
        if done.returncode:
            raise create_command_error(result)
        return result


class EngineDeployer:
    """Runs updates of one stack with the engine; state, backend and settings stay in `folder`.

    `environment` is the whole environment of the engine, the providers and the program;
    `project_folder` where `pulumi` can be run by hand with it.
    """

    def __init__(
        self,
        engine: Engine,
        stack: str,
        folder: Path,
        environment: Mapping[str, str],
        progress: Callable[[str], None],
    ) -> None:
        self._engine = engine
        self._stack_name = stack
        self._progress = progress_of(progress)
        self.project_folder = folder / "project"
        backend = folder / "backend"
        for path in (self.project_folder, backend):
            path.mkdir(parents=True, exist_ok=True)
        # A link inside the project: the engine refuses a program outside of it, and a copy of
        # the stack file keeps the salt and our overrides out of the repository.
        if not (self.project_folder / "program").exists():
            (self.project_folder / "program").symlink_to(PROGRAM.parent, target_is_directory=True)
        settings = {
            "name": PROJECT,
            "main": "program",
            "runtime": {
                "name": "python",
                "options": {"toolchain": "pip", "virtualenv": str(Path(sys.prefix))},
            },
        }
        (self.project_folder / PROJECT_FILE).write_text(yaml.safe_dump(settings))
        self.environment = {
            **environment,
            "PULUMI_BACKEND_URL": backend.as_uri(),
            # That of a kept stack, where one goes on.
            PASSPHRASE: environment.get(KEPT_PASSPHRASE) or secrets.token_urlsafe(24),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            # Everything needed was found or installed before; the sandbox's CA would only make
            # a late download fail with a certificate error.
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }
        self._selected_stack: Stack | None = None

    def state(self) -> JsonObject:
        """What `pulumi stack export` prints; secrets stay encrypted."""
        exported = self.stack.export_stack().deployment or {}
        return {"deployment": json.loads(json.dumps(exported))}

    def update(self, config: Mapping[str, object]) -> dict[str, object]:
        """One `pulumi up` with `config` as the stack's config; returns the plain outputs.

        Secret outputs are left out. Raises `ScimError` with the engine's own diagnostics.
        """
        self.configure(config)
        stack = self.stack
        diagnostics: list[str] = []
        try:
            with self._progress.watched():
                result = stack.up(
                    on_event=lambda event: self._report(event, diagnostics),
                    color="never",
                    suppress_outputs=True,
                    suppress_progress=True,
                )
        except CommandError as error:
            reasons = diagnostics or [" ".join(str(error).split())[:2000]]
            raise ScimError(
                f"pulumi up of {self._stack_name}: {'; '.join(dict.fromkeys(reasons))}"
            ) from None
        changes = result.summary.resource_changes or {}
        counts = ", ".join(f"{n} {name}" for name, n in sorted(changes.items()))
        self._progress(f"pulumi: {result.summary.result} ({counts})")
        return {key: output.value for key, output in result.outputs.items() if not output.secret}

    def secret_output(self, name: str) -> str:
        """The plain value of a secret output, for reading the systems back."""
        return str(self.stack.outputs()[name].value)

    def configure(self, config: Mapping[str, object]) -> None:
        """Writes `config` as the stack's config, for the next update or preview."""
        path = self.project_folder / f"Pulumi.{self._stack_name}.yaml"
        existing = yaml.safe_load(path.read_text()) if path.exists() else {}
        # The salt of the secrets provider stands in the same file.
        path.write_text(yaml.safe_dump({**(existing or {}), "config": dict(config)}))

    @property
    def stack(self) -> Stack:
        """The Automation API's stack, for what goes beyond an update."""
        if self._selected_stack is None:
            workspace = LocalWorkspace(
                work_dir=str(self.project_folder),
                pulumi_command=self._engine.command,
                env_vars=self.environment,
            )
            self._selected_stack = Stack.create_or_select(self._stack_name, workspace)
        return self._selected_stack

    def _report(self, event: EngineEvent, diagnostics: list[str]) -> None:
        if event.resource_pre_event is not None:
            metadata = event.resource_pre_event.metadata
            if _is_shown(metadata.type):
                self._progress.begun(_title(metadata))
        elif event.res_op_failed_event is not None:
            self._progress.ended(_title(event.res_op_failed_event.metadata))
        elif event.res_outputs_event is not None:
            metadata = event.res_outputs_event.metadata
            self._progress.ended(_title(metadata))
            done = _OPERATIONS.get(getattr(metadata.op, "value", str(metadata.op)))
            if done and _is_shown(metadata.type):
                self._progress.resource(f"{done} {_title(metadata)}")
        elif event.diagnostic_event is not None and event.diagnostic_event.severity.startswith(
            "error"
        ):
            message = " ".join(event.diagnostic_event.message.split())
            diagnostics.append(message)


def _is_shown(type_: str) -> bool:
    """Components and the stack itself are our own bookkeeping."""
    return not type_.startswith((f"{PROJECT}:", "pulumi:"))


def _title(metadata: StepEventMetadata) -> str:
    return f"{metadata.type.rsplit(':', 1)[-1]} {metadata.urn.split('::')[-1]}"
