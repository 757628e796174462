"""Who is provisioned: job state, assignment, membership, filters; with the tests' own endpoint."""

from typing import Any

import httpx
import pytest

from tests.sandbox.entra.entra_support import Graph, Provisioning, ScimEndpoint, cycle

ADA, GRACE, ALAN = "ada@example.com", "grace@example.com", "alan@example.com"


@pytest.fixture
def job(graph: Graph, scim: ScimEndpoint) -> Provisioning:
    return Provisioning(graph, scim.base)


def test_nothing_happens_before_start_and_while_paused(
    graph: Graph, job: Provisioning, scim: ScimEndpoint, admin: httpx.Client
) -> None:
    graph.assign(job.sp_id, graph.group("Users", ADA))
    assert cycle(admin)["idle"] == [job.job_id]
    job.start()
    graph.call("POST", f"{job.job}/pause")
    cycle(admin)
    assert scim.asked == []
    job.start()
    cycle(admin)
    assert scim.names("Users", "userName") == [ADA]


def test_assigned_users_and_direct_members_of_assigned_groups(
    graph: Graph, job: Provisioning, scim: ScimEndpoint, admin: httpx.Client
) -> None:
    graph.assign(job.sp_id, graph.user_id(ALAN))
    graph.assign(job.sp_id, graph.group("Users", ADA, GRACE))
    graph.group("Not assigned", "edsger@example.com")
    job.start()
    cycle(admin)
    assert scim.names("Users", "userName") == [ADA, ALAN, GRACE]
    assert scim.names("Groups", "displayName") == ["Users"]


def test_members_of_nested_groups_are_not_read(
    graph: Graph, job: Provisioning, scim: ScimEndpoint, admin: httpx.Client
) -> None:
    outer, inner = graph.group("Outer", ADA), graph.group("Inner", GRACE)
    reference = {"@odata.id": f"{graph.base}/v1.0/groups/{inner}"}
    graph.call("POST", f"/groups/{outer}/members/$ref", reference)
    graph.assign(job.sp_id, outer)
    job.start()
    cycle(admin)
    assert scim.names("Users", "userName") == [ADA]
    assert scim.names("Groups", "displayName") == ["Outer"]


def test_all_records_means_everybody(
    graph: Graph, job: Provisioning, scim: ScimEndpoint, admin: httpx.Client
) -> None:
    graph.group("Anything")
    job.secrets(SyncAll="true")
    job.start()
    cycle(admin)
    assert len(scim.names("Users", "userName")) == 5
    assert scim.names("Groups", "displayName") == ["Anything"]


def test_filters_narrow_groups_and_users_in_addition_to_the_scope(
    graph: Graph, job: Provisioning, scim: ScimEndpoint, admin: httpx.Client
) -> None:
    for name in ("Billing", "billing", "Administrator", "Other"):
        graph.group(name)
    job.secrets(SyncAll="true")
    job.filter(
        "Group",
        [("displayName", "EQUALS", "Billing")],
        [("displayName", "EQUALS", "Administrator")],
    )
    job.filter("User", [("surname", "EQUALS", "Hopper"), ("accountEnabled", "IS TRUE", None)])
    job.start()
    report = cycle(admin)
    assert scim.names("Groups", "displayName") == ["Administrator", "Billing"]
    assert scim.names("Users", "userName") == [GRACE]
    skipped = {line["name"] for line in report["skipped"]}
    assert {"billing", "Other", ADA} <= skipped
    assert ("billing", "other", "skipped") in job.outcomes()


def test_assignment_still_counts_when_a_filter_would_let_everybody_pass(
    graph: Graph, job: Provisioning, scim: ScimEndpoint, admin: httpx.Client
) -> None:
    graph.group("Billing", ADA)
    job.filter("Group", [("displayName", "IS NOT NULL", None)])
    job.start()
    cycle(admin)
    assert scim.writes() == []


def test_a_switched_off_mapping_does_nothing(
    graph: Graph, job: Provisioning, scim: ScimEndpoint, admin: httpx.Client
) -> None:
    graph.assign(job.sp_id, graph.group("Users", ADA))
    document = job.schema()
    job.mapping(document, "Group")["enabled"] = False
    graph.call("PUT", f"{job.job}/schema", document)
    job.start()
    cycle(admin)
    assert scim.names("Users", "userName") == [ADA]
    assert scim.names("Groups", "displayName") == []


def test_a_blocked_user_is_not_created(
    graph: Graph, job: Provisioning, scim: ScimEndpoint, admin: httpx.Client
) -> None:
    graph.assign(job.sp_id, graph.group("Users", ADA, GRACE))
    graph.call("PATCH", f"/users/{ADA}", {"accountEnabled": False})
    job.start()
    cycle(admin)
    cycle(admin)
    assert scim.names("Users", "userName") == [GRACE]
    assert job.outcomes().count((ADA, "other", "skipped")) == 1, "said once, not in every cycle"


def leave_by_assignment(graph: Graph, job: Provisioning, group: str) -> None:
    assignments = f"/servicePrincipals/{job.sp_id}/appRoleAssignedTo"
    for assignment in graph.call("GET", assignments)["value"]:
        if assignment["principalId"] == group:
            graph.call("DELETE", f"{assignments}/{assignment['id']}")


def leave_by_membership(graph: Graph, job: Provisioning, group: str) -> None:
    graph.call("DELETE", f"/groups/{group}/members/{graph.user_id(ADA)}/$ref")


def leave_by_filter(graph: Graph, job: Provisioning, group: str) -> None:
    job.filter("User", [("userPrincipalName", "NOT EQUALS", ADA)])


def leave_by_deletion(graph: Graph, job: Provisioning, group: str) -> None:
    graph.call("DELETE", f"/users/{ADA}")


def leave_by_block(graph: Graph, job: Provisioning, group: str) -> None:
    graph.call("PATCH", f"/users/{ADA}", {"accountEnabled": False})


WAYS = (
    leave_by_assignment,
    leave_by_membership,
    leave_by_filter,
    leave_by_deletion,
    leave_by_block,
)


@pytest.mark.parametrize("leave", WAYS)
def test_who_leaves_is_switched_off_once(
    graph: Graph, job: Provisioning, scim: ScimEndpoint, admin: httpx.Client, leave: Any
) -> None:
    group = graph.group("Users", ADA)
    graph.assign(job.sp_id, group)
    job.start()
    cycle(admin)
    scim.asked.clear()
    leave(graph, job, group)
    cycle(admin)
    off = {"op": "Replace", "path": "active", "value": "False"}
    patched = [a for a in scim.writes() if a.path.startswith("Users/")]
    assert [asked.body["Operations"] for asked in patched] == [[off]]
    assert (ADA, "disable", "success") in job.outcomes()
    scim.asked.clear()
    cycle(admin)
    assert [asked for asked in scim.writes() if asked.path.startswith("Users/")] == []


def test_who_comes_back_is_switched_on_and_a_member_again(
    graph: Graph, job: Provisioning, scim: ScimEndpoint, admin: httpx.Client
) -> None:
    group = graph.group("Users", ADA)
    graph.assign(job.sp_id, group)
    job.start()
    cycle(admin)
    leave_by_filter(graph, job, group)
    cycle(admin)
    document = job.schema()
    job.mapping(document, "User")["scope"] = None
    graph.call("PUT", f"{job.job}/schema", document)
    stored = next(r for key, r in scim.resources.items() if key.startswith("Users/"))
    stored["active"] = False  # as an endpoint that applies the PATCH would have it
    scim.asked.clear()
    cycle(admin)
    assert {"op": "Replace", "path": "active", "value": "True"} in scim.patches()
    assert [p["op"] for p in scim.patches() if p["path"] == "members"] == ["Add"]


def test_a_user_purged_while_provisioned_is_deleted(
    graph: Graph, job: Provisioning, scim: ScimEndpoint, admin: httpx.Client
) -> None:
    ada = graph.user_id(ADA)
    graph.assign(job.sp_id, ada)
    job.start()
    cycle(admin)
    graph.call("DELETE", f"/users/{ada}")
    graph.call("DELETE", f"/directory/deletedItems/{ada}")
    cycle(admin)
    assert scim.names("Users", "userName") == []
    assert (ADA, "delete", "success") in job.outcomes()


def test_a_group_that_leaves_is_deleted_in_the_target(
    graph: Graph, job: Provisioning, scim: ScimEndpoint, admin: httpx.Client
) -> None:
    group = graph.group("Users", ADA)
    graph.assign(job.sp_id, group)
    job.start()
    cycle(admin)
    leave_by_assignment(graph, job, group)
    cycle(admin)
    assert scim.names("Groups", "displayName") == []


def test_leavers_are_left_alone_when_deletions_are_skipped(
    graph: Graph, job: Provisioning, scim: ScimEndpoint, admin: httpx.Client
) -> None:
    job.secrets(SkipOutOfScopeDeletions="True")
    group = graph.group("Users", ADA)
    graph.assign(job.sp_id, group)
    job.start()
    cycle(admin)
    scim.asked.clear()
    leave_by_assignment(graph, job, group)
    cycle(admin)
    assert scim.writes() == []


def test_without_the_active_mapping_nobody_is_switched_off(
    graph: Graph, job: Provisioning, scim: ScimEndpoint, admin: httpx.Client
) -> None:
    graph.assign(job.sp_id, graph.user_id(ADA))
    document = job.schema()
    mapping = job.mapping(document, "User")
    mapping["attributeMappings"] = [
        flow for flow in mapping["attributeMappings"] if flow["targetAttributeName"] != "active"
    ]
    graph.call("PUT", f"{job.job}/schema", document)
    job.start()
    cycle(admin)
    scim.asked.clear()
    leave_by_deletion(graph, job, "")
    cycle(admin)
    assert scim.writes() == []
