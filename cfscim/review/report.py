"""A review as a document: the same parts in the same order as text, as Markdown and as JSON."""

from collections.abc import Iterable, Iterator, Sequence

from cfscim.config.access import Grant
from cfscim.config.kinds import kind_of, words_for
from cfscim.config.models import ScimConfig
from cfscim.config.names import tenant_words
from cfscim.config.outputs import PRINT_TOKEN
from cfscim.config.roles import ROLES, Role
from cfscim.config.warnings import lines
from cfscim.hints import anywhere, stack_words
from cfscim.plan.model import as_json, grant_json
from cfscim.plan.report import by_hand, prose
from cfscim.report.document import (
    Block,
    Bullets,
    Code,
    Diff,
    Document,
    Fold,
    Inline,
    Line,
    Paragraph,
    Prose,
    Section,
    Strong,
    Table,
    Weight,
    codes,
    count,
    listed,
    plain,
    verb,
)
from cfscim.review.changes import (
    KNOWN_LATER,
    Action,
    PropertyChange,
    ResourceChange,
    reasons_line,
    short,
    text_of,
)
from cfscim.review.compare import (
    Managed,
    PersonChange,
    Review,
    RoleChange,
    RoleSide,
)
from cfscim.review.risks import risks

POWER = {role: index for index, role in enumerate(reversed(ROLES))}
"""The most powerful role first."""
ALL_IN_TABLE = 3
"""Grants of which the table holds every one, however much has to be cut."""


def review_document(review: Review, policy: Sequence[Section] = ()) -> Document:
    """Everything about a change, the riskiest first; `policy`: what the policy rules say."""
    stack = review.after.stack
    sections: list[Section] = [*_first(review), *policy] if review.program else [*policy]
    if not review.nothing_changes:
        sections = [
            *_first(review),
            *policy,
            *_all_gained(review),
            people_section(review),
            *_settings(review),
            *resources_section(review),
            *_by_hand(review),
        ]
    which = stack_words(review.after.file, stack)
    command = Code(anywhere("plan", *which, "--against", review.label))
    return Document(
        marker=f"cfscim-plan {stack}",
        title=("Stack ", Code(stack), ": ", headline(review)),
        intro=(Paragraph(_where(review)), Paragraph(_verdict(review))),
        sections=(*sections, *_warnings(review)),
        outro=(
            Paragraph(
                ("Made from the config alone, without asking any vendor. All of it: ", command, ".")
            ),
        ),
    )


def headline(review: Review) -> str:
    """What the change comes to, in a few words."""
    if review.nothing_changes:
        return "the program itself changes" if review.program else "nothing changes"
    parts = [
        *(["cannot be carried out"] if review.refused else []),
        *(["the program itself changes"] if review.program else []),
        *(["another Cloudflare account"] if review.account_switched else []),
        *(["another identity provider"] if review.provider_switched else []),
        _peopleheadline(review),
        *(["the token is replaced"] if review.token_replaced else []),
    ]
    return ", ".join(parts)


def _peopleheadline(review: Review) -> str:
    lost, unlisted = _lost(review)
    parts = [
        count(number, f"person {singular}", f"people {many}")
        for grants, singular, many in (
            (review.people.difference.gained, "gains a role", "gain a role"),
            (lost, "loses a role", "lose a role"),
            (unlisted, "is no longer listed for a role", "are no longer listed for a role"),
        )
        if (number := _people(grants))
    ]
    return " and ".join(parts) or "no listed person gains or loses a role"


def _lost(review: Review) -> tuple[list[Grant], list[Grant]]:
    """Grants that end, and those that only are no longer listed here."""
    handed: list[RoleChange] = [
        role for role in review.people.roles if role.after.managed is Managed.ELSEWHERE
    ]
    unlisted = [grant for role in handed for grant in role.lost]
    return [grant for grant in review.people.difference.lost if grant not in unlisted], unlisted


def _people(grants: Iterable[Grant]) -> int:
    return len({grant.person.lower() for grant in grants})


def _where(review: Review) -> Line:
    config = review.after.config
    line: list[Inline] = [
        "Cloudflare account ",
        Code(f"{config.account.name} ({config.account.id})"),
        f", people from {tenant_words(config)}. ",
    ]
    if review.note is None:
        return (*line, "Compared with ", Code(review.label), ".")
    return (*line, Prose(review.note))


def _verdict(review: Review) -> Line:
    if review.nothing_changes:
        return ("Nobody gains or loses a role, and no resource changes.",)
    lost, unlisted = _lost(review)
    gained, kept = review.people.difference.gained, review.people.difference.kept
    numbers = [f"Gain a role: {_people(gained)}", f"lose one: {_people(lost)}"]
    if unlisted:
        numbers.append(f"no longer listed: {_people(unlisted)}")
    numbers.append(f"keep one: {_people(kept)}")
    line: list[Inline] = [Strong(f"{', '.join(numbers)}."), f" {resource_counts(review.resources)}"]
    where = tenant_words(review.after.config)
    roles = review.people.roles
    unseen = [role.role.value for role in roles if role.after.managed is Managed.ELSEWHERE]
    if unseen:
        line.append(f" Not in these numbers: who has {', '.join(unseen)}, because {where} decides.")
    if not review.after.config.identity_provider.delivers:
        line.append(f" {_waiting(review)}")
    return tuple(line)


def _waiting(review: Review) -> str:
    if review.after.config.identity_provider.kind == "okta":
        return (
            "No role takes effect in Cloudflare yet: the groups are pushed once a person has done "
            "the console steps and confirmed them."
        )
    return "No role takes effect in Cloudflare: provisioning is not started."


def _first(review: Review) -> Iterator[Section]:
    if first := risks(review):
        lines = tuple(risk.line for risk in first)
        yield Section("Look at this first", (Bullets(lines, Weight.VITAL),))


def _settings(review: Review) -> Iterator[Section]:
    lines = tuple((*setting.old_to_new, ". ", setting.meaning) for setting in review.settings)
    if lines:
        yield Section("Settings that change", (Bullets(lines),))


def _by_hand(review: Review) -> Iterator[Section]:
    new, same, gone = (
        tuple(by_hand(review.after, step.text) for step in steps)
        for steps in (review.steps.new, review.steps.same, review.steps.gone)
    )
    new = (*once(review), *new)
    blocks: list[Block] = [Bullets(new, numbered=True)] if new else []
    blocks += _folded(same, gone, "step")
    if blocks:
        yield Section("Left to do by hand", tuple(blocks))


def _warnings(review: Review) -> Iterator[Section]:
    blocks: list[Block] = []
    if review.warnings.new:
        blocks.append(Bullets(prose(lines(review.warnings.new))))
    blocks += _folded(
        prose(lines(review.warnings.same)), prose(lines(review.warnings.gone)), "warning"
    )
    if blocks:
        yield Section("Warnings", tuple(blocks))


def _folded(same: tuple[Line, ...], gone: tuple[Line, ...], what: str) -> Iterator[Block]:
    """What stands there before and after the change, and what falls away."""
    for texts, words in ((same, "as before this change"), (gone, "no longer needed")):
        if texts:
            yield Fold(f"{count(len(texts), what)} {words}", (Bullets(texts, Weight.DETAIL),))


MOST_IN_LINE = 20
"""People named in one line; everyone stands in a table."""
ROWS_UNFOLDED = 25
"""Rows of a table that are shown without unfolding it."""


def people_section(review: Review) -> Section:
    """Who gains, loses and keeps what, with the group that causes it."""
    persons = review.people.persons
    changed = [person for person in persons if person.gained or person.lost]
    moved = [person for person in persons if person not in changed and _moves(review, person)]
    kept = [person for person in persons if person not in changed and person not in moved]
    blocks: list[Block] = []
    if changed or moved:
        rows = tuple(_row(review, person) for person in [*changed, *moved])
        table = Table(("Person", "Gains", "Loses", "Keeps"), rows, Weight.VITAL)
        title = f"All {len(rows)} people for whom something changes"
        blocks.append(table if len(rows) <= ROWS_UNFOLDED else Fold(title, (table,)))
    else:
        blocks.append(Paragraph(("No listed person gains or loses a role.",)))
    blocks.append(Bullets(tuple(role_lines(review).values()), Weight.VITAL))
    if kept:
        rows = tuple(((Code(person.person),), _grants(review, person.kept)) for person in kept)
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
    role = next(role for role in review.people.roles if role.role is grant.role)
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


def role_lines(review: Review) -> dict[Role, Line]:
    """Each declared role in a sentence: who gains, loses and keeps it."""
    return {
        role.role: (Strong(role.role.value), *_group(role), ": ", *_what(review, role))
        for role in review.people.roles
        if not role.before.managed is role.after.managed is Managed.NOBODY
    }


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
            return (
                f"managed in {where} from now on",
                *listed,
                ". This review cannot see who gains or loses it then.",
            )
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
    for singular, many, grants in (
        ("gains it", "gain it", role.gained),
        ("loses it", "lose it", role.lost),
        ("keeps it", "keep it", role.kept),
    ):
        if grants:
            people = _who(grant.person for grant in grants)
            yield (*people, f" {verb(len(grants), singular, many)}")


def _who(people: Iterable[str]) -> Line:
    return codes(people, most=MOST_IN_LINE, rest="more people")


def _members(review: Review) -> Iterator[Line]:
    """The users' group: whoever is in it is a member of the account, with or without a role."""
    users, where = review.people.users, tenant_words(review.after.config)
    group = Code(users.after.group or "")
    until = f" until taken out in {where}: in the account, without a role listed here."
    for people, does, do, rest in (
        (users.joins if review.before is not None else (), " joins", " join", "."),
        (users.leaves, " leaves", " leave", " and with it the account."),
        (users.stays_unlisted, " stays in", " stay in", until),
    ):
        if people:
            yield (*_who(people), verb(len(people), does, do), " the users' group ", group, rest)
    if users.before.managed is not users.after.managed:
        yield _users_managed(users.after, group, where)


def _users_managed(after: RoleSide, group: Code, where: str) -> Line:
    if after.managed is Managed.ELSEWHERE:
        return (
            "Who else is in the users' group ",
            group,
            f" is decided in {where}: people with a role are added, nobody is taken out.",
        )
    people = _who(after.members) or ("nobody",)
    return ("The users' group ", group, " holds exactly ", *people, ".")


UNFOLDED = 15
"""Resources that are listed without unfolding."""
_MOST_CHANGES = 3
_MOST_MEMBERS = 5

_DONE = {
    Action.REPLACE: "replaced",
    Action.DELETE: "deleted",
    Action.UPDATE: "updated in place",
    Action.CREATE: "created",
}
_UNMANAGED = "no longer managed, stays as it is"
_SIGNS = {Action.REPLACE: "±", Action.DELETE: "-", Action.UPDATE: "~", Action.CREATE: "+"}


def resource_counts(changes: Sequence[ResourceChange]) -> str:
    """`Resources: 1 replaced, 2 deleted (1 refused), 3 no longer managed.`"""
    parts = []
    for action, done in _DONE.items():
        matching = [change for change in changes if change.action is action and not _let_go(change)]
        if matching:
            refused = sum(change.refused for change in matching)
            note = f" ({refused} of them refused)" if refused and refused < len(matching) else ""
            note = " (refused)" if refused == len(matching) else note
            parts.append(f"{len(matching)} {done}{note}")
    if kept := sum(_let_go(change) for change in changes):
        parts.append(f"{kept} no longer managed")
    return f"Resources: {', '.join(parts)}." if parts else "No resource changes."


def resources_section(review: Review) -> Iterator[Section]:
    """What happens in the three consoles; nothing when no resource changes."""
    if not review.resources:
        return
    changes = sorted(review.resources, key=_risk)
    bullets = Bullets(tuple(_line(change) for change in changes), Weight.NORMAL)
    title = f"All {count(len(changes), 'resource')} that change"
    listed = bullets if len(changes) <= UNFOLDED else Fold(title, (bullets,))
    details = Fold("Every input, old and new", (Diff(tuple(_details(review.resources))),))
    yield Section("Resources", (listed, details))


def _let_go(change: ResourceChange) -> bool:
    return change.action is Action.DELETE and change.retained and not change.refused


def _risk(change: ResourceChange) -> tuple[bool, bool, int]:
    return not change.refused, _let_go(change), list(_DONE).index(change.action)


def _line(change: ResourceChange) -> Line:
    words = words_for(change.resource.type)
    words = words[0].upper() + words[1:]
    line: list[Inline] = [f"{words} ", Code(change.resource.name), f": {outcome(change)}"]
    if change.reasons:
        line += [", because ", *reasons_line(change.reasons)]
    elif change.changes:
        line += [": ", *_inline(change.changes)]
    if change.refused:
        line.append("; refused, because it is protected")
    return (*line, ".")


def outcome(change: ResourceChange) -> str:
    """What becomes of the resource, in words."""
    done = _DONE[change.action]
    if change.refused:
        return f"would be {done}"
    if _let_go(change):
        return _UNMANAGED
    if change.action is Action.DELETE:
        meaning = kind_of(change.resource.type).when_deleted
        return f"{done}; {meaning}" if meaning else done
    return f"{done}, the old one stays" if change.retained else done


def _inline(changes: Sequence[PropertyChange]) -> Line:
    """The first changed inputs, short ones with their values."""
    line: list[Inline] = []
    for change in changes[:_MOST_CHANGES]:
        line += ["; "] if line else []
        line += [Code(change.path), " ", *_values(change)]
    if len(changes) > _MOST_CHANGES:
        line.append(f"; {len(changes) - _MOST_CHANGES} more inputs")
    return tuple(line)


def _values(change: PropertyChange) -> Iterator[Inline]:
    if change.new == KNOWN_LATER:
        yield "gets a new value"
        return
    added, removed = _list_members(change)
    signed = [*(f"+{value}" for value in added), *(f"-{value}" for value in removed)]
    for index, member in enumerate(signed[:_MOST_MEMBERS]):
        yield " " if index else ""
        yield Code(member)
    if len(signed) > _MOST_MEMBERS:
        yield f" and {len(signed) - _MOST_MEMBERS} more"
    if not signed:
        yield from (Code(short(change.old)), " → ", Code(short(change.new)))


def _list_members(change: PropertyChange) -> tuple[list[str], list[str]]:
    """What is added to and what is taken from a list of plain values."""
    if not isinstance(change.old, list) or not isinstance(change.new, list):
        return [], []
    old, new = [text_of(value) for value in change.old], [text_of(value) for value in change.new]
    return [value for value in new if value not in old], [
        value for value in old if value not in new
    ]


def _details(changes: Iterable[ResourceChange]) -> Iterator[str]:
    for change in changes:
        resource = change.resource
        refused = ", refused" if change.refused else ""
        sign = _SIGNS[change.action]
        yield f"{sign} {resource.type} {resource.name}: {outcome(change)}{refused}"
        for reason in change.reasons:
            yield f"      # because {plain(reasons_line([reason]))}"
        if change.action is Action.CREATE:
            for key in sorted(resource.inputs):
                yield f"+     {key}: {text_of(resource.inputs[key])}"
        for part in change.changes:
            yield from _pair(part)


def _pair(change: PropertyChange) -> Iterator[str]:
    added, removed = _list_members(change)
    if added or removed:
        yield f"      {change.path}:"
        yield from (f"-       {value}" for value in removed)
        yield from (f"+       {value}" for value in added)
    elif change.new == KNOWN_LATER:
        yield f"      {change.path}: a new value {KNOWN_LATER}"
    else:
        yield f"-     {change.path}: {text_of(change.old)}"
        yield f"+     {change.path}: {text_of(change.new)}"


def once(review: Review) -> Iterator[Line]:
    """The steps, in the order they are done; none without a base."""
    if review.before is None:
        return
    before, after = review.before.config, review.after.config
    if review.provider_switched:
        yield _old_provider(before)
    elif after.identity_provider.by_hand and review.token_replaced:
        yield by_hand(
            review.after,
            "Right after the update, enter the new token in Okta's console: run "
            f"`{PRINT_TOKEN}`, paste what it prints under "
            "Provisioning > Integration, and select Test API Credentials.",
        )
    if review.account_switched:
        yield (
            "In the old Cloudflare account ",
            Code(f"{before.account.name} ({before.account.id})"),
            ", decide what becomes of its members and User Groups: this program leaves them.",
        )


def _old_provider(before: ScimConfig) -> Line:
    provider = before.identity_provider
    if provider.kind == "okta":
        return (
            "In Okta, stop provisioning in the app ",
            Code(provider.app_label),
            " before Entra starts, or both would write to the same account.",
        )
    return (
        "In Entra, stop provisioning in the application ",
        Code(provider.app_name),
        " before Okta starts, or both would write to the same account.",
    )


def review_json(review: Review) -> dict[str, object]:
    """`as_json` of the plan, and `review`: risks, people, settings, resources, steps."""
    people = review.people
    return {
        **as_json(review.after),
        "review": {
            "against": {
                "base": review.label,
                "compared": review.before is not None,
                "note": review.note,
            },
            "risks": [
                {"kind": risk.kind, "text": plain(risk.line), "people": list(risk.people)}
                for risk in risks(review)
            ],
            "gained": [grant_json(grant) for grant in people.difference.gained],
            "lost": [grant_json(grant) for grant in people.difference.lost],
            "kept": [
                {**grant_json(grant), "groupBefore": people.group_before(grant) or grant.group}
                for grant in people.difference.kept
            ],
            "roles": [
                {
                    "role": role.role.value,
                    "before": _role_side(role.before),
                    "after": _role_side(role.after),
                }
                for role in people.roles
            ],
            "usersGroup": {
                "before": _role_side(people.users.before),
                "after": _role_side(people.users.after),
                "joins": list(people.users.joins),
                "leaves": list(people.users.leaves),
                "staysUnlisted": list(people.users.stays_unlisted),
            },
            "settings": [
                {
                    "path": setting.path,
                    "old": setting.old,
                    "new": setting.new,
                    "meaning": setting.meaning,
                }
                for setting in review.settings
            ],
            "resources": [_resource(change) for change in review.resources],
            "remainingSteps": review.steps.as_json(lambda steps: [step.text for step in steps]),
            "warnings": review.warnings.as_json(lines),
            "program": {
                "files": list(review.program.files),
                "settings": [
                    {"path": setting.path, "old": setting.old, "new": setting.new}
                    for setting in review.program.settings
                ],
                "asBefore": review.program.as_before,
            },
        },
    }


def _role_side(side: RoleSide) -> dict[str, object]:
    return {
        "managed": side.managed.value,
        "group": side.group,
        "members": list(side.members),
    }


def _resource(change: ResourceChange) -> dict[str, object]:
    return {
        "action": change.action.value,
        "type": change.resource.type,
        "name": change.resource.name,
        "urn": change.urn,
        "refused": change.refused,
        "retained": change.retained,
        "reasons": [_property(why) for why in change.reasons],
        "changes": [_property(part) for part in change.changes],
    }


def _property(change: PropertyChange) -> dict[str, object]:
    return {"path": change.path, "old": change.old, "new": change.new}


def _all_gained(review: Review) -> Iterator[Section]:
    """Every grant by name, where there are so many that their table may have to be cut."""
    grants = [(POWER[g.role], review.after.stack, g) for g in review.people.difference.gained]
    if len(grants) > ALL_IN_TABLE:
        lines = tuple(gained_lines(grants, named=False))
        gained = Bullets(lines, Weight.NEVER_CUT)
        yield Section("Every role that is gained", (gained,), when_cut=True)


def gained_lines(grants: Iterable[tuple[int, str, Grant]], *, named: bool = True) -> Iterator[Line]:
    """A line for each role and group with everybody who gains it: order, stack, grant -> lines."""
    by_role: dict[tuple[int, str, str, str], list[str]] = {}
    for power, stack, grant in grants:
        by_role.setdefault((power, stack, grant.role.value, grant.group), []).append(grant.person)
    for (_, stack, role, group), people in sorted(by_role.items()):
        where: Line = (Code(stack), ": ") if named else ()
        via: Line = () if group == role else (" via ", Code(group))
        yield (*where, Strong(role), *via, ": ", *listed(Code(person) for person in people))
