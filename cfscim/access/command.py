"""`access`: gathers the stack files of folders, their history, and prints both in four forms."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from cfscim.access import page, texts
from cfscim.access.history import Commit, History, Key, Span, moment_of, read_history
from cfscim.access.picture import Account, Picture
from cfscim.config.access import managed_elsewhere
from cfscim.config.examples import example_values
from cfscim.config.lookalikes import nearest
from cfscim.config.messages import Exit, Level, Message, UsageError, Where, one_line
from cfscim.config.models import ScimConfig
from cfscim.config.names import group_name
from cfscim.config.roles import ROLES, Role
from cfscim.config.stack_file import CheckedStack, check_stack_file
from cfscim.report.say import clear, passing, say
from cfscim.stacks import PATTERN, short_name
from cfscim.validate import stack_files


@dataclass(frozen=True)
class Request:
    """What was asked for. `at`: a revision or date; `since`: a date; `person`: an address; `live`:
    what the vendors say, too."""

    paths: tuple[str, ...] = ()
    output: str = "text"
    at: str | None = None
    person: str | None = None
    since: str | None = None
    live: bool = False


def run(request: Request, env: Mapping[str, str] = os.environ) -> int:
    """Prints the picture. Returns 0, 1 when a stack file has problems and is left out, 3 when a
    vendor was to be asked of an account and gave no answer.

    Raises `UsageError` for a date that is none, `MissingError` where the past needs git, or where
    no vendor can be asked at all.
    """
    if request.live and request.at is not None:
        raise UsageError(
            "access",
            f"--live and --at {one_line(request.at)} are both given",
            "the vendors can be asked about today alone",
            "give one of them",
        )
    since = None
    if request.since is not None:
        since = moment_of(request.since)
        if since is None:
            raise UsageError(
                f"--since {one_line(request.since)}",
                "this is no date",
                "only what changed from that moment on is shown",
                "write it like 2026-05-31",
            )
        if len(request.since) <= len("2026-05-31"):
            since = since.replace(hour=0, minute=0, second=0)
    picture, problems = gather(request.paths, request.at)
    clear()
    for problem in problems:
        warns = problem.level is Level.WARNING
        say(f"warning: {problem}" if warns else str(problem), "?" if warns else "!", error=True)
    if request.live:
        # Only now: nothing else here needs an HTTP client.
        from cfscim.access.live import ask

        passing("asking the vendors")
        picture = replace(picture, live=ask(_stacks(request.paths), env))
    clear()
    for line in _empty(request, picture):
        say(str(line), "?", error=True)
    picture = picture.narrowed(request.person, since)
    if request.output == "text":
        for sign, line in texts.signed(picture):
            say(line, sign)
    else:
        render = {"json": texts.as_json, "csv": texts.as_csv, "html": page.as_html}
        print(render[request.output](picture), end="")
    if any(problem.level is Level.REFUSED for problem in problems):
        return Exit.PROBLEMS
    unasked = texts.unasked(picture)
    if unasked:
        say(unasked, "?", error=True)
    return Exit.MISSING if unasked else Exit.FINE


def _empty(request: Request, picture: Picture) -> Iterator[Message]:
    """What an empty answer means, where it could be taken for "nobody has a role"."""
    if request.at is not None and not picture.spans:
        yield Message(
            Where(about=f"--at {one_line(request.at)}"),
            "git knows no grant in these stack files at that moment",
            "nobody can be shown",
            "write a later day, or another folder",
        )
    wanted = (request.person or "").lower()
    ways = [way.person for id in picture.live for way in picture.undeclared(id)]
    ways += [way.person for id in picture.live for way in picture.elsewhere(id)]
    known = {person.lower() for person in (*ways, *(span.person for span in picture.spans))}
    if wanted and wanted not in known:
        local = {person.partition("@")[0]: person for person in sorted(known)}
        near = nearest(wanted.partition("@")[0], [*local])
        yield Message(
            Where(about=f"--person {one_line(wanted)}"),
            "nobody of this address has or had a role here",
            "it may be another address of that person's",
            f"write {local[near]}" if near else "compare it with the list without --person",
        )


def _stacks(paths: Sequence[str]) -> list[CheckedStack]:
    """Those that can be used; what is wrong with the others was said."""
    checked = [check_stack_file(file) for file in stack_files(paths)[0]]
    return [stack for stack in checked if not stack.problems]


def gather(paths: Sequence[str], at: str | None = None) -> tuple[Picture, list[Message]]:
    """The picture of the stack files in `paths` (default: those here), and what is wrong there."""
    if at is not None:
        return _past(paths, at), []
    files, selection = stack_files(paths)
    checked = [check_stack_file(file) for file in files]
    problems = [*selection, *(problem for stack in checked for problem in stack.problems)]
    problems += [warning for stack in checked for warning in example_values(stack)]
    history = _history(paths, None)
    accounts, spans = {}, [span for span in history.spans if span.end is not None]
    open_spans = {
        (s.account, s.person.lower(), s.role, s.via): s for s in history.spans if not s.end
    }
    current = set()
    for stack in checked:
        if stack.config is None or stack.problems:
            continue
        account = _account(stack)
        accounts[account.id] = account
        for key, person in _now(stack.config).items():
            current.add(key)
            span = open_spans.get(key) or Span(key[0], person, key[2], key[3], None)
            spans.append(replace(span, person=person))
    # Gone from the files and not yet from git: the removal is on its way, in the work tree.
    left_out = {stack.file.path for stack in checked if stack.config is None or stack.problems}
    for key, span in open_spans.items():
        if key not in current and not left_out:
            spans.append(replace(span, end=Commit("", datetime.now(UTC), "", "not committed yet")))
    accounts |= _former(history, accounts, spans)
    return Picture(accounts, spans, history.known, cut=history.cut), problems


def _past(paths: Sequence[str], at: str) -> Picture:
    history = _history(paths, at)
    accounts = {}
    for path, said in sorted(history.files.items()):
        words = (said.account, said.name, short_name(path), path, said.provider)
        accounts[said.account] = Account(*words, managed_elsewhere=said.elsewhere)
    accounts |= _former(history, accounts, history.spans)
    return Picture(accounts, history.spans, history.known, at=at, cut=history.cut)


def _history(paths: Sequence[str], at: str | None) -> History:
    whole = History()
    for folder, pattern in [_place(path) for path in paths] or [(".", f":(glob){PATTERN}")]:
        part = read_history(folder, pattern, at)
        whole.spans += part.spans
        whole.names |= part.names
        whole.files |= part.files
        whole.known = whole.known or part.known
        whole.cut = whole.cut or part.cut
    whole.spans = list(dict.fromkeys(whole.spans))
    return whole


def _place(path: str) -> tuple[str, str]:
    """The folder in which git is asked, and the glob of the files there."""
    if os.path.isdir(path):
        return path, f":(glob)**/{PATTERN}"
    return os.path.dirname(path) or ".", f":(literal){os.path.basename(path)}"


def _account(stack: CheckedStack) -> Account:
    config = stack.config
    assert config is not None
    return Account(
        id=config.account.id,
        name=config.account.name,
        stack=stack.file.stack,
        file=stack.file.path,
        provider=config.identity_provider.kind,
        managed_elsewhere=tuple(role.value for role in managed_elsewhere(config)),
        groups={role: group_name(config, role) for role in ROLES if role in config.roles},
    )


def _now(config: ScimConfig) -> dict[Key, str]:
    id, people = config.account.id, {}
    for role, given in config.roles.items():
        for person in given.members or ():
            people[id, person.lower(), role, "group"] = person
    for person in config.break_glass:
        people[id, person.lower(), Role.SUPER_ADMINISTRATOR, "breakGlass"] = person
    return people


def _former(
    history: History, known: dict[str, Account], spans: Sequence[Span]
) -> dict[str, Account]:
    """Accounts that only the past knows."""
    ids = {span.account for span in spans} - set(known)
    return {id: Account(id, history.names.get(id, ""), "", "", "") for id in sorted(ids)}
