"""Where the real providers are quiet or refuse, the rehearsal does the same."""

import httpx
import pytest

from cfscim.config.kinds import KINDS
from cfscim.config.messages import ScimError
from cfscim.rehearsal.vendors import Vendors
from sandbox.server.server import Sandbox
from tests.configs import MEMBERS, stack_config
from tests.rehearsal.rehearsal_support import deactivate_nobody, do_console_steps, rehearsal, state

pytestmark = pytest.mark.usefixtures("no_sockets")


def _members(admin: httpx.Client, name: str) -> list[str]:
    groups = {group["name"]: group["members"] for group in state(admin)["okta"]["groups"]}
    return groups[name]


def test_a_refused_change_of_members_is_green_and_the_state_says_changed(
    sandbox: Sandbox, admin: httpx.Client
) -> None:
    stack = rehearsal(sandbox)
    stack.update(stack_config())
    more = stack_config(roles={**MEMBERS, "Administrator": ["edsger@example.com"]})
    refused = {"kind": "403", "method": "PUT", "path": "/api/v1/groups/[^/]+/users/[^/]+"}
    users = {"usersGroup": {"name": "Cloudflare Users", "members": ["edsger@example.com"]}}
    admin.post("faults", json={**refused, "times": None}).raise_for_status()
    # Only the role's group changes: the users' group already counts everybody as there.
    assert users
    with pytest.raises(ScimError):  # a person's own membership is not swallowed
        stack.update(more)
    admin.delete("faults").raise_for_status()
    assert _members(admin, "Administrator") == []
    stack.update(more)
    assert _members(admin, "Administrator") == [], "the state says that she was put in"


def test_a_mapping_removed_elsewhere_ends_a_destroy(sandbox: Sandbox, admin: httpx.Client) -> None:
    stack = rehearsal(sandbox)
    do_console_steps(admin, stack.update(stack_config()))
    stack.update(stack_config(apiIntegrationConfirmed=True))
    for app in sandbox.world.okta.apps.values():
        app.mappings.clear()
    deactivate_nobody(admin)
    with pytest.raises(ScimError, match="404"):
        stack.destroy(unprotect=True)


def test_a_further_saved_key_makes_the_provider_wait_in_vain(
    sandbox: Sandbox, admin: httpx.Client
) -> None:
    stack = rehearsal(sandbox)
    stack.update(stack_config("entra"))
    for sync in sandbox.world.entra.synchronization.values():
        sync.secrets["SkipOutOfScopeDeletions"] = "true"
    with pytest.raises(ScimError, match="SkipOutOfScopeDeletions.*time-out"):
        stack.update(stack_config("entra", token={"rotation": "2"}))


def test_an_apostrophe_in_an_entra_group_s_name_is_refused_by_graph(sandbox: Sandbox) -> None:
    """`validate` refuses such a name; the provider would send it unescaped."""
    named = {"displayName": "Ada's people", "preventDuplicateNames": True}
    with Vendors({}, sandbox.env) as vendors, pytest.raises(ScimError, match="400"):
        vendors.handler("azuread:index/group:Group").create({**named})


def test_what_replaces_is_said_in_one_place() -> None:
    """The settled differences: okta's and azuread's `willReplaceOnChanges`, RequiresReplace."""
    forced = {type_: kind.forces_new for type_, kind in KINDS.items()}
    assert forced["okta:app/connection:Connection"] == frozenset()
    assert forced["okta:app/features:Features"] == frozenset()
    assert "appConfig" in forced["okta:index/pushGroup:PushGroup"]
    assert {"types", "mailNickname"} <= forced["azuread:index/group:Group"]
