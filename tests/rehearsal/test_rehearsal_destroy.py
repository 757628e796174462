"""Destroying leaves what the design says is retained, and refuses what is protected."""

import httpx
import pytest

from cfscim.config.messages import ScimError
from sandbox.server.server import Sandbox
from tests.configs import stack_config
from tests.rehearsal.rehearsal_support import (
    deactivate_nobody,
    do_console_steps,
    names,
    rehearsal,
    requests,
    roles_by_person,
    state,
)

pytestmark = pytest.mark.usefixtures("no_sockets")

ROLES = [
    "Administrator",
    "Administrator Read Only",
    "Billing",
    "Super Administrator - All Privileges",
]


@pytest.mark.parametrize("kind", ["okta", "entra"])
def test_protected_resources_are_not_destroyed(
    sandbox: Sandbox, admin: httpx.Client, kind: str
) -> None:
    stack = rehearsal(sandbox)
    stack.update(stack_config(kind))
    before = len(requests(admin, "DELETE"))
    with pytest.raises(ScimError, match="protected"):
        stack.destroy()
    assert len(requests(admin, "DELETE")) == before
    assert stack.update(stack_config(kind)).summary.keys() == {"same"}


def test_okta_keeps_only_cloudflare_s_groups_and_nobody_loses_a_role(
    sandbox: Sandbox, admin: httpx.Client
) -> None:
    stack = rehearsal(sandbox)
    do_console_steps(admin, stack.update(stack_config()))
    stack.update(stack_config(apiIntegrationConfirmed=True))
    admin.post("cycle").raise_for_status()
    before = state(admin)
    with pytest.raises(ScimError, match="Deactivate Users is on"):
        stack.destroy(unprotect=True)
    assert state(admin) == before
    deactivate_nobody(admin)
    summary = stack.destroy(unprotect=True)
    found = state(admin)
    assert found["okta"]["apps"] == []
    assert names(found["okta"]["groups"]) == ["Everyone"]
    assert found["cloudflare"]["tokens"] == []
    assert names(found["cloudflare"]["userGroups"]) == ROLES
    assert "Administrator" in roles_by_person(admin)["ada@example.com"]
    # The role groups in Cloudflare, five memberships that went with their groups anyway, and the
    # token, which is ended by a resource of ours.
    assert summary == {"deleted": 16, "retained": 10}
    assert stack.destroy(unprotect=True) == {}


def test_entra_keeps_only_cloudflare_s_groups(sandbox: Sandbox, admin: httpx.Client) -> None:
    stack = rehearsal(sandbox)
    stack.update(stack_config("entra"))
    stack.destroy(unprotect=True)
    found = state(admin)
    assert names(found["entra"]["applications"], "displayName") == ["cloudflare-scim automation"]
    assert found["entra"]["groups"] == []
    assert found["entra"]["appRoleAssignments"] == []
    assert found["cloudflare"]["tokens"] == []
    assert names(found["cloudflare"]["userGroups"]) == ROLES
