"""A review as a document: the same parts in the same order as text and as Markdown."""

from collections.abc import Iterable, Iterator, Sequence

from cfscim.config.access import Grant
from cfscim.report.document import (
    Block,
    Bullets,
    Code,
    Document,
    Fold,
    Inline,
    Line,
    Paragraph,
    Prose,
    Section,
    Strong,
    Weight,
    count,
)
from cfscim.review.by_hand import once
from cfscim.review.compare import Review, Texts, takes_effect, tenant_words
from cfscim.review.people import Managed, RoleChange
from cfscim.review.people_report import people_section
from cfscim.review.resources_report import resource_counts, resources_section
from cfscim.review.risks import risks


def review_document(review: Review, policy: Sequence[Section] = ()) -> Document:
    """Everything about a change, the riskiest first; `policy`: what the policy rules say."""
    stack = review.after.stack
    sections: list[Section] = [*policy]
    if not review.nothing_changes:
        sections = [
            *_first(review),
            *policy,
            people_section(review),
            *_settings(review),
            *resources_section(review),
            *_by_hand(review),
        ]
    # A stack of another folder cannot be named by its stack name from here.
    here = review.after.file == f"Pulumi.{stack}.yaml"
    which = f"--stack {stack}" if here else review.after.file
    command = Code(f"python -m cfscim plan {which} --against {review.label}")
    return Document(
        marker=f"cfscim-plan {stack}",
        title=("Stack ", Code(stack), ": ", _headline(review)),
        intro=(Paragraph(_where(review)), Paragraph(_verdict(review))),
        sections=(*sections, *_warnings(review)),
        outro=(
            Paragraph(
                ("Made from the config alone, without asking any vendor. All of it: ", command, ".")
            ),
        ),
    )


def _headline(review: Review) -> str:
    if review.nothing_changes:
        return "nothing changes"
    parts = [
        *(["cannot be carried out"] if review.refused else []),
        *(["another Cloudflare account"] if review.account_switched else []),
        *(["another identity provider"] if review.provider_switched else []),
        _people_headline(review),
        *(["the token is replaced"] if review.token_replaced else []),
    ]
    return ", ".join(parts)


def _people_headline(review: Review) -> str:
    lost, unlisted = _lost(review)
    parts = [
        f"{count(number, 'person', 'people')} {one if number == 1 else many}"
        for grants, one, many in (
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
    unseen = [one.role.value for one in roles if one.after.managed is Managed.ELSEWHERE]
    if unseen:
        line.append(f" Not in these numbers: who has {', '.join(unseen)}, because {where} decides.")
    if not takes_effect(review.after.config):
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
    if found := risks(review):
        lines = tuple(risk.line for risk in found)
        yield Section("Look at this first", (Bullets(lines, Weight.VITAL),))


def _settings(review: Review) -> Iterator[Section]:
    lines = tuple(
        (Code(one.path), ": ", Code(one.old), " → ", Code(one.new), ". ", one.meaning)
        for one in review.settings
    )
    if lines:
        yield Section("Settings that change", (Bullets(lines),))


def _by_hand(review: Review) -> Iterator[Section]:
    new = [*once(review), *((Prose(text),) for text in review.steps.new)]
    blocks: list[Block] = [Bullets(tuple(new), numbered=True)] if new else []
    blocks += _folded(review.steps, "step")
    if blocks:
        yield Section("Left to do by hand", tuple(blocks))


def _warnings(review: Review) -> Iterator[Section]:
    blocks: list[Block] = []
    if review.warnings.new:
        blocks.append(Bullets(tuple((Prose(text),) for text in review.warnings.new)))
    blocks += _folded(review.warnings, "warning")
    if blocks:
        yield Section("Warnings", tuple(blocks))


def _folded(texts: Texts, what: str) -> Iterator[Block]:
    """What stands there before and after the change, and what falls away."""
    for found, words in ((texts.same, "as before this change"), (texts.gone, "no longer needed")):
        if found:
            lines = tuple((Prose(text),) for text in found)
            yield Fold(f"{count(len(found), what)} {words}", (Bullets(lines, Weight.DETAIL),))
