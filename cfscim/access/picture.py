"""The picture: accounts, and who has or had which role in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cfscim.access.history import Span
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
    """Everything `access` prints; `known`: whether there is a history to tell dates from."""

    accounts: Mapping[str, Account]
    spans: Sequence[Span]
    known: bool
    at: str | None = None
    since: datetime | None = None

    def narrowed(self, person: str | None, since: datetime | None) -> "Picture":
        """Only this person, and only what began or ended at or after `since`."""
        spans = [
            span
            for span in self.spans
            if (person is None or span.person.lower() == person.lower())
            and (since is None or _changed(span, since))
        ]
        return Picture(self.accounts, spans, self.known, self.at, since)

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
