"""The resources of a review: what each is in words, and its inputs line by line for who asks."""

from collections.abc import Iterable, Iterator, Sequence

from cfscim.config.kinds import kind_of, words_for
from cfscim.plan.values import value_text
from cfscim.program.registrations import Value
from cfscim.report.document import (
    Bullets,
    Code,
    Diff,
    Fold,
    Inline,
    Line,
    Section,
    Weight,
    count,
    plain,
)
from cfscim.review.changes import (
    ABSENT,
    KNOWN_LATER,
    Action,
    PropertyChange,
    Reason,
    ResourceChange,
    shown,
)
from cfscim.review.compare import Review

UNFOLDED = 15
"""Resources that are listed without unfolding."""
_MOST_CHANGES = 3
_MOST_MEMBERS = 5
_LONGEST = 80

_DONE = {
    Action.REPLACE: "replaced",
    Action.DELETE: "deleted",
    Action.UPDATE: "updated in place",
    Action.CREATE: "created",
}
_UNMANAGED = "no longer managed, stays as it is"
_SIGNS = {Action.REPLACE: "±", Action.DELETE: "-", Action.UPDATE: "~", Action.CREATE: "+"}


def resource_counts(changes: Sequence[ResourceChange]) -> str:
    """`Resources: 1 replaced, 2 deleted (1 refused), 3 no longer managed.`"""
    parts = []
    for action, done in _DONE.items():
        found = [one for one in changes if one.action is action and not _let_go(one)]
        if found:
            refused = sum(one.refused for one in found)
            note = f" ({refused} of them refused)" if refused and refused < len(found) else ""
            note = " (refused)" if refused == len(found) else note
            parts.append(f"{len(found)} {done}{note}")
    if kept := sum(_let_go(one) for one in changes):
        parts.append(f"{kept} no longer managed")
    return f"Resources: {', '.join(parts)}." if parts else "No resource changes."


def resources_section(review: Review) -> Iterator[Section]:
    """What happens in the three consoles; nothing when no resource changes."""
    if not review.resources:
        return
    changes = sorted(review.resources, key=_risk)
    bullets = Bullets(tuple(_line(change) for change in changes), Weight.NORMAL)
    title = f"All {count(len(changes), 'resource')} that change"
    listed = bullets if len(changes) <= UNFOLDED else Fold(title, (bullets,))
    details = Fold("Every input, old and new", (Diff(tuple(_details(review.resources))),))
    yield Section("Resources", (listed, details))


def reasons_line(reasons: Iterable[Reason]) -> Line:
    """`name` changes from `Billing` to `Cloudflare Billing`, one after the other."""
    line: list[Inline] = []
    for why in reasons:
        line += [" and "] if line else []
        line += [Code(why.path), " changes from ", Code(_short(why.old))]
        line += [" to ", Code(_short(why.new))]
    return tuple(line)


def _let_go(change: ResourceChange) -> bool:
    return change.action is Action.DELETE and change.retained and not change.refused


def _risk(change: ResourceChange) -> tuple[bool, bool, int]:
    return not change.refused, _let_go(change), list(_DONE).index(change.action)


def _line(change: ResourceChange) -> Line:
    words = words_for(change.resource.type)
    words = words[0].upper() + words[1:]
    line: list[Inline] = [f"{words} ", Code(change.resource.name), f": {_outcome(change)}"]
    if change.reasons:
        line += [", because ", *reasons_line(change.reasons)]
    elif change.changes:
        line += [": ", *_inline(change.changes)]
    if change.refused:
        line.append("; refused, because it is protected")
    return (*line, ".")


def _outcome(change: ResourceChange) -> str:
    done = _DONE[change.action]
    if change.refused:
        return f"would be {done}"
    if _let_go(change):
        return _UNMANAGED
    if change.action is Action.DELETE:
        meaning = kind_of(change.resource.type).when_deleted
        return f"{done}; {meaning}" if meaning else done
    return f"{done}, the old one stays" if change.retained else done


def _inline(changes: Sequence[PropertyChange]) -> Line:
    """The first changed inputs, short ones with their values."""
    line: list[Inline] = []
    for change in changes[:_MOST_CHANGES]:
        line += ["; "] if line else []
        line += [Code(change.path), " ", *_values(change)]
    if len(changes) > _MOST_CHANGES:
        line.append(f"; {len(changes) - _MOST_CHANGES} more inputs")
    return tuple(line)


def _values(change: PropertyChange) -> Iterator[Inline]:
    if change.new == KNOWN_LATER:
        yield "gets a new value"
        return
    added, removed = _members(change)
    signed = [*(f"+{one}" for one in added), *(f"-{one}" for one in removed)]
    for index, one in enumerate(signed[:_MOST_MEMBERS]):
        yield " " if index else ""
        yield Code(one)
    if len(signed) > _MOST_MEMBERS:
        yield f" and {len(signed) - _MOST_MEMBERS} more"
    if not signed:
        yield from (Code(_short(change.old)), " → ", Code(_short(change.new)))


def _members(change: PropertyChange) -> tuple[list[str], list[str]]:
    """What is added to and what is taken from a list of plain values."""
    if not isinstance(change.old, list) or not isinstance(change.new, list):
        return [], []
    old, new = [_text(one) for one in change.old], [_text(one) for one in change.new]
    return [one for one in new if one not in old], [one for one in old if one not in new]


def _short(value: Value) -> str:
    text = _text(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _text(value: Value) -> str:
    return ABSENT if value is None else value_text(shown(value))


def _details(changes: Iterable[ResourceChange]) -> Iterator[str]:
    for change in changes:
        resource = change.resource
        refused = ", refused" if change.refused else ""
        sign = _SIGNS[change.action]
        yield f"{sign} {resource.type} {resource.name}: {_outcome(change)}{refused}"
        for reason in change.reasons:
            yield f"      # because {plain(reasons_line([reason]))}"
        if change.action is Action.CREATE:
            for key in sorted(resource.inputs):
                yield f"+     {key}: {_text(resource.inputs[key])}"
        for one in change.changes:
            yield from _pair(one)


def _pair(change: PropertyChange) -> Iterator[str]:
    added, removed = _members(change)
    if added or removed:
        yield f"      {change.path}:"
        yield from (f"-       {value}" for value in removed)
        yield from (f"+       {value}" for value in added)
    elif change.new == KNOWN_LATER:
        yield f"      {change.path}: a new value {KNOWN_LATER}"
    else:
        yield f"-     {change.path}: {_text(change.old)}"
        yield f"+     {change.path}: {_text(change.new)}"
