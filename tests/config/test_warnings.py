"""What is allowed and still warned of; each warning appears for its reason and no other."""

from datetime import date

import pytest

from cfscim.config.messages import CONFIG_KEY, Level
from cfscim.config.warnings import lines, warnings
from tests.config.config_samples import ENTRA, OKTA, REMOVED, TODAY, Steps, changed, parsed
from tests.configs import SUPER

IDP = "identityProvider"
QUIET = changed(
    changed(
        OKTA,
        ("roles",),
        {
            "Administrator": {"members": ["ada@example.com"]},
            SUPER: {"members": ["grace@example.com", "alan@example.com"]},
        },
    ),
    ("token", "allowedCidrs"),
    [],
)
QUIET_ENTRA = changed(changed(QUIET, (IDP,), ENTRA[IDP]), (IDP, "userFilter"), [])
QUIET_ENTRA = changed(QUIET_ENTRA, (IDP, "scope"), "assigned")


def test_a_config_without_doubts_has_no_warning() -> None:
    assert warnings(parsed(QUIET), today=TODAY) == []
    assert warnings(parsed(QUIET_ENTRA), today=TODAY) == []


CASES: list[tuple[dict[str, object], Steps, object, str]] = [
    (QUIET, ("token", "expiresOn"), REMOVED, "token.expiresOn: not given"),
    (QUIET, ("token", "expiresOn"), "2026-12-20T00:00:00Z", "ends in 27 days"),
    (QUIET, ("token", "expiresOn"), "2026-11-24T00:00:00Z", "ends within a day"),
    (QUIET, ("token", "owner"), "user", "token.owner: a user's token"),
    (
        QUIET,
        ("token", "allowedCidrs"),
        ["203.0.113.0/24"],
        "token.allowedCidrs: the token works from these",
    ),
    (QUIET, ("roleModel",), "virtualGroups", "roleModel: virtual groups are deprecated"),
    (QUIET, ("roles", "Billing"), {}, "roles: who has Billing is managed in the identity provider"),
    (QUIET, ("roles", "Billing"), {"members": []}, "the group of Billing is empty"),
    (QUIET, (IDP, "apiIntegration"), "api", "answers UNKNOWN"),
    (
        QUIET,
        ("waivers", 0, "until"),
        "2026-11-22",
        "the waiver of token-expiry by Grace Hopper ended",
    ),
    (QUIET_ENTRA, (IDP, "scope"), "filtered", "every user of the tenant"),
    (QUIET_ENTRA, (IDP, "start"), False, "identityProvider.start: false"),
]


@pytest.mark.parametrize(("base", "steps", "value", "text"), CASES, ids=[c[3] for c in CASES])
def test_one_doubt_is_one_warning(
    base: dict[str, object], steps: Steps, value: object, text: str
) -> None:
    (warning,) = warnings(parsed(changed(base, steps, value)), today=TODAY)
    [line] = lines([warning])
    assert text in line
    assert line.isprintable()
    assert warning.level is Level.WARNING
    assert warning.where.keys[0] == CONFIG_KEY
    assert all([warning.what, warning.why, warning.instead])


def test_a_push_by_api_that_would_rename_a_virtual_group() -> None:
    by_api = changed(changed(QUIET, (IDP, "apiIntegration"), "api"), (IDP, "catalogApp"), "zscaler")
    assert not any(
        "Rename app groups" in line.what for line in warnings(parsed(by_api), today=TODAY)
    )
    virtual = parsed(changed(by_api, ("roleModel",), "virtualGroups"))
    assert any("Rename app groups" in line.what for line in warnings(virtual, today=TODAY))


def test_people_outside_the_user_filter() -> None:
    value = changed(
        changed(QUIET_ENTRA, (IDP, "scope"), "filtered"),
        (IDP, "userFilter", 0),
        {"attribute": "department", "operator": "EQUALS", "value": "x"},
    )
    (warning,) = warnings(parsed(value), today=TODAY)
    assert "does not satisfy every clause" in warning.what


@pytest.mark.parametrize(
    ("members", "glass", "text"),
    [
        ([], [], "no Super Administrator are known"),
        (["grace@example.com"], [], "1 Super Administrator is known"),
        ([], ["owner@example.com"], "1 Super Administrator is known"),
        (["grace@example.com"], ["owner@example.com"], None),
        (["grace@example.com", "alan@example.com"], [], None),
    ],
)
def test_super_administrators_are_counted_with_break_glass(
    members: list[str], glass: list[str], text: str | None
) -> None:
    value = changed(
        changed(QUIET_ENTRA, ("roles", SUPER, "members"), members), ("breakGlass",), glass
    )
    found = [line for line in lines(warnings(parsed(value), today=TODAY)) if "breakGlass" in line]
    assert [text in line for line in found] == ([True] if text else [])  # type: ignore[operator]


def test_an_expiry_31_days_off_is_not_warned_of() -> None:
    config = parsed(changed(QUIET, ("waivers",), []))
    assert warnings(config, today=date(2027, 4, 19)) == []
    assert len(warnings(config, today=date(2027, 4, 20))) == 1


def test_a_waiver_holds_through_its_last_day() -> None:
    config = parsed(changed(QUIET, ("waivers", 0, "until"), "2026-11-23"))
    assert warnings(config, today=TODAY) == []
