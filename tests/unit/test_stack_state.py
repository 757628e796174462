"""Which creations an exported state shows as unfinished."""

from scim.jsontypes import Json
from scim.stack_state import StackState, Unfinished, read_state

URN = "urn:pulumi:dev::cloudflare-scim::cloudflare-scim:index:OktaGroup$okta:group/group:Group::"
KIND = "okta:group/group:Group"


def export(*operations: Json, held: list[Json] | None = None) -> Json:
    return {"deployment": {"resources": held or [], "pending_operations": list(operations)}}


def operation(name: str, kind: str = "creating") -> Json:
    return {"type": kind, "resource": {"urn": URN + name, "type": KIND, "inputs": {"name": name}}}


def test_an_unfinished_creation_with_its_inputs() -> None:
    state = read_state(export(operation("billing"), operation("admins", "updating")))
    assert state.unfinished == (Unfinished(KIND, "billing", {"name": "billing"}),)
    assert state.unfinished[0].text("name") == "billing"
    assert state.unfinished[0].text("other") == ""


def test_a_resource_that_the_stack_has_is_being_replaced() -> None:
    held: list[Json] = [{"urn": URN + "billing", "type": KIND, "id": "00g1"}]
    state = read_state(export(operation("billing"), held=held))
    assert [one.again for one in state.unfinished] == [True]
    assert state.ids == {"00g1"}


def test_one_that_is_only_waiting_for_its_deletion_does_not_count_as_had() -> None:
    held: list[Json] = [{"urn": URN + "billing", "type": KIND, "id": "00g1", "delete": True}]
    state = read_state(export(operation("billing"), held=held))
    assert [one.again for one in state.unfinished] == [False]
    assert state.ids == {"00g1"}


def test_the_same_creation_interrupted_twice_is_one() -> None:
    assert len(read_state(export(operation("billing"), operation("billing"))).unfinished) == 1


def test_a_stack_without_any_update() -> None:
    assert read_state({"version": 3}) == StackState()
    assert read_state({"version": 3, "deployment": {"manifest": {}}}) == StackState()
    assert read_state(None) == StackState()
