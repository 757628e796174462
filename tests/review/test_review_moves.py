"""Every move that a page describes can be carried out as described: no step is refused by the policy
or by what is protected, and the same move in one step is.
"""

import copy
from collections.abc import Callable, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from cfscim.config.policy.rules import is_refused
from cfscim.config.stack_file import check_stack_file
from cfscim.plan.model import Plan, check, make_plan
from cfscim.review.compare import Review, compare
from tests.plan.plan_kit import write
from tests.review.gallery_scenarios import entra, okta
from tests.scenarios import Scenario, moves, names

TODAY = date(2026, 11, 23)
Config = dict[str, Any]
Step = Callable[[Config], object]
BY = {"until": "2026-12-31", "by": "grace@example.com", "reason": "as docs describe"}


def _removals(*what: str) -> Step:
    return lambda config: config.update(removals=[{"what": one, **BY} for one in what])


def _waiver(*rules: str) -> Step:
    return lambda config: config.update(waivers=[{"rule": rule, **BY} for rule in rules])


def _out(*keys: str) -> Step:
    return lambda config: [config.pop(key, None) for key in keys]


def _both(*steps: Step) -> Step:
    return lambda config: [step(config) for step in steps]


def _token(**keys: object) -> Step:
    return lambda config: config["token"].update(keys)


def _provider(**keys: object) -> Step:
    return lambda config: config["identityProvider"].update(keys)


MOVES: dict[str, tuple[Step, Sequence[Step]]] = {
    "leaving.md, dropping one role": (
        lambda _config: None,
        (_removals("Billing"), lambda config: config["roles"].pop("Billing"), _out("removals")),
    ),
    "leaving.md, dropping a role that is managed elsewhere": (
        lambda config: config["roles"].update(Billing={}),
        (
            _removals("Billing"),
            _both(_waiver("removal-share"), lambda config: config["roles"].pop("Billing")),
            _out("removals", "waivers"),
        ),
    ),
    "leaving.md, leaving altogether": (
        lambda config: config.update(breakGlass=["owner@example.com", "second@example.com"]),
        (
            lambda config: (
                _both(_waiver("removal-share"), _provider(start=False))(config)
                if config["identityProvider"]["kind"] == "entra"
                else None
            ),
            _both(_out("waivers"), _removals("everything")),
        ),
    ),
    "rotate-token.md, three small changes": (
        lambda _config: None,
        (
            _token(keepPrevious=True),
            _token(rotation="2"),
            lambda config: config["token"].pop("keepPrevious"),
        ),
    ),
    "rotate-token.md, replaced": (lambda _config: None, (_token(rotation="2"),)),
    "rotate-token.md, another owner": (_token(owner="user"), (_token(owner="account"),)),
}


def _plans(
    folder: Path, kind: Callable[[], Config], first: Step, steps: Sequence[Step]
) -> list[Plan]:
    config = copy.deepcopy(kind())
    first(config)
    found = []
    for step in (lambda _config: None, *steps):
        step(config)
        found.append(_plan(folder, config))
    return found


def _plan(folder: Path, config: Config) -> Plan:
    return make_plan(check_stack_file(write(folder, "prod", config)), today=TODAY)


def _refusals(before: Plan, after: Plan) -> list[str]:
    """What stops the update from one plan to the next: broken rules, and what is protected."""
    found = check(after.resources, after.config, "prod", TODAY, before.config)
    review: Review = compare(before, after, label="before")
    stopped = [f"protected: {one.resource.name}" for one in review.refused]
    return [*(str(one.message) for one in found if is_refused([one])), *stopped]


@pytest.mark.parametrize("kind", [okta, entra], ids=["okta", "entra"])
@pytest.mark.parametrize("move", MOVES)
def test_each_step_is_let_through(move: str, kind: Callable[[], Config], tmp_path: Path) -> None:
    first, steps = MOVES[move]
    plans = _plans(tmp_path, kind, first, steps)
    for number, (before, after) in enumerate(pairwise(plans), 1):
        assert _refusals(before, after) == [], f"step {number}"


@pytest.mark.parametrize("kind", [okta, entra], ids=["okta", "entra"])
@pytest.mark.parametrize(
    "move", [name for name in MOVES if "rotate" not in name and "altogether" not in name]
)
def test_the_same_in_one_step_is_refused(move: str, kind, tmp_path: Path) -> None:
    first, steps = MOVES[move]
    plans = _plans(tmp_path, kind, first, [_both(*steps)])
    assert _refusals(plans[0], plans[1])


def _sound(config: Config) -> Config:
    """Nothing but the move itself is for the policy to judge."""
    token = {**config["token"], "expiresOn": "2027-05-20T00:00:00Z"}
    return {**config, "environment": "development", "token": token}


SIDE_BY_SIDE = [scenario for kind in ("okta", "entra") for scenario in moves(kind)]


@pytest.mark.parametrize("scenario", SIDE_BY_SIDE, ids=names(SIDE_BY_SIDE))
def test_each_step_of_a_move_is_let_through(scenario: Scenario, tmp_path: Path) -> None:
    """docs/moves.md: no waiver, and nothing protected is in the way."""
    configs = [scenario.start, *(change.config for change in scenario.changes)]
    plans = [_plan(tmp_path, _sound(config)) for config in configs]
    for number, (before, after) in enumerate(pairwise(plans), 1):
        assert _refusals(before, after) == [], f"step {number}"


@pytest.mark.parametrize("scenario", SIDE_BY_SIDE, ids=names(SIDE_BY_SIDE))
def test_a_move_in_one_step_is_refused(scenario: Scenario, tmp_path: Path) -> None:
    first, last = scenario.start, scenario.changes[-1].config
    assert _refusals(_plan(tmp_path, _sound(first)), _plan(tmp_path, _sound(last)))


def test_the_page_names_the_waiver_that_its_moves_carry() -> None:
    assert "removal-share" in (Path(__file__).parents[2] / "docs" / "leaving.md").read_text()
