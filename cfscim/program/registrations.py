"""What the program declared, as plain values: resources with their inputs and options."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

Value = None | bool | int | float | str | list["Value"] | dict[str, "Value"]


@dataclass(frozen=True)
class Options:
    """The resource options that matter to a reviewer; names, not URNs, in `depends_on`.

    `aliases`: names under which the resource may be known to the state.
    """

    protect: bool = False
    retain_on_delete: bool = False
    ignore_changes: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    replacement_trigger: Value = None
    replace_on_changes: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Registration:
    """One declared resource; `inputs` carry the provider's names, every secret is `[secret]`.

    `fed_by`: for each input, the names of the resources whose outputs it is made from.
    """

    type: str
    name: str
    parent: str | None
    inputs: dict[str, Value]
    options: Options
    custom: bool
    fed_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass
class Declared:
    """Everything one run of the program declared, and what it looked up: function and inputs."""

    resources: list[Registration] = field(default_factory=list)
    outputs: dict[str, Value] = field(default_factory=dict)
    lookups: list[tuple[str, dict[str, Value]]] = field(default_factory=list)

    def of(self, type_: str, name: str) -> Registration | None:
        """The resource last declared with this type and logical name."""
        declared = reversed(self.resources)
        return next((r for r in declared if (r.type, r.name) == (type_, name)), None)

    def options_of(self, type_: str, name: str) -> Options:
        """The options of that resource; the defaults where there is none."""
        registration = self.of(type_, name)
        return registration.options if registration else Options()


def in_order(resources: Iterable[Registration]) -> list[Registration]:
    """The resources so that each follows its parent and all it depends on.

    Ties go by the name, so the same config gives the same order however the run interleaved.
    """
    known = list(resources)
    by_name = {resource.name: resource for resource in known}
    if len(by_name) != len(known):
        raise ValueError("two resources share a name, so no reader could tell which is meant")
    waits_for = {name: _needed(resource) & by_name.keys() for name, resource in by_name.items()}
    needed_by: dict[str, list[str]] = {}
    for name, others in waits_for.items():
        for other in others:
            needed_by.setdefault(other, []).append(name)
    ready = [name for name, others in waits_for.items() if not others]
    heapify(ready)
    ordered: list[Registration] = []
    while ready:
        name = heappop(ready)
        ordered.append(by_name[name])
        for later in needed_by.get(name, ()):
            waits_for[later].discard(name)
            if not waits_for[later]:
                heappush(ready, later)
    if len(ordered) != len(known):
        stuck = sorted(name for name, others in waits_for.items() if others)
        raise ValueError(f"resources depend on each other in a circle: {stuck}")
    return ordered


def _needed(resource: Registration) -> set[str]:
    return {*resource.options.depends_on, resource.parent or ""} - {resource.name}
