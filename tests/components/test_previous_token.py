"""Which tokens are ended when: at the end of an update, later, or with the stack."""

from typing import Any

import pytest

from cfscim.config.messages import ScimError
from components.previous_token import PreviousTokenProvider
from components.rest_resource import Props

PROPS: Props = {"accountId": "a" * 32, "owner": "account", "tokenId": "t2", "keepPrevious": False}


class _Token:
    name, status = "scim", "active"

    def __init__(self, used: str | None) -> None:
        self.last_used_on = used


class Ender(PreviousTokenProvider):
    """Writes down what it ends, and sees whether the present token was used."""

    def __init__(self, used: str | None = "2026-11-20") -> None:
        self.ended: list[str] = []
        self.used = used

    def cloudflare(self) -> Any:
        return self

    def find_token(self, _account: str, _owner: str, _token: str) -> _Token:
        return _Token(self.used)

    def delete_token(self, _account: str, owner: str, token: str) -> None:
        self.ended.append(f"{owner} {token}")


def test_a_replaced_one_is_ended_by_its_own_deletion_and_a_kept_one_is_not() -> None:
    old: Props = {**PROPS, "tokenId": "t1", "previous": []}
    assert Ender().diff("id", old, PROPS).replaces == ["tokenId"]
    assert not Ender().diff("id", old, {**PROPS, "keepPrevious": True}).replaces
    ender = Ender()
    ender.delete("id", {**old, "previous": ["t0", "user/u0"]})
    assert ender.ended == ["account t0", "user u0", "account t1"]


def test_a_kept_one_is_ended_once_the_present_one_was_used() -> None:
    old: Props = {**PROPS, "tokenId": "t1", "keepPrevious": True, "previous": ["t0"]}
    kept = Ender().update("id", old, {**PROPS, "keepPrevious": True}).outs or {}
    assert kept["previous"] == ["t0", "t1"]
    with pytest.raises(ScimError, match="nobody has signed in with it yet"):
        Ender(used=None).update("id", kept, PROPS)
    ender = Ender()
    assert (ender.update("id", kept, PROPS).outs or {})["previous"] == []
    assert ender.ended == ["account t0", "account t1"]


def test_another_owner_s_token_is_ended_as_that_owner_s() -> None:
    old: Props = {**PROPS, "owner": "user", "tokenId": "u1", "previous": ["u0"]}
    kept = Ender().update("id", old, {**PROPS, "keepPrevious": True}).outs or {}
    assert kept["previous"] == ["user/u0", "user/u1"]
    ender = Ender()
    ender.update("id", kept, PROPS)
    assert ender.ended == ["user u0", "user u1"]
