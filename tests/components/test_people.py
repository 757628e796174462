"""Every kind of wrong address has its own sentence and its own way out."""

from collections.abc import Callable

import pytest

from components.people import match_people

FOUND = [("Ada@example.com", "1"), ("twice@example.com", "2"), ("twice@example.com", "3")]


@pytest.fixture
def refused(told: list[str]) -> Callable[..., str]:
    """What is told of addresses, before the program ends."""

    def run(*names: str) -> str:
        addresses = [f"{name}@example.com" for name in names]
        off = ["off@example.com"]
        with pytest.raises(SystemExit, match="^32$"):
            match_people(addresses, FOUND, "Okta", deactivated=off, hint=" (or wait)")
        return told[-1]

    return run


def test_each_kind_has_its_own_way_out(refused: Callable[..., str]) -> None:
    assert match_people(["ada@example.com"], FOUND, "Okta") == {"ada@example.com": "1"}
    nobody, off, twice = (refused(who) for who in ("nobody", "off", "twice"))
    assert "no user has the e-mail address nobody@example.com: correct it, or make" in nobody
    assert "(or wait)" in nobody
    assert "deactivated: off@example.com: reactivate the person, or take" in off
    assert "no user" not in off
    assert "more than one user has the e-mail address twice@example.com: change" in twice


def test_all_are_named_at_once(refused: Callable[..., str]) -> None:
    told = refused("off", "nobody", "twice", "ada")
    assert all(f"{who}@example.com" in told for who in ("off", "nobody", "twice"))
    assert "ada@" not in told
