"""The vocabulary of `preflight`: what is asked about, and what an answer is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from cfscim.config.messages import Level, Message, MissingError, ScimError, Where
from cfscim.config.models import ScimConfig
from cfscim.config.policy.lock_out import Charge

Status = Literal["ok", "problem", "unknown"]


@dataclass(frozen=True)
class Answer:
    """One question's answer: `said` where it is well, else `message`. `advice`: it is to be put
    right, and an update neither fails nor locks anybody out because of it. `of`: the vendor, where
    the id does not begin with it."""

    id: str
    said: str = ""
    message: Message | None = None
    advice: bool = False
    of: str = ""

    @property
    def vendor(self) -> str:
        """Who was asked, as in `Okta`."""
        return self.of or self.id.partition(".")[0].capitalize()

    @property
    def status(self) -> Status:
        """`problem` stands in the way, `unknown` a person has to look at."""
        if self.message is None:
            return "ok"
        return "problem" if self.message.level is Level.REFUSED else "unknown"

    @property
    def stops(self) -> bool:
        """Whether an update must not begin."""
        return self.status == "problem" and not self.advice


@dataclass(frozen=True)
class Asked:
    """What a vendor is asked about: the stack, how its provider signs in, and what its last update
    left, where there was one: by whom the account is administered, the application's id in Okta or
    the service principal's in Entra, and the ids of its groups by name. `leaving`: the stack leaves
    Okta."""

    config: ScimConfig
    settings: Mapping[str, str]
    env: Mapping[str, str]
    today: date
    before: Charge | None = None
    application: str = ""
    leaving: bool = False
    groups: Mapping[str, str] = field(default_factory=dict)


def wrong(id_: str, about: str, what: str, why: str, instead: str) -> Answer:
    """What stands in the way."""
    return Answer(id_, message=Message(Where(about=about), what, why, instead))


def unknown(id_: str, about: str, what: str, instead: str, *, of: str = "") -> Answer:
    """What a person has to look at."""
    message = Message(Where(about=about), what, "", instead, Level.UNKNOWN)
    return Answer(id_, message=message, of=of)


def refused(id_: str, error: ScimError) -> Answer:
    """A vendor's refusal as a problem of its own."""
    if isinstance(error, MissingError):
        raise error
    return Answer(id_, message=error.message)
