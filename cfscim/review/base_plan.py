"""The plan of the base: its config run through the program as it is now."""

from dataclasses import replace
from datetime import date

from cfscim.config.keypath import CONFIG_KEY
from cfscim.config.models import ScimConfig
from cfscim.config.stack_check import CheckedStack
from cfscim.config.warnings import warnings
from cfscim.plan.model import Plan, declare, plan_of
from cfscim.program.quick_run import SharedWorker
from cfscim.program.registrations import Declared, Registration, Value

# The program refuses a token that has ended; a base may well name one. No config names this.
_STAND_IN = "9999-12-31T23:59:58Z"


def base_plan(
    checked: CheckedStack, config: ScimConfig, *, today: date, worker: SharedWorker | None = None
) -> Plan:
    """What the base's config means to the current program; raises `ScimError` as that does."""
    given = checked.file.config_object
    assert isinstance(given, dict)
    ends = config.token.expires_on_text
    if ends is not None:
        given = {**given, "token": {**given["token"], "expiresOn": _STAND_IN}}
    settings = {**checked.file.provider_config, CONFIG_KEY: given}
    declared = declare(checked.file.stack, settings, worker=worker)
    if ends is not None:
        declared = Declared(
            [_with_end(resource, ends) for resource in declared.resources],
            {key: _replaced(value, ends) for key, value in declared.outputs.items()},
        )
        declared.outputs["warnings"] = [*warnings(config, today=today)]
    return plan_of(checked, config, declared)


def _with_end(resource: Registration, ends: str) -> Registration:
    inputs = {key: _replaced(value, ends) for key, value in resource.inputs.items()}
    return replace(resource, inputs=inputs)


def _replaced(value: Value, ends: str) -> Value:
    if isinstance(value, str):
        return value.replace(_STAND_IN, ends)
    if isinstance(value, list):
        return [_replaced(one, ends) for one in value]
    if isinstance(value, dict):
        return {key: _replaced(one, ends) for key, one in value.items()}
    return value
