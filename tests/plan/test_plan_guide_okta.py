"""Guide: "Provision with Okta", held against the plan of the Okta combinations."""

from itertools import pairwise

import pytest

from tests.plan.guide_kit import (
    BASE_URL,
    OKTA,
    Combination,
    before,
    config,
    group_names,
    guide_plan,
    named,
    of_type,
    only,
    plan_of,
)

pytestmark = pytest.mark.parametrize("combination", OKTA, ids="-".join)


def test_name_your_group_of_all_cloudflare_users(combination: Combination) -> None:
    assert (
        named(guide_plan(combination), "okta-users-group")["inputs"]["name"] == "Cloudflare Users"
    )


def test_assign_all_cloudflare_users_to_it(combination: Combination) -> None:
    places = of_type(guide_plan(combination), "UserGroupMemberships")
    assert [place["inputs"] for place in places] == [
        {"userId": f"${{user: {person}}}", "groups": ["${okta-users-group.id}"]}
        for person in ("ada@example.com", "alan@example.com", "grace@example.com")
    ]


def test_locate_and_select_scim_2_0_test_app(combination: Combination) -> None:
    assert only(guide_plan(combination), "Saml")["inputs"]["preconfiguredApp"] == "scim2testapp"


def test_do_not_display_application_icon_to_users(combination: Combination) -> None:
    assert only(guide_plan(combination), "Saml")["inputs"]["hideWeb"] is True


def test_do_not_display_application_icon_in_the_okta_mobile_app(combination: Combination) -> None:
    assert only(guide_plan(combination), "Saml")["inputs"]["hideIos"] is True


def test_disable_automatically_log_in_when_user_lands_on_login_page(
    combination: Combination,
) -> None:
    assert only(guide_plan(combination), "Saml")["inputs"]["autoSubmitToolbar"] is False


def test_the_user_name_is_the_e_mail_address(combination: Combination) -> None:
    app = only(guide_plan(combination), "Saml")["inputs"]
    assert app["userNameTemplate"] == "${source.email}"
    assert app["userNameTemplateType"] == "BUILT_IN"


def test_enable_api_integration_with_base_url_and_bearer_token(combination: Combination) -> None:
    inputs = only(guide_plan(combination), "Connection")["inputs"]
    assert inputs == {
        "action": "activate",
        "baseUrl": BASE_URL,
        "idProperty": "${okta-app.id}",
        "profile": {"authScheme": "TOKEN", "token": "[secret]"},
    }


def test_enable_create_users_and_deactivate_users(combination: Combination) -> None:
    inputs = only(guide_plan(combination), "Features")["inputs"]
    assert (inputs["name"], inputs["status"]) == ("USER_PROVISIONING", "ENABLED")
    assert inputs["capabilities"]["create"]["lifecycleCreate"]["status"] == "ENABLED"
    assert inputs["capabilities"]["update"]["lifecycleDeactivate"]["status"] == "ENABLED"


def test_profile_and_password_stay_off(combination: Combination) -> None:
    update = only(guide_plan(combination), "Features")["inputs"]["capabilities"]["update"]
    assert (update["profile"]["status"], update["password"]["status"]) == ("DISABLED", "DISABLED")


def test_disable_import_groups_and_rename_groups_is_left_to_a_person(
    combination: Combination,
) -> None:
    steps = " ".join(guide_plan(combination)["remainingSteps"])
    assert "Import Groups is cleared" in steps
    assert "clear Rename app groups" in steps


def test_assign_users_to_your_cloudflare_scim_group(combination: Combination) -> None:
    assignment = only(guide_plan(combination), "AppGroupAssignments")["inputs"]
    assert assignment["appId"] == "${okta-app.id}"
    assert [group["id"] for group in assignment["groups"]] == ["${okta-users-group.id}"]


def test_add_groups_with_the_following_names(combination: Combination) -> None:
    groups = [one["inputs"]["name"] for one in of_type(guide_plan(combination), ":Group")]
    assert sorted(groups) == sorted([*group_names(combination), "Cloudflare Users"])


def test_a_cloudflare_user_group_of_the_same_name_holds_the_role(combination: Combination) -> None:
    groups = {
        one["inputs"]["name"]: one["inputs"]["policies"]
        for one in of_type(guide_plan(combination), "UserGroup")
    }
    wanted = group_names(combination) if combination[1] == "userGroups" else []
    assert sorted(groups) == sorted(wanted)
    for name, policies in groups.items():
        assert [p["permissionGroups"] for p in policies] == [
            [{"id": f"${{permission group: {name}}}"}]
        ]


def test_within_push_groups_add_the_groups_you_created(combination: Combination) -> None:
    pushes = of_type(guide_plan(combination), "PushGroup")
    assert sorted(push["inputs"]["sourceGroupId"] for push in pushes) == [
        "${okta-group-administrator-read-only.id}",
        "${okta-group-administrator.id}",
        "${okta-group-billing.id}",
        "${okta-group-super-administrator.id}",
    ]
    assert {push["inputs"]["status"] for push in pushes} == {"ACTIVE"}


def test_no_push_ever_deletes_the_cloudflare_group(combination: Combination) -> None:
    pushes = of_type(guide_plan(combination), "PushGroup")
    assert [p["inputs"]["deleteTargetGroupOnDestroy"] for p in pushes] == [False] * 4
    assert not any("targetGroupName" in push["inputs"] for push in pushes)


def test_adding_any_users_to_these_groups_grants_them_the_role(combination: Combination) -> None:
    members = {
        one["name"]: one["inputs"]["users"]
        for one in of_type(guide_plan(combination), "GroupMemberships")
        if one["type"].endswith(":GroupMemberships")
    }
    assert members == {
        "okta-group-administrator-members": ["${user: ada@example.com}"],
        "okta-group-billing-members": [],
        "okta-group-super-administrator-members": [
            "${user: alan@example.com}",
            "${user: grace@example.com}",
        ],
    }


def test_the_order_is_token_groups_app_connection_checks_assignment_push(
    combination: Combination,
) -> None:
    plan = guide_plan(combination)
    chain = [
        "token",
        "okta-group-billing",
        "okta-app",
        "okta-connection",
        "okta-connection-gate",
        "okta-features",
        "okta-features-gate",
        "okta-app-assignments",
        "okta-push-billing",
    ]
    for earlier, later in pairwise(chain):
        assert earlier in before(plan, later), f"{later} does not wait for {earlier}"
    if combination[1] == "userGroups":
        assert "user-group-billing" in before(plan, "okta-push-billing")


def test_role_groups_and_app_are_protected(combination: Combination) -> None:
    for one in of_type(guide_plan(combination), ":Group", "Saml", "UserGroup"):
        assert one["options"]["protect"] is True, one["name"]
    for one in of_type(guide_plan(combination), "UserGroup"):
        assert one["options"]["retainOnDelete"] is True, one["name"]


def test_before_the_console_steps_are_confirmed_nothing_is_pushed(combination: Combination) -> None:
    content = config(combination)
    content["identityProvider"]["apiIntegration"] = "console"
    plan = plan_of(content)
    assert of_type(plan, "PushGroup", "Connection", "Features", "OktaGate") == []
    text = " ".join(plan["remainingSteps"])
    assert BASE_URL in text
    assert "enable Create Users and Deactivate Users" in text


def test_once_confirmed_every_push_waits_for_the_check(combination: Combination) -> None:
    content = config(combination)
    content["identityProvider"] |= {"apiIntegration": "console", "apiIntegrationConfirmed": True}
    plan = plan_of(content)
    pushes = of_type(plan, "PushGroup")
    assert len(pushes) == 4
    assert all("okta-console-gate" in before(plan, push["name"]) for push in pushes)
