"""`apiIntegration: api`: Okta's 200 is not believed, and where the API works it is used."""

import httpx
import pytest

from cfscim.config.messages import ScimError
from sandbox.server.server import Sandbox
from tests.configs import stack_config
from tests.rehearsal.rehearsal_support import rehearsal, roles_by_person, state

pytestmark = pytest.mark.usefixtures("no_sockets")


def test_an_app_without_such_an_api_fails_the_update_with_the_way_out(
    sandbox: Sandbox, admin: httpx.Client
) -> None:
    with pytest.raises(ScimError) as failed:
        rehearsal(sandbox).update(stack_config(apiIntegration="api"))
    assert "UNKNOWN" in str(failed.value)
    assert "apiIntegration: console" in str(failed.value)
    assert "okta-connection-gate" in str(failed.value)


def test_an_app_with_one_is_set_up_and_pushes(sandbox: Sandbox, admin: httpx.Client) -> None:
    config = stack_config(apiIntegration="api", catalogApp="zscalerbyz")
    stack = rehearsal(sandbox)
    stack.update(config)
    [app] = state(admin)["okta"]["apps"]
    assert {"PUSH_NEW_USERS", "PUSH_USER_DEACTIVATION", "GROUP_PUSH"} <= {*app["features"]}
    assert not {"PUSH_PROFILE_UPDATES", "PUSH_PASSWORD_UPDATES"} & {*app["features"]}
    report = admin.post("cycle").json()
    assert "Administrator" in roles_by_person(admin)["ada@example.com"], report
    assert stack.update(config).summary.keys() == {"same"}
    stack.refresh(config)
    assert stack.update(config).summary.keys() == {"same"}
