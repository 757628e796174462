"""What an update makes of each resource: create, update, replace, delete, and what it refuses."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from cfscim.config.credentials import MASK
from cfscim.config.kinds import PREVIOUS_TOKENS, TOKENS, kind_of
from cfscim.config.messages import PROJECT
from cfscim.config.stand_ins import USER, name_in
from cfscim.plan.report import value_text
from cfscim.program.registrations import Registration, Value
from cfscim.report.document import Code, Inline, Line

KNOWN_LATER = "(known after the update)"
ABSENT = "(not given)"
_LONGEST = 80
ROTATION = "token.rotation"
"""The only replacement trigger that a component sets."""


class Action(StrEnum):
    """What Pulumi does with a resource."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"


@dataclass(frozen=True)
class PropertyChange:
    """One input with its old and its new value, by path: `policies[0].resources`."""

    path: str
    old: Value
    new: Value


@dataclass(frozen=True)
class ResourceChange:
    """One resource that does not stay as it is.

    `reasons`: what forces a replacement, inputs or `token.rotation`. `refused`: protected, so the
    update stops here. `retained`: Pulumi forgets it, the remote object stays.
    """

    action: Action
    resource: Registration
    urn: str
    changes: tuple[PropertyChange, ...] = ()
    reasons: tuple[PropertyChange, ...] = ()
    refused: bool = False
    retained: bool = False


def resource_changes(
    before: Sequence[Registration], after: Sequence[Registration], stack: str
) -> tuple[ResourceChange, ...]:
    """The changes in the order Pulumi makes them: the new program's order, deletions last.

    Both sequences are whole programs in dependency order; components carry names only and have
    no change of their own.
    """
    old, new = _by_urn(before, stack), _by_urn(after, stack)
    _rename(old, new)
    changed: list[ResourceChange] = []
    fresh: set[str] = set()
    for urn, resource in new.items():
        change = (
            _compared(urn, old[urn], resource, fresh, after)
            if urn in old
            else ResourceChange(Action.CREATE, resource, urn)
        )
        if change is not None:
            changed.append(change)
            if change.action in (Action.CREATE, Action.REPLACE) and not change.refused:
                fresh.add(resource.name)
    for urn, resource in reversed(old.items()):
        if urn not in new:
            options = resource.options
            changed.append(
                ResourceChange(
                    Action.DELETE,
                    resource,
                    urn,
                    refused=options.protect,
                    retained=_is_retained(resource, after),
                )
            )
    return tuple(changed)


def _rename(old: dict[str, Registration], new: Mapping[str, Registration]) -> None:
    """Puts what the new program declares under another name where the new program looks for it."""
    names: dict[str, str] = {}
    for urn, resource in new.items():
        stem = urn.removesuffix(resource.name)
        known = [f"{stem}{alias}" for alias in resource.options.aliases]
        former = next((was for was in known if was in old), None)
        if urn not in old and former is not None:
            names[old[former].name] = resource.name
            old[urn] = old.pop(former)
    if names:
        for urn, resource in old.items():
            old[urn] = _called(resource, names)


def _called(resource: Registration, names: Mapping[str, str]) -> Registration:
    """The resource with the names that others have now in the values made from them."""
    return replace(
        resource,
        inputs={key: _values_called(value, names) for key, value in resource.inputs.items()},
    )


def _values_called(value: Value, names: Mapping[str, str]) -> Value:
    if isinstance(value, dict):
        return {key: _values_called(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [_values_called(inner, names) for inner in value]
    if isinstance(value, str) and value.startswith("${"):
        name, dot, rest = value[2:].partition(".")
        return f"${{{names[name]}{dot}{rest}" if name in names else value
    return value


def shown(value: Value) -> Value:
    """A look-up of a person as the address that is looked up."""
    person = name_in(USER, value)
    return value if person is None else person


def _by_urn(resources: Iterable[Registration], stack: str) -> dict[str, Registration]:
    """The remote resources by URN, which holds the types of everything above a resource."""
    chains: dict[str, str] = {}
    by_urn: dict[str, Registration] = {}
    for resource in resources:
        above = chains.get(resource.parent or "")
        chain = f"{above}${resource.type}" if above else resource.type
        chains[resource.name] = chain
        if resource.custom:
            by_urn[f"urn:pulumi:{stack}::{PROJECT}::{chain}::{resource.name}"] = resource
    return by_urn


def _compared(
    urn: str,
    old: Registration,
    new: Registration,
    fresh: set[str],
    after: Sequence[Registration],
) -> ResourceChange | None:
    """The change of a resource that both programs declare; nothing when it stays as it is.

    `fresh`: resources that will have another id, so that what is made from their outputs changes.
    """
    ignored = {*new.options.ignore_changes}
    changes = [
        change
        for key in sorted({*old.inputs, *new.inputs} - ignored)
        for change in _differences(key, old.inputs.get(key), new.inputs.get(key))
    ]
    changes += _made_from(fresh, new, {_top(change.path) for change in changes} | ignored)
    trigger = old.options.replacement_trigger != new.options.replacement_trigger
    if not changes and not trigger:
        return None
    forcing = kind_of(new.type).forces_new | {*new.options.replace_on_changes}
    if new.type == PREVIOUS_TOKENS and not _keeps_previous(after):
        forcing |= {"tokenId"}
    reasons = [change for change in changes if _top(change.path) in forcing]
    if trigger:
        was, now = old.options.replacement_trigger, new.options.replacement_trigger
        reasons.append(PropertyChange(ROTATION, was, now))
    replaced = bool(reasons)
    return ResourceChange(
        Action.REPLACE if replaced else Action.UPDATE,
        new,
        urn,
        tuple(changes),
        tuple(reasons),
        # Unprotecting and replacing in one update is allowed, so both sides count.
        refused=replaced and old.options.protect and new.options.protect,
        retained=replaced and _is_retained(old, after),
    )


def _is_retained(old: Registration, after: Sequence[Registration]) -> bool:
    """Whether the remote object stays; a token, which the engine only forgets, is ended by another
    resource unless it is to live on for a while."""
    return old.options.retain_on_delete and (old.type not in TOKENS or _keeps_previous(after))


def _keeps_previous(after: Iterable[Registration]) -> bool:
    return any(
        resource.type == PREVIOUS_TOKENS and resource.inputs.get("keepPrevious")
        for resource in after
    )


def _made_from(
    fresh: set[str], resource: Registration, known: set[str]
) -> Iterator[PropertyChange]:
    """Inputs that read the same in both programs and yet get another value."""
    for key, sources in resource.fed_by.items():
        if key not in known and key in resource.inputs and fresh.intersection(sources):
            marks = (MASK, *(f"${{{name}." for name in fresh))
            paths = list(_holding(marks, key, resource.inputs[key]))
            for path, old in paths or [(key, resource.inputs[key])]:
                yield PropertyChange(path, old, KNOWN_LATER)


def _holding(marks: tuple[str, ...], path: str, value: Value) -> Iterator[tuple[str, Value]]:
    """Every text in `value` that holds one of the marks, with its path."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _holding(marks, f"{path}.{key}", inner)
    elif _of_objects(value):
        for key, inner in _items(value).items():
            yield from _holding(marks, f"{path}[{key}]", inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _holding(marks, path, inner)
    elif isinstance(value, str) and any(mark in value for mark in marks):
        yield path, value


def _differences(path: str, old: Value, new: Value) -> Iterator[PropertyChange]:
    """Every leaf that differs; a list of plain values is one leaf."""
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from _differences(f"{path}.{key}", old.get(key), new.get(key))
    elif _of_objects(old) and _of_objects(new):
        before, after = _items(old), _items(new)
        for key in [*before, *(key for key in after if key not in before)]:
            yield from _differences(f"{path}[{key}]", before.get(key), after.get(key))
    else:
        yield PropertyChange(path, old, new)


def _of_objects(value: Value) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def _items(value: Value) -> Mapping[str, Value]:
    """The objects of a list by their own key where they have one, by position otherwise."""
    assert isinstance(value, list)
    return {
        str(item["key"]) if isinstance(item, dict) and "key" in item else str(index): item
        for index, item in enumerate(value)
    }


def _top(path: str) -> str:
    return path.split(".")[0].split("[")[0]


def reasons_line(reasons: Iterable[PropertyChange]) -> Line:
    """`name` changes from `Billing` to `Cloudflare Billing`, one after the other."""
    line: list[Inline] = []
    for why in reasons:
        line += [" and "] if line else []
        line += [Code(why.path), " changes from ", Code(short(why.old))]
        line += [" to ", Code(short(why.new))]
    return tuple(line)


def short(value: Value) -> str:
    """`text_of`, cut where it is long."""
    text = text_of(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def text_of(value: Value) -> str:
    """An input's value as one line of text."""
    return ABSENT if value is None else value_text(shown(value))
