"""What every kind of resource can do, and what the rehearsal remembers of one."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from cfscim.config.json_types import Json, JsonObject
from cfscim.program.registrations import Options
from cfscim.vendors.errors import AnswerError
from cfscim.vendors.http import Answer, HttpClient
from cfscim.vendors.pages import member

Props = JsonObject
Lookup = Callable[[Props], Props]
Change = Literal["same", "update", "replace"]


@dataclass(frozen=True)
class Made:
    """A resource as the vendor now has it: its id, and the outputs besides its inputs.

    `adopted`: it existed already and was taken over instead of being created twice.
    """

    id: str
    outputs: Props = field(default_factory=dict)
    adopted: bool = False


@dataclass(frozen=True)
class Held:
    """A resource in the rehearsal's memory, as an engine keeps it in its state. Holds secrets."""

    type: str
    name: str
    id: str
    inputs: Props = field(repr=False)
    outputs: Props = field(repr=False)
    options: Options
    turn: int


class Handler(ABC):
    """Carries one kind of resource out. `replace_on`: inputs that mean another remote object."""

    replace_on: frozenset[str] = frozenset()

    def adopt(self, _inputs: Props, _taken: Collection[str], /) -> Made | None:
        """Takes over what exists already under the same name, made as declared; ids in `taken`
        belong to other resources. None where there is none, or where creating twice is no harm."""
        return None

    @abstractmethod
    def create(self, inputs: Props, /) -> Made:
        """Creates it."""

    def update(self, held: Held, _inputs: Props, /) -> Props:
        """Changes it in place and returns its outputs; by default nothing can change so."""
        return held.outputs

    @abstractmethod
    def delete(self, held: Held) -> None:
        """Deletes it; one that is gone already needs nothing."""

    def compare(self, held: Held, inputs: Props) -> Change:
        """What the new inputs ask for."""
        changed = changed_keys(held.inputs, inputs)
        if not changed:
            return "same"
        return "replace" if changed & self.replace_on else "update"


def changed_keys(old: Mapping[str, Json], new: Mapping[str, Json]) -> set[str]:
    """The keys whose values differ; an absent one counts as null."""
    return {key for key in {*old, *new} if old.get(key) != new.get(key)}


def gone_is_fine(delete: Callable[[], object]) -> None:
    """Runs a deletion; what is gone already is deleted."""
    try:
        delete()
    except AnswerError as error:
        if error.kind != "not found":
            raise


def text(answer: Answer, *path: str) -> str:
    """The text at `path` of an answer. Raises `AnswerError` where there is none."""
    value: Json = member(answer, path[0])
    for key in path[1:]:
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, str) or not value:
        raise AnswerError("malformed", answer.where, f"an answer without {'.'.join(path)}")
    return value


def string(props: Props, key: str) -> str:
    """An input that the program always gives; empty where it does not."""
    value = props.get(key)
    return "" if value is None else str(value)


def strings(props: Props, key: str) -> list[str]:
    """An input that is a list of texts."""
    value = props.get(key)
    return [str(item) for item in value] if isinstance(value, list) else []


def items(props: Props, key: str) -> list[Props]:
    """An input that is a list of objects."""
    value = props.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


@dataclass(frozen=True)
class Vendor:
    """One vendor's kinds of resources and look-ups, by Pulumi's type and function tokens."""

    http: HttpClient | None
    handlers: Mapping[str, Handler]
    lookups: Mapping[str, Lookup]
