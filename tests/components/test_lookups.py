"""Permission groups of one name: the scope decides (terraform-provider-cloudflare #1105)."""

import re

import pytest

from cfscim.config.facts import ACCOUNT_SCOPE, USER_SCOPE
from components.lookups import _exactly_one, _Group

NAME = "Memberships Read"
ACCOUNT, ZONE, USER = (
    _Group(scope, NAME, (scope,)) for scope in (ACCOUNT_SCOPE, f"{ACCOUNT_SCOPE}.zone", USER_SCOPE)
)


@pytest.mark.parametrize(("scope", "right"), [(ACCOUNT_SCOPE, ACCOUNT), (USER_SCOPE, USER)])
def test_the_group_of_the_wanted_scope_is_taken(scope: str, right: _Group) -> None:
    assert _exactly_one(NAME, [ZONE, ACCOUNT, USER], "here", scope) == right.id


@pytest.mark.parametrize("found", [[ZONE, USER], [ACCOUNT, ACCOUNT]], ids=["none", "two"])
def test_none_or_two_of_the_scope_is_refused(found: list[_Group], told: list[str]) -> None:
    with pytest.raises(SystemExit):
        _exactly_one(NAME, found, "here", ACCOUNT_SCOPE)
    assert re.search("does not exist|exists 2 times", told[0])
