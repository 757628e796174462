"""The plan that an approver reads, of one stack or of many, and where the whole of it is."""

import json
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cfscim.gitops.deployed import Due, file_in
from cfscim.gitops.shell import run
from cfscim.gitops.stacks import changed_files, commit_of, program_files

# GitHub takes 1 MiB a step, and shows nothing at all of more.
LIMIT = 1_000_000
COMMENT = 60_000
"""Of the 65,536 characters that GitHub takes in a comment; the rest is for our own lines."""


def plan_text(stacks: Sequence[str], before: str, *, whole: bool = True) -> tuple[str, bool]:
    """The plan of stacks against a commit -> the text as Markdown, and whether it can be approved:
    every file valid, no rule broken. Not `whole`: what matters least is left out until it fits
    into a comment."""
    against = ["--against", before] if before else []
    return _planned(stacks, *against, *(["--all"] if whole else []))


def _planned(stacks: Sequence[str], *more: str) -> tuple[str, bool]:
    files = [f"Pulumi.{stack}.yaml" for stack in stacks]
    done = run(
        *(sys.executable, "-m", "cfscim", "plan", *files),
        *("--policy", "enforce", "--format", "markdown", *more),
        env=dict(os.environ),
        work=True,
    )
    said = done.stdout if done.stdout.strip() else as_printed(done.stderr)
    return said, done.returncode == 0


def approval_text(stacks: Sequence[Due]) -> tuple[str, bool]:
    """What an approval carries out, compared with each stack's last verified deployment and with
    every update that began since; one plan of all stacks, so that the riskiest of all comes first.
    """
    parts: list[str] = []
    for before in sorted({stack.before for stack in stacks}):
        listed = ", ".join(f"`{stack.stack}`" for stack in stacks if stack.before == before)
        if not before:
            parts.append(f"Never deployed from here, so that everything is new: {listed}.\n")
            continue
        parts.append(f"Compared with `{before[:12]}`, last deployed and verified: {listed}.\n")
        program = program_files(changed_files(commit_of(before)))
        if program:
            parts.append(f"**The program itself changed since then**: {some(program)}.\n")
    begun = [(due, *file_in(entry, due.stack)) for due in stacks for entry in due.begun]
    for due, commit, of in begun:
        commit_of(commit)
        parts.append(
            f"**An update of `{of}` from `{commit[:12]}` began since, and was never verified**: "
            "what it gave or took may be in force still, and is counted below; the whole "
            "difference to it stands at the end.\n"
            if of == due.stack
            else f"**`{due.stack}` takes the place of `{of}`**, deployed from `{commit[:12]}` and "
            "gone since: who was in its groups is counted below.\n"
        )
    with tempfile.TemporaryDirectory(prefix="cfscim-bases-") as folder:
        bases = Path(folder) / "bases.json"
        bases.write_text(json.dumps([due.output for due in stacks]))
        text, good = _planned([due.stack for due in stacks], "--bases", str(bases), "--all")
    parts.append(text)
    for due, commit, of in begun:
        if of == due.stack:
            parts.append(f"## All that differs from `{commit[:12]}`\n")
            parts.append(plan_text([due.stack], commit)[0])
    return "\n".join(parts), good


def as_printed(text: str) -> str:
    """What a command printed, as Markdown; indented, because what is printed could end a fence."""
    lines = text.replace("\r", "").strip("\n").split("\n")
    return "\n" + "".join(f"    {line}\n" for line in lines)


def some(paths: Sequence[str]) -> str:
    """Ten of the paths, and how many more there are."""
    more = f" and {len(paths) - 10} more" if len(paths) > 10 else ""
    return ", ".join(map(named, paths[:10])) + more


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
