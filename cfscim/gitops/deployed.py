"""What was last deployed of each stack and verified: the commit that an approver compares with.

The record is the stack's own: its tag `cloudflare-scim:verified`, written after `verify` was green,
by a job that the stack's approvers let run, and the engine's own list of updates, which knows those
that were made by hand, too. Before an approval nobody may read the state, so that the approver's
summary takes the commit of GitHub's deployment of the environment; after the approval both must
agree, or the job stops.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from cfscim.config.json_types import Json, objects
from cfscim.config.kinds import READING, STACK
from cfscim.gitops.shell import A_PAGE, Ask, Stop, listing, run, texts
from cfscim.gitops.stacks import (
    all_stacks,
    changed_files,
    commit_of,
    file_at,
    program_files,
    stack_of,
)
from cfscim.gitops.updates import (
    Update,
    commit_of_update,
    engine_says,
    engine_stacks,
    unread,
    updates,
)

TAG = "cloudflare-scim:verified"
ATTEMPT = "cloudflare-scim:attempted"
"""What the tags of commits begin with from which an update began that was not verified since."""
NOTHING = "nothing"
"""What a person names as the commit before, where no update was ever verified."""
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

    def as_named(self, since: Due) -> "History":
        """With what a person says instead of the last verified one, and what they say began."""
        more = tuple((self.number, commit) for commit in since.begun)
        return History(since.before, self.number, (*more, *self.begun))


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
    return {name for name in names if not name.lower().endswith(READING)}


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
    return there is not None and _same_account(there, here)


def _same_account(there: str, here: str | None) -> bool:
    """Whether two configs name one account; so also where one of them names none."""
    was, now = (set(_ACCOUNT.findall(text or "")) for text in (there, here))
    return not was or not now or bool(was & now)


def differs(stack: str, before: str) -> bool:
    """Whether HEAD has another file of the stack, or another program, than a commit."""
    files = changed_files(commit_of(before))
    return bool(program_files(files)) or stack in {stack_of(path) for path in files}


def recorded(stack: str) -> Due:
    """What the stack's own record says. `before`: the commit last verified, or, where none is
    written down, the last one that the engine carried out. Raises `Stop` where it cannot be read,
    and for an update whose config no commit has."""
    return _record_of(stack, updates(stack), _tags(stack))


def _record_of(stack: str, listed: Sequence[Update], tags: dict[str, Json]) -> Due:
    known = _attempts(tags)
    verified, last = texts(tags, TAG), _last(listed)
    # One that a pipeline began and did not write down as verified is only begun.
    if not verified and last is not None and last.head not in known:
        verified = commit_of_update(stack, last)
    began = {
        update.head if update.head in known else commit_of_update(stack, update)
        for update in _since(listed, verified)
    }
    return Due(stack, verified, tuple(sorted({*known, *began} - {verified})))


def _last(listed: Iterable[Update]) -> Update | None:
    return next((update for update in listed if update.succeeded), None)


def _carried_out(listed: Iterable[Update], commit: str) -> Update | None:
    """The newest update that carried a commit out."""
    return next((update for update in listed if update.succeeded and update.head == commit), None)


def _since(listed: Sequence[Update], verified: str) -> Sequence[Update]:
    """The updates that are newer than the one that carried out `verified`; none where the engine
    knows of none that did."""
    last = _carried_out(listed, verified)
    if last is not None:
        return listed[: listed.index(last)]
    return [] if verified else listed


def own_due(stack: str, *, settle: bool = False) -> Due:
    """What a deployment of the stack is compared with, by the engine's records alone: its own, and
    those of stacks that are gone and whose place it takes, as far as they are newer.

    `settle`: for pipelines in which nothing runs after an update: what the engine carried out last
    becomes the record before it is read, and what began before that no longer counts.
    """
    listed, tags = updates(stack), _tags(stack)
    if settle:
        tags = _settled(stack, listed, tags)
    own = _record_of(stack, listed, tags)
    begun = [*own.begun]
    verified = _carried_out(listed, own.before)
    since, here = verified.began if verified else "", file_at("HEAD", stack)
    for other in sorted({*engine_stacks()} - {*all_stacks()}):
        its = updates(other)
        last = _last(its)
        in_force = its[: its.index(last) + 1] if last is not None else its
        for update in in_force:
            was = json.dumps(update.config)
            if update.began > since and _same_account(was, here):
                begun.append(f"{commit_of_update(other, update)}/{other}")
        # One that was killed the engine does not list.
        for commit, began in _attempts(_tags(other)).items():
            if began > since and replaces(stack, f"{commit}/{other}"):
                begun.append(f"{commit}/{other}")
    return Due(stack, own.before, tuple(dict.fromkeys(begun)))


def _settled(stack: str, listed: Sequence[Update], tags: dict[str, Json]) -> dict[str, Json]:
    """Writes the record of the last update that the engine carried out -> the tags after it."""
    last = _last(listed)
    if last is None:
        return tags
    commit = commit_of_update(stack, last)
    if texts(tags, TAG) != commit:
        _tag(stack, TAG, commit)
    old = {_attempt_tag(of) for of, began in _attempts(tags).items() if began < last.began}
    for name in sorted(old):
        _write(stack, "rm", name)
    return {**{name: value for name, value in tags.items() if name not in old}, TAG: commit}


def _tags(stack: str) -> dict[str, Json]:
    tags = engine_says(stack, "stack", "tag", "ls", "--stack", stack, "--json")
    if tags is None:
        raise unread(stack, "the engine has no stack of this name")
    return tags if isinstance(tags, dict) else {}


def attempt(stack: str, commit: str) -> None:
    """Writes down, before an update begins, where it is made from; until one is verified, each
    counts. A tag holds 256 characters, so that each commit has one of its own."""
    _tag(stack, _attempt_tag(commit), commit, _now())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _attempt_tag(commit: str) -> str:
    return f"{ATTEMPT}-{commit[:12]}"


def _attempts(tags: dict[str, Json]) -> dict[str, str]:
    """Commit -> when its update began, as the engine writes times; where a tag says no time it may
    be any."""
    values = [texts(value).split() for name, value in tags.items() if name.startswith(ATTEMPT)]
    return {commit: (time or ["9"])[0] for commit, *time in values}


def record(stack: str, commit: str) -> None:
    """Writes down that a commit is deployed and verified; what began before no longer counts."""
    _tag(stack, TAG, commit)
    for name in [name for name in _tags(stack) if name.startswith(ATTEMPT)]:
        _write(stack, "rm", name)


def _tag(stack: str, tag: str, commit: str, *more: str) -> None:
    if not _COMMIT.fullmatch(commit):
        raise Stop(f"{commit!r} is no commit; nothing was recorded of {stack}")
    _write(stack, "set", tag, " ".join([commit, *more]))


def _write(stack: str, *what: str) -> None:
    done = run("pulumi", "stack", "tag", *what, "--stack", stack, "--non-interactive")
    if done.returncode:
        raise unread(stack, done.stderr)


def confirm(shown: Due, own: Due, now: Due | None, commit: str, *, named: bool) -> None:
    """Raises `Stop` unless what the approver compared with, `shown`, is all that the records say
    may be in force: the stack's own, `own`, and GitHub's at this moment, `now`, where one asks it.

    `commit`: what is deployed now; an update of it that began is this one, run again. `named`: a
    person named the commit to compare with, for a stack that has no record; where there is one, it
    holds all the same.
    """
    stack, before = shown.stack, shown.before
    counts = [*own.begun, *(now.begun if now else ())]
    unseen = sorted({*counts} - {*shown.begun, commit, before})
    more = dict.fromkeys(entry for entry in (*shown.begun, *counts) if entry != commit)
    since = " ".join([own.before or before or NOTHING, *more])
    again = (
        f"run deploy by hand with stack: {stack} and since: {since}; where deploy has no since, "
        "its plan run again compares with it"
    )
    if own.before and own.before != before:
        raise Stop(
            f"stack {stack}: last verified is {own.before[:12]}, and the summary that was "
            f"approved compares with {before[:12] or 'nothing'}; {again}"
        )
    if unseen:
        listed = ", ".join(entry[:12] + entry[40:] for entry in unseen)
        raise Stop(
            f"stack {stack}: an update from {listed} began since, by hand or not verified, and "
            f"the summary that was approved does not compare with it; {again}"
        )
    # An update that was never verified: the approver was shown everything as new.
    if named or own.before or (_begun_here(own) and not before):
        return
    _must_be_empty(stack)
    if before:
        raise Stop(
            f"stack {stack}: its state is empty, and the summary that was approved compares with "
            f"{before[:12]}; run deploy by hand with stack: {stack}, or mend PULUMI_BACKEND_URL"
        )


def must_have_record(own: Due) -> None:
    """Raises `Stop` where the stack's own record, `own`, has nothing to compare with, and the stack
    is not new."""
    if not own.before and not _begun_here(own):
        _must_be_empty(own.stack)


def _begun_here(own: Due) -> bool:
    return any("/" not in entry for entry in own.begun)


def _must_be_empty(stack: str) -> None:
    if not _is_empty(stack):
        raise Stop(
            f"stack {stack}: it has resources and no record of a verified deployment; what an "
            f"approval carries out cannot be shown; run deploy by hand with stack: {stack} and "
            "since: the commit that was last deployed, or name it with --before"
        )


def _is_empty(stack: str) -> bool:
    state = engine_says(stack, "stack", "export", "--stack", stack)
    deployment = state.get("deployment") if isinstance(state, dict) else None
    resources = deployment.get("resources") if isinstance(deployment, dict) else None
    kinds = {texts(resource, "type") for resource in objects(resources)}
    return not kinds - {STACK}
