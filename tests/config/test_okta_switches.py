"""A new switch is a new row: checklist, gate, connection by API and `verify` follow the table."""

import dataclasses

import pytest

from cfscim.config import okta_switches
from cfscim.config.checklist import remaining_steps
from cfscim.config.okta_switches import SWITCHES, Page, Switch, by_hand, capabilities, state, to_do
from cfscim.config.schema import switches
from cfscim.vendors.okta.checks import console_problems, feature_problems
from cfscim.vendors.okta.models import Feature
from tests.config.config_samples import OKTA, changed, parsed

ON = [switch.name for switch in SWITCHES if switch.listed and switch.on]


@pytest.fixture(params=[True, False], ids=["on", "off"])
def new(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Switch:
    """A switch that Okta does not have, in the table."""
    switch = Switch(
        "Sync Badges",
        "PUSH_BADGES",
        Page.TO_APP,
        on=request.param,
        capability=("update", "badge_photos"),
    )
    monkeypatch.setattr(okta_switches, "SWITCHES", (*SWITCHES, switch))
    return switch


def test_the_checklist_names_a_new_switch(new: Switch) -> None:
    asked = remaining_steps(parsed(OKTA), app_id="0oa1")[1]
    if new.on:
        assert "enable Create Users, Deactivate Users and Sync Badges, leave" in asked
    else:
        assert "leave Update User Attributes, Sync Password and Sync Badges off" in asked


def test_what_the_api_cannot_set_is_asked_for_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    switch = Switch("Profile Source", "PROFILE_MASTERING", Page.TO_APP, on=True)
    monkeypatch.setattr(okta_switches, "SWITCHES", (*SWITCHES, switch))
    by_api = changed(OKTA, ("identityProvider", "apiIntegration"), "api")
    integration = remaining_steps(parsed(by_api), app_id="0oa1")[0]
    assert "and in To App > Edit that Profile Source is enabled." in integration
    assert "Create Users" not in integration


def test_the_gate_waits_for_a_new_switch(new: Switch) -> None:
    wrong = ON if new.on else [*ON, new.name]
    assert console_problems(wrong) == [f"Sync Badges is {'off' if new.on else 'on'}"]
    assert console_problems([*ON, new.name] if new.on else ON) == []


def test_the_connection_by_api_declares_a_new_switch_and_reads_it_back(new: Switch) -> None:
    assert capabilities()["update"]["badge_photos"] == {"status": new.status}
    assert capabilities()["update"]["profile"] == {"status": "DISABLED"}
    on, off = {"status": "ENABLED"}, {"status": "DISABLED"}
    shown = {
        "create": {"lifecycleCreate": on},
        "update": {"lifecycleDeactivate": on, "profile": off, "password": off},
    }
    feature = Feature(name="USER_PROVISIONING", status="ENABLED", capabilities=shown)
    assert feature_problems(feature) == ["Sync Badges is not shown"]


@pytest.mark.parametrize(
    ("page", "asked", "done"),
    [
        (Page.INTEGRATION, "clear Import Groups", "Import Groups is cleared"),
        (
            Page.TO_APP,
            "enable Create Users and Deactivate Users, leave Update User Attributes and Sync "
            "Password off",
            "Create Users and Deactivate Users are enabled, Update User Attributes and Sync "
            "Password off",
        ),
    ],
)
def test_a_page_in_words(page: Page, asked: str, done: str) -> None:
    assert (to_do(by_hand()[page]), state(by_hand()[page])) == (asked, done)


def test_a_box_that_has_to_stay_as_it_is_is_left_on() -> None:
    first = dataclasses.replace(SWITCHES[0], at_first=True)
    assert to_do([first]) == "leave Create Users on"


def test_the_page_for_people_shows_a_new_switch(new: Switch) -> None:
    assert f"| **Sync Badges** | {new.wanted} | yes |" in switches()
