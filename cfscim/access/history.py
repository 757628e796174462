"""What git knows of the stack files: who gained and lost which role, when, by which commit.

Only the first parents are walked: a change counts from the moment it reached the branch, and the
commit that brought it there is the one that somebody approved.
"""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cfscim import processes
from cfscim.config.messages import CONFIG_KEY, MissingError, UsageError, one_line
from cfscim.config.roles import ROLES, Role
from cfscim.config.stack_yaml import read_tree
from cfscim.gitops.shell import GIT
from cfscim.stacks import is_stack_file

_FORMAT = "%x1e%H%x1f%ct%x1f%aN <%aE>%x1f%cN <%cE>%x1f%P%x1f%s%x1f%(trailers:only,unfold)"
_APPROVALS = ("reviewed-by", "approved-by", "acked-by")
GIT_HOSTS = ("noreply@github.com", "noreply@gitlab.com")
"""Committers that are a host's own merge button, not a person."""

Key = tuple[str, str, Role, str]
"""Account id, person in lower case, role, and the way: `group` or `breakGlass`."""


@dataclass(frozen=True)
class Commit:
    """A commit as an auditor cites it; `approved_by`: names as far as git knows them."""

    sha: str
    time: datetime
    author: str
    subject: str
    approved_by: tuple[str, ...] = ()


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
    at the end; `cut`: a shallow clone, where the past begins later than it did."""

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
    """Who has a role by a stack file's text; nothing where it names no account.

    Read leniently: a version that today's rules would refuse was deployed all the same.
    """
    tree = read_tree(text)
    config = tree.value.get("config") if isinstance(tree.value, Mapping) else None
    scim = config.get(CONFIG_KEY) if isinstance(config, Mapping) else None
    account = scim.get("account") if isinstance(scim, Mapping) else None
    if not isinstance(scim, Mapping) or not isinstance(account, Mapping):
        return None
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


def read_history(folder: str, pattern: str, at: str | None = None) -> History:
    """The history of the stack files that `pattern` (a git glob) names in `folder`.

    `at`: up to this revision or moment (a date means the end of that day, in UTC). Without a
    repository, or without git, the history is unknown and empty. Raises `UsageError` for an `at`
    that is neither, `MissingError` for one that needs git where there is none.
    """
    if _git(folder, ["rev-parse", "--git-dir"]) is None:
        if at is not None:
            raise MissingError(
                f"--at {one_line(at)}",
                "there is no git repository here",
                "the past is read from git alone",
                "run it in a clone of the repository of the stack files",
            )
        return History()
    tip, until = _limits(folder, at)
    state = _State()
    if tip is None:
        state.history.known = False
        return state.history
    commits = [(c, f) for c, f in _log(folder, pattern, tip) if until is None or c.time <= until]
    texts = _blobs(folder, {blob for _, files in commits for blob in files.values() if blob})
    parsed = {blob: grants_of(text) for blob, text in texts.items()}
    state.history.cut = _git(folder, ["rev-parse", "--is-shallow-repository"]) == b"true\n"
    asked = ["rev-list", "--max-parents=0", tip]
    roots = (_git(folder, asked) or b"").decode().split() if state.history.cut else []
    for commit, files in commits:
        changed = {path: parsed[blob] if blob else None for path, blob in files.items()}
        # Where a clone is cut off, all that is there came with its first commit.
        state.change(None if commit.sha in roots else commit, changed)
    state.history.spans += state.open.values()
    return state.history


def _limits(folder: str, at: str | None) -> tuple[str | None, datetime | None]:
    """The commit to end with, and the moment."""
    if at is not None and (moment := moment_of(at)) is not None:
        at, until = None, moment
    else:
        until = None
    asked = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{at or 'HEAD'}^{{commit}}"]
    answer = _git(folder, asked)
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


def _log(folder: str, pattern: str, tip: str) -> Iterator[tuple[Commit, dict[str, str | None]]]:
    """Every commit from the oldest, with path -> blob (absent: deleted)."""
    asked = ["log", "--first-parent", "--diff-merges=first-parent", "--reverse", "--raw"]
    asked += ["--no-abbrev", "--no-renames", "-z", f"--format={_FORMAT}", tip, "--", pattern]
    out = _git(folder, asked) or b""
    for record in out.decode("utf-8", "replace").split("\x1e")[1:]:
        head, _, raw = record.partition("\0")
        fields = head.split("\x1f")
        files: dict[str, str | None] = {}
        parts = raw.lstrip("\n").split("\0")
        for entry, path in zip(parts[::2], parts[1::2], strict=False):
            words = entry.lstrip("\n:").split(" ")
            if len(words) == 5 and is_stack_file(os.path.basename(path)):
                files[path] = None if words[4].startswith("D") else words[3]
        yield _commit(fields), files


def _commit(fields: Sequence[str]) -> Commit:
    sha, time, author, committer, parents, subject, trailers = fields[:7]
    approved = [
        words.strip()
        for line in trailers.splitlines()
        for key, _, words in [line.partition(":")]
        if key.strip().lower() in _APPROVALS
    ]
    # Whoever merges, or applies somebody else's commit, lets it in.
    merged = len(parents.split()) > 1 or committer != author
    if merged and not any(host in committer for host in GIT_HOSTS):
        approved.append(committer)
    elif merged and len(parents.split()) > 1:
        approved.append(author)  # a host's merge button: the author of the merge pressed it
    when = datetime.fromtimestamp(int(time), UTC)
    return Commit(sha, when, author, subject, tuple(dict.fromkeys(approved)))


def _blobs(folder: str, ids: set[str]) -> dict[str, str]:
    """The text of each blob, all by one process."""
    asked = "".join(f"{id}\n" for id in sorted(ids)).encode()
    out = _git(folder, ["cat-file", "--batch"], asked) if ids else b""
    texts, place = {}, 0
    while out and place < len(out):
        end = out.index(b"\n", place)
        id, *rest = out[place:end].decode().split(" ")
        size = int(rest[1]) if len(rest) == 2 else 0
        texts[id] = out[end + 1 : end + 1 + size].decode("utf-8", "replace")
        place = end + 1 + (size + 1 if len(rest) == 2 and rest[0] != "missing" else 0)
    return {id: texts.get(id, "") for id in ids}


def _git(folder: str, arguments: Sequence[str], given: bytes | None = None) -> bytes | None:
    """What git answers in `folder`; nothing when it refuses or is not there."""
    try:
        done = processes.run(
            [*GIT, *arguments],
            seconds=processes.ASK_SECONDS,
            cwd=folder,
            given=given or b"",
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
