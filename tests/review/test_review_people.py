"""Gains and losses are exactly the difference of the two access tables, for any two configs."""

from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from cfscim.config.models import parse_config
from cfscim.config.stack_file import check_stack_file
from cfscim.plan.model import make_plan
from cfscim.report.document import plain
from cfscim.report.markdown import render
from cfscim.review.compare import Managed, compare, people_change
from cfscim.review.report import review_document, review_json
from tests.config.config_samples import NOW
from tests.plan.guide_kit import ROLES
from tests.plan.plan_kit import write
from tests.review.gallery_scenarios import SCENARIOS, Config, entra, okta

PEOPLE = [
    f"{name}@example.com" for name in ("ada", "alan", "barbara", "edsger", "grace", "Margaret")
]
GROUPS = st.one_of(st.none(), st.lists(st.sampled_from(PEOPLE), unique=True, max_size=4))
"""Absent, or a list of members."""


@st.composite
def configs(draw: st.DrawFn) -> Config:
    """Any config that validates, as far as people, names, provider and account go."""
    config = deepcopy(draw(st.sampled_from([okta(), entra()])))
    roles = draw(st.lists(st.sampled_from(ROLES), unique=True, min_size=1))
    config["roles"] = {
        role: {} if (members := draw(GROUPS)) is None else {"members": members} for role in roles
    }
    config["breakGlass"] = draw(st.sampled_from([[], ["owner@example.com"]]))
    users = draw(GROUPS)
    config["identityProvider"]["usersGroup"] = {} if users is None else {"members": users}  # type: ignore[index]
    config["account"] = {"id": draw(st.sampled_from(["a" * 32, "b" * 32])), "name": "Example"}
    config["roleModel"] = draw(st.sampled_from(["userGroups", "virtualGroups"]))
    if config["roleModel"] == "userGroups":
        config["groupPrefix"] = draw(st.sampled_from(["", "Example "]))
    return config


def table(config: Config) -> set[tuple[str, str]]:
    """Who has which role, read from the config object alone."""
    roles = config["roles"]
    assert isinstance(roles, dict)
    return {(who, role) for role, given in roles.items() for who in given.get("members", ())}


@settings(max_examples=300)
@given(configs(), configs())
def test_gains_losses_and_the_rest_are_the_difference(before: Config, after: Config) -> None:
    change = people_change(parse_config(before, stack="dev"), parse_config(after, stack="dev"))
    old, new = table(before), table(after)
    found = change.difference
    assert {(g.person, g.role.value) for g in found.gained} == new - old
    assert {(g.person, g.role.value) for g in found.lost} == old - new
    assert {(g.person, g.role.value) for g in found.kept} == old & new
    by_role = {(g.person, r.role.value) for r in change.roles for g in r.gained}
    by_person = {(p.person, g.role.value) for p in change.persons for g in p.gained}
    assert by_role == by_person == new - old


@settings(max_examples=200)
@given(configs(), configs())
def test_whoever_leaves_the_account_was_in_it_and_is_listed_nowhere(
    before: Config, after: Config
) -> None:
    users = people_change(parse_config(before, stack="dev"), parse_config(after, stack="dev")).users
    listed = {who for who, _ in table(after)} | set(_users(after) or ())
    had = {who for who, _ in table(before)} | set(_users(before) or ())
    assert set(users.joins) == listed - had
    gone = had - listed
    exact = _users(after) is not None
    assert set(users.leaves) == (gone if exact else set())
    assert set(users.stays_unlisted) == (set() if exact else gone)
    assert (users.after.managed is Managed.HERE) == exact


def _users(config: Config) -> list[str] | None:
    return config["identityProvider"]["usersGroup"].get("members")  # type: ignore[index]


@settings(max_examples=12)
@given(configs(), configs())
def test_the_report_names_everyone_who_gains_or_loses(before: Config, after: Config) -> None:
    with TemporaryDirectory() as folder:
        plans = [
            make_plan(check_stack_file(write(Path(folder), "dev", config), now=NOW))
            for config in (before, after)
        ]
    review = compare(*plans, label="main")
    found = review_json(review)["review"]
    assert {(g["person"], g["role"]) for g in found["gained"]} == table(after) - table(before)  # type: ignore[index]
    assert {(g["person"], g["role"]) for g in found["lost"]} == table(before) - table(after)  # type: ignore[index]
    text = render([review_document(review)])
    for person, _role in table(before) ^ table(after):
        assert f"| `{person}` |" in text
    assert len(text) <= 60_000
    assert all(plain(risk.line) for risk in _risks(review))


def _risks(review):
    from cfscim.review.risks import risks

    return risks(review)


def test_addresses_that_differ_in_case_are_the_same_person() -> None:
    after = deepcopy(okta())
    after["roles"]["Administrator"]["members"] = ["ADA@example.com", "edsger@example.com"]  # type: ignore[index]
    change = people_change(parse_config(okta(), stack="dev"), parse_config(after, stack="dev"))
    assert change.difference.gained == change.difference.lost == ()


def test_every_scenario_of_the_gallery_validates() -> None:
    for scenario in SCENARIOS:
        for config in (scenario.before, scenario.after):
            if config is not None:
                parse_config(config, stack="prod")
