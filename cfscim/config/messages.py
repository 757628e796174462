"""What is wrong and what to do about it: problems found in input, and the errors we raise."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from itertools import islice

from cfscim.config.credentials import MASK, looks_secret, without_credentials

PROJECT = "cloudflare-scim"
"""The Pulumi project's name, which config keys and our own types begin with."""
CONFIG_KEY = f"{PROJECT}:scim"
"""Where the config object stands in a stack's config."""

Step = str | int
"""One step down in a config: a key of a mapping or an index of a list."""


class Level(StrEnum):
    """What a message asks of the reader."""

    REFUSED = "refused"
    """Nothing goes on until it is put right."""
    WARNING = "warning"
    """Allowed, and better known before it is approved."""
    UNKNOWN = "unknown"
    """Nobody can say from here; a person has to look."""


Keys = tuple[Step, ...]
"""The way down to a value: keys of mappings and indexes of lists."""


@dataclass(frozen=True)
class Where:
    """What a message is about: a place in a file, a key of the config, or anything else by name.

    `keys`: the way down to the key (`("cloudflare-scim:scim", "roles", "Billing", "members", 0)`).
    `about`: what is no key of a file: a resource's name, a setting, a call (`GET /api/v1/apps`).
    """

    keys: Keys = ()
    file: str | None = None
    line: int | None = None
    about: str = ""

    @property
    def path(self) -> str:
        """The key path as people read it: `cloudflare-scim:scim.roles.Billing.members[0]`."""
        text = ""
        for step in self.keys:
            if isinstance(step, int):
                text += f"[{step}]"
            else:
                text += ("." if text else "") + (MASK if looks_secret(step) else step)
        return text

    @property
    def key(self) -> str:
        """The key path below the config object, as a plan shows it: `roles.Billing.members[0]`."""
        below = self.keys[:1] == (CONFIG_KEY,)
        return Where(self.keys[1:] if below else self.keys).path

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part)
        parts = (without_credentials(place), self.path, without_credentials(self.about))
        return ": ".join(one_line(part) for part in parts if part)


def in_config(*steps: Step) -> Where:
    """The place of a key of the config object."""
    return Where((CONFIG_KEY, *steps))


@dataclass(frozen=True)
class Message:
    """The one form of what a person is told: where, what is wrong, why it matters, what to do.

    `secret`: the value there is, or looks like, a credential, and is repeated nowhere. No part of
    a message ever repeats what has the shape of one.
    """

    where: Where
    what: str
    why: str = ""
    instead: str = ""
    level: Level = Level.REFUSED
    secret: bool = False

    def __post_init__(self) -> None:
        for part in ("what", "why", "instead"):
            object.__setattr__(self, part, without_credentials(getattr(self, part)))

    @property
    def text(self) -> str:
        """What, why and instead as one line, without the place."""
        return one_line("; ".join(part for part in (self.what, self.why, self.instead) if part))

    def __str__(self) -> str:
        return ": ".join(part for part in (str(self.where), self.text) if part)


def one_line(text: str) -> str:
    """The text with every control character shown as an escape, so that it stays on one line."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


def reason_of(error: OSError | ValueError, otherwise: str) -> str:
    """Why a file could not be read: the system's own words; `otherwise` where it has none."""
    return (error.strerror if isinstance(error, OSError) else None) or otherwise


class Exit(IntEnum):
    """What a command's exit code says; every command keeps this table."""

    FINE = 0
    """Done, and nothing stands in the way."""
    PROBLEMS = 1
    """Something has to be put right, and was named."""
    USAGE = 2
    """The command was given something it cannot work with, an unknown stack included."""
    MISSING = 3
    """Something it needs is absent: network, engine, credentials, an answer that is owed."""
    NOT_YET = 4
    """Nothing is wrong, and not everything is delivered yet."""
    INTERRUPTED = 130
    """Ended by Ctrl-C."""
    TERMINATED = 143
    """Ended by SIGTERM."""


class ScimError(Exception):
    """Base of every error of ours; `message` holds its parts, the text is all of them in one line.

    With one argument, the words of somebody else (an engine, a vendor) are passed on as they are.
    """

    exit_code = Exit.PROBLEMS

    def __init__(self, where: str, what: str = "", why: str = "", instead: str = "") -> None:
        whole = not what
        self.message = Message(
            Where(about="" if whole else where), where if whole else what, why, instead
        )
        super().__init__(without_credentials(where) if whole else str(self.message))


MOST_PROBLEMS = 100
"""Of one kind in one file: nobody reads more, and to look for what was meant takes its time."""


def first_problems(problems: Iterable[Message]) -> list[Message]:
    """The first of many, and a word that there are more; what comes after is never worked out."""
    listed = list(islice(problems, MOST_PROBLEMS + 1))
    if len(listed) > MOST_PROBLEMS:
        listed[-1] = Message(
            replace(listed[-1].where, about=""),
            f"more is wrong from here on than the {MOST_PROBLEMS} problems that are listed",
            "a list of all of it would hide the first ones",
            "put those right, and validate again",
        )
    return listed


class ConfigError(ScimError):
    """The configuration cannot be used; `problems` holds everything found, one line each."""

    def __init__(self, problems: Iterable[Message]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class RemoteError(ScimError):
    """A vendor answered with an error, or not as documented; `kind`: see vendors/errors.py."""

    kind: str = "unexpected"


class MissingError(ScimError):
    """Something a command needs is absent: network, engine, credentials (exit code 3)."""

    exit_code = Exit.MISSING


class UsageError(ScimError):
    """The command was given something it cannot work with (exit code 2)."""

    exit_code = Exit.USAGE
