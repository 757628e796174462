"""Every kind of wrong address has its own sentence and its own way out."""

import pulumi
import pytest

from components.people import match_people

FOUND = [("Ada@example.com", "1"), ("twice@example.com", "2"), ("twice@example.com", "3")]


def refused(*addresses: str) -> str:
    with pytest.raises(pulumi.RunError) as error:
        match_people(addresses, FOUND, "Okta", deactivated=["off@example.com"], hint=" (or wait)")
    return str(error.value)


def test_each_kind_has_its_own_way_out() -> None:
    assert match_people(["ada@example.com"], FOUND, "Okta") == {"ada@example.com": "1"}
    nobody, off, twice = (refused(f"{who}@example.com") for who in ("nobody", "off", "twice"))
    assert "no user has the e-mail address nobody@example.com: correct it, or make" in nobody
    assert "(or wait)" in nobody
    assert "deactivated: off@example.com: reactivate the person, or take" in off
    assert "no user" not in off
    assert "more than one user has the e-mail address twice@example.com: change" in twice


def test_all_are_named_at_once() -> None:
    told = refused("off@example.com", "nobody@example.com", "twice@example.com", "ada@example.com")
    assert all(f"{who}@example.com" in told for who in ("off", "nobody", "twice"))
    assert "ada@" not in told
