"""The steps that stay with a person: exact values, never the token, in the order they are done."""

import pytest

from cfscim.config.checklist import remaining_steps
from cfscim.config.okta_switches import Page, by_hand, to_do
from tests.config.config_samples import ENTRA, OKTA, changed, parsed

IDP = "identityProvider"
BASE = "https://api.cloudflare.com/client/v4/accounts/0123456789abcdef0123456789abcdef/scim/v2"
LINK = "https://example-admin.okta.com/admin/app/scim2testapp/instance/0oa1/#tab-provisioning"


def steps(base: dict[str, object], **provider: object) -> list[str]:
    value = base
    for key, given in provider.items():
        value = changed(value, (IDP, key), given)
    return remaining_steps(parsed(value), app_id="0oa1")


def test_okta_console_before_it_was_confirmed() -> None:
    integration, to_app, rename, confirm = steps(OKTA)
    assert LINK in integration
    assert BASE in integration
    assert "`pulumi stack output tokenValue --show-secrets`" in integration
    assert "clear Import Groups" in integration
    assert to_do(by_hand()[Page.TO_APP]) in to_app
    assert "clear Rename app groups" in rename
    assert "apiIntegrationConfirmed: true" in confirm
    assert "`pulumi up`" in confirm


def test_okta_console_after_it_was_confirmed() -> None:
    imports, rename, token = steps(OKTA, apiIntegrationConfirmed=True)
    assert "Import Groups" in imports
    assert BASE in imports
    assert "Rename app groups" in rename
    assert "after every change of the token" in token


def test_okta_api_leaves_what_no_api_covers() -> None:
    imports, rename = steps(OKTA, apiIntegration="api", catalogApp="zscalerbyz")
    assert "Import Groups" in imports
    assert "Rename app groups" in rename


def test_an_okta_preview_organisation_has_its_own_links() -> None:
    found = remaining_steps(parsed(OKTA), app_id="0oa1", okta_domain="oktapreview.com")
    assert "https://example-admin.oktapreview.com/admin/app/scim2testapp/" in found[0]


def test_entra_names_the_people_whose_names_are_to_be_compared() -> None:
    (names,) = steps(ENTRA)
    assert "user principal name of ada@example.com, alan@example.com, grace@example.com" in names


def test_entra_that_is_not_started_says_how() -> None:
    assert "Start provisioning" in steps(ENTRA, start=False)[-1]


@pytest.mark.parametrize("base", [OKTA, ENTRA])
def test_virtual_groups_begin_with_the_account_team(base: dict[str, object]) -> None:
    value = changed(base, ("roleModel",), "virtualGroups")
    first, *others = remaining_steps(parsed(value), app_id="x")
    assert "account team" in first
    assert "0123456789abcdef0123456789abcdef" in first
    assert others == remaining_steps(parsed(base), app_id="x")


@pytest.mark.parametrize("base", [OKTA, ENTRA])
def test_each_step_is_one_line(base: dict[str, object]) -> None:
    assert all(step.isprintable() for step in steps(base))
