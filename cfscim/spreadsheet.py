"""A list of people as spreadsheets save it: CSV of any encoding, separator and line end.

What cannot be told for certain is refused: nobody gains or loses a role by a shifted column.
"""

import codecs
import csv
import io
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cfscim.config.messages import UsageError, one_line, reason_of

PERSON = (
    *("person", "email", "emailaddress", "useremail", "mail", "address"),
    *("userprincipalname", "upn", "login", "username", "user"),
)
"""What the column with the person's address is called, as `title` writes it; the first counts."""
ROLE = ("role", "roles", "cloudflarerole", "cloudflareroles")

NO_GUESS = "nobody may be given a role by guessing which column says it"
_SEPARATORS = (",", ";", "\t")
_NAMED = re.compile(r"sep=(.)\s*\Z", re.IGNORECASE)
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def title(name: str) -> str:
    """A column's title for comparing: `E-Mail Address` and `email_address` are `emailaddress`."""
    return re.sub(r"[\s_-]", "", name).casefold()


@dataclass(frozen=True)
class Table:
    """The titles as they are written and their line; the first line and the cells of each row."""

    titles: Sequence[str]
    line: int
    rows: Sequence[tuple[int, Mapping[str, str]]]

    def column(self, known: Sequence[str]) -> str | None:
        """The title that is the first of `known`; None where there is none."""
        return next((name for word in known for name in self.titles if title(name) == word), None)


def read(name: str, where: str) -> Table:
    """The list in the file, `-` for standard input; rows without any text are left out.

    Raises `UsageError` that begins with `where`, and names the line that cannot be used.
    """
    lines = [*io.StringIO(_text(name, where), newline="")]
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    named = _NAMED.match(lines[first]) if lines else None
    first += named is not None
    head = lines[first] if first < len(lines) else ""
    separator = named[1] if named else max(_SEPARATORS, key=head.count)
    reader = csv.reader(
        lines[first:], delimiter=separator, skipinitialspace=separator != "\t", strict=True
    )
    rows: list[tuple[int, list[str]]] = []
    begins = first + 1
    try:
        for row in reader:
            rows.append((begins, [cell.strip() for cell in row]))
            begins = first + reader.line_num + 1
    except csv.Error as error:
        raise UsageError(
            f"{where}: line {begins}",
            f"it cannot be read as CSV ({one_line(str(error))})",
            "whatever comes after it would be read wrong",
            "see that double quotes come in pairs",
        ) from None
    titles = rows[0][1] if rows else []
    _no_twins(titles, f"{where}: line {first + 1}")
    filled = [(line, cells) for line, cells in rows[1:] if any(cells)]
    for line, cells in filled:
        if any(cells[len(titles) :]):
            raise UsageError(
                f"{where}: line {line}",
                f"it has {len(cells)} cells, and the first line {len(titles)}",
                NO_GUESS,
                "put a cell that holds the separator between double quotes",
            )
    padding = [""] * len(titles)
    return Table(
        titles,
        first + 1,
        [(n, dict(zip(titles, cells + padding, strict=False))) for n, cells in filled],
    )


def _text(name: str, where: str) -> str:
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except (OSError, ValueError) as error:
        reason = reason_of(error, "it cannot be opened")
        raise _unreadable(where, reason) from None
    if data.startswith(_UTF_16):
        return data.decode("utf-16", "replace")
    if b"\0" in data:
        raise _unreadable(where, "it is no text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Excel's own CSV on Windows. An address is ASCII, so that names alone can be read wrong.
        return data.decode("cp1252", "replace")


def _unreadable(where: str, reason: str) -> UsageError:
    return UsageError(
        where,
        f"cannot be read ({reason})",
        "the people come from it",
        "name a CSV file, as a spreadsheet saves it",
    )


def _no_twins(titles: Sequence[str], where: str) -> None:
    named = [title(name) for name in titles if name]
    twin = next((name for name in titles if name and named.count(title(name)) > 1), None)
    if twin is not None:
        raise UsageError(
            where,
            f'two columns are named "{one_line(twin[:60])}"',
            NO_GUESS,
            "name each column once",
        )
