"""Who is missing without a known cause: `verify` says how to have it delivered again, and where."""

from collections.abc import Callable

import pytest

from cfscim.verify import Check
from sandbox.server.world import World
from tests.configs import ACCOUNT
from tests.verify.verify_base import ENTRA, OKTA, Bases, Combination
from tests.verify.verify_support import failing

pytestmark = pytest.mark.usefixtures("signed_in")

ADA = "ada@example.com"
Change = Callable[[World], None]
RESTART = "https://learn.microsoft.com/graph/api/synchronization-synchronizationjob-restart"


def leave_account(world: World) -> None:
    """Ada's membership is gone behind the identity provider's back."""
    account = world.cloudflare.accounts[ACCOUNT]
    ada = world.cloudflare.user_by_email(ADA)
    assert ada is not None
    member = next(m for m in account.members.values() if m.user_id == ada.id)
    world.cloudflare.remove_member(account, member)


def leave_group(world: World) -> None:
    """Only the membership in the role's group is gone."""
    for group in world.cloudflare.accounts[ACCOUNT].user_groups.values():
        if group.name == "Administrator":
            group.members.clear()


def administrators(bases: Bases, stack: Combination, *changes: Change) -> Check:
    """The check of Administrator's members after the changes."""
    made = bases.stack(stack)
    for change in changes:
        change(bases.sandbox.world)
    return failing(made.verify())["cloudflare.members.administrator"]


@pytest.mark.parametrize("lose", [leave_account, leave_group])
def test_okta_is_made_to_push_again(bases: Bases, lose: Change) -> None:
    check = administrators(bases, OKTA, lose)
    assert check.action.endswith("wait for Okta's next cycle, then verify again")
    assert ('out of group "Cloudflare Users"' in check.action) is (lose is leave_account)
    assert 'Push Groups > "Administrator" > Push now' in check.action
    assert check.link.endswith("#tab-group-push")
    assert "put right" not in check.action


@pytest.mark.parametrize("lose", [leave_account, leave_group])
def test_entra_s_job_is_restarted_in_full(bases: Bases, lose: Change) -> None:
    check = administrators(bases, ENTRA, lose)
    ((principal, sync),) = bases.sandbox.world.entra.synchronization.items()
    (job,) = sync.jobs
    assert f"servicePrincipals/{principal}/synchronization/jobs/{job}/restart" in check.action
    assert '{"criteria": {"resetScope": "Full"}}' in check.action
    assert check.link == RESTART


def test_who_is_no_member_is_told_from_who_lacks_the_group(bases: Bases) -> None:
    gone = f"{ADA} is missing (no member of the account, and Okta believes it delivered)"
    lacks = f"{ADA} is missing (likely not yet a cycle of Okta, or it believes it delivered)"
    assert administrators(bases, OKTA, leave_account).found == gone
    assert administrators(bases, OKTA, leave_group).found == lacks


def test_a_known_cause_is_put_right_and_nothing_pushed_again(bases: Bases) -> None:
    def refused(world: World) -> None:
        (app,) = world.okta.apps.values()
        for user in app.users.values():
            if user.user_name == ADA:
                user.error = "refused"

    check = administrators(bases, OKTA, refused, leave_account)
    assert check.action == (
        "see okta.people.errors; then wait for Okta's next cycle, then verify again"
    )
    assert check.link.endswith("#tab-assignments")
