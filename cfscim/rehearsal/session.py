"""One stack's rehearsals: what an engine does between two updates, remembered by this process."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import count

from pydantic import SecretStr

from cfscim.config.credentials import MASK, is_secure
from cfscim.config.json_types import Json, JsonObject, items, string
from cfscim.config.kinds import TOKENS
from cfscim.config.messages import PROJECT, ScimError
from cfscim.config.outputs import TOKEN_VALUE
from cfscim.program.registrations import Declared, Options, Registration, Value
from cfscim.program.run import run_program
from cfscim.rehearsal.carrier import Carrier, Key, named, title
from cfscim.rehearsal.handler import Resource
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
        self._resources: dict[Key, Resource] = {}
        self._replaced: list[Resource] = []
        self._urns: dict[Key, str] = {}
        if state is not None:
            self._load(state)
        self._turns = count(
            1 + max((resource.turn for resource in self._resources.values()), default=0)
        )

    def update(self, config: Mapping[str, object]) -> RehearsalResult:
        """Runs the program with this config of the stack file and makes the sandbox match it.

        Raises `ScimError`, before anything else where an endpoint is not loopback. What was done
        until then is remembered, so that the next update continues there.
        """
        self._settings = provider_settings(config)
        require_loopback(self._settings, self._env)
        began = next(self._turns)
        with Vendors(self._settings, self._env) as vendors:
            carrier = Carrier(vendors, self._resources, self._turns, self._progress)
            try:
                declared = self._run(carrier, config)
            finally:
                self._put_last(began)
                self._replaced += carrier.replaced
                self._note_urns(carrier.monitor.declared.resources)
            removed = [
                resource for key, resource in self._resources.items() if key not in carrier.seen
            ]
            _refuse_protected(removed)
            self._delete(vendors, [*self._replaced, *removed], carrier.counts)
        return RehearsalResult(declared, declared.outputs, self._token(), dict(carrier.counts))

    def refresh(self, config: Mapping[str, object]) -> int:
        """What `pulumi refresh` does: the memory becomes what the vendors show, and nothing is
        written. Returns how many resources differ. Raises `ScimError` where one cannot be read.
        """
        self._settings = provider_settings(config)
        require_loopback(self._settings, self._env)
        now: dict[Key, Resource | None] = {}
        with Vendors(self._settings, self._env) as vendors:
            for key, resource in self._resources.items():
                try:
                    now[key] = vendors.handler(resource.type).refresh(resource)
                except ScimError as error:
                    raise named(f"refresh {title(resource.type, resource.name)}", error) from None
        differs = sum(now[key] != before for key, before in self._resources.items())
        self._resources = {key: after for key, after in now.items() if after is not None}
        return differs

    def destroy(self, *, unprotect: bool = False) -> Mapping[str, int]:
        """Deletes all that was created, the newest first; returns counts as `summary` has them.

        Raises `ScimError` where something is protected and `unprotect` is false; nothing is
        deleted then.
        """
        require_loopback(self._settings, self._env)
        if not unprotect:
            _refuse_protected(self._resources.values())
        counts: Counter[str] = Counter()
        with Vendors(self._settings, self._env) as vendors:
            self._delete(vendors, [*self._replaced, *self._resources.values()], counts)
        return dict(counts)

    def take_over(self, imports: JsonObject, config: Mapping[str, object]) -> int:
        """What `pulumi import --file` does with the file that `adopt` wrote: each resource is
        read by its id into the state, protected, and nothing is written. Returns how many.

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
                "urn": self._urns.get((resource.type, resource.name))
                or _urn(self._stack, resource),
                "type": resource.type,
                "custom": True,
                "id": resource.id,
                "inputs": resource.inputs,
                "outputs": resource.outputs,
                "protect": resource.options.protect,
                "retainOnDelete": resource.options.retain_on_delete,
                "dependencies": [
                    urn
                    for (_, name), urn in self._urns.items()
                    if name in resource.options.depends_on
                ],
                "rehearsal": {
                    "options": json.loads(json.dumps(asdict(resource.options))),
                    "turn": resource.turn,
                    "imported": resource.imported,
                    "replaced": resource in self._replaced,
                },
            }
            for resource in [*self._resources.values(), *self._replaced]
        ]
        components: list[Json] = [
            {"urn": urn, "type": type_, "custom": False}
            for (type_, name), urn in self._urns.items()
            if (type_, name) not in self._resources
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
            remembered = Resource(
                *key,
                string(resource, "id"),
                _object(resource.get("inputs")),
                _object(resource.get("outputs")),
                _options(_object(noted.get("options")), resource),
                int(string(noted, "turn")),
                noted.get("imported") is True,
            )
            if noted.get("replaced") is True:
                self._replaced.append(remembered)
            else:
                self._resources[key] = remembered

    def _take(self, vendors: Vendors, spec: JsonObject) -> None:
        type_, id_ = string(spec, "type"), string(spec, "id")
        name = string(spec, "logicalName") or string(spec, "name")
        if (type_, name) in self._resources:
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
        self._resources[type_, name] = Resource(
            type_,
            name,
            seen.outcome.id,
            seen.inputs,
            seen.outcome.outputs,
            Options(protect=True),
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
        for key, resource in sorted(self._resources.items(), key=lambda item: item[1].turn):
            if resource.turn < began:
                self._resources[key] = replace(resource, turn=next(self._turns))

    def _note_urns(self, resources: Iterable[Registration]) -> None:
        by_name = {resource.name: resource for resource in resources}
        for resource in by_name.values():
            self._urns[resource.type, resource.name] = urn_of(self._stack, resource, by_name)

    def _delete(self, vendors: Vendors, doomed: list[Resource], counts: Counter[str]) -> None:
        for resource in sorted(doomed, key=lambda item: item.turn, reverse=True):
            if resource.options.retain_on_delete:
                self._forget(resource, "retained", counts)
                continue
            try:
                vendors.handler(resource.type).delete(resource)
            except ScimError as error:
                raise named(title(resource.type, resource.name), error) from None
            self._forget(resource, "deleted", counts)

    def _forget(self, resource: Resource, how: str, counts: Counter[str]) -> None:
        if resource in self._replaced:
            self._replaced.remove(resource)
        else:
            del self._resources[resource.type, resource.name]
            self._urns.pop((resource.type, resource.name), None)
        counts[how] += 1
        self._progress(f"  {how} {title(resource.type, resource.name)}")

    def _token(self) -> SecretStr | None:
        for resource in self._resources.values():
            value = resource.outputs.get("value")
            if resource.type in TOKENS and isinstance(value, str):
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
        self.project_folder = None
        self._progress = progress
        self._rehearsal = Rehearsal(stack, environment, progress=changed or progress, state=state)
        self._token_value: SecretStr | None = None

    def update(self, config: Mapping[str, object]) -> dict[str, object]:
        """One update; returns the plain outputs, secret outputs left out. Raises `ScimError`."""
        result = self._rehearsal.update(config)
        self._token_value = result.token_value
        counts = ", ".join(f"{number} {what}" for what, number in sorted(result.summary.items()))
        self._progress(f"rehearsal of the update: {counts}")
        return {name: value for name, value in result.outputs.items() if value != MASK}

    def secret_output(self, name: str) -> str:
        """The value of a secret output. Raises `ScimError` for one that there is not."""
        if name != TOKEN_VALUE or self._token_value is None:
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


def _urn(stack: str, resource: Resource) -> str:
    return f"urn:pulumi:{stack}::{PROJECT}::{resource.type}::{resource.name}"


def _options(noted: JsonObject, resource: JsonObject) -> Options:
    """As noted; whether it is protected and retained an engine's export says as well."""
    lists = ("ignore_changes", "depends_on", "replace_on_changes", "aliases")
    kept = {
        "protect": resource.get("protect") is True,
        "retain_on_delete": resource.get("retainOnDelete") is True,
    }
    given = {**noted, **kept, **{key: tuple(noted.get(key) or ()) for key in lists}}  # type: ignore[arg-type]
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
        if not key.startswith(f"{PROJECT}:") and value is not None and not is_secure(value)
    }


def _refuse_protected(resources: Iterable[Resource]) -> None:
    protected = sorted(resource.name for resource in resources if resource.options.protect)
    if protected:
        raise ScimError(
            "protected resources would be deleted",
            ", ".join(protected),
            "whoever has access through them would lose it",
            "declare them again, or name them under removals (docs/leaving.md)",
        )
