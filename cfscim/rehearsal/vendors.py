"""Which vendor carries out which type; each is opened when the program first needs it."""

import threading
from collections.abc import Callable, Mapping
from typing import Self

from cfscim.config.messages import ScimError
from cfscim.rehearsal.handler import Handler, Lookup, Vendor
from cfscim.rehearsal.loopback import require_loopback_url

Settings = Mapping[str, str]


def _cloudflare(settings: Settings, env: Settings) -> Vendor:
    from cfscim.rehearsal.cloudflare import cloudflare

    return cloudflare(settings, env)


def _okta(settings: Settings, env: Settings) -> Vendor:
    from cfscim.rehearsal.okta import okta

    return okta(settings, env)


def _entra(settings: Settings, env: Settings) -> Vendor:
    from cfscim.rehearsal.entra import entra

    return entra(settings, env)


def _local_entra(settings: Settings, env: Settings) -> Vendor:
    from cfscim.vendors.entra.signin import find_cloud
    from cfscim.vendors.retries import Policy
    from cfscim.vendors.settings import Settings as Reader

    cloud = find_cloud(Reader(settings, env), Policy())
    require_loopback_url(cloud.graph, "Microsoft Graph")
    require_loopback_url(cloud.authority, "the Entra sign-in")
    return _entra(settings, env)


def _dynamic(settings: Settings, env: Settings) -> Vendor:
    from cfscim.rehearsal.dynamic import dynamic

    return dynamic(settings, env)


_PACKAGES: Mapping[str, Callable[[Settings, Settings], Vendor]] = {
    "cloudflare": _cloudflare,
    "okta": _okta,
    "azuread": _entra,
    "pulumi-python": _dynamic,
}


class Vendors:
    """The vendors of one run, signed in with the stack's settings. Safe between threads.

    `here_only`: an address that only a vendor's answer names (Entra's metadata) must be on this
    machine too; false for `adopt`, which reads the live systems and never writes.
    """

    def __init__(self, settings: Settings, env: Settings, *, here_only: bool = True) -> None:
        self._settings = settings
        self._env = env
        self._packages = {**_PACKAGES, "azuread": _local_entra} if here_only else _PACKAGES
        self._open: dict[str, Vendor] = {}
        self._lock = threading.Lock()

    def handler(self, type_: str) -> Handler:
        """Raises `ScimError` for a type that nothing here carries out."""
        handler = self._vendor(type_).handlers.get(type_)
        if handler is None:
            raise _unknown(f"resources of type {type_}")
        return handler

    def lookup(self, token: str) -> Lookup:
        """Raises `ScimError` for a look-up that nothing here answers."""
        lookup = self._vendor(token).lookups.get(token)
        if lookup is None:
            raise _unknown(f"the look-up {token}")
        return lookup

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for vendor in self._open.values():
            vendor.http.close()

    def _vendor(self, token: str) -> Vendor:
        package = token.split(":")[0]
        if package not in self._packages:
            raise _unknown(f"anything of the provider {package}")
        with self._lock:
            if package not in self._open:
                self._open[package] = self._packages[package](self._settings, self._env)
            return self._open[package]


def _unknown(what: str) -> ScimError:
    return ScimError(
        "rehearsal",
        f"it cannot carry out {what}",
        "the sandbox would lack what the program declares",
        "run with a Pulumi engine, or add it in cfscim/rehearsal/",
    )
