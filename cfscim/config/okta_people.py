"""What becomes of a person by the status that Okta gives, and how it is left.

Source: Okta's documents, user statuses and SCIM reference (suspended and deactivated people are
sent as `active: false`); recorded and reported: everybody else is pushed, so has the role.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cfscim.config.messages import Level, Message, Where

OFF = "DEPROVISIONED"
"""The one status in which nobody is put into groups."""


@dataclass(frozen=True)
class State:
    """`what`: how the person reads it; `instead`: the way out. `off`: without the role."""

    what: str
    instead: str
    off: bool = False

    def message(self, address: str) -> Message:
        """One person's, refused where the role does not arrive."""
        why = "the role does not arrive" if self.off else "the role is there, and cannot be used"
        level = Level.REFUSED if self.off else Level.WARNING
        return Message(Where(about=address), f"{self.what} in Okta", why, self.instead, level)

    @property
    def short(self) -> str:
        """As part of a sentence about the person."""
        return f"{self.what.removeprefix('is ')} in Okta"


STATES: Mapping[str, State] = {
    "SUSPENDED": State(
        "is suspended", "unsuspend the person, or take the address out of `members`", off=True
    ),
    OFF: State(
        "is deactivated", "reactivate the person, or take the address out of `members`", off=True
    ),
    "STAGED": State("is staged, and was never activated", "Directory > People > Activate"),
    "PROVISIONED": State(
        "is activated, and has no password yet",
        "have the person follow the activation e-mail, or Directory > People > Reactivate",
    ),
    "LOCKED_OUT": State(
        "is locked out after too many sign-ins",
        "Directory > People > Unlock, or have the person unlock the account",
    ),
    "PASSWORD_EXPIRED": State(
        "has a password that has expired", "have the person choose another at the next sign-in"
    ),
    "RECOVERY": State(
        "has a password that is being reset", "have the person follow the e-mail that Okta sent"
    ),
}
"""By Okta's own name; ACTIVE needs no word."""
