"""Group names byte for byte, who has which role, and what changes between two configs."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfscim.config.access import Grant, access_table, difference, managed_elsewhere, people
from cfscim.config.messages import ConfigError
from cfscim.config.models import parse_config
from cfscim.config.names import group_name, group_names, scim_base_url
from cfscim.config.roles import PERMISSION_GROUP_IDS, ROLES, Role
from tests.config.config_samples import ENTRA, OKTA, changed, parsed
from tests.configs import SUPER, config_object

ACCOUNT = "0123456789abcdef0123456789abcdef"
GUIDE = [
    "Administrator Read Only",
    "Administrator",
    "Billing",
    "Super Administrator - All Privileges",
]


def test_the_roles_are_the_guide_s_byte_for_byte_and_in_its_order() -> None:
    assert [role.value.encode() for role in ROLES] == [name.encode() for name in GUIDE]


def test_the_scim_address_is_the_guide_s() -> None:
    assert (
        scim_base_url(parsed(OKTA))
        == f"https://api.cloudflare.com/client/v4/accounts/{ACCOUNT}/scim/v2"
    )


@pytest.mark.parametrize(
    ("base", "model", "prefix", "names"),
    [
        (OKTA, "userGroups", "", GUIDE),
        (ENTRA, "userGroups", "", GUIDE),
        (OKTA, "userGroups", "Team ", [f"Team {name}" for name in GUIDE]),
        (ENTRA, "userGroups", "Team ", [f"Team {name}" for name in GUIDE]),
        (OKTA, "virtualGroups", "", GUIDE),
        (ENTRA, "virtualGroups", "", [f"CF-{ACCOUNT} - {name}" for name in GUIDE]),
    ],
)
def test_group_names(base: dict[str, object], model: str, prefix: str, names: list[str]) -> None:
    declared = changed(base, ("roles",), {name: {} for name in GUIDE})
    config = parsed(changed(changed(declared, ("roleModel",), model), ("groupPrefix",), prefix))
    assert list(group_names(config).values()) == names
    assert [group_name(config, role) for role in ROLES] == names


def test_only_declared_roles_have_a_group() -> None:
    config = parsed(changed(OKTA, ("roles",), {"Billing": {}}))
    assert group_names(config) == {Role.BILLING: "Billing"}


def test_the_table_is_sorted_by_person_and_role_and_names_the_group() -> None:
    value = changed(OKTA, ("roles", "Billing", "members"), ["grace@example.com", "Abe@example.com"])
    table = access_table(parsed(changed(value, ("groupPrefix",), "T ")))
    assert [(grant.person, grant.group) for grant in table] == [
        ("Abe@example.com", "T Billing"),
        ("ada@example.com", "T Administrator"),
        ("alan@example.com", f"T {SUPER}"),
        ("grace@example.com", "T Billing"),
        ("grace@example.com", f"T {SUPER}"),
    ]


def test_roles_managed_in_the_identity_provider_are_named_and_have_no_rows() -> None:
    config = parsed(changed(OKTA, ("roles", "Administrator", "members"), []))
    assert managed_elsewhere(config) == (Role.ADMINISTRATOR_READ_ONLY, Role.BILLING)
    assert {grant.role for grant in access_table(config)} == {Role.SUPER_ADMINISTRATOR}


def test_everyone_with_a_role_belongs_to_the_users_group() -> None:
    assert people(parsed(OKTA)) == (
        "ada@example.com",
        "alan@example.com",
        "grace@example.com",
        "katherine@example.com",
    )


def test_well_known_ids_are_32_hex_digits_and_differ() -> None:
    assert len(set(PERMISSION_GROUP_IDS.values())) == len(PERMISSION_GROUP_IDS) == 5
    assert all(
        set(one) <= set("0123456789abcdef") and len(one) == 32
        for one in PERMISSION_GROUP_IDS.values()
    )


PEOPLE = ["ada@example.com", "ALAN@example.com", "grace@example.com"]
TABLES = st.frozensets(st.sampled_from(list(product(PEOPLE, ROLES)))).map(
    lambda pairs: tuple(Grant(person, role, f"g {role}") for person, role in pairs)
)


@given(TABLES, TABLES)
def test_the_difference_is_exactly_what_was_gained_lost_and_kept(
    before: tuple[Grant, ...], after: tuple[Grant, ...]
) -> None:
    result = difference(before, after)
    assert set(result.gained) == set(after) - set(before)
    assert set(result.lost) == set(before) - set(after)
    assert set(result.kept) == set(before) & set(after)


@given(TABLES)
def test_another_case_of_an_address_and_another_group_gain_and_lose_nothing(
    table: tuple[Grant, ...],
) -> None:
    renamed = tuple(Grant(one.person.swapcase(), one.role, "other") for one in table)
    result = difference(table, renamed)
    assert (result.gained, result.lost) == ((), ())
    assert {grant.group for grant in result.kept} <= {"other"}


@given(TABLES)
def test_the_order_does_not_depend_on_the_order_given(table: tuple[Grant, ...]) -> None:
    assert difference((), table).gained == difference((), table[::-1]).gained


MEMBERS = st.lists(st.sampled_from(["ada", "alan", "grace", "abe"]), unique=True)


@given(st.dictionaries(st.sampled_from(GUIDE), MEMBERS, min_size=1))
def test_the_table_holds_exactly_the_listed_pairs(roles: dict[str, list[str]]) -> None:
    value = {
        role: {"members": [f"{name}@example.com" for name in names]}
        for role, names in roles.items()
    }
    table = access_table(parsed(changed(OKTA, ("roles",), value)))
    assert {(grant.person, grant.role.value) for grant in table} == {
        (f"{name}@example.com", role) for role, names in roles.items() for name in names
    }
    assert len(table) == sum(map(len, roles.values()))


@pytest.mark.parametrize(
    ("kind", "vendor", "longest"), [("okta", "Okta", 255), ("entra", "Entra", 256)]
)
def test_a_group_s_name_is_refused_by_its_own_vendor_s_limit(
    kind: str, vendor: str, longest: int
) -> None:
    config = config_object(kind)
    provider = config["identityProvider"]
    assert isinstance(provider, dict)
    provider["usersGroup"] = {"name": "a" * longest}
    parse_config(config, stack="dev")
    provider["usersGroup"] = {"name": "a" * (longest + 1)}
    with pytest.raises(ConfigError, match=f"{vendor} takes at most {longest}"):
        parse_config(config, stack="dev")
