"""Application permissions are enforced route by route."""

import httpx
import pytest

from tests.sandbox.entra.entra_support import TEMPLATE, USER_ROLE, Graph, Provisioning

DENIED = (403, "Authorization_RequestDenied")
# Synchronization calls refuse without a word (microsoft-graph-docs-contrib #8800).
WORDLESS = (401, "UnknownError")


def narrow(admin: httpx.Client, *roles: str) -> None:
    admin.post("entra/permissions", json={"roles": list(roles)}).raise_for_status()


@pytest.mark.parametrize(
    ("method", "path", "enough"),
    [
        ("GET", "/users", "User.ReadBasic.All"),
        ("GET", "/groups", "GroupMember.Read.All"),
        ("GET", "/applications", "Application.Read.All"),
        ("GET", "/auditLogs/provisioning", "AuditLog.Read.All"),
        ("GET", "/organization", "Organization.Read.All"),
    ],
)
def test_reading_needs_one_of_the_named_permissions(
    graph: Graph, admin: httpx.Client, method: str, path: str, enough: str
) -> None:
    narrow(admin)
    assert graph.refused(method, path) == DENIED
    narrow(admin, enough)
    graph.call(method, path)


def test_the_audit_log_needs_both_permissions(graph: Graph, admin: httpx.Client) -> None:
    narrow(admin, "AuditLog.Read.All")
    assert graph.refused("GET", "/auditLogs/directoryAudits") == DENIED
    narrow(admin, "Directory.Read.All")
    assert graph.refused("GET", "/auditLogs/directoryAudits") == DENIED
    narrow(admin, "AuditLog.Read.All", "Directory.Read.All")
    graph.call("GET", "/auditLogs/directoryAudits")


def test_a_reader_of_groups_cannot_write_them(graph: Graph, admin: httpx.Client) -> None:
    group = graph.group("Billing")
    narrow(admin, "Group.Read.All", "User.Read.All")
    graph.call("GET", f"/groups/{group}/members")
    assert graph.refused("PATCH", f"/groups/{group}", {"description": "x"}) == DENIED
    assert graph.refused("DELETE", f"/groups/{group}") == DENIED


def test_synchronization_reader_sees_but_does_not_start(graph: Graph, admin: httpx.Client) -> None:
    job = Provisioning(graph)
    narrow(admin, "Synchronization.Read.All")
    assert job.status()["code"] == "NotConfigured"
    job.schema()
    assert graph.refused("POST", f"{job.job}/start") == WORDLESS
    assert graph.refused("PUT", f"{job.job}/schema", {}) == WORDLESS
    assert graph.refused("PUT", f"{job.sync}/secrets", {"value": []}) == WORDLESS


def test_owned_by_is_enough_for_ones_own_application_only(
    graph: Graph, admin: httpx.Client
) -> None:
    own = Provisioning(graph)
    made = graph.call("POST", f"/applicationTemplates/{TEMPLATE}/instantiate", {"displayName": "B"})
    foreign = made["servicePrincipal"]["id"]
    owner = graph.call("GET", f"/servicePrincipals/{foreign}/owners")["value"][0]["id"]
    graph.call("DELETE", f"/servicePrincipals/{foreign}/owners/{owner}/$ref")
    narrow(admin, "Application.ReadWrite.OwnedBy")
    own.start()
    assert (
        graph.refused(
            "POST", f"/servicePrincipals/{foreign}/synchronization/jobs", {"templateId": "scim"}
        )
        == WORDLESS
    )
    listed = [sp["id"] for sp in graph.call("GET", "/servicePrincipals")["value"]]
    assert own.sp_id in listed
    assert foreign not in listed


def test_provision_on_demand_needs_synchronization_write(graph: Graph, admin: httpx.Client) -> None:
    job = Provisioning(graph)
    narrow(admin, "Application.ReadWrite.All")
    assert graph.refused("POST", f"{job.job}/provisionOnDemand", {}) == WORDLESS


def test_null_gives_everything_back_and_a_typo_is_refused(
    graph: Graph, admin: httpx.Client
) -> None:
    narrow(admin)
    assert admin.post("entra/permissions", json={"roles": ["User.Raed.All"]}).status_code == 400
    assert admin.post("entra/permissions", json={"roles": None}).status_code == 200
    graph.call("GET", "/users")


@pytest.mark.parametrize("wide", ["Application.ReadWrite.All", "Directory.ReadWrite.All"])
def test_wide_permissions_are_neither_synchronization_nor_assignment(
    graph: Graph, admin: httpx.Client, wide: str
) -> None:
    job, group = Provisioning(graph), graph.group("Billing")
    narrow(admin, wide)
    assert graph.refused("GET", job.job) == WORDLESS
    body = {"principalId": group, "resourceId": job.sp_id, "appRoleId": USER_ROLE}
    path = f"/servicePrincipals/{job.sp_id}/appRoleAssignedTo"
    assert graph.refused("POST", path, body) == DENIED
    narrow(admin, "AppRoleAssignment.ReadWrite.All")
    assert graph.refused("POST", path, body) == DENIED
    narrow(admin, "AppRoleAssignment.ReadWrite.All", "Application.Read.All")
    graph.call("POST", path, body)


def test_a_person_s_directory_roles_decide_in_place_of_the_permissions(
    graph: Graph, admin: httpx.Client
) -> None:
    own = "/me/transitiveMemberOf/microsoft.graph.directoryRole"
    assert graph.refused("GET", own)[0] == 400, "an application is nobody"
    body = {"directoryRoles": ["Groups Administrator"]}
    admin.post("entra/person", json=body).raise_for_status()
    [role] = graph.call("GET", own)["value"]
    assert role["displayName"] == "Groups Administrator"
    graph.call("GET", "/users")
    assert graph.refused("POST", "/applications", {"displayName": "x"}) == DENIED
    graph.group("Billing")
    for wrong in ({"directoryRoles": ["Groups Administrater"]}, {}):
        assert admin.post("entra/person", json=wrong).status_code == 400
    admin.post("entra/person", json={"directoryRoles": None}).raise_for_status()
    assert graph.refused("GET", own)[0] == 400
    graph.call("POST", "/applications", {"displayName": "x"})
