"""The people of a review: per person, per role, and who is a member of the account at all."""

from collections.abc import Iterable, Iterator

from cfscim.config.access import Grant
from cfscim.report.document import (
    Block,
    Bullets,
    Code,
    Fold,
    Inline,
    Line,
    Paragraph,
    Section,
    Strong,
    Table,
    Weight,
    codes,
    count,
)
from cfscim.review.compare import Review, tenant_words
from cfscim.review.people import Held, Managed, PersonChange, RoleChange

MOST_IN_LINE = 20
"""People named in one line; everyone stands in a table."""
UNFOLDED = 25
"""Rows of a table that are shown without unfolding it."""


def people_section(review: Review) -> Section:
    """Who gains, loses and keeps what, with the group that causes it."""
    persons = review.people.persons
    changed = [one for one in persons if one.gained or one.lost]
    moved = [one for one in persons if one not in changed and _moves(review, one)]
    kept = [one for one in persons if one not in changed and one not in moved]
    blocks: list[Block] = []
    if changed or moved:
        rows = tuple(_row(review, person) for person in [*changed, *moved])
        table = Table(("Person", "Gains", "Loses", "Keeps"), rows, Weight.VITAL)
        title = f"All {len(rows)} people for whom something changes"
        blocks.append(table if len(rows) <= UNFOLDED else Fold(title, (table,)))
    else:
        blocks.append(Paragraph(("No listed person gains or loses a role.",)))
    blocks.append(Bullets(tuple(_roles(review)), Weight.VITAL))
    if kept:
        rows = tuple(((Code(one.person),), _grants(review, one.kept)) for one in kept)
        title = f"{count(len(kept), 'person keeps', 'people keep')} exactly what they have"
        blocks.append(Fold(title, (Table(("Person", "Keeps"), rows, Weight.NORMAL),)))
    if members := tuple(_members(review)):
        blocks += [Paragraph((Strong("Members of the account"),)), Bullets(members, Weight.VITAL)]
    return Section("People and roles", tuple(blocks))


def _row(review: Review, person: PersonChange) -> tuple[Line, ...]:
    return (
        (Code(person.person),),
        _grants(review, person.gained, strong=True),
        _grants(review, person.lost, strong=True),
        _grants(review, person.kept),
    )


def _grants(review: Review, grants: Iterable[Grant], *, strong: bool = False) -> Line:
    line: list[Inline] = []
    for grant in grants:
        if line:
            line.append("; ")
        role = grant.role.value
        line += [Strong(role) if strong else role, " via ", Code(grant.group)]
        line += _remark(review, grant)
    return tuple(line) or ("-",)


def _remark(review: Review, grant: Grant) -> Line:
    """What a reader of the row has to know about this one grant."""
    role = next(one for one in review.people.roles if one.role is grant.role)
    where = tenant_words(review.after.config)
    if grant in role.lost and role.after.managed is Managed.ELSEWHERE:
        return (f" (no longer listed, {where} decides)",)
    if grant in role.gained and role.before.managed is Managed.ELSEWHERE:
        return (f" ({where} decided until now, may have had it)",)
    if grant not in role.kept:
        return ()
    remark: list[Inline] = []
    if review.account_switched:
        remark.append(", in the new account")
    if review.provider_switched:
        remark.append(f", from {where}")
    if was := review.people.group_before(grant):
        remark += [" (before: ", Code(was), ")"]
    return tuple(remark)


def _moves(review: Review, person: PersonChange) -> bool:
    """Whether something about a kept role differs: the group, the provider or the account."""
    other = review.account_switched or review.provider_switched
    return other or any(review.people.group_before(grant) for grant in person.kept)


def _roles(review: Review) -> Iterator[Line]:
    for role in review.people.roles:
        if role.before.managed is role.after.managed is Managed.NOBODY:
            continue
        yield (Strong(role.role.value), *_group(role), ": ", *_what(review, role))


def _group(role: RoleChange) -> Line:
    old, new = role.before.group, role.after.group
    if old and new and old != new:
        return (" (group ", Code(new), ", before: ", Code(old), ")")
    return (" (group ", Code(new or old or ""), ")")


def _what(review: Review, role: RoleChange) -> Line:
    where = tenant_words(review.after.config)
    before, after = role.before.managed, role.after.managed
    match before, after:
        case Managed.ELSEWHERE, Managed.ELSEWHERE:
            return (f"managed in {where} before and after; this review cannot see who has it.",)
        case Managed.NOBODY, Managed.ELSEWHERE:
            return (f"new, managed in {where}; this review cannot see who has it.",)
        case Managed.HERE, Managed.ELSEWHERE:
            listed: Line = (
                ("; listed until now: ", *_who(grant.person for grant in role.lost))
                if role.lost
                else ("; nobody was listed",)
            )
            return (f"managed in {where} from now on", *listed, ". This review cannot see who "
                    "gains or loses it then.")  # fmt: skip
        case Managed.ELSEWHERE, Managed.NOBODY:
            return ("no longer declared; this review cannot see who had it.",)
    line: list[Inline] = [_LEADS.get((before, after), "")]
    for index, part in enumerate(list(_parts(role)) or [("nobody has it",)]):
        line += ["; " if index else "", *part]
    return (*(part for part in line if part), ".")


_LEADS = {
    (Managed.ELSEWHERE, Managed.HERE): "listed here from now on; ",
    (Managed.NOBODY, Managed.HERE): "new; ",
    (Managed.HERE, Managed.NOBODY): "no longer declared; ",
}


def _parts(role: RoleChange) -> Iterator[Line]:
    for one, many, grants in (
        ("gains it", "gain it", role.gained),
        ("loses it", "lose it", role.lost),
        ("keeps it", "keep it", role.kept),
    ):
        if grants:
            people = _who(grant.person for grant in grants)
            yield (*people, f" {one if len(grants) == 1 else many}")


def _who(people: Iterable[str]) -> Line:
    return codes(people, most=MOST_IN_LINE, rest="more people")


def _members(review: Review) -> Iterator[Line]:
    """The users' group: whoever is in it is a member of the account, with or without a role."""
    users, where = review.people.users, tenant_words(review.after.config)
    group = Code(users.after.group or "")
    if users.joins and review.before is not None:
        yield (*_who(users.joins), _verb(users.joins, " joins", " join"), " the users' group ",
               group, ".")  # fmt: skip
    if users.leaves:
        yield (*_who(users.leaves), _verb(users.leaves, " leaves", " leave"), " the users' group ",
               group, " and with it the account.")  # fmt: skip
    if users.stays_unlisted:
        yield (*_who(users.stays_unlisted), _verb(users.stays_unlisted, " stays", " stay"),
               " in the users' group ", group, f" until taken out in {where}: in the account, "
               "without a role listed here.")  # fmt: skip
    if users.before.managed is not users.after.managed:
        yield _users_managed(users.after, group, where)


def _users_managed(after: Held, group: Code, where: str) -> Line:
    if after.managed is Managed.ELSEWHERE:
        return ("Who else is in the users' group ", group, f" is decided in {where}: people with "
                "a role are added, nobody is taken out.")  # fmt: skip
    people = _who(after.members) or ("nobody",)
    return ("The users' group ", group, " holds exactly ", *people, ".")


def _verb(people: tuple[str, ...], one: str, many: str) -> str:
    return one if len(people) == 1 else many
