"""`pulumi refresh` in rehearsal: the memory becomes what the vendors show, as the providers read it."""

import pytest

from cfscim.config.messages import ScimError
from cfscim.rehearsal import RehearsalDeployer
from sandbox.server.server import Sandbox
from tests.adopt.adopting import adopt
from tests.configs import stack_config
from tests.rehearsal.rehearsal_support import rehearsal

pytestmark = pytest.mark.usefixtures("signed_in")


@pytest.mark.parametrize("kind", ["okta", "entra"])
def test_nothing_differs_where_nobody_changed_anything(sandbox: Sandbox, kind: str) -> None:
    stack, config = rehearsal(sandbox), stack_config(kind)
    made = stack.update(config)
    # The job is started by the stack's last resource, and the provider's own input is ignored.
    assert stack.refresh(config) == (1 if kind == "entra" else 0)
    assert stack.update(config).summary == {"same": made.summary["created"]}


def test_what_was_changed_by_hand_is_put_right_after_a_refresh_and_not_before(
    sandbox: Sandbox,
) -> None:
    stack, config = rehearsal(sandbox), stack_config("entra")
    stack.update(config)
    world = sandbox.world
    [token] = world.cloudflare.tokens.values()
    [secrets] = [one.secrets for one in world.entra.synchronization.values()]
    [account] = world.cloudflare.accounts.values()
    group = next(g for g in account.user_groups.values() if g.name == "Billing")
    wanted = secrets["BaseAddress"]
    token.name, secrets["BaseAddress"] = "by hand", "https://elsewhere.example"
    del account.user_groups[group.id]
    assert set(stack.update(config).summary) == {"same"}
    stack.refresh(config)
    assert stack.update(config).summary["created"] == 1
    assert token.name == "cloudflare-scim-dev"
    assert secrets["BaseAddress"] == wanted
    assert "Billing" in {g.name for g in account.user_groups.values()}


def test_a_secret_that_graph_hides_counts_as_what_the_state_has(sandbox: Sandbox) -> None:
    stack, config = rehearsal(sandbox), stack_config("entra")
    stack.update(config)
    [secrets] = [one.secrets for one in sandbox.world.entra.synchronization.values()]
    secrets["SecretToken"] = "wrong"
    stack.refresh(config)
    stack.update(config)
    assert secrets["SecretToken"] == "wrong"


def test_a_push_that_is_gone_ends_every_refresh_until_it_is_adopted(sandbox: Sandbox) -> None:
    stack = RehearsalDeployer("dev", sandbox.env, lambda _line: None)
    config = stack_config("okta", apiIntegration="api", catalogApp="zscalerbyz")
    stack.update(config)
    [app] = sandbox.world.okta.apps.values()
    app.mappings.clear()
    with pytest.raises(ScimError, match="refresh PushGroup okta-push-.*cfscim adopt --import"):
        stack._rehearsal.refresh(config)
    assert adopt(stack, "dev", config)["resources"] == []
    stack._rehearsal.refresh(config)
    stack.update(config)
    assert len(app.mappings) == 4
