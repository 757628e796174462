"""What carries one kind of resource out: a row of a table, and what the rehearsal remembers.

A row says where the resource lives (`path`), what is sent (`body`), how it is read back (`read`)
and how one that exists already is found again (`find`). What replaces it stands in
`cfscim/config/kinds.py` alone. `find` and `read` only read, and are what `adopt` is made of.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from cfscim.config.json_types import Json, JsonObject, string
from cfscim.config.kinds import kind_of
from cfscim.config.messages import ScimError
from cfscim.program.registrations import Options
from cfscim.vendors.clients import Clients
from cfscim.vendors.errors import unless_gone
from cfscim.vendors.http import Answer, Call, HttpClient
from cfscim.vendors.pages import text

Props = JsonObject
Lookup = Callable[[Props], Props]
Change = Literal["same", "update", "replace"]


@dataclass(frozen=True)
class Outcome:
    """A resource as the vendor now has it: its id, and the outputs besides its inputs."""

    id: str
    outputs: Props = field(default_factory=dict)


@dataclass(frozen=True)
class Resource:
    """A resource in the rehearsal's memory, as an engine keeps it in its state. Holds secrets.

    `imported`: taken over; its inputs are those that the vendor shows, and no others.
    """

    type: str
    name: str
    id: str
    inputs: Props = field(repr=False)
    outputs: Props = field(repr=False)
    options: Options
    turn: int
    imported: bool = False


@dataclass(frozen=True)
class Seen:
    """A resource read from the vendor by its import id: what an import puts into the state."""

    outcome: Outcome
    inputs: Props


@dataclass(frozen=True)
class Candidate:
    """Something that exists and can be the resource; `facts` are its inputs as the vendor shows
    them, `created` (RFC 3339) and `note` are for a person who has to choose. `in_use`: somebody
    has access by it. `used` (RFC 3339): of a credential, when somebody last signed in with it.
    `bars`: of one that is near, the vendor takes no second one beside it. Of a group, `people`: how
    many are in it, `apps`: what it is assigned to."""

    import_id: str
    facts: Props = field(default_factory=dict)
    created: str = ""
    note: str = ""
    in_use: bool = False
    used: str = ""
    bars: bool = False
    people: int = 0
    apps: frozenset[str] = frozenset()


def _no_body(_inputs: Props) -> Props:
    return {}


@dataclass(frozen=True)
class Row:
    """How a provider carries one type out.

    `path`: the collection, from the inputs; an object is at `item`, by default `path/id`. `body`:
    what is sent. `created`: id and outputs from the answer of a creation. `change`: the method of
    an update, or None where nothing is sent. `create`, `update` and `delete` stand for what is
    no plain call. `find`: everything that is this resource by name or by what it joins. `near`:
    what a person may have meant to be it, and is not, with the reason as its note. `read`: the
    resource of an import id, None where it is gone or the provider cannot import it. `refresh`:
    the inputs that the provider's read finds of a resource that is there, besides those of
    `read`; None where it is gone. `import_id`: of a resource in the memory, by default its id.
    `gone_fails`: the provider's read takes a 404 for an error, and with it every refresh.
    `restored_by`: the command that brings back one that its vendor keeps for a while after its
    deletion, empty where it has none."""

    path: Callable[[Props], str] = lambda _inputs: ""
    body: Callable[[Props], Props] = _no_body
    created: Callable[[Props, Answer], Outcome] | None = None
    change: Literal["PUT", "PATCH"] | None = None
    item: Callable[[Resource], str] | None = None
    create: Callable[[HttpClient, Props], Outcome] | None = None
    update: Callable[[HttpClient, Resource, Props], Props] | None = None
    delete: Callable[[HttpClient, Resource], None] | None = None
    find: Callable[[HttpClient, Props], Iterable[Candidate]] | None = None
    near: Callable[[HttpClient, Props], Iterable[Candidate]] | None = None
    read: Callable[[HttpClient, str], Seen | None] | None = None
    refresh: Callable[[HttpClient, Resource], Props | None] | None = None
    import_id: Callable[[Resource], str] = lambda resource: resource.id
    gone_fails: bool = False
    restored_by: Callable[[HttpClient, Resource], str] = lambda _http, _resource: ""


class Handler:
    """Carries out the resources of one type, as its row says."""

    def __init__(self, http: HttpClient, type_: str, row: Row) -> None:
        self._http = http
        self._type = type_
        self._row = row
        self._replace_on = kind_of(type_).forces_new

    def create(self, inputs: Props) -> Outcome:
        """Creates it. Raises `AnswerError`, also where the vendor has one of the name."""
        if self._row.create is not None:
            return self._row.create(self._http, inputs)
        answer = self._http.send(
            Call("POST", self._row.path(inputs), body=self._row.body(inputs) or None)
        )
        return (
            self._row.created(inputs, answer) if self._row.created else Outcome(text(answer, "id"))
        )

    def update(self, resource: Resource, inputs: Props) -> Props:
        """Changes it in place and returns its outputs."""
        if self._row.update is not None:
            return self._row.update(self._http, resource, inputs)
        if self._row.change is not None:
            body = self._row.body(inputs)
            self._http.send(
                Call(self._row.change, self._item(resource), body=body, repeatable=True)
            )
        return resource.outputs

    def noted(self, resource: Resource) -> Props:
        """The outputs of one that stays as it is."""
        return resource.outputs

    def delete(self, resource: Resource) -> None:
        """Deletes it. Raises `AnswerError`, for one that is gone too, where the provider does."""
        if self._row.delete is not None:
            self._row.delete(self._http, resource)
            return
        self._http.send(Call("DELETE", self._item(resource)))

    def find(self, inputs: Props) -> tuple[Candidate, ...] | None:
        """Everything that is this resource already; None where nothing can be looked for."""
        if self._row.find is None:
            return None
        return tuple(self._row.find(self._http, inputs))

    def near(self, inputs: Props) -> tuple[Candidate, ...]:
        """What may be meant to be this resource and is not, each with the reason as its note."""
        return tuple(self._row.near(self._http, inputs)) if self._row.near is not None else ()

    def read(self, import_id: str) -> Seen | None:
        """What an import of this id puts into the state; None where there is nothing of it."""
        read = self._row.read
        return None if read is None else unless_gone(lambda: read(self._http, import_id))

    def refresh(self, resource: Resource) -> Resource | None:
        """What the provider's read leaves in the state; None where the resource is gone.

        Raises `ScimError` where the provider's read fails.
        """
        after = unless_gone(lambda: self._read_back(resource))
        if after is None and self._row.gone_fails:
            raise gone_stops(self._type)
        return after

    def _read_back(self, resource: Resource) -> Resource | None:
        if self._row.refresh is not None:
            inputs = self._row.refresh(self._http, resource)
            if inputs is None:
                return None
            given = {k: v for k, v in inputs.items() if v is not None or k in resource.inputs}
            return replace(resource, inputs={**resource.inputs, **given})
        if self._row.read is None:
            return resource
        seen = self._row.read(self._http, self._row.import_id(resource))
        if seen is None:
            return None
        shown = {key: value for key, value in seen.inputs.items() if key in resource.inputs}
        outputs = {**resource.outputs, **seen.outcome.outputs}
        return replace(resource, inputs={**resource.inputs, **shown}, outputs=outputs)

    def gone(self, resource: Resource) -> bool | None:
        """Whether the vendor has nothing of it any more; None where that is not asked, because
        the provider's next step does not mind. Raises `AnswerError`."""
        if self._row.read is not None or self._row.gone_fails:
            return unless_gone(lambda: self._read_back(resource)) is None
        return None

    def restored_by(self, resource: Resource) -> str:
        """The command that brings back one that is gone; empty where there is none."""
        return self._row.restored_by(self._http, resource)

    @property
    def importable(self) -> bool:
        """Whether the provider can take over what exists."""
        return self._row.read is not None

    def compare(self, resource: Resource, inputs: Props) -> Change:
        """What the new inputs ask for."""
        changed = changed_keys(resource.inputs, inputs)
        if resource.imported:
            # What the program leaves out stays as the vendor has it, but for what replaces.
            changed &= {*inputs} | self._replace_on
        if not changed:
            return "same"
        return "replace" if changed & self._replace_on else "update"

    def _item(self, resource: Resource) -> str:
        if self._row.item is not None:
            return self._row.item(resource)
        return f"{self._row.path(resource.inputs)}/{resource.id}"


def changed_keys(old: Mapping[str, Json], new: Mapping[str, Json]) -> set[str]:
    """The keys whose values differ; an absent one counts as null."""
    return {key for key in {*old, *new} if old.get(key) != new.get(key)}


def gone_stops(type_: str) -> ScimError:
    """A refresh, the usual way out, ends at what is gone as well."""
    return ScimError(
        type_.split(":")[0].capitalize(),
        f"the {kind_of(type_).words} is not found (HTTP status 404)",
        "the provider can neither read nor delete it, so that every refresh ends here too",
        "run `cfscim adopt --import`, which takes it out of the state, then go on",
    )


def named(value: str, key: str, within: Iterable[Props]) -> list[Props]:
    """Those of exactly this name, byte for byte."""
    return [item for item in within if item.get(key) == value]


def nearly(value: str, key: str, within: Iterable[Props]) -> Iterator[tuple[Props, str]]:
    """Those whose name differs in case or blanks alone, each with that name."""
    for item in within:
        name = string(item, key)
        if name != value and " ".join(name.split()).casefold() == value.casefold():
            yield item, name


@dataclass(frozen=True)
class Vendor:
    """One vendor's kinds of resources and look-ups, by Pulumi's type and function tokens."""

    http: HttpClient | Clients
    handlers: Mapping[str, Handler]
    lookups: Mapping[str, Lookup]


def handlers(http: HttpClient, rows: Mapping[str, Row]) -> dict[str, Handler]:
    """A handler for each row of a vendor's table."""
    return {type_: Handler(http, type_, row) for type_, row in rows.items()}
