"""The policy rules on what the program declared in this process, without an engine."""

from collections.abc import Iterable
from datetime import date

from cfscim.config.models import ScimConfig
from cfscim.config.policy.rules import ResourceView, Violation, evaluate
from cfscim.program.registrations import Registration


def check(
    declared: Iterable[Registration],
    config: ScimConfig,
    stack: str,
    today: date,
    before: ScimConfig | None = None,
) -> list[Violation]:
    """Every violation of `stack`, waived ones included.

    `declared`: the resources of a plan or of a run; `before`: the config compared with. Without
    `before` the share of removals cannot be judged and is passed over.
    """
    views = [
        ResourceView(
            type=resource.type,
            name=resource.name,
            inputs=resource.inputs,
            protect=resource.options.protect,
            replacement_trigger=resource.options.replacement_trigger,
        )
        for resource in declared
    ]
    return evaluate(config, views, stack=stack, today=today, before=before)


def violation_lines(violations: Iterable[Violation]) -> list[str]:
    """One line a violation, refused ones first, each with its rule and, if waived, by whom."""
    found = list(violations)
    refused = [f"refused: {v.rule}: {v.message}" for v in found if v.waived is None]
    waived = [
        f"waived until {v.waived.until} by {v.waived.by} ({v.waived.reason}): {v.rule}: {v.message}"
        for v in found
        if v.waived is not None
    ]
    return refused + waived


def is_refused(violations: Iterable[Violation]) -> bool:
    """Whether any violation stands without a waiver in force."""
    return any(violation.waived is None for violation in violations)
