"""What the approver must not overlook, the riskiest first."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from cfscim.config.access import Grant, known_super_administrators
from cfscim.config.access import people as everybody
from cfscim.config.facts import FEWEST_SUPER_ADMINISTRATORS
from cfscim.config.kinds import APPLICATIONS, JOBS, TOKENS, kind_of, words_for
from cfscim.config.lanes import lanes, moved, primary
from cfscim.config.models import removal_for
from cfscim.config.names import group_names, tenant_words
from cfscim.config.project import Settings
from cfscim.config.roles import Role
from cfscim.report.document import Code, Inline, Line, Strong, codes, count, listed, verb
from cfscim.review.changes import Action, ResourceChange, reasons_line
from cfscim.review.compare import Managed, Review, RoleChange
from cfscim.review.risk import Kind, Risk, Risks
from cfscim.review.setting_risks import setting_risks
from cfscim.review.settings import SettingChange, stack_changes

MOST_NAMES = 20
"""People named in one line; everyone stands in the table below it."""


SUPER = Role.SUPER_ADMINISTRATOR


def super_gained(review: Review) -> Risks:
    """Everybody who gains Super Administrator, which is power over everything."""
    role = _role(review, SUPER)
    if not role.gained:
        return
    tail: list[Inline] = [": full power over the account, everybody's access included."]
    if role.before.managed is Managed.ELSEWHERE:
        where = tenant_words(review.after.config)
        tail.insert(0, f", unless {where} gave it before")
    words: Line = (verb(len(role.gained), " gains ", " gain "), Strong(SUPER.value))
    yield Risk(
        Kind.SUPER_ADMINISTRATOR_GAINED,
        # Everybody by name: who stood behind a number could be anybody.
        (*codes(_people(role.gained)), *words, *_through(role.gained), *tail),
        _people(role.gained),
    )


def super_few(review: Review) -> Risks:
    """Fewer than two known Super Administrators, break-glass included, and fewer than before."""
    if _role(review, SUPER).after.managed is Managed.ELSEWHERE:
        return
    remaining = known_super_administrators(review.after.config)
    had = known_super_administrators(review.before.config) if review.before else None
    if len(remaining) >= FEWEST_SUPER_ADMINISTRATORS or (
        had is not None and len(remaining) >= len(had)
    ):
        return
    line: Line = (
        Strong("Nobody"),
        " is named as Super Administrator, neither in the role nor as break-glass: the account "
        "can be locked out.",
    )
    if remaining:
        line = (
            "Only ",
            *codes(remaining),
            " is known as Super Administrator, break-glass included: one wrong step can lock the "
            "account out.",
        )
    yield Risk(Kind.SUPER_ADMINISTRATORS_FEW, line)


def elsewhere(review: Review) -> Risks:
    """Roles, the most powerful first, about which no review will say who gains them."""
    for role in reversed(review.people.roles):
        if role.after.managed is Managed.ELSEWHERE and role.before.managed is not Managed.ELSEWHERE:
            where = tenant_words(review.after.config)
            yield Risk(
                Kind.SUPER_ADMINISTRATOR_UNSEEN if role.role is SUPER else Kind.ROLE_UNSEEN,
                (
                    "Who is ",
                    Strong(role.role.value),
                    f" is decided in {where} from now on, in the group ",
                    Code(role.after.group or ""),
                    ": no review will show who gains it.",
                ),
            )


def gained(review: Review) -> Risks:
    """Every other role that is gained, the most powerful first."""
    for role in reversed(review.people.roles):
        if role.gained and role.role is not SUPER:
            words: Line = (verb(len(role.gained), " gains ", " gain "), Strong(role.role.value))
            line = (*_names(role.gained), *words, *_through(role.gained), ".")
            yield Risk(Kind.ROLE_GAINED, line, _people(role.gained))


def joins(review: Review) -> Risks:
    """Members of the account without a role."""
    users, people = review.people.users, review.people.joins_without_role
    if people and review.before is not None:
        who = (*codes(people, most=MOST_NAMES), verb(len(people), " joins", " join"))
        group = Code(users.after.group or "")
        yield Risk(
            Kind.JOINS_ACCOUNT, (*who, " the users' group ", group, ", without a role."), people
        )
    if users.before.managed is Managed.HERE and users.after.managed is Managed.ELSEWHERE:
        where = tenant_words(review.after.config)
        yield Risk(
            Kind.MEMBERS_UNSEEN,
            (
                "Who else is in the users' group ",
                Code(users.after.group or ""),
                f", and so a member of the account, is decided in {where} from now on: no review "
                "will show who joins it.",
            ),
        )


def joins_next(review: Review) -> Risks:
    """Members of the account by the new way of a move, whom the present one does not have."""
    if review.whole.move is None:
        return
    ways = [primary(review.whole)]
    ways += [lane.config for lane in lanes(review.whole_before)] if review.whole_before else []
    known = {person.lower() for way in ways for person in everybody(way)}
    to = moved(review.whole)
    new = tuple(person for person in everybody(to) if person.lower() not in known)
    if new:
        who = (*codes(new), verb(len(new), " joins", " join"))
        group = Code(to.identity_provider.users_group.name)
        line = (*who, " the users' group ", group, " of the new way, without a role.")
        yield Risk(Kind.JOINS_NEXT_WAY, line, new)


def lost(review: Review) -> Risks:
    """Everybody who loses a role, a line for each role."""
    for role in review.people.roles:
        if role.lost:
            who, people, loss = _names(role.lost), _people(role.lost), _loss(review, role)
            # What to write instead is for the author; the approver reads what comes of it.
            full = (*who, *loss, *_to_write_instead(role))
            yield Risk(Kind.ROLE_LOST, full, people, brief=(*who, *loss))


def _loss(review: Review, role: RoleChange) -> Line:
    name = Strong(role.role.value)
    loses = verb(len(role.lost), " loses ", " lose ")
    if role.after.managed is Managed.ELSEWHERE:
        where = tenant_words(review.after.config)
        return (
            verb(len(role.lost), " is", " are"),
            " no longer listed for ",
            name,
            f": {where} decides from now on; this update takes nobody out of the group ",
            Code(role.after.group or ""),
            ".",
        )
    if role.after.managed is Managed.NOBODY:
        return loses, name, f": the role is no longer declared.{_what_stays(review)}"
    return (loses, name, *_through(role.lost), ".")


def _to_write_instead(role: RoleChange) -> Line:
    if role.after.managed is not Managed.NOBODY:
        return ()
    instead = Code(f"{role.role.value}: {{members: []}}")
    return " To take it from everyone and keep the group, write ", instead, "."


def _what_stays(review: Review) -> str:
    """When a role that is no longer declared is really gone (docs/leaving.md, A role less)."""
    if review.before is None or review.provider_switched or review.account_switched:
        return ""
    if review.before.config.identity_provider.kind == "entra":
        return " Entra deletes the group in Cloudflare at its next cycle; the role is gone then."
    return " Its group stays in Cloudflare, and gives the role, until a person removes it there."


def respelled(review: Review) -> Risks:
    """Addresses that are read without regard to case, so that the same person keeps a role."""
    was = {grant.person.lower(): grant.person for grant in review.people.before.values()}
    kept = {grant.person for grant in review.people.difference.kept}
    people = tuple(sorted(person for person in kept if was.get(person.lower(), person) != person))
    if people:
        old = codes([was[person.lower()] for person in people], most=MOST_NAMES)
        line = (*codes(people, most=MOST_NAMES), " written otherwise than before (", *old, "): ")
        yield Risk(Kind.PERSON_RESPELLED, (*line, "taken for the same people."), people)


def role_dropped(review: Review) -> Risks:
    """Roles that leave the config while the identity provider says who has them."""
    for role in review.people.roles:
        if role.after.managed is Managed.NOBODY and role.before.managed is Managed.ELSEWHERE:
            where = tenant_words(review.before.config) if review.before else ""
            yield Risk(
                Kind.ROLE_DROPPED,
                (
                    Strong(role.role.value),
                    " is no longer declared: everyone whom ",
                    where,
                    " has in the group ",
                    Code(role.before.group or ""),
                    " is affected; who that is cannot be seen here.",
                    _what_stays(review),
                ),
            )


def leaves(review: Review) -> Risks:
    """Everybody who leaves the users' group, and with it the account."""
    people = review.people.users.leaves
    if people:
        yield Risk(
            Kind.LEAVES_ACCOUNT,
            (
                *codes(people, most=MOST_NAMES),
                verb(len(people), " leaves", " leave"),
                " the users' group ",
                Code(review.people.users.after.group or ""),
                " and with it the Cloudflare account.",
            ),
            people,
        )


def unseen_removals(review: Review) -> Risks:
    """Groups whose members are listed from now on: who else is in them goes, unseen."""
    where = tenant_words(review.after.config)
    for role in review.people.roles:
        if role.before.managed is Managed.ELSEWHERE and role.after.managed is Managed.HERE:
            yield Risk(
                Kind.UNSEEN_REMOVALS,
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
            Kind.UNSEEN_REMOVALS,
            (
                "The users' group ",
                Code(users.after.group or ""),
                " will hold exactly the people listed: anyone else who is in it today leaves the "
                "Cloudflare account, and this review cannot name them.",
            ),
        )


def _names(grants: Iterable[Grant]) -> Line:
    return codes(_people(grants), most=MOST_NAMES, rest="more people (all are named below)")


def _people(grants: Iterable[Grant]) -> tuple[str, ...]:
    return tuple(grant.person for grant in grants)


def _through(grants: Iterable[Grant]) -> Line:
    groups = sorted({grant.group for grant in grants})
    return (" through the group ", *listed(Code(group) for group in groups))


def _role(review: Review, role: Role) -> RoleChange:
    return next(change for change in review.people.roles if change.role is role)


def refused(review: Review) -> Risks:
    """Protected resources that would go, and what `removals` has to name."""
    if not review.refused:
        return
    by_kind: dict[str, list[str]] = {}
    for change in review.refused:
        by_kind.setdefault(change.resource.type, []).append(change.resource.name)
    line: list[Inline] = [
        Strong("This change cannot be carried out as it stands."),
        " Pulumi refuses to delete or to replace what is protected: ",
    ]
    kinds: list[Inline] = []
    for index, (type_, names) in enumerate(by_kind.items()):
        kind = kind_of(type_)
        words = kind.words if len(names) == 1 else f"{len(names)} {kind.many}"
        line += ["; " if index else "", f"{words} (", *codes(sorted(names), most=5), ")"]
        kinds.append(words)
    # What `removals` has to name, so that each refused resource may go.
    needed = sorted({removal_for(change.resource.name) for change in review.refused})
    yield Risk(
        Kind.REFUSED_PROTECTED,
        (
            *(part for part in line if part),
            ". Take back what causes it, or allow it first, in a change of its own that puts ",
            *listed(Code(f"what: {entry}") for entry in needed),
            " under ",
            Code("removals"),
            " (docs/leaving.md).",
        ),
        brief=(
            Strong("Cannot be carried out, because it is protected:"),
            " ",
            *listed(kinds),
            ". Take that back, or first allow it by ",
            Code("removals"),
            " of ",
            *listed(Code(entry) for entry in needed),
            " (docs/leaving.md).",
        ),
    )


def account(review: Review) -> Risks:
    """The account is another one, or only its name is."""
    if review.before is None:
        return
    old, new = review.before.config.account, review.after.config.account
    if not review.account_switched:
        if old.name != new.name:
            names = (Code(new.name), " from now on (was ", Code(old.name), ")")
            line = (Strong("The account is called otherwise in every plan:"), " ", *names, ".")
            yield Risk(Kind.ACCOUNT_RENAMED, line)
        return
    people = review.people.keeping
    which: Line = (
        Strong("Another Cloudflare account:"),
        " ",
        Code(f"{new.name} ({new.id})"),
        " instead of ",
        Code(f"{old.name} ({old.id})"),
        ".",
    )
    there = " Every role below is one in the new account; in the old one this program removes "
    # Roles in another account are granted, so that everybody is named who has one there.
    brief = (*which[:-1], ", where nobody is removed. In the new one roles go to ", *codes(people))
    yield Risk(
        Kind.ACCOUNT_SWITCHED, (*which, f"{there}nobody."), people, brief=brief if people else ()
    )


def program(review: Review) -> Risks:
    """The program itself: whatever the lines below say was worked out by what changes here."""
    change = review.program
    if not change:
        return
    line: list[Inline] = [Strong("The program itself changes:"), " "]
    for index, (words, files) in enumerate(change.groups):
        line += ["; " if index else "", f"{words} (", *codes(files, most=8, rest="more files"), ")"]
    for setting in change.settings:
        line += ["; ", *setting.is_now]
    line.append(
        ". Read that difference first: it does what this plan says only if it is what it seems."
    )
    if not change.as_before:
        line.append(
            " The program of before could not be run, so that the changed one made both plans."
        )
    yield Risk(Kind.PROGRAM_CHANGED, tuple(part for part in line if part))


def reached(review: Review) -> Risks:
    """A change of the providers' settings sends the pipeline's credentials somewhere else."""
    changes = [change for change in _stack_changes(review) if ":" in change.path]
    if changes:
        yield Risk(
            Kind.PROVIDER_SETTINGS,
            (
                Strong("Vendors are reached in another way:"),
                " ",
                *_each(changes),
                ". Credentials are sent there, and everything is looked up and made there.",
            ),
        )


def sealed(review: Review) -> Risks:
    """Another key of the encrypted values, for a stack that had one."""
    changes = [change for change in _stack_changes(review) if ":" not in change.path]
    if changes and review.before is not None:
        yield Risk(
            Kind.SECRETS_KEY,
            (
                Strong("Encrypted values get another key:"),
                " ",
                *_each(changes),
                ". Whoever holds it reads the token's value in the state.",
            ),
        )


def _stack_changes(review: Review) -> tuple[SettingChange, ...]:
    return stack_changes(
        review.before.settings if review.before else Settings(), review.after.settings
    )


def _each(changes: Iterable[SettingChange]) -> Iterator[Inline]:
    for index, change in enumerate(changes):
        yield from (", ",) if index else ()
        yield from change.is_now


def provider(review: Review) -> Risks:
    """The identity provider is another one."""
    if review.before is None or not review.provider_switched:
        return
    old, new = tenant_words(review.before.config), tenant_words(review.after.config)
    yield Risk(
        Kind.PROVIDER_SWITCHED,
        (
            Strong(f"People come from {new} instead of {old}:"),
            f" groups and application are made anew in {new}, and {old} must be stopped by hand.",
        ),
    )


def role_model(review: Review) -> Risks:
    """Another way in which groups give roles; the same names leave a gap (docs/user-groups.md)."""
    if review.before is None or review.account_switched or review.provider_switched:
        return
    before, after = review.before.config, review.after.config
    if before.role_model == after.role_model:
        return
    people = review.people.keeping
    old, new = group_names(before), group_names(after)
    same = any(old[role] == new[role] for role in old.keys() & new.keys())

    def line(who: Line) -> Line:
        return (
            Strong("Roles are given in another way:"),
            " ",
            *(_same_names(who) if same else _new_names(who)),
        )

    everyone: Line = ("everyone in the role groups",)
    # Nobody gains or loses a role by it: who has one is as before, and counted as that.
    counted: Line = (count(len(people), "person", "people"),) if people else everyone
    yield Risk(
        Kind.ROLE_MODEL_SWITCHED,
        line(codes(people, most=MOST_NAMES) or everyone),
        people,
        brief=line(counted),
    )


def _same_names(who: Line) -> Line:
    return (
        "groups keep their names, so that the old and the new ones cannot stand side by side. ",
        *who,
        " may be without a role from this update until the next provisioning cycles have ended "
        "and ",
        Code("verify"),
        " holds; docs/user-groups.md has the way without a gap.",
    )


def _new_names(who: Line) -> Line:
    return (
        "every role comes from a new group, and ",
        *who,
        " must be in it, in Cloudflare, before the old one goes; docs/user-groups.md has the "
        "order.",
    )


def first_effect(review: Review) -> Risks:
    """Roles that were declared before and reach Cloudflare only now."""
    if review.before is None or review.before.config.identity_provider.delivers:
        return
    people = review.people.keeping
    roles = (", and with them the roles of ", *codes(people, most=MOST_NAMES)) if people else ()
    if review.after.config.identity_provider.delivers and not review.provider_switched:
        yield Risk(
            Kind.TAKES_EFFECT,
            (
                Strong("Declared roles take effect now:"),
                " the groups reach Cloudflare with this update",
                *roles,
                ".",
            ),
            tuple(people),
        )


def replaced(review: Review) -> Risks:
    """Tokens, applications and jobs that are replaced or deleted, and what stops by it."""
    for change in review.resources:
        gone = change.action in (Action.REPLACE, Action.DELETE) and not change.refused
        if gone and change.resource.type in TOKENS | APPLICATIONS | JOBS:
            yield _replacement(review, change)


def _replacement(review: Review, change: ResourceChange) -> Risk:
    type_ = change.resource.type
    created = [
        resource.resource.type for resource in review.resources if resource.action is Action.CREATE
    ]
    heir = next((type_ for type_ in created if type_ in TOKENS), None) if type_ in TOKENS else None
    gone = change.action is Action.DELETE and heir is None
    line: list[Inline] = [Strong("Deleted:" if gone else "Replaced:"), f" {words_for(type_)} "]
    line.append(Code(change.resource.name))
    if heir is not None:
        line.append(f", by a {words_for(heir)}")
    if change.reasons:
        line += [", because ", *reasons_line(change.reasons)]
    line.append(".")
    if type_ in TOKENS:
        return _token_replaced(review, change, (*line, _new_token(review)), heir)
    what = "job" if type_ in JOBS else "application"
    return Risk(Kind(f"{what}-{'deleted' if gone else 'replaced'}"), tuple(line))


def _token_replaced(review: Review, change: ResourceChange, line: Line, heir: str | None) -> Risk:
    why = [Code(why.path) for why in change.reasons]
    cause: Line = (" (", *listed(why), ")") if why else ()
    by: Line = (f" by a {words_for(heir)}",) if heir is not None else ()
    brief: Line = (Strong("Token replaced"), *by, *cause, f": {_handed_over(review)}")
    return Risk(Kind.TOKEN_REPLACED, line, brief=brief)


def _new_token(review: Review) -> str:
    if not review.after.config.identity_provider.by_hand:
        return f" {_handed_over(review)}"
    return (
        " The new token is made first and the old one is deleted at the end of the same update: "
        f"{_handed_over(review)}"
    )


def _handed_over(review: Review) -> str:
    if review.after.config.identity_provider.by_hand:
        return "from then on Okta provisions nobody until a person enters the new token."
    return f"{tenant_words(review.after.config)} gets the new token before the old one is deleted."


def begun(review: Review) -> Risks:
    """Updates that began since the base and were not verified: who has what now nobody knows."""
    if review.begun:
        line = (
            "Since then updates began that were never verified, from ",
            *listed(Code(commit) for commit in review.begun),
            ": what they gave or took may be in force. Whoever gains or loses a role compared with "
            "any of them is counted below.",
        )
        yield Risk(Kind.UPDATE_BEGUN, line)


def risks(review: Review) -> tuple[Risk, ...]:
    """Everything risky about a change, in the order in which it should be read."""
    return tuple(
        replace(risk, rank=rank) for rank, check in enumerate(_CHECKS) for risk in check(review)
    )


_CHECKS: tuple[Callable[[Review], Risks], ...] = (
    program,
    begun,
    super_gained,
    super_few,
    elsewhere,
    refused,
    reached,
    sealed,
    account,
    provider,
    role_model,
    first_effect,
    gained,
    lost,
    role_dropped,
    leaves,
    joins,
    joins_next,
    respelled,
    unseen_removals,
    replaced,
    setting_risks,
)
