"""`validate`: checks stack files and says, a line a problem, what to write instead."""

import json
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from cfscim.config.clashes import clashes
from cfscim.config.messages import Message, Where, one_line
from cfscim.config.project import folder_problems, unique
from cfscim.config.stack_file import CheckedStack, check_stack_file
from cfscim.hints import next_command, stack_words
from cfscim.report.say import say
from cfscim.stacks import PATTERN, is_skipped, is_stack_file, print_warnings, stack_path


def run(paths: Sequence[str], output: str, *, now: datetime | None = None) -> int:
    """Checks the files (folders: every `Pulumi.*.yaml` in or below them) and prints the result.

    Without paths it takes every `Pulumi.*.yaml` of the working directory. Returns the exit code:
    0 when all are valid, 1 when there is any problem, or no file.
    """
    files, problems = stack_files(paths)
    checked = [check_stack_file(file, now=now or datetime.now(UTC)) for file in files]
    problems += [problem for stack in checked for problem in stack.problems]
    problems += clashes(checked)
    problems += project_problems(files)
    problems.sort(key=lambda problem: (problem.where.file or "", problem.where.line or 0))
    show(checked, problems, output)
    print_warnings(checked)
    return 1 if problems else 0


def project_problems(files: Sequence[str]) -> list[Message]:
    """What is wrong with the files that the engine reads beside the stack files."""
    folders = sorted({os.path.dirname(file) or "." for file in files} or {"."})
    return unique(problem for folder in folders for problem in folder_problems(folder))


def stack_files(paths: Sequence[str]) -> tuple[list[str], list[Message]]:
    """The files to check, each once and in a stable order, and what is wrong with the selection.

    What is neither file nor folder, and has no ending, is the name of a stack. Raises `UsageError`
    for an unknown one.
    """
    if not paths:
        here = sorted(str(file) for file in Path().glob(PATTERN) if is_stack_file(file.name))
        return here, [] if here else [_nothing(".")]
    files: dict[str, str] = {}
    problems = []
    for path in paths:
        if not os.path.lexists(path) and not os.path.splitext(path)[1]:
            path = stack_path(path, "validate", "")
        below = [path]
        if os.path.isdir(path):
            below = sorted(_below(path))
            problems += [] if below else [_nothing(path)]
        for file in below:
            files.setdefault(os.path.realpath(file), file)
    return list(files.values()), problems


def _below(folder: str) -> Iterable[str]:
    """Stack files in a folder tree."""
    for where, folders, names in os.walk(folder):
        folders[:] = [folder for folder in folders if not is_skipped(folder)]
        for name in names:
            if is_stack_file(name):
                yield os.path.normpath(os.path.join(where, name))


def _nothing(folder: str) -> Message:
    return Message(
        Where(file=folder),
        what=f"no {PATTERN} is here",
        why="nothing was checked",
        instead="name stack files, or run it where they are",
    )


def show(checked: Sequence[CheckedStack], problems: Sequence[Message], output: str) -> None:
    """Prints the result as `text`, as the terminal takes it, `json` or `github`."""
    if output != "text":
        print(render(checked, problems, output))
        return
    for problem in problems:
        say(str(problem), "!")
    say(_summary(checked, problems), "!" if problems else "+")


def render(checked: Sequence[CheckedStack], problems: Sequence[Message], output: str) -> str:
    """The result as `text`, `json` or `github`."""
    if output == "json":
        return json.dumps(
            {"files": len(checked), "problems": [_as_json(problem) for problem in problems]}
        )
    if output == "github":
        return "\n".join([*map(_annotation, problems), _summary(checked, problems)])
    return "\n".join([*map(str, problems), _summary(checked, problems)])


def _as_json(problem: Message) -> dict[str, str | int | None]:
    return {
        "file": problem.where.file,
        "line": problem.where.line,
        "path": one_line(problem.where.path),
        "message": problem.text,
    }


def _summary(checked: Sequence[CheckedStack], problems: Sequence[Message]) -> str:
    files = f"{len(checked)} {'file' if len(checked) == 1 else 'files'}"
    if not problems:
        which = stack_words(checked[0].file.path, checked[0].file.stack)
        return f"{files} valid. Next: {one_line(next_command('plan', *which))}"
    count = f"{len(problems)} {'problem' if len(problems) == 1 else 'problems'}"
    return f"{count} in {files}. Correct the lines above and run validate again."


def _annotation(problem: Message) -> str:
    """A GitHub workflow command, escaped as the runner unescapes it."""
    places = {
        "file": _from_workspace(problem.where.file or ""),
        "line": problem.where.line,
        "title": problem.where.path or "stack file",
    }
    properties = ",".join(f"{key}={_escaped(value)}" for key, value in places.items() if value)
    message = problem.text.replace("%", "%25")
    return f"::error {properties}::{message}"


def _escaped(value: str | int) -> str:
    text = one_line(str(value)).replace("%", "%25")
    return text.replace(":", "%3A").replace(",", "%2C")


def _from_workspace(file: str) -> str:
    """The path from the repository's root, as annotations need it."""
    workspace = os.environ.get("GITHUB_WORKSPACE")
    if not workspace or not file:
        return file
    relative = os.path.relpath(file, workspace)
    return file if relative.startswith("..") else relative
