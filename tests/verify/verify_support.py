"""Stacks in the declared state, one per combination, and verify's report on them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from cfscim.config.models import ScimConfig, parse_config
from cfscim.verify import Check, Report, StackOutputs, Status, parse_outputs, run
from sandbox.server.server import Sandbox
from tests.rehearsal.rehearsal_support import ACCOUNT, do_console_steps, rehearsal, stack_config

KEY = "cloudflare-scim:scim"


@dataclass(frozen=True)
class Stack:
    """A stack that was set up on the sandbox and has had its cycle.

    `given` is its stack file's config, `printed` what `pulumi stack output` shows.
    """

    config: ScimConfig
    outputs: StackOutputs
    env: Mapping[str, str]
    given: Mapping[str, object]
    printed: Mapping[str, object]

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
    with httpx.Client(base_url=f"{sandbox.admin}/_sandbox/", trust_env=False, timeout=60) as admin:
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
    assert result.token_value is not None
    outputs = {**result.outputs, "tokenValue": result.token_value.get_secret_value()}
    config = parse_config(given[KEY], stack="dev")
    text = json.loads(json.dumps(outputs))
    parsed = parse_outputs(text, config, source="the rehearsal")
    return Stack(config, parsed, sandbox.env, given, text)


def _config(
    kind: str, model: str, owner: str, break_glass: tuple[str, ...], **options: object
) -> dict[str, object]:
    given = stack_config(kind, model, owner, **options)  # type: ignore[arg-type]
    scim = given[KEY]
    assert isinstance(scim, dict)
    scim["breakGlass"] = list(break_glass)
    return given


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
