"""What one stack declares, as the program itself says when it is run without an engine."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

from pydantic.alias_generators import to_camel

from cfscim.config.access import Grant, access_table
from cfscim.config.calls import Asked, Calls, calls
from cfscim.config.checklist import Step, steps
from cfscim.config.lanes import primary
from cfscim.config.messages import CONFIG_KEY, PROJECT, ConfigError, Message
from cfscim.config.models import ScimConfig
from cfscim.config.outputs import APPLICATION_ID, NEXT_WAY
from cfscim.config.policy.rules import ResourceView, Violation, evaluate
from cfscim.config.project import Settings, stack_settings
from cfscim.config.provider_settings import OKTA_BASE_URL, okta_domain
from cfscim.config.stack_file import CheckedStack
from cfscim.config.warnings import lines, warnings
from cfscim.program.placeholders import PlanMonitor
from cfscim.program.registrations import Declared, Options, Registration, Value
from cfscim.program.run import run_program


@dataclass(frozen=True)
class Plan:
    """One stack: its config, every resource in dependency order, and the stack's outputs.

    `settings`: everything else in the stack file, such as `okta:baseUrl`; an encrypted one reads
    `[secret]`. `lookups`: what the program asks vendors before it declares.
    """

    stack: str
    file: str
    config: ScimConfig
    resources: tuple[Registration, ...]
    outputs: Mapping[str, Value]
    remaining_steps: tuple[Step, ...]
    warnings: tuple[Message, ...]
    settings: Settings
    lookups: tuple[Asked, ...] = ()

    @property
    def access(self) -> tuple[Grant, ...]:
        """Who gets which role; roles managed in the identity provider have no row."""
        return access_table(primary(self.config))

    @property
    def remote_resources(self) -> tuple[Registration, ...]:
        """The resources that mean something outside Pulumi, components left out."""
        return tuple(resource for resource in self.resources if resource.custom)

    @property
    def heavy_refresh(self) -> bool:
        """Whether a refresh takes more than a quarter of what Okta allows a token in a minute."""
        return any(call.heavy_refresh for call in self.calls if call.bucket.vendor == "Okta")

    @cached_property
    def calls(self) -> tuple[Calls, ...]:
        """The calls to vendors that an update makes, by what the vendors count together."""
        return calls(
            [(resource.type, resource.inputs) for resource in self.remote_resources], self.lookups
        )


def make_plan(checked: CheckedStack, *, today: date | None = None) -> Plan:
    """Runs the program on a checked stack file: no engine, no network, no credential.

    Raises `ConfigError` with the file's problems, and `ScimError` when the program gives up.
    """
    if checked.usable is None:
        raise ConfigError(checked.problems)
    config = {**checked.file.provider_config, CONFIG_KEY: checked.file.config_object}
    return plan_of(checked, checked.usable, declare(checked.file.stack, config), today=today)


def declare(stack: str, config: Mapping[str, object]) -> Declared:
    """What the program declares for a stack's `config` mapping, with placeholders for answers."""
    return run_program(PlanMonitor(), stack=stack, config=config, preview=True)


def plan_of(
    checked: CheckedStack, config: ScimConfig, declared: Declared, *, today: date | None = None
) -> Plan:
    """The plan of a run that was made already."""
    app_id = str(declared.outputs[APPLICATION_ID])
    domain = okta_domain(checked.file.provider_config.get(OKTA_BASE_URL.key), {})
    following = declared.outputs.get(NEXT_WAY)
    next_app_id = str(following[APPLICATION_ID]) if isinstance(following, dict) else ""
    return Plan(
        stack=checked.file.stack,
        file=checked.file.path,
        config=config,
        resources=tuple(declared.resources),
        outputs=declared.outputs,
        remaining_steps=tuple(
            steps(config, app_id=app_id, next_app_id=next_app_id, okta_domain=domain)
        ),
        warnings=tuple(warnings(config, today=today or datetime.now(UTC).date())),
        settings=stack_settings(checked.file.document),
        lookups=tuple(declared.lookups),
    )


def as_json(plan: Plan) -> dict[str, object]:
    """The contract's object; secrets read `[secret]`, unknown values `${<resource>.<output>}`."""
    return {
        "project": PROJECT,
        "stack": plan.stack,
        "resources": [_resource(resource) for resource in plan.resources],
        "outputs": dict(plan.outputs),
        "access": [grant_json(grant) for grant in plan.access],
        "remainingSteps": [step.text for step in plan.remaining_steps],
        "warnings": lines(plan.warnings),
    }


def grant_json(grant: Grant) -> dict[str, object]:
    """One row of the access table."""
    return {"person": grant.person, "role": grant.role.value, "group": grant.group}


_ALIKE = ("type", "name", "parent", "inputs")
_OPTIONS = {
    to_camel(name): name
    for name in (
        *("protect", "retain_on_delete", "ignore_changes", "depends_on"),
        "replacement_trigger",
    )
}
"""In the contract's order."""
_LISTS = ("ignoreChanges", "dependsOn")


def _resource(resource: Registration) -> dict[str, object]:
    given = {key: getattr(resource.options, name) for key, name in _OPTIONS.items()}
    options = {key: list(value) if key in _LISTS else value for key, value in given.items()}
    return {**{name: getattr(resource, name) for name in _ALIKE}, "options": options}


def registration(entry: Mapping[str, Any]) -> Registration:
    """The resource that one of the contract's object `resources` is about."""
    given = {key: entry["options"][key] for key in _OPTIONS}
    options: dict[str, Any] = {
        _OPTIONS[key]: tuple(value) if key in _LISTS else value for key, value in given.items()
    }
    return Registration(
        **{name: entry[name] for name in _ALIKE},
        options=Options(**options),
        custom=not entry["type"].startswith(f"{PROJECT}:"),
    )


def check(
    declared: Iterable[Registration],
    config: ScimConfig,
    stack: str,
    today: date,
    before: ScimConfig | None = None,
    *,
    before_missing: bool = False,
    begun: tuple[ScimConfig, ...] = (),
) -> list[Violation]:
    """Every violation of `stack`, waived ones included.

    `declared`: the resources of a plan or of a run; `before`: the config compared with; `begun`:
    what else may be in force. Without either the share of removals cannot be judged and is passed
    over.
    """
    views = [
        ResourceView(
            type=resource.type,
            name=resource.name,
            inputs=resource.inputs,
            protect=resource.options.protect,
            replacement_trigger=resource.options.replacement_trigger,
            fed_by=resource.fed_by,
        )
        for resource in declared
    ]
    given = {"before": before, "before_missing": before_missing, "begun": begun}
    return evaluate(config, views, stack=stack, today=today, **given)
