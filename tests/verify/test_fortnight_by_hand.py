"""What is done by hand, and what fails, in simulated days: when `verify` is red, and when `not yet`.

Red is what deviates from the stack file, a suspended person who has a role, and what the vendor
says has failed. What a cycle still owes is `not yet`, until an hour after it was done.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

import pytest

from cfscim.verify import Check, Status
from sandbox.okta.provisioning.assignment import refresh as refresh_assignments
from sandbox.server.server import Sandbox
from tests.verify.test_fortnight import Clock, Fortnight, clock, in_process
from tests.verify.verify_support import show
from tests.verify.verify_undeclared_ways import account, member

__all__ = ["clock", "in_process"]

MANAGED, BY_HAND = "Billing", "Administrator Read Only"
ADA, ALAN, GRACE = (f"{name}@example.com" for name in ("ada", "alan", "grace"))
BY_HAND_CHECK = "cloudflare_members_administrator-read-only"
GREEN, RED, NOT_YET = 0, 1, 4


class Days(Fortnight):
    """A stack as it is lived with: `BY_HAND` is managed in the identity provider."""

    def __init__(self, sandbox: Sandbox, kind: str) -> None:
        super().__init__(sandbox, kind, seed=7)
        self.cycle()
        self.later(60)

    def roles(self) -> Mapping[str, list[str] | None]:
        self.declared.pop(BY_HAND, None)
        return {BY_HAND: None, **super().roles()}

    def later(self, minutes: int) -> None:
        Clock.moment += timedelta(minutes=minutes)

    def mark(self) -> None:
        """What `at` counts from."""
        self.marked = Clock.moment

    def at(self, minutes: int) -> None:
        """So long after the mark."""
        Clock.moment = self.marked + timedelta(minutes=minutes)

    def cycle(self, *, full: bool = False) -> None:
        answer = self.admin.post("cycle", json={"identityProvider": self.kind, "full": full})
        assert not answer.json()[self.kind]["errors"], answer.json()

    def fail_a_cycle(self) -> None:
        answer = self.admin.post("cycle", json={"identityProvider": self.kind})
        assert answer.json()[self.kind]["errors"]

    def join(self, role: str, person: str, *, member: bool = True) -> None:
        """Puts somebody into a role's group by hand, or takes them out."""
        group = self.result.outputs["roleGroups"][role]["identityProviderGroupId"]
        body = {"identityProvider": self.kind, "group": group, "email": person, "member": member}
        self.admin.post("members", json=body).raise_for_status()

    def suspend(self, person: str, *, suspended: bool = True) -> None:
        body = {"identityProvider": self.kind, "email": person, "suspended": suspended}
        self.admin.post("suspend", json=body).raise_for_status()

    def unassign(self) -> None:
        """Takes the users' group (Okta), or the group of `MANAGED` (Entra), from the application."""
        world = self.sandbox.world
        if self.kind == "okta":
            [app] = world.okta.apps.values()
            app.groups.clear()
            refresh_assignments(world.okta, app)
            return
        group = self.result.outputs["roleGroups"][MANAGED]["identityProviderGroupId"]
        state = world.entra
        [gone] = [key for key, one in state.assignments.items() if one.principal_id == group]
        del state.assignments[gone]

    def meddle(self, what: str) -> Callable[[], None]:
        """Does something that no file declares; returns what takes it back."""
        world = self.sandbox.world
        if what == "a declared group":
            self.join(MANAGED, ALAN)
            return lambda: self.join(MANAGED, ALAN, member=False)
        if what == "out of a group":
            [group] = [one for one in account(world).user_groups.values() if one.name == MANAGED]
            group.members.clear()
            return lambda: None
        given = member(world, GRACE, "Billing")
        return lambda: given.roles.remove("Billing")

    def checks(self) -> Mapping[str, Check]:
        return {check.id.replace(".", "_"): check for check in self._report().checks}

    def is_(self, exit_code: int, **checks: Status) -> None:
        """What `verify` says now; `checks`: the status of some, by ids without dots."""
        report = self._report()
        assert report.exit_code == exit_code, f"{Clock.moment}:\n{show(report)}"
        by_id = {check.id.replace(".", "_"): check for check in report.checks}
        for id_, status in checks.items():
            assert by_id[id_].status is status, f"{Clock.moment}, {id_}:\n{show(report)}"


@pytest.fixture(params=["okta", "entra"])
def days(request: pytest.FixtureRequest, sandbox: Sandbox, in_process: None) -> Iterator[Days]:
    days = Days(sandbox, request.param)
    yield days
    days.admin.close()


def waits(days: Days, check: str, *, began: int = 0) -> None:
    """`not yet` from now until an hour after it was done (`began` minutes ago), then red."""
    for minutes in (0, 20, 59):
        days.at(minutes - began)
        days.is_(NOT_YET, **{check: Status.NOT_YET})
    days.at(61 - began)
    days.is_(RED, **{check: Status.FAILS})


def test_a_group_that_is_managed_by_hand(days: Days) -> None:
    """Who is put in or taken out is `not yet` until the cycle, and green after it."""
    days.is_(GREEN)
    for put_in in (True, False):
        days.mark()
        days.join(BY_HAND, ALAN, member=put_in)
        waits(days, BY_HAND_CHECK)
        days.cycle()
        days.later(1)
        days.is_(GREEN)


def test_a_second_update_moves_nobodys_time(days: Days) -> None:
    """The cycles stand still; a grant is due an hour after it, whatever was updated since."""
    days.mark()
    days.declared[MANAGED] |= {ALAN}
    days.update((MANAGED, ALAN))
    days.at(30)
    days.declared["Administrator"] |= {GRACE}
    days.update(("Administrator", GRACE))
    days.is_(NOT_YET, cloudflare_members_billing=Status.NOT_YET)
    days.at(50)
    days.rotation += 1
    days.update()
    days.at(59)
    days.is_(NOT_YET, cloudflare_members_billing=Status.NOT_YET)
    days.at(61)
    days.is_(RED, cloudflare_members_billing=Status.FAILS)
    report = days.checks()
    assert report["cloudflare_members_administrator"].status is Status.NOT_YET
    if days.kind == "okta":
        days.paste()
    days.cycle()
    days.later(1)
    days.is_(GREEN)


def test_a_suspension(days: Days) -> None:
    """Red while the person has a role, and while the stack file names them; let in again it is
    `not yet` for an hour. Neither vendor puts back by itself what it believes is there."""
    days.suspend(ADA)
    days.is_(RED, cloudflare_members_billing=Status.FAILS)
    days.later(30)
    days.cycle()
    days.later(1)
    days.is_(RED, cloudflare_members_billing=Status.FAILS)
    days.later(200)
    days.mark()
    days.suspend(ADA, suspended=False)
    waits(days, "cloudflare_members_billing")
    days.cycle(full=True)
    days.later(1)
    days.is_(GREEN)


def test_a_suspension_of_somebody_whom_no_file_names(days: Days) -> None:
    """Red while the person still has the role, green once the cycle took it."""
    days.join(BY_HAND, ALAN)
    days.cycle()
    days.later(90)
    for role in days.declared:
        days.declared[role] -= {ALAN}
    days.update()
    days.cycle()
    days.later(90)
    days.is_(GREEN)
    days.suspend(ALAN)
    days.is_(RED, **{BY_HAND_CHECK: Status.FAILS})
    days.later(20)
    days.cycle()
    days.later(1)
    days.is_(GREEN)


def test_an_outage(days: Days) -> None:
    """Cloudflare's SCIM endpoint is away: red once the vendor says so, and green after it."""
    days.declared[MANAGED] |= {ALAN}
    days.update((MANAGED, ALAN))
    days.is_(NOT_YET, cloudflare_members_billing=Status.NOT_YET)
    fault = {"kind": "503", "path": r"/.*/scim/v2/.*", "times": None}
    days.admin.post("faults", json=fault).raise_for_status()
    days.later(20)
    days.fail_a_cycle()
    days.admin.delete("faults")
    days.later(1)
    days.is_(RED)
    days.later(19)
    days.cycle(full=days.kind == "okta")  # Push now
    days.later(1)
    days.is_(GREEN)


def test_an_assignment_that_was_taken_away(days: Days) -> None:
    """Red until it is put back, `not yet` until the cycle."""
    days.unassign()
    days.is_(RED)
    days.later(40)
    days.cycle()
    days.later(1)
    days.is_(RED)
    days.later(100)
    days.mark()
    days.stack.refresh(days.given)
    days.update()
    for minutes in (0, 59):
        days.at(minutes)
        days.is_(NOT_YET, cloudflare_members_billing=Status.NOT_YET)
    days.at(61)
    days.is_(RED)
    days.cycle()
    days.later(1)
    days.is_(GREEN)


@pytest.mark.parametrize("what", ["a declared group", "a role in Cloudflare", "out of a group"])
def test_what_nobody_declared_is_red_at_once(days: Days, what: str) -> None:
    """And stays so through every cycle, until it is taken back."""
    undo = days.meddle(what)
    for minutes in (0, 30, 70):
        days.later(minutes)
        days.is_(RED)
        if minutes == 30:
            days.cycle()
    undo()
    days.cycle(full=what == "out of a group")
    days.later(1)
    days.is_(GREEN)
