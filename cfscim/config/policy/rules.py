"""The policy rules, by name, and their one evaluation for `plan` and for the policy pack.

A rule set aside in the config's `waivers` is still reported, as waived, until the waiver's last
day; from the day after it refuses again and says that the waiver has ended.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from cfscim.config.ended import allowances, ended
from cfscim.config.lanes import lanes
from cfscim.config.lookalikes import nearest
from cfscim.config.messages import Keys, Level, Message, Where
from cfscim.config.models import Move, Removal, ScimConfig, Waiver, removal_for
from cfscim.config.policy.access import (
    FOUR_ROLES,
    PRODUCTION_MODEL,
    TWO_SUPER_ADMINISTRATORS,
)
from cfscim.config.policy.allowed import KNOWN_INPUTS
from cfscim.config.policy.lock_out import LAST_SUPER_ADMINISTRATORS, MOVE_ORDER
from cfscim.config.policy.model import DEFAULT_SHARE, Case, Finding, ResourceView, Rule, Violation
from cfscim.config.policy.removals import REMOVALS
from cfscim.config.policy.resources import (
    NO_PLAIN_SECRET,
    PROTECTED,
    PUSH_KEEPS_GROUPS,
    TOKEN_EXPIRY,
    TOKEN_ONE_ACCOUNT,
    TOKEN_PERMISSIONS,
    TOKEN_ROTATION,
)
from cfscim.config.words import is_address

__all__ = ["RULES", "Case", "ResourceView", "Rule", "Violation", "evaluate", "is_refused", "judge"]


def _known_waiver(case: Case) -> Iterator[Finding]:
    names = [rule.name for rule in RULES]
    for index, waiver in enumerate(case.config.waivers):
        yield from _ends(case, ("waivers", index), f"the waiver of {waiver.rule}", waiver)
        if waiver.rule == KNOWN_WAIVER.name:
            yield Finding(
                "the rule about waivers itself is waived",
                "remove this waiver, and put the others right",
                keys=("waivers", index, "rule"),
            )
        elif waiver.rule not in names:
            near = nearest(waiver.rule, names)
            yield Finding(
                f'there is no rule "{waiver.rule}"',
                f"write {near}" if near else f"write one of: {', '.join(names)}",
                keys=("waivers", index, "rule"),
            )
    for index, removal in enumerate(case.config.removals):
        yield from _ends(case, ("removals", index), f"the removal of {removal.what}", removal)
    if case.config.move is not None:
        yield from _ends(case, ("move",), "the move", case.config.move)
    for message in ended(allowances(case.config), case.today):
        yield Finding(message.what, message.instead, keys=message.where.keys[1:])
    yield from _gone_with_its_entry(case)


def _gone_with_its_entry(case: Case) -> Iterator[Finding]:
    """What goes in the change that takes its ended entry out: the state has it unprotected, and
    nothing else would stop it."""
    before, after = case.before, case.config
    if before is None:
        return
    stays = frozenset[str]().union(*(lane.to_protect for lane in lanes(after)))
    gone: dict[tuple[str, date], dict[str, None]] = {}
    for lane in lanes(before):
        for name in sorted(lane.to_protect - stays):
            entry = None if lane.protects(name) else before.removal_of(name)
            if entry is not None and entry.until < case.today and after.protects(name):
                what = "move" if lane.is_next else removal_for(name)
                gone.setdefault((entry.by, entry.until), {})[_SAID.get(what, what)] = None
    for (by, until), what_goes in gone.items():
        yield Finding(
            f"gone by this change, and what allowed it by {by} ended on {until}: "
            f"{', '.join(what_goes)}",
            "keep it until an entry of removals with a later day is deployed",
            keys=("removals",),
        )


_SAID = {
    "usersGroup": "the users' group",
    "application": "the app or its assignment",
    "move": "the new way of the move",
}
"""What stands under `removals[].what`, where it is no role, in words."""


def _ends(case: Case, keys: Keys, what: str, given: Waiver | Removal | Move) -> Iterator[Finding]:
    latest = _a_year_after(case.today)
    if given.until > latest:
        yield Finding(
            f"{what} lasts until {given.until}, more than a year from today",
            f'write until: "{latest}" or earlier, and have it renewed then',
            keys=(*keys, "until"),
        )
    if not any(is_address(word.strip("<>(),;")) for word in given.by.split()):
        yield Finding(
            f'{what} is by "{given.by}", which is nobody\'s address',
            "write the e-mail address of the person who allowed it, with or without the name",
            keys=(*keys, "by"),
        )


def _a_year_after(day: date) -> date:
    """That day of the next year; the last of February after a leap day."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)


KNOWN_WAIVER = Rule(
    "waiver-known",
    "Every waiver names a rule; waivers and removals end within a year, are somebody's, and no "
    "removal has ended",
    "what sets aside another rule than was meant, for ever or in nobody's name, is no decision "
    "that anyone could be asked about",
    config=_known_waiver,
    waivable=False,
)
RULES: tuple[Rule, ...] = (
    TOKEN_ONE_ACCOUNT,
    TOKEN_PERMISSIONS,
    TOKEN_EXPIRY,
    TOKEN_ROTATION,
    FOUR_ROLES,
    KNOWN_INPUTS,
    TWO_SUPER_ADMINISTRATORS,
    PROTECTED,
    PUSH_KEEPS_GROUPS,
    NO_PLAIN_SECRET,
    PRODUCTION_MODEL,
    REMOVALS,
    LAST_SUPER_ADMINISTRATORS,
    MOVE_ORDER,
    KNOWN_WAIVER,
)
"""Every rule, in the order in which violations are listed."""


def evaluate(
    config: ScimConfig,
    resources: Sequence[ResourceView],
    *,
    stack: str,
    today: date,
    before: ScimConfig | None = None,
    removal_share: float = DEFAULT_SHARE,
    before_missing: bool = False,
    begun: tuple[ScimConfig, ...] = (),
) -> list[Violation]:
    """Every violation, waived ones included, by rule and then in the order of `resources`.

    `before`: the config in force until now, None for a new stack; `before_missing`: there should be
    one, and nobody can read it, which is refused. `begun`: what else may be in force.
    """
    case = Case(config, stack, today, before, removal_share, before_missing, begun)
    return [violation for rule in RULES for violation in judge(rule, case, resources)]


def judge(rule: Rule, case: Case, resources: Iterable[ResourceView]) -> list[Violation]:
    """One rule's violations; a rule about the config looks at no resource."""
    if rule.config is not None:
        return [_violation(rule, case, finding, None) for finding in rule.config(case)]
    check = rule.resource
    assert check is not None
    return [
        _violation(rule, case, finding, view.name)
        for view in resources
        for finding in check(case, view)
    ]


def _violation(rule: Rule, case: Case, finding: Finding, resource: str | None) -> Violation:
    waivers = case.config.waivers if rule.waivable else ()
    given = [waiver for waiver in waivers if waiver.rule == rule.name]
    in_force = next((waiver for waiver in given if case.today <= waiver.until), None)
    instead = finding.instead
    if in_force is None and given:
        instead += f"; {_ended(max(given, key=lambda waiver: waiver.until))}"
    where = Where(about=f"{case.stack}: {resource or Where(finding.keys).path}")
    level = Level.REFUSED if in_force is None else Level.WARNING
    message = Message(where, finding.what, rule.reason, instead, level)
    return Violation(rule.name, message, in_force, resource, finding.brief)


def _ended(waiver: Waiver) -> str:
    return (
        f"the waiver by {waiver.by} ended on {waiver.until}, so put this right or have it renewed"
    )


def is_refused(violations: Iterable[Violation]) -> bool:
    """Whether any violation stands without a waiver in force."""
    return any(violation.waived is None for violation in violations)
