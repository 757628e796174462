"""`verify --person`: Entra provisions one person now, and Cloudflare is asked."""

import pytest

from cfscim.config.messages import UsageError
from cfscim.verify import Check, Status
from cfscim.verify.entra_person import provision
from sandbox.server.world import World
from tests.verify.verify_base import ENTRA, OKTA, Bases, bases, no_waiting
from tests.verify.verify_entra_deviations import sync, user

__all__ = ["bases", "no_waiting"]


def checks(bases: Bases, person: str, stack: object = None) -> dict[str, Check]:
    made = stack or bases.stack(ENTRA)
    report = provision(made.config, made.outputs, {}, made.env, person)  # type: ignore[attr-defined]
    return {check.id: check for check in report.checks}


def test_a_person_who_is_there_already_holds_on_both_sides(bases: Bases) -> None:
    found = checks(bases, "ada@example.com")
    assert {check.status for check in found.values()} == {Status.HOLDS}
    assert "as Entra does" in found["entra.person"].found


def test_a_new_person_arrives_without_waiting_for_a_cycle(bases: Bases) -> None:
    stack = bases.stack(ENTRA)
    world: World = bases.sandbox.world
    kept = user(world, "edsger").properties
    address = "barbara@example.com"
    changed = {"mail": address, "userPrincipalName": address}
    person = world.entra.add("user", {k: v for k, v in kept.items() if k != "id"} | changed)
    for group in world.entra.groups.values():
        if group.text("displayName") == "Cloudflare Users":
            group.members.append(person.id)
    found = checks(bases, address, stack)
    assert {check.status for check in found.values()} == {Status.HOLDS}, found
    assert found["entra.person"].found == f"provisioned as {address}"


def test_nobody_of_this_address(bases: Bases) -> None:
    found = checks(bases, "nobody@example.com")
    assert found["entra.person"].status is Status.FAILS
    assert "nobody has nobody@example.com as mail" in found["entra.person"].found
    assert found["cloudflare.person"].status is Status.FAILS


def test_what_entra_says_is_passed_on(bases: Bases) -> None:
    stack = bases.stack(ENTRA)
    sync(bases.sandbox.world).secrets["SecretToken"] = "wrong"
    found = checks(bases, "ada@example.com", stack)
    assert found["entra.person"].status is not Status.HOLDS


def test_a_missing_permission_is_named(bases: Bases) -> None:
    stack = bases.stack(ENTRA)
    bases.sandbox.world.entra.roles = ["User.Read.All", "Synchronization.Read.All"]
    found = checks(bases, "ada@example.com", stack)
    assert found["entra.person"].status is Status.UNKNOWN
    assert "Synchronization.ReadWrite.All" in found["entra.person"].action


def test_okta_has_nothing_like_it(bases: Bases) -> None:
    stack = bases.stack(OKTA)
    with pytest.raises(UsageError, match="leave --person out"):
        provision(stack.config, stack.outputs, {}, stack.env, "ada@example.com")
