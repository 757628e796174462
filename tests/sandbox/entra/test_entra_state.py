"""The tenant's state: survives a restart, can be copied, and lags behind where a fault says so."""

import httpx

from sandbox.entra.models import EntraState
from sandbox.server.people import Person
from sandbox.server.server import Sandbox
from tests.sandbox.entra.entra_support import Graph, Provisioning, ScimEndpoint, cycle


def test_everything_survives_the_way_through_json(
    sandbox: Sandbox, graph: Graph, admin: httpx.Client
) -> None:
    with ScimEndpoint() as scim:
        job = Provisioning(graph, scim.base)
        graph.assign(job.sp_id, graph.group("Users", "ada@example.com"))
        graph.call("DELETE", f"/users/{graph.user_id('alan@example.com')}")
        job.filter("Group", [("displayName", "EQUALS", "Users")])
        job.start()
        cycle(admin)
    before: EntraState = sandbox.world.entra
    after = EntraState.model_validate_json(before.model_dump_json())
    assert after == before
    assert after.new_id("group") == before.model_copy(deep=True).new_id("group")


def test_the_same_person_again_changes_nothing() -> None:
    state = EntraState.fresh()
    first = state.add_person(Person.of("ada@example.com", "Ada", "Lovelace"))
    assert state.add_person(Person.of("ADA@example.com")) == first
    assert len(state.users) == 1


def test_a_person_may_have_another_principal_name(graph: Graph, admin: httpx.Client) -> None:
    body = {"email": "mary@example.com", "userPrincipalName": "mary@corp.example.com"}
    admin.post("users", json={**body, "identityProvider": "entra"}).raise_for_status()
    mary = graph.call("GET", "/users/mary@corp.example.com")
    assert (mary["mail"], mary["givenName"]) == ("mary@example.com", "Mary")


def test_reads_may_lag_behind_a_write(graph: Graph, admin: httpx.Client) -> None:
    fault = {"kind": "lag", "vendor": "entra", "method": "POST", "reads": 1}
    admin.post("faults", json=fault).raise_for_status()
    made = graph.call(
        "POST",
        "/groups",
        {"displayName": "G", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True},
    )
    assert graph.refused("GET", f"/groups/{made['id']}")[0] == 404
    assert graph.call("GET", f"/groups/{made['id']}")["displayName"] == "G"


def test_a_write_that_does_nothing_changes_nothing(graph: Graph, admin: httpx.Client) -> None:
    job = Provisioning(graph)
    admin.post("faults", json={"kind": "noop", "vendor": "entra"}).raise_for_status()
    job.start()
    assert job.status()["code"] == "NotConfigured"


def test_an_injected_fault_has_graphs_shape(graph: Graph, admin: httpx.Client) -> None:
    for status in ("403", "429-retry-after", "503"):
        admin.post("faults", json={"kind": status, "vendor": "entra"}).raise_for_status()
        code, name = graph.refused("GET", "/groups")
        assert str(code) == status[:3]
        assert name
