"""The picture as text for a terminal, as JSON, and as CSV for a spreadsheet."""

import csv
import io
import json
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from unicodedata import east_asian_width

from cfscim.access.history import Span
from cfscim.access.log import Commit
from cfscim.access.picture import Account, Picture, Said, Way
from cfscim.config.facts import PROVIDERS_IN_FULL
from cfscim.config.messages import one_line
from cfscim.hints import next_command
from cfscim.report.document import count

COLUMNS = (
    *("person", "accountId", "accountName", "stack", "role", "via", "group", "since", "until"),
    *("commit", "author", "approvedBy", "subject", "live", "directory"),
)
_UNKNOWN = Commit("", datetime(1970, 1, 1, tzinfo=UTC), "", "")
_WHOLE = 1_000_000
"""Columns where nobody says how many there are."""
_LONG = 40
_DATED = len("since 2026-01-01…")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_WORDS = {"group": "", "breakGlass": "break-glass, outside SCIM; "}
_LIVE = {None: "", True: "yes", False: "no"}


def rows(picture: Picture) -> Iterator[dict[str, str]]:
    """One row a span, the present ones first; dates are ISO 8601, empty where nobody knows."""
    for span in [*picture.present, *picture.ended]:
        account = picture.accounts[span.account]
        start = span.start or _UNKNOWN
        yield {
            **_of(account),
            "person": span.person,
            "role": span.role.value,
            "via": span.via,
            "group": account.groups.get(span.role, "") if span.via == "group" else "",
            "since": start.time.isoformat() if span.start else "",
            "until": span.end.time.isoformat() if span.end else "",
            "commit": start.sha,
            "author": start.author,
            "approvedBy": ", ".join(start.approved_by),
            "subject": start.subject,
            "live": "" if span.end else _LIVE[picture.is_live(span)],
            "directory": "" if span.end else _LIVE[picture.in_directory(span)],
        }


def live_rows(picture: Picture) -> Iterator[dict[str, str]]:
    """One row for each role that a vendor gives and no file names."""
    for account in picture.by_name:
        for way in [*picture.undeclared(account.id), *picture.elsewhere(account.id)]:
            key, known_of = (way.person.lower(), way.role), picture.live[account.id]
            given = {"person": way.person, "role": way.role, "via": way.words}
            given["live"] = _LIVE[known_of.cloudflare.has(*key)]
            given["directory"] = _LIVE[known_of.directory.has(*key)]
            yield dict.fromkeys(COLUMNS, "") | _of(account) | given


def _of(account: Account) -> dict[str, str]:
    return {"accountId": account.id, "accountName": account.name, "stack": account.stack}


def as_json(picture: Picture) -> str:
    """One object: the accounts, who has which role (`access`), and who had one (`ended`)."""
    every = [{key: value or None for key, value in row.items()} for row in rows(picture)]
    document = {
        "at": picture.at,
        "since": picture.since.isoformat() if picture.since else None,
        "historyKnown": picture.known,
        "accounts": [
            {
                "id": account.id,
                "name": account.name,
                "stack": account.stack or None,
                "file": account.file or None,
                "identityProvider": account.provider or None,
                "managedElsewhere": list(account.managed_elsewhere),
            }
            for account in picture.accounts.values()
        ],
        "access": [row for row in every if row["until"] is None],
        "ended": [row for row in every if row["until"] is not None],
        "live": _live_json(picture) if picture.live else None,
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _live_json(picture: Picture) -> dict[str, object]:
    """By account: why a vendor could not be asked, and what the vendors give that no file names; of
    roles that the identity provider manages apart."""

    def told(ways: Iterable[Way]) -> list[dict[str, str]]:
        return [{"person": way.person, "role": way.role, "way": way.words} for way in ways]

    return {
        id: {
            "unknown": known.cloudflare.why or None,
            "directoryUnknown": known.directory.why or None,
            "undeclared": told(picture.undeclared(id)),
            "managedElsewhere": told(picture.elsewhere(id)),
        }
        for id, known in picture.live.items()
    }


def as_csv(picture: Picture) -> str:
    """A line a span, with a header; nothing in it is read as a formula by a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in [*rows(picture), *live_rows(picture)]:
        writer.writerow([_inert(row[column]) for column in COLUMNS])
    for account in picture.accounts.values():
        for role in account.managed_elsewhere:
            via = f"managed in {PROVIDERS_IN_FULL.get(account.provider, account.provider)}"
            row = dict.fromkeys(COLUMNS, "") | _of(account) | {"role": role, "via": via}
            writer.writerow([_inert(row[column]) for column in COLUMNS])
    return out.getvalue()


def signed(picture: Picture, words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """A block an account, a line a role, each with its sign; the counts and the next command, for
    which `words` ask for the same picture, come last. What was written at a commit is cut where the
    terminal ends, and nothing else."""
    # Only a terminal, or who says COLUMNS, has a width: in a file a line stays whole.
    width = shutil.get_terminal_size((_WHOLE, 24)).columns
    for account in picture.by_name:
        block = [*_account(picture, account)]
        if block:
            yield "", _head(account)
            for sign, known, how in block:
                yield from ((sign, line) for line in _fitting(known, how, width))
            yield "", ""
    # Who is gone is shown to who asks for the past, or for one person.
    if picture.ended and (picture.since is not None or picture.person is not None):
        yield "", "Ended:"
        for span in picture.ended:
            yield from (("-", line) for line in _fitting(*_ended(picture, span), width))
        yield "", ""
    yield from (("", line) for line in _summary(picture, words))


def unasked(picture: Picture) -> str:
    """Which vendors could not be asked, of how many accounts; empty where all answered."""
    lacking = Counter(
        vendor
        for id, live in picture.live.items()
        for vendor, said in (
            ("Cloudflare", live.cloudflare),
            (PROVIDERS_IN_FULL.get(picture.accounts[id].provider, ""), live.directory),
        )
        if said.ways is None
    )
    if not lacking:
        return ""
    named = " and ".join(
        f"{vendor} (of {count(number, 'account')})" for vendor, number in lacking.items()
    )
    return f"Not in this picture: what {named} says now, which could not be asked; exit code 3."


def _account(picture: Picture, account: Account) -> Iterator[tuple[str, str, str]]:
    """What differs from what the vendors say first, then who has which role: a sign, what is whole
    on any terminal, and since when."""
    known, provider = picture.live.get(account.id), PROVIDERS_IN_FULL.get(account.provider, "")
    if known is not None:
        for vendor, said in (("Cloudflare", known.cloudflare), (provider, known.directory)):
            if said.ways is None:
                yield "?", one_line(f"  {vendor} could not be asked: {said.why}"), ""
    for way in picture.undeclared(account.id):
        where = way.words if way.words.startswith("in Cloudflare") else f"{provider}: {way.words}"
        yield "!", one_line(f"  {way.person}  {way.role}  {where}, and in no stack file"), ""
    yield from _block(picture, [s for s in picture.present if s.account == account.id])
    for role in account.managed_elsewhere if picture.since is None else ():
        told = [f"managed in {provider}"]
        if known is not None:
            told += _now("in Cloudflare now", known.cloudflare, role)
            told += _now("in its group", known.directory, role)
        if len(told) == 1:
            told.append("not known from here")
        yield "?", one_line(f"  {role}: {', '.join(told)}"), ""


def _now(where: str, said: Said, role: str) -> Iterator[str]:
    """Who has the role by what a vendor says; nothing where it was not to be asked."""
    if said.ways is not None:
        people = [way.person for way in said.ways.values() if way.role == role and way.own]
        yield f"{where}: {', '.join(sorted(people)) or 'nobody'}"


def _head(account: Account) -> str:
    stack = f", stack {account.stack}" if account.stack else ", in no stack file any more"
    return one_line(f"{account.name or 'Account'} ({account.id}){stack}")


def _block(picture: Picture, spans: Iterable[Span]) -> Iterator[tuple[str, str, str]]:
    """A line a role; those that a vendor does not give come first."""
    listed = [(span, _missing(picture, span)) for span in spans]
    # An address that is longer than most moves its own line alone.
    person = min(max((len(span.person) for span, _ in listed), default=0), _LONG)
    role = max((len(span.role) for span, _ in listed), default=0)
    for span, missing in sorted(listed, key=lambda line: not line[1]):
        how = f"{missing}{_WORDS[span.via]}{_since(span)}"
        known = f"  {one_line(span.person):<{person}}  {span.role:<{role}}  "
        yield "!" if missing else "", known, one_line(how)


def _missing(picture: Picture, span: Span) -> str:
    """Where the person does not have the role, as the vendors say."""
    lacking = [
        name
        for name, known in (
            ("CLOUDFLARE", picture.is_live(span)),
            ("ITS GROUP", picture.in_directory(span)),
        )
        if known is False
    ]
    return f"NOT IN {' AND '.join(lacking)}, " if lacking else ""


def _since(span: Span) -> str:
    if span.start is None:
        return "not committed yet, or before what git knows here"
    by = f", approved by {', '.join(span.start.approved_by)}" if span.start.approved_by else ""
    return f"since {span.start.time:%Y-%m-%d}, {span.start.sha[:9]} {span.start.subject}{by}"


def _ended(picture: Picture, span: Span) -> tuple[str, str]:
    assert span.end is not None
    where = picture.accounts[span.account].name or span.account
    how = f"until {span.end.time:%Y-%m-%d}, {span.end.sha[:9]} {span.end.subject}".strip()
    return one_line(f"  {span.person}  {span.role}  {where}") + "  ", one_line(how)


def _summary(picture: Picture, words: Sequence[str]) -> Iterator[str]:
    present = picture.present
    people, accounts = {s.person.lower() for s in present}, {s.account for s in present}
    if not picture.known:
        yield "There is no git history here, so nobody can say since when."
    if picture.cut:
        yield "This clone is shallow; since when is known after: git fetch --unshallow"
    at = f" at {one_line(picture.at)}" if picture.at else ""
    yield (
        f"{count(len(people), 'person', 'people')}, {count(len(accounts), 'account')}, "
        f"{count(len(present), 'role')} given{at}. As a page: "
        f"{next_command('access', *words, '--format', 'html')} > access.html"
    )


def _fitting(known: str, how: str, width: int) -> Iterator[str]:
    """`known` whole, and `how` behind it, or in a line of its own where no date has room there."""
    if not how or _cells(known) + _DATED > width:
        yield known.rstrip()
        known = "    "
    if how:
        line, whole = f"{known}{how}", True
        while _cells(line) > width - (not whole):
            line, whole = line[:-1], False
        yield line if whole else f"{line}…"


def _cells(text: str) -> int:
    return len(text) + sum(east_asian_width(sign) in "WF" for sign in text)


def _inert(text: str) -> str:
    return one_line(f"'{text}" if text.startswith(_FORMULA) else text)
