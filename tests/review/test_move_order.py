"""A move goes by small changes: each shows that nobody loses a role, and out of order is refused."""

from datetime import date
from itertools import pairwise, permutations

import pytest

from cfscim.config.lanes import primary
from cfscim.config.models import ScimConfig, parse_config
from cfscim.config.policy.rules import Violation, evaluate
from cfscim.review.compare import people_change
from tests.scenarios import Config, Scenario, given_up, moves, names, rotation

TODAY = date(2026, 11, 26)
MOVES = [scenario for kind in ("okta", "entra") for scenario in moves(kind)]
ORDERED = [*MOVES, rotation("okta"), rotation("entra")]


def parsed(config: Config) -> ScimConfig:
    return parse_config(config, stack="prod")


def broken(before: Config, after: Config) -> list[Violation]:
    found = evaluate(parsed(after), [], stack="prod", today=TODAY, before=parsed(before))
    return [one for one in found if one.rule == "move-order"]


def in_order(scenario: Scenario) -> list[Config]:
    return [scenario.start, *(change.config for change in scenario.changes)]


@pytest.mark.parametrize("scenario", ORDERED, ids=names(ORDERED))
def test_each_step_in_its_order_is_allowed_and_takes_no_role(scenario: Scenario) -> None:
    configs = in_order(scenario)
    for before, after in pairwise(configs):
        was, now = parsed(before), parsed(after)
        found = evaluate(now, [], stack="prod", today=TODAY, before=was)
        order = ("move-order", "last-super-administrators", "removal-share")
        assert [str(one.message) for one in found if one.rule in order] == []
        assert people_change(primary(was), primary(now)).difference.lost == ()
        assert people_change(primary(was), primary(now)).difference.gained == ()


@pytest.mark.parametrize("scenario", MOVES, ids=names(MOVES))
def test_every_other_order_is_refused_with_the_next_step_named(scenario: Scenario) -> None:
    changes = scenario.changes
    tried = 0
    for order in permutations(range(len(changes))):
        if order == tuple(range(len(changes))):
            continue
        before, at = scenario.start, 0
        while order[at] == at:  # up to the first step that is out of order
            before, at = changes[at].config, at + 1
        found = broken(before, changes[order[at]].config)
        wanted = changes[at].name
        assert found, f"{changes[order[at]].name} in place of {wanted}"
        assert f"first {HINTS[wanted]}" in found[0].message.instead
        tried += 1
    assert tried in (5, 23)


@pytest.mark.parametrize("scenario", MOVES, ids=names(MOVES))
def test_no_step_is_taken_back_without_a_word(scenario: Scenario) -> None:
    """Every way back, however far; the first step alone can be given up, with a waiver."""
    configs = in_order(scenario)
    for at, before in enumerate(configs):
        for after in configs[:at]:
            found = evaluate(parsed(after), [], stack="prod", today=TODAY, before=parsed(before))
            rules = {one.rule for one in found}
            given_up = after is scenario.start and "move" in before
            given_up = given_up and not before["move"].get("switched")
            assert ("removal-share" if given_up else "move-order") in rules


@pytest.mark.parametrize("kind", ["okta", "entra"])
def test_a_kept_token_goes_by_its_two_changes(kind: str) -> None:
    scenario = rotation(kind)
    _, out = scenario.changes
    token = {**scenario.start["token"], "keepPrevious": True}
    keep = {**scenario.start, "token": token}
    assert "first the new token.rotation" in broken(keep, out.config)[0].message.instead
    assert broken(scenario.start, keep) == [], "keepPrevious alone may come before"


@pytest.mark.parametrize("move", MOVES, ids=names(MOVES))
def test_a_move_is_given_up_by_two_changes_that_take_no_role(move: Scenario) -> None:
    for before, after in pairwise(in_order(given_up(move))):
        assert broken(before, after) == []
        change = people_change(primary(parsed(before)), primary(parsed(after))).difference
        assert (change.lost, change.gained) == ((), ())


HINTS = {
    "side by side": "move.to with both ways side by side",
    "confirmed": "the console steps",
    "switch": "move.switched: true",
    "clean up": "write what stands under move.to",
}
