"""The one comment on a pull request: the plan of its newest commit, or that there is none."""

import re
from collections.abc import Sequence
from pathlib import Path

from cfscim.config.json_types import objects
from cfscim.gitops.shell import (
    A_PAGE,
    Ask,
    Stop,
    github,
    listing,
    marked,
    parsed,
    say,
    settings,
    texts,
    write,
)
from cfscim.gitops.stacks import program_files
from cfscim.gitops.summary import COMMENT, cut, some

MARKER = "<!-- cloudflare-scim plan -->"
NO_PLAN = "There is no plan of this commit: the run ended before one was made; see its log.\n"


def post(folder: Path, repository: str, head: str, run_url: str, *, fork: bool) -> None:
    """Writes or replaces the comment. Everything in `folder` came from the pull request, and is
    only ever text: `number`, `plan.md`, and `short.md` where that is too long; any may be missing.
    """
    number = _number(folder, repository, head)
    pull = github(f"repos/{repository}/pulls/{number}")
    # A pull request may speak only for itself: its head must be what the plan was made from.
    if texts(pull, "head", "sha") != head:
        say(f"::notice::pull request {number} has moved on; its newer run will comment")
        return
    listed = [folder / name for name in ("short.md", "plan.md")]
    plans = [file.read_bytes().decode(errors="replace") for file in listed if file.is_file()]
    files = _changed(repository, number, github)
    body = "\n".join([MARKER, *_header(head, files, fork=fork), "", _shown(plans, run_url)])
    Path("body.md").write_text(body)
    existing = _existing(repository, number)
    if existing:
        target = f"repos/{repository}/issues/comments/{existing}"
        write("PATCH", target, "-F", "body=@body.md")
    else:
        write("POST", f"repos/{repository}/issues/{number}/comments", "-F", "body=@body.md")


def _number(folder: Path, repository: str, head: str) -> int:
    file = folder / "number"
    said = file.read_text()[:20].strip() if file.is_file() else ""
    if re.fullmatch(r"[0-9]+", said):
        return int(said)
    if said:
        raise Stop("comment/number is no pull request number; nothing was posted")
    # The run ended before it could say: GitHub knows to which pull request the commit belongs.
    for pull in objects(github(f"repos/{repository}/commits/{head}/pulls")):
        if isinstance(number := pull.get("number"), int) and texts(pull, "head", "sha") == head:
            return number
    raise Stop(f"{head[:12]} belongs to no open pull request; nothing was posted")


def _changed(repository: str, number: int, ask: Ask) -> list[str] | None:
    """The files that the pull request changes, as GitHub says; nothing where it lists too few."""
    most = 30  # GitHub lists no more
    files = [*listing(ask, f"repos/{repository}/pulls/{number}/files", most=most)]
    if len(files) >= most * A_PAGE:
        return None
    names: list[str] = []
    for file in files:
        names += [texts(file, "filename"), *filter(None, [texts(file, "previous_filename")])]
    return names


def _header(head: str, files: list[str] | None, *, fork: bool) -> list[str]:
    lines = [f"Plan of commit `{head}`."]
    program = None if files is None else program_files(files)
    if program != []:
        which = "more files than GitHub lists"
        if program is not None:
            which = some(program)
        lines += [
            "",
            "> [!WARNING]",
            "> **This plan was made by the code of this very branch**, which changes the program "
            f"or its workflows: {which}. Read that code before you believe the plan.",
        ]
    if fork:
        lines += ["", "> The pull request comes from a fork."]
    return lines


def _shown(plans: Sequence[str], run_url: str) -> str:
    """The shortest of the plans that were handed over, and where the whole one is."""
    where = f"the file plan.md in the artifact `comment` of {run_url} is the whole plan"
    text = cut(plans[0] if plans else NO_PLAN, COMMENT, where)
    return f"{text}\nShortened; {where}.\n" if len(plans) > 1 and where not in text else text


def _existing(repository: str, number: int) -> int | None:
    path = f"repos/{repository}/issues/{number}/comments"
    comments = listing(github, path, most=100)
    ours = (each for each in comments if texts(each, "user", "login") == "github-actions[bot]")
    return marked(ours, MARKER, "id")


def from_environment() -> None:
    """Posts as `comment.yml` asks: REPOSITORY, HEAD_SHA, RUN, FROM_FORK."""
    env = settings()
    post(
        Path("comment"),
        env["REPOSITORY"],
        env["HEAD_SHA"],
        env["RUN"],
        fork=parsed(env["FROM_FORK"] or "true", "FROM_FORK") is not False,
    )
