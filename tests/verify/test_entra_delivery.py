"""What Entra's audit log dates is `not yet` for an hour from then on, and no longer."""

from datetime import UTC, datetime, timedelta

import pytest

from cfscim.verify import Check, Status, run
from sandbox.entra import audit
from sandbox.entra.models import Entity, Quarantine
from sandbox.server.world import World
from tests.verify.verify_base import ENTRA, Bases
from tests.verify.verify_entra_deviations import execution, group, job, principal, user

pytestmark = pytest.mark.usefixtures("signed_in")

ROLE = "cloudflare.members.billing"
NOW = datetime.now(UTC).replace(microsecond=0)


def ago(minutes: int) -> datetime:
    return NOW - timedelta(minutes=minutes)


def note(world: World, minutes: int, activity: str, *about: Entity) -> None:
    """An entry of the audit log that is so old."""
    audit.write(world.entra, activity, *about)
    world.entra.audit[-1]["activityDateTime"] = ago(minutes).strftime("%Y-%m-%dT%H:%M:%SZ")


def asked(bases: Bases, id_: str = ROLE, *, updated: datetime | None = None) -> Check:
    stack, _ = bases.made[ENTRA]
    report = run(
        stack.config, stack.outputs, {}, stack.env, lambda _line: None, now=NOW, updated=updated
    )
    [check] = [one for one in report.checks if one.id == id_]
    return check


@pytest.fixture
def world(bases: Bases) -> World:
    """Declared and delivered, long ago: the last cycle began 50 minutes ago."""
    bases.stack(ENTRA)
    world: World = bases.sandbox.world
    world.entra.audit.clear()
    execution(timeBegan=ago(50).strftime("%Y-%m-%dT%H:%M:%SZ"))(world)
    job(world).last_success = job(world).last_execution
    for one in world.entra.groups.values():
        one.properties["createdDateTime"] = "2026-01-01T00:00:00Z"
    for assignment in world.entra.assignments.values():
        assignment.created = "2026-01-01T00:00:00Z"
    return world


def join(world: World, name: str, minutes: int) -> None:
    """Somebody put into the group of Billing, so long ago, by hand."""
    person, billing = user(world, name), group(world, "Billing")
    billing.members.append(person.id)
    note(world, minutes, "Add member to group", person, billing)


def is_due(check: Check, minutes: int) -> None:
    assert check.status is Status.NOT_YET, check
    assert check.by == ago(minutes) + timedelta(hours=1)


def test_who_was_put_in_by_hand_is_dated_too(bases: Bases, world: World) -> None:
    join(world, "ada", 20)
    is_due(asked(bases), 20)


def test_of_several_the_first_counts(bases: Bases, world: World) -> None:
    join(world, "ada", 45)
    join(world, "alan", 5)
    is_due(asked(bases, updated=ago(5)), 45)


def test_who_is_due_for_more_than_an_hour_fails_whatever_came_later(
    bases: Bases, world: World
) -> None:
    execution(timeBegan=ago(90).strftime("%Y-%m-%dT%H:%M:%SZ"))(world)
    join(world, "ada", 61)
    join(world, "alan", 5)
    note(world, 5, "Update provisioning setting or credentials", principal(world))
    note(world, 5, "Update attribute mappings or scope", principal(world))
    assert asked(bases, updated=ago(5)).status is Status.FAILS


def test_a_removal_is_dated_by_what_entra_sends_of_a_guest(bases: Bases, world: World) -> None:
    person, billing = user(world, "katherine"), group(world, "Billing")
    billing.members.remove(person.id)
    person.properties["userPrincipalName"] = "katherine_example.com#EXT#@example.onmicrosoft.com"
    note(world, 30, "Remove member from group", person, billing)
    is_due(asked(bases), 30)


def test_a_start_counts_for_everybody(bases: Bases, world: World) -> None:
    execution(timeBegan=ago(300).strftime("%Y-%m-%dT%H:%M:%SZ"))(world)
    join(world, "ada", 200)
    note(world, 10, "Enable/restart provisioning configuration", principal(world))
    is_due(asked(bases), 10)


def test_another_filter_counts_for_who_did_not_change(bases: Bases, world: World) -> None:
    group(world, "Billing").members.append(user(world, "ada").id)
    note(world, 10, "Update attribute mappings or scope", principal(world))
    is_due(asked(bases), 10)


def test_what_the_log_may_not_have_yet_is_dated_by_the_update(bases: Bases, world: World) -> None:
    group(world, "Billing").members.append(user(world, "ada").id)
    is_due(asked(bases, updated=ago(3)), 3)
    # After ten minutes the log would have it; and it has what came later.
    assert asked(bases, updated=ago(11)).status is Status.FAILS
    note(world, 2, "Remove member from group", user(world, "alan"), group(world, "Administrator"))
    assert asked(bases, updated=ago(3)).status is Status.FAILS


def test_without_the_log_the_update_dates_everything(bases: Bases, world: World) -> None:
    world.entra.roles = [role for role in world.entra.roles if role != "Directory.Read.All"]
    join(world, "ada", 45)
    is_due(asked(bases, updated=ago(20)), 20)


def test_a_failed_cycle_waits_for_the_next_after_the_mend(bases: Bases, world: World) -> None:
    execution(state="Failed")(world)
    note(world, 10, "Update provisioning setting or credentials", principal(world))
    is_due(asked(bases, "entra.job.lastCycle"), 10)
    execution(state="Failed", timeBegan=ago(5).strftime("%Y-%m-%dT%H:%M:%SZ"))(world)
    assert asked(bases, "entra.job.lastCycle").status is Status.FAILS


def test_a_failed_cycle_delivered_nothing(bases: Bases, world: World) -> None:
    join(world, "ada", 40)
    last = ago(30).strftime("%Y-%m-%dT%H:%M:%SZ")
    execution(state="Failed", timeBegan=last)(world)
    is_due(asked(bases), 40)


@pytest.mark.parametrize(
    ("reason", "scope"),
    [
        ("EncounteredQuarantineException", '"QuarantineState"'),
        ("EncounteredEscrowProportionThreshold", '"Watermark, Escrows, QuarantineState"'),
        ("EncounteredBaseEscrowThreshold", '"Watermark, Escrows, QuarantineState"'),
        ("IngestionInterrupted", '"Watermark, Escrows, QuarantineState"'),
        ("TooManyDeletes", '"ForceDeletes"'),
    ],
)
def test_each_quarantine_is_ended_with_the_scope_that_loses_nothing(
    world: World, bases: Bases, reason: str, scope: str
) -> None:
    began = "2026-01-01T00:00:00Z"
    job(world).quarantine = Quarantine(reason=reason, code=reason, message="", began=began)
    check = asked(bases, "entra.job.quarantine")
    assert reason in check.found
    assert f'"resetScope": {scope}' in check.action
