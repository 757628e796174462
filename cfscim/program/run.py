"""Runs the Pulumi program in this process, under a monitor of ours instead of an engine."""

import asyncio
import gc
import json
import logging
import runpy
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pulumi import RunError
from pulumi.runtime import run_in_stack, set_all_config
from pulumi.runtime.mocks import MockEngine, MockSettings
from pulumi.runtime.proto import engine_pb2
from pulumi.runtime.settings import configure, set_root_resource
from pulumi.runtime.stack import wait_for_rpcs

from cfscim.config.messages import PROJECT, ScimError
from cfscim.program.monitor import RecordingMonitor
from cfscim.program.private import without_stack_traces
from cfscim.program.registrations import Declared, in_order

PROGRAM = Path(__file__).resolve().parents[2] / "__main__.py"

T = TypeVar("T")
_log = logging.getLogger(__name__)


def run_program(
    monitor: RecordingMonitor,
    *,
    stack: str,
    config: Mapping[str, object],
    preview: bool,
    program: Path = PROGRAM,
) -> Declared:
    """Executes `program` for `stack` and returns what it declared, in dependency order.

    `config`: the stack file's `config` mapping; objects are handed over as the JSON text the
    engine would give. Raises `ScimError` with the program's own message when it gives up.
    """
    # What a failed run before this one left waiting belongs to a loop that is closed.
    outputs: set[asyncio.Task[object]] = set()
    told = _Told(_log)
    configure(
        MockSettings(
            monitor=monitor,
            monitor_features=set(monitor.GetDeploymentInfo(None).supportedFeatures),
            engine=told,
            project=PROJECT,
            stack=stack,
            dry_run=preview,
            organization=None,
            callbacks=None,
            outputs=outputs,
        )
    )
    set_all_config({key: v if isinstance(v, str) else json.dumps(v) for key, v in config.items()})
    try:
        with (
            _event_loop(at_once=monitor.answers_at_once) as loop,
            without_stack_traces(),
            _collecting_afterwards(),
        ):
            loop.run_until_complete(run_in_stack(lambda: _execute(program, outputs)))
    except RunError as error:
        raise ScimError(str(error)) from None
    except SystemExit:
        raise ScimError("\n".join(told.errors)) from None
    declared = monitor.declared
    return Declared(in_order(declared.resources), declared.outputs, declared.lookups)


@contextmanager
def _event_loop(*, at_once: bool) -> Iterator[asyncio.AbstractEventLoop]:
    """A loop for one run; Pulumi remembers nothing of another run in it, or after it."""
    set_root_resource(None)  # pyright: ignore[reportArgumentType] - clears it
    loop = asyncio.new_event_loop()
    tasks: list[asyncio.Task[Any]] = []
    loop.set_task_factory(_kept_in(tasks))
    # Errors arrive here as exceptions; the loop would print those that nobody awaited as well.
    loop.set_exception_handler(lambda _loop, context: _log.debug("%s", context.get("message")))
    if at_once:
        loop.set_default_executor(AtOnce())
    try:
        asyncio.set_event_loop(loop)
        yield loop
    finally:
        _finish(loop, tasks)
        asyncio.set_event_loop(None)
        loop.close()
        set_root_resource(None)  # pyright: ignore[reportArgumentType] - clears it


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
def _collecting_afterwards() -> Iterator[None]:
    """Nearly all that a run makes lives until its end: looking for garbage before is a third of
    its time. What ran with the collector off keeps it off."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class _Told(MockEngine):
    """Keeps what the program tells a person before it ends."""

    def __init__(self, logger: logging.Logger) -> None:
        super().__init__(logger)
        self.errors: list[str] = []

    def Log(self, request: engine_pb2.LogRequest) -> None:  # noqa: N802 - the engine's own name
        if request.severity == engine_pb2.ERROR:
            self.errors.append(request.message)
        else:
            super().Log(request)


def _kept_in(tasks: list[asyncio.Task[Any]]) -> Callable[..., asyncio.Task[Any]]:
    """A loop's task factory that notes each task: to ask asyncio for them is to look through those
    of every run before as well."""

    def task_of(loop: asyncio.AbstractEventLoop, coroutine: Any, **given: Any) -> asyncio.Task[Any]:
        task = asyncio.Task(coroutine, loop=loop, **given)
        tasks.append(task)
        return task

    return task_of


def _finish(loop: asyncio.AbstractEventLoop, tasks: list[asyncio.Task[Any]]) -> None:
    """Ends what a failed run left behind; calls under way in threads are awaited, not abandoned."""
    waiting = [task for task in tasks if not task.done()]
    for task in waiting:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*waiting, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_default_executor())


async def _execute(program: Path, outputs: set[asyncio.Task[object]]) -> None:
    # A guest here: the process and its signals are the command's.
    runpy.run_path(str(program), run_name="cloudflare_scim")
    await wait_for_rpcs(await_all_outstanding_tasks=False)
    # Pulumi waits for the first of all outputs, again and again: its time grows with their square.
    if outputs:
        await asyncio.wait([*outputs], return_when=asyncio.FIRST_EXCEPTION)
