"""Every bad config object is refused once, at the right key path, in four parts."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfscim.config.messages import ConfigError, Message, Where, one_line
from cfscim.config.models import parse_config
from cfscim.config.rules import expired
from tests.config.config_mutations import BAD, Bad
from tests.config.config_samples import ENTRA, NOW, OKTA, Steps, changed


def problems_of(value: object) -> list[Message]:
    """What `validate` reports on the object on the tests' own day."""
    problems = list(expired(value, NOW))
    try:
        parse_config(value, stack="dev")
    except ConfigError as error:
        problems += error.problems
    assert problems, "the object is taken"
    return problems


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_is_refused_with_where_what_why_and_instead(bad: Bad) -> None:
    problems = problems_of(bad.object)
    assert [problem.where.path for problem in problems] == ["cloudflare-scim:scim" + bad.path]
    problem = problems[0]
    assert bad.what in problem.what
    assert bad.instead in problem.instead
    assert len(problem.why) > 15, "says why it matters"
    assert "\n" not in str(problem)
    four = f"{problem.where.path}: {problem.what}; {problem.why}; {problem.instead}"
    assert str(problem) == one_line(four)


def test_the_table_is_large_and_names_each_row_once() -> None:
    names = [bad.name for bad in BAD]
    assert len(names) == len(set(names)) >= 80


def test_all_problems_are_shown_at_once() -> None:
    value = {
        "account": {"id": "x", "nmae": "y"},
        "roleModel": "userGroup",
        "token": {"rotation": 1},
        "roles": {
            "Adminstrator": {"members": ["ada"]},
            "Billing": {"members": ["a@b.co", "A@b.co"]},
        },
        "identityProvider": {"kind": "okta", "appName": "x"},
    }
    assert sorted(
        problem.where.path.removeprefix("cloudflare-scim:scim.") for problem in problems_of(value)
    ) == [
        "account.id",
        "account.nmae",
        "identityProvider.appName",
        "identityProvider.orgName",
        "roleModel",
        "roles.Adminstrator",
        "roles.Adminstrator.members[0]",
        "roles.Billing.members[1]",
        "token.rotation",
    ]


@pytest.mark.parametrize("value", [None, [], "text", 7, {}, {"account": []}, {"roles": [None]}])
def test_any_json_value_is_answered_with_problems(value: object) -> None:
    for problem in problems_of(value):
        assert problem.where.path.startswith("cloudflare-scim:scim")
        assert all((problem.what, problem.why, problem.instead))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@given(JSON)
def test_no_json_value_raises_anything_else(value: object) -> None:
    for problem in problems_of(value):
        assert "\n" not in str(problem)


def _places(value: object, steps: Steps = ()) -> Iterator[Steps]:
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*steps, key)
            yield from _places(inner, (*steps, key))


@given(st.sampled_from([OKTA, ENTRA]), st.data())
def test_a_good_object_with_any_value_anywhere_is_taken_or_refused_in_full(
    base: dict[str, object], data: st.DataObject
) -> None:
    steps = data.draw(st.sampled_from(list(_places(base))))
    value = changed(base, steps, data.draw(JSON))
    problems: list[Message] = []
    try:
        parse_config(value, stack="dev")
    except ConfigError as error:
        problems = error.problems or [Message(Where(), "no problem was named")]
    for problem in problems:
        assert problem.where.path.startswith("cloudflare-scim:scim.")
        assert all((problem.what, problem.why, problem.instead))


def test_deep_nesting_is_refused_like_any_other_value() -> None:
    value: object = "x"
    for _ in range(5000):
        value = {"a": value}
    assert problems_of(OKTA | {"waivers": value})


@pytest.mark.parametrize("digits", ["9" * 5000, "\u0663", "-1", "1.5"])
def test_an_odd_number_in_quotes(digits: str) -> None:
    (problem,) = problems_of(changed(ENTRA, ("identityProvider", "deletionThreshold"), digits))
    assert "above 0" in problem.instead


SECRETS = (
    "cfut_0123456789abcdefABCDEF0123456789abcdef01",
    "00abcdefghijklmnopqrstuvwxyz0123456789ABCD",
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
    "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----",
    "abc8Q~0123456789abcdefghijklmnopqrstuv",
    "v1xPlaceholderT0kenOfTheOldCloudflare0Fo",
)


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("bad", BAD[::7], ids=lambda bad: bad.name)
def test_a_credential_is_never_repeated(secret: str, bad: Bad) -> None:
    text = json.dumps(bad.object).replace('"Example Corp"', json.dumps(secret))
    text = text.replace('"ada@example.com"', json.dumps(secret))
    for problem in problems_of(json.loads(text)):
        assert secret[:20] not in str(problem)


@pytest.mark.parametrize("secret", SECRETS)
def test_a_credential_as_a_key_is_never_repeated(secret: str) -> None:
    for problem in problems_of(OKTA | {secret: 1}):
        assert secret[:20] not in str(problem)


@pytest.mark.parametrize(
    ("steps", "wrong"),
    [
        (("account",), "acount"),
        (("account", "id"), "Id"),
        (("roleModel",), "rolemodel"),
        (("identityProvider",), "identityProvder"),
        (("identityProvider", "usersGroup"), "usersgroup"),
    ],
)
def test_a_misspelled_key_is_one_problem(steps: tuple[str, ...], wrong: str) -> None:
    config = json.loads(json.dumps(OKTA))
    inside = config
    for step in steps[:-1]:
        inside = inside[step]
    inside[wrong] = inside.pop(steps[-1])
    (problem,) = problems_of(config)
    assert problem.where.keys[-1] == wrong
    assert problem.instead == f"write {steps[-1]}"
