"""Fortnights made up by chance, held to a truth that is read from the vendors themselves.

What happens each day is drawn: grants and removals by the stack file and by hand, a second update
before the cycle, new tokens, suspensions, roles given by hand, a vendor that is away, cycles that
stand still, days with nobody there. The truth of a moment is worked out here from who is in the two
sides' groups, when each last changed, and what was done by hand: `verify` has to say the same.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from random import Random

import pytest

from cfscim.config.roles import Role
from cfscim.verify import Report, Status
from sandbox.cloudflare.models import Member
from sandbox.server.server import Sandbox
from tests.verify.test_fortnight import BOUND, PEOPLE, TOKEN, Clock, clock, in_process
from tests.verify.test_fortnight_by_hand import BY_HAND, GREEN, NOT_YET, RED, Days
from tests.verify.verify_support import show
from tests.verify.verify_undeclared_ways import account, member

__all__ = ["clock", "in_process"]

VARIANTS: Mapping[str, Sequence[tuple[Mapping[str, object], Mapping[str, object]]]] = {
    "okta": (
        ({}, {}),
        ({"keepPrevious": False}, {}),
        ({}, {"apiIntegration": "api", "catalogApp": "zscalerbyz"}),
        ({"owner": "user"}, {}),
    ),
    "entra": (({}, {}), ({}, {"scope": "filtered"}), ({"owner": "user"}, {})),
}
"""By identity provider: further keys of token and provider; each seed has one of them."""

SEEDS = range(300 if os.environ.get("CFSCIM_FULL_MATRIX") else 6)
DAYS = 14
_ROLES = ("Administrator", "Billing", BY_HAND)
_STEP = timedelta(minutes=1)


class Chance(Days):
    """A stack to which things happen.

    `powers`: members with a role by hand; `off`: who is suspended; `failed`: the last cycle was;
    `forgotten`: role and person whose removal was not sent before Entra forgot all it had sent.
    """

    def __init__(self, sandbox: Sandbox, kind: str, seed: int) -> None:
        self.powers: list[Member] = []
        self.off: set[str] = set()
        self.failed = False
        self.forgotten: set[tuple[str, str]] = set()
        self.told: dict[int, int] = {GREEN: 0, RED: 0, NOT_YET: 0}
        self.done: list[str] = []
        self.token, self.provider = VARIANTS[kind][seed % len(VARIANTS[kind])]
        super().__init__(sandbox, kind)
        self.random = Random(seed)
        for person in PEOPLE:  # a role without the application grants nothing
            self.join_users(person)
        self.cycle()
        self.later(90)

    def join_users(self, person: str) -> None:
        """Puts somebody into the users' group, where they stay."""
        world, name = self.sandbox.world, "Cloudflare Users"
        named = {id_: one.name for id_, one in world.okta.groups.items()}
        if self.kind == "entra":
            named = {id_: one.text("displayName") for id_, one in world.entra.groups.items()}
        [group] = [id_ for id_, called in named.items() if called == name]
        body = {"identityProvider": self.kind, "group": group, "email": person, "member": True}
        assert self.admin.post("members", json=body).status_code in (200, 204, 400, 409)

    # -- what happens ----------------------------------------------------------------------------

    def grant(self) -> None:
        """One person more or less in a declared role."""
        role = self.random.choice(_ROLES[:2])
        people = self.declared[role] ^ {self.random.choice(self.there())}
        if people:
            changed = people ^ self.declared[role]
            self.declared[role] = people
            self.update(*((role, person) for person in changed))

    def twice(self) -> None:
        """A second update before the cycle, some minutes later."""
        self.grant()
        self.later(self.random.randint(1, 20))
        self.grant()

    def by_hand(self) -> None:
        """Somebody is put into the group that nobody declares, or taken out."""
        person = self.random.choice(self.there())
        self.join(BY_HAND, person, member=person not in self.wanted(BY_HAND))
        self.changed[BY_HAND, person] = Clock.moment

    def new_token(self) -> None:
        """Not while one waits to be handed over: that would end the kept one."""
        if self.issued is None:
            self.rotate()

    def hand_over(self) -> None:
        if self.issued is not None:
            self.paste()

    def power(self) -> None:
        of = member(self.sandbox.world, self.random.choice(sorted(self.members())))
        if of not in self.powers:
            of.roles = [*of.roles, "DNS"]
            self.powers.append(of)

    def powerless(self) -> None:
        for of in self.powers:
            of.roles.remove("DNS")
        self.powers.clear()

    def block(self) -> None:
        """Somebody is suspended; nobody else at the same time."""
        person = self.random.choice([one for one in PEOPLE if one != PEOPLE[1]])
        if not self.off:
            self.off.add(person)
            self.suspend(person)

    def let_in(self) -> None:
        """Let in again, and everything delivered anew, as verify says."""
        for person in sorted(self.off):
            self.suspend(person, suspended=False)
            self.off.clear()
            self.failed = True
            self.deliver()

    def away(self) -> None:
        """Cloudflare does not answer the cycle; somebody has everything sent anew later on."""
        fault = {"kind": "503", "path": r"/.*/scim/v2/.*", "times": None}
        self.admin.post("faults", json=fault).raise_for_status()
        self.cycle()
        self.admin.delete("faults").raise_for_status()

    def cycle(self, *, full: bool = False) -> None:
        """One that failed is made good by one that delivers everything anew."""
        body = {"identityProvider": self.kind, "full": full}
        if full and self.kind == "entra":
            roles = (*self.declared, BY_HAND)
            self.forgotten |= {(r, one) for r in roles for one in self.has(r) - self.wanted(r)}
        self.failed = bool(self.admin.post("cycle", json=body).json()[self.kind]["errors"])
        newest = max(self.sandbox.world.cloudflare.tokens.values(), key=lambda t: t.issued_on)
        if self.by_api and newest.last_used_on:
            self.issued = None
        # Whose membership ended has nothing any more.
        there = account(self.sandbox.world).members
        self.powers = [of for of in self.powers if of.id in there]

    # -- the truth -------------------------------------------------------------------------------

    def there(self) -> list[str]:
        return [person for person in PEOPLE if person not in self.off]

    def wanted(self, role: str) -> set[str]:
        """Who is in the identity provider's group and is let in."""
        return self.grouped(role) - self.off

    def grouped(self, role: str) -> set[str]:
        """Who is in the identity provider's group."""
        world = self.sandbox.world
        if self.kind == "okta":
            [group] = [g for g in world.okta.groups.values() if g.name == role and g.type[0] == "O"]
            return {world.okta.users[one].email for one in group.members}
        [found] = [g for g in world.entra.groups.values() if g.text("displayName") == role]
        return {world.entra.users[one].text("mail") for one in found.members}

    def has(self, role: str) -> set[str]:
        """Who is in Cloudflare's group."""
        here, users = account(self.sandbox.world), self.sandbox.world.cloudflare.users
        [group] = [one for one in here.user_groups.values() if one.name == role]
        return {users[here.members[id_].user_id].email for id_ in group.members}

    def members(self) -> set[str]:
        """Who is in the account at all."""
        here, users = account(self.sandbox.world), self.sandbox.world.cloudflare.users
        return {users[one.user_id].email for one in here.members.values()}

    def of_role(self, role: str) -> int:
        """What is true of the members of one role."""
        differing = self.wanted(role) ^ self.has(role)
        # Who was taken out of the group too is on the way out, as anybody else is.
        if self.off & self.has(role) & self.grouped(role):
            return RED
        if self.off & self.declared.get(role, set()):
            return RED
        if not differing:
            return GREEN
        if any((role, person) in self.forgotten for person in self.has(role) - self.wanted(role)):
            return RED
        since = min(self.changed[role, person] for person in differing)
        return RED if since + BOUND <= Clock.moment else NOT_YET

    def truth(self) -> int:
        """What is true of the whole stack."""
        parts = {self.of_role(role) for role in (*self.declared, BY_HAND)}
        if self.powers or self.failed or self.off & set().union(*self.declared.values()):
            return RED
        # Where a filter decides who is in the account, who has no role is nobody's concern.
        if self.off & self.members() and self.provider.get("scope") != "filtered":
            return RED
        if self.issued is not None:
            parts.add(RED if self.issued + BOUND <= Clock.moment else NOT_YET)
        return RED if RED in parts else NOT_YET if NOT_YET in parts else GREEN

    def held_to(self) -> None:
        """Every status that the truth speaks of, and the exit code."""
        report: Report = self._report()
        about = f"{self.kind}, {Clock.moment}, {self.done[-6:]}:\n{show(report)}"
        truth = self.truth()
        assert report.exit_code == truth, f"{truth}, and verify says {report.exit_code}: {about}"
        by_id = {check.id: check for check in report.checks}
        status = {GREEN: Status.HOLDS, RED: Status.FAILS, NOT_YET: Status.NOT_YET}
        if not self.failed:
            for role in (*self.declared, BY_HAND):
                found = by_id[f"cloudflare.members.{Role(role).slug}"]
                assert found.status is status[self.of_role(role)], f"{role}: {about}"
        assert (by_id[TOKEN].status is Status.HOLDS) is (self.issued is None), about
        assert ("cloudflare.undeclared" in _red(report)) is bool(self.powers), about
        late = [one for one in report.checks if one.by and one.by <= Clock.moment]
        assert late == [], about
        self.told[truth] += 1

    # -- days ------------------------------------------------------------------------------------

    def live(self) -> None:
        """Fourteen days, each with what chance brings."""
        for number in range(DAYS):
            self.later(self.random.randint(60, 600))
            self.deliver()
            self.held_to()
            if number % 7 < 5:
                self.work()

    def work(self) -> None:
        """A day with somebody there: one thing or two, with or without a cycle between."""
        for _ in range(self.random.randint(1, 2)):
            act: Callable[[], None] = self.random.choice(
                [
                    *(self.grant, self.twice, self.by_hand, self.new_token, self.hand_over),
                    *(self.power, self.powerless, self.block, self.let_in, self.away),
                ]
            )
            self.done.append(act.__name__)
            act()
            self.held_to()
            if self.random.random() < 0.5:
                self.later(self.random.randint(2, 90))
                self.held_to()
            if self.random.random() < 0.6:
                self.deliver()

    def deliver(self) -> None:
        """A cycle; after one that failed, everything anew."""
        self.done.append("cycle")
        self.later(1)
        self.remove_forgotten()
        self.cycle(full=self.failed)
        self.later(1)

    def remove_forgotten(self) -> None:
        """Out of the account, and everything anew: as verify says."""
        world, there = self.sandbox.world, self.members()
        for person in sorted({person for _, person in self.forgotten} & there):
            world.cloudflare.remove_member(account(world), member(world, person))
            self.failed = True
        self.forgotten.clear()


def _red(report: Report) -> set[str]:
    return {check.id for check in report.checks if check.status is Status.FAILS}


@pytest.mark.parametrize("kind", ["okta", "entra"])
@pytest.mark.parametrize("seed", SEEDS)
def test_verify_says_what_is_true(sandbox: Sandbox, in_process: None, kind: str, seed: int) -> None:
    days = Chance(sandbox, kind, seed)
    days.live()
    days.admin.close()
    assert sum(days.told.values()) > DAYS
