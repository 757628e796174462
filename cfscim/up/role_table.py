"""Who has which role, as the sandbox's Cloudflare account shows it, beside what is declared."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cfscim.config.access import access_table, managed_elsewhere
from cfscim.config.models import ScimConfig
from cfscim.report.say import say


@dataclass(frozen=True)
class Row:
    """One member of the account: effective roles, and what differs from the declaration."""

    person: str
    roles: tuple[str, ...]
    status: str
    missing: tuple[str, ...]


def role_rows(config: ScimConfig, members: Iterable[Mapping[str, object]]) -> list[Row]:
    """`members` as `state.cloudflare.members` lists them -> a row each, sorted by address.

    `missing` holds declared roles the person does not have; someone declared who is no member
    at all has a row with status `absent`.
    """
    declared: dict[str, list[str]] = {}
    for grant in access_table(config):
        declared.setdefault(grant.person.lower(), []).append(grant.role.value)
    rows: dict[str, Row] = {}
    for member in members:
        if member.get("accountId") != config.account.id:
            continue
        person = str(member["email"])
        given = member["roles"]
        roles = tuple(str(role) for role in given) if isinstance(given, list) else ()
        wanted = declared.pop(person.lower(), [])
        missing = tuple(role for role in wanted if role not in roles)
        rows[person] = Row(person, roles, str(member["status"]), missing)
    for person, wanted in declared.items():
        rows[person] = Row(person, (), "absent", tuple(wanted))
    return sorted(rows.values(), key=lambda row: row.person.lower())


def show_roles(config: ScimConfig, rows: Iterable[Row]) -> None:
    """Prints the rows as columns, the roles last, and what is missing in words."""
    shown = list(rows)
    cells = [("PERSON", "STATUS", "ROLES IN CLOUDFLARE")]
    cells += [(row.person, row.status, ", ".join(row.roles) or "none") for row in shown]
    person, status = (max(len(cell[i]) for cell in cells) for i in range(2))
    for cell in cells:
        say(
            f"{cell[0]:<{person}}  {cell[1]:<{status}}  {cell[2]}",
            hanging=" " * (person + status + 4),
        )
    for row in shown:
        if row.missing:
            say(f"{row.person} should also have: {', '.join(row.missing)}", "!")
    elsewhere = managed_elsewhere(config)
    if elsewhere:
        names = ", ".join(role.value for role in elsewhere)
        say(f"Members of {names} are managed in the identity provider.")
