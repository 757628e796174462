"""`python3 -m cfscim.gitops …`: one command a step of a pipeline. Exit codes: 0 fine, 1 stopped."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from cfscim.gitops import approval, comment, deployed, drift, note, release, stacks, summary
from cfscim.gitops.shell import GIT, Stop, github, objects, parsed, run, settings, stopped, texts

Arguments = argparse.Namespace


def _output(**values: str) -> None:
    """Outputs of a step, or lines to read where no GitHub listens."""
    target = os.environ.get("GITHUB_OUTPUT")
    lines = [f"{name}={value}\n" for name, value in values.items()]
    if target is None:
        sys.stdout.writelines(lines)
        return
    with open(target, "a") as file:
        file.writelines(lines)


def _skipped() -> list[str]:
    """Stacks that live on the sandbox alone; `make up` is theirs."""
    return os.environ.get("SANDBOX_STACKS", "").split()


def _names(listed: str) -> list[str]:
    """The stacks of a JSON list."""
    names = parsed(listed, "--stacks")
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _stacks(arguments: Arguments) -> int:
    listed = [s for s in stacks.all_stacks(_skipped()) if arguments.only in s]
    if len(listed) > 256:
        raise Stop(
            f"{len(listed)} stacks, and one matrix takes 256; none was looked at; narrow it with "
            "the input only"
        )
    _output(stacks=json.dumps(listed))
    return 0


def _commit(arguments: Arguments) -> int:
    _output(before=stacks.commit_of(arguments.revision) if arguments.revision else "")
    return 0


def _changed(arguments: Arguments) -> int:
    """`--head`: of a pull request; what GitHub merged it into may be newer than `--base`, and what
    others changed there is no change of this pull request."""
    merged = run(*GIT, "rev-parse", "--verify", "--quiet", "HEAD^2").stdout.strip()
    if merged and merged == arguments.head:
        base = stacks.commit_of("HEAD^1")
    else:
        base = run(*GIT, "merge-base", arguments.base, "HEAD").stdout.strip()
        base = stacks.commit_of(base or arguments.base)
    changed = stacks.changed_stacks(base)
    deployable = [stack for stack in changed if stack not in _skipped()]
    _output(before=base, stacks=json.dumps(changed), deployed=json.dumps(deployable))
    return 0


def _plan(arguments: Arguments) -> int:
    """The plan of a pull request, for its comment and for the summary of the run."""
    names = _names(arguments.stacks)
    text, good = summary.plan_text(names, arguments.before) if names else ("", True)
    gone = "".join(
        f"{summary.named(file)} is removed: nobody loses access by that, and nothing is destroyed; "
        "its stack is no longer managed from here.\n"
        for file in stacks.removed_files(arguments.before)
        if f"`{file}` is removed" not in text
    )
    summary.show(text + gone or "No stack changes.\n", Path("comment/plan.md"))
    if len(text.encode()) > summary.COMMENT:
        short, _ = summary.plan_text(names, arguments.before, whole=False)
        Path("comment/short.md").write_text(gone + short)
    return 0 if good else 1


def _invalid(arguments: Arguments) -> int:  # noqa: ARG001 - every command is called alike
    """The comment of a pull request whose files are not valid."""
    done = run(sys.executable, "-m", "cfscim", "validate")
    text = (
        f"**Not valid, so there is no plan.**\n\n~~~\n{(done.stdout + done.stderr).strip()}\n~~~\n"
    )
    summary.show(text, Path("comment/plan.md"))
    return 0


def _due(arguments: Arguments) -> int:
    names = stacks.all_stacks(_skipped())
    if arguments.stack:
        if arguments.stack not in names:
            raise Stop(f"{arguments.stack!r}: no such stack; write one of: {', '.join(names)}")
        names = [arguments.stack]
    repository = settings()["REPOSITORY"]
    if arguments.since:
        if not arguments.stack:
            raise Stop("since is given without stack; it says what one stack is compared with")
        due = [deployed.Due(arguments.stack, stacks.commit_of(arguments.since))]
    else:
        verified = {s: deployed.verified_commit(s, repository, github) for s in names}
        begun = {s: deployed.begun_commit(s, repository, github) for s in names if verified[s]}
        due = deployed.due(names, verified, deployed.differs, begun)
        if arguments.stack and not due:
            due = [deployed.Due(arguments.stack, verified[arguments.stack])]
    _output(stacks=json.dumps([stack.output for stack in due]))
    return 0


def _approve(arguments: Arguments) -> int:
    listed = objects(parsed(arguments.stacks, "--stacks"))
    names = ("stack", "before", "begun")
    due = [deployed.Due(*(texts(entry, name) for name in names)) for entry in listed]
    text, good = summary.approval_text(due) if due else ("Nothing is to be deployed.\n", True)
    summary.show(text, Path("plan.md"))
    return 0 if good else 1


def _verified(arguments: Arguments) -> int:
    """The commit in the stack's own record, for a pipeline that may read the state before."""
    print(deployed.recorded(arguments.stack))
    return 0


def _tip(arguments: Arguments) -> int:  # noqa: ARG001
    env = settings()
    if "REPOSITORY" not in env:
        approval.must_be_tip("", env["BRANCH"], env["COMMIT"], approval.origin)
        return 0
    approval.must_be_tip(env["REPOSITORY"], env["BRANCH"], env["COMMIT"], github)
    if env.get("APPROVAL") == "dispatch":
        given = (env["ACTOR"], env.get("APPROVERS", ""), env["REPOSITORY"], env["COMMIT"])
        approval.must_approve(*given, github)
    return 0


def _before(arguments: Arguments) -> int:
    """Without a verified deployment, removals are counted from what was tried."""
    commit = arguments.before or deployed.recorded(arguments.stack, deployed.ATTEMPT)
    stacks.hand_over(arguments.stack, commit)
    return 0


def _confirm(arguments: Arguments) -> int:
    deployed.confirm(arguments.stack, arguments.before, by_hand=bool(arguments.since))
    return 0


def _attempt(arguments: Arguments) -> int:
    deployed.attempt(arguments.stack, arguments.commit, done=bool(arguments.done))
    return 0


def _record(arguments: Arguments) -> int:
    deployed.record(arguments.stack, arguments.commit)
    return 0


def _drift(arguments: Arguments) -> int:
    return drift.check(arguments.stack, os.environ)


def _comment(arguments: Arguments) -> int:  # noqa: ARG001
    comment.from_environment()
    return 0


def _note(arguments: Arguments) -> int:  # noqa: ARG001
    """The comment where no GitHub is: GitLab's or Azure DevOps'."""
    note.from_environment()
    return 0


def _report(arguments: Arguments) -> int:  # noqa: ARG001
    drift.report()
    return 0


def _release(arguments: Arguments) -> int:
    """Without --tag, makes this version's tag; with it, checks one that was pushed."""
    if arguments.tag:
        release.check_tag(arguments.tag)
    else:
        release.make_tag()
    return 0


COMMANDS: dict[str, tuple[Callable[[Arguments], int], tuple[str, ...]]] = {
    "stacks": (_stacks, ("only",)),
    "commit": (_commit, ("revision",)),
    "changed": (_changed, ("base", "head")),
    "plan": (_plan, ("before", "stacks")),
    "invalid": (_invalid, ()),
    "due": (_due, ("stack", "since")),
    "approve": (_approve, ("stacks",)),
    "verified": (_verified, ("stack",)),
    "tip": (_tip, ()),
    "before": (_before, ("stack", "before")),
    "confirm": (_confirm, ("stack", "before", "since")),
    "attempt": (_attempt, ("stack", "commit", "done")),
    "record": (_record, ("stack", "commit")),
    "drift": (_drift, ("stack",)),
    "comment": (_comment, ()),
    "note": (_note, ()),
    "report": (_report, ()),
    "release": (_release, ("tag",)),
}


def main(given: list[str]) -> int:
    """Runs one command; an option that is left out is empty."""
    parser = argparse.ArgumentParser(prog="python3 -m cfscim.gitops")
    commands = parser.add_subparsers(required=True)
    for name, (command, options) in COMMANDS.items():
        part = commands.add_parser(name, help=command.__doc__)
        part.set_defaults(command=command)
        for option in options:
            part.add_argument(f"--{option}", default="")
    arguments = parser.parse_args(given)
    try:
        return arguments.command(arguments)
    except Stop as error:
        return stopped(error)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
