"""Changes that remove something go by small steps of config: allowed by name first, then made."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from cfscim.config.messages import CONFIG_KEY, ScimError
from cfscim.rehearsal import Rehearsal
from sandbox.server.server import Sandbox
from tests.configs import ACCOUNT, MEMBERS, stack_config
from tests.rehearsal.rehearsal_support import (
    deactivate_nobody,
    do_console_steps,
    names,
    rehearsal,
    roles_by_person,
    state,
)

pytestmark = pytest.mark.usefixtures("signed_in")

ROLES = (*MEMBERS,)


def allowing(config: dict[str, object], *what: str, **more: object) -> dict[str, object]:
    """The config with these removals, and with other keys changed."""
    declared: Any = config[CONFIG_KEY]
    removals = [
        {"what": one, "until": "2099-01-01", "by": "Grace", "reason": "a test"} for one in what
    ]
    return {CONFIG_KEY: {**declared, "removals": removals, **more}}


def started(
    sandbox: Sandbox, admin: httpx.Client, kind: str, model: str
) -> tuple[Rehearsal, dict[str, object]]:
    """A stack whose people have their roles."""
    if model == "virtualGroups":
        admin.post(f"cloudflare/accounts/{ACCOUNT}", json={"virtualGroups": True})
    stack, config = rehearsal(sandbox), stack_config(kind, model)
    first = stack.update(config)
    if kind == "okta":
        do_console_steps(admin, first)
        config = stack_config(kind, model, apiIntegrationConfirmed=True)
        stack.update(config)
    admin.post("cycle").raise_for_status()
    assert "Administrator" in roles_by_person(admin)["ada@example.com"]
    return stack, config


def held(admin: httpx.Client) -> Mapping[str, list[str]]:
    """The declared people's roles."""
    everyone = roles_by_person(admin)
    return {who: everyone[who] for who in ("ada@example.com", "alan@example.com")}


@pytest.mark.parametrize("kind", ["okta", "entra"])
def test_a_role_is_dropped_in_two_steps(sandbox: Sandbox, admin: httpx.Client, kind: str) -> None:
    stack, config = started(sandbox, admin, kind, "userGroups")
    fewer = {role: {} if who is None else {"members": who} for role, who in MEMBERS.items()}
    del fewer["Billing"]
    with pytest.raises(ScimError, match="protected"):
        stack.update(allowing(config, roles=fewer))
    before = held(admin)
    allowed = allowing(config, "Billing")
    # What the refused run had changed already goes back.
    assert stack.update(allowed).summary.keys() <= {"same", "updated"}
    assert stack.update(allowing(config, "Billing", roles=fewer)).summary["deleted"] >= 1
    admin.post("cycle").raise_for_status()
    assert held(admin) == before
    groups = state(admin)[kind]["groups"]
    assert "Billing" not in [
        one.get("name", one.get("displayName")) for one in groups if one.get("type") != "APP_GROUP"
    ]
    left = "Billing" in names(state(admin)["cloudflare"]["userGroups"])
    assert left == (kind == "okta"), "Okta leaves it to a person, Entra deletes what it pushed"
    _ends_with(stack, allowing(config, roles=fewer))


@pytest.mark.parametrize("kind", ["okta", "entra"])
@pytest.mark.parametrize("model", ["userGroups", "virtualGroups"])
def test_new_names_for_the_groups_without_a_gap(
    sandbox: Sandbox, admin: httpx.Client, kind: str, model: str
) -> None:
    stack, config = started(sandbox, admin, kind, model)
    renamed = {"roleModel": "userGroups", "groupPrefix": "Cloudflare "}
    if model == "userGroups":
        with pytest.raises(ScimError, match="protected"):
            stack.update(allowing(config, **renamed))
    stack.update(allowing(config, *ROLES))
    before = held(admin)
    summary = stack.update(allowing(config, *ROLES, **renamed)).summary
    assert summary["replaced"] >= 8
    assert held(admin) == before, "before the cycle"
    admin.post("cycle").raise_for_status()
    assert held(admin) == before, "after it"
    pushed = names(state(admin)["cloudflare"]["userGroups"])
    assert "Cloudflare Administrator" in pushed
    _ends_with(stack, allowing(config, **renamed))


def _ends_with(stack: Rehearsal, config: dict[str, object]) -> None:
    """What takes the entries out changes the guard of a destroy alone, and that once."""
    assert stack.update(config).summary["updated"] == 1
    assert stack.update(config).summary.keys() == {"same"}


def test_everything_is_left_in_stages(sandbox: Sandbox, admin: httpx.Client) -> None:
    stack, config = started(sandbox, admin, "okta", "userGroups")
    with pytest.raises(ScimError, match="protected"):
        stack.destroy()
    stack.update(allowing(config, "everything"))
    before = held(admin)
    deactivate_nobody(admin)
    stack.destroy()
    assert held(admin) == before, "nobody loses a role: what gives it stays in Cloudflare"
    assert state(admin)["okta"]["apps"] == []
