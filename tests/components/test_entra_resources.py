"""EntraMapping, EntraStart, EntraConnectionTest, EntraGroupMembers against the sandbox's Graph."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from cfscim.config.messages import RemoteError
from cfscim.rehearsal import RehearsalResult
from cfscim.vendors.entra import jobs
from cfscim.vendors.entra.api import GraphClient
from cfscim.vendors.entra.job_schema import Clause, Scopes, read_scopes, with_scopes
from cfscim.vendors.http import Call
from components.entra.connection_test import EntraConnectionTestProvider
from components.entra.mapping import EntraMappingProvider
from components.entra.members import EntraGroupMembersProvider
from components.entra.saved_keys import EntraSavedKeysProvider
from components.entra.start import EntraStartProvider
from components.rest_resource import Props
from sandbox.server.server import Sandbox
from tests.components.dynamic_support import configured
from tests.configs import stack_config
from tests.loopback import plain_client
from tests.rehearsal.rehearsal_support import rehearsal
from tests.vendors.scoped import scoped

NAMES = ["Administrator Read Only", "Administrator", "Billing"]


@dataclass
class Entra:
    """A stack in place (not started), and Graph as our resources see it."""

    sandbox: Sandbox
    graph: GraphClient
    job: Props

    def scopes(self) -> Scopes:
        return read_scopes(self.graph.schema(*self._ids))

    def running(self) -> bool:
        found = self.graph.find_job(*self._ids)
        assert found is not None
        return found.running

    @property
    def _ids(self) -> tuple[str, str]:
        return str(self.job["servicePrincipalId"]), str(self.job["jobId"])


@pytest.fixture
def entra(sandbox: Sandbox, signed_in: None) -> Iterator[Entra]:
    result: RehearsalResult = rehearsal(sandbox).update(stack_config("entra", start=False))
    job: Props = {
        "servicePrincipalId": result.outputs["servicePrincipalId"],
        "jobId": result.outputs["synchronizationJobId"],
    }
    with GraphClient.from_settings({}, sandbox.env) as graph:
        entra = Entra(sandbox, graph, job)
        document = graph.schema(*entra._ids)
        graph.put_schema(*entra._ids, with_scopes(document, Scopes(None, None)))
        yield entra


def ids(names: list[str]) -> list[str]:
    return [group.id for group in scoped(names)]


def mapping(entra: Entra, names: list[str] = NAMES) -> tuple[EntraMappingProvider, Props]:
    props = {**entra.job, "groupNames": names, "groupIds": ids(names), "userClauses": []}
    return configured(EntraMappingProvider(), entra.sandbox), props


def test_mapping_filters_exactly_the_named_groups_and_destroying_restores(entra: Entra) -> None:
    before = entra.scopes()
    provider, props = mapping(entra)
    created = provider.create(props)
    assert set(entra.scopes().groups() or ()) == set(scoped(NAMES))
    provider.delete(created.id, created.outs or {})
    assert entra.scopes() == before


def test_mapping_update_keeps_the_scope_found_first(entra: Entra) -> None:
    provider, props = mapping(entra)
    created = provider.create(props)
    news = {**props, "groupNames": ["Billing"], "groupIds": ids(["Billing"])}
    updated = provider.update(created.id, created.outs or {}, news)
    assert entra.scopes().groups() == tuple(scoped(["Billing"]))
    provider.delete(created.id, updated.outs or {})
    assert entra.scopes() == Scopes(None, None)


def test_a_users_filter_made_by_hand_is_left_alone_and_ours_is_taken_back(entra: Entra) -> None:
    by_hand = Scopes.of(scoped(["unused"]), [Clause("department", "EQUALS", "IT")]).user
    document = entra.graph.schema(*entra._ids)
    entra.graph.put_schema(*entra._ids, with_scopes(document, Scopes(None, by_hand)))
    provider, props = mapping(entra)
    created = provider.create(props)
    assert entra.scopes() == Scopes.of(scoped(NAMES), [], user_otherwise=by_hand)
    ours = {**props, "userClauses": [json.dumps(["country", "EQUALS", "NL"])]}
    updated = provider.update(created.id, created.outs or {}, ours)
    assert entra.scopes().user_clauses() == ours["userClauses"]
    dropped = provider.update(created.id, updated.outs or {}, props)
    assert entra.scopes() == Scopes.of(scoped(NAMES), [], user_otherwise=by_hand)
    assert not provider.diff(created.id, dropped.outs or {}, props).changes
    provider.delete(created.id, dropped.outs or {})
    assert entra.scopes() == Scopes(None, by_hand)


def test_mapping_written_by_an_interrupted_run_is_not_what_destroying_restores(
    entra: Entra,
) -> None:
    provider, props = mapping(entra)
    provider.create(props)
    again = provider.create(props)
    provider.delete(again.id, again.outs or {})
    assert entra.scopes() == Scopes(None, None)


def test_mapping_changed_by_hand_shows_on_refresh_and_is_put_right(entra: Entra) -> None:
    provider, props = mapping(entra)
    created = provider.create(props)
    other, other_props = mapping(entra, ["Everybody"])
    other.create(other_props)
    found = provider.read(created.id, created.outs or {})
    assert found.outs["groupNames"] == ["Everybody"]
    assert provider.diff(created.id, found.outs, props).changes
    provider.update(created.id, found.outs, props)
    assert set(entra.scopes().groups() or ()) == set(scoped(NAMES))


def test_mapping_that_is_as_declared_is_not_written_again(
    entra: Entra, admin: httpx.Client
) -> None:
    provider, props = mapping(entra)
    created = provider.create(props)
    written = len([r for r in admin.get("requests").json() if r["method"] == "PUT"])
    provider.update(created.id, created.outs or {}, props)
    assert len([r for r in admin.get("requests").json() if r["method"] == "PUT"]) == written
    found = provider.read(created.id, created.outs or {})
    assert found.outs == created.outs
    assert not provider.diff(created.id, found.outs, props).changes


def test_mapping_state_holds_no_secret(entra: Entra) -> None:
    provider, props = mapping(entra)
    state = json.dumps(provider.create(props).outs)
    for name in ("CLOUDFLARE_API_TOKEN", "ARM_CLIENT_SECRET", "OKTA_API_TOKEN"):
        assert entra.sandbox.env[name] not in state


def test_start_starts_reports_a_stop_by_hand_and_pauses_when_destroyed(entra: Entra) -> None:
    provider = configured(EntraStartProvider(), entra.sandbox)
    props = {**entra.job, "running": True}
    assert not entra.running()
    created = provider.create(props)
    assert entra.running()
    entra.graph.pause(*entra._ids)
    found = provider.read(created.id, created.outs or {})
    assert provider.diff(created.id, found.outs, props).changes
    provider.update(created.id, found.outs, props)
    assert entra.running()
    provider.delete(created.id, props)
    assert not entra.running()


def test_a_failed_connection_test_fails_the_update(entra: Entra) -> None:
    provider = configured(EntraConnectionTestProvider(), entra.sandbox)
    props = {**entra.job, "tenantUrl": "unused", "tokenId": "t"}
    provider.create(props)
    cloudflare = {"Authorization": f"Bearer {entra.sandbox.env['CLOUDFLARE_API_TOKEN']}"}
    account = (
        f"{entra.sandbox.env['CLOUDFLARE_BASE_URL']}/accounts/0123456789abcdef0123456789abcdef"
    )
    with plain_client(headers=cloudflare) as client:
        for token in client.get(f"{account}/tokens").json()["result"]:
            client.delete(f"{account}/tokens/{token['id']}").raise_for_status()
    with pytest.raises(RemoteError):
        provider.create(props)


def test_members_are_added_and_never_removed(entra: Entra) -> None:
    provider = configured(EntraGroupMembersProvider(), entra.sandbox)
    group = entra.graph.group_by_name("Cloudflare Users")
    assert group is not None
    people = entra.graph.users_by_mail(["katherine@example.com", "edsger@example.com"])
    ids = sorted(person.id for person in people.values())
    before = entra.graph.group_member_ids(group.id)
    props: Props = {"groupId": group.id, "members": ids}
    created = provider.create(props)
    provider.create(props)
    assert entra.graph.group_member_ids(group.id) == before | set(ids)
    provider.update(created.id, props, {**props, "members": ids[:1]})
    provider.delete(created.id, props)
    assert entra.graph.group_member_ids(group.id) == before | set(ids)
    assert provider.read(created.id, props).outs == props


def test_a_tenant_that_cannot_filter_by_id_is_left_as_it_was(entra: Entra) -> None:
    """Refused rather than filtered by name: a stranger may make a group of any name."""
    [job] = entra.sandbox.world.entra.synchronization[_principal(entra)].jobs.values()
    text = json.dumps(job.document["directories"])
    text = re.sub(r'("name": "objectId", [^}]*"type": )"String"', r'\1"Binary"', text)
    assert "Binary" in text
    job.document = {**job.document, "directories": json.loads(text)}
    provider, props = mapping(entra)
    with pytest.raises(RemoteError, match="cannot filter groups by objectId"):
        provider.create(props)
    assert entra.scopes() == Scopes(None, None)


def test_a_state_of_before_ids_shows_a_change_on_refresh(entra: Entra) -> None:
    provider, props = mapping(entra)
    created = provider.create(props)
    old = {key: value for key, value in (created.outs or {}).items() if key != "groupIds"}
    assert provider.diff(created.id, old, props).changes
    assert provider.read(created.id, old).outs["groupIds"] == props["groupIds"]


def test_a_further_key_is_named_with_what_it_does_and_how_it_goes(entra: Entra) -> None:
    provider = configured(EntraSavedKeysProvider(), entra.sandbox)
    props: Props = {"servicePrincipalId": _principal(entra), "credentials": "t"}
    provider.create(props)
    secrets = entra.sandbox.world.entra.synchronization[_principal(entra)].secrets
    secrets["SkipOutOfScopeDeletions"] = "true"
    with pytest.raises(RemoteError) as caught:
        provider.update("x", props, props)
    told = str(caught.value)
    assert "SkipOutOfScopeDeletions (who leaves the scope keeps the access in Cloudflare)" in told
    command = told[told.index("az rest") :]
    address = command.split("--url ")[1].split()[0]
    body = json.loads(command[command.index("--body '") + 8 : -1])
    path = address.removeprefix(entra.graph.base)
    entra.graph._http.send(Call("PUT", path, body=body))
    provider.update("x", props, props)


def test_what_entra_refuses_of_a_new_application_is_waited_out(
    entra: Entra, admin: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_LAG_DELAYS", (0.0, 0.0))
    provider, props = mapping(entra)
    for kind in ("403", "409"):
        fault = {"kind": kind, "path": "/v1.0/servicePrincipals/.*/schema", "times": 2}
        admin.post("faults", json=fault).raise_for_status()
        provider.create(props)
        provider.delete("x", {**props, "originalScopes": Scopes(None, None).to_json()})


@pytest.mark.parametrize("kind", ["403", "409"])
def test_a_read_back_is_waited_for_too(
    entra: Entra, admin: httpx.Client, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Entra goes back and forth for a while: what it let through once it refuses again."""
    monkeypatch.setattr(jobs, "_LAG_DELAYS", (0.01, 0.01))
    provider, props = mapping(entra)
    fault = {"kind": kind, "method": "GET", "path": ".*/schema", "times": 2, "skip": 1}
    admin.post("faults", json=fault).raise_for_status()
    assert provider.create(props).outs


@pytest.mark.parametrize("kind", ["403", "409"])
def test_a_start_that_is_not_shown_yet_is_waited_for(
    entra: Entra, admin: httpx.Client, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(jobs, "_LAG_DELAYS", (0.01, 0.01))
    fault = {"kind": kind, "method": "GET", "path": ".*/jobs/[^/]+", "times": 2}
    admin.post("faults", json=fault).raise_for_status()
    assert entra.graph.start(**_of_the_job(entra)).running
    fault = {"kind": kind, "method": "GET", "path": ".*/jobs/[^/]+", "times": None}
    admin.post("faults", json=fault).raise_for_status()
    with pytest.raises(RemoteError, match=kind):
        entra.graph.start(**_of_the_job(entra))


@pytest.mark.parametrize("kind", ["401", "403", "404", "409"])
def test_only_a_refused_test_speaks_of_cloudflares_token(
    entra: Entra, admin: httpx.Client, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(jobs, "_LAG_DELAYS", (0.0,))
    fault = {"kind": kind, "path": "/v1.0/servicePrincipals/.*/validateCredentials", "times": None}
    admin.post("faults", json=fault).raise_for_status()
    provider = configured(EntraConnectionTestProvider(), entra.sandbox)
    with pytest.raises(RemoteError) as caught:
        provider.create({**entra.job, "tenantUrl": "unused", "tokenId": "t"})
    assert "token" not in caught.value.message.instead


def _of_the_job(entra: Entra) -> dict[str, str]:
    job = str(entra.job["jobId"]).rpartition("/")[2]
    return {"service_principal": _principal(entra), "job": job}


def _principal(entra: Entra) -> str:
    return str(entra.job["servicePrincipalId"]).rpartition("/")[2]
