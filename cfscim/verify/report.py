"""What `verify` says: one check a line, and the whole as an exit code."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How a check ended. Nothing but an answer that was read back makes it hold."""

    HOLDS = "holds"
    FAILS = "does not hold"
    UNKNOWN = "cannot be known"


@dataclass(frozen=True)
class Check:
    """One question to a live system: what was expected, what was found, and what to do now.

    `link` leads to the page where it is put right. `owed` marks an answer that should have come
    and did not (no network, credentials refused, a broken answer): nothing may be concluded then.
    """

    id: str
    vendor: str
    title: str
    status: Status
    expected: str
    found: str
    action: str
    link: str
    owed: bool = False


@dataclass(frozen=True)
class Report:
    """Every check, in a stable order."""

    checks: tuple[Check, ...]

    def counts(self) -> Mapping[Status, int]:
        """How many checks ended in each way."""
        found = Counter(check.status for check in self.checks)
        return {status: found[status] for status in Status}

    @property
    def exit_code(self) -> int:
        """1 when something does not hold, 3 when an answer that was owed is missing, else 0.

        What a vendor has no API for, or the credentials lack a permission for, is counted and
        shown and does not fail by itself; a vendor of which nothing at all was learned does.
        """
        if any(check.status is Status.FAILS for check in self.checks):
            return 1
        learned = {check.vendor for check in self.checks if check.status is Status.HOLDS}
        silent = {check.vendor for check in self.checks} - learned
        return 3 if silent or not self.checks or any(check.owed for check in self.checks) else 0
