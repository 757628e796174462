"""`verify`: reads the live systems of a stack back and says, a line a check, what holds."""

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from cfscim import verify as live
from cfscim.adopt.state import asked, settings_of
from cfscim.config.messages import MissingError, UsageError, one_line, reason_of
from cfscim.config.models import ScimConfig
from cfscim.config.outputs import PRINT_ALL
from cfscim.config.words import is_address, to_the_minute, what_is_wrong
from cfscim.hints import as_printed
from cfscim.report.say import say
from cfscim.stacks import engine_name, open_stack
from cfscim.vendors.retries import whole_run
from cfscim.vendors.secrets import mask
from cfscim.verify import Check, Report, StackOutputs, Status, read_outputs

_PAUSE_SECONDS = 30.0


def run(
    stack: str,
    output: str,
    outputs: str | None,
    env: Mapping[str, str],
    *,
    wait: float = 0.0,
    person: str | None = None,
    everything: bool = False,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """Verifies stack `stack` of this folder; prints text or JSON.

    `outputs` names a file with what `pulumi stack output --json --show-secrets` prints, or is "-"
    for standard input; without it the engine is asked. `wait`: minutes for which what is not there
    yet is asked for again. `person`: an e-mail address that Entra provisions now, and nothing else
    is verified. `everything`: what holds is printed by line too. Returns 0 when everything is as
    declared, 1 when something is not, 3 when an answer is missing, 4 when something is not there
    yet. Raises `ConfigError`, `MissingError`, and `UsageError` where `person` is no address.
    """
    if person is not None:
        require_address(person, "a person is found by the address alone")
    subject = load(stack, outputs, env)
    if person is not None:
        from cfscim.verify.entra_person import provision

        with whole_run():
            report = provision(subject.config, subject.outputs, subject.settings, env, person)
        _print(report, stack, output, everything=True)
        return report.exit_code
    end = clock() + wait * 60
    while True:
        report = subject.verify(env)
        seconds = end - clock()
        if report.exit_code != 4 or seconds <= 0:
            break
        print_progress(f"verify: {summary(report)} Asking again; {seconds / 60:.0f} minutes left.")
        sleep(min(_PAUSE_SECONDS, seconds))
    _print(report, stack, output, everything=everything)
    return report.exit_code


@dataclass(frozen=True)
class Subject:
    """What is verified: a stack's config, outputs and provider settings.

    `updated`: when the last update that changed something ended, where the engine says so.
    """

    config: ScimConfig
    outputs: StackOutputs
    settings: Mapping[str, str]
    updated: datetime | None

    def verify(self, env: Mapping[str, str]) -> Report:
        """Everything read back and compared, as `cfscim.verify.run` does."""
        return live.run(
            self.config, self.outputs, self.settings, env, print_progress, updated=self.updated
        )


def require_address(person: str, why: str) -> None:
    """Raises `UsageError` where what `--person` gives is no e-mail address, before anything is
    asked: nobody has it, and an empty one is found in whatever has none."""
    if not is_address(person):
        what, instead = what_is_wrong(person)
        raise UsageError("--person", what, why, instead)


def load(
    stack: str, outputs: str | None, env: Mapping[str, str], *, command: str = "verify"
) -> Subject:
    """The stack of this folder; `outputs` as for `run`; `command`: what a message begins with.

    Raises `UsageError`, `ConfigError`, `MissingError`.
    """
    checked = open_stack(stack, command, only_read=True)
    assert checked.config is not None
    stack = engine_name(stack)
    if outputs is not None:
        printed = _from_file(outputs, checked.config)
        return Subject(checked.config, printed, checked.file.provider_config, None)
    engine = partial(_pulumi, command, stack, env)
    printed = _from_engine(stack, checked.config, engine)
    settings = settings_of(checked.file, stack, env)
    return Subject(checked.config, printed, settings, _last_change(engine))


def print_progress(line: str) -> None:
    """Progress goes to stderr, so that the answer can be piped."""
    print(line, file=sys.stderr, flush=True)


def _print(report: Report, stack: str, output: str, *, everything: bool) -> None:
    if output == "json":
        print(json.dumps(as_json(report, stack), indent=2, ensure_ascii=False))
    else:
        show(report, everything=everything)


def show(report: Report, *, everything: bool = False, unknown: bool = True) -> None:
    """Prints the report for people. `everything`: what holds by line too; `unknown` false: what
    cannot be known by its ids alone."""
    left_out = [check for check in report.checks if check.status is Status.UNKNOWN]
    for sign, line in _signed(report.checks, everything=everything):
        if unknown or sign != _SIGNS[Status.UNKNOWN]:
            say(line, sign, hanging=" " * 4)
    if left_out and not unknown:
        ids = ", ".join(check.id for check in left_out)
        say(f"cannot be known  {ids}: `cfscim up --all` says where to look", "?", hanging=" " * 4)
    *warnings, last = summary(report).split("\n")
    say("")
    for line in warnings:
        say(line, "?")
    say(last, _VERDICTS.get(report.exit_code, "!"))


def as_json(report: Report, stack: str) -> dict[str, object]:
    """Every check with what was expected, found, and to be done."""
    counts = report.counts()
    return {
        "stack": stack,
        "ok": report.exit_code == 0,
        "holds": counts[Status.HOLDS],
        "doesNotHold": counts[Status.FAILS],
        "notYet": counts[Status.NOT_YET],
        "cannotBeKnown": counts[Status.UNKNOWN],
        "warnings": [check.warning for check in report.checks if check.warning],
        "checks": [
            {
                "id": check.id,
                "vendor": check.vendor,
                "title": check.title,
                "status": check.status.value,
                "expected": check.expected,
                "found": check.found,
                "action": as_printed(check.action),
                "actions": [
                    {
                        "kind": action.kind.value,
                        "text": as_printed(action.text),
                        "person": action.person,
                    }
                    for action in check.actions
                ],
                "link": check.link,
                **({"by": check.by.isoformat()} if check.by else {}),
            }
            for check in report.checks
        ],
    }


_ORDER = (Status.FAILS, Status.NOT_YET, Status.UNKNOWN)
_SIGNS = {Status.FAILS: "!", Status.NOT_YET: "~", Status.UNKNOWN: "?", Status.HOLDS: "+"}
_VERDICTS = {0: "+", 3: "?", 4: "?"}


def lines(checks: Iterable[Check], *, everything: bool = False) -> list[str]:
    """As `show` prints them, a line each."""
    return [line for _, line in _signed(checks, everything=everything)]


def _signed(checks: Iterable[Check], *, everything: bool) -> Iterator[tuple[str, str]]:
    """What does not hold, what is not there yet and what cannot be known, a line each.

    What holds is for the counts, unless `everything` is asked for. Checks that cannot be known for
    one reason, such as a vendor that does not answer, are one line.
    """
    given = list(checks)
    shown = [check for status in _ORDER for check in given if check.status is status]
    groups: dict[object, list[Check]] = {}
    for check in shown:
        alike = check.cause or (check.vendor, check.found, check.action)
        groups.setdefault(alike if check.owed else check.id, []).append(check)
    for same in groups.values():
        line = _line(same[0]) if len(same) == 1 else _together(same)
        yield _SIGNS[same[0].status], line
    if everything:
        yield from (("+", _line(check)) for check in given if check.status is Status.HOLDS)


def _together(checks: list[Check]) -> str:
    first = checks[0]
    who, cause = first.cause or (first.vendor, first.found)
    head = f"{first.status.value:<15}  {who}: {len(checks)} checks"
    return f"{head}: found {cause}; next: {first.action}: {first.link}"


def _line(check: Check) -> str:
    head = f"{check.status.value:<15}  {check.id}  {check.vendor}: {check.title}"
    if check.status is Status.HOLDS:
        return f"{head}: {check.found}"
    by = ""
    if check.status is Status.NOT_YET:
        by = f"; by: {check.by_text}" if check.by else "; by: when a person has done it"
    return (
        f"{head}: expected {check.expected}; found {check.found}{by}; "
        f"next: {check.action}: {check.link}"
    )


def summary(report: Report) -> str:
    """The warnings, the counts, and what to make of them."""
    counts = report.counts()
    lines = [f"warning: {check.id}: {check.warning}" for check in report.checks if check.warning]
    text = f"{counts[Status.HOLDS]} hold, {counts[Status.FAILS]} do not hold, "
    if counts[Status.NOT_YET]:
        text += f"{counts[Status.NOT_YET]} are not there yet, "
    text += f"{counts[Status.UNKNOWN]} cannot be known."
    return "\n".join([*lines, f"{text} {_conclusion(report)}"])


def _conclusion(report: Report) -> str:
    if report.exit_code == 1:
        return "Not as declared: see the lines that do not hold."
    if report.exit_code == 3:
        return "Not verified: answers that were owed are missing."
    if report.exit_code == 4:
        last = max((check.by for check in report.checks if check.by), default=None)
        when = f"should be there by {to_the_minute(last)}" if last else ""
        waits = any(check.status is Status.NOT_YET and check.by is None for check in report.checks)
        parts = [when] * bool(when) + ["waits for a person"] * waits
        return f"Nothing is wrong, and not all is there yet: {' and '.join(parts)}."
    return "All as declared, as far as it can be read."


def _from_engine(stack: str, config: ScimConfig, engine: Callable[..., str]) -> StackOutputs:
    source = f"pulumi stack output of {stack}"
    text = engine(*PRINT_ALL.split()[1:])
    return read_outputs(text, config, source=source)


def _last_change(engine: Callable[..., str]) -> datetime | None:
    """When the newest update that changed something ended; None where the engine has none."""
    text = engine("stack", "history", "--json", "--page-size", "10")
    try:
        entries = json.loads(text or "[]")
    except ValueError:
        return None
    for entry in entries if isinstance(entries, list) else []:
        changes = entry.get("resourceChanges") or {}
        if entry.get("kind") == "update" and set(changes) - {"same"}:
            try:
                return datetime.fromisoformat(str(entry.get("endTime")))
            except ValueError:
                return None
    return None


def _pulumi(command: str, stack: str, env: Mapping[str, str], *arguments: str) -> str:
    print_progress(f"{command}: asking the engine: pulumi {' '.join(arguments[:2])}")
    done = asked(*arguments, "--stack", stack, env=env)
    if done is None:
        raise MissingError(
            command,
            "there is no `pulumi` on PATH",
            "the stack's outputs say what to look for",
            "install it, or give the outputs with --outputs FILE",
        )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise MissingError(
            command,
            f"`pulumi {' '.join(arguments[:2])}` failed ({one_line(mask(last))[:200]})",
            "the stack's outputs say what to look for",
            "log in and select the stack, or give the outputs with --outputs FILE",
        )
    return done.stdout


def _from_file(name: str, config: ScimConfig) -> StackOutputs:
    source = "--outputs -" if name == "-" else f"--outputs {name}"
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = reason_of(error, "it is no text")
        raise MissingError(
            source,
            f"cannot be read ({reason})",
            "the stack's outputs say what to look for",
            f"name a file with what `{PRINT_ALL}` prints",
        ) from None
    return read_outputs(text, config, source=source)
