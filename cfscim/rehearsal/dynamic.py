"""Our own dynamic resources, carried out by the very provider classes that the engine would run.

Source: pulumi.dynamic.__main__ (3.272): the provider travels in the input `SERIALISED`, is asked
to `check` before anything, and `diff`, `update` and `delete` get the outputs of the last run.
"""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Protocol

import dill
from pulumi.dynamic import (
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    UpdateResult,
)
from pulumi.dynamic.config import Config

from cfscim.config.kinds import OURS, SERIALISED
from cfscim.config.messages import PROJECT, ScimError
from cfscim.rehearsal.handler import Candidate, Change, Handler, Outcome, Props, Resource, Vendor
from cfscim.vendors.clients import Clients


class _Provider(Protocol):
    """What components/rest_resource.py builds upon pulumi.dynamic.ResourceProvider."""

    environment: Mapping[str, str]
    clients: Clients

    def configure(self, req: ConfigureRequest) -> None: ...
    def check(self, _olds: Props, news: Props) -> CheckResult: ...
    def diff(self, _id: str, _olds: Props, _news: Props) -> DiffResult: ...
    def create(self, props: Props) -> CreateResult: ...
    def read(self, id_: str, props: Props) -> ReadResult: ...
    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult: ...
    def delete(self, _id: str, _props: Props) -> None: ...


class _Dynamic(Handler):
    """Any dynamic resource: its inputs say which class carries it out."""

    def __init__(self, settings: Mapping[str, str], env: Mapping[str, str]) -> None:
        self._settings = settings
        self._env = env
        self._seen: dict[str, Props] = {}
        self.clients = Clients()

    @property
    def importable(self) -> bool:
        """Never: creating one again checks or writes what is there, and makes nothing twice."""
        return False

    def find(self, inputs: Props) -> None:
        """Nothing can be looked for."""

    def near(self, inputs: Props) -> tuple[Candidate, ...]:
        """Nothing is like it."""
        del inputs
        return ()

    def read(self, import_id: str) -> None:
        """Nothing can be imported."""

    def refresh(self, resource: Resource) -> Resource | None:
        """The class's own read; without an id it is gone."""
        answer = self._provider(resource.inputs).read(resource.id, resource.outputs)
        return replace(resource, outputs=dict(answer.outs or {})) if answer.id else None

    def create(self, inputs: Props) -> Outcome:
        provider = self._provider(inputs)
        result = provider.create(_checked(provider, {}, inputs))
        return Outcome(str(result.id), dict(result.outs or {}))

    def update(self, resource: Resource, inputs: Props) -> Props:
        provider = self._provider(inputs)
        news = _checked(provider, resource.outputs, inputs)
        return dict(provider.update(resource.id, resource.outputs, news).outs or {})

    def noted(self, resource: Resource) -> Props:
        """With what `check` saw beside what makes a difference, as the engine keeps the inputs."""
        return {**self._seen.pop(resource.name), **resource.outputs}

    def delete(self, resource: Resource) -> None:
        self._provider(resource.inputs).delete(resource.id, resource.outputs)

    def compare(self, resource: Resource, inputs: Props) -> Change:
        provider = self._provider(inputs)
        news = self._seen[resource.name] = _checked(provider, resource.outputs, inputs)
        difference = provider.diff(resource.id, resource.outputs, news)
        if not difference.changes:
            return "same"
        return "replace" if difference.replaces else "update"

    def _provider(self, inputs: Props) -> _Provider:
        # Serialised a moment ago by the program in this very process.
        provider: _Provider = dill.loads(base64.b64decode(str(inputs[SERIALISED])))  # noqa: S301
        provider.configure(ConfigureRequest(config=Config(dict(self._settings), PROJECT)))
        # The plugin has the engine's environment; ours is given, and is not this process's.
        provider.environment = self._env
        provider.clients = self.clients
        return provider


class _ByType(Mapping[str, Handler]):
    """Any of our own types -> the handler, which is shared by all."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    def __getitem__(self, type_: str) -> Handler:
        if not type_.startswith(OURS):
            raise KeyError(type_)
        return self._handler

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def dynamic(settings: Mapping[str, str], env: Mapping[str, str]) -> Vendor:
    """Our own resources, signed in with the same settings as the rest of the run."""
    handler = _Dynamic(settings, env)
    return Vendor(handler.clients, _ByType(handler), {})


def _checked(provider: _Provider, olds: Props, inputs: Props) -> Props:
    """The inputs without the provider itself. Raises `ScimError` where they are refused."""
    result = provider.check(olds, {k: v for k, v in inputs.items() if k != SERIALISED})
    if result.failures:
        raise ScimError("; ".join(failure.reason for failure in result.failures))
    return dict(result.inputs)
