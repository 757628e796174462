"""What makes runs of the program in this process quick: no threads, no traces, no collector."""

import gc
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from pulumi.runtime import resource as pulumi_resource
from pulumi.runtime.proto import source_pb2

T = TypeVar("T")


class AtOnce(ThreadPoolExecutor):
    """An event loop's executor that makes each call where it is asked for: where nothing is waited
    for, a thread only costs."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """The call's result, or its error."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


@contextmanager
def collecting_afterwards() -> Iterator[None]:
    """Nearly all that a run makes lives until its end: looking for garbage before is a third of
    its time. What ran with the collector off keeps it off.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def without_stack_traces() -> Iterator[None]:
    """Pulumi notes the call stack of every resource for the engine; here nobody would read it.

    A quarter of a run's time. With a Pulumi that has no such function nothing is changed.
    """
    name = "_get_stack_trace"
    original = getattr(pulumi_resource, name, None)
    if original is None:
        yield
        return
    setattr(pulumi_resource, name, lambda: source_pb2.StackTrace())
    try:
        yield
    finally:
        setattr(pulumi_resource, name, original)
