"""`access`: gathers the stack files of folders, their history, and prints both in four forms."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from cfscim.access import page, texts
from cfscim.access.history import Grants, History, Key, Span, moment_of, read_history
from cfscim.access.log import Commit
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
from cfscim.stacks import short_name
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
    for option, given in (("--at", request.at), ("--person", request.person)):
        if given is not None and not given.strip():
            raise UsageError(
                option,
                "nothing stands behind it",
                "what is empty is no moment and nobody's address",
                "leave the option out, or write what is meant",
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
    whole, picture = picture, picture.narrowed(request.person, since)
    for line in _empty(request, whole, picture):
        say(str(line), "?", error=True)
    if request.output == "text":
        for sign, line in texts.signed(picture, _words(request)):
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


def _words(request: Request) -> list[str]:
    """How the same picture is asked for."""
    options = (("--at", request.at), ("--person", request.person), ("--since", request.since))
    given = [word for option, value in options if value is not None for word in (option, value)]
    return [*request.paths, *given, *(["--live"] if request.live else [])]


def _empty(request: Request, picture: Picture, shown: Picture) -> Iterator[Message]:
    """What an empty answer means, where it could be taken for "nobody has a role"; `picture`:
    before it was narrowed to what is `shown`."""
    if request.at is not None and not picture.spans:
        yield Message(
            Where(about=f"--at {one_line(request.at)}"),
            "git knows no grant in these stack files at that moment",
            "nobody can be shown",
            "write a later day, or another folder",
        )
    moment = moment_of(request.at) if request.at is not None else None
    if moment is not None and moment > datetime.now(UTC) + timedelta(days=1):
        yield Message(
            Where(about=f"--at {one_line(str(request.at))}"),
            "this moment is yet to come",
            "shown is what git knows today",
            "leave --at out, or write an earlier day",
        )
    if request.since is not None and picture.spans and not shown.spans:
        yield Message(
            Where(about=f"--since {one_line(request.since)}"),
            "nothing was given or ended since that moment",
            "who has a role longer than that is not shown",
            "write an earlier day, or leave --since out",
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
    return [stack for stack in checked if stack.usable]


def gather(paths: Sequence[str], at: str | None = None) -> tuple[Picture, list[Message]]:
    """The picture of the stack files in `paths` (default: those here), and what is wrong there."""
    if at is not None:
        return _past(paths, at), []
    files, selection = stack_files(paths)
    checked = [check_stack_file(file) for file in files]
    problems = [*selection, *(problem for stack in checked for problem in stack.problems)]
    problems += [warning for stack in checked for warning in example_values(stack)]
    history = read_history(paths)
    accounts: dict[str, Account] = {}
    spans = [span for span in history.spans if span.end is not None]
    # One account may stand in two files, and in two repositories: since the earlier day.
    begun = sorted((span for span in history.spans if span.end is None), key=_began, reverse=True)
    open_spans = {(s.account, s.person.lower(), s.role, s.via): s for s in begun}
    current: dict[Key, str] = {}
    for stack in checked:
        if stack.usable is not None:
            _add(accounts, _account(stack, stack.usable))
            current |= _now(stack.usable)
    for key, person in current.items():
        span = open_spans.get(key) or Span(key[0], person, key[2], key[3], None)
        spans.append(replace(span, person=person))
    # Gone from the files and not yet from git: the removal is on its way, in the work tree.
    if all(stack.usable for stack in checked):
        end = Commit("", datetime.now(UTC), "", "not committed yet")
        spans += [replace(s, end=end) for key, s in open_spans.items() if key not in current]
    accounts |= _former(history, accounts, spans)
    return Picture(accounts, spans, history.known, cut=history.cut), problems


def _began(span: Span) -> float:
    return span.start.time.timestamp() if span.start else 0


def _past(paths: Sequence[str], at: str) -> Picture:
    history = read_history(paths, at)
    accounts: dict[str, Account] = {}
    for path, said in sorted(history.files.items()):
        _add(accounts, _former_account(path, said))
    accounts |= _former(history, accounts, history.spans)
    return Picture(accounts, history.spans, history.known, at=at, cut=history.cut)


def _former_account(path: str, said: Grants) -> Account:
    words = (said.account, said.name, short_name(path), path, said.provider)
    return Account(*words, managed_elsewhere=said.elsewhere)


def _add(accounts: dict[str, Account], account: Account) -> None:
    """Two stacks of one account are one account, with both of their names."""
    if before := accounts.get(account.id):
        account = replace(
            account,
            stack=f"{before.stack}, {account.stack}",
            file=f"{before.file}, {account.file}",
            managed_elsewhere=tuple(
                dict.fromkeys((*before.managed_elsewhere, *account.managed_elsewhere))
            ),
            groups={**before.groups, **account.groups},
        )
    accounts[account.id] = account


def _account(stack: CheckedStack, config: ScimConfig) -> Account:
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
