"""What a stack's state holds: ids and outputs by type and name, and the URNs of its components.

Source: `pulumi stack export`, the engine's checkpoint. Only read: a secret stays encrypted there.
"""

import json
import shutil
import subprocess
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cfscim import processes
from cfscim.config.json_types import Json, JsonObject, inner, items, string, strings
from cfscim.config.kinds import OURS, PREVIOUS_TOKEN
from cfscim.config.messages import PROJECT, MissingError, reason_of
from cfscim.config.stack_file import StackFile
from cfscim.hints import engine_folder
from cfscim.program.registrations import Declared
from cfscim.report.say import say

_SECRET = "4dabf18193072939515e22adb298388d"  # noqa: S105 - the engine's mark of a secret
Key = tuple[str, str]
"""Type and logical name of a resource."""


@dataclass(frozen=True)
class Kept:
    """A resource of the state."""

    id: str
    outputs: JsonObject = field(repr=False)
    inputs: JsonObject = field(default_factory=dict, repr=False)
    protected: bool = False


@dataclass(frozen=True)
class State:
    """`resources` by type and name, `urns` of everything by name, components included; `export`:
    what it was read from."""

    resources: Mapping[Key, Kept] = field(default_factory=dict)
    urns: Mapping[str, str] = field(default_factory=dict)
    export: JsonObject = field(default_factory=dict, repr=False)

    def ids(self, type_: str) -> frozenset[str]:
        """The ids of all resources of a type."""
        return frozenset(kept.id for (of, _), kept in self.resources.items() if of == type_)

    def named(self, name: str) -> Kept | None:
        """The resource of that logical name, whatever its type."""
        return next((kept for (_, its), kept in self.resources.items() if its == name), None)

    def without(self, keys: Collection[Key]) -> "State":
        """What is left without these resources. What hangs on one of them stays, and hangs on it no
        more, as after a refresh that found it gone; but what the program itself checks or writes
        is checked and written anew."""
        if not keys:
            return self
        deployment = inner(self.export, "deployment")
        gone = {self.urns[name] for _, name in keys}
        for resource in items(deployment, "resources"):  # what it hangs on stands before it
            if string(resource, "type").startswith(OURS) and gone & {*_hangs_on(resource)}:
                gone.add(string(resource, "urn"))
        resources: list[Json] = [
            _freed(resource, gone)
            for resource in items(deployment, "resources")
            if resource.get("urn") not in gone or _waits(resource)
        ]
        return read_state({**self.export, "deployment": {**deployment, "resources": resources}})

    def as_declared(self, declared: Declared, names: Collection[str]) -> "State":
        """Protects and retains these resources as the program says; an import protects them all,
        components too, and retains none.

        Source: pulumi/pkg/resource/deploy/import.go (3.259): `Protect` is that of the command,
        `RetainOnDelete` false.
        """
        deployment = inner(self.export, "deployment")
        resources: list[Json] = []
        for resource in items(deployment, "resources"):
            type_, name = string(resource, "type"), _name(resource)
            if name in names:
                options = declared.options_of(type_, name)
                kept: JsonObject = {
                    "protect": options.protect,
                    "retainOnDelete": options.retain_on_delete,
                }
                resource = {**resource, **kept}
            resources.append(resource)
        return read_state({**self.export, "deployment": {**deployment, "resources": resources}})

    @property
    def previous_tokens(self) -> frozenset[str]:
        """The ids of tokens that `token.keepPrevious` keeps: a rotation that was cut off has not
        moved the present one among the previous ones."""
        kept = self.named(PREVIOUS_TOKEN)
        if kept is None or not kept.outputs.get("keepPrevious", True):
            return frozenset()
        previous = kept.outputs.get("previous")
        listed = previous if isinstance(previous, list) else []
        ids = [*listed, kept.outputs.get("tokenId")]
        return frozenset(str(id_).rsplit("/", 1)[-1] for id_ in ids)


def read_state(export: Json) -> State:
    """The state of an export; empty where no update ever ended."""
    whole = export if isinstance(export, dict) else {}
    resources: dict[Key, Kept] = {}
    urns: dict[str, str] = {}
    for resource in items(inner(whole, "deployment"), "resources"):
        if _waits(resource):
            continue
        urn, type_, name = str(resource.get("urn")), str(resource.get("type")), _name(resource)
        urns[name] = urn
        outputs, inputs, id_ = (resource.get(key) for key in ("outputs", "inputs", "id"))
        if resource.get("custom") and isinstance(id_, str):
            resources[type_, name] = Kept(
                id_, _plain(outputs), _plain(inputs), resource.get("protect") is True
            )
    return State(resources, urns, whole)


def _name(resource: JsonObject) -> str:
    return string(resource, "urn").rsplit("::", 1)[-1]


def _waits(resource: JsonObject) -> bool:
    """What only waits for its deletion is no longer the stack's."""
    return bool(resource.get("delete")) or inner(resource, "rehearsal").get("replaced") is True


def _hangs_on(resource: JsonObject) -> Iterator[str]:
    """The URNs of what a resource of an export was made after."""
    yield from strings(resource, "dependencies")
    by_input = inner(resource, "propertyDependencies")
    for key in by_input:
        yield from strings(by_input, key)


def _freed(resource: JsonObject, gone: Collection[str]) -> JsonObject:
    """A resource of an export that hangs on none of `gone` any more.

    Source: pulumi/sdk/go/common/apitype/core.go (3.259), `ResourceV3`.
    """
    freed = dict(resource)
    for key in ("dependencies", "replaceWith"):
        if key in freed:
            freed[key] = [urn for urn in strings(freed, key) if urn not in gone]
    by_input = inner(freed, "propertyDependencies")
    if by_input:
        freed["propertyDependencies"] = {
            key: [urn for urn in strings(by_input, key) if urn not in gone] for key in by_input
        }
    if freed.get("deletedWith") in gone:
        del freed["deletedWith"]
    return freed


def _plain(outputs: Json) -> JsonObject:
    """The outputs without secrets, at any depth, and without what provider bridges keep for
    themselves."""
    shown = outputs if isinstance(outputs, dict) else {}
    return {
        key: _plain(value) if isinstance(value, dict) else value
        for key, value in shown.items()
        if not key.startswith("__") and not (isinstance(value, dict) and _SECRET in value)
    }


def asked(
    *words: str, env: Mapping[str, str], seconds: float | None = None, given: str = ""
) -> subprocess.CompletedProcess[str] | None:
    """Runs the engine on PATH, in the folder of the stack's file; None where there is none.
    `given`: what it reads. Its failure is the caller's to judge.

    Raises `MissingError` where it cannot be started or does not end in time.
    """
    command = shutil.which("pulumi", path=env.get("PATH"))
    if command is None:
        return None
    seconds = processes.ASK_SECONDS if seconds is None else seconds
    try:
        line = [command, *words, "--non-interactive"]
        return processes.run_text(line, seconds=seconds, env=env, cwd=engine_folder(), given=given)
    except (OSError, subprocess.TimeoutExpired) as error:
        late = isinstance(error, subprocess.TimeoutExpired)
        raise MissingError(
            f"pulumi {' '.join(words[:2])}",
            f"it gave nothing in {seconds:g} s" if late else f"it cannot be started ({error})",
            "only the engine knows what the stack has",
            "check the backend (`pulumi whoami`), then run this again",
        ) from None


def state_of(stack: str, env: Mapping[str, str]) -> State | None:
    """What the engine on PATH has of the stack; None where there is no engine.

    Raises `MissingError` with the engine's own words where it cannot say.
    """
    if shutil.which("pulumi", path=env.get("PATH")) is None:
        return None
    say("Asking the engine for what the stack has.", error=True)
    done = asked("stack", "export", "--stack", stack, env=env)
    assert done is not None
    if done.returncode != 0 and "no stack named" in done.stderr:
        return State()  # the very first day
    return read_state(
        _printed(
            done,
            f"pulumi stack export --stack {stack}",
            "what is in the state would be taken for something new",
            "put right what it says, or give --state FILE",
        )
    )


def state_in(file: str) -> State:
    """The state in a file that `pulumi stack export` printed. Raises `MissingError`."""
    try:
        return read_state(json.loads(Path(file).read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        reason = reason_of(error, "it is no JSON")
        raise MissingError(
            f"--state {file}",
            f"it cannot be read ({reason})",
            "what is in the state would be taken for something new",
            "give what `pulumi stack export` printed",
        ) from None


def settings_of(file: StackFile, stack: str, env: Mapping[str, str]) -> dict[str, str]:
    """The stack's provider settings; encrypted settings only the engine can read.

    Raises `MissingError` where it cannot say.
    """
    settings = dict(file.provider_config)
    if not file.secure_keys:
        return settings
    done = asked("config", "--json", "--show-secrets", "--stack", stack, env=env)
    if done is None:
        return settings
    shown = _printed(
        done,
        f"pulumi config --stack {stack}",
        "the vendors cannot be asked without the encrypted settings",
        "put right what it says, or give the credentials in the environment",
    )
    return settings | {
        key: str(entry["value"])
        for key, entry in (shown if isinstance(shown, dict) else {}).items()
        if isinstance(entry, dict) and "value" in entry and not key.startswith(f"{PROJECT}:")
    }


def _printed(done: subprocess.CompletedProcess[str], command: str, why: str, instead: str) -> Json:
    """What the engine printed as JSON. Raises `MissingError` with its own words where it failed."""
    said = done.stderr
    if done.returncode == 0:
        try:
            return json.loads(done.stdout)
        except ValueError:
            said = "what it printed is no JSON"
    raise MissingError(command, " ".join(said.split())[:200], why, instead)
