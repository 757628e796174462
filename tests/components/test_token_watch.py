"""What counts as the end of the stack's own token, and what does not."""

from typing import Any

import pytest

from cfscim.config.roles import PERMISSION_GROUP_IDS, SCIM_PROVISIONING
from cfscim.vendors.cloudflare.models import ApiToken
from cfscim.vendors.errors import AnswerError
from components.rest_resource import Props
from components.token_watch import TokenWatchProvider

ALIVE, OVER = ("active", "disabled"), ("expired", "revoked (exposed)")
Seen = dict[str, str]
"""By id, or by id and name: the status."""
DECLARED: Props = {
    "accountId": "a" * 32,
    "owner": "account",
    "names": ["scim"],
    "trigger": "1",
    "expiresOn": "",
    "others": [],
    "ended": 0,
}


class Watch(TokenWatchProvider):
    """Sees these tokens, by id, instead of asking Cloudflare."""

    def __init__(self, seen: Seen | None) -> None:
        self.seen = seen

    def cloudflare(self) -> Any:
        return self

    def tokens(self, _account: str, owner: str) -> tuple[ApiToken, ...]:
        if self.seen is None:
            raise AnswerError("forbidden", "Cloudflare", "403")
        group = {"id": PERMISSION_GROUP_IDS[SCIM_PROVISIONING]}
        listed = []
        for given, status in self.seen.items():
            id_, _, name = given.partition(" ")
            policies = (
                [{"effect": "allow", "permission_groups": [group], "resources": {}}]
                if name != "foreign"
                else []
            )
            named = {"id": id_, "name": name or "scim", "status": status, "policies": policies}
            listed.append(ApiToken.model_validate(named))
        return tuple(listed)


def checked(olds: Props, seen: Seen | None, **changed: object) -> tuple[object, object]:
    inputs = Watch(seen).check(olds, {**DECLARED, **changed}).inputs
    return inputs["ended"], inputs["others"]


@pytest.mark.parametrize("status", ALIVE)
def test_a_token_that_is_there_has_not_ended(status: str) -> None:
    assert checked(DECLARED, {"t1": status}) == (0, [])


@pytest.mark.parametrize("status", OVER)
def test_an_ended_one_counts_once(status: str) -> None:
    assert checked(DECLARED, {"t1": status}) == (1, ["t1"])
    counted: Props = {**DECLARED, "ended": 1.0, "others": ["t1"]}
    assert checked(counted, {"t1": status, "t2": "active"}) == (1, ["t1"])
    assert checked(counted, {"t2": "active"}) == (1, ["t1"])
    assert checked(counted, {"t2": "expired"}) == (2, ["t2"])


def test_a_deleted_one_counts() -> None:
    assert checked(DECLARED, {}) == (1, [])


def test_at_first_nothing_has_ended() -> None:
    """An existing stack gets this resource: its token is not replaced for that."""
    assert checked({}, {"t1": "active"}) == (0, [])
    assert checked({}, {}) == (0, [])


def test_what_cannot_be_listed_has_not_ended() -> None:
    assert checked({**DECLARED, "ended": 2, "others": ["t1"]}, None) == (2, ["t1"])


def test_a_rotation_makes_a_new_one_anyway() -> None:
    assert checked(DECLARED, {"t1": "expired"}, trigger="2") == (0, ["t1"])


def test_a_new_one_that_would_be_over_too_is_not_made() -> None:
    past, later = "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"
    assert checked(DECLARED, {"t1": "expired"}, expiresOn=past) == (0, [])
    assert checked(DECLARED, {"t1": "expired"}, expiresOn=later) == (1, ["t1"])


def test_a_renamed_token_is_still_the_stack_s() -> None:
    inputs = Watch({"t1": "active"}).check(DECLARED, {**DECLARED, "names": ["other"]}).inputs
    assert inputs["names"] == ["scim", "other"]


def test_a_token_that_somebody_renamed_is_still_the_stack_s() -> None:
    assert checked(DECLARED, {"t1 by-hand": "active"}) == (0, [])
    assert checked(DECLARED, {"t1 by-hand": "expired"}) == (1, ["t1"])


def test_another_token_does_not_hide_the_end_of_the_stack_s() -> None:
    assert checked(DECLARED, {"t1": "expired", "t9 by-hand": "active"}) == (1, ["t1", "t9"])
    assert checked(DECLARED, {"t9 foreign": "active"}) == (1, [])


def test_once_known_the_stack_s_own_is_judged_by_its_id_alone() -> None:
    learnt: Props = Watch({"t1": "active"}).check(DECLARED, DECLARED).inputs
    assert learnt["own"] == "t1"
    assert checked(learnt, {"t1": "active", "t2": "expired"}) == (0, [])
    assert checked(learnt, {"t1": "expired", "t2": "active"}) == (1, ["t1", "t2"])
    assert checked(learnt, {"t2": "active"}) == (1, ["t2"])
    assert checked(learnt, {"t1 foreign": "active"}) == (0, []), "whatever was made of it"
    fresh: Props = Watch({"t2": "active"}).check(learnt, DECLARED).inputs
    assert Watch({"t2": "active", "t3": "active"}).check(fresh, DECLARED).inputs["own"] == "t3"
    unclear = Watch({"t1": "active", "t2": "active"}).check(DECLARED, DECLARED).inputs
    assert unclear["own"] == "", "an answer was lost, and two of them could be it"
