"""`up`: the sandbox, `pulumi up` of a stack against it, one provisioning cycle, who has which role,
and everything read back by `verify`.

The real stack file through the real program; only the vendors are stand-ins. Where no engine can
be had, the same program is rehearsed in this process, and the first line says so.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import typer

from cfscim.config.keypath import CONFIG_KEY
from cfscim.config.messages import ConfigError, ScimError
from cfscim.config.models import OktaConfig, ScimConfig
from cfscim.config.names import scim_base_url
from cfscim.config.stack_file import check_stack_file
from cfscim.up.engine import Engine, NoEngine, find_engine
from cfscim.up.kept import keep as leave_running
from cfscim.up.redelivery import redeliver
from cfscim.up.role_table import role_rows, table_lines
from cfscim.up.sandbox_process import SandboxProcess
from cfscim.verify import command as answers
from cfscim.verify import parse_outputs
from cfscim.verify import run as verify


class Deployer(Protocol):
    """Carries out the program: the engine, or the rehearsal."""

    @property
    def environment(self) -> Mapping[str, str]:
        """Everything the update runs with."""
        ...

    def update(self, config: Mapping[str, object]) -> dict[str, object]:
        """One update; returns the plain outputs."""
        ...

    def secret_output(self, name: str) -> str:
        """The value of a secret output."""
        ...


class _Progress:
    """Says what happens as it happens, with the seconds since the start."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def __call__(self, text: str) -> None:
        typer.echo(f"[{time.monotonic() - self._start:5.1f} s] {text}")


def run(stack: str, *, keep: bool = False) -> int:
    """Runs stack `stack` of this folder against a fresh sandbox.

    Returns 0 when every declared grant is effective and `verify` finds nothing else, 1 otherwise
    (3 where it got no answer). `keep` leaves the sandbox running and prints how to use it. Raises
    `ScimError` for anything that fails on the way; nothing but loopback is ever contacted.
    """
    checked = check_stack_file(Path(f"Pulumi.{stack}.yaml"), now=datetime.now(UTC))
    if checked.config is None or checked.problems:
        raise ConfigError(checked.problems)
    config = checked.config
    engine = find_engine()
    if isinstance(engine, NoEngine):
        typer.echo(f"REHEARSAL, not an engine run: {engine.reason}.")
    else:
        typer.echo(f"Engine: {engine.summary}.")
    progress = _Progress()
    progress("starting the sandbox (Cloudflare, Okta and Microsoft Graph on loopback)")
    with SandboxProcess() as sandbox, _folder(keep) as folder:
        progress(f"the sandbox answers at {sandbox.admin}")
        deployer = _deployer(engine, stack, folder, sandbox, progress)
        outputs = deploy(config, checked.file.config_object, deployer, sandbox, progress)
        outputs = {**outputs, "tokenValue": deployer.secret_output("tokenValue")}
        code = _finish(config, stack, outputs, deployer, sandbox, progress)
        if keep:
            sandbox.detach()
            for line in leave_running(
                stack,
                folder,
                deployer.environment,
                outputs,
                admin=sandbox.admin,
                pid=sandbox.pid,
                project=getattr(deployer, "project_folder", None),
            ):
                typer.echo(line)
        return code


@contextmanager
def _folder(keep: bool) -> Iterator[Path]:
    """A folder for the engine's state; it stays only where it was asked for and all went well."""
    folder = Path(tempfile.mkdtemp(prefix="cfscim-up-"))
    try:
        yield folder
    except BaseException:
        keep = False
        raise
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def _deployer(
    engine: Engine | NoEngine,
    stack: str,
    folder: Path,
    sandbox: SandboxProcess,
    progress: Callable[[str], None],
) -> Deployer:
    environment = sandbox.environment()
    if isinstance(engine, Engine):
        from cfscim.up.engine_deployer import EngineDeployer

        return EngineDeployer(engine, stack, folder, environment, progress)
    from cfscim.rehearsal import RehearsalDeployer

    return RehearsalDeployer(stack, environment, progress)


def deploy(
    config: ScimConfig,
    declared: object,
    deployer: Deployer,
    sandbox: SandboxProcess,
    progress: Callable[[str], None],
) -> dict[str, object]:
    """Everything between an empty sandbox and people with roles: update, console, cycle.

    Where something declared did not arrive, everything is delivered once more (`redelivery`).
    `declared` is the config object as the stack file has it. Returns the stack's plain outputs.
    Raises `ScimError`.
    """
    if config.role_model == "virtualGroups":
        sandbox.post(
            f"cloudflare/accounts/{config.account.id}",
            {"virtualGroups": True, "name": config.account.name},
        )
        progress("switched virtual groups on for the sandbox account, as Cloudflare would")
    outputs = _update(config, declared, deployer, sandbox, progress)
    progress("running one provisioning cycle of the identity provider")
    redeliver(config, sandbox.post("cycle"), sandbox, progress)
    return outputs


def _update(
    config: ScimConfig,
    declared: object,
    deployer: Deployer,
    sandbox: SandboxProcess,
    progress: Callable[[str], None],
) -> dict[str, object]:
    provider = config.identity_provider
    by_console = isinstance(provider, OktaConfig) and provider.api_integration == "console"
    if not by_console:
        progress("updating the stack")
        return deployer.update({CONFIG_KEY: declared})
    progress("updating the stack, up to what Okta has no API for")
    outputs = deployer.update({CONFIG_KEY: _confirmed(declared, False)})
    progress("doing by hand in the sandbox's Okta console what Okta has no API for:")
    steps = outputs.get("remainingSteps")
    for step in steps if isinstance(steps, list) else []:
        progress(f"  {step}")
    sandbox.post(
        f"console/okta/{outputs['applicationId']}",
        {
            "baseUrl": scim_base_url(config),
            "token": deployer.secret_output("tokenValue"),
            "importGroups": False,
            "createUsers": True,
            "deactivateUsers": True,
            "renameGroups": False,
        },
    )
    progress("updating the stack with apiIntegrationConfirmed: true")
    return deployer.update({CONFIG_KEY: _confirmed(declared, True)})


def _confirmed(declared: object, confirmed: bool) -> dict[str, object]:
    assert isinstance(declared, dict)
    provider = {**declared["identityProvider"], "apiIntegrationConfirmed": confirmed}
    return {**declared, "identityProvider": provider}


def _finish(
    config: ScimConfig,
    stack: str,
    outputs: Mapping[str, object],
    deployer: Deployer,
    sandbox: SandboxProcess,
    progress: Callable[[str], None],
) -> int:
    members = sandbox.state()["cloudflare"]["members"]
    if not isinstance(members, list):
        raise ScimError("sandbox: its state lists no members; report this as a bug of the sandbox")
    progress("reading everything back")
    found = parse_outputs(outputs, config, source="the update's outputs")
    report = verify(config, found, {}, deployer.environment, progress)
    for line in answers.lines(report.checks):
        typer.echo(line)
    typer.echo("")
    typer.echo(answers.summary(report))
    rows = role_rows(config, members)
    progress(f"who has which role now in account {config.account.id}:")
    typer.echo("")
    for line in table_lines(config, rows):
        typer.echo(line)
    typer.echo("")
    if report.exit_code or any(row.missing for row in rows):
        typer.echo(f"Not as declared. Next: python -m cfscim plan --stack {stack}")
        return report.exit_code or 1
    typer.echo(f"All as declared. Next: python -m cfscim plan --stack {stack}")
    return 0
