"""What a stack's exported state says of a run that was interrupted while it created things.

Source: the engine's checkpoint, `pulumi stack export`: it writes a `pending_operations` entry
before it asks a provider to create, and takes it away with the answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from scim.jsontypes import Json, JsonObject


@dataclass(frozen=True)
class Unfinished:
    """A resource whose creation was asked for and whose answer never came; `inputs` as sent.

    `again`: the stack has such a resource, so that a replacement of it was under way.
    """

    type: str
    name: str
    inputs: Mapping[str, Json]
    again: bool = False

    def text(self, key: str) -> str:
        """An input that is a text; empty where there is none."""
        value = self.inputs.get(key)
        return value if isinstance(value, str) else ""


@dataclass(frozen=True)
class StackState:
    """`unfinished` in the state's order; `ids` of every resource that the stack has."""

    unfinished: tuple[Unfinished, ...] = ()
    ids: frozenset[str] = frozenset()


def read_state(export: Json) -> StackState:
    """The part of `pulumi stack export` that matters here; nothing from an empty state."""
    deployment = export.get("deployment") if isinstance(export, dict) else None
    if not isinstance(deployment, dict):
        return StackState()
    held = _objects(deployment.get("resources"))
    urns = {str(one.get("urn")) for one in held if not one.get("delete")}
    unfinished: dict[str, Unfinished] = {}
    for operation in _objects(deployment.get("pending_operations")):
        resource = operation.get("resource")
        if operation.get("type") != "creating" or not isinstance(resource, dict):
            continue
        urn, inputs = str(resource.get("urn")), resource.get("inputs")
        unfinished[urn] = Unfinished(
            type=str(resource.get("type")),
            name=urn.rsplit("::", 1)[-1],
            inputs=inputs if isinstance(inputs, dict) else {},
            again=urn in urns,
        )
    ids = frozenset(one["id"] for one in held if isinstance(one.get("id"), str))
    return StackState(tuple(unfinished.values()), frozenset(str(i) for i in ids))


def _objects(value: Json) -> list[JsonObject]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
