"""What git has of the stack files of a repository: the commits of a branch, and the files' texts.

Only the first parents are walked: a change counts from the moment it reached the branch, and the
commit that brought it there is the one that somebody approved.
"""

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from os.path import basename

from cfscim import processes
from cfscim.gitops.shell import GIT
from cfscim.stacks import PATTERN, is_stack_file

_FIELDS = ("%H", "%ct", "%aN <%aE>", "%cN <%cE>", "%P", "%s", "%(trailers:only,unfold)")
_APPROVALS = ("reviewed-by", "approved-by", "acked-by")
GIT_HOSTS = ("noreply@github.com", "noreply@gitlab.com")
"""Committers that are a host's own merge button, not a person."""


@dataclass(frozen=True)
class Commit:
    """A commit as an auditor cites it; `approved_by`: names as far as git knows them."""

    sha: str
    time: datetime
    author: str
    subject: str
    approved_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """One stack file of a commit: its path in the repository, its content's id (absent: the file is
    gone), and its path before, where it was another."""

    path: str
    blob: str | None
    former: str | None = None


Log = list[tuple[Commit, list[Change]]]


def read_log(top: str, tip: str) -> Log | None:
    """Every commit of the repository at `top` up to `tip` that changes a stack file, the newest
    first; nothing where git gives no answer."""
    asked = ["log", "--first-parent", "--diff-merges=first-parent", "--raw", "--no-abbrev", "-z"]
    # What people write may hold any character but NUL.
    asked += ["--find-renames", f"--format={'%x00'.join((*_FIELDS, ''))}"]
    out = git(top, [*asked, tip, "--", f":(top,glob)**/{PATTERN}"])
    if out is None:
        return None
    commits: Log = []
    parts = iter(out.decode("utf-8", "replace").split("\0"))
    for part in parts:
        entry = part.strip("\n")
        if entry.startswith(":"):
            commits[-1][1].extend(_changes(entry, parts))
        elif entry:
            commits.append((_commit([entry, *(next(parts) for _ in _FIELDS[1:])]), []))
    return commits


def _changes(entry: str, parts: Iterator[str]) -> Iterator[Change]:
    """What one line of git's raw format says; its paths are the next `parts`."""
    _, _, _, blob, status = entry.split(" ")
    former = next(parts) if status[0] == "R" else None
    path = next(parts)
    if is_stack_file(basename(path)):
        yield Change(path, None if status[0] == "D" else blob, former)


def _commit(fields: Sequence[str]) -> Commit:
    sha, time, author, committer, parents, subject, trailers = fields
    approved = [
        words.strip()
        for line in trailers.splitlines()
        for key, _, words in [line.partition(":")]
        if key.strip().lower() in _APPROVALS
    ]
    # Whoever merges, or applies somebody else's commit, lets it in.
    merged = len(parents.split()) > 1 or committer != author
    if merged and not any(host in committer for host in GIT_HOSTS):
        approved.append(committer)
    elif merged and len(parents.split()) > 1:
        approved.append(author)  # a host's merge button: the author of the merge pressed it
    when = datetime.fromtimestamp(int(time), UTC)
    return Commit(sha, when, author, subject, tuple(dict.fromkeys(approved)))


def blobs(top: str, ids: set[str]) -> dict[str, str]:
    """The text of each blob that git can give, all by one process."""
    asked = "".join(f"{id}\n" for id in sorted(ids)).encode()
    out = git(top, ["cat-file", "--batch"], asked) if ids else b""
    texts, place = {}, 0
    while out and place < len(out):
        end = out.index(b"\n", place)
        id, *rest = out[place:end].decode().split(" ")
        place = end + 1
        if len(rest) == 2:  # else: "missing"
            size = int(rest[1])
            texts[id] = out[place : place + size].decode("utf-8", "replace")
            place += size + 1
    return texts


def git(folder: str, arguments: Sequence[str], given: bytes | None = None) -> bytes | None:
    """What git answers in `folder`; nothing when it refuses or is not there."""
    try:
        done = processes.run(
            [*GIT, *arguments],
            seconds=processes.ASK_SECONDS,
            cwd=folder,
            given=given or b"",
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
