"""`up`: the sandbox, `pulumi up` of a stack against it, one provisioning cycle, who has which role,
and everything read back by `verify`.

The real stack file through the real program; only the vendors are stand-ins. Where no engine can
be had, the same program is rehearsed in this process, and the first line says so.
"""

import json
import shlex
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from cfscim.adopt.state import read_state as stack_state
from cfscim.config.access import access_table, managed_elsewhere
from cfscim.config.access import people as named_people
from cfscim.config.json_types import JsonObject
from cfscim.config.kinds import OKTA_CONSOLE_GATE, TOKEN
from cfscim.config.messages import CONFIG_KEY, ScimError, UsageError, one_line
from cfscim.config.models import OktaConfig, ScimConfig
from cfscim.config.names import scim_base_url
from cfscim.config.okta_switches import by_hand
from cfscim.config.outputs import APPLICATION_ID, REMAINING_STEPS, TOKEN_ID, TOKEN_VALUE
from cfscim.config.provider_settings import OKTA_ORG_NAME
from cfscim.config.stack_file import CheckedStack
from cfscim.hints import next_command, stack_words
from cfscim.preflight.checks import ORGANISATION
from cfscim.preflight.command import ask, problems, stopping
from cfscim.rehearsal import RehearsalDeployer
from cfscim.report.say import say
from cfscim.stacks import open_stack
from cfscim.up.deployer import Deployer
from cfscim.up.engine import Engine, EngineDeployer, NoEngine, find_engine
from cfscim.up.people import (
    Seed,
    first_in_charge,
    kept_out,
    leave_to_scim,
    seed_break_glass,
    seed_groups,
    seeds,
)
from cfscim.up.progress import Progress, progress_of
from cfscim.up.sandbox_process import (
    PREFIX,
    RunningSandbox,
    SandboxProcess,
    find_kept,
    leave_running,
    read_state,
    write_state,
)
from cfscim.verify import command as answers
from cfscim.verify import parse_outputs
from cfscim.verify import run as verify


@dataclass(frozen=True)
class Request:
    """What was asked for. `keep`: leave the sandbox running. `people`: a file of people for it.
    `sandbox`: the address of one that was kept, to be updated. `imports`: the file that `adopt`
    wrote, taken over before the update where there is no engine. `whole`: every resource, step and
    check by line."""

    stack: str
    keep: bool = False
    people: str | None = None
    sandbox: str | None = None
    imports: str | None = None
    whole: bool = False


@dataclass(frozen=True)
class Trial:
    """A stack on a sandbox: its config, the config object as the stack file has it, and who carries
    it out."""

    config: ScimConfig
    declared: object
    deployer: Deployer
    sandbox: RunningSandbox
    progress: Progress


def begin(
    config: ScimConfig,
    declared: object,
    deployer: Deployer,
    sandbox: RunningSandbox,
    tell: Callable[[str], None],
) -> Trial:
    """A trial whose account has its name, and the virtual groups that the config asks for."""
    progress, virtual = progress_of(tell), config.role_model == "virtualGroups"
    sandbox.post(
        f"cloudflare/accounts/{config.account.id}",
        {"name": config.account.name, **({"virtualGroups": True} if virtual else {})},
    )
    if virtual:
        progress("switched virtual groups on for the sandbox account, as Cloudflare would")
    return Trial(config, declared, deployer, sandbox, progress)


_MANY = 100
"""People whose making takes long enough to be said before it."""


def _progress(whole: bool) -> Progress:
    """Says what happens as it happens, with the seconds since now."""
    start = time.monotonic()

    def tell(text: str) -> None:
        say(f"[{time.monotonic() - start:5.1f} s] {text}", hanging=" " * 12)

    return Progress(tell, whole=whole)


def run(request: Request) -> int:
    """Runs a stack of this folder against a sandbox, by default a fresh one.

    Returns 0 when every declared grant is effective and `verify` finds nothing else, 1 otherwise
    (3 where it got no answer). Raises `ScimError` for anything that fails on the way; nothing but
    loopback is ever contacted.
    """
    checked = open_stack(request.stack, "up", on_sandbox=True)
    assert checked.config is not None
    request = replace(request, stack=checked.file.stack)
    people = seeds(checked.config, request.people)
    if request.imports is not None:
        _read_imports(request.imports)  # before anything is started for them
    kept = None if request.sandbox is None else find_kept(request.sandbox)
    engine = find_engine()
    if isinstance(engine, NoEngine):
        say(f"REHEARSAL, not an engine run: {engine.reason}.", "?")
    else:
        say(f"Engine: {engine.summary}.")
    progress = _progress(request.whole)
    if kept is not None:
        sandbox = RunningSandbox(kept.admin, kept.env)
        try:
            progress(f"going on with the sandbox at {kept.admin}")
            return _on(request, checked, people, engine, sandbox, kept.folder, progress)
        finally:
            sandbox.close()
    progress("starting the sandbox (Cloudflare, Okta and Microsoft Graph on loopback)")
    with SandboxProcess() as fresh, _folder(request.keep) as folder:
        progress(f"the sandbox answers at {fresh.admin}")
        assert checked.config is not None
        if first := first_in_charge(checked.config):
            fresh.post("cloudflare/operator", {"email": first})
        code = _on(request, checked, people, engine, fresh, folder, progress)
        if request.keep:
            fresh.detach()
        return code


def _on(
    request: Request,
    checked: CheckedStack,
    people: Sequence[Seed],
    engine: Engine | NoEngine,
    sandbox: RunningSandbox,
    folder: Path,
    progress: Progress,
) -> int:
    """The stack on this sandbox; what is needed to go on with it is written into `folder`."""
    config = checked.config
    assert config is not None
    if isinstance(config.identity_provider, OktaConfig):
        # The sandbox is every organisation; the program refuses another than the stack's.
        sandbox.env[OKTA_ORG_NAME.variable] = config.identity_provider.org_name
    _put_people(config, people, sandbox, progress)
    deployer = _deployer(engine, request.stack, folder, sandbox, progress)
    trial = begin(config, checked.file.config_object, deployer, sandbox, progress)
    keeping = request.keep or request.sandbox is not None
    try:
        if request.imports is not None:
            _take_over(request.imports, deployer, checked)
        _preflight(trial, checked)
        outputs = deploy(trial)
    finally:
        if keeping:
            write_state(folder, request.stack, deployer)
    outputs = {**outputs, TOKEN_VALUE: deployer.secret_output(TOKEN_VALUE)}
    if request.sandbox is None and (first := leave_to_scim(config, deployer.environment)):
        progress(f"{first}, who set the account up by hand, keeps the role by SCIM alone")
    named = stack_words(checked.file.path, request.stack)
    code = _finish(replace(trial, config=_as_updated(config)), outputs, named, whole=request.whole)
    if keeping:
        for line in leave_running(request.stack, folder, deployer, outputs, sandbox):
            say(line, hanging="    ")
    return code


def _put_people(
    config: ScimConfig, people: Sequence[Seed], sandbox: RunningSandbox, progress: Progress
) -> None:
    """Into both directories."""
    if len(people) > _MANY:
        progress(f"putting {len(people):,} people into both directories")
    for seed in people:
        sandbox.post("users", seed.body())
    of_file = len(people) - len(named_people(config))
    more = f", and {of_file} more of --people" if of_file else ""
    progress(f"{len(people) - of_file} people of the stack are in both directories{more}")
    for line in kept_out(config, people):
        progress(f"  {line}")


def _preflight(trial: Trial, checked: CheckedStack) -> None:
    """What would stop the update, asked first. Raises `ScimError`: nothing was changed then."""
    # The sandbox's credentials and organisation stand for the stack's own.
    here = replace(checked, file=replace(checked.file, provider_config={}))
    state, env = stack_state(trial.deployer.state()), trial.sandbox.environment()
    asked = ask(here, trial.config, state, env)
    answers = [answer for answer in asked if answer.id != ORGANISATION]
    for answer in problems(answers):
        trial.progress(f"  preflight: {answer.message}")
    if stopping(answers):
        raise ScimError(
            f"up of {checked.file.stack}",
            f"{len(stopping(answers))} to do before the update, as preflight says above",
            "it would fail or lock people out, and nothing was changed",
            "put that right, then run `cfscim up` again",
        )
    to_do = len(problems(answers))
    said = f"preflight: {to_do} to do, and the update goes on" if to_do else "preflight: ready"
    trial.progress(said)


def _take_over(file: str, deployer: Deployer, checked: CheckedStack) -> None:
    if not isinstance(deployer, RehearsalDeployer):
        raise ScimError(
            "up --import",
            "an engine is here",
            "it takes imports over itself",
            f"run `pulumi import --file {shlex.quote(file)}` as adopt says",
        )
    config = {**checked.file.provider_config, CONFIG_KEY: checked.file.config_object}
    deployer.take_over(_read_imports(file), config)


def _read_imports(file: str) -> JsonObject:
    """What `adopt` wrote. Raises `UsageError` where the file is not that."""
    try:
        content = json.loads(Path(file).read_text(encoding="utf-8"))
        if isinstance(content, dict) and isinstance(content.get("resources"), list):
            return content
        reason = "it has no list of resources"
    except OSError as error:
        reason = error.strerror or "it cannot be opened"
    except (ValueError, RecursionError):
        reason = "it is no JSON"
    raise UsageError(
        f"up --import {one_line(file)}",
        f"this is no file that adopt wrote ({reason})",
        "nothing could be taken over",
        "name the file that `cfscim adopt` printed",
    )


@contextmanager
def _folder(keep: bool) -> Iterator[Path]:
    """A folder for the engine's state; it stays only where it was asked for and all went well."""
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
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
    sandbox: RunningSandbox,
    progress: Progress,
) -> Deployer:
    environment = sandbox.environment()
    if isinstance(engine, Engine):
        return EngineDeployer(engine, stack, folder, environment, progress)
    kept = read_state(folder, stack)
    return RehearsalDeployer(stack, environment, progress, kept, progress.resource)


def deploy(trial: Trial) -> dict[str, object]:
    """Everything between an empty sandbox and people with roles: update, console, cycle.

    Returns the stack's plain outputs. Raises `ScimError`.
    """
    config, progress, env = trial.config, trial.progress, trial.deployer.environment
    seed_break_glass(config, env)
    outputs = _update(trial)
    stand_ins = seed_groups(config, outputs, env)
    if stand_ins:
        who = ", ".join(stand_ins)
        progress(f"no role has declared members: put {who} into the groups, as a person would")
    progress("running one provisioning cycle of the identity provider")
    trial.sandbox.post("cycle")
    return outputs


def _update(trial: Trial) -> dict[str, object]:
    config, declared = trial.config, trial.declared
    deployer, progress = trial.deployer, trial.progress
    if not config.identity_provider.by_hand:
        progress("updating the stack")
        outputs = deployer.update({CONFIG_KEY: declared})
        if config.identity_provider.kind == "okta":
            progress("setting in the sandbox's Okta console what Okta has no API for")
            _console(trial, outputs)
        return outputs
    before = _kept_resources(deployer)
    if OKTA_CONSOLE_GATE in before:
        progress("updating the stack, whose console steps were done before")
        outputs = deployer.update({CONFIG_KEY: _confirmed(declared, True)})
        if before.get(TOKEN) != outputs.get(TOKEN_ID):
            progress("pasting the new token in the sandbox's Okta console")
            _console(trial, outputs)
        return outputs
    progress("updating the stack, up to what Okta has no API for")
    outputs = deployer.update({CONFIG_KEY: _confirmed(declared, False)})
    steps = outputs.get(REMAINING_STEPS)
    listed = steps if isinstance(steps, list) else []
    progress(
        f"doing by hand in the sandbox's Okta console what Okta has no API for: {len(listed)} steps"
    )
    for step in listed:
        progress.detail(str(step))
    _console(trial, outputs)
    progress("updating the stack with apiIntegrationConfirmed: true")
    return deployer.update({CONFIG_KEY: _confirmed(declared, True)})


def _kept_resources(deployer: Deployer) -> dict[str, str]:
    """Name -> id of everything in the stack's state."""
    kept = stack_state(deployer.state())
    return {name: resource.id for (_, name), resource in kept.resources.items()}


def _console(trial: Trial, outputs: Mapping[str, object]) -> None:
    """What an administrator does by hand in Okta's console: all of it, or what no API sets."""
    by_console = trial.config.okta.by_hand
    boxes = {box.name: box.on for page in by_hand(api=not by_console).values() for box in page}
    token = trial.deployer.secret_output(TOKEN_VALUE)
    handed_over = {"baseUrl": scim_base_url(trial.config), "token": token}
    trial.sandbox.post(
        f"console/okta/{outputs[APPLICATION_ID]}",
        {**(handed_over if by_console else {}), "boxes": boxes},
    )


def _confirmed(declared: object, confirmed: bool) -> dict[str, object]:
    assert isinstance(declared, dict)
    provider = {**declared["identityProvider"], "apiIntegrationConfirmed": confirmed}
    return {**declared, "identityProvider": provider}


def _as_updated(config: ScimConfig) -> ScimConfig:
    """The config that the last update ran with: in the sandbox's console the steps were done."""
    provider = config.identity_provider
    if not provider.by_hand:
        return config
    done = provider.model_copy(update={"api_integration_confirmed": True})
    return config.model_copy(update={"identity_provider": done})


def _finish(
    trial: Trial, outputs: Mapping[str, object], named: tuple[str, str], *, whole: bool
) -> int:
    """Reads everything back; `named`: the words that name the stack in a hint."""
    config, progress = trial.config, trial.progress
    members = trial.sandbox.state()["cloudflare"]["members"]
    if not isinstance(members, list):
        raise ScimError("sandbox: its state lists no members; report this as a bug of the sandbox")
    progress("reading everything back")
    parsed = parse_outputs(outputs, config, source="the update's outputs")
    report = verify(config, parsed, {}, trial.deployer.environment, progress)
    answers.show(report, everything=whole, unknown=whole or report.exit_code != 0)
    rows = role_rows(config, members)
    progress(f"who has which role now in account {config.account.id}:")
    say("")
    show_roles(config, rows)
    say("")
    then = f"Next: {next_command('plan', *named)}"
    if report.exit_code or any(row.missing for row in rows):
        say(f"Not as declared. {then}", "!")
        return report.exit_code or 1
    say(f"All as declared. {then}", "+")
    return 0


@dataclass(frozen=True)
class Row:
    """One member of the account: effective roles, and what differs from the declaration."""

    person: str
    roles: tuple[str, ...]
    status: str
    missing: tuple[str, ...]


def role_rows(config: ScimConfig, members: Iterable[Mapping[str, object]]) -> list[Row]:
    """`members` as `state.cloudflare.members` lists them -> a row each, sorted by address.

    `missing` holds declared roles the person does not have; someone declared who is no member
    at all has a row with status `absent`.
    """
    declared: dict[str, list[str]] = {}
    for grant in access_table(config):
        declared.setdefault(grant.person.lower(), []).append(grant.role.value)
    rows: dict[str, Row] = {}
    for member in members:
        if member.get("accountId") != config.account.id:
            continue
        person = str(member["email"])
        given = member["roles"]
        roles = tuple(str(role) for role in given) if isinstance(given, list) else ()
        wanted = declared.pop(person.lower(), [])
        missing = tuple(role for role in wanted if role not in roles)
        rows[person] = Row(person, roles, str(member["status"]), missing)
    for person, wanted in declared.items():
        rows[person] = Row(person, (), "absent", tuple(wanted))
    return sorted(rows.values(), key=lambda row: row.person.lower())


def show_roles(config: ScimConfig, rows: Iterable[Row]) -> None:
    """Prints the rows as columns, the roles last, and what is missing in words."""
    shown = list(rows)
    cells = [("PERSON", "STATUS", "ROLES IN CLOUDFLARE")]
    cells += [(row.person, row.status, ", ".join(row.roles) or "none") for row in shown]
    person, status = (max(len(cell[i]) for cell in cells) for i in range(2))
    for cell in cells:
        say(
            f"{cell[0]:<{person}}  {cell[1]:<{status}}  {cell[2]}",
            hanging=" " * (person + status + 4),
        )
    for row in shown:
        if row.missing:
            say(f"{row.person} should also have: {', '.join(row.missing)}", "!")
    elsewhere = managed_elsewhere(config)
    if elsewhere:
        names = ", ".join(role.value for role in elsewhere)
        say(f"Members of {names} are managed in the identity provider.")
