"""The plan that an approver reads, of one stack or of many, and where the whole of it is."""

import os
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from cfscim.gitops.deployed import Due
from cfscim.gitops.shell import Stop, run
from cfscim.gitops.stacks import changed_files, commit_of, program_files

# GitHub takes 1 MiB a step, and shows nothing at all of more.
LIMIT = 1_000_000
COMMENT = 60_000
"""Of the 65,536 characters that GitHub takes in a comment; the rest is for our own lines."""


def plan_text(stacks: Sequence[str], before: str, *, whole: bool = True) -> tuple[str, bool]:
    """The plan of stacks against a commit, or of new ones against nothing -> the text as Markdown,
    and whether it can be approved: every file valid, no rule broken. Not `whole`: what matters
    least is left out until it fits into a comment."""
    files = [f"Pulumi.{stack}.yaml" for stack in stacks]
    against = ["--against", before] if before else []
    done = run(
        *(sys.executable, "-m", "cfscim", "plan", *files),
        *(*against, "--policy", "enforce", "--format", "markdown"),
        *(["--all"] if whole else []),
        env=dict(os.environ),
    )
    said = done.stdout if done.stdout.strip() else f"~~~\n{done.stderr.strip()}\n~~~\n"
    return said, done.returncode == 0


def approval_text(stacks: Sequence[Due]) -> tuple[str, bool]:
    """What an approval carries out, compared with each stack's last verified deployment."""
    parts, good = [], True
    for before in sorted({stack.before for stack in stacks}):
        names = [stack.stack for stack in stacks if stack.before == before]
        listed = ", ".join(f"`{name}`" for name in names)
        if before:
            parts.append(f"Compared with `{before[:12]}`, last deployed and verified: {listed}.\n")
            program = program_files(changed_files(before))
            if program:
                shown = ", ".join(map(named, program[:10]))
                more = f" and {len(program) - 10} more" if len(program) > 10 else ""
                parts.append(f"**The program itself changed since then**: {shown}{more}.\n")
        else:
            parts.append(f"Never deployed from here, so that everything is new: {listed}.\n")
        text, approvable = plan_text(names, before)
        parts.append(text)
        good = good and approvable
    for stack in stacks:
        if stack.begun and stack.begun != stack.before:
            parts.append(
                f"**An update of `{stack.stack}` from `{stack.begun[:12]}` began since, and was "
                "never verified**: what it gave may be there still. Compared with that commit:\n"
            )
            with suppress(Stop):  # where it cannot be had the plan says so
                commit_of(stack.begun)
            parts.append(plan_text([stack.stack], stack.begun)[0])
    return "\n".join(parts), good


def named(path: str) -> str:
    """A path as a code span; what could end the span or the line stands there as its number."""
    return f"`{_NOT_PLAIN.sub(lambda sign: f'<{ord(sign[0]):x}>', path)}`"


_NOT_PLAIN = re.compile(r"[^ -~]|[`|]|^ | $")


def show(text: str, whole: Path) -> None:
    """Adds to the summary of the run; `whole` keeps the text where the summary has to be cut."""
    whole.parent.mkdir(parents=True, exist_ok=True)
    whole.write_text(text)
    target = os.environ.get("GITHUB_STEP_SUMMARY")
    if target is None:
        sys.stdout.write(text)
        return
    with open(target, "a") as summary:
        summary.write(
            cut(
                text, LIMIT, f"the file {whole.name} in the artifacts of this run is the whole plan"
            )
        )


def cut(text: str, limit: int, where: str) -> str:
    """At most `limit` bytes, cut between two characters; then it says where the whole is."""
    given = text.encode()
    if len(given) <= limit:
        return text
    return given[:limit].decode(errors="ignore") + f"\n\nCut here; {where}.\n"
