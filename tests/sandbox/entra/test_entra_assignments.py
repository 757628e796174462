"""App role assignments: who belongs to the enterprise application."""

import pytest

from tests.sandbox.entra.entra_support import USER_ROLE, Graph, Provisioning


@pytest.fixture
def sp_id(graph: Graph) -> str:
    return Provisioning(graph).sp_id


def test_a_group_is_assigned_read_and_unassigned(graph: Graph, sp_id: str) -> None:
    group = graph.group("Billing")
    path = f"/servicePrincipals/{sp_id}/appRoleAssignedTo/{graph.assign(sp_id, group)}"
    found = graph.call("GET", path)
    assert found["principalType"] == "Group"
    assert found["principalDisplayName"] == "Billing"
    assert found["resourceDisplayName"] == "Cloudflare SCIM"
    assert graph.call("GET", f"/groups/{group}/appRoleAssignments")["value"][0]["id"] == found["id"]
    graph.call("DELETE", path)
    assert graph.refused("GET", path)[0] == 404


def test_the_same_assignment_twice_is_refused(graph: Graph, sp_id: str) -> None:
    group = graph.group("Billing")
    graph.assign(sp_id, group)
    body = {"principalId": group, "resourceId": sp_id, "appRoleId": USER_ROLE}
    again = graph.send("POST", f"/servicePrincipals/{sp_id}/appRoleAssignedTo", body)
    assert again.status_code == 400
    assert "Permission being assigned already exists on the object" in again.text


@pytest.mark.parametrize(
    "role", ["00000000-0000-0000-0000-000000000000", "11111111-2222-3333-4444-555555555555"]
)
def test_only_the_applications_own_roles_can_be_given(graph: Graph, sp_id: str, role: str) -> None:
    body = {"principalId": graph.group("G"), "resourceId": sp_id, "appRoleId": role}
    path = f"/servicePrincipals/{sp_id}/appRoleAssignedTo"
    assert graph.refused("POST", path, body)[0] == 400


def test_default_access_is_for_applications_without_roles(graph: Graph) -> None:
    app = graph.call("POST", "/applications", {"displayName": "Plain"})
    sp_id = graph.call("POST", "/servicePrincipals", {"appId": app["appId"]})["id"]
    role = "00000000-0000-0000-0000-000000000000"
    body = {"principalId": graph.group("G"), "resourceId": sp_id, "appRoleId": role}
    graph.call("POST", f"/servicePrincipals/{sp_id}/appRoleAssignedTo", body)


def test_nobody_unknown_can_be_assigned(graph: Graph, sp_id: str) -> None:
    body = {
        "principalId": "11111111-2222-3333-4444-555555555555",
        "resourceId": sp_id,
        "appRoleId": USER_ROLE,
    }
    answer = graph.send("POST", f"/servicePrincipals/{sp_id}/appRoleAssignedTo", body)
    assert answer.status_code == 400
    assert "Not a valid reference update" in answer.text


def test_a_deleted_group_loses_its_assignment(graph: Graph, sp_id: str) -> None:
    group = graph.group("Billing")
    graph.assign(sp_id, group)
    graph.call("DELETE", f"/groups/{group}")
    assert graph.call("GET", f"/servicePrincipals/{sp_id}/appRoleAssignedTo")["value"] == []
