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
from urllib.parse import quote

from cfscim.config.kinds import STACK
from cfscim.gitops.shell import A_PAGE, Ask, Json, Stop, listing, objects, run, texts
from cfscim.gitops.stacks import changed_files, commit_of, file_at, program_files, stack_of

TAG = "cloudflare-scim:verified"
ATTEMPT = "cloudflare-scim:attempted"
"""What the tags of commits begin with from which an update began that was not verified since."""
_COMMIT = re.compile(r"[0-9a-f]{40}")
_ACCOUNT = re.compile(r"\b[0-9a-f]{32}\b")
_PAGES = 10


@dataclass(frozen=True)
class Due:
    """A stack to deploy. `before`: the commit that was last verified; empty for a new stack.

    `begun`: what else may be in force: the commit of each update since then that began and was not
    verified, and `<commit>/<stack>` for a stack that is gone and whose place this one takes.
    """

    stack: str
    before: str
    begun: tuple[str, ...] = ()

    @classmethod
    def read(cls, entry: Json) -> "Due":
        """One of what `output` has handed over."""
        begun = tuple(texts(entry, "begun").split())
        return cls(texts(entry, "stack"), texts(entry, "before"), begun)

    @property
    def output(self) -> dict[str, str]:
        """As the pipeline hands it from job to job; what is not there is left out."""
        given = {"stack": self.stack, "before": self.before}
        return {**given, "begun": " ".join(self.begun)} if self.begun else given


def file_in(begun: str, stack: str) -> tuple[str, str]:
    """Commit and stack of an entry of `Due.begun`."""
    commit, _, other = begun.partition("/")
    return commit, other or stack


@dataclass(frozen=True)
class History:
    """A stack's deployments by GitHub: the newest verified one, its number, and the updates that
    began since, the newest first, each with its number. One that waits, was refused before it
    began, or was superseded does not count."""

    verified: str = ""
    number: int = 0
    begun: tuple[tuple[int, str], ...] = ()


def history(stack: str, repository: str, ask: Ask) -> History:
    """What GitHub has of the stack's environment."""
    begun: list[tuple[int, str]] = []
    for number, commit, states in _deployments(stack, repository, ask):
        if "success" in states:
            if not _COMMIT.fullmatch(commit):
                raise Stop(f"deployment {number} of {stack}: no commit in it; run the job again")
            return History(commit, number, tuple(begun))
        if "in_progress" in states and _COMMIT.fullmatch(commit):
            begun.append((number, commit))
    return History(begun=tuple(begun))


def environments(repository: str, ask: Ask) -> set[str]:
    """Every stack that was ever deployed, by GitHub's environments; those that only read are none.
    What a force-push took out of the branch is among them."""
    path = f"repos/{repository}/environments"
    names = {texts(each, "name") for each in listing(ask, path, most=_PAGES, of="environments")}
    return {name for name in names if not name.endswith(("-preview", "-drift"))}


def _deployments(stack: str, repository: str, ask: Ask) -> Iterator[tuple[int, str, set[str]]]:
    """Number, commit and all states of each deployment of the stack's environment, the newest
    first. The state of an older success becomes `inactive`; its history still has it."""
    path = f"repos/{repository}/deployments"
    of_stack = f"{path}?environment={quote(stack, safe='')}"
    for deployment in listing(ask, of_stack, most=_PAGES):
        number = deployment.get("id")
        statuses = objects(ask(f"{path}/{number}/statuses?per_page={A_PAGE}"))
        states = {texts(status, "state") for status in statuses}
        yield number if isinstance(number, int) else 0, texts(deployment, "sha"), states


def due(
    known: Mapping[str, History],
    differs: Callable[[str, str], bool],
    gone: Mapping[str, History] | None = None,
    replaces: Callable[[str, str], bool] | None = None,
) -> list[Due]:
    """The stacks whose last verified deployment is not what the branch has now: also those whose
    own deployment was refused, superseded or failed since, and those of which one began since,
    because taking its commit back does not take back what it did.

    `gone`: stacks that the branch no longer has; `replaces`: whether a stack takes the place of an
    entry `<commit>/<stack>` of those. What was deployed of them later than of it is in force.
    """
    waiting = []
    for stack, own in known.items():
        begun = [commit for _, commit in own.begun]
        for other, its in (gone or {}).items():
            later = [(its.number, its.verified), *its.begun]
            named = [f"{commit}/{other}" for number, commit in later if number > own.number]
            begun += [entry for entry in named if replaces is None or replaces(stack, entry)]
        if not own.verified or begun or differs(stack, own.verified):
            unlike = [commit for commit in dict.fromkeys(begun) if commit != own.verified]
            waiting.append(Due(stack, own.verified, tuple(unlike)))
    return waiting


def replaces(stack: str, entry: str) -> bool:
    """Whether the file of a stack names an account that a stack's at a commit named: its groups
    are the same ones."""
    commit, other = file_in(entry, stack)
    try:
        there, here = file_at(commit, other), file_at("HEAD", stack)
    except Stop:
        return True  # nobody can say that it does not
    was, now = (set(_ACCOUNT.findall(text or "")) for text in (there, here))
    return there is not None and (not was or not now or bool(was & now))


def differs(stack: str, before: str) -> bool:
    """Whether HEAD has another file of the stack, or another program, than a commit."""
    files = changed_files(commit_of(before))
    return bool(program_files(files)) or stack in {stack_of(path) for path in files}


@dataclass(frozen=True)
class Record:
    """A stack's own record: the commit last verified, empty where there is none, and those from
    which updates began since."""

    verified: str = ""
    begun: tuple[str, ...] = ()


def recorded(stack: str) -> Record:
    """What the stack's own record says."""
    tags = _tags(stack)
    begun = (texts(tags, name) for name in tags if name.startswith(ATTEMPT))
    return Record(texts(tags, TAG), tuple(sorted(begun)))


def _tags(stack: str) -> dict[str, Json]:
    done = run("pulumi", "stack", "tag", "ls", "--stack", stack, "--json", "--non-interactive")
    if done.returncode:
        raise _unread(stack, done.stderr)
    tags: Json = json.loads(done.stdout or "{}")
    return tags if isinstance(tags, dict) else {}


def attempt(stack: str, commit: str) -> None:
    """Writes down, before an update begins, where it is made from; until one is verified, each
    counts. A tag holds 256 characters, so that each commit has one of its own."""
    _tag(stack, f"{ATTEMPT}-{commit[:12]}", commit)


def record(stack: str, commit: str) -> None:
    """Writes down that a commit is deployed and verified; what began before no longer counts."""
    _tag(stack, TAG, commit)
    for name in [name for name in _tags(stack) if name.startswith(ATTEMPT)]:
        _write(stack, "rm", name)


def _tag(stack: str, tag: str, commit: str) -> None:
    if not _COMMIT.fullmatch(commit):
        raise Stop(f"{commit!r} is no commit; nothing was recorded of {stack}")
    _write(stack, "set", tag, commit)


def _write(stack: str, *what: str) -> None:
    done = run("pulumi", "stack", "tag", *what, "--stack", stack, "--non-interactive")
    if done.returncode:
        raise _unread(stack, done.stderr)


def confirm(stack: str, shown: Due, commit: str, *, by_hand: bool) -> None:
    """Raises `Stop` unless what the approver compared with, `shown`, is what the stack's record
    says. `commit`: what is deployed now; an update of it that began is this one, run again.

    `by_hand`: a person named the commit to compare with, for a stack that has no record.
    """
    if by_hand:
        return
    said, before = recorded(stack), shown.before
    if said.verified and said.verified != before:
        raise Stop(
            f"stack {stack}: last verified is {said.verified[:12]}, and the summary that was "
            f"approved compares with {before[:12] or 'nothing'}; run deploy by hand with stack: "
            f"{stack} and since: {said.verified}"
        )
    unseen = _unseen(said.begun, shown, commit)
    if unseen:
        raise Stop(
            f"stack {stack}: an update from {', '.join(begun[:12] for begun in unseen)} began and "
            "was not verified, and the summary that was approved does not compare with it; run "
            f"deploy by hand with stack: {stack}"
        )
    # An update that was never verified: the approver was shown everything as new.
    if said.verified or (said.begun and not before):
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


def confirm_all(shown: Due, now: Due | None, commit: str) -> None:
    """Raises `Stop` where the approver would be shown more by now: what another stack, whose place
    this one takes, was deployed with since. `now`: what `due` says of the stack at this moment."""
    unseen = _unseen(now.begun if now else (), shown, commit)
    if unseen:
        listed = ", ".join(entry[:12] + entry[40:] for entry in unseen)
        raise Stop(
            f"stack {shown.stack}: {listed} was deployed since the summary was made, and is not "
            f"compared with there; run deploy by hand with stack: {shown.stack}"
        )


def _unseen(begun: Iterable[str], shown: Due, commit: str) -> list[str]:
    """What began and the approver was not shown; an update of `commit` is this one, run again."""
    return sorted({*begun} - {*shown.begun, commit, shown.before})


def _is_empty(stack: str) -> bool:
    done = run("pulumi", "stack", "export", "--stack", stack, "--non-interactive")
    if done.returncode:
        raise _unread(stack, done.stderr)
    state: Json = json.loads(done.stdout or "{}")
    deployment = state.get("deployment") if isinstance(state, dict) else None
    resources = deployment.get("resources") if isinstance(deployment, dict) else None
    kinds = {texts(resource, "type") for resource in objects(resources)}
    return not kinds - {STACK}


def _unread(stack: str, said: str) -> Stop:
    first = next((line.strip() for line in said.splitlines() if line.strip()), "no answer")
    return Stop(
        f"stack {stack}: its state cannot be read: {first[:200]}; nothing was deployed; see "
        "PULUMI_BACKEND_URL and the sign-in before this step"
    )
