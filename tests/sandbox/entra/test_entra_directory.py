"""Users, groups, applications and service principals as Graph serves them."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from sandbox.server.server import Sandbox
from tests.loopback import PLAIN
from tests.sandbox.entra.entra_support import TEMPLATE, USER_ROLE, Graph

ADVANCED = {"ConsistencyLevel": "eventual"}


def test_the_seeded_people_have_equal_mail_and_principal_name(graph: Graph) -> None:
    users = graph.call("GET", "/users")["value"]
    assert [user["mail"] for user in users] == [user["userPrincipalName"] for user in users]
    assert "ada@example.com" in [user["mail"] for user in users]
    assert {"id", "givenName", "surname"} <= set(users[0])
    assert "accountEnabled" not in users[0], "v1.0 shows it only when selected"


@pytest.mark.parametrize(
    "wanted",
    [
        "userPrincipalName eq 'ada@example.com'",
        "userPrincipalName eq 'ADA@example.com'",
        "mail in ('ada@example.com','nobody@example.com')",
        "startswith(mail,'ada@') and accountEnabled eq true",
        "(givenName eq 'Ada' or givenName eq 'Nobody') and surname eq 'Lovelace'",
    ],
)
def test_filters_compare_without_case(graph: Graph, wanted: str) -> None:
    params = {"$filter": wanted, "$select": "id,mail,accountEnabled"}
    found = graph.call("GET", "/users", params=params)["value"]
    assert [(user["mail"], user["accountEnabled"]) for user in found] == [("ada@example.com", True)]


def test_a_quote_is_doubled_in_a_filter(graph: Graph) -> None:
    group = graph.group("O'Hara's")
    found = graph.call("GET", "/groups", params={"$filter": "displayName eq 'O''Hara''s'"})
    assert [g["id"] for g in found["value"]] == [group]


@pytest.mark.parametrize(
    "wanted",
    [
        "userPrincipalName eq ada",
        "mail equals 'x'",
        "noSuchProperty eq 'x'",
        "mail eq 'x' and",
        "mail in (" + ",".join(["'x'"] * 16) + ")",
    ],
)
def test_a_wrong_filter_is_refused(graph: Graph, wanted: str) -> None:
    assert graph.refused("GET", "/users", params={"$filter": wanted})[0] == 400


def test_advanced_queries_need_the_consistency_header(graph: Graph) -> None:
    params = {"$filter": "userType ne 'Guest'", "$count": "true"}
    assert graph.refused("GET", "/users", params=params)[1] == "Request_UnsupportedQuery"
    answer = graph.call("GET", "/users", params=params, headers=ADVANCED)
    assert answer["@odata.count"] == len(answer["value"])


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("not startswith(mail,'a')", {"edsger", "grace", "katherine"}),
        ("endswith(mail,'e@example.com')", {"grace", "katherine"}),
        ("contains(mail,'da@')", {"ada"}),
        ("mail lt 'alan@example.com'", {"ada"}),
        ("mail le 'alan@example.com'", {"ada", "alan"}),
        ("mail gt 'grace@example.com'", {"katherine"}),
        ("mail ge 'grace@example.com'", {"grace", "katherine"}),
        ("jobTitle lt 'x'", set()),
        ("mail gt 1.5", set()),
        ("proxyAddresses/any(p:p eq 'SMTP:ada@example.com')", {"ada"}),
    ],
)
def test_each_operator_of_a_filter(graph: Graph, wanted: str, names: set[str]) -> None:
    params = {"$filter": wanted, "$count": "true"}
    shown = graph.call("GET", "/users", params=params, headers=ADVANCED)["value"]
    assert {user["mail"].partition("@")[0] for user in shown} == names


def test_lists_are_ordered_and_searched(graph: Graph) -> None:
    down = graph.call("GET", "/users", params={"$orderby": "mail desc"})["value"]
    mails = [user["mail"] for user in down]
    assert len(mails) > 1
    assert mails == sorted(mails, reverse=True)
    params = {"$search": '"mail:ada@"'}
    found = graph.call("GET", "/users", params=params, headers=ADVANCED)["value"]
    assert [user["mail"] for user in found] == ["ada@example.com"]
    for option in ("$expand", "$search", "$orderby"):
        assert graph.refused("GET", "/users", params={option: "mial"})[0] == 400


def test_an_object_is_read_whatever_its_kind(graph: Graph) -> None:
    group = graph.group("Readers")
    assert graph.call("GET", f"/directoryObjects/{group}")["displayName"] == "Readers"
    missing = "00000000-0000-0000-0000-000000000001"
    assert graph.refused("GET", f"/directoryObjects/{missing}")[0] == 404


def test_an_unknown_property_is_refused_not_passed_over(graph: Graph) -> None:
    assert graph.refused("GET", "/users", params={"$select": "mial"})[0] == 400
    assert graph.refused("GET", "/users", params={"$top": "1000"})[0] == 400


def test_paging_reaches_everybody_once(graph: Graph) -> None:
    group = graph.group("All", "ada@example.com", "grace@example.com", "alan@example.com")
    seen = []
    path = f"/groups/{group}/members?$top=2"
    while path:
        page = graph.call("GET", path)
        seen += [member["userPrincipalName"] for member in page["value"]]
        path = page.get("@odata.nextLink", "")
    assert sorted(seen) == ["ada@example.com", "alan@example.com", "grace@example.com"]


def test_a_new_group_has_what_the_provider_reads(graph: Graph) -> None:
    group = graph.call("GET", f"/beta/groups/{graph.group('Administrator')}")
    assert group["displayName"] == "Administrator"
    assert group["membershipRule"] is None, "anything else makes dynamic_membership drift"
    assert group["groupTypes"] == []
    assert group["securityEnabled"] is True


def test_group_names_need_not_be_unique(graph: Graph) -> None:
    assert graph.group("Billing") != graph.group("Billing")


def test_a_member_is_added_once_and_removed_once(graph: Graph) -> None:
    group, ada = graph.group("Billing"), graph.user_id("ada@example.com")
    reference = {"@odata.id": f"{graph.base}/beta/directoryObjects/{ada}"}
    graph.call("POST", f"/beta/groups/{group}/members/$ref", reference)
    again = graph.send("POST", f"/groups/{group}/members/$ref", reference)
    assert again.status_code == 400
    assert "One or more added object references already exist" in again.text
    member = graph.call("GET", f"/groups/{group}/members")["value"][0]
    assert (member["@odata.type"], member["id"]) == ("#microsoft.graph.user", ada)
    graph.call("DELETE", f"/groups/{group}/members/{ada}/$ref")
    assert graph.refused("DELETE", f"/groups/{group}/members/{ada}/$ref")[0] == 404


def test_members_can_be_bound_with_a_patch_but_not_twice(graph: Graph) -> None:
    group = graph.group("Billing", "ada@example.com")
    urls = [f"{graph.base}/v1.0/users/{graph.user_id(f'{n}@example.com')}" for n in ("ada", "alan")]
    graph.call("PATCH", f"/groups/{group}", {"members@odata.bind": urls[1:]})
    assert graph.refused("PATCH", f"/groups/{group}", {"members@odata.bind": urls})[0] == 400
    assert len(graph.call("GET", f"/groups/{group}/members")["value"]) == 2


def test_a_membership_filter_finds_one_member(graph: Graph) -> None:
    group = graph.group("Billing", "ada@example.com", "alan@example.com")
    ada = graph.user_id("ada@example.com")
    found = graph.call("GET", f"/groups/{group}/members", params={"$filter": f"id eq '{ada}'"})
    assert [member["id"] for member in found["value"]] == [ada]


def test_the_last_owner_stays(graph: Graph) -> None:
    group, ada = graph.group("Billing"), graph.user_id("ada@example.com")
    graph.call(
        "POST",
        f"/groups/{group}/owners/$ref",
        {"@odata.id": f"{graph.base}/v1.0/directoryObjects/{ada}"},
    )
    assert graph.refused("DELETE", f"/groups/{group}/owners/{ada}/$ref")[0] == 400


@pytest.mark.parametrize(
    "change",
    [
        {"displayName": ""},
        {"displayName": "x" * 257},
        {"mailNickname": "with space"},
        {"securityEnabled": "yes"},
        {"noSuchProperty": 1},
        {"groupTypes": ["Unified"]},
    ],
)
def test_a_bad_change_changes_nothing(graph: Graph, change: dict[str, object]) -> None:
    group = graph.group("Billing")
    before = graph.call("GET", f"/groups/{group}")
    assert graph.refused("PATCH", f"/groups/{group}", {"description": "new", **change})[0] == 400
    assert graph.call("GET", f"/groups/{group}") == before


def test_a_deleted_security_group_waits_in_the_bin_with_its_members(graph: Graph) -> None:
    group = graph.group("Billing", "ada@example.com")
    graph.call("DELETE", f"/groups/{group}")
    assert graph.refused("GET", f"/groups/{group}") == (404, "Request_ResourceNotFound")
    assert graph.call("GET", f"/directory/deletedItems/{group}")["displayName"] == "Billing"
    graph.call("POST", f"/directory/deletedItems/{group}/restore")
    members = graph.call("GET", f"/groups/{group}/members")["value"]
    assert [member["mail"] for member in members] == ["ada@example.com"]


def test_after_thirty_days_the_bin_is_empty(graph: Graph, sandbox: Sandbox) -> None:
    group = graph.group("Billing")
    graph.call("DELETE", f"/groups/{group}")
    deleted = sandbox.world.entra.deleted[group].properties
    deleted["deletedDateTime"] = (datetime.now(UTC) - timedelta(days=31)).strftime(
        "%Y-%m-%dT%H:%M:%SZ"
    )
    assert graph.refused("GET", f"/directory/deletedItems/{group}")[0] == 404
    assert graph.refused("POST", f"/directory/deletedItems/{group}/restore")[0] == 404


def test_without_p1_groups_cannot_be_assigned_and_people_can(
    graph: Graph, admin: httpx.Client
) -> None:
    made = graph.call("POST", f"/applicationTemplates/{TEMPLATE}/instantiate", {"displayName": "C"})
    principal, group = made["servicePrincipal"]["id"], graph.group("Billing")
    admin.post("entra/tenant", json={"premium": False}).raise_for_status()
    skus = graph.call("GET", "/subscribedSkus")["value"]
    assert "AAD_PREMIUM" not in str(skus)
    body = {"principalId": group, "resourceId": principal, "appRoleId": USER_ROLE}
    assert (
        graph.refused("POST", f"/servicePrincipals/{principal}/appRoleAssignedTo", body)[0] == 400
    )
    graph.assign(principal, graph.user_id("ada@example.com"))
    assert admin.post("entra/tenant", json={"premium": "no"}).status_code == 400
    assert admin.post("entra/tenant", json={"premium": True, "x": 1}).status_code == 400


@pytest.mark.parametrize(
    "template",
    ["4602d0b4-76bb-404b-bca9-2652e1a39c6d", "5a532e38-1581-4918-9658-008dc27c1d68"],
)
def test_the_templates_of_national_clouds_are_known(graph: Graph, template: str) -> None:
    path = f"/applicationTemplates/{template}/instantiate"
    assert graph.call("POST", path, {"displayName": "C"})["application"]["id"]


def test_a_deleted_user_waits_in_the_recycle_bin_and_comes_back_as_a_member(
    graph: Graph,
) -> None:
    group, ada = graph.group("Billing", "ada@example.com"), graph.user_id("ada@example.com")
    graph.call("DELETE", f"/users/{ada}")
    assert graph.refused("GET", f"/users/{ada}")[0] == 404
    assert graph.call("GET", f"/groups/{group}/members")["value"] == []
    path = f"/directory/deletedItems/{ada}?$select=deletedDateTime"
    assert graph.call("GET", path)["deletedDateTime"]
    graph.call("POST", f"/directory/deletedItems/{ada}/restore")
    members = graph.call("GET", f"/groups/{group}/members")["value"]
    assert [member["mail"] for member in members] == ["ada@example.com"]


def test_a_purged_user_is_a_member_of_nothing(graph: Graph, admin: httpx.Client) -> None:
    graph.group("Billing", "ada@example.com")
    ada = graph.user_id("ada@example.com")
    graph.call("DELETE", f"/users/{ada}")
    graph.call("DELETE", f"/directory/deletedItems/{ada}")
    assert [group["members"] for group in admin.get("state").json()["entra"]["groups"]] == [[]]


def test_instantiating_the_template_gives_application_principal_and_roles(graph: Graph) -> None:
    path = f"/applicationTemplates/{TEMPLATE}"
    assert graph.call("GET", path)["displayName"] == "Custom"
    listed = graph.call("GET", "/applicationTemplates?$filter=displayName eq 'Custom'")
    assert [template["id"] for template in listed["value"]] == [TEMPLATE]
    made = graph.call("POST", f"{path}/instantiate", {"displayName": "Cloudflare SCIM"})
    principal = made["servicePrincipal"]
    assert made["application"]["appId"] == principal["appId"]
    roles = {role["displayName"]: role["id"] for role in principal["appRoles"]}
    assert roles == {"User": USER_ROLE, "msiam_access": "b9632174-c057-4f7e-951b-be3adc52bfe6"}
    owners = graph.call("GET", f"/servicePrincipals/{principal['id']}/owners")["value"]
    assert [owner["@odata.type"] for owner in owners] == ["#microsoft.graph.servicePrincipal"]


def test_renaming_the_application_renames_its_principal(graph: Graph) -> None:
    made = graph.call("POST", f"/applicationTemplates/{TEMPLATE}/instantiate", {"displayName": "A"})
    graph.call("PATCH", f"/applications/{made['application']['id']}", {"displayName": "B"})
    principal = graph.call("GET", f"/servicePrincipals/{made['servicePrincipal']['id']}")
    assert principal["displayName"] == "B"


def test_deleting_the_application_takes_its_principal_along(graph: Graph) -> None:
    made = graph.call("POST", f"/applicationTemplates/{TEMPLATE}/instantiate", {"displayName": "A"})
    app, principal = made["application"]["id"], made["servicePrincipal"]["id"]
    graph.call("DELETE", f"/applications/{app}")
    assert graph.refused("GET", f"/applications/{app}")[0] == 404
    assert graph.refused("GET", f"/servicePrincipals/{principal}")[0] == 404
    binned = graph.call("GET", "/directory/deletedItems/microsoft.graph.application")["value"]
    assert [item["id"] for item in binned] == [app]
    graph.call("DELETE", f"/directory/deletedItems/{app}")
    assert graph.refused("GET", f"/directory/deletedItems/{app}")[0] == 404


def test_an_application_comes_back_before_its_principal_and_with_what_hung_on_it(
    graph: Graph, sandbox: Sandbox
) -> None:
    made = graph.call("POST", f"/applicationTemplates/{TEMPLATE}/instantiate", {"displayName": "A"})
    app, principal = made["application"]["id"], made["servicePrincipal"]["id"]
    group = graph.group("Billing")
    graph.assign(principal, group)
    jobs = f"/servicePrincipals/{principal}/synchronization/jobs"
    graph.call("POST", jobs, {"templateId": "scim"})
    graph.call("DELETE", f"/applications/{app}")
    assert graph.call("GET", f"/groups/{group}/appRoleAssignments")["value"] == []
    restore = "/directory/deletedItems/{}/restore"
    assert graph.refused("POST", restore.format(principal))[0] == 400  # its application is in there
    graph.call("POST", restore.format(app))
    assert graph.refused("GET", f"/servicePrincipals/{principal}")[0] == 404
    graph.call("POST", restore.format(principal))
    assert len(graph.call("GET", jobs)["value"]) == 1
    assigned = graph.call("GET", f"/servicePrincipals/{principal}/appRoleAssignedTo")["value"]
    assert [one["principalId"] for one in assigned] == [group]
    graph.call("DELETE", f"/servicePrincipals/{principal}")
    graph.call("POST", "/servicePrincipals", {"appId": made["application"]["appId"]})
    assert graph.refused("POST", restore.format(principal))[0] == 409


def test_the_recycle_bin_is_read_by_the_right_of_each_kind(
    graph: Graph, admin: httpx.Client
) -> None:
    group = graph.group("Billing")
    graph.call("DELETE", f"/groups/{group}")
    admin.post("entra/permissions", json={"roles": ["Application.ReadWrite.All"]})
    assert graph.call("GET", "/directory/deletedItems/microsoft.graph.application")["value"] == []
    for path in ("microsoft.graph.group", group):
        assert graph.refused("GET", f"/directory/deletedItems/{path}")[0] == 403
    assert graph.refused("POST", f"/directory/deletedItems/{group}/restore")[0] == 403


def test_a_plain_application_gets_one_service_principal(graph: Graph) -> None:
    app = graph.call("POST", "/applications", {"displayName": "Plain", "tags": ["x"]})
    principal = graph.call("POST", "/servicePrincipals", {"appId": app["appId"]})
    assert principal["appRoles"] == []
    assert graph.refused("POST", "/servicePrincipals", {"appId": app["appId"]})[0] == 409
    same = graph.call("GET", f"/servicePrincipals(appId='{app['appId']}')")
    assert same["id"] == principal["id"]


def test_ids_come_out_the_same_after_a_reset(sandbox: Sandbox) -> None:
    def ids() -> list[str]:
        PLAIN.post(sandbox.admin + "/reset").raise_for_status()
        graph = Graph(sandbox)
        return [graph.user_id("ada@example.com"), graph.group("Billing"), graph.group("Other")]

    assert ids() == ids()


def test_broken_json_and_unknown_paths_have_graphs_shape(graph: Graph) -> None:
    broken = graph.client.post("/v1.0/groups", content=b"{")
    assert (broken.status_code, broken.json()["error"]["code"]) == (400, "Request_BadRequest")
    assert graph.refused("GET", "/nowhere") == (404, "Request_ResourceNotFound")
    assert graph.refused("PUT", "/groups")[0] == 405
