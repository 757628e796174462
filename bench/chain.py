"""The longest chain of calls in a first update of which each waits for the one before it."""

from collections.abc import Iterator

from cfscim.config.calls import Asked, calls_to_make
from cfscim.program.registrations import Declared


def longest_chain(declared: Declared) -> int:
    """The calls in it, as the providers make them; the look-ups come first, side by side."""
    below: dict[str | None, list[str]] = {}
    for resource in declared.resources:
        below.setdefault(resource.parent, []).append(resource.name)

    def with_children(name: str) -> Iterator[str]:
        yield name
        for child in below.get(name, ()):
            yield from with_children(child)

    asked = max((_calls(one) for one in declared.lookups), default=0)
    ended: dict[str, int] = {}
    for resource in declared.resources:
        fed = {name for names in resource.fed_by.values() for name in names}
        needed = {
            one for name in {*resource.options.depends_on, *fed} for one in with_children(name)
        }
        begun = max((ended.get(name, 0) for name in needed - {resource.name}), default=0)
        own = _calls((resource.type, resource.inputs)) if resource.custom else 0
        ended[resource.name] = max(begun, asked) + own
    return max(ended.values(), default=0)


def _calls(asked: Asked) -> int:
    return sum(count.all for count in calls_to_make([asked]).values())
