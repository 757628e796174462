"""The picture: accounts, and who has or had which role in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from cfscim.access.history import Span
from cfscim.config.roles import ROLES, Role

Held = tuple[str, str]
"""A person in lower case, and a role's name."""


@dataclass(frozen=True)
class Way:
    """How somebody has a role; `own`: by the role's own group, into which the identity provider
    puts people."""

    person: str
    role: str
    words: str
    own: bool


@dataclass(frozen=True)
class Said:
    """What one vendor says of an account. `ways`: how each person has each role; absent where it
    could not be asked, and `why` says what stood in the way."""

    ways: Mapping[Held, Way] | None
    why: str = ""

    def has(self, person: str, role: str) -> bool | None:
        """Whether the vendor gives the person the role; None where nobody knows."""
        return None if self.ways is None else (person.lower(), role) in self.ways

    def only(self, person: str) -> "Said":
        """Of this person alone."""
        if self.ways is None:
            return self
        return Said({key: way for key, way in self.ways.items() if key[0] == person.lower()})


@dataclass(frozen=True)
class Live:
    """One account, as Cloudflare says and as the role groups of the identity provider say."""

    cloudflare: Said
    directory: Said

    def only(self, person: str) -> "Live":
        """Of this person alone."""
        return Live(self.cloudflare.only(person), self.directory.only(person))


@dataclass(frozen=True)
class Account:
    """One Cloudflare account; `stack` and `file` are empty where only the past knows it.

    `managed_elsewhere`: roles whose people the identity provider manages, so that nobody can say
    from the files who they are. `groups`: the identity provider's group of each declared role.
    """

    id: str
    name: str
    stack: str
    file: str
    provider: str
    managed_elsewhere: tuple[str, ...] = ()
    groups: Mapping[Role, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Picture:
    """Everything `access` prints; `known`: whether there is a history to tell dates from, and `cut`
    whether it begins later than it did; `live`: what the vendors say of each account, where they
    were asked."""

    accounts: Mapping[str, Account]
    spans: Sequence[Span]
    known: bool
    cut: bool = field(default=False, kw_only=True)
    at: str | None = None
    since: datetime | None = None
    live: Mapping[str, Live] = field(default_factory=dict)
    person: str | None = None

    def narrowed(self, person: str | None, since: datetime | None) -> "Picture":
        """Only this person, and only what began or ended at or after `since`."""
        spans = [
            span
            for span in self.spans
            if (person is None or span.person.lower() == person.lower())
            and (since is None or _changed(span, since))
        ]
        live = self.live
        if person is not None:
            live = {id: account.only(person) for id, account in live.items()}
        return replace(self, spans=spans, since=since, live=live, person=person)

    def is_live(self, span: Span) -> bool | None:
        """Whether Cloudflare gives what the span says; None where nobody asked, or can know."""
        known = self.live.get(span.account)
        return None if known is None else known.cloudflare.has(span.person, span.role.value)

    def in_directory(self, span: Span) -> bool | None:
        """Whether the identity provider has the person in the role's group; None where nobody
        asked or can know, and for who is outside of SCIM."""
        known = self.live.get(span.account)
        if known is None or span.via != "group":
            return None
        return known.directory.has(span.person, span.role.value)

    def undeclared(self, account: str) -> list[Way]:
        """What a vendor gives in the account, no file names and nobody else manages."""
        return [way for way in self._unnamed(account) if not self._elsewhere(account, way)]

    def elsewhere(self, account: str) -> list[Way]:
        """Who has the roles whose people the identity provider manages, as the vendors say."""
        return [way for way in self._unnamed(account) if self._elsewhere(account, way)]

    def _unnamed(self, account: str) -> list[Way]:
        known = self.live.get(account)
        if known is None:
            return []
        named = {(s.person.lower(), s.role.value) for s in self.present if s.account == account}
        # Who has the role in Cloudflare is told once, whoever put the person there.
        ways = {**(known.directory.ways or {}), **(known.cloudflare.ways or {})}
        return [way for key, way in sorted(ways.items()) if key not in named]

    def _elsewhere(self, account: str, way: Way) -> bool:
        return way.own and way.role in self.accounts[account].managed_elsewhere

    @property
    def by_name(self) -> list[Account]:
        """The accounts in the order in which they are shown."""
        return sorted(
            self.accounts.values(), key=lambda account: (account.name.lower(), account.id)
        )

    @property
    def present(self) -> list[Span]:
        """Who has which role, by account, person and role."""
        return sorted((span for span in self.spans if span.end is None), key=self._order)

    @property
    def ended(self) -> list[Span]:
        """Who had a role and has it no more, the latest first."""
        gone = sorted((span for span in self.spans if span.end is not None), key=self._order)
        return sorted(
            gone, key=lambda span: span.end.time.timestamp() if span.end else 0, reverse=True
        )

    def _order(self, span: Span) -> tuple[object, ...]:
        account = self.accounts[span.account]
        person = span.person.lower()
        return account.name.lower(), account.id, person, ROLES.index(span.role), span.via


def _changed(span: Span, since: datetime) -> bool:
    began = span.start is None or span.start.time >= since
    return began or (span.end is not None and span.end.time >= since)
