"""The picture: accounts, and who has or had which role in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cfscim.access.history import Span
from cfscim.access.live import Live, Way
from cfscim.config.roles import ROLES, Role


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
    """Everything `access` prints; `known`: whether there is a history to tell dates from; `live`:
    what Cloudflare says of each account, where it was asked for."""

    accounts: Mapping[str, Account]
    spans: Sequence[Span]
    known: bool
    at: str | None = None
    since: datetime | None = None
    live: Mapping[str, Live] = field(default_factory=dict)

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
        return Picture(self.accounts, spans, self.known, self.at, since, live)

    def is_live(self, span: Span) -> bool | None:
        """Whether Cloudflare gives what the span says; None where nobody asked, or can know."""
        known = self.live.get(span.account)
        return None if known is None else known.has(span.person, span.role.value)

    def undeclared(self, account: str) -> list[Way]:
        """What Cloudflare gives in the account, no file names and nobody else manages."""
        return [way for way in self._unnamed(account) if not self._elsewhere(account, way)]

    def elsewhere(self, account: str) -> list[Way]:
        """Who has the roles whose people the identity provider manages, as Cloudflare says."""
        return [way for way in self._unnamed(account) if self._elsewhere(account, way)]

    def _unnamed(self, account: str) -> list[Way]:
        known = self.live.get(account)
        if known is None or known.ways is None:
            return []
        named = {(s.person.lower(), s.role.value) for s in self.present if s.account == account}
        return [way for key, way in sorted(known.ways.items()) if key not in named]

    def _elsewhere(self, account: str, way: Way) -> bool:
        return way.own and way.role in self.accounts[account].managed_elsewhere

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
