"""After a move off virtual groups: nobody keeps a role by one unseen."""

import httpx
import pytest

from cfscim.config.messages import ScimError
from cfscim.rehearsal import RehearsalDeployer
from sandbox.server.server import Sandbox
from tests.configs import ACCOUNT
from tests.scenarios import SCENARIOS, Stage

pytestmark = pytest.mark.usefixtures("no_sockets")


def test_the_clean_up_waits_until_nobody_has_a_role_by_a_virtual_group_alone(
    sandbox: Sandbox, admin: httpx.Client
) -> None:
    [scenario] = [one for one in SCENARIOS if one.name == "user-groups-okta"]
    stage = Stage(RehearsalDeployer("dev", sandbox.env, lambda _line: None), admin)
    stage.deploy(scenario.start)
    for step in scenario.steps[:4]:
        stage.take(step)
    account = sandbox.world.cloudflare.accounts[ACCOUNT]
    virtual = account.system_groups
    ada = next(
        member.id
        for member in account.members.values()
        if sandbox.world.cloudflare.users[member.user_id].email == "ada@example.com"
    )
    assert ada in virtual["Administrator"].members, "Okta cannot take her out"
    virtual["Super Administrator - All Privileges"].members.append(ada)
    with pytest.raises(ScimError, match="in a virtual group and not in the new one") as refused:
        stage.take(scenario.steps[4])
    assert "ada@example.com (Super Administrator - All Privileges)" in str(refused.value)
    virtual["Super Administrator - All Privileges"].members.remove(ada)
    stage.take(scenario.steps[4])
