"""What is risky for people: who gains too much, loses something, or can no longer be seen."""

from collections.abc import Iterable, Iterator

from cfscim.config.access import Grant
from cfscim.config.roles import Role
from cfscim.report.document import Code, Inline, Line, Strong, codes, listed
from cfscim.review.compare import Review, tenant_words
from cfscim.review.people import Managed, RoleChange
from cfscim.review.risk import MOST_NAMES, Risk

SUPER = Role.SUPER_ADMINISTRATOR


def super_gained(review: Review) -> Iterator[Risk]:
    role = _role(review, SUPER)
    if not role.gained:
        return
    tail: list[Inline] = [": full power over the account, everybody's access included."]
    if role.before.managed is Managed.ELSEWHERE:
        where = tenant_words(review.after.config)
        tail.insert(0, f", unless {where} gave it before")
    words: Line = (_verb(role.gained, " gains ", " gain "), Strong(SUPER.value))
    yield Risk(
        "super-administrator-gained",
        (*_names(role.gained), *words, *_through(role.gained), *tail),
        _people(role.gained),
    )


def super_few(review: Review) -> Iterator[Risk]:
    """Fewer than two known Super Administrators, break-glass included, and fewer than before."""
    role, config = _role(review, SUPER), review.after.config
    if role.after.managed is Managed.ELSEWHERE:
        return
    left = {person.lower() for person in (*role.after.members, *config.break_glass)}
    had = {person.lower() for person in role.before.members}
    if review.before:
        had |= {person.lower() for person in review.before.config.break_glass}
    if len(left) >= 2 or (review.before and len(left) >= len(had)):
        return
    line: Line = (
        Strong("Nobody"),
        " is named as Super Administrator, neither in the role nor as break-glass: the account "
        "can be locked out.",
    )
    if left:
        line = (
            "Only ",
            *codes(sorted(left)),
            " is known as Super Administrator, break-glass included: one wrong step can lock the "
            "account out.",
        )
    yield Risk("super-administrators-few", line)


def super_elsewhere(review: Review) -> Iterator[Risk]:
    role = _role(review, SUPER)
    if role.after.managed is Managed.ELSEWHERE and role.before.managed is not Managed.ELSEWHERE:
        where = tenant_words(review.after.config)
        yield Risk(
            "super-administrator-unseen",
            (
                "Who is ",
                Strong(SUPER.value),
                f" is decided in {where} from now on, in the group ",
                Code(role.after.group or ""),
                ": no review will show who gains it.",
            ),
        )


def lost(review: Review) -> Iterator[Risk]:
    for role in review.people.roles:
        if role.lost:
            yield Risk("role-lost", (*_names(role.lost), *_loss(review, role)), _people(role.lost))


def _loss(review: Review, role: RoleChange) -> Line:
    name = Strong(role.role.value)
    loses = _verb(role.lost, " loses ", " lose ")
    if role.after.managed is Managed.ELSEWHERE:
        where = tenant_words(review.after.config)
        return (
            _verb(role.lost, " is", " are"),
            " no longer listed for ",
            name,
            f": {where} decides from now on; this update takes nobody out of the group ",
            Code(role.after.group or ""),
            ".",
        )
    if role.after.managed is Managed.NOBODY:
        instead = Code(f"{role.role.value}: {{members: []}}")
        return (loses, name, ": the role is no longer declared.", _what_stays(review),
                " To take it from everyone and keep the group, write ", instead, ".")  # fmt: skip
    return (loses, name, *_through(role.lost), ".")


def _what_stays(review: Review) -> str:
    """When a role that is no longer declared is really gone (docs/leaving.md, A role less)."""
    if review.before is None or review.provider_switched or review.account_switched:
        return ""
    if review.before.config.identity_provider.kind == "entra":
        return " Entra deletes the group in Cloudflare at its next cycle; the role is gone then."
    return " Its group stays in Cloudflare, and gives the role, until a person removes it there."


def role_dropped(review: Review) -> Iterator[Risk]:
    for role in review.people.roles:
        if role.after.managed is Managed.NOBODY and role.before.managed is Managed.ELSEWHERE:
            where = tenant_words(review.before.config) if review.before else ""
            yield Risk(
                "role-dropped",
                (Strong(role.role.value), " is no longer declared: everyone whom ", where,
                 " has in the group ", Code(role.before.group or ""), " is affected; who that is "
                 "cannot be seen here.", _what_stays(review)),
            )  # fmt: skip


def leaves(review: Review) -> Iterator[Risk]:
    people = review.people.users.leaves
    if people:
        verb = " leaves" if len(people) == 1 else " leave"
        yield Risk(
            "leaves-account",
            (
                *codes(people, most=MOST_NAMES),
                verb,
                " the users' group ",
                Code(review.people.users.after.group or ""),
                " and with it the Cloudflare account.",
            ),
            people,
        )


def unseen_removals(review: Review) -> Iterator[Risk]:
    where = tenant_words(review.after.config)
    for role in review.people.roles:
        if role.before.managed is Managed.ELSEWHERE and role.after.managed is Managed.HERE:
            yield Risk(
                "unseen-removals",
                (
                    "The group ",
                    Code(role.after.group or ""),
                    " will hold exactly the people listed for ",
                    Strong(role.role.value),
                    f": anyone else whom {where} has in it today loses the role, and this review "
                    "cannot name them.",
                ),
            )
    users = review.people.users
    if users.before.managed is Managed.ELSEWHERE and users.after.managed is Managed.HERE:
        yield Risk(
            "unseen-removals",
            (
                "The users' group ",
                Code(users.after.group or ""),
                " will hold exactly the people listed: anyone else who is in it today leaves the "
                "Cloudflare account, and this review cannot name them.",
            ),
        )


def _names(grants: Iterable[Grant]) -> Line:
    return codes(_people(grants), most=MOST_NAMES, rest="more people (all in the table below)")


def _people(grants: Iterable[Grant]) -> tuple[str, ...]:
    return tuple(grant.person for grant in grants)


def _through(grants: Iterable[Grant]) -> Line:
    groups = sorted({grant.group for grant in grants})
    return (" through the group ", *listed(Code(group) for group in groups))


def _role(review: Review, role: Role) -> RoleChange:
    return next(change for change in review.people.roles if change.role is role)


def _verb(grants: tuple[Grant, ...], one: str, many: str) -> str:
    return one if len(grants) == 1 else many
