"""`preflight`: everything that would stop an update, asked before it. Writes nothing anywhere."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from cfscim.adopt.finder import Finding, find
from cfscim.adopt.state import State, settings_of, state_in, state_of
from cfscim.config import kinds
from cfscim.config.json_types import Json
from cfscim.config.lanes import lanes
from cfscim.config.messages import CONFIG_KEY, Level, Message, ScimError, Where
from cfscim.config.models import ScimConfig
from cfscim.config.policy.lock_out import Charge
from cfscim.config.stack_file import CheckedStack
from cfscim.hints import as_printed
from cfscim.preflight.answers import Answer, Asked, refused
from cfscim.preflight.checks import VENDORS
from cfscim.preflight.licences import rate_limits
from cfscim.rehearsal.vendors import Vendors
from cfscim.report.say import say
from cfscim.stacks import engine_name, open_stack
from cfscim.vendors.errors import AnswerError

_NAMED = kinds.TOKENS | kinds.GROUPS | kinds.APPLICATIONS
"""What is told apart by its name, so that a name can be taken."""


def run(
    stack: str,
    output: str,
    state: str | None,
    env: Mapping[str, str],
    *,
    before_update: bool = False,
) -> int:
    """Asks every vendor of the stack and prints text or JSON. Returns 0 ready, 1 not.

    `state`: a file that `pulumi stack export` printed, else the engine on PATH is asked.
    `before_update`: 1 only for what must not be begun with; what exists already is left to `adopt`.
    Raises `ConfigError`, or `MissingError` where a vendor cannot be asked at all.
    """
    checked = open_stack(stack, "preflight")
    assert checked.config is not None
    known = state_in(state) if state else state_of(engine_name(stack), env)
    settings = settings_of(checked.file, engine_name(stack), env)
    answers = [*ask(checked, checked.config, known, env, settings, names=not before_update)]
    if output == "json":
        print(json.dumps(as_json(checked.file.stack, answers), indent=2, ensure_ascii=False))
    else:
        for sign, line in lines(answers):
            say(line, sign, hanging=" " * 9)
    return 1 if (stopping if before_update else problems)(answers) else 0


def ask(
    checked: CheckedStack,
    config: ScimConfig,
    state: State | None,
    env: Mapping[str, str],
    settings: Mapping[str, str] | None = None,
    *,
    names: bool = True,
) -> Iterator[Answer]:
    """Every answer, the vendors' one after the other; `names` last, and only where nothing stops.

    `state`: what the stack has, None where that is not known. `settings`: the providers', with the
    encrypted ones, where the file does not have them all. Raises `ScimError`.
    """
    settings = checked.file.provider_config if settings is None else settings
    asked = Asked(config, settings, env, datetime.now(UTC).date(), _in_charge(state))
    so_far: list[Answer] = []
    # During a move both identity providers are asked, each about its own way.
    about = {"cloudflare": asked}
    for lane in lanes(config):
        kind = lane.config.identity_provider.kind
        its = {"config": lane.config, "leaving": lane.leaves_okta}
        groups = _groups(state) if kind == "entra" else {}
        of_state = {"application": _application(kind, state), "groups": groups}
        about.setdefault(kind, replace(asked, **its, **of_state))
    for vendor, asked_of_it in about.items():
        for answer in _answers(vendor, asked_of_it):
            so_far.append(answer)
            yield answer
    if names and not stopping(so_far):
        whole = {**checked.file.provider_config, CONFIG_KEY: checked.file.config_object}
        yield from _names(checked.file.stack, whole, state, asked)


def _in_charge(state: State | None) -> Charge | None:
    """By whom the last update left the account administered."""
    guard = state.named(kinds.GUARD) if state is not None else None
    return Charge.kept(guard.outputs) if guard is not None else None


def _application(kind: str, state: State | None) -> str:
    """The application's id in Okta, the service principal's in Entra; empty where there is none."""
    name = kinds.OKTA_APP_NAME if kind == "okta" else kinds.ENTRA_APP_NAME
    kept = state.named(name) if state is not None else None
    if kept is None:
        return ""
    return kept.id if kind == "okta" else str(kept.outputs.get("servicePrincipalObjectId") or "")


def _answers(vendor: str, asked: Asked) -> Iterator[Answer]:
    """A vendor's answers; credentials that it does not take are one, and the others are asked."""
    try:
        yield from VENDORS[vendor](asked)
    except AnswerError as error:
        if error.kind not in ("unauthorized", "rejected"):
            raise
        yield refused(f"{vendor}.signIn", error)


def _groups(state: State | None) -> dict[str, str]:
    """The ids of the stack's groups in Entra, by logical name."""
    kept = state.resources if state is not None else {}
    return {name: group.id for (of, name), group in kept.items() if of == kinds.ENTRA_GROUP}


def _names(
    stack: str, whole: Mapping[str, object], state: State | None, asked: Asked
) -> Iterator[Answer]:
    """Names that are taken, and by what; the stack's own are its own."""
    with Vendors(asked.settings, asked.env, here_only=False) as vendors:
        try:
            discovery = find(stack, whole, state or State(), vendors)
        except ScimError as error:
            yield Answer("names", message=error.message, of="all")
            return
    declared = discovery.declared
    custom = [(each.type, each.inputs) for each in declared.resources if each.custom]
    yield from rate_limits(custom, declared.lookups)
    taken = [finding for finding in discovery.findings if finding.type in _NAMED]
    for finding in taken:
        yield _taken(finding, own=state is None)
    if not taken:
        yield Answer("names", "every name that will be created is free", of="all")


def _taken(finding: Finding, *, own: bool) -> Answer:
    """`own`: no state is known, so it may be the stack's own."""
    by = ", ".join(
        f"{candidate.import_id}" + (f" ({candidate.note})" if candidate.note else "")
        for candidate in finding.candidates
    )
    # Cloudflare lets two tokens have one name: nothing stops, and a person should know.
    level = Level.UNKNOWN if finding.type in kinds.TOKENS or own else Level.REFUSED
    message = Message(
        Where(about=f"{finding.name} ({kinds.words_for(finding.type)})"),
        f"the name is taken by {by}",
        "the update would fail or make a second one",
        "run `cfscim adopt` to take it over, or choose another name"
        + (" (give the stack's state with --state FILE, where it has one)" if own else ""),
        level,
    )
    return Answer(f"name.{finding.name}", message=message, of=finding.type.split(":")[0])


def problems(answers: Sequence[Answer]) -> list[Answer]:
    """What stands in the way."""
    return [answer for answer in answers if answer.status == "problem"]


def stopping(answers: Sequence[Answer]) -> list[Answer]:
    """What would make an update fail, or lock people out."""
    return [answer for answer in answers if answer.stops]


def lines(answers: Sequence[Answer]) -> Iterator[tuple[str, str]]:
    """What is well as it stands, what a person has to look at, what stands in the way, each with
    its sign; the summary is the last line."""
    yield from (
        ("", f"ok       {answer.vendor}: {answer.said}") for answer in answers if answer.said
    )
    for answer in answers:
        if answer.status == "unknown":
            yield "?", f"look     {answer.message}"
    to_do = problems(answers)
    if not to_do:
        yield "+", f"Ready: {len(answers)} answers, nothing stands in the way."
        return
    for answer in to_do:
        yield "!", f"to do    {answer.message}"
    yield "!", f"Not ready: {len(to_do)} to do, see the lines above."


def as_json(stack: str, answers: Sequence[Answer]) -> dict[str, Json]:
    """Every answer with its parts."""
    return {
        "stack": stack,
        "ready": not problems(answers),
        "checks": [_as_json(answer) for answer in answers],
    }


def _as_json(answer: Answer) -> dict[str, Json]:
    shown: dict[str, Json] = {
        "id": answer.id,
        "vendor": answer.vendor,
        "status": answer.status,
        "found": answer.said,
    }
    if answer.message is not None:
        told = answer.message
        shown |= {"where": str(told.where), "what": told.what}
        shown |= {"why": told.why, "instead": as_printed(told.instead)}
    return shown
