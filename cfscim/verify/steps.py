"""`steps`: what is left for a person to do, as a numbered list with links.

What the config can never do by itself (cfscim/config/checklist.py) stays until it was read back;
what `verify` found and only a person can put right follows.
"""

from collections.abc import Iterator, Mapping

from cfscim.config.checklist import Step, steps
from cfscim.config.facts import token_fingerprint
from cfscim.config.messages import MissingError
from cfscim.config.outputs import PRINT_TOKEN
from cfscim.config.provider_settings import OKTA_BASE_URL, okta_domain
from cfscim.report.say import say
from cfscim.verify.actions import Act
from cfscim.verify.command import load
from cfscim.verify.report import Check, Report, Status

_CONFIRMS = (Act.CONFIRM, Act.HAND_OVER)


def run(stack: str, outputs: str | None, env: Mapping[str, str]) -> int:
    """Prints the list of stack `stack`; `outputs` as for `verify`.

    Returns 0 when nothing is left, 1 when something is. Raises `ConfigError`, and `MissingError`
    where something cannot be read that would tell.
    """
    subject = load(stack, outputs, env, command="steps")
    report = subject.verify(env)
    if report.exit_code == 3:
        missing = next((check for check in report.checks if check.owed), None)
        raise MissingError(
            f"steps of {stack}",
            "what was done cannot be read back"
            + (f" ({missing.id}: {missing.found})" if missing else ""),
            "a step could be listed although it was done, or the other way round",
            "run `cfscim verify`, which names what is missing",
        )
    domain = okta_domain(subject.settings.get(OKTA_BASE_URL.key), env)
    declared = steps(
        subject.config,
        app_id=subject.outputs.application_id,
        next_app_id=subject.outputs.next.application_id if subject.outputs.next else "",
        okta_domain=domain,
    )
    remaining = list(dict.fromkeys(_remaining(declared, report)))
    if not remaining:
        say("Nothing is left to do by hand.", "+")
        return 0
    for number, step in enumerate(remaining, 1):
        say(f"{number}. {step.where}: {step.what}", hanging="   ")
        if step.link:
            say(f"   {step.link}")
    if any(PRINT_TOKEN in step.what for step in remaining):
        shown = token_fingerprint(subject.outputs.token_value.get_secret_value())
        say("")
        say(f"The token (fingerprint {shown}) is what `{PRINT_TOKEN}` prints.")
    return 1


def _remaining(declared: list[Step], report: Report) -> Iterator[Step]:
    yield from (step for step in declared if not _proven(step, report))
    for check in report.checks:
        if check.status not in (Status.FAILS, Status.NOT_YET):
            continue
        for action in check.actions:
            if action.person and action.kind not in _CONFIRMS:
                yield Step(f"{check.vendor}, {check.title}", f"{action.text}.", check.link)


def _proven(step: Step, report: Report) -> bool:
    """Whether every check that shows it done is there and holds."""
    return bool(step.proven_by) and all(
        (checks := [check for check in report.checks if _named(check, wanted)])
        and all(check.status is Status.HOLDS and not check.warning for check in checks)
        for wanted in step.proven_by
    )


def _named(check: Check, wanted: str) -> bool:
    if wanted.endswith("*"):
        return check.id.startswith(wanted[:-1])
    return check.id == wanted
