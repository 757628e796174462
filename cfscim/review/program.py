"""What the program itself is made of, and how that differs from the program of the base.

A stack file says what is wanted; every other file that the engine, Python or the pipeline takes up
decides what is done about it. So a change of one is said before everything else.
"""

import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from cfscim import processes
from cfscim.config.messages import ScimError
from cfscim.gitops.stacks import is_harmless
from cfscim.program.run import PROGRAM
from cfscim.review.settings import SettingChange

_STACK_FILE = re.compile(r"(^|/)Pulumi\.(?!yaml\Z)[^/]+(?<!\.deploy)\.yaml\Z")

# What a changed file is to the approver; the first that fits names it, the last fits all.
_GROUPS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("the rules of the policy", re.compile(r"^(policy/|cfscim/config/policy/)")),
    ("what is declared and how it is checked", re.compile(r"^(__main__\.py$|components/|cfscim/)")),
    (
        "the packages that are installed and run",
        re.compile(r"(^|/)(requirements[^/]*\.(txt|in)|pyproject\.toml|uv\.lock|setup\.(py|cfg))$"),
    ),
    (
        "the version of the program or of the engine",
        re.compile(r"^(\.cloudflare-scim|\.gitmodules|\.pulumi\.version)$"),
    ),
    ("who must approve a change", re.compile(r"(^|/)CODEOWNERS$")),
    (
        "the pipeline that holds the credentials",
        re.compile(
            r"^(\.github/|\.ci/|deploy/|\.gitlab-ci\.yml$|azure-pipelines|Jenkinsfile$|Makefile$)"
            r"|\.deploy\.yaml$"
        ),
    ),
    ("the project's settings for the engine", re.compile(r"(^|/)Pulumi(Policy)?\.(ya?ml|json)$")),
    ("the sandbox", re.compile(r"^sandbox/")),
    ("stack files of other folders, which no plan here shows", _STACK_FILE),
    ("files that Python or the engine could take up instead of others", re.compile("")),
)

_KEPT = ("PATH", "HOME", "LANG")
"""Of the environment, what the program of before is given."""


@dataclass(frozen=True)
class ProgramChange:
    """The files of the program that differ, by path; none where the base is a single file.

    `settings`: those of `Pulumi.yaml` that differ. `as_before`: whether the plan of before was made
    by the program of before.
    """

    files: tuple[str, ...] = ()
    settings: tuple[SettingChange, ...] = ()
    as_before: bool = True

    def __bool__(self) -> bool:
        return bool(self.files)

    @property
    def groups(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """What changes in words for the approver, each with its files."""
        files = list(self.files)
        for words, pattern in _GROUPS:
            mine = tuple(path for path in files if pattern.search(path))
            files = [path for path in files if path not in mine]
            if mine:
                yield words, mine


NO_CHANGE = ProgramChange()


def program_files(
    paths: Iterable[str], led_to: Collection[str] = (), planned: Collection[str] = ("",)
) -> tuple[str, ...]:
    """Of files by path from the repository's root: those that are run, or could become so;
    `led_to`: what links and lists of packages lead to; `planned`: the folders whose stack files are
    compared by themselves."""
    return tuple(
        sorted(
            path
            for path in paths
            if not (_STACK_FILE.search(path) and os.path.dirname(path) in planned)
            and not is_harmless(path, led_to)
        )
    )


def is_taken_up(path: str) -> bool:
    """Whether a file that git does not know would be run or read from where it lies."""
    if "__pycache__/" in path:
        return False  # written here by Python itself; a pull request's are known to git
    named = any(pattern.search(path) for _, pattern in _GROUPS[:-1])
    return named or path.endswith((".py", ".pth", ".so", ".pyc"))


def is_ours(root: Path) -> bool:
    """Whether the program that runs here belongs to the repository at `root`."""
    return PROGRAM.is_relative_to(root.resolve())


class ProgramBefore:
    """The program of a commit, unpacked beside the work tree, and asked for its plans.

    `archives`: each gives a tree of the commit as a tar; `place`: where in them the program stands.
    It gets no credential and no setting of ours.
    """

    def __init__(self, archives: Sequence[Callable[[], bytes]], place: str) -> None:
        self._archives = archives
        self._place = place
        self._stack = ExitStack()
        self._root: Path | None = None
        self._plans: dict[str, Mapping[str, object]] = {}

    def plan_of(self, file: str) -> Mapping[str, object] | None:
        """The plan object of the stack file at `file` (from the root); nothing where the program
        of before could not be run or has no plan of it."""
        folder = os.path.dirname(file)
        if folder not in self._plans:
            self._plans[folder] = self._asked(folder)
        plan = self._plans[folder].get(os.path.basename(file))
        return plan if isinstance(plan, dict) and "resources" in plan else None

    def close(self) -> None:
        """Removes what was unpacked."""
        self._stack.close()

    def _asked(self, folder: str) -> Mapping[str, object]:
        try:
            root = self._unpacked()
            done = processes.run(
                [sys.executable, "-m", "cfscim", "plan", "--format", "json"],
                seconds=processes.ASK_SECONDS,
                cwd=root / folder,
                env={
                    **{key: os.environ[key] for key in _KEPT if key in os.environ},
                    "PYTHONPATH": str(root / self._place),
                },
            )
            listed = json.loads(done.stdout)
        except (OSError, ValueError, ScimError, subprocess.SubprocessError, tarfile.TarError):
            return {}
        if not isinstance(listed, list):
            return {}
        return {os.path.basename(str(entry.get("file"))): entry for entry in listed}

    def _unpacked(self) -> Path:
        if self._root is None:
            root = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="cfscim-before-"))
            for archive in self._archives:
                with tarfile.open(fileobj=BytesIO(archive())) as tar:
                    _extract(tar, root)
            self._root = Path(root)
        return self._root


def _extract(tar: tarfile.TarFile, root: str) -> None:
    """Writes the archive's files below `root` and nowhere else.

    Python before 3.11.4 has no filter for that (PEP 706): there no link is made, and a name that
    leads out of the folder ends in `tarfile.TarError`.
    """
    if hasattr(tarfile, "data_filter"):
        tar.extractall(root, filter="data")
        return
    for member in tar:
        if os.path.isabs(member.name) or ".." in member.name.split("/"):
            raise tarfile.TarError(f"{member.name} leads out of the archive's folder")
        if member.isreg() or member.isdir():
            tar.extract(member, root)
