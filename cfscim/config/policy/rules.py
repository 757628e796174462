"""The policy rules, by name, and their one evaluation for `plan` and for the policy pack.

A rule set aside in the config's `waivers` is still reported, as waived, until the waiver's last
day; from the day after it refuses again and says that the waiver has ended.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from cfscim.config.messages import one_line
from cfscim.config.models import ScimConfig, Waiver
from cfscim.config.policy.access import (
    FOUR_ROLES,
    PRODUCTION_MODEL,
    REMOVALS,
    TWO_SUPER_ADMINISTRATORS,
)
from cfscim.config.policy.model import DEFAULT_SHARE, Case, Finding, ResourceView, Rule, Violation
from cfscim.config.policy.resources import (
    NO_PLAIN_SECRET,
    PROTECTED,
    PUSH_KEEPS_GROUPS,
    TOKEN_EXPIRY,
    TOKEN_ONE_ACCOUNT,
    TOKEN_PERMISSIONS,
    TOKEN_ROTATION,
)

__all__ = ["RULES", "Case", "ResourceView", "Rule", "Violation", "evaluate", "is_refused", "judge"]


def _known_waiver(case: Case) -> Iterator[Finding]:
    names = [rule.name for rule in RULES]
    for index, waiver in enumerate(case.config.waivers):
        if waiver.rule not in names:
            yield Finding(
                f'there is no rule "{waiver.rule}"',
                f"write one of: {', '.join(names)}",
                where=f"waivers[{index}].rule",
            )


KNOWN_WAIVER = Rule(
    "waiver-known",
    "Every waiver names a rule",
    "a waiver with a slip in the name sets nothing aside, or stays behind unread",
    config=_known_waiver,
)
RULES: tuple[Rule, ...] = (
    TOKEN_ONE_ACCOUNT,
    TOKEN_PERMISSIONS,
    TOKEN_EXPIRY,
    TOKEN_ROTATION,
    FOUR_ROLES,
    TWO_SUPER_ADMINISTRATORS,
    PROTECTED,
    PUSH_KEEPS_GROUPS,
    NO_PLAIN_SECRET,
    PRODUCTION_MODEL,
    REMOVALS,
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
) -> list[Violation]:
    """Every violation, waived ones included, by rule and then in the order of `resources`.

    `before`: the config in force until now, without which the share of removals is not judged.
    """
    case = Case(config, stack, today, before, removal_share)
    return [found for rule in RULES for found in judge(rule, case, resources)]


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
    given = [waiver for waiver in case.config.waivers if waiver.rule == rule.name]
    in_force = next((waiver for waiver in given if case.today <= waiver.until), None)
    where = f"{case.stack}: {resource or finding.where}"
    parts = [f"{where}: {finding.what}", rule.reason, finding.instead]
    if in_force is None and given:
        parts.append(_ended(max(given, key=lambda waiver: waiver.until)))
    # Names come from the config and from providers; a message stays on its line.
    return Violation(rule.name, one_line("; ".join(parts)), in_force, resource)


def _ended(waiver: Waiver) -> str:
    return (
        f"the waiver by {waiver.by} ended on {waiver.until}, so put this right or have it renewed"
    )


def is_refused(violations: Iterable[Violation]) -> bool:
    """Whether any violation stands without a waiver in force."""
    return any(violation.waived is None for violation in violations)
