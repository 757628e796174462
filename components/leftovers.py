"""Takes up what an earlier update left behind: created, but never told, or told too late.

The engine's own records say what to look for (`engine_state.py`, `adopt/stack_state.py`); what
exists of it is found by `cfscim/adopt/leftovers.py`, and imported or deleted by this very update.
`pulumi preview` shows it. Deliberately not here: taking over anything else of the right name.
"""

import asyncio
import copy
import os
import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, cast

import pulumi
from pulumi.runtime.mocks import MockEngine
from pulumi.runtime.settings import get_engine

from cfscim.adopt.stack_state import StackState, Unfinished
from cfscim.config.json_types import Json
from cfscim.config.messages import ScimError
from components.engine_state import last_update_failed, stack_state

if TYPE_CHECKING:
    from cfscim.adopt.leftovers import Leftover

_VENDORS = ("cloudflare:", "okta:", "azuread:")


class _ProgramSettings(Mapping[str, str]):
    """The stack's config by keys such as `okta:orgName`, as the providers have it."""

    def __getitem__(self, key: str) -> str:
        namespace, _, name = key.partition(":")
        value = pulumi.Config(namespace).get(name)
        if value is None:
            raise KeyError(key)
        return value

    # The engine gives no list of keys; callers ask by name.
    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def adopting_leftovers() -> pulumi.ResourceOptions:
    """Options for the component at the top, by which all below it adopt what was left behind.

    During an update, removes a token whose value nobody learnt, and the twin of a token or app
    that was asked for twice. Raises `pulumi.RunError` with one line where the state or a vendor
    cannot be read.
    """
    if isinstance(get_engine(), MockEngine):  # `plan`, and the rehearsal, which adopts by itself
        return pulumi.ResourceOptions()
    try:
        state = stack_state()
        leftovers = _handled(state)
    except ScimError as error:
        raise pulumi.RunError(str(error)) from None
    ids = {
        (one.resource.type, one.resource.name): one.id for one in leftovers if one.action == "adopt"
    }
    second = _SecondAttempt(state)

    def adopt(
        args: pulumi.ResourceTransformationArgs,
    ) -> pulumi.ResourceTransformationResult | None:
        found = ids.get((args.type_, args.name))
        options = copy.copy(args.opts)
        if found is not None:
            _import(options, found)
        elif second.concerns(args.type_, args.name):
            options.transforms = [*(options.transforms or ()), second.look]
        else:
            return None
        return pulumi.ResourceTransformationResult(args.props, options)

    return pulumi.ResourceOptions(transformations=[adopt])


class _SecondAttempt:
    """Creates again what a failed update has not recorded, unless that update created it unseen:
    the provider asked twice, and the vendor refused the second time."""

    def __init__(self, state: StackState) -> None:
        self._state = state
        self._settings = _ProgramSettings()
        self._lock = threading.Lock()
        self._failed: bool | None = None

    def concerns(self, type_: str, name: str) -> bool:
        """Whether the stack has a past, and this resource is new in it."""
        held = self._state.held
        return bool(held) and type_.startswith(_VENDORS) and (type_, name) not in held

    async def look(
        self, args: pulumi.ResourceTransformArgs
    ) -> pulumi.ResourceTransformResult | None:
        """Imports what is exactly this resource already. Where that cannot be told, logs the one
        line of the error, and the resource is not created."""
        props = await pulumi.Output.from_input(args.props).future()
        inputs = cast("Mapping[str, Json] | None", props)
        if inputs is None or _has_gap(inputs):
            return None  # a preview, which cannot know it yet
        one = Unfinished(args.type_, args.name, inputs)
        # In a thread: a vendor's answer must not hold up the other resources.
        try:
            leftovers = await asyncio.to_thread(self._left, one)
        except ScimError as error:
            pulumi.log.error(str(error))
            # An exception would end in a traceback; what does not exist cannot be imported.
            _import(args.opts, "unknown")
            return pulumi.ResourceTransformResult(args.props, args.opts)
        for leftover in leftovers:
            pulumi.log.warn(_announcement(leftover))
        adopted = [leftover.id for leftover in leftovers if leftover.action == "adopt"]
        if not adopted:
            return None
        _import(args.opts, adopted[0])
        return pulumi.ResourceTransformResult(args.props, args.opts)

    def _left(self, one: Unfinished) -> "tuple[Leftover, ...]":
        with self._lock:
            if self._failed is None:
                self._failed = last_update_failed()
        if not self._failed:
            return ()
        from cfscim.adopt.leftovers import left_of, remove

        leftovers = left_of(one, self._state.ids, self._settings, os.environ)
        if not pulumi.runtime.is_dry_run():
            remove(leftovers, self._settings, os.environ)
        return leftovers


def _handled(state: StackState) -> "tuple[Leftover, ...]":
    if not state.unfinished and not state.recent:
        return ()
    # Loads the clients of all three vendors, which a run without leftovers does not need.
    from cfscim.adopt.leftovers import find_leftovers, remove

    settings = _ProgramSettings()
    leftovers = find_leftovers(state, settings, os.environ)
    for leftover in leftovers:
        pulumi.log.warn(_announcement(leftover))
    if not pulumi.runtime.is_dry_run():
        remove(leftovers, settings, os.environ)
    return leftovers


def _import(options: pulumi.ResourceOptions, id_: str) -> None:
    options.import_ = id_
    # Half made, it may not have its name yet; that is put right in place.
    options.replace_on_changes = None


def _announcement(leftover: "Leftover") -> str:
    resource, now = leftover.resource, "would be" if pulumi.runtime.is_dry_run() else "is"
    if resource.made is not None:
        return (
            f"{resource.name}: {leftover.id} is exactly the same and was never used: an answer was "
            f"lost, and the provider asked twice; it {now} deleted"
        )
    did = f"an earlier update created {leftover.id} without learning of it"
    if leftover.action == "adopt":
        return f"{resource.name}: {did}; it is adopted"
    return f"{resource.name}: {did}, and nobody knows its value; it {now} deleted, not used"


def _has_gap(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(_has_gap(one) for one in value.values())
    if isinstance(value, list):
        return any(_has_gap(one) for one in value)
    return value is None
