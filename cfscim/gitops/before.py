"""The config of before, handed to the policy pack, so that removals are counted from there."""

import json
from pathlib import Path

from cfscim.gitops.shell import git
from cfscim.gitops.stacks import commit_of

FOLDER = Path(".before")


def hand_over(stack: str, before: str) -> None:
    """Writes `.before/Pulumi.<stack>.yaml` and `.before/policy.json`, the pack's settings.

    `before`: the commit to take the stack file from; empty, or without the file, for a new stack.
    Raises `Stop` when the commit is not to be had.
    """
    FOLDER.mkdir(exist_ok=True)
    name, content = f"Pulumi.{stack}.yaml", None
    if before:
        commit = commit_of(before)
        if git("ls-tree", "-z", commit, "--", name):
            content = git("show", f"{commit}:./{name}")
    file = FOLDER / name
    if content is not None:
        file.write_text(content)
    # Absolute, because the pack runs in a folder of its own.
    given = {"beforeFile": str(file.resolve()) if content is not None else ""}
    settings = {"removal-share": given, "waived-config": given}
    (FOLDER / "policy.json").write_text(json.dumps(settings))
