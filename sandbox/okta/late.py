"""What Okta shows late: people and groups in its searches, and the members of a group.

``search`` reads an index behind the organisation (D, okta-management: "eventually consistent"; P:
by seconds); ``q``, ``filter`` and ids read the organisation itself. Of the reads of a group's
members soon after a write some show who was in it before (R: 7 of 81, up to 2 s).
"""

import time
from collections.abc import Iterator
from typing import Generic, TypeVar

from pydantic import BaseModel, Field

T = TypeVar("T")
_EVERY = 12
"""Each so manieth read of members that could be late is."""


class Before(BaseModel, Generic[T]):
    """What stood there before a write, until a moment (seconds since 1970); None: nothing."""

    was: T | None
    until: float


class Index(BaseModel, Generic[T]):
    """What a search shows in place of the objects that were written to lately, by their ids."""

    before: dict[str, Before[T]] = Field(default_factory=dict)

    def note(self, key: str, was: T | None, seconds: float) -> None:
        """An object is about to be written, or was made; a search goes on showing what it does."""
        self._forget()
        if seconds > 0:
            shown = self.before[key].was if key in self.before else was
            self.before[key] = Before(was=shown, until=time.time() + seconds)

    def shown(self, live: dict[str, T]) -> Iterator[T]:
        """The objects as a search has them."""
        self._forget()
        for key, item in live.items():
            past = self.before.get(key)
            if past is None:
                yield item
            elif past.was is not None:
                yield past.was
        for key, past in self.before.items():
            if key not in live and past.was is not None:
                yield past.was

    def _forget(self) -> None:
        now = time.time()
        self.before = {key: past for key, past in self.before.items() if past.until > now}


class Late(BaseModel):
    """How late this organisation's reads are; zero seconds: not at all."""

    search_seconds: float = 2.0
    member_seconds: float = 2.0
    reads: int = 0
    members: dict[str, Before[list[str]]] = Field(default_factory=dict)

    def note_members(self, group: str, members: list[str]) -> None:
        """A group's members are about to be changed."""
        if self.member_seconds > 0:
            self._forget()
            past = self.members.get(group)
            was = past.was if past else list(members)
            self.members[group] = Before(was=was, until=time.time() + self.member_seconds)

    def shown_members(self, group: str, members: list[str]) -> list[str]:
        """The members that this read shows."""
        self._forget()
        past = self.members.get(group)
        if past is None or past.was is None:
            return members
        self.reads += 1
        return past.was if self.reads % _EVERY == 0 else members

    def _forget(self) -> None:
        now = time.time()
        self.members = {key: past for key, past in self.members.items() if past.until > now}
