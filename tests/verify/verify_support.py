"""Stacks in the declared state, one per combination, and verify's report on them."""

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from cfscim.config.json_types import JsonObject
from cfscim.config.models import ScimConfig, parse_config
from cfscim.rehearsal import RehearsalResult
from cfscim.verify import Check, Report, StackOutputs, Status, parse_outputs, run
from sandbox.server.server import Sandbox
from tests.configs import ACCOUNT, stack_config
from tests.loopback import plain_client
from tests.rehearsal.rehearsal_support import do_console_steps, rehearsal

KEY = "cloudflare-scim:scim"


@dataclass(frozen=True)
class Stack:
    """A stack that was set up on the sandbox and has had its cycle.

    `given` is its stack file's config, `printed` what `pulumi stack output` shows, `state` what
    `pulumi stack export` would print.
    """

    config: ScimConfig
    outputs: StackOutputs
    env: Mapping[str, str]
    given: Mapping[str, object]
    printed: Mapping[str, object]
    state: JsonObject = field(default_factory=dict)

    def written(self, path: str, value: object) -> "Stack":
        """The stack with a key of its stack file changed, and not updated since."""
        given = deepcopy(dict(self.given))
        write(given, path, value)
        return replace(self, config=parse_config(given[KEY], stack="dev"), given=given)

    def verify(self) -> Report:
        """What verify finds now."""
        return run(self.config, self.outputs, {}, self.env, lambda _line: None)


def set_up(
    sandbox: Sandbox,
    kind: str,
    model: str,
    owner: str,
    *,
    cycle: bool = True,
    break_glass: tuple[str, ...] = ("owner@example.com",),
    **options: object,
) -> Stack:
    """Rehearses the stack, does the console's steps, and runs a cycle."""
    with plain_client(base_url=f"{sandbox.admin}/_sandbox/", timeout=60) as admin:
        if model == "virtualGroups":
            admin.post(f"cloudflare/accounts/{ACCOUNT}", json={"virtualGroups": True})
        stack = rehearsal(sandbox)
        given = _config(kind, model, owner, break_glass, **options)
        result = stack.update(given)
        if kind == "okta" and options.get("apiIntegration") != "api":
            do_console_steps(admin, result)
            given = _config(
                kind, model, owner, break_glass, apiIntegrationConfirmed=True, **options
            )
            result = stack.update(given)
        if cycle:
            admin.post("cycle").raise_for_status()
    return stack_of(sandbox.env, given, result, stack.export())


def stack_of(
    env: Mapping[str, str],
    given: Mapping[str, object],
    result: RehearsalResult,
    state: JsonObject,
) -> Stack:
    """A stack as its last update left it."""
    assert result.token_value is not None
    outputs = {**result.outputs, "tokenValue": result.token_value.get_secret_value()}
    config = parse_config(given[KEY], stack="dev")
    text = json.loads(json.dumps(outputs))
    parsed = parse_outputs(text, config, source="the rehearsal")
    return Stack(config, parsed, env, given, text, state)


def _config(
    kind: str, model: str, owner: str, break_glass: tuple[str, ...], **options: object
) -> dict[str, object]:
    given = stack_config(kind, model, owner, **options)  # type: ignore[arg-type]
    scim = given[KEY]
    assert isinstance(scim, dict)
    scim["breakGlass"] = list(break_glass)
    return given


def write(given: dict[str, Any], path: str, value: object) -> None:
    """Changes one key below `cloudflare-scim:scim`."""
    *above, last = path.split(".")
    target = given[KEY]
    for key in above:
        target = target[key]
    target[last] = value


def failing(report: Report) -> dict[str, Check]:
    """The checks that do not hold, by id."""
    return {check.id: check for check in report.checks if check.status is Status.FAILS}


def open_questions(report: Report) -> set[str]:
    """The ids of the checks that cannot be known."""
    return {check.id for check in report.checks if check.status is Status.UNKNOWN}


def show(report: Report) -> str:
    """Every check that does not hold, for a failed assertion."""
    return "\n".join(
        f"{c.status}: {c.id}: expected {c.expected}; found {c.found}; next {c.action}"
        for c in report.checks
        if c.status is not Status.HOLDS
    )
