"""Which creations an exported state shows as unfinished."""

from datetime import UTC, datetime, timedelta

import pytest

from cfscim.adopt.stack_state import StackState, Unfinished, last_update_succeeded, read_state
from cfscim.config.json_types import Json

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)

URN = "urn:pulumi:dev::cloudflare-scim::cloudflare-scim:index:OktaGroup$okta:group/group:Group::"
KIND = "okta:group/group:Group"


def export(*operations: Json, held: list[Json] | None = None) -> Json:
    return {"deployment": {"resources": held or [], "pending_operations": list(operations)}}


def operation(name: str, kind: str = "creating") -> Json:
    return {"type": kind, "resource": {"urn": URN + name, "type": KIND, "inputs": {"name": name}}}


def test_an_unfinished_creation_with_its_inputs() -> None:
    state = read_state(export(operation("billing"), operation("admins", "updating")), NOW)
    assert state.unfinished == (Unfinished(KIND, "billing", {"name": "billing"}),)
    assert state.unfinished[0].text("name") == "billing"
    assert state.unfinished[0].text("other") == ""


def test_a_resource_that_the_stack_has_is_being_replaced() -> None:
    held: list[Json] = [{"urn": URN + "billing", "type": KIND, "id": "00g1"}]
    state = read_state(export(operation("billing"), held=held), NOW)
    assert [one.again for one in state.unfinished] == [True]
    assert state.ids == {"00g1"}


def test_one_that_is_only_waiting_for_its_deletion_does_not_count_as_had() -> None:
    held: list[Json] = [{"urn": URN + "billing", "type": KIND, "id": "00g1", "delete": True}]
    state = read_state(export(operation("billing"), held=held), NOW)
    assert [one.again for one in state.unfinished] == [False]
    assert state.ids == {"00g1"}


def test_the_same_creation_interrupted_twice_is_one() -> None:
    twice = export(operation("billing"), operation("billing"))
    assert len(read_state(twice, NOW).unfinished) == 1


def test_a_stack_without_any_update() -> None:
    assert read_state({"version": 3}, NOW) == StackState()
    assert read_state({"version": 3, "deployment": {"manifest": {}}}, NOW) == StackState()
    assert read_state(None, NOW) == StackState()


def made(kind: str, created: Json, **more: Json) -> Json:
    return {"urn": f"{URN}it", "type": kind, "id": "x", "created": created, "inputs": {}, **more}


TOKEN = "cloudflare:index/accountToken:AccountToken"


@pytest.mark.parametrize(
    ("one", "counts"),
    [
        (made(TOKEN, "2026-11-24T11:00:00.123456789Z"), True),
        (made("okta:app/saml:Saml", "2026-11-23T13:00:00Z"), True),
        (made(TOKEN, "2026-11-23T11:00:00Z"), False),  # more than a day ago
        (made(KIND, "2026-11-24T11:00:00Z"), False),  # Okta refuses a second of the name
        (made(TOKEN, "2026-11-24T11:00:00Z", importID="x"), False),  # somebody else made it
        (made(TOKEN, "2026-11-24T11:00:00Z", delete=True), False),
        (made(TOKEN, None), False),
        (made(TOKEN, "yesterday"), False),
    ],
)
def test_what_was_made_within_a_day_may_have_a_twin(one: Json, counts: bool) -> None:
    state = read_state(export(held=[one]), NOW)
    assert bool(state.recent) is counts
    assert all(it.again and it.made is not None for it in state.recent)


def test_the_resources_that_the_stack_has() -> None:
    old = made(TOKEN, "2026-01-01T00:00:00Z")
    assert read_state(export(held=[old]), NOW).held == {(TOKEN, "it")}
    gone = made(TOKEN, "2026-01-01T00:00:00Z", delete=True)
    assert read_state(export(held=[gone]), NOW).held == frozenset()


def test_a_twin_is_of_the_same_minutes() -> None:
    one = Unfinished(TOKEN, "token", {}, again=True, made=NOW)
    assert one.made_about(NOW - timedelta(minutes=14))
    assert one.made_about(NOW + timedelta(minutes=1)), "clocks differ"
    assert not one.made_about(NOW - timedelta(minutes=16))
    assert not one.made_about(NOW + timedelta(minutes=3))
    assert not one.made_about(None)
    assert Unfinished(TOKEN, "token", {}).made_about(None), "nothing dates it"


@pytest.mark.parametrize(
    ("history", "succeeded"),
    [
        ([{"kind": "update", "result": "failed"}, {"kind": "update", "result": "succeeded"}], False),
        ([{"kind": "refresh", "result": "failed"}, {"kind": "update", "result": "succeeded"}], True),
        ([{"kind": "update", "result": "in-progress"}, {"kind": "update", "result": "failed"}], False),
        ([{"kind": "update", "result": "succeeded"}, {"kind": "update", "result": "failed"}], True),
        ([], True),
        (None, True),
    ],
)  # fmt: skip
def test_how_the_last_update_ended(history: Json, succeeded: bool) -> None:
    assert last_update_succeeded(history) is succeeded
