"""A second update changes what the config changed, as an engine would, and nothing else."""

import httpx
import pytest

from cfscim.config.messages import ScimError
from sandbox.server.server import Sandbox
from tests.configs import MEMBERS, stack_config
from tests.rehearsal.rehearsal_support import do_console_steps, names, rehearsal, requests, state

pytestmark = pytest.mark.usefixtures("signed_in")


def _members(admin: httpx.Client, kind: str, name: str) -> list[str]:
    for group in state(admin)[kind]["groups"]:
        if group.get("name", group.get("displayName")) == name:
            return sorted(group["members"])
    raise AssertionError(f"no group {name}")


@pytest.mark.parametrize("kind", ["okta", "entra"])
def test_members_follow_the_config_both_ways(
    sandbox: Sandbox, admin: httpx.Client, kind: str
) -> None:
    stack = rehearsal(sandbox)
    stack.update(stack_config(kind))
    after = stack.update(
        stack_config(kind, roles={**MEMBERS, "Administrator": ["edsger@example.com"]})
    )
    assert after.summary["updated"] >= 1
    assert _members(admin, kind, "Administrator") == ["edsger@example.com"]
    # Whoever leaves the roles stays a Cloudflare user until removed in the identity provider.
    assert {"ada@example.com", "edsger@example.com"} <= {*_members(admin, kind, "Cloudflare Users")}


@pytest.mark.parametrize("owner", ["account", "user"])
def test_rotation_makes_the_new_token_first_and_deletes_the_old_last(
    sandbox: Sandbox, admin: httpx.Client, owner: str
) -> None:
    stack = rehearsal(sandbox)
    first = stack.update(stack_config("entra", owner=owner))
    written = len(requests(admin))
    second = stack.update(stack_config("entra", owner=owner, token={"rotation": "2"}))
    assert second.outputs["tokenId"] != first.outputs["tokenId"]
    assert second.token_value != first.token_value
    assert second.summary["replaced"] == 2, "the token, and what ends the former one"
    assert names(state(admin)["cloudflare"]["tokens"], "id") == [second.outputs["tokenId"]]
    since = [r for r in requests(admin)[written:] if "tokens" in r or "secrets" in r]
    changed = [r.split()[0] for r in since if r.split()[0] in ("POST", "PUT", "DELETE")]
    # The sign-ins to Entra are POSTs to .../token, without an s.
    assert changed == ["POST", "PUT", "DELETE"]


def test_a_role_that_is_dropped_is_refused_because_its_groups_are_protected(
    sandbox: Sandbox, admin: httpx.Client
) -> None:
    stack = rehearsal(sandbox)
    stack.update(stack_config())
    fewer = {name: members for name, members in MEMBERS.items() if name != "Billing"}
    with pytest.raises(ScimError) as refused:
        stack.update(stack_config(roles=fewer))
    assert "okta-group-billing, user-group-billing" in str(refused.value)
    assert "Billing" in names(state(admin)["cloudflare"]["userGroups"])
    assert stack.update(stack_config()).summary.keys() == {"same"}


def test_a_renamed_group_is_refused_before_anything_is_done_to_it(
    sandbox: Sandbox, admin: httpx.Client
) -> None:
    stack = rehearsal(sandbox)
    config = stack_config(usersGroup={"name": "Cloudflare Users"})
    stack.update(config)
    with pytest.raises(ScimError, match="Group okta-users-group: .*protected"):
        stack.update(stack_config(usersGroup={"name": "Everyone at Cloudflare"}))
    assert "Everyone at Cloudflare" not in names(state(admin)["okta"]["groups"])
    assert stack.update(config).summary.keys() == {"same"}


def test_a_push_is_protected_from_being_undeclared(sandbox: Sandbox, admin: httpx.Client) -> None:
    stack = rehearsal(sandbox)
    do_console_steps(admin, stack.update(stack_config()))
    stack.update(stack_config(apiIntegrationConfirmed=True))
    [app] = state(admin)["okta"]["apps"]
    pushes = f"/api/v1/apps/{app['id']}/group-push/mappings"
    assert len([r for r in requests(admin, "POST") if r.endswith(pushes)]) == 4
    with pytest.raises(ScimError, match="okta-push-billing"):
        stack.update(stack_config())
    assert not [r for r in requests(admin, "DELETE") if pushes in r]


def test_what_is_no_longer_declared_and_not_protected_is_deleted(
    sandbox: Sandbox, admin: httpx.Client
) -> None:
    stack = rehearsal(sandbox)
    stack.update(stack_config("entra"))
    assert stack.update(stack_config("entra", start=False)).summary["deleted"] == 1
    assert [r for r in requests(admin, "POST") if r.endswith("/pause")]


def test_the_app_is_updated_in_place(sandbox: Sandbox, admin: httpx.Client) -> None:
    stack = rehearsal(sandbox)
    first = stack.update(stack_config())
    second = stack.update(stack_config(appLabel="Cloudflare by SCIM"))
    assert second.summary["updated"] == 1
    assert second.outputs["applicationId"] == first.outputs["applicationId"]
    assert names(state(admin)["okta"]["apps"], "label") == ["Cloudflare by SCIM"]
