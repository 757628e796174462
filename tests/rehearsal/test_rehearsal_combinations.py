"""Every combination that the config allows ends with the declared roles, in two updates at most."""

from itertools import product

import httpx
import pytest

from sandbox.server.server import Sandbox
from tests.configs import ACCOUNT, stack_config
from tests.rehearsal.rehearsal_support import (
    do_console_steps,
    rehearsal,
    requests,
    roles_by_person,
    state,
)

pytestmark = pytest.mark.usefixtures("signed_in")

COMBINATIONS = list(
    product(("okta", "entra"), ("userGroups", "virtualGroups"), ("account", "user"))
)


@pytest.mark.parametrize(("kind", "model", "owner"), COMBINATIONS)
def test_each_declared_person_gets_the_role(
    sandbox: Sandbox, admin: httpx.Client, kind: str, model: str, owner: str
) -> None:
    if model == "virtualGroups":
        admin.post(f"cloudflare/accounts/{ACCOUNT}", json={"virtualGroups": True})
    stack = rehearsal(sandbox)
    result = stack.update(stack_config(kind, model, owner))
    config = stack_config(kind, model, owner)
    if kind == "okta":
        do_console_steps(admin, result)
        config = stack_config(kind, model, owner, apiIntegrationConfirmed=True)
        # The guard notes that people are assigned by now.
        summary = stack.update(config).summary
        assert (summary.keys(), summary["updated"]) == ({"same", "created", "updated"}, 1)
    report = admin.post("cycle").json()

    people = roles_by_person(admin)
    assert "Administrator" in people["ada@example.com"], report
    assert "Super Administrator - All Privileges" not in people["ada@example.com"]
    for person in ("alan@example.com", "grace@example.com"):
        assert "Super Administrator - All Privileges" in people[person], report

    before = len(requests(admin, "POST", "PUT", "PATCH", "DELETE"))
    assert set(stack.update(config).summary) == {"same"}
    # Signing in to Entra is a POST too, and changes nothing.
    written = requests(admin, "POST", "PUT", "PATCH", "DELETE")[before:]
    assert [w for w in written if not w.endswith("/oauth2/v2.0/token")] == []
    assert len(state(admin)["cloudflare"]["tokens"]) == 1
