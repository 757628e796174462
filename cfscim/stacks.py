"""One way to name a stack in every command, and what is said when there is none of that name."""

import os
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from cfscim import hints
from cfscim.config.examples import example_values
from cfscim.config.lookalikes import nearest
from cfscim.config.messages import ConfigError, UsageError, one_line
from cfscim.config.project import PROJECT_FILE
from cfscim.config.stack_file import CheckedStack, check_stack_file
from cfscim.report.say import say

_BEGINS, _ENDS = os.path.splitext(PROJECT_FILE)
_BEGINS += "."
PATTERN = f"{_BEGINS}*{_ENDS}"
_QUALIFIED = re.compile(r"(\w[\w.-]*/){0,2}[^/]*")
"""A stack's name with its organisation, and with its project between them (Pulumi, "Stacks")."""
_OTHERS = re.compile(r"pulumi[._-](?P<stack>.+)\.(ya?ml|json)\Z", re.IGNORECASE)
_HALF_A_FILE = re.compile(r"(pulumi\.)?(?P<stack>.+?)(\.(ya?ml|json))?\Z", re.IGNORECASE)
"""A stack's name in what its file is called, or nearly: `prod.yaml`, `Pulumi.prod`."""


def is_stack_file(name: str) -> bool:
    """Whether a file of this name is a stack's: `Pulumi.<stack>.yaml`.

    `Pulumi.<stack>.deploy.yaml` holds the settings of Pulumi Deployments, no stack's config.
    """
    named = name.startswith(_BEGINS) and name.endswith(_ENDS)
    return named and name != PROJECT_FILE and not name.endswith(f".deploy{_ENDS}")


def is_skipped(folder: str) -> bool:
    """Whether nothing below a folder of this name is looked at: hidden ones, installed packages."""
    return folder.startswith(".") or folder == "node_modules"


def known_stacks(folder: Path | str = ".") -> list[str]:
    """The stacks that have a file in `folder`, sorted."""
    names = (path.name for path in Path(folder).glob(PATTERN))
    return sorted(short_name(name) for name in names if is_stack_file(name))


def misnamed(stack: str) -> str | None:
    """What a new stack is called that was named as its file is, or nearly: `prod` for
    `Pulumi.prod.yml`; None where the name is only a name."""
    half = _HALF_A_FILE.match(stack)
    return half["stack"] if half and half["stack"] != stack else None


def short_name(name: str) -> str:
    """`prod` for `prod`, `acme/prod`, `acme/cloudflare-scim/prod` and `Pulumi.prod.yaml`."""
    last = name.rsplit("/", 1)[-1]
    return last[len(_BEGINS) : -len(_ENDS)] if is_stack_file(last) else last


def engine_name(name: str) -> str:
    """The name by which the engine knows the stack: a qualified one as it was given."""
    return short_name(name) if is_stack_file(name.rsplit("/", 1)[-1]) else name


def stack_path(name: str, command: str, option: str = "--stack ") -> str:
    """The file of the stack that the user named; `command` is what the message begins with, and
    `option` what the name was given with.

    A name is `prod`, `acme/prod`, `acme/project/prod`, or the file itself, in another folder too.
    Raises `UsageError` (exit code 2), which lists the known stacks, when there is no such file.
    """
    stack = short_name(name)
    beside = is_stack_file(name.rsplit("/", 1)[-1]) and os.path.dirname(name)
    folder = beside or "."
    file = os.path.join(beside or "", f"{_BEGINS}{stack}{_ENDS}")
    if stack and os.path.lexists(file) and (beside or _QUALIFIED.fullmatch(name)):
        hints.about(file, engine_name(name))
        return file
    what = f"{one_line(file)} is not here" if stack else "it names no stack"
    if os.path.lexists(file):
        what = "this is not the name of a stack"
    if stack and os.path.lexists(there := os.path.join(os.path.dirname(name), file)):
        # A folder and a stack's name, where the folder is one and no organisation.
        raise UsageError(
            f"{command}: {option}{one_line(name)}",
            what,
            "before the stack's name stands an organisation, and no folder",
            f"write {one_line(there)}",
        )
    last = os.path.basename(name)
    if not is_stack_file(last) and (other := _OTHERS.match(last)):
        # The file by another name than Pulumi.<stack>.yaml; the stack may be there all the same.
        stack, what = other["stack"], "a stack's file is Pulumi.<stack>.yaml, to the letter"
    raise UsageError(
        f"{command}: {option}{one_line(name)}".rstrip(),
        what,
        "each stack has a file of its own, and nothing is known of this one",
        _instead(stack, folder),
    )


def open_stack(
    name: str, command: str, *, on_sandbox: bool = False, only_read: bool = False
) -> CheckedStack:
    """The stack that the user named, checked by the clock of today, with a usable config; what is
    left in it from the examples is warned of, but on a sandbox. `only_read`: what comes after is
    no update, and does not wait for an ended removal to be taken out.

    Raises `UsageError` for an unknown stack and `ConfigError` for a file with problems.
    """
    checked = check_stack_file(
        stack_path(name, command), now=datetime.now(UTC), only_read=only_read
    )
    if checked.usable is None:
        raise ConfigError(checked.problems)
    if not on_sandbox:
        print_warnings([checked])
    return checked


def print_warnings(checked: Iterable[CheckedStack]) -> None:
    """What is allowed and yet to be known goes to stderr, beside the answer; a line each."""
    for stack in checked:
        for warning in example_values(stack):
            say(f"warning: {warning}", "?", error=True)


def _instead(stack: str, folder: str) -> str:
    known = known_stacks(folder)
    for name in sorted(os.listdir(folder)) if stack.isprintable() and os.path.isdir(folder) else []:
        if is_stack_file(name) or not (other := _OTHERS.match(name)):
            continue
        if other["stack"] == stack:
            return f"rename {name} to {_BEGINS}{stack}{_ENDS}, the only name that is read"
    if not known:
        return "run it in the folder of the stack files, or make one with `cfscim init`"
    half = _HALF_A_FILE.match(stack)
    near = nearest(half["stack"] if half else stack, known)
    listed = f"write one of: {', '.join(known)}"
    return f"write {near} (here are: {', '.join(known)})" if near and len(known) > 1 else listed
