"""What a dropped role leaves behind is named with its way out; the ways are in test_deviations.py."""

import pytest

from cfscim.config.roles import Role
from cfscim.verify.actions import Act
from tests.verify.carry_out import Hands
from tests.verify.verify_base import ENTRA, ENTRA_VIRTUAL, OKTA, OKTA_VIRTUAL, Bases, Combination
from tests.verify.verify_support import KEY, failing, show
from tests.verify.verify_undeclared_ways import STRANGER, WAYS, into, left_in_virtual

pytestmark = pytest.mark.usefixtures("signed_in")


def test_there_are_enough_of_them() -> None:
    assert len({(way.stack, way.name) for way in WAYS}) == len(WAYS) >= 2 * 55


@pytest.mark.parametrize(
    ("stack", "way", "kind"),
    [
        (OKTA, 'User Group "Billing", left of a role', Act.CLOUDFLARE_DROP_POLICY),
        (ENTRA, 'User Group "Billing", left of a role', Act.CLOUDFLARE_DROP_POLICY),
        (OKTA_VIRTUAL, "the virtual group of a role", Act.CLOUDFLARE_REMOVE_MEMBER),
        (ENTRA_VIRTUAL, "the virtual group of a role", Act.CLOUDFLARE_REMOVE_MEMBER),
    ],
    ids=str,
)
def test_a_dropped_role_that_people_still_hold_is_named_with_its_way_out(
    bases: Bases, stack: Combination, way: str, kind: Act
) -> None:
    made = bases.stack(stack)
    roles = dict(made.given[KEY]["roles"])  # type: ignore[index]
    del roles["Billing"]
    hands = Hands(bases, stack, made.written("roles", roles))
    check = failing(hands.verify())["cloudflare.undeclared"]
    assert f"katherine@example.com has Billing ({way}" in check.found
    [action] = check.actions
    assert action.kind is kind
    assert action.person
    assert check.link.startswith("https://dash.cloudflare.com/")
    hands.do(action)
    report = hands.verify()
    assert "cloudflare.undeclared" not in failing(report), show(report)


def test_another_token_that_may_provision_people_is_a_warning(bases: Bases) -> None:
    stack = bases.stack(OKTA)
    tokens = bases.sandbox.world.cloudflare.tokens
    [ours] = tokens.values()
    tokens["d" * 32] = ours.model_copy(deep=True, update={"id": "d" * 32, "name": "by hand"})
    report = stack.verify()
    assert failing(report) == {}, show(report)
    [line] = [check for check in report.checks if check.id == "cloudflare.token.only"]
    assert line.warning == f'another token may provision people too: "by hand" ({"d" * 32})'
    tokens["d" * 32].status = "disabled"
    assert not any("another token" in check.warning for check in stack.verify().checks)


@pytest.mark.parametrize("stack", [OKTA, ENTRA], ids=str)
def test_whoever_a_move_left_in_a_virtual_group_is_named(bases: Bases, stack: Combination) -> None:
    hands = Hands(bases, stack, bases.stack(stack))
    left_in_virtual(hands.world, Role.BILLING, "edsger@example.com")
    check = failing(hands.verify())["cloudflare.undeclared"]
    assert "edsger@example.com has Billing (a virtual group" in check.found
    [action] = check.actions
    assert action.kind is Act.CLOUDFLARE_ASK
    hands.do(action)
    assert failing(hands.verify()) == {}


def test_who_has_the_role_by_its_own_group_too_is_warned_of(bases: Bases) -> None:
    stack = bases.stack(OKTA)
    left_in_virtual(bases.sandbox.world, Role.ADMINISTRATOR, "ada@example.com")
    report = stack.verify()
    assert failing(report) == {}, show(report)
    [line] = [check for check in report.checks if check.id == "cloudflare.undeclared"]
    assert "still in virtual groups too" in line.warning
    assert "ada@example.com (Administrator)" in line.warning


@pytest.mark.parametrize("stack", [OKTA, ENTRA], ids=str)
def test_whoever_is_in_a_role_may_have_been_sent_by_another_application(
    bases: Bases, stack: Combination
) -> None:
    hands = Hands(bases, stack, bases.stack(stack))
    into(Role.BILLING, STRANGER)(hands.world)
    found = failing(hands.verify())["cloudflare.members.billing"].found
    assert STRANGER in found
    assert "added by hand or by another application" in found
