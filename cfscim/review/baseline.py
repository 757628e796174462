"""What a stack is compared with: its file in another revision, or another file, and its plan."""

import subprocess
import tempfile
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from cfscim.config.keypath import CONFIG_KEY
from cfscim.config.messages import MissingError, Problem, ScimError, UsageError, one_line
from cfscim.config.models import ScimConfig
from cfscim.config.stack_file import CheckedStack, check_stack_file
from cfscim.plan.model import Plan, declare, plan_of
from cfscim.program.quick_run import SharedWorker
from cfscim.program.registrations import Declared, Registration, Value


@dataclass(frozen=True)
class Baseline:
    """`label`: the base as the user named it. `checked`: its stack file, absent where there is
    none. `note`: why it cannot be compared with, or that there is nothing to compare with.
    """

    label: str
    checked: CheckedStack | None
    note: str | None = None


class Against:
    """The base of a comparison, as `--against` names it: a git revision, a file or a folder.

    Raises `UsageError` when it is neither, `MissingError` when git itself is missing.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._path = Path(name)
        self._commits: dict[Path, str] = {}
        if name.startswith("-") or not name.strip():
            raise UsageError(
                f"--against {one_line(name)}",
                "this is no revision and no file",
                "nothing can be compared with it",
                "write a branch, a commit, or a stack file",
            )
        self._is_file = self._path.is_file() or name.endswith((".yaml", ".yml", ".json"))

    def of(self, file: str) -> Baseline:
        """The base of one stack file, read and checked."""
        content = self._file(file) if self._is_file else self._revision(file)
        label = self.name
        if content is None:
            what = f"{label} does not exist" if self._is_file else f"{label} has no {file}"
            return Baseline(label, None, f"{what}, so everything is new.")
        checked = _checked(content, Path(file).name, f"{label}:{file}")
        if checked.config is None or checked.problems:
            return Baseline(label, None, _invalid(label, file, checked.problems))
        return Baseline(label, checked)

    def stack_files(self, folder: str) -> list[str]:
        """Stack files that the base has directly in `folder`, as paths from here."""
        where = Path(folder)
        if self._is_file:
            return []
        commit = self._commit(where)
        if commit is None:
            return sorted(str(where / found.name) for found in self._path.glob("Pulumi.*.yaml"))
        listed = _git(where, "ls-tree", "-z", "--name-only", commit).decode(errors="replace")
        return sorted(
            str(where / name)
            for name in listed.split("\0")
            if name.startswith("Pulumi.") and name.endswith(".yaml") and name != "Pulumi.yaml"
        )

    def _file(self, _file: str) -> bytes | None:
        return _read(self._path)

    def _revision(self, file: str) -> bytes | None:
        where, name = Path(file).parent, Path(file).name
        commit = self._commit(where)
        if commit is None:
            return _read(self._path / name)
        # Asked first, because git's answer about a missing path is meant for people.
        if not _git(where, "ls-tree", "-z", commit, "--", name):
            return None
        return _git(where, "show", f"{commit}:./{name}")

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


def _invalid(label: str, file: str, problems: tuple[Problem, ...]) -> str:
    first = problems[0]
    more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
    where = f"line {first.line}, {first.path}: " if first.path else ""
    return one_line(
        f"{file} in {label} does not validate ({where}{first.what}{more}), so everything is shown "
        "as new."
    )


def _checked(content: bytes, name: str, shown_as: str) -> CheckedStack:
    # The stack's name is part of its defaults, so the base is read under the same file name.
    with tempfile.TemporaryDirectory(prefix="cfscim-base-") as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        # No clock: a base may name a token that has ended since.
        checked = check_stack_file(path)
    return replace(checked, file=replace(checked.file, path=shown_as))


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


def _git(where: Path, *arguments: str) -> bytes:
    answer = _run_git(where, *arguments)
    if answer.returncode:
        said = answer.stderr.decode(errors="replace").strip().splitlines()
        raise MissingError(
            f"git {arguments[0]}",
            f"{(one_line(said[0]) if said else 'failed')}",
            "the base cannot be read",
            "run it in a complete clone of the repository, or name a file",
        )
    return answer.stdout


def _run_git(where: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["git", "--no-pager", "-c", "core.quotePath=false", *arguments],
            cwd=where if str(where) else ".",
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except OSError:
        raise MissingError(
            "git",
            "not found",
            "the base is a git revision and cannot be read",
            "install git, or name a file with --against",
        ) from None


# The program refuses a token that has ended; a base may well name one. No config names this.
_STAND_IN = "9999-12-31T23:59:58Z"


def base_plan(
    checked: CheckedStack, config: ScimConfig, *, today: date, worker: SharedWorker | None = None
) -> Plan:
    """What the base's config means to the current program; raises `ScimError` as that does."""
    given = checked.file.config_object
    assert isinstance(given, dict)
    ends = config.token.expires_on_text
    if ends is not None:
        given = {**given, "token": {**given["token"], "expiresOn": _STAND_IN}}
    settings = {**checked.file.provider_config, CONFIG_KEY: given}
    declared = declare(checked.file.stack, settings, worker=worker)
    if ends is not None:
        declared = Declared(
            [_with_end(resource, ends) for resource in declared.resources],
            {key: _replaced(value, ends) for key, value in declared.outputs.items()},
        )
    return plan_of(checked, config, declared, today=today)


def _with_end(resource: Registration, ends: str) -> Registration:
    inputs = {key: _replaced(value, ends) for key, value in resource.inputs.items()}
    return replace(resource, inputs=inputs)


def _replaced(value: Value, ends: str) -> Value:
    if isinstance(value, str):
        return value.replace(_STAND_IN, ends)
    if isinstance(value, list):
        return [_replaced(one, ends) for one in value]
    if isinstance(value, dict):
        return {key: _replaced(one, ends) for key, one in value.items()}
    return value
