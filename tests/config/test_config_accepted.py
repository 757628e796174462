"""What good config objects mean: the contract's examples, the defaults, and what the engine sends."""

import json
from datetime import UTC, date, datetime

import pytest
from pydantic import ValidationError

from cfscim.config.messages import ConfigError
from cfscim.config.models import EntraConfig, OktaConfig, parse_config
from cfscim.config.roles import ROLES, Role
from cfscim.config.rules import expired
from tests.config.config_samples import ENTRA, OKTA, REMOVED, changed, parsed
from tests.configs import SUPER

MINIMAL: dict[str, object] = {
    "account": OKTA["account"],
    "roleModel": "userGroups",
    "identityProvider": {"kind": "okta", "orgName": "example"},
}


def test_every_value_of_the_okta_example_arrives() -> None:
    config = parsed(OKTA)
    okta = config.identity_provider
    assert isinstance(okta, OktaConfig)
    assert (okta.org_name, okta.catalog_app, okta.api_integration) == (
        "example",
        "scim2testapp",
        "console",
    )
    assert okta.users_group.members == ("katherine@example.com",)
    assert config.token.expires_on == datetime(2027, 5, 20, tzinfo=UTC)
    assert config.token.allowed_cidrs == ("203.0.113.0/24",)
    assert config.waivers[0].until == date(2026, 12, 31)
    assert config.roles[Role.SUPER_ADMINISTRATOR].members == (
        "grace@example.com",
        "alan@example.com",
    )


def test_every_value_of_the_entra_example_arrives() -> None:
    entra = parsed(ENTRA).identity_provider
    assert isinstance(entra, EntraConfig)
    assert entra.scope == "filtered"
    assert [clause.operator for clause in entra.user_filter] == ["EQUALS", "IS NOT NULL"]
    assert entra.user_filter[1].value == ""
    assert (entra.deletion_threshold, entra.notification_email) == (10, None)


def test_what_is_left_out_takes_the_contract_s_defaults() -> None:
    config = parsed(MINIMAL, stack="prod")
    assert config.token.name == "cloudflare-scim-prod"
    assert (config.token.owner, config.token.rotation) == ("account", "1")
    assert (config.token.expires_on, config.token.expires_on_text) == (None, None)
    assert list(config.roles) == list(ROLES)
    assert all(given.members is None for given in config.roles.values())
    assert (config.group_prefix, config.break_glass, config.waivers) == ("", (), ())
    okta = config.identity_provider
    assert isinstance(okta, OktaConfig)
    assert okta.app_label == "Cloudflare SCIM"
    assert okta.catalog_app == "scim2testapp"
    assert okta.api_integration == "console"
    assert not okta.api_integration_confirmed
    assert (okta.users_group.name, okta.users_group.members) == ("Cloudflare Users", None)


def test_entra_defaults() -> None:
    entra = parsed(changed(MINIMAL, ("identityProvider",), {"kind": "entra"})).identity_provider
    assert isinstance(entra, EntraConfig)
    assert (entra.app_name, entra.scope, entra.user_filter) == ("Cloudflare SCIM", "assigned", ())
    assert (entra.start, entra.tenant_url_suffix, entra.deletion_threshold) == (True, "", None)


def test_an_empty_list_and_an_absent_list_of_members_differ() -> None:
    config = parsed(changed(OKTA, ("roles", "Billing", "members"), []))
    assert config.roles[Role.BILLING].members == ()
    assert config.roles[Role.ADMINISTRATOR_READ_ONLY].members is None


def test_given_roles_are_exactly_those_in_the_guide_s_order() -> None:
    config = parsed(changed(OKTA, ("roles",), {SUPER: {}, "Administrator": {}}))
    assert list(config.roles) == [Role.ADMINISTRATOR, Role.SUPER_ADMINISTRATOR]


@pytest.mark.parametrize(
    "written",
    [
        "2027-05-20T00:00:00Z",
        "2027-05-20t00:00:00z",
        "2027-05-20T02:00:00+02:00",
        "2027-05-20 00:00:00 +0000 UTC",  # what the engine makes of a bare YAML timestamp
        "2027-05-20 02:00:00 +0200 +0200",
        "2027-05-19 18:30:00.5 -0530 -0530",
    ],
)
def test_the_expiry_is_one_text_however_it_was_written(written: str) -> None:
    config = parsed(changed(OKTA, ("token", "expiresOn"), written))
    assert config.token.expires_on_text == "2027-05-20T00:00:00Z"


@pytest.mark.parametrize("written", ["2026-12-31", "2026-12-31 00:00:00 +0000 UTC"])
def test_a_waiver_ends_on_one_day_however_it_was_written(written: str) -> None:
    config = parsed(changed(OKTA, ("waivers", 0, "until"), written))
    assert config.waivers[0].until == date(2026, 12, 31)


def test_the_expiry_is_held_to_the_given_now() -> None:
    assert not list(expired(OKTA, datetime(2027, 5, 19, 23, 59, 59, tzinfo=UTC)))
    (problem,) = expired(OKTA, datetime(2027, 5, 20, tzinfo=UTC))
    assert "in the past" in problem.what


def test_the_parser_asks_no_clock() -> None:
    long_ago = changed(OKTA, ("token", "expiresOn"), "2001-01-01T00:00:00Z")
    assert parse_config(long_ago, stack="dev").token.expires_on_text == "2001-01-01T00:00:00Z"


def test_one_person_may_have_several_roles() -> None:
    config = parsed(changed(OKTA, ("roles", "Billing", "members"), ["ada@example.com"]))
    assert config.roles[Role.BILLING].members == ("ada@example.com",)


def test_okta_does_not_push_the_users_group_so_its_name_is_free() -> None:
    value = changed(OKTA, ("identityProvider", "usersGroup", "name"), "CF Users")
    assert parsed(value).identity_provider.users_group.name == "CF Users"


def test_a_python_name_is_no_key() -> None:
    value = changed(changed(OKTA, ("role_model",), "userGroups"), ("roleModel",), REMOVED)
    with pytest.raises(ConfigError) as caught:
        parsed(value)
    (problem,) = caught.value.problems
    assert problem.where.path.endswith(".role_model")
    assert problem.instead == "write roleModel"


def test_virtual_groups_take_an_empty_prefix() -> None:
    assert parsed(changed(OKTA, ("roleModel",), "virtualGroups")).group_prefix == ""


def test_virtual_groups_refuse_a_prefix() -> None:
    value = changed(changed(OKTA, ("roleModel",), "virtualGroups"), ("groupPrefix",), "Team ")
    with pytest.raises(ConfigError) as caught:
        parsed(value)
    assert [problem.where.path for problem in caught.value.problems] == [
        "cloudflare-scim:scim.groupPrefix"
    ]


def test_the_config_is_frozen() -> None:
    config = parsed(OKTA)
    with pytest.raises(ValidationError, match="frozen"):
        config.group_prefix = "CF"  # type: ignore[misc]  # the error is the point


def test_a_config_survives_the_way_through_json() -> None:
    for value in (OKTA, ENTRA):
        config = parsed(value)
        text = config.model_dump_json(by_alias=True, exclude_none=True)
        assert parsed(json.loads(text)) == config


def test_a_long_stack_name_still_gives_a_token_name_cloudflare_takes() -> None:
    name = parsed(changed(OKTA, ("token", "name"), REMOVED), stack="s" * 300).token.name
    assert len(name) == 120
