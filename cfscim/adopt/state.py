"""What a stack's state holds: ids and outputs by type and name, and the URNs of its components.

Source: `pulumi stack export`, the engine's checkpoint. Only read: a secret stays encrypted there.
"""

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cfscim import processes
from cfscim.config.json_types import Json, JsonObject
from cfscim.config.kinds import PREVIOUS_TOKEN
from cfscim.config.messages import PROJECT, MissingError
from cfscim.config.stack_file import StackFile
from cfscim.hints import engine_folder
from cfscim.report.say import say

_SECRET = "4dabf18193072939515e22adb298388d"  # noqa: S105 - the engine's mark of a secret
Key = tuple[str, str]
"""Type and logical name of a resource."""


@dataclass(frozen=True)
class Kept:
    """A resource of the state."""

    id: str
    outputs: JsonObject = field(repr=False)


@dataclass(frozen=True)
class State:
    """`resources` by type and name, `urns` of everything by name, components included."""

    resources: Mapping[Key, Kept] = field(default_factory=dict)
    urns: Mapping[str, str] = field(default_factory=dict)

    def ids(self, type_: str) -> frozenset[str]:
        """The ids of all resources of a type."""
        return frozenset(kept.id for (of, _), kept in self.resources.items() if of == type_)

    def named(self, name: str) -> Kept | None:
        """The resource of that logical name, whatever its type."""
        return next((kept for (_, its), kept in self.resources.items() if its == name), None)

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
    deployment = export.get("deployment") if isinstance(export, dict) else None
    listed = deployment.get("resources") if isinstance(deployment, dict) else None
    resources: dict[Key, Kept] = {}
    urns: dict[str, str] = {}
    for resource in listed if isinstance(listed, list) else []:
        # What only waits for its deletion is no longer the stack's.
        if not isinstance(resource, dict) or resource.get("delete") or _replaced(resource):
            continue
        urn, type_ = str(resource.get("urn")), str(resource.get("type"))
        name = urn.rsplit("::", 1)[-1]
        urns[name] = urn
        outputs, id_ = resource.get("outputs"), resource.get("id")
        if resource.get("custom") and isinstance(id_, str):
            resources[type_, name] = Kept(id_, _plain(outputs))
    return State(resources, urns)


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
    *words: str, env: Mapping[str, str], seconds: float | None = None
) -> subprocess.CompletedProcess[str] | None:
    """Runs the engine on PATH, in the folder of the stack's file; None where there is none. Its
    failure is the caller's to judge.

    Raises `MissingError` where it cannot be started or does not end in time.
    """
    command = shutil.which("pulumi", path=env.get("PATH"))
    if command is None:
        return None
    seconds = processes.ASK_SECONDS if seconds is None else seconds
    try:
        line = [command, *words, "--non-interactive"]
        return processes.run_text(line, seconds=seconds, env=env, cwd=engine_folder())
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
    if done.returncode != 0:
        if "no stack named" in done.stderr:
            return State()  # the very first day
        raise _unread(stack, done.stderr)
    return read_state(json.loads(done.stdout))


def state_in(file: str) -> State:
    """The state in a file that `pulumi stack export` printed. Raises `MissingError`."""
    try:
        return read_state(json.loads(Path(file).read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no JSON"
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
    if done.returncode != 0:
        raise MissingError(
            f"pulumi config --stack {stack}",
            " ".join(done.stderr.split())[:200],
            "the vendors cannot be asked without the encrypted settings",
            "put right what it says, or give the credentials in the environment",
        )
    return settings | settings_shown(done.stdout)


def settings_shown(text: str) -> dict[str, str]:
    """The providers' settings in what `pulumi config --json --show-secrets` printed."""
    return {
        key: str(entry["value"])
        for key, entry in json.loads(text or "{}").items()
        if isinstance(entry, dict) and "value" in entry and not key.startswith(f"{PROJECT}:")
    }


def _replaced(resource: JsonObject) -> bool:
    noted = resource.get("rehearsal")
    return isinstance(noted, dict) and noted.get("replaced") is True


def _unread(stack: str, said: str) -> MissingError:
    return MissingError(
        f"pulumi stack export --stack {stack}",
        " ".join(said.split())[:200],
        "what is in the state would be taken for something new",
        "put right what it says, or give --state FILE",
    )
