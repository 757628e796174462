"""Who gained and lost which role, when and by which commit, as the stack files in git say."""

import os
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import PurePosixPath

from cfscim.access.log import Change, Commit, Log, blobs, git, read_log
from cfscim.config.messages import CONFIG_KEY, MissingError, UsageError, one_line
from cfscim.config.roles import ROLES, Role
from cfscim.config.stack_yaml import read_tree
from cfscim.stacks import is_skipped

Key = tuple[str, str, Role, str]
"""Account id, person in lower case, role, and the way: `group` or `breakGlass`."""


@dataclass(frozen=True)
class Span:
    """One person's role in one account from one commit to another; absent `end`: to this day."""

    account: str
    person: str
    role: Role
    via: str
    start: Commit | None
    end: Commit | None = None


@dataclass
class History:
    """Spans of the past and the present, the name of every account by id, and what the files say
    at the end, by their paths from here; `cut`: a shallow clone, where the past begins later than
    it did."""

    spans: list[Span] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    known: bool = False
    cut: bool = False
    files: dict[str, "Grants"] = field(default_factory=dict)


class _State:
    """Applies commit after commit and keeps the open spans."""

    def __init__(self) -> None:
        self.open: dict[Key, Span] = {}
        self.history = History(known=True)

    def change(self, commit: Commit | None, changed: Mapping[str, "Grants | None"]) -> None:
        """What the files say after `commit` (absent: for longer than git knows); nothing where a
        file is gone."""
        accounts, files = set(), self.history.files
        for path, grants in changed.items():
            before = files.pop(path, None)
            if before is not None:
                accounts.add(before.account)
            if grants is not None and grants.account:
                files[path] = grants
                accounts.add(grants.account)
                self.history.names[grants.account] = grants.name
        for account in accounts:
            self._account(account, commit)

    def _account(self, account: str, commit: Commit | None) -> None:
        now: dict[Key, str] = {}
        for grants in self.history.files.values():
            if grants.account == account:
                now |= grants.people
        for key in [key for key in self.open if key[0] == account and key not in now]:
            span = self.open.pop(key)
            self.history.spans.append(
                Span(span.account, span.person, span.role, span.via, span.start, commit)
            )
        for key, person in now.items():
            if key not in self.open:
                self.open[key] = Span(account, person, key[2], key[3], commit)


@dataclass(frozen=True)
class Grants:
    """What one version of a stack file grants: account, its name, person by key, and the roles
    whose people the identity provider manages."""

    account: str
    name: str
    people: dict[Key, str]
    provider: str
    elsewhere: tuple[str, ...]


def grants_of(text: str) -> Grants | None:
    """Who has a role by a stack file's text: nobody where it names no account. Nothing where the
    text cannot be read.

    Read leniently: a version that today's rules would refuse was deployed all the same.
    """
    tree = read_tree(text)
    if not isinstance(tree.value, Mapping) and (tree.problems or tree.value is not None):
        return None
    config = tree.value.get("config") if isinstance(tree.value, Mapping) else None
    scim = config.get(CONFIG_KEY) if isinstance(config, Mapping) else None
    account = scim.get("account") if isinstance(scim, Mapping) else None
    if not isinstance(scim, Mapping) or not isinstance(account, Mapping):
        return Grants("", "", {}, "", ())
    id, people, elsewhere = str(account.get("id", "")), {}, []
    roles = scim.get("roles")
    for role in ROLES:
        if isinstance(roles, Mapping) and role.value not in roles:
            continue
        given = roles.get(role.value) if isinstance(roles, Mapping) else None
        members = given.get("members") if isinstance(given, Mapping) else None
        if members is None:
            elsewhere.append(role.value)
        for person in _texts(members):
            people[id, person.lower(), role, "group"] = person
    for person in _texts(scim.get("breakGlass")):
        people[id, person.lower(), Role.SUPER_ADMINISTRATOR, "breakGlass"] = person
    provider = scim.get("identityProvider")
    kind = str(provider.get("kind", "")) if isinstance(provider, Mapping) else ""
    return Grants(id, str(account.get("name", "")), people, kind, tuple(elsewhere))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, str))


@dataclass(frozen=True)
class _Place:
    """Stack files that are asked for, by their path in a repository: a file, or a folder with all
    below it; `only`: with what lies in itself alone."""

    path: PurePosixPath
    only: bool = False

    def holds(self, file: str) -> bool:
        path = PurePosixPath(file)
        if self.only:
            return path.parent == self.path
        if not path.is_relative_to(self.path):
            return False
        return not any(map(is_skipped, path.relative_to(self.path).parts[:-1]))


def read_history(paths: Sequence[str], at: str | None = None) -> History:
    """The history of the stack files in `paths`: files and folders, those that are gone, too; of
    none: of those in this folder.

    `at`: up to this revision or moment (a date means the end of that day, in UTC). Outside of a
    repository, or without git, the history is unknown and empty. Raises `UsageError` for an `at`
    that is neither, `MissingError` for one that needs git where there is none.
    """
    repositories: dict[str, list[_Place]] = {}
    for path in paths or [""]:
        top, place = _placed(path)
        if top is not None:
            repositories.setdefault(top, []).append(place)
        elif at is not None:
            raise MissingError(
                f"--at {one_line(at)}",
                "there is no git repository here",
                "the past is read from git alone",
                "run it in a clone of the repository of the stack files",
            )
    whole = History()
    for top, places in repositories.items():
        part = _of_repository(top, places, at)
        whole.spans += part.spans
        whole.names |= part.names
        whole.files |= {os.path.relpath(os.path.join(top, p)): f for p, f in part.files.items()}
        whole.known = whole.known or part.known
        whole.cut = whole.cut or part.cut
    return whole


def _placed(path: str) -> tuple[str | None, _Place]:
    """The repository in which `path` is, where there is one, and its place there."""
    folder = path or "."
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder) or "."
    answer = git(folder, ["rev-parse", "--show-toplevel", "--show-prefix"])
    if answer is None:
        return None, _Place(PurePosixPath())
    top, prefix = os.fsdecode(answer).split("\n")[:2]
    rest = os.path.relpath(path, folder) if path else ""
    return top, _Place(PurePosixPath(os.path.normpath(os.path.join(prefix, rest))), only=not path)


def _of_repository(top: str, places: Sequence[_Place], at: str | None) -> History:
    state = _State()
    tip, until = _limits(top, at)
    log = read_log(top, tip) if tip is not None else None
    if log is None:
        state.history.known = False
        return state.history
    # Whoever asks for a revision asks for files that may have been moved since.
    later = read_log(top, "HEAD") if at is not None and until is None else None
    former = _former_paths(later or log, places)
    commits = [(c, _files(changes, places, former)) for c, changes in reversed(log)]
    commits = [(c, files) for c, files in commits if files and (until is None or c.time <= until)]
    contents = {
        change.blob
        for _, changes in [*log, *(later or ())]
        for change in changes
        if change.blob and _is_asked_for(places, change.path)
    }
    texts = blobs(top, contents.union(*(filter(None, files.values()) for _, files in commits)))
    parsed = {blob: grants for blob, text in texts.items() if (grants := grants_of(text))}
    ours = {parsed[blob].account for blob in contents if blob in parsed}
    state.history.cut = git(top, ["rev-parse", "--is-shallow-repository"]) == b"true\n"
    asked = ["rev-list", "--max-parents=0", str(tip)]
    roots = (git(top, asked) or b"").decode().split() if state.history.cut else []
    for commit, files in commits:
        changed = {
            path: grants if grants is not None and grants.account in ours else None
            for path, blob in files.items()
            # What cannot be read was never deployed: what stood before goes on.
            if (grants := parsed.get(blob or "")) is not None or blob is None
        }
        # Where a clone is cut off, all that is there came with its first commit.
        state.change(None if commit.sha in roots else commit, changed)
    state.history.spans += state.open.values()
    return state.history


def _is_asked_for(places: Iterable[_Place], path: str) -> bool:
    return any(place.holds(path) for place in places)


def _former_paths(log: Log, places: Sequence[_Place]) -> set[str]:
    """Where the files in `places` were, and what they were called, before."""
    former: set[str] = set()
    for _, changes in log:
        for change in changes:
            if change.former and (change.path in former or _is_asked_for(places, change.path)):
                former.add(change.former)
    return former


def _files(
    changes: Iterable[Change], places: Sequence[_Place], former: Container[str]
) -> dict[str, str | None]:
    """Path -> blob (absent: gone) of a commit's changes, of files in `places` and `former` ones."""
    files: dict[str, str | None] = {}
    for change in changes:
        if change.former:
            files.setdefault(change.former, None)
        files[change.path] = change.blob
    return {p: blob for p, blob in files.items() if p in former or _is_asked_for(places, p)}


def _limits(top: str, at: str | None) -> tuple[str | None, datetime | None]:
    """The commit to end with, and the moment."""
    until = moment_of(at) if at is not None else None
    if until is not None:
        at = None
    revision = "HEAD" if at is None else at
    asked = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]
    answer = git(top, asked)
    if answer is None and at is not None:
        raise UsageError(
            f"--at {one_line(at)}",
            "it is no date and git knows no such revision",
            "who had access at that moment cannot be told",
            "write a date like 2026-05-31, or a branch, tag or commit",
        )
    return (answer.decode().strip() if answer else None), until


def moment_of(text: str) -> datetime | None:
    """A date (its last second, UTC) or a moment in ISO 8601; nothing for any other text."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if "T" not in text and " " not in text:
        moment = moment.replace(hour=23, minute=59, second=59)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
