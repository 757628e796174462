"""Near misses of the role names are answered with the right name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfscim.config.lookalikes import (
    difference_from,
    hidden_character,
    nearest,
    nearest_role,
    skeleton,
)
from cfscim.config.messages import ConfigError
from cfscim.config.models import parse_config
from cfscim.config.roles import ROLES, Role
from tests.config.config_samples import OKTA, changed

READ_ONLY, ADMIN = Role.ADMINISTRATOR_READ_ONLY, Role.ADMINISTRATOR
BILLING, SUPER = Role.BILLING, Role.SUPER_ADMINISTRATOR

NEAR = {
    "administrator": ADMIN,
    "ADMINISTRATOR": ADMIN,
    "Adminstrator": ADMIN,
    "Administrators": ADMIN,
    "Administrator ": ADMIN,
    "Admin": ADMIN,
    "\u0410dministrator": ADMIN,  # Cyrillic A
    "Administrat\u03bfr": ADMIN,  # Greek omicron
    "Admin\u200bistrator": ADMIN,  # zero width space
    "\uff21dministrator": ADMIN,  # full width A
    "CF-0123456789abcdef0123456789abcdef - Administrator": ADMIN,
    "Administrator  Read Only": READ_ONLY,
    "Administrator\u00a0Read Only": READ_ONLY,
    "Administrator Read-Only": READ_ONLY,
    "Administrator Read only": READ_ONLY,
    "Administrator (Read Only)": READ_ONLY,
    "Administrator_Read_Only": READ_ONLY,
    "Read Only": READ_ONLY,
    "Biling": BILLING,
    "\u0412illing": BILLING,  # Cyrillic Ve
    "Billing Administrator": BILLING,
    "Super Administrator": SUPER,
    "super admin": SUPER,
    "Super Administrator \u2013 All Privileges": SUPER,
    "Super Administrator \u2014 All Privileges": SUPER,
    "Super Administrator \u2011 All Privileges": SUPER,
    "Super Administrator -All Privileges": SUPER,
    "Super Administrator All Privileges": SUPER,
    "Super Administrator - All Privilege": SUPER,
    "Super Administrator: All Privileges": SUPER,
    "CF-0123456789abcdef0123456789abcdef - Super Administrator - All Privileges": SUPER,
}


@pytest.mark.parametrize(("name", "role"), NEAR.items(), ids=[ascii(name) for name in NEAR])
def test_a_near_miss_is_answered_with_the_right_name(name: str, role: Role) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(changed(OKTA, ("roles",), {name: {}}), stack="dev")
    (problem,) = caught.value.problems
    assert problem.instead == f'write "{role}"'
    assert problem.where.path == f"cloudflare-scim:scim.roles.{name}"


@pytest.mark.parametrize(
    "name", ["DNS", "Audit Logs Viewer", "", "   ", "-", "x" * 100_000, "cf " * 5000]
)
def test_a_name_near_none_gets_no_suggestion(name: str) -> None:
    assert nearest_role(name) is None


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Administrator\u00a0Read Only", "contains NO-BREAK SPACE"),
        ("\u0410dministrator", "contains CYRILLIC CAPITAL LETTER A"),
        ("administrator", "differs in upper and lower case"),
        ("Billing ", "differs in white space"),
        ("Super Administrator", "is not the exact name"),
    ],
)
def test_the_difference_is_named(name: str, why: str) -> None:
    role = nearest_role(name)
    assert role is not None
    assert difference_from(name, role) == why


TWINS = {"A": "\u0410", "B": "\u0392", "i": "\u0456", "o": "\u043e", "e": "\u0435", " ": "\u00a0"}


@given(st.sampled_from(ROLES), st.data())
def test_any_mix_of_look_alikes_case_and_dashes_leads_back(role: Role, data: st.DataObject) -> None:
    def drawn(char: str) -> str:
        options = [char, char.swapcase(), TWINS.get(char, char)]
        if char == "-":
            options += ["\u2013", "\u2014", "\u2212"]
        return data.draw(st.sampled_from(options))

    name = "".join(drawn(char) for char in role.value)
    assert nearest_role(name) == role


@given(st.text(max_size=200))
def test_no_text_upsets_the_comparison(text: str) -> None:
    assert nearest_role(text) in (None, *ROLES)
    assert skeleton(skeleton(text)) == skeleton(text)
    assert hidden_character(text) is None or not text.isprintable()


@pytest.mark.parametrize(
    ("key", "right"),
    [("role_model", "roleModel"), ("rolemodel", "roleModel"), ("RoleModle", "roleModel")],
)
def test_a_near_miss_of_a_key_leads_to_the_key(key: str, right: str) -> None:
    assert nearest(key, ["account", "roleModel", "token"]) == right


def test_a_far_key_leads_nowhere() -> None:
    assert nearest("colour", ["account", "roleModel", "token"]) is None
