"""The common half of our REST-backed dynamic resources: settings, comparison, quiet errors.

Such a resource keeps only ids and settings in its state: no credential, no token. It signs in
as the stack's provider does, from the stack's config first and the environment second.
"""

import os
import sys
import traceback
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ResourceProvider,
    UpdateResult,
)
from pulumi.dynamic.config import Config

from cfscim.config.messages import ScimError
from cfscim.vendors.clients import Clients

if TYPE_CHECKING:
    from cfscim.vendors.cloudflare.api import CloudflareClient
    from cfscim.vendors.entra.api import GraphClient
    from cfscim.vendors.okta.api import OktaClient

Props = dict[str, object]


def texts(value: object) -> list[str]:
    """An input, or a part of the state, that is a list of text; nothing where it is none."""
    return [str(text) for text in value] if isinstance(value, list) else []


def owner_of(name: object) -> Literal["account", "user"]:
    """Whose a token is, by an input or a part of the state."""
    return "user" if name == "user" else "account"


class StackSettings(Mapping[str, str]):
    """The stack's config as a read-only mapping, with keys such as `okta:orgName`."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def __getitem__(self, key: str) -> str:
        value = self._config.get(key)
        if value is None:
            raise KeyError(key)
        return str(value)

    # The engine hands over no list of keys; callers ask by name.
    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


_OF_THE_PLUGIN = Clients()
"""The plugin's process serves one update of one stack, and ends with it."""


def _told(error: BaseException | None) -> str:
    """An error as the engine shows it: what we refuse in our own words, else with its kind."""
    if isinstance(error, ScimError):
        return str(error)
    return f"{type(error).__name__}: {error}"


class RestProvider(ResourceProvider):
    """Base of our dynamic resource providers.

    `declared`: the inputs that make a difference; `optional`: those that may be absent as well;
    `replace_on`: those of them that mean another remote object. A subclass must be importable, or
    the engine would store its code by value; its module loads no config models, which the
    plugin's process would do for every preview.
    """

    declared: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    replace_on: tuple[str, ...] = ()

    def configure(self, req: ConfigureRequest) -> None:
        """Remembers the stack's config for signing in; never part of the state."""
        self.settings: Mapping[str, str] = StackSettings(req.config)
        self.environment: Mapping[str, str] = os.environ
        self.clients = Clients()
        if getattr(sys.modules["__main__"].__spec__, "name", "") == "pulumi.dynamic.__main__":
            # The plugin answers an error with its whole traceback; its message is enough.
            traceback.format_exc = lambda *_limits, **_more: _told(sys.exception())
            self.clients = _OF_THE_PLUGIN

    def okta(self) -> "OktaClient":
        """The run's client, signed in as the Okta provider is; imported when it is needed."""
        from cfscim.vendors.okta.api import OktaClient

        return self.clients.shared(
            OktaClient, lambda: OktaClient.from_settings(self.settings, self.environment)
        )

    def graph(self) -> "GraphClient":
        """The run's client, signed in as the azuread provider is; imported when it is needed."""
        from cfscim.vendors.entra.api import GraphClient

        return self.clients.shared(
            GraphClient, lambda: GraphClient.from_settings(self.settings, self.environment)
        )

    def cloudflare(self) -> "CloudflareClient":
        """The run's client, signed in as the Cloudflare provider is; imported when it is needed."""
        from cfscim.vendors.cloudflare.api import CloudflareClient

        return self.clients.shared(
            CloudflareClient,
            lambda: CloudflareClient.from_settings(self.settings, self.environment),
        )

    def kept(self, props: Props) -> Props:
        """What the state holds of the inputs: those that are declared."""
        given = {key: props[key] for key in self.optional if key in props}
        return {key: props[key] for key in self.declared} | given

    def check(self, _olds: Props, news: Props) -> CheckResult:
        """Refuses a declared input that is absent."""
        failures = [
            CheckFailure(key, f"{key} is missing; the resource cannot be found without it")
            for key in self.declared
            if key not in news
        ]
        return CheckResult(news, failures)

    def diff(self, _id: str, olds: Props, news: Props) -> DiffResult:
        """Compares declared inputs with what the last run, or a refresh, found."""
        keys = (*self.declared, *self.optional)
        changed = [key for key in keys if olds.get(key) != news.get(key)]
        return DiffResult(
            changes=bool(changed),
            replaces=[key for key in changed if key in self.replace_on],
            # Two of the same kind on one remote object would undo each other.
            delete_before_replace=False,
        )


class RepeatedProvider(RestProvider, ABC):
    """For what is done when the resource is made, and anew at every change of it; what it does is
    in `done`. Where a subclass says nothing else, a refresh keeps the state and a deletion undoes
    nothing: a look or a test is an event.

    `id_form`: the resource's id, with inputs in braces.
    """

    id_form: str

    @abstractmethod
    def done(self, props: Props) -> Props:
        """Does it for these inputs; returns the state. Raises `ScimError`."""

    def create(self, props: Props) -> CreateResult:
        """For the first time."""
        return CreateResult(self.id_form.format_map(props), self.done(props))

    def update(self, _id: str, _olds: Props, news: Props) -> UpdateResult:
        """Again, with the new inputs."""
        return UpdateResult(self.done(news))
