"""What the cycle records: logs, counts, quarantine, deletion threshold, on demand."""

import json
from typing import Any

import httpx
import pytest

from tests.sandbox.entra.entra_support import TOKEN, Graph, Provisioning, ScimEndpoint, cycle

ADA, GRACE, ALAN = "ada@example.com", "grace@example.com", "alan@example.com"


def test_a_refused_user_is_logged_with_the_endpoints_reason_and_retried(
    graph: Graph, job: Provisioning, scim: ScimEndpoint, admin: httpx.Client
) -> None:
    graph.assign(job.sp_id, graph.group("Users", ADA, GRACE))
    scim.refuse = lambda a: 400 if a.method == "POST" and a.body.get("userName") == ADA else None
    report = cycle(admin)
    assert [line["name"] for line in report["errors"]] == [ADA]
    entry = next(e for e in job.log() if e["provisioningStatusInfo"]["status"] == "failure")
    error = entry["provisioningStatusInfo"]["errorInformation"]
    assert error["errorCode"] == "SystemForCrossDomainIdentityManagementServiceIncompatible"
    assert "HTTP status 400. refused with 400" in error["reason"]
    assert entry["sourceIdentity"]["displayName"] == ADA
    assert entry["jobId"] == job.job_id
    execution = job.status()["lastExecution"]
    assert (execution["state"], execution["countEscrowed"]) == ("EntryLevelErrors", 1)
    assert job.status()["code"] == "Active"
    scim.refuse = lambda _: None
    cycle(admin)
    assert scim.names("Users", "userName") == [ADA, GRACE]
    assert job.status()["lastExecution"]["state"] == "Succeeded"


def test_status_counts_what_was_exported(
    graph: Graph, job: Provisioning, admin: httpx.Client
) -> None:
    graph.assign(job.sp_id, graph.group("Users", ADA, GRACE))
    cycle(admin)
    status = job.status()
    assert status["lastExecution"]["countEntitled"] == 3
    assert status["lastExecution"]["countExported"] == 4, "two users, a group, its members"
    counts = {
        pair["key"].split(" ")[0]: pair["value"] for pair in status["synchronizedEntryCountByType"]
    }
    assert counts == {"User": 2, "Group": 1}
    assert status["steadyStateFirstAchievedTime"] > "2020"
    assert status["quarantine"] is None


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_a_failing_endpoint_puts_the_job_into_quarantine_until_it_answers(
    graph: Graph, job: Provisioning, scim: ScimEndpoint, admin: httpx.Client, status: int
) -> None:
    graph.assign(job.sp_id, graph.user_id(ADA))
    scim.refuse = lambda _: status
    cycle(admin)
    cycle(admin)
    found = job.status()
    assert found["code"] == "Quarantine"
    assert found["countSuccessiveCompleteFailures"] == 2
    assert found["lastExecution"]["state"] == "Failed"
    assert found["quarantine"]["reason"] == "EncounteredQuarantineException"
    assert found["quarantine"]["seriesCount"] == 2
    assert str(status) in found["quarantine"]["error"]["message"]
    assert scim.writes() == []
    scim.refuse = lambda _: None
    cycle(admin)
    assert job.status()["code"] == "Active"
    assert scim.names("Users", "userName") == [ADA]


def test_a_wrong_token_is_named_as_such_and_never_shown(
    graph: Graph, job: Provisioning, scim: ScimEndpoint, admin: httpx.Client
) -> None:
    job.secrets(SecretToken="another-token-of-the-tests")
    report = cycle(admin)
    error = job.status()["quarantine"]["error"]
    assert error["code"] == "SystemForCrossDomainIdentityManagementInvalidCredentials"
    assert "another-token" not in json.dumps([report, job.status(), job.log()])
    job.secrets(SecretToken=TOKEN)
    job.start()
    assert job.status()["code"] != "Quarantine"


def test_missing_credentials_quarantine_too(graph: Graph, admin: httpx.Client) -> None:
    bare = Provisioning(graph)
    bare.start()
    cycle(admin)
    assert bare.status()["code"] == "Quarantine"


def test_an_endpoint_that_goes_away_midway_ends_the_cycle(
    graph: Graph, job: Provisioning, scim: ScimEndpoint, admin: httpx.Client
) -> None:
    graph.assign(job.sp_id, graph.group("Users", ADA, GRACE, ALAN))
    scim.refuse = lambda asked: 401 if len(scim.asked) > 3 else None
    cycle(admin)
    assert len(scim.asked) == 4, "the test, the first person's two, and the one that is refused"
    assert job.status()["code"] == "Quarantine"


def threshold(job: Provisioning, value: int) -> None:
    settings = {"Enabled": False, "DeleteThresholdEnabled": True, "DeleteThresholdValue": value}
    job.secrets(SyncNotificationSettings=json.dumps(settings))


def test_more_removals_than_the_threshold_are_held_back(
    graph: Graph, job: Provisioning, scim: ScimEndpoint, admin: httpx.Client
) -> None:
    threshold(job, 2)
    group = graph.group("Users", ADA, GRACE)
    graph.assign(job.sp_id, group)
    cycle(admin)
    scim.asked.clear()
    graph.call("DELETE", f"/groups/{group}")
    graph.assign(job.sp_id, graph.user_id(ALAN))
    cycle(admin)
    status = job.status()
    assert (status["code"], status["quarantine"]["reason"]) == ("Quarantine", "TooManyDeletes")
    assert [asked.method for asked in scim.writes()] == ["POST"], "a newcomer is still created"
    assert (ADA, "stagedDelete", "skipped") in job.outcomes()
    graph.call("POST", f"{job.job}/restart", {"criteria": {"resetScope": "ForceDeletes"}})
    scim.asked.clear()
    cycle(admin)
    assert sorted(a.method for a in scim.writes()) == ["DELETE", "PATCH", "PATCH"]
    assert job.status()["code"] == "Active"


def test_as_many_removals_as_the_threshold_go_through(
    graph: Graph, job: Provisioning, scim: ScimEndpoint, admin: httpx.Client
) -> None:
    threshold(job, 1)
    assigned = graph.assign(job.sp_id, graph.user_id(ADA))
    cycle(admin)
    graph.call("DELETE", f"/servicePrincipals/{job.sp_id}/appRoleAssignedTo/{assigned}")
    cycle(admin)
    assert (ADA, "disable", "success") in job.outcomes()
    assert job.status()["code"] == "Active"


def on_demand(job: Provisioning, kind: str, object_id: str) -> Any:
    rule = job.schema()["synchronizationRules"][0]["id"]
    subject = {"objectId": object_id, "objectTypeName": kind}
    parameters = {"parameters": [{"ruleId": rule, "subjects": [subject]}]}
    answer = job.graph.call("POST", f"{job.job}/provisionOnDemand", parameters)
    return json.loads(answer["key"])


def test_provision_on_demand_sends_one_person_now(
    graph: Graph, job: Provisioning, scim: ScimEndpoint
) -> None:
    graph.call("POST", f"{job.job}/pause")
    graph.assign(job.sp_id, graph.group("Users", ADA, GRACE))
    assert on_demand(job, "User", graph.user_id(ADA))["result"] == "Success"
    assert scim.names("Users", "userName") == [ADA]
    assert scim.names("Groups", "displayName") == []
    assert job.status()["lastExecution"] is None
    assert on_demand(job, "User", graph.user_id(ADA))["result"] == "Skipped"


def test_provision_on_demand_of_somebody_out_of_scope_is_skipped_each_time(
    graph: Graph, job: Provisioning, scim: ScimEndpoint
) -> None:
    for _ in range(2):
        answer = on_demand(job, "User", graph.user_id(ADA))
        assert answer["result"] == "Skipped"
        assert answer["details"]["errorCode"] == "NotEffectivelyEntitled"
    assert scim.writes() == []


def test_provision_on_demand_is_asked_five_times_in_ten_seconds(
    graph: Graph, job: Provisioning
) -> None:
    for _ in range(5):
        on_demand(job, "User", graph.user_id(ADA))
    rule = job.schema()["synchronizationRules"][0]["id"]
    subject = {"objectId": graph.user_id(ADA), "objectTypeName": "User"}
    body = {"parameters": [{"ruleId": rule, "subjects": [subject]}]}
    assert graph.send("POST", f"{job.job}/provisionOnDemand", body).status_code == 429


def test_provision_on_demand_takes_five_members_of_a_group_at_most(
    graph: Graph, job: Provisioning
) -> None:
    members = [{"objectId": str(place), "objectTypeName": "User"} for place in range(6)]
    subject = {"objectId": "x", "objectTypeName": "Group", "links": {"members": members}}
    rule = job.schema()["synchronizationRules"][0]["id"]
    body = {"parameters": [{"ruleId": rule, "subjects": [subject]}]}
    assert graph.send("POST", f"{job.job}/provisionOnDemand", body).status_code == 400


def test_provision_on_demand_tells_the_endpoints_refusal(
    graph: Graph, job: Provisioning, scim: ScimEndpoint
) -> None:
    graph.assign(job.sp_id, graph.user_id(ADA))
    scim.refuse = lambda asked: 409 if asked.method == "POST" else None
    answer = on_demand(job, "User", graph.user_id(ADA))
    assert answer["result"] == "Failure"
    assert answer["details"]["errorCode"].endswith("EntryConflict")


def test_the_log_can_be_filtered_by_job_and_status_with_case(
    graph: Graph, job: Provisioning, admin: httpx.Client
) -> None:
    graph.assign(job.sp_id, graph.user_id(ADA))
    cycle(admin)
    for text, count in (
        (f"jobId eq '{job.job_id}'", 1),
        (f"jobId eq '{job.job_id.upper()}'", 0),
        ("provisioningStatusInfo/status eq 'failure'", 0),
        (f"jobId eq '{job.job_id}' and activityDateTime gt 2020-01-01T00:00:00Z", 1),
    ):
        found = graph.call("GET", "/auditLogs/provisioning", params={"$filter": text})["value"]
        assert len(found) == count, text
