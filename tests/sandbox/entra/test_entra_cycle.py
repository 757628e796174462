"""What the cycle sends: SCIM as Entra speaks it, and what it does about lost answers."""

from typing import Any

import httpx
import pytest

from tests.sandbox.entra.entra_support import Graph, Provisioning, ScimEndpoint, cycle

ADA, GRACE, ALAN = "ada@example.com", "grace@example.com", "alan@example.com"


def test_a_user_is_looked_for_and_created_as_entra_does(
    graph: Graph, job: Provisioning, scim: ScimEndpoint, admin: httpx.Client
) -> None:
    graph.assign(job.sp_id, graph.user_id(ADA))
    cycle(admin)
    search, create = scim.asked[-2:]
    assert (search.path, search.query) == ("Users", {"filter": f'userName eq "{ADA}"'})
    assert (create.method, create.path) == ("POST", "Users")
    assert create.headers["Content-Type"] == "application/scim+json"
    body = create.body
    assert body["userName"] == ADA
    assert body["emails"] == [{"primary": True, "type": "work", "value": ADA}]
    assert body["name"] == {
        "givenName": "Ada",
        "familyName": "Lovelace",
        "formatted": "Ada Lovelace",
    }
    assert body["active"] is True
    assert body["externalId"] == "ada"
    assert "urn:ietf:params:scim:schemas:core:2.0:User" in body["schemas"]


def test_a_group_is_created_empty_then_gets_its_members(
    graph: Graph, job: Provisioning, scim: ScimEndpoint, admin: httpx.Client
) -> None:
    group = graph.group('The "Users"', ADA)
    graph.assign(job.sp_id, group)
    cycle(admin)
    search, create, patch = scim.asked[-3:]
    assert search.query == {
        "excludedAttributes": "members",
        "filter": 'displayName eq "The \\"Users\\""',
    }
    assert create.body["displayName"] == 'The "Users"'
    assert create.body["externalId"] == group
    assert "members" not in create.body
    assert patch.body["Operations"] == [
        {"op": "Add", "path": "members", "value": [{"$ref": None, "value": "1"}]}
    ]


def test_a_second_cycle_sends_nothing_but_the_test(
    graph: Graph, job: Provisioning, scim: ScimEndpoint, admin: httpx.Client
) -> None:
    graph.assign(job.sp_id, graph.group("Users", ADA, GRACE))
    cycle(admin)
    scim.asked.clear()
    report = cycle(admin)
    assert [asked.method for asked in scim.asked] == ["GET"]
    assert report["users"] == report["groups"] == report["errors"] == []


def test_changes_are_patched_with_capitalised_operations(
    graph: Graph, job: Provisioning, scim: ScimEndpoint, admin: httpx.Client
) -> None:
    group = graph.group("Users", ADA, GRACE)
    graph.assign(job.sp_id, group)
    cycle(admin)
    scim.asked.clear()
    graph.call("PATCH", f"/users/{ADA}", {"surname": "King", "jobTitle": "Countess"})
    graph.call("DELETE", f"/groups/{group}/members/{graph.user_id(GRACE)}/$ref")
    graph.assign(job.sp_id, graph.user_id(GRACE))
    cycle(admin)
    assert {"op": "Replace", "path": "name.familyName", "value": "King"} in scim.patches()
    assert {"op": "Add", "path": "title", "value": "Countess"} in scim.patches()
    assert scim.patches()[-1] == {
        "op": "Remove",
        "path": "members",
        "value": [{"$ref": None, "value": "2"}],
    }


def test_the_flag_in_the_url_makes_it_rfc_compliant(
    graph: Graph, job: Provisioning, scim: ScimEndpoint, admin: httpx.Client
) -> None:
    job.secrets(BaseAddress=scim.base + "/?aadOptscim062020")
    group = graph.group("Users", ADA, GRACE)
    graph.assign(job.sp_id, group)
    cycle(admin)
    assert all(asked.path.split("/")[0] in ("Users", "Groups") for asked in scim.asked)
    scim.asked.clear()
    graph.call("PATCH", f"/users/{GRACE}", {"surname": "Murray", "jobTitle": "Admiral"})
    graph.call("DELETE", f"/groups/{group}/members/{graph.user_id(ADA)}/$ref")
    cycle(admin)
    changes = {"name.familyName": "Murray", "name.formatted": "Grace Murray", "title": "Admiral"}
    assert {"op": "replace", "value": changes} in scim.patches()
    assert {"op": "replace", "path": "active", "value": False} in scim.patches()


def test_a_member_who_stays_a_user_is_removed_by_path_with_the_flag(
    graph: Graph, job: Provisioning, scim: ScimEndpoint, admin: httpx.Client
) -> None:
    job.secrets(BaseAddress=scim.base + "?aadOptscim062020")
    group = graph.group("Users", ADA)
    for principal in (group, graph.user_id(ADA)):
        graph.assign(job.sp_id, principal)
    cycle(admin)
    assert {"op": "add", "path": "members", "value": [{"value": "1"}]} in scim.patches()
    graph.call("DELETE", f"/groups/{group}/members/{graph.user_id(ADA)}/$ref")
    cycle(admin)
    assert scim.patches()[-1] == {"op": "remove", "path": 'members[value eq "1"]'}


def test_what_is_there_already_is_joined_not_made_twice(
    graph: Graph, job: Provisioning, scim: ScimEndpoint, admin: httpx.Client
) -> None:
    scim.resources["Users/7"] = {"id": "7", "userName": ADA, "active": True}
    scim.resources["Groups/8"] = {"id": "8", "displayName": "Users"}
    graph.assign(job.sp_id, graph.group("Users", ADA))
    cycle(admin)
    assert [asked.method for asked in scim.writes()] == ["PATCH", "PATCH", "PATCH"]
    assert scim.names("Users", "userName") == [ADA]
    assert scim.patches()[-1]["value"] == [{"$ref": None, "value": "7"}]


def test_an_answer_lost_after_the_create_makes_no_second_user(
    graph: Graph, job: Provisioning, scim: ScimEndpoint, admin: httpx.Client
) -> None:
    graph.assign(job.sp_id, graph.user_id(ADA))

    def store_and_fail(asked: Any) -> int | None:
        if asked.method != "POST":
            return None
        scim.resources["Users/9"] = {**asked.body, "id": "9"}
        return 500

    scim.refuse = store_and_fail
    assert cycle(admin)["errors"]
    scim.refuse = lambda _: None
    assert cycle(admin)["errors"] == []
    assert scim.names("Users", "userName") == [ADA]


def restart(graph: Graph, job: Provisioning) -> None:
    body = {"criteria": {"resetScope": "Watermark"}}
    graph.call("POST", f"{job.job}/restart", body)


def save_schema(graph: Graph, job: Provisioning) -> None:
    graph.call("PUT", f"{job.job}/schema", job.schema())


@pytest.mark.parametrize("look_again", [restart, save_schema])
def test_a_restart_or_a_saved_schema_finds_what_the_target_lost(
    graph: Graph, job: Provisioning, scim: ScimEndpoint, admin: httpx.Client, look_again: Any
) -> None:
    graph.assign(job.sp_id, graph.group("Users", ADA))
    cycle(admin)
    scim.resources.clear()
    cycle(admin)
    assert scim.resources == {}, "an incremental cycle looks at changes only"
    look_again(graph, job)
    cycle(admin)
    assert scim.names("Users", "userName") == [ADA]
    assert scim.patches()[-1]["op"] == "Add"


def test_a_joined_group_gets_its_members_even_if_its_other_changes_are_refused(
    graph: Graph, job: Provisioning, scim: ScimEndpoint, admin: httpx.Client
) -> None:
    scim.resources["Groups/8"] = {"id": "8", "displayName": "Users"}
    scim.refuse = lambda a: 400 if a.method == "PATCH" and "externalId" in str(a.body) else None
    graph.assign(job.sp_id, graph.group("Users", ADA))
    report = cycle(admin)
    assert [line["name"] for line in report["errors"]] == ["Users"]
    assert scim.patches()[-1]["path"] == "members"


def test_two_of_the_same_name_are_a_failure_not_a_guess(
    graph: Graph, job: Provisioning, scim: ScimEndpoint, admin: httpx.Client
) -> None:
    for number in ("7", "8"):
        scim.resources[f"Users/{number}"] = {"id": number, "userName": ADA, "active": True}
    graph.assign(job.sp_id, graph.user_id(ADA))
    assert [line["code"] for line in cycle(admin)["errors"]] == ["DuplicateTargetEntries"]
    assert scim.writes() == []


def test_what_the_target_lost_is_made_again_once_a_change_finds_it_missing(
    graph: Graph, job: Provisioning, scim: ScimEndpoint, admin: httpx.Client
) -> None:
    graph.assign(job.sp_id, graph.user_id(ADA))
    cycle(admin)
    scim.resources.clear()
    graph.call("PATCH", f"/users/{ADA}", {"surname": "King"})
    assert [line["name"] for line in cycle(admin)["errors"]] == [ADA]
    assert cycle(admin)["errors"] == []
    assert scim.names("Users", "userName") == [ADA]
