"""What a stack is compared with: its file in another revision, or another file, and its plan; one
base for all stacks, or a base and more of each.
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from cfscim import processes
from cfscim.config.messages import Message, MissingError, ScimError, UsageError, one_line
from cfscim.config.project import ENDINGS, PROJECT_FILE, project_settings
from cfscim.config.stack_file import CheckedStack, check_stack_file
from cfscim.gitops.deployed import Due, file_in, own_due
from cfscim.gitops.shell import GIT, Stop, objects
from cfscim.gitops.stacks import NAMES, leads
from cfscim.plan.model import Plan, make_plan, plan_of, registration
from cfscim.program.registrations import Declared
from cfscim.program.run import PROGRAM
from cfscim.review.program import (
    NO_CHANGE,
    ProgramBefore,
    ProgramChange,
    is_ours,
    is_taken_up,
    program_files,
)
from cfscim.review.settings import SettingChange, stack_changes
from cfscim.stacks import PATTERN, engine_name, is_stack_file

if TYPE_CHECKING:
    from cfscim.plan.command import Request


@dataclass(frozen=True)
class Baseline:
    """`label`: the base as the user named it. `checked`: its stack file, absent where there is
    none. `note`: why it cannot be compared with, or that there is nothing to compare with.
    `missing`: there ought to be a base, and nobody can say what was in force. `declared`: what the
    program of before makes of it, where the program has changed since.
    """

    label: str
    checked: CheckedStack | None
    note: str | None = None
    missing: bool = False
    program: ProgramChange = NO_CHANGE
    declared: Declared | None = None


class Against:
    """The base of a comparison, as `--against` names it: a git revision, a file or a folder.

    `folders`: those whose stack files are planned. Raises `UsageError` when it is neither,
    `MissingError` when git itself is missing.
    """

    def __init__(self, name: str, folders: Iterable[str] = (".",)) -> None:
        self.name = name
        self._folders = [Path(folder).resolve() for folder in folders]
        self._path = Path(name)
        self._commits: dict[Path, str] = {}
        self._roots: dict[Path, Path] = {}
        self._listed: dict[Path, frozenset[str]] = {}
        self._changes: dict[Path, ProgramChange] = {}
        self._before: dict[Path, ProgramBefore] = {}
        if name.startswith("-") or not name.strip():
            raise UsageError(
                f"--against {one_line(name)}",
                "this is no revision and no file",
                "nothing can be compared with it",
                "write a branch, a commit, or a stack file",
            )
        self._is_file = self._path.is_file() or name.endswith(ENDINGS)

    def of(self, file: str) -> Baseline:
        """The base of one stack file, read and checked."""
        content = _read(self._path) if self._is_file else self._revision(file)
        label = self.name
        if content is None:
            what = f"{label} does not exist" if self._is_file else f"{label} has no {file}"
            note = f"{what}, so everything is new."
            return Baseline(label, None, note, missing=self._is_file, program=self.program(file))
        checked = self._checked(content, file)
        if checked.usable is None:
            note = _invalid(label, file, checked.problems)
            return Baseline(label, None, note, missing=True, program=self.program(file))
        program = self.program(file)
        declared = self._declared_before(file) if program else None
        if program and declared is None and is_ours(self._root(Path(file).parent)):
            program = replace(program, as_before=False)
        return Baseline(label, checked, program=program, declared=declared)

    def checked(self, file: str) -> tuple[CheckedStack | None, bool]:
        """The base's stack file alone, where it has one, and whether it is one that does not
        validate; the program of before is not run."""
        content = self._revision(file)
        if content is None:
            return None, False
        checked = self._checked(content, file)
        return (checked if checked.usable else None), checked.usable is None

    def former(self, file: str, account: str) -> CheckedStack | None:
        """The stack of the same account whose file the base has beside this one and nobody has any
        more: a stack by another name takes nobody's access past the rules."""
        for other in self.stack_files(str(Path(file).parent)):
            content = None if os.path.lexists(other) else self._revision(other)
            if content is not None:
                checked = self._checked(content, other)
                if checked.config is not None and checked.config.account.id == account:
                    return checked
        return None

    def program(self, file: str) -> ProgramChange:
        """How the program beside a stack file differs from the base's; nothing for a file."""
        where = Path(file).parent
        if self._is_file or self._commit(where) is None:
            return NO_CHANGE
        root = self._root(where)
        if root not in self._changes:
            self._changes[root] = self._program_change(where, root)
        return self._changes[root]

    def close(self) -> None:
        """Removes what was unpacked of the base."""
        for before in self._before.values():
            before.close()

    def _program_change(self, where: Path, root: Path) -> ProgramChange:
        commit = self._commit(where)
        assert commit is not None
        listed = _git(root, "diff", *NAMES, commit, "--")
        # What git does not know is in no pull request; a module could still be taken up from here.
        unknown = _git(root, "ls-files", "-z", "--others", "--exclude-standard")
        known = _git(root, "ls-files", "-s", "-z").decode(errors="replace")
        changed = [*_paths(listed), *filter(is_taken_up, _paths(unknown))]
        planned = [os.path.relpath(folder, root.resolve()) for folder in self._folders]
        planned = ["" if folder == "." else folder for folder in planned]
        files = program_files(changed, leads(known, root), planned)
        settings: list[SettingChange] = []
        for path in files:
            if path.rsplit("/", 1)[-1] == PROJECT_FILE:
                asked = _run_git(root, "show", f"{commit}:{path}")
                old = project_settings(asked.stdout if asked.returncode == 0 else None)
                new = project_settings(_read(root / path))
                settings += stack_changes(old, new)
        return ProgramChange(files, tuple(settings))

    def _declared_before(self, file: str) -> Declared | None:
        where = Path(file).parent
        root, commit = self._root(where), self._commit(where)
        if commit is None or not is_ours(root):
            return None
        if root not in self._before:
            self._before[root] = program_before(root, commit)
        plan = self._before[root].plan_of(os.path.relpath(os.path.abspath(file), root))
        return declared_of(plan) if plan is not None else None

    def stack_files(self, folder: str) -> list[str]:
        """Stack files that the base has directly in `folder`, as paths from here."""
        where = Path(folder)
        if self._is_file:
            return []
        commit = self._commit(where)
        if commit is None:
            names = [file.name for file in self._path.glob(PATTERN)]
        else:
            names = self._names(where, commit)
        return sorted(str(where / name) for name in names if is_stack_file(name))

    def _checked(self, content: bytes, file: str) -> CheckedStack:
        # The stack's name is part of its defaults, so the base is read under the same file name.
        with tempfile.TemporaryDirectory(prefix="cfscim-base-") as folder:
            path = Path(folder) / Path(file).name
            path.write_bytes(content)
            # No clock: a base may name a token that has ended since.
            checked = check_stack_file(path)
        return replace(checked, file=replace(checked.file, path=f"{self.name}:{file}"))

    def _revision(self, file: str) -> bytes | None:
        where, name = Path(file).parent, Path(file).name
        commit = self._commit(where)
        if commit is None:
            return _read(self._path / name)
        # Asked first, because git's answer about a missing path is meant for people.
        if name not in self._names(where, commit):
            return None
        return _git(where, "show", f"{commit}:./{name}")

    def _names(self, where: Path, commit: str) -> frozenset[str]:
        """What stands directly in a folder of the base, asked for once for all its stack files."""
        if where not in self._listed:
            self._listed[where] = frozenset(
                _paths(_git(where, "ls-tree", "-z", "--name-only", commit))
            )
        return self._listed[where]

    def _root(self, where: Path) -> Path:
        """The repository that a folder is in, asked for once."""
        if where not in self._roots:
            self._roots[where] = _toplevel(where)
        return self._roots[where]

    def _commit(self, where: Path) -> str | None:
        """The commit that the name means in `where`; nothing when it is a folder instead."""
        if where not in self._commits:
            asked = ["rev-parse", "--verify", "--quiet", f"{self.name}^{{commit}}"]
            answer = _run_git(where, *asked)
            if answer.returncode == 0:
                self._commits[where] = answer.stdout.decode().strip()
            elif self._path.is_dir():
                return None
            else:
                raise self._unknown(answer)
        return self._commits[where]

    def _unknown(self, answer: subprocess.CompletedProcess[bytes]) -> ScimError:
        name = one_line(self.name)
        said = answer.stderr.decode(errors="replace").strip().splitlines()
        if said:
            return MissingError(
                f"--against {name}",
                f"git says: {one_line(said[0])}",
                "the base cannot be read",
                "run it in the repository of the stack files, or name a file",
            )
        return UsageError(
            f"--against {name}",
            "git knows no such revision here and there is no such file",
            "nothing can be compared with it",
            "fetch it first (in a pipeline: fetch-depth: 0), or write a branch, a commit or a "
            "stack file",
        )


def _invalid(label: str, file: str, problems: tuple[Message, ...]) -> str:
    first = problems[0]
    more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
    where = f"line {first.where.line}, {first.where.path}: " if first.where.path else ""
    return one_line(
        f"{file} in {label} does not validate ({where}{first.what}{more}), so everything is shown "
        "as new."
    )


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(
            f"--against {one_line(str(path))}",
            f"{error.strerror}",
            "the base cannot be read",
            "name a file that can be",
        ) from None


def _paths(listed: bytes) -> list[str]:
    return [path for path in listed.decode(errors="replace").split("\0") if path]


def _git(where: Path, *arguments: str) -> bytes:
    answer = _run_git(where, *arguments)
    if answer.returncode:
        said = answer.stderr.decode(errors="replace").strip().splitlines()
        raise MissingError(
            f"git {arguments[0]}",
            one_line(said[0]) if said else "failed",
            "the base cannot be read",
            "run it in a complete clone of the repository, or name a file",
        )
    return answer.stdout


def _toplevel(where: Path) -> Path:
    return Path(_git(where, "rev-parse", "--show-toplevel").decode().rstrip("\n"))


def program_before(root: Path, commit: str) -> ProgramBefore:
    """The program of a commit; where it is a submodule, which an archive leaves out, its own."""
    trees = [lambda: _git(root, "archive", commit)]
    own = _toplevel(PROGRAM.parent).resolve()
    place = own.relative_to(root.resolve()).as_posix()
    if place == ".":
        return ProgramBefore(trees, place)

    def submodule() -> bytes:
        pinned = _git(root, "rev-parse", f"{commit}:{place}").decode().strip()
        return _git(own, "archive", f"--prefix={place}/", pinned)

    return ProgramBefore([*trees, submodule], place)


def _run_git(where: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [*GIT, *arguments]
    try:
        return processes.run(command, seconds=processes.ASK_SECONDS, cwd=where)
    except subprocess.TimeoutExpired:
        raise MissingError(
            "git",
            f"`git {arguments[0]}` gave nothing in {processes.ASK_SECONDS:g} s",
            "the base is a git revision and cannot be read",
            "see whether git works here, or name a file with --against",
        ) from None
    except OSError:
        raise MissingError(
            "git",
            "not found",
            "the base is a git revision and cannot be read",
            "install git, or name a file with --against",
        ) from None


def base_plan(baseline: Baseline, *, today: date) -> Plan:
    """The plan of a valid base, made by the program of before where that can be run.

    Raises `ScimError` as the program does.
    """
    checked = baseline.checked
    assert checked is not None
    assert checked.config is not None
    if baseline.declared is not None:
        return plan_of(checked, checked.config, baseline.declared, today=today)
    return make_plan(checked, today=today)


def declared_of(plan: Mapping[str, object]) -> Declared:
    """What a program declared, out of the object that its `plan --format json` printed."""
    listed = plan.get("resources")
    outputs = plan.get("outputs")
    assert isinstance(listed, list)
    assert isinstance(outputs, dict)
    return Declared([registration(entry) for entry in listed], dict(outputs))


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
