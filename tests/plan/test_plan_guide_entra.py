"""Guide: "Provision using Microsoft Entra" (Azure AD), held against the Entra combinations."""

import json
import re
from itertools import pairwise

import pytest

from tests.plan.guide_kit import (
    BASE_URL,
    ENTRA,
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

pytestmark = pytest.mark.parametrize("combination", ENTRA, ids="-".join)


def credentials(combination: Combination) -> dict[str, str]:
    pairs = only(guide_plan(combination), "SynchronizationSecret")["inputs"]["credentials"]
    return {pair["key"]: pair["value"] for pair in pairs}


def test_create_your_own_non_gallery_application(combination: Combination) -> None:
    assert only(guide_plan(combination), "ApplicationFromTemplate")["inputs"] == {
        "displayName": "Cloudflare SCIM",
        "templateId": "8adf8e6e-67b2-4cf2-a259-e3dc5476c621",
    }


def test_select_automatic_for_the_provisioning_mode(combination: Combination) -> None:
    job = only(guide_plan(combination), "SynchronizationJob")
    assert job["inputs"] == {
        "enabled": False,
        "servicePrincipalId": "${entra-app.servicePrincipalId}",
        "templateId": "scim",
    }
    assert job["options"]["ignoreChanges"] == ["enabled"]


def test_enter_your_api_token_value_and_the_tenant_url(combination: Combination) -> None:
    found = credentials(combination)
    assert list(found) == ["BaseAddress", "SecretToken", "SyncNotificationSettings", "SyncAll"]
    assert (found["BaseAddress"], found["SecretToken"]) == (BASE_URL, "[secret]")


def test_select_test_connection(combination: Combination) -> None:
    test = only(guide_plan(combination), "EntraConnectionTest")
    assert test["inputs"]["tenantUrl"] == BASE_URL
    assert test["inputs"]["tokenId"] == "${token.id}"
    assert "entra-secret" in before(guide_plan(combination), test["name"])


def test_groups_need_to_match_a_specific_format(combination: Combination) -> None:
    groups = [one["inputs"]["displayName"] for one in of_type(guide_plan(combination), ":Group")]
    assert sorted(groups) == sorted([*group_names(combination), "Cloudflare Users"])
    for one in of_type(guide_plan(combination), "azuread:index/group:Group"):
        assert one["inputs"]["securityEnabled"] is True
        assert one["inputs"]["preventDuplicateNames"] is True


def test_a_cloudflare_user_group_of_the_same_name_holds_the_role(combination: Combination) -> None:
    groups = [one["inputs"]["name"] for one in of_type(guide_plan(combination), "UserGroup")]
    wanted = group_names(combination) if combination[1] == "userGroups" else []
    assert sorted(groups) == sorted(wanted)


def test_select_all_records_under_source_object_scope(combination: Combination) -> None:
    assert credentials(combination)["SyncAll"] == "true"
    content = config(combination)
    content["identityProvider"]["scope"] = "assigned"
    pairs = only(plan_of(content), "SynchronizationSecret")["inputs"]["credentials"]
    assert {"key": "SyncAll", "value": "false"} in pairs


def test_add_scoping_filter_to_capture_only_the_necessary_groups(combination: Combination) -> None:
    mapping = only(guide_plan(combination), "EntraMapping")["inputs"]
    assert mapping["groupNames"] == group_names(combination)
    assert mapping["userClauses"] == []


def test_target_a_specific_set_of_users_with_the_scoping_criteria(combination: Combination) -> None:
    content = config(combination)
    content["identityProvider"]["userFilter"] = [
        {"attribute": "department", "operator": "EQUALS", "value": "Engineering"}
    ]
    clauses = only(plan_of(content), "EntraMapping")["inputs"]["userClauses"]
    assert [json.loads(clause) for clause in clauses] == [["department", "EQUALS", "Engineering"]]


def test_every_group_is_assigned_to_the_application(combination: Combination) -> None:
    assigned = of_type(guide_plan(combination), "AppRoleAssignment")
    assert sorted(one["inputs"]["principalObjectId"] for one in assigned) == [
        "${entra-group-administrator-read-only.objectId}",
        "${entra-group-administrator.objectId}",
        "${entra-group-billing.objectId}",
        "${entra-group-super-administrator.objectId}",
        "${entra-users-group.objectId}",
    ]
    for one in assigned:
        assert one["inputs"]["appRoleId"] == "18d14569-c3bd-439b-9a66-3a2aee01d14f"
        assert one["inputs"]["resourceObjectId"] == "${entra-app.servicePrincipalObjectId}"


def test_members_are_exactly_those_given_and_untouched_where_absent(
    combination: Combination,
) -> None:
    plan = guide_plan(combination)
    given = {one["name"]: one["inputs"].get("members") for one in of_type(plan, ":Group")}
    assert given["entra-group-administrator"] == ["${user: ada@example.com}"]
    assert given["entra-group-administrator-read-only"] is None
    untouched = named(plan, "entra-group-administrator-read-only")
    assert untouched["options"]["ignoreChanges"] == ["members"]
    assert named(plan, "entra-group-administrator")["options"]["ignoreChanges"] == []


def test_start_provisioning_is_last(combination: Combination) -> None:
    plan = guide_plan(combination)
    start = only(plan, "EntraStart")
    remote = [
        one["name"]
        for one in plan["resources"]
        if not one["type"].startswith("cloudflare-scim:index:")
    ]
    assert before(plan, start["name"]) == {*remote} - {start["name"]}
    assert not any(start["name"] in one["options"]["dependsOn"] for one in plan["resources"])


def test_start_false_declares_no_start_and_says_so(combination: Combination) -> None:
    content = config(combination)
    content["identityProvider"]["start"] = False
    plan = plan_of(content)
    assert of_type(plan, "EntraStart") == []
    assert any("select Start provisioning" in step for step in plan["remainingSteps"])


def test_the_order_is_groups_app_job_secret_test_mapping_assignments_start(
    combination: Combination,
) -> None:
    plan = guide_plan(combination)
    chain = [
        "token",
        "entra-group-billing",
        "entra-app",
        "entra-job",
        "entra-secret",
        "entra-connection-test",
        "entra-mapping",
        "entra-assignment-billing",
        "entra-start",
    ]
    for earlier, later in pairwise(chain):
        assert earlier in before(plan, later), f"{later} does not wait for {earlier}"
    if combination[1] == "userGroups":
        assert "user-group-billing" in before(plan, "entra-job")


def test_role_groups_and_application_are_protected(combination: Combination) -> None:
    for one in of_type(guide_plan(combination), ":Group", "ApplicationFromTemplate", "UserGroup"):
        assert one["options"]["protect"] is True, one["name"]
    for one in of_type(guide_plan(combination), "UserGroup"):
        assert one["options"]["retainOnDelete"] is True, one["name"]


def test_the_filter_holds_the_ids_of_exactly_these_groups(combination: Combination) -> None:
    plan = guide_plan(combination)
    mapping = only(plan, "EntraMapping")["inputs"]
    ids = mapping["groupIds"]
    assert len(ids) == len(mapping["groupNames"]) == len(set(ids))
    assert all(re.fullmatch(r"\$\{entra-group-[a-z-]+\.objectId\}", id_) for id_ in ids), ids


def test_the_secret_stays_on_destroy_and_its_keys_are_looked_at_first(
    combination: Combination,
) -> None:
    plan = guide_plan(combination)
    secret = only(plan, "SynchronizationSecret")
    assert secret["options"]["retainOnDelete"] is True
    keys = only(plan, "EntraSavedKeys")
    assert keys["name"] in before(plan, secret["name"])
    assert "tokenValue" not in str(keys["inputs"])


@pytest.mark.parametrize(
    ("cloud", "template"),
    [
        ("global", "8adf8e6e-67b2-4cf2-a259-e3dc5476c621"),
        ("usGovernment", "4602d0b4-76bb-404b-bca9-2652e1a39c6d"),
        ("usGovernmentDod", "4602d0b4-76bb-404b-bca9-2652e1a39c6d"),
        ("china", "5a532e38-1581-4918-9658-008dc27c1d68"),
    ],
)
def test_each_cloud_has_its_template(combination: Combination, cloud: str, template: str) -> None:
    content = config(combination)
    content["identityProvider"]["cloud"] = cloud
    assert only(plan_of(content), "ApplicationFromTemplate")["inputs"]["templateId"] == template
