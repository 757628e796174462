"""300 random histories of an organisation, told by who holds what; the config is written from that.

The other way round than test_histories.py: the model knows people, their roles and the stage of a
move, and nothing of the program. What the program makes of each config has to be the model again,
and what the model calls out of order has to be refused. Three histories, twelve with
`CFSCIM_FULL_MATRIX=1`, are carried out on the sandbox.
"""

import os
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any

import httpx
import pytest

from cfscim.config.access import access_table
from cfscim.config.lanes import primary
from cfscim.config.models import ScimConfig, parse_config
from cfscim.config.policy.rules import evaluate
from cfscim.rehearsal import RehearsalDeployer
from cfscim.review.compare import people_change
from sandbox.server.server import Sandbox
from tests.configs import ACCOUNT, SUPER
from tests.scenarios import Console, Stage

HISTORIES, STEPS = 300, 5
TODAY = date(2026, 11, 26)
ON_THE_SANDBOX = 12 if os.environ.get("CFSCIM_FULL_MATRIX") == "1" else 3
HELD = ("Administrator Read Only", "Administrator", "Billing", SUPER)
STAFF = [f"{name}@example.com" for name in ("ada", "grace", "alan", "katherine", "edsger")]
WHY = {"until": "2027-06-30", "by": "grace@example.com", "reason": "as planned"}
PREFIXES = ("", "Cloudflare ", "Prod - ", "New ")


@dataclass
class Organisation:
    """Who holds what. `stage` of a move to `target`: settled, both, switched."""

    kind: str
    holds: dict[str, set[str]]
    prefix: str = ""
    target: str = ""
    stage: str = "settled"
    rotation: int = 1
    taken: list[str] = field(default_factory=list)

    def config(self, stage: str | None = None, prefix: str | None = None) -> dict[str, Any]:
        """The stack's object, by hand; `stage` and `prefix`: as if they were others."""
        stage = self.stage if stage is None else stage
        prefix = self.prefix if prefix is None else prefix
        provider = {"kind": "entra"}
        if self.kind == "okta":
            okta = {"orgName": "example", "apiIntegrationConfirmed": True}
            provider = {"kind": "okta", **okta}  # type: ignore[dict-item]
        written: dict[str, Any] = {
            "account": {"id": ACCOUNT, "name": "Example Corp"},
            "roleModel": "userGroups",
            "groupPrefix": prefix,
            "token": {"rotation": str(self.rotation)},
            "roles": {role: {"members": sorted(self.of(role))} for role in HELD},
            "identityProvider": provider,
        }
        if stage != "settled":
            move = {"to": {"groupPrefix": self.target}, **WHY}
            written["move"] = {**move, "switched": True} if stage == "switched" else move
        return written

    def of(self, role: str) -> set[str]:
        return {person for person, roles in self.holds.items() if role in roles}

    def given(self) -> set[tuple[str, str, str]]:
        """Person, role, and the group by which the role is given."""
        way = self.target if self.stage == "switched" else self.prefix
        return {(who, role, way + role) for who, roles in self.holds.items() for role in roles}

    # -- what may happen ------------------------------------------------------------------------

    def hire(self, random: Random) -> None:
        self.holds.setdefault(random.choice(STAFF), set()).add(random.choice(HELD))

    def dismiss(self, random: Random) -> None:
        self.holds.pop(random.choice(sorted(self.holds) or STAFF), None)

    def change_places(self, random: Random) -> None:
        one, other = random.sample(STAFF, 2)
        self.holds[one], self.holds[other] = (self.holds.get(who, set()) for who in (other, one))

    def demote(self, random: Random) -> None:
        self.holds.get(random.choice(STAFF), set()).discard(random.choice(HELD))

    def rotate(self, _random: Random) -> None:
        self.rotation += 1

    def move_on(self, random: Random) -> None:
        if self.stage == "settled":
            self.target = random.choice([one for one in PREFIXES if one not in self.taken])
            self.taken.append(self.target)
            self.stage = "both"
        elif self.stage == "both":
            self.stage = "switched"
        else:
            self.stage, self.prefix = "settled", self.target

    def out_of_order(self) -> dict[str, Any]:
        """A config that skips a stage, or goes back behind the switch."""
        if self.stage == "settled":
            return self.config(prefix="Elsewhere ")
        if self.stage == "both":
            return self.config("settled", self.target)
        return self.config("both")


def begun(seed: int) -> tuple[Organisation, Random]:
    random = Random(f"organisation {seed}")
    holds = {who: {random.choice(HELD)} for who in STAFF[:3]}
    return Organisation(random.choice(["okta", "entra"]), holds, taken=[""]), random


def step(organisation: Organisation, random: Random) -> None:
    """One to three things happen, at most one of them to the move."""
    every_day = [Organisation.hire, Organisation.dismiss, Organisation.change_places]
    every_day += [Organisation.demote, Organisation.hire]
    for happens in random.sample(every_day, random.randint(0, 2)):
        happens(organisation, random)
    free = len(organisation.taken) < len(PREFIXES) or organisation.stage != "settled"
    random.choice([organisation.move_on if free else organisation.rotate, organisation.rotate])(
        random
    )


def parsed(config: dict[str, Any]) -> ScimConfig:
    return parse_config(config, stack="dev")


def refused(before: ScimConfig, after: ScimConfig) -> set[str]:
    """The rules that speak of the change."""
    found = evaluate(after, [], stack="dev", today=TODAY, before=before)
    return {one.rule for one in found}


def test_the_program_makes_of_every_config_what_the_organisation_is() -> None:
    locked_out = 0
    for seed in range(HISTORIES):
        organisation, random = begun(seed)
        for _ in range(STEPS):
            before, was, supers = (
                parsed(organisation.config()),
                organisation.given(),
                organisation.of(SUPER),
            )
            assert "move-order" in refused(before, parsed(organisation.out_of_order())), seed
            step(organisation, random)
            after = parsed(organisation.config())
            shown = {(g.person, g.role.value, g.group) for g in access_table(primary(after))}
            assert shown == organisation.given(), seed
            rules = refused(before, after)
            assert "move-order" not in rules, seed
            nobody = bool(supers) and not supers & organisation.of(SUPER)
            assert ("last-super-administrators" in rules) == nobody, seed
            locked_out += nobody
            change = people_change(primary(before), primary(after)).difference
            held, holds = ({pair[:2] for pair in one} for one in (was, organisation.given()))
            assert {(g.person, g.role.value) for g in change.gained} == holds - held, seed
            assert {(g.person, g.role.value) for g in change.lost} == held - holds, seed
    assert locked_out > 10


@pytest.mark.usefixtures("signed_in")
@pytest.mark.parametrize("seed", (25, 28, 38) if ON_THE_SANDBOX == 3 else range(ON_THE_SANDBOX))
def test_cloudflare_shows_what_the_organisation_is(
    sandbox: Sandbox, admin: httpx.Client, seed: int
) -> None:
    organisation, random = begun(seed)
    stage = Stage(RehearsalDeployer("dev", sandbox.env, lambda _line: None), admin)
    stage.deploy(organisation.config())
    for _ in range(STEPS):
        step(organisation, random)
        stage.update(organisation.config())
        if organisation.kind == "okta":
            stage.console(Console())
        admin.post("cycle").raise_for_status()
        members = admin.get("state").json()["cloudflare"]["members"]
        has = {
            one["email"]: {*one["roles"]} & {*HELD}
            for one in members
            if one["accountId"] == ACCOUNT and one["email"] != "owner@example.com"
        }
        should = {who: roles for who, roles in organisation.holds.items() if roles}
        assert {who: roles for who, roles in has.items() if roles} == should, organisation.stage
