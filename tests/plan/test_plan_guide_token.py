"""Guide: "Create an API token", held against the plan of all eight combinations."""

import json

import pytest

from tests.configs import ACCOUNT, COMBINATIONS
from tests.plan.guide_kit import BASE_URL, Combination, guide_plan, of_type

pytestmark = pytest.mark.parametrize("combination", COMBINATIONS, ids="-".join)


def token(combination: Combination) -> dict:
    (found,) = of_type(guide_plan(combination), "AccountToken", "ApiToken")
    return found


def permissions(combination: Combination) -> list[list[str]]:
    return [
        [group["id"] for group in policy["permissionGroups"]]
        for policy in token(combination)["inputs"]["policies"]
    ]


def test_create_an_api_token_with_the_following_permissions(combination: Combination) -> None:
    named = [
        [one.removeprefix("${permission group: ").removesuffix("}") for one in policy]
        for policy in permissions(combination)
    ]
    if combination[2] == "account":
        assert named == [["SCIM Provisioning"]]
    else:
        assert named == [
            ["Account Settings Read", "Account Settings Write"],
            ["Memberships Read", "Memberships Write"],
        ]


def test_the_token_s_owner_decides_its_kind(combination: Combination) -> None:
    kind = {"account": "AccountToken", "user": "ApiToken"}[combination[2]]
    assert token(combination)["type"].endswith(f":{kind}")


def test_under_account_resources_include_this_account_only(combination: Combination) -> None:
    keys = [json.loads(p["resources"]) for p in token(combination)["inputs"]["policies"]]
    user = {"com.cloudflare.api.user.${user: owner of the provider's token}": "*"}
    assert keys == [{f"com.cloudflare.api.account.{ACCOUNT}": "*"}] + (
        [user] if combination[2] == "user" else []
    )
    assert {p["effect"] for p in token(combination)["inputs"]["policies"]} == {"allow"}


def test_no_wildcard_covers_another_account(combination: Combination) -> None:
    text = json.dumps(token(combination)["inputs"])
    assert "account.*" not in text
    assert "user.*" not in text


def test_copy_the_token_value_and_it_stays_a_secret(combination: Combination) -> None:
    assert guide_plan(combination)["outputs"]["tokenValue"] == "[secret]"


def test_a_declared_rotation_may_replace_the_token(combination: Combination) -> None:
    options = token(combination)["options"]
    assert options["replacementTrigger"] == "1"
    assert options["protect"] is False


def test_the_base_url_holds_your_account_id(combination: Combination) -> None:
    plan = guide_plan(combination)
    assert plan["outputs"]["scimBaseUrl"] == BASE_URL
    urls = [
        value
        for resource in plan["resources"]
        for value in _texts(resource["inputs"])
        if value.startswith("https://api.cloudflare.com")
    ]
    assert urls
    assert set(urls) == {BASE_URL}


def test_everything_else_waits_for_the_token(combination: Combination) -> None:
    plan = guide_plan(combination)
    firsts = [
        resource["name"]
        for resource in plan["resources"]
        if not resource["type"].startswith("cloudflare-scim:index:")
        and not resource["options"]["dependsOn"]
    ]
    assert firsts == ["token-watch"]


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for one in inner for text in _texts(one)]
