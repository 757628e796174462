"""One thing that the approver must not overlook."""

from dataclasses import dataclass

from cfscim.report.document import Line

MOST_NAMES = 20
"""People named in one line; everyone stands in the table below it."""


@dataclass(frozen=True)
class Risk:
    """`kind`: a short name for programs; `line`: what happens and why it matters."""

    kind: str
    line: Line
    people: tuple[str, ...] = ()
