"""Our Graph client against the sandbox: groups, people, the enterprise application."""

from collections.abc import Iterator

import httpx
import pytest

from cfscim.vendors.entra.api import GraphClient
from cfscim.vendors.errors import AnswerError, NotAsDeclaredError
from cfscim.vendors.pages import odata_pages
from sandbox.server.server import Sandbox
from tests.sandbox.entra.entra_support import Graph, Provisioning
from tests.vendors.rest_kit import requests


@pytest.fixture
def graph(sandbox: Sandbox) -> Iterator[GraphClient]:
    with GraphClient.from_settings({}, sandbox.env) as client:
        yield client


@pytest.fixture
def there(sandbox: Sandbox) -> Graph:
    return Graph(sandbox)


def test_groups_are_found_by_their_whole_name(graph: GraphClient, there: Graph) -> None:
    group_id = there.group("Bob's Administrator")
    there.group("bob's administrator")
    group = graph.group_by_name("Bob's Administrator")
    assert group is not None
    assert group.id == group_id == graph.group(f"/groups/{group_id}").id
    assert group.security_enabled is True
    assert graph.group_by_name("Bob") is None


def test_two_groups_of_one_name_are_refused(graph: GraphClient, there: Graph) -> None:
    ids = [there.group("Administrator") for _ in range(2)]
    with pytest.raises(NotAsDeclaredError, match="2 groups have this name") as caught:
        graph.group_by_name("Administrator")
    assert all(one in str(caught.value) for one in ids)


def test_members_with_what_provisioning_needs(graph: GraphClient, there: Graph) -> None:
    group_id = there.group("Administrator", "ada@example.com", "grace@example.com")
    members = {member.mail: member for member in graph.group_members(group_id)}
    assert set(members) == {"ada@example.com", "grace@example.com"}
    ada = members["ada@example.com"]
    assert (ada.user_principal_name, ada.account_enabled, ada.is_user) == (
        "ada@example.com",
        True,
        True,
    )
    assert graph.group_member_ids(group_id) == {member.id for member in members.values()}


def test_adding_somebody_twice_is_adding_once(graph: GraphClient, there: Graph) -> None:
    group_id, ada = there.group("Cloudflare Users"), there.user_id("ada@example.com")
    graph.add_group_member(group_id, ada)
    graph.add_group_member(f"/groups/{group_id}", ada)
    assert graph.group_member_ids(group_id) == {ada}


def test_adding_to_a_group_that_never_appears(graph: GraphClient, there: Graph) -> None:
    waits: list[float] = []
    graph._http.sleep = waits.append
    with pytest.raises(AnswerError) as caught:
        graph.add_group_member(
            "00000000-0000-0000-0000-000000000000", there.user_id("ada@example.com")
        )
    assert caught.value.kind == "not found"
    assert waits == [1.0, 2.0, 4.0]


def test_people_are_found_whatever_the_case_and_in_parts(
    graph: GraphClient, admin: httpx.Client
) -> None:
    mails = [f"o'person{number}@example.com" for number in range(31)]
    for mail in mails:
        admin.post("users", json={"email": mail}).raise_for_status()
    found = graph.users_by_mail(["ADA@example.com", *mails, "nobody@example.com"])
    assert list(found) == ["ADA@example.com", *mails]
    assert len(requests(admin, "/v1.0/users")) == 3


def test_a_name_that_differs_from_the_mail_is_seen(graph: GraphClient, admin: httpx.Client) -> None:
    person = {"email": "max@example.com", "userPrincipalName": "max@example.onmicrosoft.com"}
    admin.post("users", json=person).raise_for_status()
    found = graph.users_by_mail(["max@example.com"])["max@example.com"]
    assert found.user_principal_name == "max@example.onmicrosoft.com"


def test_long_lists_come_whole(graph: GraphClient, there: Graph, admin: httpx.Client) -> None:
    group_id = there.group("Everybody in")
    for number in range(105):
        admin.post("users", json={"email": f"m{number}@example.com"}).raise_for_status()
    for member in graph.users_by_mail([f"m{number}@example.com" for number in range(105)]).values():
        graph.add_group_member(group_id, member.id)
    query = {"$top": "20", "$select": "id"}
    path = f"/v1.0/groups/{group_id}/members"
    assert len({str(item["id"]) for item in odata_pages(graph._http, path, query)}) == 105
    assert len(graph.group_members(group_id)) == 105


def test_the_enterprise_application_and_who_is_assigned(graph: GraphClient, there: Graph) -> None:
    app = Provisioning(there)
    group_id = there.group("Administrator")
    there.assign(app.sp_id, group_id)
    principal = graph.service_principal(f"/servicePrincipals/{app.sp_id}")
    assert (principal.display_name, principal.account_enabled) == ("Cloudflare SCIM", True)
    (assigned,) = graph.app_role_assignments(app.sp_id)
    assert assigned.principal_id == group_id
    assert assigned.principal_type == "Group"


def test_a_missing_permission_is_named(graph: GraphClient, admin: httpx.Client) -> None:
    admin.post("entra/permissions", json={"roles": ["User.Read.All"]}).raise_for_status()
    assert graph.users_by_mail(["ada@example.com"])
    for call, permission in (
        (lambda: graph.group_by_name("x"), "GroupMember.Read.All"),
        (lambda: graph.jobs("0"), "Synchronization.Read.All"),
        (lambda: graph.provisioning_logs("0"), "AuditLog.Read.All"),
        (lambda: graph.service_principal("0"), "Application.Read.All"),
    ):
        with pytest.raises(AnswerError) as caught:
            call()
        assert caught.value.kind == "forbidden"
        assert f"grant {permission}" in str(caught.value)
