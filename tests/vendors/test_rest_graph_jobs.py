"""Our calls about provisioning jobs against the sandbox's Entra."""

import json
from collections.abc import Iterator

import httpx
import pytest

from cfscim.vendors.entra.api import GraphClient
from cfscim.vendors.entra.job_schema import (
    Clause,
    Scopes,
    active_from_soft_deleted,
    read_scopes,
    with_scopes,
)
from cfscim.vendors.errors import AnswerError, NotAsDeclaredError
from sandbox.server.server import Sandbox
from tests.sandbox.entra.entra_support import Graph, Provisioning
from tests.vendors.rest_kit import SCIM_URL, scim_token
from tests.vendors.scoped import scoped

WANTED = Scopes.of(scoped(["Administrator", "Billing"]), [Clause("department", "EQUALS", "IT")])


@pytest.fixture
def graph(sandbox: Sandbox) -> Iterator[GraphClient]:
    with GraphClient.from_settings({}, sandbox.env) as client:
        yield client


@pytest.fixture
def waits(graph: GraphClient) -> list[float]:
    """What the client would have waited; it waits no time at all."""
    found: list[float] = []
    graph._http.sleep = found.append
    return found


@pytest.fixture
def app(sandbox: Sandbox) -> Provisioning:
    return Provisioning(Graph(sandbox))


def saved(app: Provisioning, sandbox: Sandbox, **more: str) -> str:
    """Saves the tenant URL and a token that works; returns the token."""
    token = scim_token(sandbox)["value"]
    app.secrets(**{"BaseAddress": SCIM_URL, "SecretToken": token, "SyncAll": "false", **more})
    return token


@pytest.mark.parametrize("form", ["bare", "path"])
def test_a_job_is_found_by_id_and_by_the_providers_path(
    graph: GraphClient, app: Provisioning, form: str
) -> None:
    principal, job_id = app.sp_id, app.job_id
    if form == "path":
        principal = f"/servicePrincipals/{principal}"
        job_id = f"{principal}/synchronization/jobs/{job_id}"
    job = graph.job(principal, job_id)
    assert (job.id, job.running) == (app.job_id, False)
    assert graph.jobs(principal) == (job,)


def test_what_is_gone(graph: GraphClient, app: Provisioning) -> None:
    assert graph.find_job(app.sp_id, "scim.none") is None
    assert graph.find_schema(app.sp_id, "scim.none") is None
    assert graph.find_job("00000000-0000-0000-0000-000000000000", app.job_id) is None
    graph.pause(app.sp_id, "scim.none")


def test_start_is_read_back_and_pause_stops(graph: GraphClient, app: Provisioning) -> None:
    assert graph.start(app.sp_id, app.job_id).running
    assert graph.start(app.sp_id, app.job_id).running
    graph.pause(app.sp_id, app.job_id)
    job = graph.job(app.sp_id, app.job_id)
    assert (job.running, job.status.code) == (False, "Paused")


def fault(admin: httpx.Client, kind: str, path: str, **more: object) -> None:
    body = {"kind": kind, "vendor": "entra", "path": path, **more}
    admin.post("faults", json=body).raise_for_status()


def test_a_start_that_does_nothing_is_not_believed(
    graph: GraphClient, app: Provisioning, admin: httpx.Client, waits: list[float]
) -> None:
    fault(admin, "noop", r"/v1.0/servicePrincipals/.*/start", times=1)
    with pytest.raises(NotAsDeclaredError, match="shows the job's schedule as Disabled"):
        graph.start(app.sp_id, app.job_id)
    assert sum(waits) <= 20


def test_a_start_is_waited_for_while_reads_lag(
    graph: GraphClient, app: Provisioning, admin: httpx.Client, waits: list[float]
) -> None:
    fault(admin, "lag", r"/v1.0/servicePrincipals/.*/start", reads=3)
    assert graph.start(app.sp_id, app.job_id).running
    assert waits == [1.0, 2.0, 4.0]


def test_test_connection_with_the_saved_credentials(
    graph: GraphClient, app: Provisioning, sandbox: Sandbox
) -> None:
    saved(app, sandbox)
    graph.validate_credentials(app.sp_id, app.job_id)


def test_a_failed_test_connection_says_what_entra_says(
    graph: GraphClient, app: Provisioning, sandbox: Sandbox, waits: list[float]
) -> None:
    saved(app, sandbox, SecretToken="wrong-token-0123456789")
    with pytest.raises(AnswerError) as caught:
        graph.validate_credentials(app.sp_id, app.job_id)
    assert caught.value.kind == "rejected"
    assert "nobody would be provisioned; check that tenant URL and token" in str(caught.value)
    assert "wrong-token" not in str(caught.value)
    assert waits == [1.0, 2.0]


def test_credentials_that_come_late_are_waited_for(
    graph: GraphClient, app: Provisioning, sandbox: Sandbox
) -> None:
    graph._http.sleep = lambda _seconds: saved(app, sandbox) and None
    graph.validate_credentials(app.sp_id, app.job_id)


def test_the_filters_are_set_and_restored(graph: GraphClient, app: Provisioning) -> None:
    before = graph.schema(app.sp_id, app.job_id)
    kept = read_scopes(before)
    graph.put_schema(app.sp_id, app.job_id, with_scopes(before, WANTED))
    graph.expect_scopes(app.sp_id, app.job_id, WANTED)
    after = graph.schema(app.sp_id, app.job_id)
    assert read_scopes(after).groups() == tuple(scoped(["Administrator", "Billing"]))
    graph.put_schema(app.sp_id, app.job_id, with_scopes(after, kept))
    restored = graph.schema(app.sp_id, app.job_id)
    assert active_from_soft_deleted(restored)
    # Graph counts the versions itself.
    assert json.dumps({**restored, "version": ""}) == json.dumps({**before, "version": ""})


def test_a_filter_that_was_dropped_is_not_believed(
    graph: GraphClient, app: Provisioning, admin: httpx.Client, waits: list[float]
) -> None:
    fault(admin, "noop", r"/v1.0/servicePrincipals/.*/schema", method="PUT")
    document = with_scopes(graph.schema(app.sp_id, app.job_id), WANTED)
    graph.put_schema(app.sp_id, app.job_id, document)
    with pytest.raises(NotAsDeclaredError, match="took the scoping filter and shows another"):
        graph.expect_scopes(app.sp_id, app.job_id, WANTED)
    assert sum(waits) <= 20


def test_the_schema_of_a_new_job_is_waited_for(
    graph: GraphClient, app: Provisioning, admin: httpx.Client, waits: list[float]
) -> None:
    fault(admin, "404", r"/v1.0/servicePrincipals/.*/schema", times=2)
    assert "synchronizationRules" in graph.schema(app.sp_id, app.job_id)
    assert waits == [1.0, 2.0]


def test_saved_secrets_are_keys_and_settings(
    graph: GraphClient, app: Provisioning, sandbox: Sandbox
) -> None:
    token = saved(app, sandbox, SyncNotificationSettings='{"Enabled":false}')
    found = graph.secrets(app.sp_id)
    assert found["SecretToken"] == "*"
    assert found["SyncNotificationSettings"] == '{"Enabled":false}'
    assert token not in repr(found)


def test_the_log_and_the_status_after_a_cycle(
    graph: GraphClient, app: Provisioning, sandbox: Sandbox, admin: httpx.Client
) -> None:
    saved(app, sandbox)
    there = Graph(sandbox)
    app.graph.assign(app.sp_id, there.group("Administrator", "ada@example.com"))
    graph.start(app.sp_id, app.job_id)
    assert admin.post("cycle").is_success
    events = graph.provisioning_logs(
        f"/servicePrincipals/{app.sp_id}/synchronization/jobs/{app.job_id}"
    )
    seen = {
        (event.source_identity.display_name, event.provisioning_status_info.status)
        for event in events
    }
    assert ("Administrator", "success") in seen
    done = graph.provisioning_logs(app.job_id, status="success")
    assert {event.id for event in done} <= {event.id for event in events}
    assert graph.provisioning_logs(app.job_id, status="failure") == ()
    assert len(graph.provisioning_logs(app.job_id, most=1)) == 1
    status = graph.job(app.sp_id, app.job_id).status
    assert status.last_execution is not None
    assert status.last_execution.state == "Succeeded"
