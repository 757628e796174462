"""A sandbox left running by `up --keep`: its environment in a file, and how to use it."""

import json
import os
import shlex
from collections.abc import Mapping
from pathlib import Path


def keep(
    stack: str,
    folder: Path,
    environment: Mapping[str, str],
    outputs: Mapping[str, object],
    *,
    admin: str,
    pid: int,
    project: Path | None,
) -> list[str]:
    """Writes `environment` and the stack's `outputs` into `folder`, for its owner's eyes only.

    Returns the lines that say how to go on by hand; `project` is where `pulumi` can be run, or
    nothing after a rehearsal. The files hold credentials of the sandbox, and of nothing else.
    """
    file, answers = folder / "environment", folder / "outputs.json"
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
        f"  python -m cfscim verify --stack {shlex.quote(stack)} "
        f"--outputs {shlex.quote(str(answers))}",
        f"  curl {admin}/_sandbox/state",
        f"To stop it: kill {pid}; rm -r {shlex.quote(str(folder))}",
    ]


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
