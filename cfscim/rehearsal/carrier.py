"""Carries out what the program registers, one resource at a time in each of several threads."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks

from cfscim.config.messages import MissingError, ScimError
from cfscim.program.monitor import RecordingMonitor
from cfscim.program.registrations import Options
from cfscim.rehearsal.handler import Change, Handler, Props, Resource, changed_keys
from cfscim.rehearsal.vendors import Vendors

Key = tuple[str, str]
"""Type and name of a resource: what makes it the same one in the next run."""


class Carrier(Mocks):
    """Answers the program as providers would, after doing what they would do.

    `held` is the memory of earlier runs and is kept up to date; `replaced` collects what a
    replacement left behind; `seen` is what this run declares. After the first error nothing new
    is begun, and `failure` is that error.
    """

    def __init__(
        self,
        vendors: Vendors,
        resources: dict[Key, Resource],
        turns: Iterator[int],
        progress: Callable[[str], None],
    ) -> None:
        self.monitor = RecordingMonitor(self)
        self.failure: ScimError | None = None
        self.replaced: list[Resource] = []
        self.seen: set[Key] = set()
        self.counts: Counter[str] = Counter()
        self._vendors = vendors
        self._resources = resources
        self._turns = turns
        self._progress = progress
        self._lock = threading.Lock()

    def call(  # pyright: ignore[reportIncompatibleMethodOverride] - failures may be left out
        self, args: MockCallArgs
    ) -> Props:
        """A look-up's answer. Raises `ScimError`."""
        with self._operation(f"look-up {args.token.rsplit(':', 1)[-1]}"):
            return self._vendors.lookup(args.token)(args.args)

    def new_resource(self, args: MockResourceArgs) -> tuple[str, Props]:
        """Id and outputs of a resource that now is as declared. Raises `ScimError`."""
        if not args.custom:
            return "", {}
        with self._operation(title(args.typ, args.name)):
            resource = self._carried_out(args)
        shown = {k: v for k, v in args.inputs.items() if not rpc.is_rpc_secret(v)}
        return resource.id, {**shown, **resource.outputs}

    def _carried_out(self, args: MockResourceArgs) -> Resource:
        key, options = (args.typ, args.name), self.monitor.declared.options_of(args.typ, args.name)
        handler = self._vendors.handler(args.typ)
        with self._lock:
            before = self._known(key, options)
            self.seen.add(key)
        inputs = _revealed(args.inputs)
        if before is None:
            return self._created(handler, args, inputs, options, "created")
        for ignored in options.ignore_changes:
            inputs[ignored] = before.inputs.get(ignored)
        change = _change(handler, before, inputs, options)
        if change == "replace":
            # As an engine does: pulumi/pkg/resource/deploy/step_generator.go (3.259).
            if before.options.protect and options.protect:
                raise ScimError(
                    title(args.typ, args.name),
                    "this change needs a new one in its place, and it is protected",
                    "whoever has access through it would lose it",
                    "take the change back, or name it under removals (docs/leaving.md)",
                )
            new = self._created(handler, args, inputs, options, "replaced")
            with self._lock:
                self.replaced.append(before)
            return new
        outputs = handler.update(before, inputs) if change == "update" else handler.noted(before)
        after = replace(
            before,
            inputs=inputs,
            outputs=outputs,
            options=options,
            turn=next(self._turns),
            imported=False,
        )
        return self._kept(after, "updated" if change == "update" else "same")

    def _known(self, key: Key, options: Options) -> Resource | None:
        """What earlier runs made of the resource, under its name or one that it had."""
        if key in self._resources:
            return self._resources[key]
        for alias in options.aliases:
            if (key[0], alias) in self._resources:
                renamed = replace(self._resources.pop((key[0], alias)), name=key[1])
                self._resources[key] = renamed
                return renamed
        return None

    def _created(
        self, handler: Handler, args: MockResourceArgs, inputs: Props, options: Options, how: str
    ) -> Resource:
        outcome = handler.create(inputs)
        resource = Resource(
            args.typ, args.name, outcome.id, inputs, outcome.outputs, options, next(self._turns)
        )
        return self._kept(resource, how)

    def _kept(self, resource: Resource, how: str) -> Resource:
        with self._lock:
            self._resources[resource.type, resource.name] = resource
            self.counts[how] += 1
            if how != "same":
                self._progress(f"  {how} {title(resource.type, resource.name)}")
        return resource

    @contextmanager
    def _operation(self, what: str) -> Iterator[None]:
        if self.failure is not None:
            raise self.failure
        try:
            yield
        except ScimError as error:
            with self._lock:
                self.failure = self.failure or named(what, error)
            raise self.failure from None


def title(type_: str, name: str) -> str:
    """How a person is told of a resource, as in `UserGroup user-group-billing`."""
    return f"{type_.rsplit(':', 1)[-1]} {name}"


def named(what: str, error: ScimError) -> ScimError:
    """The error with the resource it is about, still telling what is missing from what is wrong."""
    if str(error).startswith(what):
        return error
    kind = MissingError if isinstance(error, MissingError) else ScimError
    said = error.message
    where = ": ".join(part for part in (what, str(said.where)) if part)
    return kind(where, said.what, said.why, said.instead)


def _change(handler: Handler, before: Resource, inputs: Props, options: Options) -> Change:
    if options.replacement_trigger != before.options.replacement_trigger and not before.imported:
        return "replace"
    change = handler.compare(before, inputs)
    if change == "update" and changed_keys(before.inputs, inputs) & {*options.replace_on_changes}:
        return "replace"
    return change


def _revealed(inputs: Props) -> Props:
    """Inputs as a provider sees them, outside their secret envelopes."""
    return {k: rpc.unwrap_rpc_secret(v) if rpc.is_rpc_secret(v) else v for k, v in inputs.items()}
