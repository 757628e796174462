"""`pulumi up` by the real engine, in a project folder of its own that points at this program."""

import secrets
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml
from pulumi.automation import EngineEvent, LocalWorkspace, Stack
from pulumi.automation.errors import CommandError

from cfscim.config.messages import ScimError
from cfscim.program.run import PROGRAM, PROJECT
from cfscim.up.engine import Engine

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


class EngineDeployer:
    """Runs updates of one stack with the engine; state, backend and settings stay in `folder`.

    `environment` is the whole environment of the engine, the providers and the program.
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
        self._progress = progress
        self._project = folder / "project"
        backend = folder / "backend"
        for path in (self._project, backend):
            path.mkdir(parents=True)
        # A link inside the project: the engine refuses a program outside of it, and a copy of
        # the stack file keeps the salt and our overrides out of the repository.
        (self._project / "program").symlink_to(PROGRAM.parent, target_is_directory=True)
        settings = {
            "name": PROJECT,
            "main": "program",
            "runtime": {
                "name": "python",
                "options": {"toolchain": "pip", "virtualenv": str(Path(sys.prefix))},
            },
        }
        (self._project / "Pulumi.yaml").write_text(yaml.safe_dump(settings))
        self.environment = {
            **environment,
            "PULUMI_BACKEND_URL": backend.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": secrets.token_urlsafe(24),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            # Everything needed was found or installed before; the sandbox's CA would only make
            # a late download fail with a certificate error.
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }
        self._selected_stack: Stack | None = None

    @property
    def project_folder(self) -> Path:
        """Where `pulumi` can be run by hand with `environment`."""
        return self._project

    def update(self, config: Mapping[str, object]) -> dict[str, object]:
        """One `pulumi up` with `config` as the stack's config; returns the plain outputs.

        Secret outputs are left out. Raises `ScimError` with the engine's own diagnostics.
        """
        self.configure(config)
        stack = self.stack
        diagnostics: list[str] = []
        try:
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
        path = self._project / f"Pulumi.{self._stack_name}.yaml"
        existing = yaml.safe_load(path.read_text()) if path.exists() else {}
        # The salt of the secrets provider stands in the same file.
        path.write_text(yaml.safe_dump({**(existing or {}), "config": dict(config)}))

    @property
    def stack(self) -> Stack:
        """The Automation API's stack, for what goes beyond an update."""
        if self._selected_stack is None:
            workspace = LocalWorkspace(
                work_dir=str(self._project),
                pulumi_command=self._engine.command,
                env_vars=self.environment,
            )
            self._selected_stack = Stack.create_or_select(self._stack_name, workspace)
        return self._selected_stack

    def _report(self, event: EngineEvent, diagnostics: list[str]) -> None:
        if event.res_outputs_event is not None:
            metadata = event.res_outputs_event.metadata
            done = _OPERATIONS.get(getattr(metadata.op, "value", str(metadata.op)))
            kind = metadata.type.rsplit(":", 1)[-1]
            # Components and the stack itself are our own bookkeeping.
            if done and not metadata.type.startswith(("cloudflare-scim:", "pulumi:")):
                self._progress(f"  {done} {kind} {metadata.urn.split('::')[-1]}")
        elif event.diagnostic_event is not None and event.diagnostic_event.severity.startswith(
            "error"
        ):
            message = " ".join(event.diagnostic_event.message.split())
            if "an unhandled error occurred" not in message:
                diagnostics.append(message)
