"""Every key of the config, changed there and back: whatever lets somebody go is counted."""

from datetime import date

import pytest

from cfscim.config.models import parse_config
from cfscim.config.policy.removals import REMOVALS
from cfscim.config.policy.rules import evaluate
from tests.review.test_review_every_key import KEYS, MORE, Config, Key, written

READERS = "Administrator Read Only"
BOTH_WAYS = {"there", "back"}
COUNTED: dict[str, set[str]] = {
    **dict.fromkeys(("account.id", "groupPrefix", "identityProvider.kind"), BOTH_WAYS),
    **dict.fromkeys(("identityProvider.orgName", "identityProvider.cloud"), BOTH_WAYS),
    **dict.fromkeys(("identityProvider.catalogApp", "move.to.groupPrefix"), BOTH_WAYS),
    # Who was in a users' group that is made anew is not known.
    "identityProvider.usersGroup.name": BOTH_WAYS,
    # The new way is given up.
    **{key: {"back"} for key in ("move", "move.to.roleModel", "move.to.identityProvider")},
    "identityProvider.apiIntegrationConfirmed": {"there"},
    "identityProvider.start": {"there"},
    "identityProvider.scope": {"back"},
    "move.to.identityProvider, its own settings": {"back"},
    "identityProvider.userFilter": {"there"},
    **{
        f"identityProvider.userFilter.{key}": BOTH_WAYS
        for key in ("attribute", "operator", "value")
    },
    "roles, one decided elsewhere": {"back"},
    "identityProvider.usersGroup.members, elsewhere": {"back"},
}
"""As carried out on the sandbox, each change with a cycle after it: these take people out, or end
what lets them in or out. One person may always go, and a token that is replaced takes nobody out:
who approves reads that Okta provisions nobody until a person enters the new one."""


def counted(before: Config, after: Config) -> bool:
    old, new = (parse_config(value, stack="prod") for value in (before, after))
    found = evaluate(new, [], stack="prod", today=date(2026, 11, 26), before=old)
    return REMOVALS.name in {violation.rule for violation in found}


def pair(key: Key, path: str, way: str) -> list[Config]:
    """Before and after; who reads only, and who else is in the users' group, is not known here."""
    configs = [written(key, path, value) for value in (key.one, key.two)]
    for config in configs:
        config["roles"][READERS] = {}
    return configs if way == "there" else configs[::-1]


@pytest.mark.parametrize("way", ["there", "back"])
def test_what_lets_people_go_is_counted_and_nothing_else(way: str) -> None:
    found = {path for path, key in (KEYS | MORE).items() if counted(*pair(key, path, way))}
    assert found == {path for path, ways in COUNTED.items() if way in ways}


def test_no_change_counts_nothing() -> None:
    for path, key in (KEYS | MORE).items():
        before, after = pair(key, path, "there")
        assert not counted(before, before), path
        assert not counted(after, after), path


@pytest.mark.parametrize("switched", [False, True])
@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"start": False}, "start: false"),
        ({"scope": "assigned"}, "scope: assigned"),
        ({"usersGroup": {"members": []}}, "users' group was managed"),
        ({"usersGroup": {"name": "Other"}}, "another users' group"),
    ],
)
def test_the_new_way_of_a_move_counts_as_soon_as_it_gives_roles(
    changed: Config, what: str, switched: bool
) -> None:
    """Also in the very change that takes the former way out, or that cleans up behind it."""
    key = KEYS["move.to.identityProvider"]
    side_by_side = written(key, "move", key.two)
    provider = {"kind": "entra", "scope": "filtered"}
    to = {**side_by_side["move"]["to"], "identityProvider": provider}
    before = {**side_by_side, "move": {**side_by_side["move"], "to": to, "switched": switched}}
    last = {"usersGroup": {}, **provider, **changed}
    after = {**before, "move": {**before["move"], "to": {**to, "identityProvider": last}}}
    cleaned = {**{k: v for k, v in side_by_side.items() if k != "move"}, **to}
    cleaned["identityProvider"] = last
    for change in [after, cleaned] if switched else [after]:
        old, new = (parse_config(value, stack="prod") for value in (before, change))
        found = evaluate(new, [], stack="prod", today=date(2026, 11, 26), before=old)
        said = [str(one.message) for one in found if one.rule == REMOVALS.name]
        assert any(what in line for line in said), said


def test_a_switch_to_a_way_that_delivers_nothing_counts() -> None:
    key = KEYS["move.to.identityProvider"]
    before = written(key, "move", key.two)
    before["move"]["to"]["identityProvider"] = {"kind": "entra", "start": False}
    after = {**before, "move": {**before["move"], "switched": True}}
    assert counted(before, after)
