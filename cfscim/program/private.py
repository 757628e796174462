"""What is taken from Pulumi past its public API; seen with pulumi 3.272.0, pulumi-policy 1.21.0."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from pulumi.runtime import resource
from pulumi.runtime.proto import source_pb2

from cfscim.config.json_types import Json


@contextmanager
def without_stack_traces() -> Iterator[None]:
    """Pulumi notes the call stack of every resource for the engine; here nobody would read it.

    A quarter of a run's time. With a Pulumi that has no such function nothing is changed.
    """
    name = "_get_stack_trace"
    original = getattr(resource, name, None)
    if original is None:
        yield
        return
    setattr(resource, name, lambda: source_pb2.StackTrace())
    try:
        yield
    finally:
        setattr(resource, name, original)


def read_properties_with(readable: Callable[[Json], Json]) -> None:
    """Makes the SDK of policy packs read each property of a resource with `readable`; to be called
    before the pack is served."""
    from pulumi_policy import policy

    def properties(given: Mapping[str, Json], _proxy_secrets: bool = False) -> dict[str, Json]:
        return {key: readable(value) for key, value in given.items()}

    policy.deserialize_properties = properties  # pyright: ignore[reportPrivateImportUsage]
