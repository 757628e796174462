"""What the engine itself knows of a stack: every update, with its commit and its end.

`pulumi stack history --json`, tried with 3.259.0: `kind`, `result`, `startTime`, `config` as it was
given, `environment["git.head"]`. A file backend lists what has ended; Pulumi Cloud what runs, too.
"""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cfscim.config.json_types import Json, objects
from cfscim.gitops.shell import Stop, run, texts
from cfscim.gitops.stacks import file_at

_NEWEST = "100"
"""How many entries are looked at, refreshes and imports among them."""
_NO_STACK = "no stack named"


@dataclass(frozen=True)
class Update:
    """An update as the engine keeps it. `head`: the commit that was checked out."""

    head: str
    succeeded: bool
    began: str
    config: dict[str, Json] = field(default_factory=dict)


def updates(stack: str) -> list[Update]:
    """The stack's updates, the newest first; none where the engine has no such stack."""
    asked = ("history", "--stack", stack, "--json", "--page-size", _NEWEST, "--page", "1")
    listed = []
    for entry in objects(engine_says(stack, "stack", *asked)):
        if texts(entry, "kind") != "update":
            continue
        config = entry.get("config")
        listed.append(
            Update(
                texts(entry, "environment", "git.head"),
                texts(entry, "result") == "succeeded",
                texts(entry, "startTime"),
                config if isinstance(config, dict) else {},
            )
        )
    return listed


def engine_stacks() -> list[str]:
    """Every stack of this project that the engine has."""
    listed = objects(engine_says("", "stack", "ls", "--json"))
    return sorted(texts(entry, "name").rpartition("/")[2] for entry in listed)


def commit_of_update(stack: str, update: Update) -> str:
    """The commit that an update was made from. Raises `Stop` where its config is no commit's: what
    it gave and took cannot be shown then."""
    text = file_at(update.head, stack) if update.head else None
    if text is not None and _as_engine_reads(stack, text) == _plain(update.config):
        return update.head
    raise Stop(
        f"stack {stack}: the update that began at {update.began} was made by hand, with a config "
        "that no commit has; what it gave or took cannot be shown; carry out a commit by "
        "hand, verify it, then run "
        f"`python -m cfscim.gitops record --stack {stack} --commit <commit>`"
    )


def _as_engine_reads(stack: str, text: str) -> dict[str, Json]:
    with tempfile.TemporaryDirectory(prefix="cfscim-config-") as folder:
        file = Path(folder) / f"Pulumi.{stack}.yaml"
        file.write_text(text)
        read = engine_says(stack, "config", "--json", "--stack", stack, "--config-file", str(file))
    return _plain(read if isinstance(read, dict) else {})


def _plain(config: Mapping[str, Json]) -> dict[str, Json]:
    """What of a config is no secret, and which secrets there are."""
    return {
        key: value.get("value") if isinstance(value, dict) else None
        for key, value in config.items()
    }


def engine_says(stack: str, *asked: str) -> Json:
    """What a command of the engine answers; nothing where it has no such stack."""
    done = run("pulumi", *asked, "--non-interactive")
    if done.returncode and _NO_STACK in done.stderr:
        return None
    if done.returncode:
        raise unread(stack, done.stderr)
    try:
        return json.loads(done.stdout or "null")
    except ValueError:
        raise unread(stack, "the engine's answer is no JSON") from None


def unread(stack: str, said: str) -> Stop:
    """The line for a state that cannot be read."""
    first = next((line.strip() for line in said.splitlines() if line.strip()), "no answer")
    of = f"stack {stack}: its state" if stack else "the list of stacks"
    return Stop(
        f"{of} cannot be read: {first[:200]}; nothing was deployed; see PULUMI_BACKEND_URL and the "
        "sign-in before this step"
    )
