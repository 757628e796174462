"""What tenants were seen to do, and the sandbox does too; the table is in docs/sandbox.md."""

import httpx
import pytest

from sandbox.entra.provisioning.mapping import sent_name
from tests.sandbox.entra.entra_support import Graph, Provisioning, ScimEndpoint, cycle


def test_an_empty_notification_setting_is_refused_and_other_keys_stay(graph: Graph) -> None:
    job = Provisioning(graph)
    job.secrets(BaseAddress="https://x", SyncNotificationSettings="{}", SyncAll="false")
    empty = [{"key": key, "value": ""} for key in ("BaseAddress", "SyncNotificationSettings")]
    assert graph.refused("PUT", f"{job.sync}/secrets", {"value": empty})[0] == 400
    job.secrets(SkipOutOfScopeDeletions="true")
    job.secrets(SyncAll="true")
    kept = {pair["key"] for pair in graph.call("GET", f"{job.sync}/secrets")["value"]}
    assert kept == {"BaseAddress", "SyncNotificationSettings", "SyncAll", "SkipOutOfScopeDeletions"}


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("ada_example.org#EXT#@tenant.onmicrosoft.com", "ada@example.org"),
        ("a_b_c_example.org#ext#@tenant.onmicrosoft.com", "a_b_c@example.org"),
        ("ada@example.com", "ada@example.com"),
        ("ada_l@example.com", "ada_l@example.com"),
    ],
)
def test_a_guest_is_sent_under_the_address_at_home(name: str, sent: str) -> None:
    assert sent_name(name) == sent


def test_a_guest_arrives_by_a_cycle(graph: Graph, admin: httpx.Client) -> None:
    guest = "ada_example.org#EXT#@example.onmicrosoft.com"
    person = {"email": "ada@example.org", "userPrincipalName": guest}
    admin.post("users", json=person).raise_for_status()
    [found] = graph.call("GET", "/users?$filter=mail eq 'ada@example.org'")["value"]
    with ScimEndpoint() as endpoint:
        job = Provisioning(graph, endpoint.base)
        graph.assign(job.sp_id, found["id"])
        job.start()
        cycle(admin)
        assert endpoint.names("Users", "userName") == ["ada@example.org"]


def test_without_mail_no_address_is_sent(graph: Graph, admin: httpx.Client) -> None:
    ada = graph.user_id("ada@example.com")
    graph.call("PATCH", f"/users/{ada}", {"mail": None})
    assert graph.call("GET", f"/users/{ada}?$select=proxyAddresses")["proxyAddresses"]
    with ScimEndpoint() as endpoint:
        job = Provisioning(graph, endpoint.base)
        graph.assign(job.sp_id, ada)
        job.start()
        cycle(admin)
        [user] = endpoint.resources.values()
        assert "emails" not in user


def test_a_filter_by_id_keeps_a_twin_out(graph: Graph, admin: httpx.Client) -> None:
    ours, twin = graph.group("Billing"), graph.group("Billing")
    with ScimEndpoint() as endpoint:
        job = Provisioning(graph, endpoint.base)
        for group in (ours, twin):
            graph.assign(job.sp_id, group)
        job.filter("Group", [("objectId", "EQUALS", ours), ("displayName", "EQUALS", "Billing")])
        job.start()
        cycle(admin)
        assert [r["externalId"] for r in endpoint.resources.values()] == [ours]


def test_what_of_a_whole_is_left_out_of_a_change_stays(graph: Graph) -> None:
    """R: Azure/azure-cli, test_rest_microsoft_graph."""
    app = graph.call("POST", "/applications", {"displayName": "A"})["id"]
    graph.call("PATCH", f"/applications/{app}", {"web": {"homePageUrl": "https://a.example"}})
    web = graph.call("GET", f"/applications/{app}")["web"]
    assert (web["homePageUrl"], web["redirectUris"]) == ("https://a.example", [])


def test_a_principal_of_an_application_alone_has_no_tags(graph: Graph) -> None:
    """R: Azure/azure-cli, test_service_principal_scenario."""
    app = graph.call("POST", "/applications", {"displayName": "A"})["appId"]
    assert graph.call("POST", "/servicePrincipals", {"appId": app})["tags"] == []
