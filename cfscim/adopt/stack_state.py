"""What a stack's exported state says of what was created, and of what may have been.

Source: the engine's checkpoint, `pulumi stack export`: it writes a `pending_operations` entry
before it asks a provider to create, and takes it away with the answer; each resource has the time
of its creation.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cfscim.config.json_types import Json, JsonObject

RECENT = timedelta(hours=24)
"""How long after a creation its twin is looked for: it costs a request a run, so not for ever."""
REPEATABLE = frozenset(
    {
        "cloudflare:index/accountToken:AccountToken",
        "cloudflare:index/apiToken:ApiToken",
        "okta:app/saml:Saml",
    }
)
"""Of what a vendor lets two of one name be, so that asking twice makes two."""
_TWINS = timedelta(minutes=15)
_CLOCKS = timedelta(minutes=2)


@dataclass(frozen=True)
class Unfinished:
    """A resource whose creation was asked for and whose answer may never have come.

    `inputs` as sent. `again`: the stack has such a resource. `made`: since then, and what is
    looked for is a second one, which an answer that was lost on the way leaves behind.
    """

    type: str
    name: str
    inputs: Mapping[str, Json]
    again: bool = False
    made: datetime | None = None

    def text(self, key: str) -> str:
        """An input that is a text; empty where there is none."""
        value = self.inputs.get(key)
        return value if isinstance(value, str) else ""

    def made_about(self, stamp: datetime | None) -> bool:
        """Whether something of this time can be it: made shortly before the stack's own, if that
        is known. A provider asks again for minutes, not for hours."""
        if self.made is None:
            return True
        return stamp is not None and self.made - _TWINS < stamp < self.made + _CLOCKS


@dataclass(frozen=True)
class StackState:
    """`unfinished`, and `recent`: what was made within the last day and may have a twin.

    `ids` of every resource that the stack has; `held`: their types and names.
    """

    unfinished: tuple[Unfinished, ...] = ()
    recent: tuple[Unfinished, ...] = ()
    ids: frozenset[str] = frozenset()
    held: frozenset[tuple[str, str]] = frozenset()


def read_state(export: Json, now: datetime) -> StackState:
    """The part of `pulumi stack export` that matters here; nothing from an empty state."""
    deployment = export.get("deployment") if isinstance(export, dict) else None
    if not isinstance(deployment, dict):
        return StackState()
    held = _objects(deployment.get("resources"))
    current = {str(one.get("urn")): one for one in held if not one.get("delete")}
    unfinished: dict[str, Unfinished] = {}
    for operation in _objects(deployment.get("pending_operations")):
        resource = operation.get("resource")
        if operation.get("type") != "creating" or not isinstance(resource, dict):
            continue
        urn = str(resource.get("urn"))
        unfinished[urn] = _resource(resource, again=urn in current)
    recent = [_resource(one, again=True, made=_created(one)) for one in current.values()]
    return StackState(
        tuple(unfinished.values()),
        tuple(
            one
            for one in recent
            if one.type in REPEATABLE and one.made is not None and now - one.made < RECENT
        ),
        frozenset(str(one["id"]) for one in held if isinstance(one.get("id"), str)),
        frozenset((one.type, one.name) for one in recent),
    )


def last_update_succeeded(history: Json) -> bool:
    """What `pulumi stack history --json` says, newest first; true where no update has ended."""
    for entry in _objects(history):
        # The Pulumi Cloud lists the update that is running now too.
        if entry.get("kind") == "update" and entry.get("result") != "in-progress":
            return entry.get("result") == "succeeded"
    return True


def _resource(one: JsonObject, *, again: bool, made: datetime | None = None) -> Unfinished:
    inputs = one.get("inputs")
    return Unfinished(
        type=str(one.get("type")),
        name=str(one.get("urn")).rsplit("::", 1)[-1],
        inputs=inputs if isinstance(inputs, dict) else {},
        again=again,
        made=made,
    )


def _created(one: JsonObject) -> datetime | None:
    # An imported resource was made by somebody else, at another time.
    if not isinstance(one.get("created"), str) or one.get("importID"):
        return None
    try:
        # The engine writes nanoseconds, of which Python 3.11 reads six digits.
        return datetime.fromisoformat(str(one["created"]))
    except ValueError:
        return None


def _objects(value: Json) -> list[JsonObject]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
