"""A sandbox left running by `up --keep`: its environment in a file, and how to use it.

`up --sandbox ADDRESS` goes on with it: the folder is found by the address that stands in it.
"""

import json
import os
import shlex
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from cfscim.config.json_types import Json, JsonObject
from cfscim.config.messages import MissingError
from cfscim.hints import next_command
from cfscim.up.engine import KEPT_PASSPHRASE, PASSPHRASE
from cfscim.up.sandbox_process import RunningSandbox

PREFIX = "cfscim-up-"
"""How the folders of kept sandboxes begin, in the system's folder for temporary files."""


@dataclass(frozen=True)
class Kept:
    """A kept sandbox: its folder, its admin address, and the environment to work with it."""

    folder: Path
    admin: str
    env: Mapping[str, str] = field(repr=False)


class _Stateful(Protocol):
    def state(self) -> JsonObject: ...


def keep(
    stack: str,
    folder: Path,
    environment: Mapping[str, str],
    outputs: Mapping[str, object],
    sandbox: RunningSandbox,
    pid: int | None,
    project: Path | None,
) -> list[str]:
    """Writes `environment` and the stack's `outputs` into `folder`, for its owner's eyes only.

    Returns the lines that say how to go on by hand; `pid`: the sandbox's process, where it was
    started by this run; `project` is where `pulumi` can be run, or nothing after a rehearsal. The
    files hold credentials of the sandbox, and of nothing else.
    """
    file, answers, admin = folder / "environment", folder / "outputs.json", sandbox.admin
    known = _read(folder / _KEPT)
    pid = pid if pid is not None else int(str(known.get("pid") or 0))
    passphrase = environment.get(PASSPHRASE, "")
    env = {**sandbox.env, KEPT_PASSPHRASE: passphrase} if project else dict(sandbox.env)
    _write(folder / _KEPT, json.dumps({"admin": admin, "pid": pid, "env": env}, indent=2))
    _write(file, _shell(environment))
    _write(answers, json.dumps(outputs, indent=2))
    lines = [
        f"The sandbox stays at {admin} (process {pid}). In a shell of its own:",
        f"  set -a; . {shlex.quote(str(file))}; set +a",
    ]
    if project is not None:
        where = shlex.quote(str(project))
        lines += [f"  pulumi -C {where} preview --stack {shlex.quote(stack)}"]
    return [
        *lines,
        f"  {next_command('verify', '--stack', stack, '--outputs', str(answers))}",
        f"  curl {admin}/_sandbox/state",
        "The second day, after a change of the stack file:",
        f"  {next_command('up', '--stack', stack, '--sandbox', admin)}",
        f"To stop it: kill {pid}; rm -r {shlex.quote(str(folder))}",
    ]


_KEPT = "kept.json"


def find_kept(address: str) -> Kept:
    """The kept sandbox of this address. Raises `MissingError` where there is none of ours."""
    wanted = urlsplit(address if "//" in address else f"http://{address}").port
    for file in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{_KEPT}"):
        # Somebody else's folder would hand us an environment of their making.
        if file.stat().st_uid != os.getuid():
            continue
        known = _read(file)
        admin, env = known.get("admin"), known.get("env")
        if isinstance(admin, str) and isinstance(env, dict) and urlsplit(admin).port == wanted:
            return Kept(file.parent, admin, {key: str(value) for key, value in env.items()})
    raise MissingError(
        f"up --sandbox {address}",
        "no sandbox of this address was kept by you",
        "nothing says how to sign in to it",
        "keep one with `cfscim up --keep`, and copy its address",
    )


def write_state(folder: Path, stack: str, deployer: _Stateful) -> None:
    """Keeps what the stack's state is, in the form of `pulumi stack export`."""
    _write(folder / f"state.{stack}.json", json.dumps(deployer.state()))


def read_state(folder: Path, stack: str) -> Json:
    """What `write_state` kept; None where this stack has none there."""
    return _read(folder / f"state.{stack}.json") or None


def _read(path: Path) -> JsonObject:
    try:
        record = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _shell(environment: Mapping[str, str]) -> str:
    """What differs from this process's environment, as a shell reads it."""
    changed = [
        f"{name}={shlex.quote(value)}"
        for name, value in sorted(environment.items())
        if os.environ.get(name) != value
    ]
    gone = [f"unset {name}" for name in sorted(os.environ) if name not in environment]
    return "\n".join([*gone, *changed, ""])


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
