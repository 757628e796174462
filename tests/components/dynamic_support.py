"""Our dynamic resources called as the engine calls them: configure, then create, read, ..."""

from collections.abc import Mapping
from typing import TypeVar

from pulumi.dynamic import ConfigureRequest
from pulumi.dynamic.config import Config

from components.rest_resource import RestProvider
from sandbox.server.server import Sandbox

_P = TypeVar("_P", bound=RestProvider)


def configured(provider: _P, sandbox: Sandbox, config: Mapping[str, str] | None = None) -> _P:
    """The provider signed in at the sandbox by its environment, `config` first."""
    provider.configure(ConfigureRequest(Config(dict(config or {}), "cloudflare-scim")))
    provider.environment = sandbox.env
    return provider
