"""What the program declared, as plain values: resources with their inputs and options."""

from collections.abc import Iterable
from dataclasses import dataclass, field

Value = None | bool | int | float | str | list["Value"] | dict[str, "Value"]

SECRET = "[secret]"
"""What stands in the place of every secret."""


@dataclass(frozen=True)
class Options:
    """The resource options that matter to a reviewer; names, not URNs, in `depends_on`."""

    protect: bool = False
    retain_on_delete: bool = False
    ignore_changes: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    replacement_trigger: Value = None
    replace_on_changes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Registration:
    """One declared resource; `inputs` carry the provider's names, every secret is `[secret]`."""

    type: str
    name: str
    parent: str | None
    inputs: dict[str, Value]
    options: Options
    custom: bool


@dataclass
class Declared:
    """Everything one run of the program declared."""

    resources: list[Registration] = field(default_factory=list)
    outputs: dict[str, Value] = field(default_factory=dict)


def in_order(resources: Iterable[Registration]) -> list[Registration]:
    """The resources so that each follows its parent and all it depends on.

    Ties go by the name, so the same config gives the same order however the run interleaved.
    """
    by_name = sorted(resources, key=lambda resource: resource.name)
    waiting = {resource.name: resource for resource in by_name}
    if len(waiting) != len(by_name):
        raise ValueError("two resources share a name, so no reader could tell which is meant")
    ordered: list[Registration] = []
    while waiting:
        for name, resource in waiting.items():
            needed = {*resource.options.depends_on, resource.parent}
            if not needed & (waiting.keys() - {name}):
                ordered.append(waiting.pop(name))
                break
        else:
            raise ValueError(f"resources depend on each other in a circle: {sorted(waiting)}")
    return ordered
