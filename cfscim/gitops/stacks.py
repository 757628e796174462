"""The stacks of a folder, and those that a change touches."""

import re
from collections.abc import Iterable

from cfscim.gitops.shell import Stop, git, run

STACK_FILE = re.compile(r"^Pulumi\.(?P<stack>[^/]+)\.yaml$")
# Read by people or by nobody. Whatever else is not a stack file may change what every stack does.
HARMLESS = re.compile(r"^(docs|tests|examples|schema|bench)/|\.md$|^LICENSE$|^CODEOWNERS$")


def stack_of(path: str) -> str | None:
    """The stack whose file this is; settings of Pulumi Deployments are none."""
    match = STACK_FILE.match(path)
    return match["stack"] if match and not path.endswith(".deploy.yaml") else None


def program_files(paths: Iterable[str]) -> list[str]:
    """Of changed files, those that the program is made of, or that could become part of it."""
    return sorted(path for path in paths if stack_of(path) is None and not HARMLESS.search(path))


def all_stacks(skip: Iterable[str] = ()) -> list[str]:
    """Every stack of this folder that git knows, by name."""
    stacks = {stack for path in git("ls-files").splitlines() if (stack := stack_of(path))}
    return sorted(stacks - set(skip))


def changed_files(before: str, after: str = "HEAD") -> list[str]:
    """Files that differ between two commits; a renamed one counts under both names."""
    return git("diff", "--no-renames", "--name-only", before, after).splitlines()


def changed_stacks(before: str, skip: Iterable[str] = ()) -> list[str]:
    """The stacks that a change since `before` touches: all, when the program itself changed."""
    files = changed_files(before)
    stacks = all_stacks(skip)
    if program_files(files):
        return stacks
    touched = {stack_of(path) for path in files}
    return [stack for stack in stacks if stack in touched]


def removed_files(before: str) -> list[str]:
    """Stack files that are gone since `before`."""
    gone = git("diff", "--no-renames", "--name-only", "--diff-filter=D", before, "HEAD")
    return [path for path in gone.splitlines() if stack_of(path)]


def commit_of(revision: str) -> str:
    """The commit that a name means; raises `Stop` when it means none, here or at the origin."""
    for attempt in (0, 1):
        done = run(
            "git", "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
        )
        if done.returncode == 0:
            return done.stdout.strip()
        if attempt or not re.fullmatch(r"[0-9a-f]{40}", revision):
            break
        # After a force-push no branch reaches it any more, but the origin still gives it away.
        run("git", "fetch", "--quiet", "--no-tags", "origin", revision)
    raise Stop(
        f"{revision!r}: no commit of this repository; nothing can be compared with it, and "
        "removals cannot be counted; check out with fetch-depth: 0, or write a commit, a tag or "
        "origin/<branch>"
    )
