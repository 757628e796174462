"""Groups for scoping filters, by name."""

from collections.abc import Iterable

from cfscim.vendors.entra.job_schema import ScopedGroup


def scoped(names: Iterable[str]) -> list[ScopedGroup]:
    """A group of each name, with an id that follows from it."""
    return [ScopedGroup(f"id-{name}", name) for name in names]
