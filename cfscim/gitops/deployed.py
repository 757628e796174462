"""What was last deployed of each stack and verified: the commit that an approver compares with.

The record is the stack's own: its tag `cloudflare-scim:verified`, written after `verify` was green,
by a job that the stack's approvers let run. Before an approval nobody may read the state, so that
the approver's summary takes the commit of GitHub's deployment of the environment; after the
approval both must agree, or the job stops.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from cfscim.gitops.shell import Ask, Json, Stop, objects, run, texts
from cfscim.gitops.stacks import changed_files, commit_of, program_files, stack_of

TAG = "cloudflare-scim:verified"
ATTEMPT = "cloudflare-scim:attempted"
"""The commit that the stack was updated from, while none has ever been verified."""
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Due:
    """A stack to deploy. `before`: the commit that was last verified; empty for a new stack.
    `begun`: the commit of an update since then that began and was not verified, if any."""

    stack: str
    before: str
    begun: str = ""

    @property
    def output(self) -> dict[str, str]:
        """As the pipeline hands it from job to job; what is not there is left out."""
        return {key: value for key, value in vars(self).items() if value or key != "begun"}


def verified_commit(stack: str, repository: str, ask: Ask) -> str:
    """The commit of the newest deployment of the stack's environment that ended well; empty
    where there is none. A deployment that is waiting, was refused or failed does not count."""
    for number, commit, states in _deployments(stack, repository, ask):
        if "success" in states:
            if not _COMMIT.fullmatch(commit):
                raise Stop(f"deployment {number} of {stack}: no commit in it; run the job again")
            return commit
    return ""


def begun_commit(stack: str, repository: str, ask: Ask) -> str:
    """The commit of the newest deployment since the last verified one whose update began; empty
    where there is none. What it did may be there still."""
    for _, commit, states in _deployments(stack, repository, ask):
        if "success" in states:
            return ""
        if "in_progress" in states and _COMMIT.fullmatch(commit):
            return commit
    return ""


def _deployments(stack: str, repository: str, ask: Ask) -> Iterator[tuple[Json, str, set[str]]]:
    """Number, commit and all states of each deployment of the stack's environment, the newest
    first. The state of an older success becomes `inactive`; its history still has it."""
    page = f"repos/{repository}/deployments?environment={stack}&per_page=100"
    for deployment in objects(ask(page)):
        number = deployment.get("id")
        statuses = objects(ask(f"repos/{repository}/deployments/{number}/statuses?per_page=100"))
        yield number, texts(deployment, "sha"), {texts(status, "state") for status in statuses}


def due(
    stacks: Iterable[str],
    verified: Mapping[str, str],
    differs: Callable[[str, str], bool],
    begun: Mapping[str, str] | None = None,
) -> list[Due]:
    """The stacks whose last verified deployment is not what the branch has now: also those whose
    own deployment was refused, superseded or failed since, and those of which one began since
    (`begun`), because taking its commit back does not take back what it did."""
    waiting = []
    for stack in stacks:
        before, since = verified.get(stack, ""), (begun or {}).get(stack, "")
        if not before or since or differs(stack, before):
            waiting.append(Due(stack, before, since if before else ""))
    return waiting


def differs(stack: str, before: str) -> bool:
    """Whether HEAD has another file of the stack, or another program, than a commit."""
    files = changed_files(commit_of(before))
    return bool(program_files(files)) or stack in {stack_of(path) for path in files}


def recorded(stack: str, tag: str = TAG) -> str:
    """The commit in the stack's own record; empty where there is none."""
    done = run("pulumi", "stack", "tag", "ls", "--stack", stack, "--json", "--non-interactive")
    if done.returncode:
        raise _unread(stack, done.stderr)
    tags: Json = json.loads(done.stdout or "{}")
    return texts(tags, tag)


def attempt(stack: str, commit: str, *, done: bool) -> None:
    """Writes down where a stack without a verified deployment is updated from: before the first
    update, and after each that is `done`, so that one cut off or refused takes nothing away."""
    if done or not recorded(stack, ATTEMPT):
        record(stack, commit, ATTEMPT)


def record(stack: str, commit: str, tag: str = TAG) -> None:
    """Writes down that a commit is deployed and verified."""
    if not _COMMIT.fullmatch(commit):
        raise Stop(f"{commit!r} is no commit; nothing was recorded of {stack}")
    done = run("pulumi", "stack", "tag", "set", tag, commit, "--stack", stack, "--non-interactive")
    if done.returncode:
        raise _unread(stack, done.stderr)


def confirm(stack: str, before: str, *, by_hand: bool) -> None:
    """Raises `Stop` unless what the approver compared with is what the stack's record says.

    `by_hand`: a person named the commit to compare with, for a stack that has no record.
    """
    said = recorded(stack)
    if said:
        if said != before and not by_hand:
            raise Stop(
                f"stack {stack}: last verified is {said[:12]}, and the summary that was approved "
                f"compares with {before[:12] or 'nothing'}; run deploy by hand with stack: {stack} "
                f"and since: {said}"
            )
        return
    if by_hand:
        return
    # An update that was never verified: the approver was shown everything as new.
    if not before and recorded(stack, ATTEMPT):
        return
    if not _is_empty(stack):
        raise Stop(
            f"stack {stack}: it has resources and no record of a verified deployment; what an "
            f"approval carries out cannot be shown; run deploy by hand with stack: {stack} and "
            "since: the commit that was last deployed"
        )
    if before:
        raise Stop(
            f"stack {stack}: its state is empty, and the summary that was approved compares with "
            f"{before[:12]}; run deploy by hand with stack: {stack}, or mend PULUMI_BACKEND_URL"
        )


def _is_empty(stack: str) -> bool:
    done = run("pulumi", "stack", "export", "--stack", stack, "--non-interactive")
    if done.returncode:
        raise _unread(stack, done.stderr)
    state: Json = json.loads(done.stdout or "{}")
    deployment = state.get("deployment") if isinstance(state, dict) else None
    resources = deployment.get("resources") if isinstance(deployment, dict) else None
    kinds = {texts(resource, "type") for resource in objects(resources)}
    return not kinds - {"pulumi:pulumi:Stack"}


def _unread(stack: str, said: str) -> Stop:
    first = next((line.strip() for line in said.splitlines() if line.strip()), "no answer")
    return Stop(
        f"stack {stack}: its state cannot be read: {first[:200]}; nothing was deployed; see "
        "PULUMI_BACKEND_URL and the sign-in before this step"
    )
