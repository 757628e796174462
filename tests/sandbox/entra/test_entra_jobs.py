"""Synchronization jobs, secrets and schema as Graph serves them."""

from typing import Any

import httpx
import pytest

from tests.sandbox.entra.entra_support import TOKEN, Graph, Provisioning, ScimEndpoint, scope


@pytest.fixture
def job(graph: Graph) -> Provisioning:
    return Provisioning(graph)


def test_a_new_job_is_not_started_and_has_a_schedule(graph: Graph, job: Provisioning) -> None:
    document = graph.call("GET", job.job)
    assert document["templateId"] == "scim"
    assert document["schedule"] == {"expiration": None, "interval": "PT40M", "state": "Disabled"}
    assert document["status"]["code"] == "NotConfigured"
    assert document["id"].startswith("scim.")
    assert document["id"].count(".") == 2
    assert [listed["id"] for listed in graph.call("GET", f"{job.sync}/jobs")["value"]] == [
        document["id"]
    ]


def test_start_pause_and_restart_show_in_the_schedule(graph: Graph, job: Provisioning) -> None:
    def states() -> tuple[str, str]:
        document = graph.call("GET", job.job)
        return document["schedule"]["state"], document["status"]["code"]

    job.start()
    assert states() == ("Active", "NotRun")
    graph.call("POST", f"{job.job}/pause")
    assert states() == ("Paused", "Paused")
    graph.call("POST", f"{job.job}/restart", {"criteria": {"resetScope": "Watermark, Escrows"}})
    assert states()[0] == "Active"
    wrong = {"criteria": {"resetScope": "Everything"}}
    assert graph.refused("POST", f"{job.job}/restart", wrong)[0] == 400


def test_only_a_templates_application_has_the_scim_template(
    graph: Graph, job: Provisioning
) -> None:
    assert [t["id"] for t in graph.call("GET", f"{job.sync}/templates")["value"]] == ["scim"]
    app = graph.call("POST", "/applications", {"displayName": "Plain"})
    plain = graph.call("POST", "/servicePrincipals", {"appId": app["appId"]})["id"]
    jobs = f"/servicePrincipals/{plain}/synchronization/jobs"
    assert graph.refused("POST", jobs, {"templateId": "scim"}) == (400, "InvalidTemplateId")
    assert graph.refused("POST", f"{job.sync}/jobs", {"templateId": "SCIM"})[0] == 400


def test_creating_the_job_again_makes_no_second_one(graph: Graph, job: Provisioning) -> None:
    job.start()
    again = graph.call("POST", f"{job.sync}/jobs", {"templateId": "scim"})
    assert again["id"] == job.job_id
    assert again["schedule"]["state"] == "Active"
    assert len(graph.call("GET", f"{job.sync}/jobs")["value"]) == 1


def test_a_deleted_job_is_gone(graph: Graph, job: Provisioning) -> None:
    graph.call("DELETE", job.job)
    assert graph.refused("GET", job.job)[0] == 404


def test_credentials_are_masked_and_settings_are_shown(graph: Graph, job: Provisioning) -> None:
    job.secrets(BaseAddress="https://x.example/scim", SecretToken=TOKEN, SyncAll="false")
    values = graph.call("GET", f"{job.sync}/secrets")["value"]
    assert values == [
        {"key": "BaseAddress", "value": "https://x.example/scim"},
        {"key": "SecretToken", "value": "*"},
        {"key": "SyncAll", "value": "false"},
    ]


def test_other_keys_stay_and_an_empty_value_takes_a_key_away(
    graph: Graph, job: Provisioning
) -> None:
    def keys() -> list[str]:
        return [pair["key"] for pair in graph.call("GET", f"{job.sync}/secrets")["value"]]

    job.secrets(BaseAddress="https://x.example/scim", SecretToken=TOKEN)
    job.secrets(SyncAll="false")
    assert keys() == ["BaseAddress", "SecretToken", "SyncAll"]
    job.secrets(BaseAddress="", SecretToken="", SyncAll="")
    assert keys() == []


@pytest.mark.parametrize(
    "pair",
    [
        {"key": "Secrettoken", "value": "x"},
        {"key": "SecretToken", "value": 1},
        {"key": "SyncNotificationSettings", "value": "no json"},
        {"key": "SyncNotificationSettings", "value": '{"DeleteThresholdValue": "many"}'},
    ],
)
def test_wrong_secrets_are_refused(
    graph: Graph, job: Provisioning, pair: dict[str, object]
) -> None:
    assert graph.refused("PUT", f"{job.sync}/secrets", {"value": [pair]})[0] == 400


def test_the_token_is_nowhere_to_be_read(
    job: Provisioning, admin: httpx.Client, scim: ScimEndpoint
) -> None:
    job.secrets(BaseAddress=scim.base, SecretToken=TOKEN)
    job.start()
    admin.post("cycle").raise_for_status()
    for place in ("state", "requests"):
        assert TOKEN not in admin.get(place).text
    assert admin.get("state").json()["entra"]["synchronization"][job.sp_id]["secrets"] == {
        "BaseAddress": scim.base,
        "SecretToken": "[secret]",
    }


def test_connection_test_asks_the_endpoint_for_a_user_that_cannot_exist(
    graph: Graph, job: Provisioning, scim: ScimEndpoint
) -> None:
    job.secrets(BaseAddress=scim.base, SecretToken=TOKEN)
    graph.call("POST", f"{job.job}/validateCredentials", {"useSavedCredentials": True})
    asked = scim.asked[0]
    assert (asked.method, asked.path) == ("GET", "Users")
    assert asked.query["filter"].startswith('userName eq "AzureAD_Test-')
    assert "Azure" in asked.headers["User-Agent"]


@pytest.mark.parametrize("token", ["wrong-token-of-the-tests", ""])
def test_a_wrong_token_fails_the_connection_test(
    graph: Graph, job: Provisioning, scim: ScimEndpoint, token: str
) -> None:
    given = [{"key": "BaseAddress", "value": scim.base}, {"key": "SecretToken", "value": token}]
    answer = graph.send("POST", f"{job.job}/validateCredentials", {"credentials": given})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"].endswith("InvalidCredentials")
    assert "wrong-token" not in answer.text


@pytest.mark.parametrize("base", ["", "no address", "https://other.example/scim"])
def test_an_endpoint_that_cannot_be_reached_fails_the_connection_test(
    graph: Graph, job: Provisioning, base: str
) -> None:
    job.secrets(BaseAddress=base, SecretToken=TOKEN)
    body = {"useSavedCredentials": True}
    assert graph.refused("POST", f"{job.job}/validateCredentials", body)[0] == 400


def test_the_connection_can_be_tested_before_there_is_a_job(
    graph: Graph, job: Provisioning, scim: ScimEndpoint
) -> None:
    given = [{"key": "BaseAddress", "value": scim.base}, {"key": "SecretToken", "value": TOKEN}]
    body = {"templateId": "scim", "credentials": given}
    graph.call("POST", f"{job.sync}/jobs/validateCredentials", body)
    body["templateId"] = "other"
    assert graph.refused("POST", f"{job.sync}/jobs/validateCredentials", body)[0] == 400


def test_the_default_schema_maps_both_kinds(job: Provisioning) -> None:
    document = job.schema()
    assert [d["name"] for d in document["directories"]] == [
        "Azure Active Directory",
        "customappsso",
    ]
    users, groups = job.mapping(document, "User"), job.mapping(document, "Group")
    assert users["scope"] is None
    assert groups["scope"] is None
    flows = {flow["targetAttributeName"]: flow["source"] for flow in users["attributeMappings"]}
    assert flows["userName"]["name"] == "userPrincipalName"
    assert flows['emails[type eq "work"].value']["name"] == "mail"
    assert flows["active"]["expression"] == (
        'Switch([IsSoftDeleted], , "False", "True", "True", "False")'
    )


def test_what_was_read_can_be_put_back(graph: Graph, job: Provisioning) -> None:
    before = job.schema()
    graph.call("PUT", f"{job.job}/schema", before)
    after = job.schema()
    assert after.pop("version") != before.pop("version")
    assert after == before


def test_a_filter_survives_the_round_trip(job: Provisioning) -> None:
    job.filter("Group", [("displayName", "EQUALS", "Billing")])
    wanted = scope([("displayName", "EQUALS", "Billing")])
    assert job.mapping(job.schema(), "Group")["scope"] == wanted


@pytest.mark.parametrize(
    ("clause", "says"),
    [
        (("displayName", "IsMemberOf", "x"), "unknown operator"),
        (("displayName", "equals", "x"), "unknown operator"),
        (("nickName", "EQUALS", "x"), "no attribute"),
        (("members", "EQUALS", "x"), "many values"),
        (("displayName", "EQUALS", None), "needs a value"),
        (("displayName", "IS NULL", "x"), "takes no value"),
        (("displayName", "REGEX MATCH", "("), "no regular expression"),
        (("displayName", "Greater_Than", "ten"), "no whole number"),
        (("displayName", "IS TRUE", None), "does not apply"),
    ],
)
def test_a_filter_that_cannot_work_is_refused(
    graph: Graph, job: Provisioning, clause: tuple[str, str, str | None], says: str
) -> None:
    before = job.schema()
    document = job.schema()
    job.mapping(document, "Group")["scope"] = scope([clause])
    answer = graph.send("PUT", f"{job.job}/schema", document)
    assert answer.status_code == 400
    assert says in answer.json()["error"]["message"]
    assert job.schema() == before


def without(document: Any, key: str) -> Any:
    return {name: value for name, value in document.items() if name != key}


def test_the_whole_schema_must_be_sent(graph: Graph, job: Provisioning) -> None:
    document = job.schema()
    for key in ("directories", "synchronizationRules"):
        assert graph.refused("PUT", f"{job.job}/schema", without(document, key))[0] == 400
    document["synchronizationRules"][0]["id"] = "another"
    assert graph.refused("PUT", f"{job.job}/schema", document)[0] == 400


def test_a_mapping_from_or_to_nowhere_is_refused(graph: Graph, job: Provisioning) -> None:
    source = {"type": "Attribute", "name": "nowhere", "expression": "[nowhere]", "parameters": []}
    for key, value in (("targetAttributeName", "nowhere"), ("source", source)):
        document = job.schema()
        job.mapping(document, "User")["attributeMappings"][0][key] = value
        assert graph.refused("PUT", f"{job.job}/schema", document)[0] == 400


def test_the_operators_are_listed_by_their_wire_names(graph: Graph, job: Provisioning) -> None:
    listed = graph.call("GET", f"{job.job}/schema/filterOperators")["value"]
    names = {operator["name"]: operator["arity"] for operator in listed}
    assert names["EQUALS"] == "Binary"
    assert names["IS NULL"] == "Unary"
    assert "REGEX MATCH" in names
    assert not any("member" in name.lower() for name in names)
