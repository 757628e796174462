"""`adopt`: finds what exists and is not in the state, and writes its import.

One way for what an interrupted or lost update created unseen and for what somebody made by hand:
the declared resources are looked for in the live systems by name and by what they join. Nothing is
written to a vendor, but for the deletion of a twin that was asked for by its id.
"""

import json
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from cfscim import processes
from cfscim.adopt.finder import Discovery, Finding, Gone, find, find_gone
from cfscim.adopt.state import State, asked, settings_of, state_in, state_of
from cfscim.config.json_types import Json, JsonObject, items, string
from cfscim.config.kinds import ENTRA_CREDENTIALS, TOKENS, words_for
from cfscim.config.messages import CONFIG_KEY, MissingError, ScimError
from cfscim.config.models import ScimConfig
from cfscim.hints import engine_command, engine_folder
from cfscim.program.registrations import Declared, Options, Registration
from cfscim.rehearsal.handler import Candidate, Resource
from cfscim.rehearsal.vendors import Vendors
from cfscim.report.say import say
from cfscim.stacks import engine_name, open_stack, short_name


@dataclass(frozen=True)
class Request:
    """What was asked for. `state`: a file that `pulumi stack export` printed, else the engine is
    asked; `take`: ids of those to take where several could be it; `delete_twins`: ids;
    `do_import`: let the engine carry the import out; `file`: where the import is written; `forget`:
    what is gone leaves the state even where nothing of its vendor is left."""

    stack: str
    state: str | None = None
    take: tuple[str, ...] = ()
    delete_twins: tuple[str, ...] = ()
    do_import: bool = False
    file: str | None = None
    forget: bool = False


def run(request: Request, env: Mapping[str, str]) -> int:
    """Prints the discovery and writes `adopt.<stack>.json`. Returns 0 where nothing is left to
    adopt, 1 where something needs a person. Raises `ScimError`."""
    checked = open_stack(request.stack, "adopt", only_read=True)
    assert checked.config is not None
    stack = checked.file.stack
    state = known = _state(request, env)
    config = {**checked.file.provider_config, CONFIG_KEY: checked.file.config_object}
    settings = settings_of(checked.file, engine_name(request.stack), env)
    with Vendors(settings, env, here_only=False) as vendors:
        gone = find_gone(state, vendors, sure=request.forget)
        state = state.without(gone.keys)
        discovery = find(stack, config, state, vendors, frozenset(request.take))
        if request.delete_twins:
            for line in delete_twins(request.delete_twins, discovery.findings, state, vendors):
                say(line)
            discovery = find(stack, config, state, vendors, frozenset(request.take))
    choice = choose(discovery, checked.config, request.take)
    for line in (*gone_lines(gone), *report(discovery, checked.config, choice)):
        say(line, hanging="    ")
    if gone.keys and request.do_import:
        _restate(engine_name(request.stack), state, env, known, _TAKEN_OUT)
        say("Taken out of the state.")
    content = import_file(choice.taken, discovery.declared, state)
    code = _write(request, discovery.declared, content, env) or (1 if choice.people else 0)
    return 1 if gone.doubted or gone.binned or (gone.keys and not request.do_import) else code


def _state(request: Request, env: Mapping[str, str]) -> State:
    if request.state is not None:
        return state_in(request.state)
    state = state_of(engine_name(request.stack), env)
    if state is None and request.delete_twins:
        raise MissingError(
            "adopt --delete-twin",
            "there is no pulumi on PATH",
            "what is the stack's own cannot be told from its twins",
            "give what `pulumi stack export` prints with --state FILE",
        )
    if state is None:
        say(
            "There is no pulumi on PATH: the stack is taken to have no state; where it has one, "
            "give what `pulumi stack export` prints with --state FILE.",
            "?",
            error=True,
        )
        return State()
    return state


# -- what is said ----------------------------------------------------------------------------


def gone_lines(gone: Gone) -> Iterator[str]:
    """What the state has and its vendor has no more; a line each."""
    if gone.keys:
        yield (
            "Gone at its vendor, and an update would stop at it; `cfscim adopt --import` takes it "
            "out of the state:"
        )
        yield from (f"  {name} ({words_for(type_)})" for type_, name in gone.keys)
    for (type_, name), command in gone.binned:
        yield (
            f"Needs a person: {name} ({words_for(type_)}) is in the recycle bin; made anew, it "
            f"would lack who was in it. Restore it: {command}; or delete it for good there, and "
            "run this again"
        )
    if gone.doubted:
        names = ", ".join(name for _, name in gone.doubted)
        yield (
            f"Needs a person: nothing is there of {names}; these may be another organisation's "
            "credentials, which `cfscim preflight` tells; where they are the right ones, "
            "`cfscim adopt --import --forget` takes it out of the state"
        )


@dataclass(frozen=True)
class Choice:
    """What is taken over, what a person has to look at first, a line each, and what waits for that
    (as `waiting`)."""

    taken: Sequence[Finding]
    people: Sequence[str]
    waiting: Mapping[str, frozenset[str]]


def choose(discovery: Discovery, config: ScimConfig, take: Iterable[str] = ()) -> Choice:
    """`take`: the ids that a person has looked at."""
    kept_back = held_back(discovery.findings, config, take)
    people = needs_person((*discovery.findings, *discovery.near), kept_back)
    return Choice(free(discovery, kept_back), [*people], waiting(discovery, kept_back))


def report(discovery: Discovery, config: ScimConfig, choice: Choice) -> Iterator[str]:
    """What was found, what differs from the guide, and what needs a person; a line each."""
    if choice.taken:
        yield "Exists, is not in the state, and can be taken over as it is:"
        for finding in choice.taken:
            yield f"  {_title(finding)}: {finding.candidates[0].import_id}"
            yield from (f"    differs: {line}" for line in finding.differs)
    if choice.people:
        yield "Needs a person:"
        yield from (f"  {line}" for line in choice.people)
    yield from (f"Note: {line}" for line in notes(discovery, config))
    for finding in discovery.findings:
        if finding.verdict == "leaving":
            yield (
                f"Note: {_title(finding)} is not taken over: removals lets it go, and a destroy "
                "leaves it in place with its people; where the stack stays, take that entry out "
                "first"
            )
    for finding in discovery.near:
        beside = [candidate for candidate in finding.candidates if not candidate.bars]
        if beside:
            yield f"Note: {_title(finding)} is not {_listed(beside)}"
    if choice.waiting:
        yield "Waits for what is not settled, and may exist; run adopt again then:"
        yield from (f"  {name}: for {', '.join(sorted(on))}" for name, on in choice.waiting.items())
    in_the_way = {finding.name for finding in discovery.near if _bars(finding)}
    absent = [name for name in discovery.absent if name not in in_the_way | {*choice.waiting}]
    if absent:
        yield f"Does not exist and will be created: {', '.join(absent)}"
    for name in discovery.ended:
        yield (
            f"Ended: {name} expired, was revoked or was deleted at its vendor; the next update "
            "makes a new one"
        )
    if not discovery.findings and not choice.people:
        yield "Nothing exists that the state lacks."


def needs_person(findings: Iterable[Finding], kept_back: Collection[str] = ()) -> Iterator[str]:
    """What cannot be taken over, each with the safe way; `kept_back`: as `held_back` names them."""
    for finding in findings:
        if finding.verdict == "near":
            yield from _in_the_way(finding)
        if finding.name in kept_back:
            yield (
                f"{_title(finding)}: {_described(finding.candidates[0])}, and whoever is in it "
                "gets the role once it is taken over; look who they are, then add --take ID, or "
                "name the role's members in the config"
            )
        if finding.verdict == "choose":
            yield (
                f"{_title(finding)}: {len(finding.candidates)} could be it: "
                f"{_listed(finding.candidates)}; the wrong one could give access to the wrong "
                "people; look at them, then add --take ID for the right one, or --delete-twin ID "
                "for the others"
            )
        elif finding.verdict == "refuse":
            yield (
                f"{_title(finding)}: {finding.candidates[0].import_id} could only be replaced "
                f"({'; '.join(finding.differs)}), and whoever has access by it would lose it; "
                "change it by hand as declared, or give it another name"
            )
        elif finding.verdict == "twin" and finding.type in TOKENS:
            yield (
                f"{_title(finding)}: a token of this name is not the stack's: "
                f"{_listed(finding.candidates)}; its value was told once and cannot be read, so "
                "it is never taken over: the next update makes its own beside it; hand that one "
                "over, see it used, then --delete-twin ID"
            )
        elif finding.verdict == "twin":
            yield (
                f"{_title(finding)}: there are others of the name: "
                f"{_listed(finding.candidates)}; the state has its own; look at them, then "
                "--delete-twin ID"
            )
        for twin in finding.candidates[1:] if finding.verdict == "adopt" else ():
            delete = f"--delete-twin {twin.import_id}"
            yield f"{_title(finding)}: a twin of it, {_described(twin)}; {delete}"


def _in_the_way(finding: Finding) -> Iterator[str]:
    """What has nearly the name, and the update would fail on."""
    barring = [candidate for candidate in finding.candidates if candidate.bars]
    if barring:
        yield (
            f"{_title(finding)} is not {_listed(barring)}; where it is meant, rename it and run "
            "adopt again; else rename or delete it, or set groupPrefix"
        )


def notes(discovery: Discovery, config: ScimConfig) -> Iterator[str]:
    """What cannot be imported, and what is not looked for yet."""
    declared = {resource.type for resource in discovery.declared.resources}
    if ENTRA_CREDENTIALS in declared and "entra-secret" in discovery.absent:
        yield (
            "the credentials that Entra keeps cannot be read; the next update saves them anew, "
            "with the stack's own token, and tests them"
        )
    if config.identity_provider.by_hand and not config.identity_provider.confirmed:
        yield (
            "pushes of groups are looked for once identityProvider.apiIntegrationConfirmed is "
            "true; run adopt again then, before the update"
        )


def held_back(findings: Iterable[Finding], config: ScimConfig, take: Iterable[str]) -> set[str]:
    """Names of groups that a person has to look at first: the config does not name the role's
    members, and somebody who is in the group, or comes into it for another app, would get the role.
    Not those of `take`."""
    open_roles = {role.value for role, given in config.roles.items() if given.members is None}
    taken, provider = {*take}, config.identity_provider
    own = {provider.app_name} if provider.kind == "entra" else set[str]()
    return {
        finding.name
        for finding in findings
        if finding.verdict == "adopt"
        and (finding.candidates[0].people or finding.candidates[0].apps - own)
        and finding.candidates[0].import_id not in taken
        and any(
            str(finding.inputs.get("description")).endswith(f"role {role}") for role in open_roles
        )
    }


def free(discovery: Discovery, kept_back: Collection[str]) -> list[Finding]:
    """What is taken over: nothing that is kept back, nor what hangs on that. An assignment without
    its group would be replaced by one of the group that the next update makes."""
    kept = {*kept_back, *waiting(discovery, kept_back)}
    return [
        finding
        for finding in discovery.findings
        if finding.verdict == "adopt" and finding.name not in kept
    ]


def waiting(discovery: Discovery, kept_back: Collection[str]) -> dict[str, frozenset[str]]:
    """What hangs on something that only a person can settle, with the names of that: by its id it
    is looked for, and which one that is nobody knows yet."""
    unsettled = {*kept_back, *(finding.name for finding in discovery.near if _bars(finding))}
    unsettled |= {
        finding.name
        for finding in discovery.findings
        if finding.verdict in ("choose", "refuse", "leaving")
    }
    hangs: dict[str, frozenset[str]] = {}
    for resource in discovery.declared.resources:
        sources = frozenset(name for names in resource.fed_by.values() for name in names)
        on = (sources & unsettled).union(*(hangs.get(name, ()) for name in sources))
        if on:
            hangs[resource.name] = on
    lacking = {*discovery.absent, *(finding.name for finding in discovery.findings)}
    return {name: on for name, on in hangs.items() if name in lacking}


def _bars(finding: Finding) -> bool:
    return any(candidate.bars for candidate in finding.candidates)


def _title(finding: Finding) -> str:
    return f"{finding.name} ({words_for(finding.type)})"


def _listed(candidates: Iterable[Candidate]) -> str:
    return ", ".join(_described(candidate) for candidate in candidates)


def _described(candidate: Candidate) -> str:
    facts = [f"made {candidate.created}" if candidate.created else "", candidate.note]
    said = ", ".join(fact for fact in facts if fact)
    return f"{candidate.import_id} ({said})" if said else candidate.import_id


# -- what is done ----------------------------------------------------------------------------


def delete_twins(
    ids: Sequence[str], findings: Iterable[Finding], state: State, vendors: Vendors
) -> Iterator[str]:
    """Deletes the twins named, a line each; nothing else can be named. Raises `ScimError`,
    before anything is deleted where an id is no twin or somebody has access by it."""
    deletable = {
        candidate.import_id: (finding, candidate)
        for finding in findings
        for candidate in (
            finding.candidates[1:] if finding.verdict == "adopt" else finding.candidates
        )
        if finding.verdict not in ("refuse", "leaving")
    }
    for id_ in ids:
        if id_ not in deletable:
            raise ScimError(
                f"adopt --delete-twin {id_}",
                "that is no twin of anything that the stack declares",
                "only a twin is ever deleted",
                "run adopt without it and copy an id from its lines",
            )
        _refuse_in_use(id_, *deletable[id_], state.previous_tokens)
    for id_ in ids:
        finding, twin = deletable[id_]
        handler = vendors.handler(finding.type)
        seen = handler.read(twin.import_id) if handler.importable else None
        twin_id, outputs = (seen.outcome.id, seen.outcome.outputs) if seen else (twin.import_id, {})
        handler.delete(
            Resource(finding.type, finding.name, twin_id, finding.inputs, outputs, Options(), 0)
        )
        yield f"Deleted {id_}, a twin of {_title(finding)}."


def _refuse_in_use(id_: str, finding: Finding, candidate: Candidate, kept: Collection[str]) -> None:
    """Raises `ScimError` where provisioning, or somebody's access, would end with it."""
    about, stops = f"adopt --delete-twin {id_}", "provisioning could stop with it"
    if id_ in kept:
        raise ScimError(
            about,
            f"token.keepPrevious keeps it until the new one is in use ({candidate.note})",
            stops,
            "take keepPrevious out once `cfscim verify` shows the new one in use: the update after "
            "it ends this one",
        )
    if candidate.in_use and finding.type in TOKENS:
        raise ScimError(
            about,
            f"whoever provisions signs in with it and not with the stack's own token "
            f"({candidate.note})",
            stops,
            "hand the stack's own token over (`cfscim steps`), and see that it was used since",
        )
    if candidate.in_use:
        raise ScimError(
            about, candidate.note, "whoever has access by it would lose it", "take them out first"
        )


def _write(
    request: Request, declared: Declared, content: JsonObject, env: Mapping[str, str]
) -> int:
    """Writes the import and says, or does, what takes it over; 1 where that is left to do."""
    file = Path(request.file or f"adopt.{short_name(request.stack)}.json")
    if not content["resources"]:
        file.unlink(missing_ok=True)  # of an earlier run: importing it again would fail
        return 0
    file.write_text(json.dumps(content, indent=2) + "\n")
    stack = engine_name(request.stack)
    words = import_words(stack, file)
    preview = engine_command("preview")
    if request.do_import:
        _carry_out(words, env)
        file.unlink()
        imported = state_of(stack, env)
        assert imported is not None, "the engine has just imported it"
        wanted = imported.as_declared(declared, imported_names(content))
        _restate(stack, wanted, env, imported, _PROTECTED)
        say(f"Imported. Next: {preview}")
        return 0
    say(f"Written: {file}. Next: {_as_typed(words)}")
    say(f"Then: {preview}; all of it is protected until the next `pulumi up`, a destroy included.")
    return 1


def import_words(stack: str, file: Path) -> list[str]:
    """What is asked of `pulumi` to carry the import out. All of it is protected until the next
    update, which protects what the program says; `adopt --import` does that at once."""
    return [
        "import",
        "--stack",
        stack,
        "--file",
        str(file.absolute() if engine_folder() else file),
        "--protect=true",
        "--generate-code=false",
        "--yes",
    ]


@dataclass(frozen=True)
class _Undone:
    """How the stack is left where its state could not be written: why that matters, what to do."""

    why: str
    instead: str


_IMPORT = _Undone("the state may lack some of it", "put it right, run adopt again")
_TAKEN_OUT = _Undone(
    "nothing was taken out of the state, and nothing imported", "put it right, run adopt again"
)
_PROTECTED = _Undone(
    "all of it is imported, and protected as a whole until the next update",
    "put it right; `pulumi up` protects what the program says",
)


def _restate(
    stack: str, state: State, env: Mapping[str, str], known: State, undone: _Undone
) -> None:
    """The engine takes this state for its own; secrets are encrypted in it all the way. It refuses
    by its own lock while an update runs (pulumi/pkg/backend/diy, `ImportDeployment`). Raises
    `ScimError` where an update ended since `known` was read: its work would be overwritten."""
    now = state_of(stack, env)
    if now is not None and now.export.get("deployment") != known.export.get("deployment"):
        raise ScimError(
            f"pulumi stack import --stack {stack}",
            "somebody else's update changed the state meanwhile",
            f"it would be overwritten; {undone.why}",
            undone.instead.replace("put it right", "let it end"),
        )
    _carry_out(["stack", "import", "--stack", stack], env, json.dumps(state.export), undone=undone)


def _as_typed(words: Iterable[str]) -> str:
    """`pulumi` with these words, as it is typed where this command was."""
    folder = engine_folder()
    return shlex.join(["pulumi", *(("-C", folder) if folder else ()), *words])


def _carry_out(
    words: Sequence[str],
    env: Mapping[str, str],
    given: str = "",
    *,
    undone: _Undone = _IMPORT,
) -> None:
    done = asked(*words, env=env, seconds=processes.WORK_SECONDS, given=given)
    if done is None:
        raise MissingError(
            "adopt",
            f"there is no `pulumi` on PATH to carry the {words[0]} out",
            "the state is as it was",
            f"run where there is one: {_as_typed(words)}",
        )
    if done.returncode != 0:
        said = " ".join((done.stderr + done.stdout).split())[-600:]
        raise ScimError(
            f"pulumi {' '.join(words[:2]) if given else words[0]}",
            said,
            undone.why,
            undone.instead,
        )


def import_file(findings: Iterable[Finding], declared: Declared, state: State) -> JsonObject:
    """`{"nameTable": {name: urn}, "resources": [...]}`, components before what is in them.

    Source: pulumi/pkg/cmd/pulumi/operations/import.go (3.259), `importFile` and `importSpec`: a
    parent is named by `nameTable` or by another entry; a component that the state lacks is an entry
    of its own, without an id.
    """
    by_name = {resource.name: resource for resource in declared.resources}
    names: dict[str, Json] = {}
    components: dict[str, Json] = {}
    entries: list[Json] = []
    for finding in findings:
        if finding.verdict != "adopt":
            continue
        entry: JsonObject = {
            "type": finding.type,
            "name": finding.name,
            "id": finding.candidates[0].import_id,
            "version": metadata.version(f"pulumi-{finding.type.split(':')[0]}"),
        }
        if finding.parent is not None:
            entry["parent"] = finding.parent
            _place(finding.parent, by_name, state, names, components)
        entries.append(entry)
    return {"nameTable": names, "resources": [*components.values(), *entries]}


def imported_names(content: JsonObject) -> set[str]:
    """The logical names of all that an import of this content brings into the state."""
    return {string(entry, "name") for entry in items(content, "resources")}


def _place(
    name: str,
    by_name: dict[str, Registration],
    state: State,
    names: dict[str, Json],
    components: dict[str, Json],
) -> None:
    """Notes where a component is, or that it has to be made, with everything above it."""
    if name in state.urns:
        names[name] = state.urns[name]
        return
    if name in components:
        return
    component = by_name[name]
    if component.parent is not None:
        _place(component.parent, by_name, state, names, components)
    entry: JsonObject = {"type": component.type, "name": name, "component": True}
    if component.parent is not None:
        entry["parent"] = component.parent
    components[name] = entry
