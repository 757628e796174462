"""The picture as text for a terminal, as JSON, and as CSV for a spreadsheet."""

import csv
import io
import json
import shutil
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from cfscim.access.history import Commit, Span
from cfscim.access.picture import Account, Picture
from cfscim.config.messages import one_line
from cfscim.hints import next_command

COLUMNS = (
    *("person", "accountId", "accountName", "stack", "role", "via", "group", "since", "until"),
    *("commit", "author", "approvedBy", "subject"),
)
_UNKNOWN = Commit("", datetime(1970, 1, 1, tzinfo=UTC), "", "")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_WORDS = {"group": "", "breakGlass": " (break-glass, outside SCIM)"}
_PROVIDERS = {"okta": "Okta", "entra": "Microsoft Entra"}


def rows(picture: Picture) -> Iterator[dict[str, str]]:
    """One row a span, the present ones first; dates are ISO 8601, empty where nobody knows."""
    for span in [*picture.present, *picture.ended]:
        account = picture.accounts[span.account]
        start = span.start or _UNKNOWN
        yield {
            "person": span.person,
            "accountId": account.id,
            "accountName": account.name,
            "stack": account.stack,
            "role": span.role.value,
            "via": span.via,
            "group": account.groups.get(span.role, "") if span.via == "group" else "",
            "since": start.time.isoformat() if span.start else "",
            "until": span.end.time.isoformat() if span.end else "",
            "commit": start.sha,
            "author": start.author,
            "approvedBy": ", ".join(start.approved_by),
            "subject": start.subject,
        }


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
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def as_csv(picture: Picture) -> str:
    """A line a span, with a header; nothing in it is read as a formula by a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows(picture):
        writer.writerow([_inert(row[column]) for column in COLUMNS])
    for account in picture.accounts.values():
        for role in account.managed_elsewhere:
            via = f"managed in {_PROVIDERS.get(account.provider, account.provider)}"
            known = {"accountId": account.id, "accountName": account.name, "stack": account.stack}
            row = dict.fromkeys(COLUMNS, "") | known | {"role": role, "via": via}
            writer.writerow([_inert(row[column]) for column in COLUMNS])
    return out.getvalue()


def as_text(picture: Picture) -> str:
    """A block an account, a line a role; the counts and the next command come last."""
    width = shutil.get_terminal_size((100, 24)).columns
    lines: list[str] = []
    for account in _by_name(picture):
        spans = [span for span in picture.present if span.account == account.id]
        if not spans and not (account.managed_elsewhere and picture.since is None):
            continue
        lines += [_head(account), *_block(spans)]
        lines += [
            f"  {role}: managed in {_PROVIDERS[account.provider]}, not known from here"
            for role in account.managed_elsewhere
        ]
        lines.append("")
    if picture.ended and (picture.since is not None):
        lines += ["Ended:", *(_ended(picture, span) for span in picture.ended), ""]
    return "\n".join([*(_cut(line, width) for line in lines), *_summary(picture)]) + "\n"


def _by_name(picture: Picture) -> list[Account]:
    return sorted(picture.accounts.values(), key=lambda one: (one.name.lower(), one.id))


def _head(account: Account) -> str:
    stack = f", stack {account.stack}" if account.stack else ", in no stack file any more"
    return one_line(f"{account.name or 'Account'} ({account.id}){stack}")


def _block(spans: Iterable[Span]) -> Iterator[str]:
    listed = list(spans)
    person = max((len(span.person) for span in listed), default=0)
    role = max((len(span.role) for span in listed), default=0)
    for span in listed:
        line = f"  {span.person:<{person}}  {span.role:<{role}}  {_since(span)}{_WORDS[span.via]}"
        yield one_line(line)


def _since(span: Span) -> str:
    if span.start is None:
        return "not committed yet, or before what git knows here"
    by = f", approved by {', '.join(span.start.approved_by)}" if span.start.approved_by else ""
    return f"since {span.start.time:%Y-%m-%d}, {span.start.sha[:9]} {span.start.subject}{by}"


def _ended(picture: Picture, span: Span) -> str:
    assert span.end is not None
    where = picture.accounts[span.account].name or span.account
    how = f"{span.end.sha[:9]} {span.end.subject}".strip()
    return one_line(f"  {span.person}  {span.role}  {where}  until {span.end.time:%Y-%m-%d}, {how}")


def _summary(picture: Picture) -> Iterator[str]:
    present = picture.present
    people, accounts = {s.person.lower() for s in present}, {s.account for s in present}
    if not picture.known:
        yield "There is no git history here, so nobody can say since when."
    at = f" at {one_line(picture.at)}" if picture.at else ""
    yield (
        f"{len(people)} {'person' if len(people) == 1 else 'people'}, {len(accounts)} "
        f"{'account' if len(accounts) == 1 else 'accounts'}, {len(present)} "
        f"{'role' if len(present) == 1 else 'roles'} given{at}. As a page: "
        f"{next_command('access', '--format', 'html')} > access.html"
    )


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else line[: width - 1] + "…"


def _inert(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
