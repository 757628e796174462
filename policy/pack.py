"""Every rule as a mandatory policy of the same name, and what is waived as an advisory.

Rules about one resource judge its inputs before it is touched; rules about the config judge once
a run. A preview has no state of before: `removal-share` needs `beforeFile` (docs/policy.md).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pulumi
from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

from cfscim.config.messages import PROJECT, ConfigError
from cfscim.config.models import ScimConfig, parse_config
from cfscim.config.policy.access import FOUR_ROLES
from cfscim.config.policy.model import DEFAULT_SHARE, is_base_of
from cfscim.config.policy.removals import REMOVALS
from cfscim.config.policy.rules import RULES, Case, Rule, Violation, judge
from cfscim.config.stack_file import check_stack_file, stack_of
from policy.views import linked_view_of, view_of

ROOT = Path(__file__).resolve().parent.parent
WAIVED = "waived"
CONFIG = "config-readable"


def policies() -> list[Policy]:
    """The pack: a policy for each rule, two for what is waived, one for a wrong config."""
    return [
        _config_readable(),
        *(_for_resource(rule) if rule.resource else _for_stack(rule) for rule in RULES),
        _links(),
        _waived_resources(),
        _waived_config(),
    ]


def current_case() -> Case | None:
    """The stack under way, or None while its config cannot be used (`config-readable` refuses)."""
    try:
        config = _config()
    except ConfigError:
        return None
    return Case(config, pulumi.get_stack(), datetime.now(UTC).date())


def _config() -> ScimConfig:
    value = pulumi.Config(PROJECT).get_object("scim")
    return parse_config(value, stack=pulumi.get_stack())


def _config_readable() -> StackValidationPolicy:
    def validate(_args: StackValidationArgs, report: ReportViolation) -> None:
        try:
            _config()
        except ConfigError as error:
            report(f"no rule can be checked without the config: {error}", None)

    return StackValidationPolicy(CONFIG, "The stack has a config that can be checked", validate)


def _links() -> StackValidationPolicy:
    """What only all resources together show: which group is pushed, assigned, or gets members."""

    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        case = current_case()
        for resource in args.resources if case is not None else ():
            assert case is not None
            _report(judge(FOUR_ROLES, case, [linked_view_of(resource)]), report)

    return StackValidationPolicy(
        f"{FOUR_ROLES.name}-links",
        f"{FOUR_ROLES.title}: each membership, assignment and push is that of a declared group",
        validate,
    )


def _for_resource(rule: Rule) -> ResourceValidationPolicy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        _report(_on_resource(rule, args), report)

    return ResourceValidationPolicy(rule.name, _description(rule), validate)


def _for_stack(rule: Rule) -> StackValidationPolicy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        _report(_on_stack(rule, args.get_config(), report), report)

    schema = _removal_settings() if rule is REMOVALS else None
    return StackValidationPolicy(rule.name, _description(rule), validate, config_schema=schema)


def _waived_resources() -> ResourceValidationPolicy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        for rule in RULES:
            if rule.resource is not None:
                _tell(_on_resource(rule, args), report)

    return ResourceValidationPolicy(
        f"{WAIVED}-resources",
        "Set aside by a waiver in the config",
        validate,
        enforcement_level=EnforcementLevel.ADVISORY,
    )


def _waived_config() -> StackValidationPolicy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        for rule in RULES:
            if rule.config is not None:
                _tell(_on_stack(rule, args.get_config(), report), report)

    return StackValidationPolicy(
        f"{WAIVED}-config",
        "Set aside by a waiver in the config",
        validate,
        enforcement_level=EnforcementLevel.ADVISORY,
        config_schema=_removal_settings(),
    )


def _on_resource(rule: Rule, args: ResourceValidationArgs) -> list[Violation]:
    case = current_case()
    return [] if case is None else judge(rule, case, [view_of(args)])


def _on_stack(
    rule: Rule, settings: Mapping[str, object], report: ReportViolation
) -> list[Violation]:
    case = current_case()
    if case is None:
        return []
    share = settings.get("share")
    if isinstance(share, int | float):
        case = replace(case, removal_share=float(share))
    if rule is REMOVALS:
        case = _with_begun(_with_before(case, settings.get("beforeFile"), report), settings, report)
    return judge(rule, case, [])


def _with_before(case: Case, file: object, report: ReportViolation) -> Case:
    """The case with the config of before; an empty `beforeFile` says that the stack is new."""
    if file == "":
        return case
    if not isinstance(file, str):
        report(
            f"{REMOVALS.name}: beforeFile is not given, so that no removal can be counted; name "
            'the stack file that is in force, or "" for a stack that is new (docs/policy.md)',
            None,
        )
        return replace(case, before_missing=True)
    config = _file(file, report)
    return replace(case, before=config, before_missing=config is None)


def _with_begun(case: Case, settings: Mapping[str, object], report: ReportViolation) -> Case:
    """The case with the configs of `begunFiles`: updates since then that were not verified, and
    another stack of the account whose place this one takes."""
    files = settings.get("begunFiles")
    begun: list[ScimConfig] = []
    for file in files if isinstance(files, Sequence) and not isinstance(files, str) else ():
        config = _file(str(file), report)
        if config is None:
            case = replace(case, before_missing=True)
        elif is_base_of(case.config, config, own=stack_of(str(file)) == case.stack):
            begun.append(config)
    return replace(case, begun=tuple(begun))


def _file(file: str, report: ReportViolation) -> ScimConfig | None:
    checked = check_stack_file(ROOT / file)
    if checked.config is None:
        report(f"{file} is no valid stack file, so removals cannot be judged", None)
    return checked.config


def _report(violations: list[Violation], report: ReportViolation) -> None:
    for violation in violations:
        if violation.waived is None:
            report(str(violation.message), None)


def _tell(violations: list[Violation], report: ReportViolation) -> None:
    for violation in violations:
        waiver = violation.waived
        if waiver is not None:
            report(
                f"{violation.rule}, until {waiver.until} by {waiver.by} ({waiver.reason}): "
                f"{violation.message}",
                None,
            )


def _description(rule: Rule) -> str:
    return f"{rule.title}: {rule.reason}."


def _removal_settings() -> PolicyConfigSchema:
    return PolicyConfigSchema(
        {
            "share": {"type": "number", "minimum": 0, "maximum": 1, "default": DEFAULT_SHARE},
            "beforeFile": {"type": "string"},
            "begunFiles": {"type": "array", "items": {"type": "string"}},
        }
    )
