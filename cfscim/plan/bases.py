"""What each stack of a plan is compared with: one base for all, or a base and more of each."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cfscim.config.messages import MissingError, UsageError, one_line
from cfscim.gitops.deployed import Due, file_in, own_due
from cfscim.gitops.shell import Stop, objects
from cfscim.review.baseline import Against
from cfscim.stacks import engine_name

if TYPE_CHECKING:
    from cfscim.plan.command import Request

DEPLOYED = "deployed"
"""The base by this name is what the stack's own record holds."""


@dataclass(frozen=True)
class StackBases:
    """The base of one stack, where there is one, and what else may be in force: each with the stack
    whose file is meant."""

    against: Against | None
    begun: tuple[tuple[Against, str], ...] = ()


class Bases:
    """The bases that were asked for; each revision is read once for all stacks.

    Raises `UsageError` where none can be meant, `MissingError` where git or the record is missing.
    """

    def __init__(self, request: "Request") -> None:
        paths = request.paths
        self._folders = {p if os.path.isdir(p) else os.path.dirname(p) for p in paths} or {"."}
        self._read: dict[str, Against] = {}
        self._due: Mapping[str, Due] = {}
        self.of_each = request.bases is not None
        self._name = request.against
        if request.bases is not None:
            self._due = _given(request.bases)
        elif request.against == DEPLOYED:
            due = _deployed(request.stack)
            self._name, self._due = None, {due.stack: due}
        for name in (self._name, *(due.before for due in self._due.values())):
            if name:
                self._against(name)
        self.named = tuple(self._read.values())

    def of(self, stack: str) -> StackBases:
        """What a stack is compared with."""
        due = self._due.get(stack)
        if due is None:
            return StackBases(self._against(self._name) if self._name is not None else None)
        begun = [file_in(entry, stack) for entry in due.begun]
        return StackBases(
            self._against(due.before) if due.before else None,
            tuple((self._against(commit), other) for commit, other in begun),
        )

    def close(self) -> None:
        """Removes what was unpacked of the bases."""
        for against in self._read.values():
            against.close()

    def _against(self, name: str) -> Against:
        if name not in self._read:
            self._read[name] = Against(name, self._folders)
        return self._read[name]


def _given(file: str) -> dict[str, Due]:
    """The bases of a file as the pipelines write it: `[{"stack", "before", "begun"}]`."""
    where = f"--bases {one_line(file)}"
    instead = 'write [{"stack": …, "before": …, "begun": …}], as `due` of cfscim.gitops prints'
    try:
        listed = [Due.read(entry) for entry in objects(json.loads(Path(file).read_bytes()))]
    except (OSError, ValueError):
        raise UsageError(where, "no such JSON file", "nothing can be compared", instead) from None
    return {due.stack: due for due in listed}


def _deployed(stack: str | None) -> Due:
    """What the stack's own record holds.

    Raises `UsageError` without one stack, `MissingError` where there is no record: what an update
    would carry out could not be shown.
    """
    where = f"plan: --against {DEPLOYED}"
    if stack is None:
        raise UsageError(
            where,
            "no stack is named",
            "each stack has a record of its own",
            "name one with --stack",
        )
    try:
        due = own_due(engine_name(stack))
    except Stop as error:
        raise MissingError(
            where, str(error), "nothing can be compared with it", "sign in to the state, or name it"
        ) from None
    if not due.before:
        raise MissingError(
            where,
            f"stack {one_line(stack)} has no record of a verified deployment",
            "what an update would carry out cannot be shown",
            "name the commit that was last deployed instead",
        )
    return due
