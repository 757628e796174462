"""What makes many runs of the program in one process quick: one thread, no traces, no collector."""

import asyncio
import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

from pulumi.runtime import resource as pulumi_resource
from pulumi.runtime.proto import source_pb2


class SharedWorker(ThreadPoolExecutor):
    """The thread in which one run after another makes its calls.

    An event loop shuts its executor down when it ends; this one stays for the next loop.
    """

    def __init__(self) -> None:
        super().__init__(max_workers=1, thread_name_prefix="cfscim-run")

    def shutdown(
        self,
        wait: bool = True,
        *,
        cancel_futures: bool = False,  # noqa: ARG002 - the executor's own signature
    ) -> None:
        """Waits for the calls under way, as far as `wait` asks, and stays usable."""
        if wait:
            self.submit(int).result()

    def close(self) -> None:
        """Ends the thread, and the event loop that Pulumi's monitor made for it."""
        self.submit(_close_loop).result()
        super().shutdown()


def _close_loop() -> None:
    with suppress(RuntimeError):
        asyncio.get_event_loop().close()


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
