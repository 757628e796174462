"""What is wrong and what to do about it: problems found in input, and the errors we raise."""

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Problem:
    """One thing to be put right: where it stands, what is wrong, why it matters, what to write.

    `path` is the key path (`cloudflare-scim:scim.roles.Billing.members[0]`), empty for a whole
    file. `file` and `line` are absent where the value came from the Pulumi engine. `secret` says
    that the value there is, or looks like, a credential.
    """

    path: str
    what: str
    why: str
    instead: str
    file: str | None = None
    line: int | None = None
    secret: bool = False

    @property
    def message(self) -> str:
        """What is wrong, why it matters and what to write instead, as one line."""
        return one_line(f"{self.what}; {self.why}; {self.instead}")

    def at(self, file: str, line: int | None) -> "Problem":
        """The same problem with its place in a file."""
        return replace(self, file=file, line=line)

    def __str__(self) -> str:
        places = [self.file, str(self.line) if self.line is not None else None]
        where = ":".join(place for place in places if place)
        return ": ".join(one_line(part) for part in (where, self.path, self.message) if part)


def one_line(text: str) -> str:
    """The text with every control character shown as an escape, so that it stays on one line."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


class ScimError(Exception):
    """Base of every error of ours; the text says where, what, why and what to do, in one line."""


class ConfigError(ScimError):
    """The configuration cannot be used; `problems` holds everything found, one line each."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class RemoteError(ScimError):
    """A vendor answered with an error, or not as documented; `kind`: see vendors/errors.py."""

    kind: str = "unexpected"


class MissingError(ScimError):
    """Something a command needs is absent: network, engine, credentials (exit code 3)."""
