"""One stack's rehearsals: what an engine does between two updates, remembered by this process."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import count

from pydantic import SecretStr

from cfscim.config.json_types import Json, JsonObject
from cfscim.config.kinds import TOKENS
from cfscim.config.messages import PROJECT, ScimError
from cfscim.program.registrations import SECRET, Declared, Options, Registration, Value
from cfscim.program.run import run_program
from cfscim.rehearsal.carrier import Carrier, Key, named, title
from cfscim.rehearsal.handler import Held, items, string
from cfscim.rehearsal.loopback import require_loopback
from cfscim.rehearsal.vendors import Vendors


@dataclass(frozen=True)
class RehearsalResult:
    """What one update did.

    `outputs` are the stack's, with real values and every secret as `[secret]`; `token_value` is
    the API token's, for whoever plays the administrator. `summary` counts resources by what
    happened to them: created, updated, replaced, same, deleted, retained.
    """

    declared: Declared
    outputs: Mapping[str, Value]
    token_value: SecretStr | None
    summary: Mapping[str, int]


class Rehearsal:
    """A stack on the sandbox, without an engine.

    In: the stack's name, the environment that names the endpoints and credentials, where
    progress goes, a line at a time, from several threads but never two at once, and the `state`
    that `export` gave, to continue from.
    """

    def __init__(
        self,
        stack: str,
        env: Mapping[str, str],
        *,
        progress: Callable[[str], None],
        state: Json = None,
    ) -> None:
        self._stack = stack
        self._env = env
        self._progress = progress
        self._settings: Mapping[str, str] = {}
        self._held: dict[Key, Held] = {}
        self._replaced: list[Held] = []
        self._urns: dict[Key, str] = {}
        if state is not None:
            self._load(state)
        self._turns = count(1 + max((held.turn for held in self._held.values()), default=0))

    def update(self, config: Mapping[str, object]) -> RehearsalResult:
        """Runs the program with this config of the stack file and makes the sandbox match it.

        Raises `ScimError`, before anything else where an endpoint is not loopback. What was done
        until then is remembered, so that the next update continues there.
        """
        self._settings = provider_settings(config)
        require_loopback(self._settings, self._env)
        began = next(self._turns)
        with Vendors(self._settings, self._env) as vendors:
            carrier = Carrier(vendors, self._held, self._turns, self._progress)
            try:
                declared = self._run(carrier, config)
            finally:
                self._put_last(began)
                self._replaced += carrier.replaced
                self._note_urns(carrier.monitor.declared.resources)
            removed = [held for key, held in self._held.items() if key not in carrier.seen]
            _refuse_protected(removed)
            self._delete(vendors, [*self._replaced, *removed], carrier.counts)
        return RehearsalResult(declared, declared.outputs, self._token(), dict(carrier.counts))

    def refresh(self, config: Mapping[str, object]) -> int:
        """What `pulumi refresh` does: the memory becomes what the vendors show, and nothing is
        written. Returns how many resources differ. Raises `ScimError` where one cannot be read.
        """
        self._settings = provider_settings(config)
        require_loopback(self._settings, self._env)
        found: dict[Key, Held | None] = {}
        with Vendors(self._settings, self._env) as vendors:
            for key, held in self._held.items():
                try:
                    found[key] = vendors.handler(held.type).refresh(held)
                except ScimError as error:
                    raise named(f"refresh {title(held.type, held.name)}", error) from None
        differs = sum(found[key] != held for key, held in self._held.items())
        self._held = {key: held for key, held in found.items() if held is not None}
        return differs

    def forget(self, name: str) -> None:
        """What `pulumi state delete --force --target-dependents` does with the resource of this
        logical name: whatever depends on it leaves the state too."""
        gone = {name}
        while more := {
            held.name
            for held in self._held.values()
            if held.name not in gone and not gone.isdisjoint(held.options.depends_on)
        }:
            gone |= more
        self._held = {key: held for key, held in self._held.items() if held.name not in gone}

    def destroy(self, *, unprotect: bool = False) -> Mapping[str, int]:
        """Deletes all that was created, the newest first; returns counts as `summary` has them.

        Raises `ScimError` where something is protected and `unprotect` is false; nothing is
        deleted then.
        """
        require_loopback(self._settings, self._env)
        if not unprotect:
            _refuse_protected(self._held.values())
        counts: Counter[str] = Counter()
        with Vendors(self._settings, self._env) as vendors:
            self._delete(vendors, [*self._replaced, *self._held.values()], counts)
        return dict(counts)

    def take_over(self, imports: JsonObject, config: Mapping[str, object]) -> int:
        """What `pulumi import --file` does with the file that `adopt` wrote: each resource is
        read by its id into the state, and nothing is written. Returns how many.

        Raises `ScimError` where one is not there.
        """
        self._settings = provider_settings(config)
        require_loopback(self._settings, self._env)
        wanted = [spec for spec in items(imports, "resources") if not spec.get("component")]
        with Vendors(self._settings, self._env) as vendors:
            for spec in wanted:
                self._take(vendors, spec)
        return len(wanted)

    def export(self) -> JsonObject:
        """All that is remembered, in the form of `pulumi stack export`. Holds secrets."""
        resources: list[Json] = [
            {
                "urn": self._urns.get((held.type, held.name)) or _urn(self._stack, held),
                "type": held.type,
                "custom": True,
                "id": held.id,
                "inputs": held.inputs,
                "outputs": held.outputs,
                "protect": held.options.protect,
                "rehearsal": {
                    "options": json.loads(json.dumps(asdict(held.options))),
                    "turn": held.turn,
                    "imported": held.imported,
                    "replaced": held in self._replaced,
                },
            }
            for held in [*self._held.values(), *self._replaced]
        ]
        components: list[Json] = [
            {"urn": urn, "type": type_, "custom": False}
            for (type_, name), urn in self._urns.items()
            if (type_, name) not in self._held
        ]
        return {"version": 3, "deployment": {"resources": [*components, *resources]}}

    def _load(self, state: Json) -> None:
        deployment = state.get("deployment") if isinstance(state, dict) else None
        for resource in items(deployment if isinstance(deployment, dict) else {}, "resources"):
            urn, type_ = string(resource, "urn"), string(resource, "type")
            key = (type_, urn.rsplit("::", 1)[-1])
            self._urns[key] = urn
            noted = resource.get("rehearsal")
            if not isinstance(noted, dict):
                continue
            held = Held(
                *key,
                string(resource, "id"),
                _object(resource.get("inputs")),
                _object(resource.get("outputs")),
                _options(_object(noted.get("options"))),
                int(string(noted, "turn")),
                noted.get("imported") is True,
            )
            if noted.get("replaced") is True:
                self._replaced.append(held)
            else:
                self._held[key] = held

    def _take(self, vendors: Vendors, spec: JsonObject) -> None:
        type_, id_ = string(spec, "type"), string(spec, "id")
        name = string(spec, "logicalName") or string(spec, "name")
        if (type_, name) in self._held:
            raise ScimError(
                f"import {title(type_, name)}",
                "the state has it already",
                "nothing was taken over",
                "run `cfscim adopt` again",
            )
        try:
            seen = vendors.handler(type_).read(id_)
        except ScimError as error:
            raise named(f"import {title(type_, name)}", error) from None
        if seen is None:
            raise ScimError(
                f"import {title(type_, name)}",
                f"there is no {id_}",
                "nothing was taken over",
                "run `cfscim adopt` again",
            )
        self._held[type_, name] = Held(
            type_,
            name,
            seen.made.id,
            seen.inputs,
            seen.made.outputs,
            Options(),
            next(self._turns),
            imported=True,
        )
        self._progress(f"  imported {title(type_, name)}")

    def _run(self, carrier: Carrier, config: Mapping[str, object]) -> Declared:
        try:
            return run_program(carrier.monitor, stack=self._stack, config=config, preview=False)
        except Exception:
            # The SDK wraps what a resource raised, or reports what depended on it instead.
            if carrier.failure is not None:
                raise carrier.failure from None
            raise

    def _put_last(self, began: int) -> None:
        """What a failed run did not reach hangs on what it reached: it is deleted before that."""
        for key, held in sorted(self._held.items(), key=lambda item: item[1].turn):
            if held.turn < began:
                self._held[key] = replace(held, turn=next(self._turns))

    def _note_urns(self, resources: Iterable[Registration]) -> None:
        by_name = {resource.name: resource for resource in resources}
        for resource in by_name.values():
            self._urns[resource.type, resource.name] = urn_of(self._stack, resource, by_name)

    def _delete(self, vendors: Vendors, doomed: list[Held], counts: Counter[str]) -> None:
        for held in sorted(doomed, key=lambda held: held.turn, reverse=True):
            if held.options.retain_on_delete:
                self._forget(held, "retained", counts)
                continue
            try:
                vendors.handler(held.type).delete(held)
            except ScimError as error:
                raise named(title(held.type, held.name), error) from None
            self._forget(held, "deleted", counts)

    def _forget(self, held: Held, how: str, counts: Counter[str]) -> None:
        if held in self._replaced:
            self._replaced.remove(held)
        else:
            del self._held[held.type, held.name]
            self._urns.pop((held.type, held.name), None)
        counts[how] += 1
        self._progress(f"  {how} {title(held.type, held.name)}")

    def _token(self) -> SecretStr | None:
        for held in self._held.values():
            value = held.outputs.get("value")
            if held.type in TOKENS and isinstance(value, str):
                return SecretStr(value)
        return None


class RehearsalDeployer:
    """The rehearsal in the shape in which `up` drives the engine.

    In: the stack's name, the environment of the sandbox, where progress goes, a state to continue
    from, and where it goes what happened to a resource, if that is elsewhere.
    """

    def __init__(
        self,
        stack: str,
        environment: Mapping[str, str],
        progress: Callable[[str], None],
        state: Json = None,
        changed: Callable[[str], None] | None = None,
    ) -> None:
        self.environment = environment
        self._progress = progress
        self._rehearsal = Rehearsal(stack, environment, progress=changed or progress, state=state)
        self._token_value: SecretStr | None = None

    def update(self, config: Mapping[str, object]) -> dict[str, object]:
        """One update; returns the plain outputs, secret ones left out. Raises `ScimError`."""
        result = self._rehearsal.update(config)
        self._token_value = result.token_value
        counts = ", ".join(f"{number} {what}" for what, number in sorted(result.summary.items()))
        self._progress(f"rehearsal of the update: {counts}")
        return {name: value for name, value in result.outputs.items() if value != SECRET}

    def secret_output(self, name: str) -> str:
        """The value of a secret output. Raises `ScimError` for one that there is not."""
        if name != "tokenValue" or self._token_value is None:
            raise ScimError(
                "rehearsal",
                f"there is no secret output {name}",
                "without it nothing can sign in",
                "run an update first",
            )
        return self._token_value.get_secret_value()

    def destroy(self, *, unprotect: bool = False) -> Mapping[str, int]:
        """Deletes what the updates created; returns counts by what happened."""
        return self._rehearsal.destroy(unprotect=unprotect)

    def take_over(self, imports: JsonObject, config: Mapping[str, object]) -> int:
        """As `Rehearsal.take_over`."""
        return self._rehearsal.take_over(imports, config)

    def state(self) -> JsonObject:
        """As `Rehearsal.export`: what `pulumi stack export` would print."""
        return self._rehearsal.export()


def urn_of(stack: str, resource: Registration, by_name: Mapping[str, Registration]) -> str:
    """The engine's URN: the types of the components above it, and its own type and name."""
    types = [resource.type]
    above = resource.parent
    while above is not None and above in by_name:
        types.append(by_name[above].type)
        above = by_name[above].parent
    return f"urn:pulumi:{stack}::{PROJECT}::{'$'.join(reversed(types))}::{resource.name}"


def _urn(stack: str, held: Held) -> str:
    return f"urn:pulumi:{stack}::{PROJECT}::{held.type}::{held.name}"


def _options(noted: JsonObject) -> Options:
    lists = ("ignore_changes", "depends_on", "replace_on_changes", "aliases")
    given = {**noted, **{key: tuple(noted.get(key) or ()) for key in lists}}  # type: ignore[arg-type]
    return Options(**given)  # pyright: ignore[reportArgumentType] - written by `export`


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}


def provider_settings(config: Mapping[str, object]) -> dict[str, str]:
    """The providers' own keys of a stack file's config, as the engine hands them to providers.

    Left out: our own object, and encrypted values, which only the engine can read.
    """
    return {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in config.items()
        if not key.startswith(f"{PROJECT}:")
        and value is not None
        and not (isinstance(value, dict) and "secure" in value)
    }


def _refuse_protected(held: Iterable[Held]) -> None:
    protected = sorted(one.name for one in held if one.options.protect)
    if protected:
        raise ScimError(
            "protected resources would be deleted",
            f"{', '.join(protected)}",
            "whoever has access through them would lose it",
            "declare them again, or name them under removals (docs/leaving.md)",
        )
