"""The picture as one self-contained page: no network, filter and time slider, fit for paper."""

import json
from datetime import UTC, datetime
from pathlib import Path

from cfscim.access.history import Span
from cfscim.access.log import Commit
from cfscim.access.picture import Picture
from cfscim.config.messages import one_line
from cfscim.config.roles import ROLES

_TEMPLATE = Path(__file__).with_name("page.html")
_MARK = "/*DATA*/null"


def as_html(picture: Picture, now: datetime | None = None) -> str:
    """The whole page; `now`: the moment it was made, by default this one."""
    template = _TEMPLATE.read_text(encoding="utf-8")
    text = json.dumps(_data(picture, now or datetime.now(UTC)), ensure_ascii=True)
    # In a script element only these could end it or begin a comment; JSON knows both escapes.
    safe = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return template.replace(_MARK, safe)


def _data(picture: Picture, now: datetime) -> dict[str, object]:
    """Accounts, roles, people and commits once each; spans refer to them by index. What is to be
    read has no character that would be read as another, or turn the rest of its line around.

    Times are seconds since 1970; a span is `[person, account, role, way, commit, last commit]`,
    the commits absent (-1) where nobody knows or it goes on, and whether the vendors say it, too
    (-1 where nobody asked). The way is 2 for what a vendor gives and no file names, 3 for who the
    identity provider gave a role that it manages; the vendor's words come last there.
    """
    spans = [*picture.present, *picture.ended]
    extra = [
        (account, way, code)
        for account in picture.accounts
        for code, ways in ((2, picture.undeclared(account)), (3, picture.elsewhere(account)))
        for way in ways
    ]
    roles = [role.value for role in ROLES]
    roles += sorted({way.role for _, way, _ in extra} - {*roles})
    named = {span.person.lower(): span.person for span in spans}
    people = sorted(({way.person.lower(): way.person for _, way, _ in extra} | named).items())
    accounts = picture.by_name
    commits = list(dict.fromkeys(c for span in spans for c in (span.start, span.end) if c))
    commits.sort(key=lambda commit: commit.time)
    at_person = {key: index for index, (key, _) in enumerate(people)}
    at_account = {account.id: index for index, account in enumerate(accounts)}
    at_commit: dict[Commit | None, int] = {commit: index for index, commit in enumerate(commits)}
    return {
        "made": int(now.timestamp()),
        "at": picture.at,
        "known": picture.known,
        "cut": picture.cut,
        "roles": roles,
        "live": bool(picture.live),
        "people": [one_line(person) for _, person in people],
        "accounts": [
            {
                "id": account.id,
                "name": one_line(account.name) or account.id,
                "stack": account.stack,
                "provider": account.provider,
                "elsewhere": list(account.managed_elsewhere),
            }
            for account in accounts
        ],
        "commits": [
            {
                "sha": commit.sha[:12],
                "time": int(commit.time.timestamp()),
                "author": one_line(commit.author),
                "approved": one_line(", ".join(commit.approved_by)),
                "subject": one_line(commit.subject),
            }
            for commit in commits
        ],
        "spans": [
            [
                at_person[span.person.lower()],
                at_account[span.account],
                ROLES.index(span.role),
                0 if span.via == "group" else 1,
                at_commit.get(span.start, -1),
                at_commit.get(span.end, -1),
                -1 if span.end else _as_the_vendors_say(picture, span),
            ]
            for span in spans
        ]
        + [
            [
                *(at_person[way.person.lower()], at_account[account], roles.index(way.role)),
                *(code, -1, -1, 1, one_line(way.words)),
            ]
            for account, way, code in extra
        ],
    }


def _as_the_vendors_say(picture: Picture, span: Span) -> int:
    answers = {picture.is_live(span), picture.in_directory(span)}
    return 0 if False in answers else 1 if True in answers else -1
