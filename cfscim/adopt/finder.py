"""What exists at the vendors and is not in the state, and what the state has and they have no more.

Runs the program with the vendors' own answers and asks them for each resource. Reads only. Each
declared resource is answered from the state, else from what is found by its name or by what it
joins, else with a placeholder, as `plan` does; so a group's push is looked for by the id of the
group that was found. What is gone matters because a provider's deletion of it fails, and of a push
in Okta every refresh as well: an update whose deletion was carried out and whose answer was lost
could not be ended.
"""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs

from cfscim.adopt.state import Key, State
from cfscim.config.json_types import Json, JsonObject
from cfscim.config.kinds import (
    APPLICATIONS,
    ENTRA_GROUP,
    KINDS,
    OURS,
    SERIALISED,
    TOKENS,
    USER_GROUP,
    kind_of,
)
from cfscim.config.messages import ScimError
from cfscim.config.stand_ins import output_of, stands_in
from cfscim.program.monitor import RecordingMonitor
from cfscim.program.placeholders import Placeholders
from cfscim.program.registrations import Declared, Options
from cfscim.program.run import run_program
from cfscim.rehearsal.handler import Candidate, Handler, Resource
from cfscim.rehearsal.vendors import Vendors

Verdict = Literal["adopt", "choose", "refuse", "twin", "near", "leaving"]


@dataclass(frozen=True)
class Finding:
    """What exists of one declared resource that the state lacks, or beside the resource it has.

    `adopt`: `candidates[0]` is taken over, `differs` is what the next update then changes.
    `choose`: more than one could be it. `refuse`: it could only be replaced, `differs` says why.
    `near`: none of them is it. `leaving`: the config lets it go, and a destroy, which leaves it in
    place, would not know that of one taken over.
    `twin`: the state has the resource, or cannot have this one (a token's value is told once).
    """

    type: str
    name: str
    parent: str | None
    verdict: Verdict
    candidates: tuple[Candidate, ...]
    differs: tuple[str, ...] = ()
    inputs: JsonObject = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Discovery:
    """Everything found, the names of what will be created, what the program declares, and the
    names of what the state has and the vendor has ended. `near`: what may be meant to be something
    absent, and is not."""

    findings: tuple[Finding, ...]
    absent: tuple[str, ...]
    declared: Declared
    ended: tuple[str, ...] = ()
    near: tuple[Finding, ...] = ()


def find(
    stack: str,
    config: Mapping[str, object],
    state: State,
    vendors: Vendors,
    chosen: frozenset[str] = frozenset(),
) -> Discovery:
    """Looks for everything that `config` (the stack file's) declares and `state` lacks.

    `chosen`: import ids of those to take where several could be it. Raises `ScimError` where the
    program refuses the config, or a vendor cannot be read.
    """
    finder = _Finder(vendors, state, chosen)
    try:
        declared = run_program(finder.monitor, stack=stack, config=config, preview=False)
    except Exception:
        if finder.failure is not None:
            raise finder.failure from None
        raise
    order = {resource.name: place for place, resource in enumerate(declared.resources)}
    findings = sorted(finder.findings, key=lambda finding: order[finding.name])
    absent = sorted(finder.absent, key=lambda name: order[name])
    near = sorted(finder.near, key=lambda finding: order[finding.name])
    return Discovery(tuple(findings), tuple(absent), declared, tuple(finder.ended), tuple(near))


class _Finder(Placeholders):
    """Answers the program with what exists."""

    def __init__(self, vendors: Vendors, state: State, chosen: frozenset[str]) -> None:
        self.monitor = RecordingMonitor(self)
        self.findings: list[Finding] = []
        self.absent: list[str] = []
        self.ended: list[str] = []
        self.near: list[Finding] = []
        self.failure: ScimError | None = None
        self._vendors = vendors
        self._state = state
        self._chosen = chosen
        self._lock = threading.Lock()

    def call(  # pyright: ignore[reportIncompatibleMethodOverride] - failures may be left out
        self, args: MockCallArgs
    ) -> dict[str, object]:
        """The vendor's own answer. Raises `ScimError`."""
        try:
            return dict(self._vendors.lookup(args.token)(args.args))
        except ScimError as error:
            self._fail(error)
            raise

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, object]]:
        """Id and outputs of what the state has, or of the candidate to adopt; else placeholders."""
        if not args.custom:
            return "", {}
        inputs = _revealed(args.inputs)
        kept = self._state.resources.get((args.typ, args.name))
        try:
            handler = self._vendors.handler(args.typ)
            if kept is not None and args.typ in TOKENS:
                resource = Resource(
                    args.typ, args.name, kept.id, inputs, kept.outputs, Options(), 0
                )
                self.ended += [args.name] if handler.refresh(resource) is None else []
            finding = self._look(handler, args, inputs, twins=kept is not None)
            near = () if finding or kept or _has_placeholder(inputs) else handler.near(inputs)
            outcome = None
            if finding is not None and finding.verdict == "adopt":
                seen = handler.read(finding.candidates[0].import_id)
                outcome = seen.outcome if seen is not None else None
        except ScimError as error:
            self._fail(error)
            raise
        with self._lock:
            if finding is not None:
                self.findings.append(finding)
            elif kept is None:
                self.absent.append(args.name)
            if near:
                self.near.append(Finding(args.typ, args.name, None, "near", near))
        placed = super().new_resource(args)[1]
        shown = {k: v for k, v in placed.items() if not rpc.is_rpc_secret(v)}
        if kept is not None:
            return kept.id, {**shown, **kept.outputs}
        if outcome is not None:
            return outcome.id, {**shown, **outcome.outputs}
        return output_of(args.name, "id"), shown

    def _look(
        self, handler: Handler, args: MockResourceArgs, inputs: JsonObject, *, twins: bool
    ) -> Finding | None:
        if _has_placeholder(inputs):
            return None  # it hangs on what does not exist
        if twins and handler.importable and args.typ not in _REPEATABLE:
            return None  # a second one cannot be
        listed = handler.find(inputs) or ()
        ids = self._state.ids(args.typ)
        own = [
            candidate
            for candidate in listed
            if {candidate.import_id, candidate.import_id.rsplit("/", 1)[-1]} & ids
        ]
        last = max((candidate.used for candidate in own), default="")
        others = tuple(
            # With whichever token was used last the identity provider signs in.
            replace(candidate, in_use=candidate.in_use or candidate.used > last)
            for candidate in listed
            if candidate not in own
        )
        if not others:
            return None
        options = self.monitor.declared.options_of(args.typ, args.name)

        def finding(verdict: Verdict, *differs: str, of: tuple[Candidate, ...] = others) -> Finding:
            declared = self.monitor.declared.of(args.typ, args.name)
            parent = declared.parent if declared else None
            return Finding(args.typ, args.name, parent, verdict, of, differs, inputs)

        if twins or not handler.importable:
            return finding("twin")
        if options.retain_on_delete and not options.protect and args.typ == USER_GROUP:
            return finding("leaving")
        picked = tuple(other for other in others if other.import_id in self._chosen)
        if len(others) > 1 and len(picked) != 1:
            return finding("choose")
        chosen = next(iter(picked or others))
        blocking = _blocking(args.typ, chosen, inputs, options)
        if blocking:
            return finding("refuse", *blocking, of=(chosen,))
        rest = tuple(other for other in others if other is not chosen)
        return finding("adopt", *_differences(chosen, inputs, options), of=(chosen, *rest))

    def _fail(self, error: ScimError) -> None:
        with self._lock:
            self.failure = self.failure or error


_REPEATABLE = APPLICATIONS | {ENTRA_GROUP}
"""What a vendor lets two of one name be, apart from tokens, whose value cannot be read."""


def _blocking(type_: str, candidate: Candidate, inputs: JsonObject, options: Options) -> list[str]:
    """What could only be had by replacing it: then taking it over would take access away."""
    keys = kind_of(type_).forces_new | {*options.replace_on_changes}
    return [
        _difference(key, candidate.facts[key], inputs.get(key))
        for key in sorted(keys & {*candidate.facts})
        if _plain(candidate.facts[key]) != _plain(inputs.get(key))
    ]


def _differences(candidate: Candidate, inputs: JsonObject, options: Options) -> list[str]:
    """What the next update changes in place."""
    return [
        _difference(key, candidate.facts[key], inputs[key])
        for key in sorted({*candidate.facts} & {*inputs} - {*options.ignore_changes})
        if _plain(candidate.facts[key]) != _plain(inputs[key])
    ]


def _difference(key: str, is_: Json, declared: Json) -> str:
    if isinstance(is_, list) and isinstance(declared, list) and key in ("members", "users"):
        more = [person for person in is_ if person not in declared]
        fewer = [person for person in declared if person not in is_]
        said = [f"{len(fewer)} people are put in"] if fewer else []
        said += [f"{len(more)} are taken out ({', '.join(map(str, more[:5]))})"] if more else []
        return f"{key}: {', '.join(said)}"
    leaves = [*_leaves(key, _plain(is_), _plain(declared))]
    more = [f"and {len(leaves) - _NAMED} more"] if len(leaves) > _NAMED else []
    return "; ".join([*leaves[:_NAMED], *more])


_NAMED = 3
"""How many places of one value are named as different."""


def _leaves(path: str, is_: object, declared: object) -> Iterator[str]:
    """Each place where two values differ: two long ones may begin with the same words."""
    if isinstance(is_, dict) and isinstance(declared, dict):
        for key in sorted({*is_} | {*declared}):
            yield from _leaves(f"{path}.{key}", is_.get(key), declared.get(key))
    elif isinstance(is_, list) and isinstance(declared, list) and len(is_) == len(declared):
        for index, pair in enumerate(zip(is_, declared, strict=True)):
            yield from _leaves(f"{path}[{index}]", *pair)
    elif is_ != declared:
        yield f"{path}: is {_short(is_)}, declared {_short(declared)}"


def _short(value: object) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _plain(value: Json) -> object:
    """Without order and without what is empty: `null`, false, "" and [] are one to a provider."""
    if isinstance(value, list):
        return sorted((_plain(item) for item in value), key=repr) or None
    if isinstance(value, dict):
        return {
            key: _plain(item) for key, item in value.items() if _plain(item) is not None
        } or None
    return value if value not in ("", False) else None


def _revealed(inputs: Mapping[str, object]) -> JsonObject:
    return {
        key: rpc.unwrap_rpc_secret(value) if rpc.is_rpc_secret(value) else value
        for key, value in inputs.items()
        if key != SERIALISED
    }  # pyright: ignore[reportReturnType] - the monitor's values are JSON


def _has_placeholder(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(_has_placeholder(item) for item in value.values())
    if isinstance(value, list):
        return any(_has_placeholder(item) for item in value)
    return stands_in(value)


@dataclass(frozen=True)
class Gone:
    """`keys`: to be taken out of the state. `doubted`: those of a vendor of which nothing is left,
    the application neither: rather another organisation's credentials. A destroy ends with groups.
    `binned`: with the command that brings it back; until then nothing of its vendor is taken out.
    """

    keys: tuple[Key, ...] = ()
    doubted: tuple[Key, ...] = ()
    binned: tuple[tuple[Key, str], ...] = ()


def find_gone(state: State, vendors: Vendors, *, sure: bool = False) -> Gone:
    """Asks the vendors for each resource of the state. A token's end is `token-watch`'s to notice.

    `sure`: the credentials are the right ones. Raises `ScimError` where a vendor cannot be read.
    """
    gone: list[Key] = []
    serving: set[str] = set()
    binned: dict[Key, str] = {}
    for key in state.resources:
        is_gone = _is_gone(key, state, vendors)
        if is_gone:
            gone.append(key)
            if command := _restored_by(key, state, vendors):
                binned[key] = command
        elif is_gone is not None:
            serving.add(_vendor(key))
    apps = {_vendor(key) for key in gone if key[0] in APPLICATIONS}
    suspect = frozenset[str]() if sure else apps - serving
    waiting = {_vendor(key) for key in binned}
    keys = tuple(key for key in gone if _vendor(key) not in suspect | waiting)
    doubted = tuple(key for key in gone if _vendor(key) in suspect - waiting)
    return Gone(keys, doubted, tuple(binned.items()))


def _is_gone(key: Key, state: State, vendors: Vendors) -> bool | None:
    type_ = key[0]
    if type_ not in KINDS or type_ in TOKENS or type_.startswith(OURS):
        return None
    return vendors.handler(type_).gone(_resource(key, state))


def _restored_by(key: Key, state: State, vendors: Vendors) -> str:
    if not state.resources[key].protected:
        return ""
    return vendors.handler(key[0]).restored_by(_resource(key, state))


def _resource(key: Key, state: State) -> Resource:
    kept = state.resources[key]
    return Resource(*key, kept.id, kept.inputs, kept.outputs, Options(), 0)


def _vendor(key: Key) -> str:
    return key[0].split(":")[0]
