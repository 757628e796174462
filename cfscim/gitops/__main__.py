"""`python3 -m cfscim.gitops …`: one command a step of a pipeline. Exit codes: 0 fine, 1 stopped."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from cfscim.config.json_types import objects
from cfscim.gitops import approval, comment, deployed, drift, note, release, stacks, summary
from cfscim.gitops.shell import GIT, Stop, github, parsed, run, say, settings, stopped

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
    done = run(sys.executable, "-m", "cfscim", "validate", work=True)
    said = summary.as_printed(done.stdout + done.stderr)
    text = f"**Not valid, so there is no plan.**\n{said}"
    summary.show(text, Path("comment/plan.md"))
    return 0


def _due(arguments: Arguments) -> int:
    names = stacks.all_stacks(_skipped())
    if arguments.stack:
        if arguments.stack not in names:
            raise Stop(f"{arguments.stack!r}: no such stack; write one of: {', '.join(names)}")
        names = [arguments.stack]
    if arguments.since and not arguments.stack:
        raise Stop("since is given without stack; it says what one stack is compared with")
    since = _since(arguments.since)
    due = _due_now(names, since)
    if arguments.stack and not due:
        before = since.before if since else _history(arguments.stack).verified
        due = [deployed.Due(arguments.stack, before)]
    due = [_reachable(stack, by_hand=bool(arguments.since)) for stack in due]
    _output(stacks=json.dumps([stack.output for stack in due]))
    return 0


def _since(named: str) -> deployed.Due | None:
    """What a person names: the commit that was last verified, or `nothing`, and those from which
    updates began since."""
    if not named.strip():
        return None
    first, *begun = named.split()
    before = "" if first == deployed.NOTHING else stacks.commit_of(first)
    for entry in begun:
        stacks.commit_of(deployed.file_in(entry, "")[0])
    return deployed.Due("", before, tuple(begun))


def _history(stack: str) -> deployed.History:
    return deployed.history(stack, settings()["REPOSITORY"], github)


def _due_now(names: list[str], since: deployed.Due | None) -> list[deployed.Due]:
    """What of these stacks is due, as GitHub and git have it now; `since`: what a person says of
    them."""
    known = {stack: _history(stack) for stack in names}
    if since is not None:
        known = {stack: history.as_named(since) for stack, history in known.items()}
    commits = {stacks.commit_of(h.verified) for h in known.values() if h.verified}
    ever = {*stacks.gone_stacks(commits), *deployed.environments(settings()["REPOSITORY"], github)}
    gone = ever - {*stacks.all_stacks()}
    others = {stack: _history(stack) for stack in sorted(gone)}
    return deployed.due(known, deployed.differs, others, deployed.replaces)


def _reachable(due: deployed.Due, *, by_hand: bool) -> deployed.Due:
    """Without what nobody can look at any more, which only a person may pass over."""
    gone = {commit for commit in _commits(due) if not _is_here(commit)}
    for commit in sorted(gone):
        said = (
            f"stack {due.stack}: an update from {commit[:12]} began, and its commit is not to be "
            "had any more"
        )
        if not by_hand:
            raise Stop(
                f"{said}; run deploy by hand with stack: {due.stack} and since: the commit that "
                "was last deployed"
            )
        say(f"::warning::{said}; what it gave or took is not in this summary; see verify")
    begun = (entry for entry in due.begun if deployed.file_in(entry, "")[0] not in gone)
    return deployed.Due(due.stack, "" if due.before in gone else due.before, tuple(begun))


def _commits(due: deployed.Due) -> set[str]:
    named = {due.before} if due.before else set[str]()
    return named | {deployed.file_in(entry, "")[0] for entry in due.begun}


def _is_here(commit: str) -> bool:
    try:
        stacks.commit_of(commit)
    except Stop:
        return False
    return True


def _approve(arguments: Arguments) -> int:
    due = [deployed.Due.read(entry) for entry in objects(parsed(arguments.stacks, "--stacks"))]
    text, good = summary.approval_text(due) if due else ("Nothing is to be deployed.\n", True)
    summary.show(text, Path("plan.md"))
    return 0 if good else 1


def _verified(arguments: Arguments) -> int:
    """What the stack's own record says, for a pipeline that may read the state before: what
    `approve` takes."""
    print(json.dumps([deployed.own_due(arguments.stack).output]))
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
    """`--record`: with what the stack's own record says was begun since. Without anything that was
    shown, all is taken from that record."""
    if arguments.before is None and not arguments.shown:
        since = _by_record(deployed.own_due(arguments.stack)).before
        say(f"removals are counted from {since or 'nothing: the stack is new'}")
        return 0
    shown = _shown(arguments)
    begun = [entry for entry in shown.begun if "/" in entry or not arguments.record]
    if arguments.record:
        begun += deployed.recorded(shown.stack).begun
    due = replace(shown, begun=tuple(dict.fromkeys(begun)))
    due = _reachable(due, by_hand=bool(arguments.since))
    pairs = [deployed.file_in(entry, shown.stack) for entry in due.begun]
    stacks.hand_over(shown.stack, shown.before, pairs)
    return 0


def _by_record(own: deployed.Due) -> deployed.Due:
    """What the stack's own record says it is compared with, handed over to the policy pack."""
    due = _reachable(own, by_hand=False)
    deployed.must_have_record(due)
    approval.must_not_go_back(due.stack, due.before)
    pairs = [deployed.file_in(entry, due.stack) for entry in due.begun]
    stacks.hand_over(due.stack, due.before, pairs)
    return due


def _shown(arguments: Arguments) -> deployed.Due:
    """What the approver was shown: one stack, and what it was compared with."""
    if not arguments.shown:
        begun = tuple(arguments.begun.split())
        return deployed.Due(arguments.stack, arguments.before or "", begun)
    (entry,) = objects(parsed(arguments.shown, "--shown"))
    return deployed.Due.read(entry)


def _confirm(arguments: Arguments) -> int:
    shown, since = _shown(arguments), _since(arguments.since)
    own, now = deployed.own_due(shown.stack), None
    if "REPOSITORY" in settings():
        now = next(iter(_due_now([shown.stack], since)), None)
    if since is not None:
        own = _reachable(own, by_hand=True)
        now = now and _reachable(now, by_hand=True)
    deployed.confirm(shown, own, now, arguments.commit, named=since is not None)
    return 0


def _compare(arguments: Arguments) -> int:
    """All that comes before an update which something else starts, and after which nothing runs."""
    due = _by_record(deployed.own_due(arguments.stack, settle=True))
    text, good = summary.approval_text([due])
    summary.show(text, Path("plan.md"))
    return 0 if good else 1


def _attempt(arguments: Arguments) -> int:
    deployed.attempt(arguments.stack, arguments.commit)
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
    "before": (_before, ("stack", "before", "begun", "shown", "record", "since")),
    "confirm": (_confirm, ("stack", "before", "begun", "shown", "commit", "since")),
    "compare": (_compare, ("stack",)),
    "attempt": (_attempt, ("stack", "commit")),
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
            # A commit to count from that is not given is not the same as none: a new stack.
            part.add_argument(f"--{option}", default=None if name == option == "before" else "")
    arguments = parser.parse_args(given)
    try:
        return arguments.command(arguments)
    except Stop as error:
        return stopped(error)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
