"""Violations in the config: too few Super Administrators, the role model, removals, waivers."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfscim.config.policy.rules import RULES, evaluate, is_refused
from cfscim.plan.output import policy_lines
from cfscim.report.document import plain
from tests.config.policy_kit import OTHER, TODAY, config_object, names, of_config, parsed
from tests.configs import SUPER

ROOT = Path(__file__).parents[2]
READERS = [f"p{n}@example.com" for n in range(8)]


def _roles(**members: list[str] | None) -> dict[str, object]:
    base = config_object()["roles"]
    assert isinstance(base, dict)
    wanted = {"readers": "Administrator Read Only", "admins": "Administrator", "supers": SUPER}
    given = {wanted[k]: {} if v is None else {"members": v} for k, v in members.items()}
    return {**base, **given}


def _waiver(rule: str, until: str = "2026-12-31") -> dict[str, str]:
    return {"rule": rule, "until": until, "by": "grace@example.com", "reason": "migration"}


@pytest.mark.parametrize(
    ("supers", "break_glass"),
    [
        ([], []),
        (["grace@example.com"], []),
        (None, ["a@example.com"]),
        ([], ["a@example.com"]),
        (None, []),
    ],
)
def test_fewer_than_two_super_administrators(
    supers: list[str] | None, break_glass: list[str]
) -> None:
    value = config_object(roles=_roles(supers=supers), breakGlass=break_glass)
    assert names(of_config(value)) == {"two-super-administrators"}


def test_break_glass_counts() -> None:
    value = config_object(roles=_roles(supers=None), breakGlass=["a@example.com", "b@example.com"])
    assert names(of_config(value)) == set()


@pytest.mark.parametrize("stack", ["prod", "org/project/live", "dev", "test-eu", "Sandbox1"])
@pytest.mark.parametrize("environment", [None, "production", "development"])
def test_virtual_groups_only_where_the_config_says_development(
    stack: str, environment: str | None
) -> None:
    said = {} if environment is None else {"environment": environment}
    config = parsed(config_object(roleModel="virtualGroups", **said))
    found = names(evaluate(config, [], stack=stack, today=TODAY))
    assert found == (set() if environment == "development" else {"production-user-groups"})


@pytest.mark.parametrize(
    "after",
    [
        {"roles": _roles(readers=READERS[3:])},
        {"roles": _roles(readers=[])},
        {"roles": _roles(readers=READERS[2:], admins=[])},
        {"roles": {SUPER: {"members": ["grace@example.com", "alan@example.com"]}}},
        {"groupPrefix": "Cloudflare "},
        {"account": {"id": OTHER, "name": "Example Corp"}},
        {"identityProvider": config_object("entra")["identityProvider"]},
    ],
    ids=[
        "three",
        "a whole role",
        "over two roles",
        "roles dropped",
        "prefix",
        "account",
        "provider",
    ],
)
def test_a_change_that_removes_too_much(after: dict[str, object]) -> None:
    value = config_object(**after)
    # Another prefix or provider in one step is out of order besides.
    further = {"groupPrefix", "identityProvider"} & after.keys()
    broken = {"removal-share"}
    broken |= {"move-order", "last-super-administrators"} if further else set()
    assert names(of_config(value, before=config_object())) == broken
    waived = {**value, "waivers": [_waiver(rule) for rule in broken]}
    assert names(of_config(waived, before=config_object())) == set()


@pytest.mark.parametrize(
    "after",
    [
        {"roles": _roles(readers=READERS[2:])},
        {
            "roles": _roles(readers=None, admins=None, supers=None),
            "breakGlass": ["a@example.com", "b@example.com"],
        },
        {"roles": _roles(readers=[p.upper() for p in READERS])},
        {"roles": _roles(readers=[*READERS, "new@example.com"])},
    ],
    ids=["a quarter", "handed over to the identity provider", "other case", "only gains"],
)
def test_a_change_that_removes_little(after: dict[str, object]) -> None:
    assert names(of_config(config_object(**after), before=config_object())) == set()


def test_one_may_always_go() -> None:
    before = parsed(
        config_object(
            roles={"Billing": {"members": ["a@example.com"]}},
            breakGlass=["x@example.com", "y@example.com"],
        )
    )
    after = before.model_copy(
        update={"roles": parsed(config_object(roles={"Billing": {"members": []}})).roles}
    )
    assert evaluate(after, [], stack="prod", today=TODAY, before=before) == []


def test_leaving_the_users_group_counts() -> None:
    def value(members: list[str]) -> dict[str, object]:
        provider = config_object()["identityProvider"]
        assert isinstance(provider, dict)
        users = {"name": "Cloudflare Users", "members": members}
        return config_object(identityProvider={**provider, "usersGroup": users})

    many = [f"u{n}@example.com" for n in range(9)]
    found = of_config(value([]), before=value(many))
    assert names(found) == {"removal-share"}
    assert all(person in str(found[0].message) for person in many)


def test_roles_and_users_group_count_together() -> None:
    def value(readers: list[str], users: list[str]) -> dict[str, object]:
        provider = config_object()["identityProvider"]
        assert isinstance(provider, dict)
        group = {"name": "Cloudflare Users", "members": users}
        return config_object(
            roles=_roles(readers=readers), identityProvider={**provider, "usersGroup": group}
        )

    before = value(READERS[:3], ["u1@example.com", "u2@example.com"])
    after = value(READERS[:2], ["u1@example.com", *READERS])
    assert names(of_config(after, before=before)) == set()
    after = value(READERS[:1], ["u1@example.com", *READERS])
    assert names(of_config(after, before=before)) == {"removal-share"}


@given(st.sets(st.sampled_from(READERS)), st.floats(0, 1))
def test_removals_are_refused_exactly_above_the_share(gone: set[str], share: float) -> None:
    before = parsed(config_object())
    after = parsed(config_object(roles=_roles(readers=[p for p in READERS if p not in gone])))
    found = evaluate(after, [], stack="prod", today=TODAY, before=before, removal_share=share)
    most = min(max(1, int(11 * share)), max(1, int(8 * share)))
    assert is_refused(found) == (len(gone) > most)


@given(st.dates(date(2026, 1, 1), date(2028, 1, 1)), st.dates(date(2026, 1, 1), date(2028, 1, 1)))
def test_a_waiver_holds_through_its_last_day(until: date, today: date) -> None:
    waiver = _waiver("production-user-groups", until.isoformat())
    config = parsed(config_object(roleModel="virtualGroups", waivers=[waiver]))
    found = evaluate(config, [], stack="prod", today=today)
    assert ("production-user-groups" in names(found)) == (today > until)
    assert ("ended on" in str(found[0].message)) == (today > until)
    the_same_day = until.year == today.year + 1 and until.strftime("%m%d") <= today.strftime("%m%d")
    assert ("waiver-known" in names(found)) == (until.year > today.year and not the_same_day)


def test_a_leap_day_has_no_same_day_a_year_later() -> None:
    for last, too_late in (("2029-02-28", False), ("2029-03-01", True)):
        config = parsed(config_object(waivers=[_waiver("token-expiry", last)]))
        found = evaluate(config, [], stack="prod", today=date(2028, 2, 29))
        assert ("waiver-known" in names(found)) == too_late


@pytest.mark.parametrize("by", ["Grace Hopper", "the team", "grace@", "grace at example.com"])
def test_a_waiver_is_somebody_s(by: str) -> None:
    waiver = {**_waiver("token-expiry"), "by": by}
    assert names(of_config(config_object(waivers=[waiver]))) == {"waiver-known"}
    named = {**_waiver("token-expiry"), "by": "Grace Hopper <grace@example.com>"}
    assert names(of_config(config_object(waivers=[named]))) == set()


@pytest.mark.parametrize(
    ("rule", "instead"),
    [("token-expirey", "write token-expiry"), ("nothing-like-it", "write one of: token-")],
)
def test_a_waiver_of_an_unknown_rule_is_answered_with_the_nearest(rule: str, instead: str) -> None:
    (found,) = of_config(config_object(waivers=[_waiver(rule)]))
    assert (found.message.instead or "").startswith(instead)


def test_the_rule_about_waivers_cannot_be_waived() -> None:
    for_ever = _waiver("token-expiry", "2099-12-31")
    value = config_object(token={}, waivers=[for_ever, _waiver("waiver-known")])
    found = [one for one in of_config(value) if one.rule == "waiver-known"]
    assert len(found) == 2
    assert all(one.waived is None for one in found)


def _entra(**provider: object) -> dict[str, object]:
    return config_object("entra", identityProvider={"kind": "entra", **provider})


_FILTER = [{"attribute": "department", "operator": "EQUALS", "value": "Nobody"}]


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        (
            config_object(),
            config_object(roles={**config_object()["roles"], "Billing": {"members": []}}),
            "Billing",
        ),
        (
            config_object(),
            config_object(
                roles={k: v for k, v in config_object()["roles"].items() if k != "Billing"}
            ),
            "Billing",
        ),
        (_entra(), _entra(start=False), "start: false"),
        (
            config_object(),
            config_object(
                roles={**config_object()["roles"], "Billing": {"members": ["b@example.com"]}}
            ),
            "Billing",
        ),
        (_entra(), _entra(usersGroup={"members": ["u@example.com"]}), "users' group"),
        (_entra(scope="filtered"), _entra(), "scope: assigned"),
        (_entra(scope="filtered"), _entra(scope="filtered", userFilter=_FILTER), "department"),
        (_entra(), _entra(scope="filtered", userFilter=_FILTER), "department"),
    ],
    ids=[
        *("emptied unseen", "dropped unseen", "stopped", "listed unseen", "users listed unseen"),
        *("no longer filtered", "filtered", "newly filtered"),
    ],
)
def test_what_takes_access_from_everybody(before: dict, after: dict, word: str) -> None:
    found = of_config(after, before=before)
    assert names(found) == {"removal-share"}
    assert word in str(found[0].message)
    assert (
        names(of_config({**after, "waivers": [_waiver("removal-share")]}, before=before)) == set()
    )


_NOBODY = config_object(
    roles={**_roles(supers=[]), "Billing": {"members": ["b@example.com"]}}, breakGlass=[]
)
_SOMEBODY = {**_NOBODY, "roles": {**_roles(), SUPER: {"members": ["a@example.com"]}}}
_GIVEN_UP = ({"removal-share"}, _entra(), _entra(start=False))
_PAGES: dict[str, tuple[set[str], dict[str, object], dict[str, object]]] = {
    "leaving.md": _GIVEN_UP,
    "memberships.md": (
        {"removal-share"},
        config_object(roles=_roles(readers=None)),
        config_object(roles=_roles(readers=["a@example.com"])),
    ),
    "user-groups.md": (
        {"production-user-groups"},
        config_object(roleModel="virtualGroups"),
        config_object(roleModel="virtualGroups"),
    ),
    "troubleshooting.md": (
        {"last-super-administrators", "two-super-administrators"},
        {**_SOMEBODY, "breakGlass": ["b@example.com"]},
        _NOBODY,
    ),
}
"""Page -> the rules whose waiver it describes, and the change that needs them."""


@pytest.mark.parametrize("page", _PAGES)
def test_a_waiver_that_a_page_describes_lets_its_change_pass(page: str) -> None:
    rules, before, after = _PAGES[page]
    text = (ROOT / "docs" / page).read_text()
    assert [rule for rule in rules if f"`{rule}`" not in text] == []
    refused = names(of_config(after, before=before))
    assert rules <= refused <= rules | {"removal-share"}
    for waived in ({*refused} - {rule} for rule in refused):
        value = {**after, "waivers": [*map(_waiver, sorted(waived))]}
        assert names(of_config(value, before=before)) == refused - waived
    value = {**after, "waivers": [*map(_waiver, sorted(refused))]}
    assert names(of_config(value, before=before)) == set()


def test_many_people_elsewhere_do_not_hide_the_end_of_a_role() -> None:
    def value(admins: list[str]) -> dict[str, object]:
        provider = config_object()["identityProvider"]
        assert isinstance(provider, dict)
        users = {"name": "Cloudflare Users", "members": [f"u{n}@example.com" for n in range(60)]}
        return config_object(
            roles=_roles(admins=admins), identityProvider={**provider, "usersGroup": users}
        )

    ten = [f"a{n}@example.com" for n in range(10)]
    (found,) = of_config(value([]), before=value(ten))
    assert found.rule == "removal-share"
    assert "10 of 10 people who have Administrator" in str(found.message)
    assert names(of_config(value(ten[2:]), before=value(ten))) == set()
    assert names(of_config(value(ten[3:]), before=value(ten))) == {"removal-share"}


def test_a_base_that_nobody_can_read_is_refused() -> None:
    found = evaluate(parsed(config_object()), [], stack="prod", today=TODAY, before_missing=True)
    assert names(found) == {"removal-share"}


def test_waived_is_said_with_who_and_why() -> None:
    value = config_object(token={}, waivers=[_waiver("token-expiry")])
    first = plain(next(policy_lines(of_config(value))))
    assert first.startswith("Waived, token-expiry: prod: token: ")
    assert first.endswith("; by grace@example.com until 2026-12-31 (migration)")


def test_a_renewed_waiver_outweighs_the_ended_one() -> None:
    waivers = [_waiver("token-expiry", "2026-01-01"), _waiver("token-expiry")]
    assert names(of_config(config_object(token={}, waivers=waivers))) == set()


def test_a_waiver_sets_aside_its_own_rule_only() -> None:
    value = config_object(token={}, waivers=[_waiver("token-rotation")])
    assert names(of_config(value)) == {"token-expiry"}


@pytest.mark.parametrize("rule", ["token-expire", "all", "tokens"])
def test_a_waiver_of_no_rule_is_refused(rule: str) -> None:
    found = of_config(config_object(waivers=[_waiver(rule)]))
    assert names(found) == {"waiver-known"}
    assert "token-expiry" in str(found[0].message)


@pytest.mark.parametrize("rule", [rule.name for rule in RULES])
def test_each_rule_has_one_check_and_a_waivable_name(rule: str) -> None:
    found = next(one for one in RULES if one.name == rule)
    assert (found.resource is None) != (found.config is None)
    assert parsed(config_object(waivers=[_waiver(rule)])).waivers[0].rule == rule
