"""A stack that satisfies every rule, and what one change to it makes the rules say."""

from dataclasses import replace
from datetime import date
from functools import cache

from cfscim.config.messages import CONFIG_KEY
from cfscim.config.models import ScimConfig, parse_config
from cfscim.config.policy.rules import ResourceView, Violation, evaluate
from cfscim.plan.model import check, declare
from cfscim.program.registrations import Registration
from tests import configs

TODAY = date(2026, 11, 23)
OTHER = "ffffffffffffffffffffffffffffffff"


def config_object(kind: str = "okta", **changes: object) -> dict[str, object]:
    """The config object, with whole top-level keys replaced by `changes`."""
    readers = [f"p{n}@example.com" for n in range(8)]
    base = configs.config_object(
        kind,
        members={**configs.MEMBERS, "Administrator Read Only": readers},
        token={"expiresOn": "2027-05-20T00:00:00Z"},
        provider={"usersGroup": {"name": "Cloudflare Users"}},
    )
    return {**base, **changes}


def parsed(value: dict[str, object], stack: str = "prod") -> ScimConfig:
    return parse_config(value, stack=stack)


@cache
def declared(kind: str) -> tuple[Registration, ...]:
    """What the real program declares for the sound config."""
    return tuple(declare("prod", {CONFIG_KEY: config_object(kind)}).resources)


def of_config(
    value: dict[str, object], stack: str = "prod", before: object = None
) -> list[Violation]:
    """The violations of the real program run with `value`."""
    config = parsed(value, stack)
    resources = declare(stack, {CONFIG_KEY: value}).resources
    base = parsed(before, stack) if isinstance(before, dict) else None
    return check(resources, config, stack, TODAY, base)


def views(kind: str) -> list[ResourceView]:
    return [
        ResourceView(
            r.type, r.name, r.inputs, r.options.protect, r.options.replacement_trigger, r.fed_by
        )
        for r in declared(kind)
    ]


def of_changed(kind: str, name: str, /, **changes: object) -> list[Violation]:
    """The violations when the resource `name` is declared otherwise (fields of ResourceView)."""
    found = views(kind)
    index = next(i for i, view in enumerate(found) if view.name == name)
    found[index] = replace(found[index], **changes)  # pyright: ignore[reportArgumentType]
    return evaluate(parsed(config_object(kind)), found, stack="prod", today=TODAY)


def with_inputs(kind: str, name: str, /, **inputs: object) -> list[Violation]:
    """The violations when some inputs of the resource `name` differ; None leaves an input out."""
    before = next(view for view in views(kind) if view.name == name).inputs
    after = {k: v for k, v in {**before, **inputs}.items() if v is not None}
    return of_changed(kind, name, inputs=after)


def with_added(kind: str, type_: str, name: str = "more", /, **inputs: object) -> list[Violation]:
    """The violations when one more resource is declared."""
    more = ResourceView(type_, name, inputs, True)  # pyright: ignore[reportArgumentType]
    config = parsed(config_object(kind))
    return evaluate(config, [*views(kind), more], stack="prod", today=TODAY)


def names(violations: list[Violation]) -> set[str]:
    """The rules that refuse."""
    return {violation.rule for violation in violations if violation.waived is None}
