"""A review in a few lines, for a terminal, and the riskiest lines of many reviews together.

Everybody once by name: what is said of the same people again says how many they are.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from enum import IntEnum

from cfscim.config.checklist import Step
from cfscim.config.kinds import CHECKS, PREVIOUS_TOKENS, TOKENS, kind_of
from cfscim.config.roles import ROLES, Role
from cfscim.config.warnings import lines, unseen_members
from cfscim.plan.report import by_hand
from cfscim.report.document import (
    Block,
    Bullets,
    Code,
    Document,
    Inline,
    Line,
    Paragraph,
    Prose,
    Section,
    Signed,
    Strong,
    Weight,
    codes,
    count,
    verb,
)
from cfscim.review.changes import Action, ResourceChange
from cfscim.review.compare import Review
from cfscim.review.report import POWER, gained_lines, headline, outcome, resource_counts
from cfscim.review.risk import Kind, Risk
from cfscim.review.risks import risks

SHORT = 2
"""So few people are named as often as they are spoken of."""
_JOINS = (", ", " and ")
_MORE = re.compile(r"\d+ more( people \(all are named below\))?")
_IN_BRACKETS = re.compile(r" \(([^()\s]+@[^()]*)\)")


def in_full(line: Line, people: Sequence[str]) -> Line:
    """The line with all the people where it names some of them and counts the others."""
    start, end = next(_runs(line, set(people)), (0, 0))
    counted = end > start and line[end : end + 2]
    if not (counted and counted[0] in _JOINS and _is_count(counted[-1])):
        return line
    named = {part.text for part in line[start:end] if isinstance(part, Code)}
    others = [person for person in people if person not in named]
    listed = [part.text for part in line[start:end:2] if isinstance(part, Code)]
    return (*line[:start], *codes([*listed, *others]), *line[end + 2 :])


def named_once(
    lines: Iterable[tuple[str, Line]], everybody: Iterable[str]
) -> Iterator[tuple[str, Line]]:
    """The signed lines in their order, with nobody of `everybody` listed a second time."""
    known, seen = set(everybody), set[str]()
    last: set[str] = set()
    for sign, line in lines:
        parts: list[Inline] = []
        place = 0
        for start, end in _runs(line, known):
            people = {part.text for part in line[start:end:2] if isinstance(part, Code)}
            again = _again(people, last, seen)
            parts += [*line[place:start], *([again] if again else line[start:end])]
            place, last = end, people
            seen |= people
        parts += line[place:]
        yield sign, tuple(_without(part, seen) for part in parts)


def _again(people: set[str], last: set[str], seen: set[str]) -> str:
    """What stands for people who were named; nothing where it would not say who they are."""
    if len(people) <= SHORT or not people <= seen:
        return ""
    if people == last:
        return f"the same {len(people)} people"
    return f"all {len(people)} people named above" if people == seen else ""


def _without(part: Inline, seen: set[str]) -> Inline:
    """A finished sentence without the brackets in which people stand who were named."""
    if not isinstance(part, Prose):
        return part

    def shorter(brackets: re.Match[str]) -> str:
        people = brackets[1].split(", ")
        again = len(people) > SHORT and seen.issuperset(people)
        return " (named above)" if again else brackets[0]

    return Prose(_IN_BRACKETS.sub(shorter, part.text))


def _runs(line: Line, people: set[str]) -> Iterator[tuple[int, int]]:
    """Where people stand in a row, as `codes` writes them: begin and end."""
    place = 0
    while place < len(line):
        end = place
        while end < len(line) and _is_person(line[end], people):
            end += 1
            if end + 1 < len(line) and line[end] in _JOINS and _is_person(line[end + 1], people):
                end += 1
        if end > place:
            yield place, end
        place = max(end, place + 1)


def _is_person(part: Inline, people: set[str]) -> bool:
    return isinstance(part, Code) and part.text in people


def _is_count(part: Inline) -> bool:
    return isinstance(part, str) and bool(_MORE.fullmatch(part))


LISTED = (Kind.ROLE_GAINED, Kind.JOINS_ACCOUNT)
"""Risks that a summary shows person by person instead."""

A_FEW_LINES = 200
"""Signs of a step that is shown where it is the only new one."""

SignedLine = tuple[str, Line]

_SIGNS = {
    Kind.ROLE_LOST: "-",
    Kind.LEAVES_ACCOUNT: "-",
    Kind.SUPER_ADMINISTRATOR_UNSEEN: "?",
    Kind.ROLE_UNSEEN: "?",
    Kind.UNSEEN_REMOVALS: "?",
    Kind.ROLE_DROPPED: "?",
}


def brief_document(review: Review, policy: Sequence[SignedLine], *, titled: bool) -> Document:
    """What changes, the riskiest first, what stays as a count, and one line of summary at the end.

    `titled`: whether the stack is named above, as where several stacks are shown.
    """
    notable = [risk for risk in risks(review) if risk.kind not in LISTED]
    before, about, rest = (
        [line for risk in notable if _turn(risk) == turn for line in _risk(risk)] for turn in Turn
    )
    people = _people(review, notable)
    lines = [*before, *about, *people, *rest, *policy, *_other(review, notable)]
    everybody = [
        *(person for risk in notable for person in risk.people),
        *(grant.person for grant in review.people.difference.gained),
        *review.people.users.joins,
        *review.people.users.stays_unlisted,
    ]
    lines = [*named_once(lines, everybody), *_unchanged(review)]
    blocks: list[Block] = [Signed(tuple(lines))]
    stack = review.after.stack
    if review.note is not None:
        blocks.append(Paragraph((Prose(review.note),)))
    summary = (
        Strong(stack),
        f" against {review.label}: {headline(review)}. ",
        resource_counts(review.resources),
    )
    return Document(
        marker=f"cfscim-plan {stack}",
        title=("Stack ", Code(stack)) if titled else (),
        intro=tuple(blocks),
        outro=(Paragraph(summary),),
    )


def overview(reviews: Sequence[Review]) -> Iterator[Section]:
    """What of many stacks is to be read first: every risk, every role gained, riskiest first."""
    ranked = [
        (risk.rank, review.after.stack, risk)
        for review in reviews
        for risk in risks(review)
        if risk.kind != Kind.ROLE_GAINED  # every one of them has its own line below
    ]
    ranked.sort(key=lambda entry: entry[:2])
    lines = tuple((Code(stack), ": ", *risk.line) for _, stack, risk in ranked)
    if lines:
        yield Section("Of all stacks, look at this first", (Bullets(lines, Weight.NEVER_CUT),))
    grants = [
        (POWER[grant.role], review.after.stack, grant)
        for review in reviews
        for grant in review.people.difference.gained
    ]
    if grants:
        yield Section(
            "Every role that is gained", (Bullets(tuple(gained_lines(grants)), Weight.NEVER_CUT),)
        )


def totals(reviews: Sequence[Review]) -> str:
    """One line over many stacks: how many change, and how many people gain and lose."""
    changing = [review for review in reviews if not review.nothing_changes]
    gained = {
        (r.after.stack, g.person.lower()) for r in reviews for g in r.people.difference.gained
    }
    lost = {(r.after.stack, g.person.lower()) for r in reviews for g in r.people.difference.lost}
    return (
        f"{count(len(reviews), 'stack')}: {len(changing)} change, "
        f"{len(reviews) - len(changing)} do not; "
        f"{count(len(gained), 'person gains', 'people gain')} a role, "
        f"{count(len(lost), 'loses', 'lose')} one or {verb(len(lost), 'is', 'are')} no longer "
        "listed."
    )


class Turn(IntEnum):
    """What is read first: how the rest came about, who gains and loses, and whatever else is."""

    ALL = 0
    PEOPLE = 1
    REST = 2


def _turn(risk: Risk) -> Turn:
    if risk.kind in (Kind.PROGRAM_CHANGED, Kind.UPDATE_BEGUN):
        return Turn.ALL
    return Turn.PEOPLE if risk.kind in _OF_PEOPLE else Turn.REST


_OF_PEOPLE = (
    *(Kind.SUPER_ADMINISTRATOR_GAINED, Kind.ROLE_LOST, Kind.LEAVES_ACCOUNT, Kind.ROLE_DROPPED),
    Kind.ACCOUNT_SWITCHED,
)


def _risk(risk: Risk) -> Iterator[SignedLine]:
    sign = _SIGNS.get(risk.kind, "!")
    line = in_full(risk.brief or risk.line, risk.people)
    yield sign, line
    named = {part.text for part in line if isinstance(part, Code)}
    rest = [person for person in risk.people if person not in named]
    if rest and not risk.brief:
        yield sign, ("That is about ", *codes(rest))


def _people(review: Review, about: Sequence[Risk]) -> Iterator[SignedLine]:
    """Who stays without a role, then the gains that no risk has named yet."""
    if review.people.users.stays_unlisted:
        stays = _they(review.people.users.stays_unlisted, "stays", "stay")
        yield "?", (*stays, "in the account, no role listed")
    named = {
        p for risk in about if risk.kind == Kind.SUPER_ADMINISTRATOR_GAINED for p in risk.people
    }
    difference = review.people.difference
    alike: dict[tuple[Role, str], list[str]] = {}
    for grant in sorted(difference.gained, key=lambda grant: POWER[grant.role]):
        if not (grant.person in named and grant.role is ROLES[-1]):
            alike.setdefault((grant.role, grant.group), []).append(grant.person)
    for (role, group), people in alike.items():
        via: Line = () if group == role.value else (" via ", Code(group))
        yield "+", (*_they(people, "gains", "gain"), Strong(role.value), *via)
    joins = review.people.joins_without_role
    if review.before is not None and joins:
        yield "+", (*_they(joins, "joins", "join"), "the users' group, without a role")


def _they(people: Sequence[str], does: str, do: str) -> Line:
    """Everybody of whom the same is to be said, and what."""
    return (*codes(people), f" {verb(len(people), does, do)} ")


def _others(step: Step, gone: Iterable[Step]) -> list[str] | None:
    """Whom a step is about that was about other people before; None where it was not there."""
    for before in gone:
        named = before.people and step.people
        if named and replace(before, what=step.what, people=step.people) == step:
            return [person for person in step.people if person not in before.people]
    return None


def _other(review: Review, notable: Sequence[Risk]) -> Iterator[SignedLine]:
    kinds = {risk.kind for risk in notable}
    said = {path for kind, path in _SAYS.items() if kind in kinds}
    for setting in review.settings:
        if ":" not in setting.path and setting.path not in said:
            yield "~", setting.old_to_new
    yield from _resources(review)
    yield from _by_hand(review)
    unseen = unseen_members(review.after.config) if kinds & _UNSEEN else ()
    if Kind.TOKEN_NETWORKS in kinds:
        said.add("token.allowedCidrs")
    new = [warning for warning in review.warnings.new if warning not in {*unseen}]
    for text in lines(warning for warning in new if warning.where.key not in said):
        yield "?", (Prose(text),)


_SAYS = {
    Kind.ACCOUNT_SWITCHED: "account.id",
    Kind.ACCOUNT_RENAMED: "account.name",
    Kind.PROVIDER_SWITCHED: "identityProvider.kind",
    Kind.ROLE_MODEL_SWITCHED: "roleModel",
    Kind.PROVISIONING_STOPPED: "identityProvider.start",
}
"""Key paths whose setting or warning says no more than a risk of this kind does."""
_UNSEEN = {Kind.ROLE_UNSEEN, Kind.SUPER_ADMINISTRATOR_UNSEEN}


def _resources(review: Review) -> Iterator[SignedLine]:
    """Kinds of resources with what becomes of them, those of one outcome in one line."""
    kinds: dict[tuple[str, str], list[ResourceChange]] = {}
    # Of a new stack, all is created, and counted below.
    shown = [] if review.before is None else review.resources
    for change in (change for change in shown if not _is_said(change)):
        type_ = change.resource.type
        kinds.setdefault(("" if type_ in CHECKS else type_, outcome(change)), []).append(change)
    alike: dict[tuple[str, str], list[str]] = {}
    for (type_, done), changes in kinds.items():
        kind = kind_of(type_ or changes[0].resource.type)
        many = kind.many if type_ else "checks of the program's own"
        what = kind.words if len(changes) == 1 else f"{len(changes)} {many}"
        alike.setdefault((_resource_sign(changes[0]), done), []).append(what)
    for (sign, done), whats in alike.items():
        yield sign, (f"{', '.join(whats)}: {done}",)


def _is_said(change: ResourceChange) -> bool:
    """Whether a risk names it: what is refused, a token that is replaced and that one's end."""
    token = change.resource.type in TOKENS or change.resource.type == PREVIOUS_TOKENS
    return change.refused or (token and change.action is Action.REPLACE)


def _by_hand(review: Review) -> Iterator[SignedLine]:
    """The one step that is new, or how many are; people that a step is about now, too."""
    steps = {step: _others(step, review.steps.gone) for step in review.steps.new}
    whole = [step for step, others in steps.items() if others is None]
    if len(whole) > 1 or sum(len(step.text) for step in whole) > A_FEW_LINES:
        said = "1 step is new or changed" if len(whole) == 1 else f"{len(whole)} are new or changed"
        yield "~", (Prose(f"by hand: {said}; see `cfscim steps`"),)
        steps = {step: others for step, others in steps.items() if others is not None}
    for step, others in steps.items():
        if others is None:
            yield "~", ("by hand: ", *by_hand(review.after, step.text))
        elif others:
            people = ", ".join(others)
            yield "~", (Prose(f"by hand: as for the others, for {people}: {step.where}"),)


def _resource_sign(change: ResourceChange) -> str:
    return "-" if change.action is Action.DELETE else "~"


def _unchanged(review: Review) -> Iterator[SignedLine]:
    same: list[str] = []
    keep = {grant.person.lower() for grant in review.people.difference.kept}
    if keep:
        same.append(count(len(keep), "person keeps a role", "people keep a role"))
    resources = len(review.after.remote_resources) - len(
        {change.urn for change in review.resources if change.action is not Action.DELETE}
    )
    for number, word in (
        (resources, "resource"),
        (len(review.steps.same), "step"),
        (len(review.warnings.same), "warning"),
    ):
        if number > 0:
            same.append(count(number, word))
    if same:
        yield " ", (f"As before: {', '.join(same)}; --all shows them.",)
