"""The longest chain of calls in a first update of which each waits for the one before it."""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs

from cfscim.program.registrations import Declared
from cfscim.rehearsal.carrier import Carrier
from cfscim.vendors.http import Answer, Call, HttpClient

Made = Counter[tuple[str, str]]
"""Calls to vendors by the resource (type and name) or the look-up that made them."""
LOOK_UP = "look-up"


@contextmanager
def counting() -> Iterator[Made]:
    """Counts the calls that a rehearsal makes within."""
    made, about, lock = Made(), threading.local(), threading.Lock()
    look_up, new_resource, send = Carrier.call, Carrier.new_resource, HttpClient.send

    def counted_look_up(self: Carrier, args: MockCallArgs) -> Any:
        about.key = (LOOK_UP, f"{args.token} {args.args}")
        return look_up(self, args)

    def counted_resource(self: Carrier, args: MockResourceArgs) -> Any:
        about.key = (args.typ, args.name)
        return new_resource(self, args)

    def counted_send(self: HttpClient, call: Call) -> Answer:
        with lock:
            made[getattr(about, "key", (LOOK_UP, ""))] += 1
        return send(self, call)

    with ExitStack() as patched:
        patched.enter_context(patch.object(Carrier, "call", counted_look_up))
        patched.enter_context(patch.object(Carrier, "new_resource", counted_resource))
        patched.enter_context(patch.object(HttpClient, "send", counted_send))
        yield made


def longest_chain(declared: Declared, made: Mapping[tuple[str, str], int]) -> int:
    """The calls in it, as they were made; the look-ups come first, side by side."""
    below: dict[str | None, list[str]] = {}
    for resource in declared.resources:
        below.setdefault(resource.parent, []).append(resource.name)

    def with_children(name: str) -> Iterator[str]:
        yield name
        for child in below.get(name, ()):
            yield from with_children(child)

    asked = max((number for (kind, _), number in made.items() if kind == LOOK_UP), default=0)
    ended: dict[str, int] = {}
    for resource in declared.resources:
        fed = {name for names in resource.fed_by.values() for name in names}
        needed = {
            one for name in {*resource.options.depends_on, *fed} for one in with_children(name)
        }
        begun = max((ended.get(name, 0) for name in needed - {resource.name}), default=0)
        own = made.get((resource.type, resource.name), 0)
        ended[resource.name] = max(begun, asked) + own
    return max(ended.values(), default=0)
