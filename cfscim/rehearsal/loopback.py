"""Rehearsals touch nothing but the sandbox: every vendor's endpoint must be on this machine."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from cfscim.config.messages import MissingError, ScimError
from cfscim.config.names import CLOUDFLARE_API
from cfscim.config.provider_settings import (
    CLOUDFLARE_BASE_URL,
    ENTRA_METADATA,
    OKTA_BASE_URL,
    OKTA_DOMAINS,
    OKTA_ORG_NAME,
    OKTA_PROXY,
)
from cfscim.vendors.entra.signin import AzureCli, Federated, ManagedIdentity, find_identity
from cfscim.vendors.network import is_loopback
from cfscim.vendors.settings import Settings

_WHY = "a rehearsal would change a real account"
_INSTEAD = "point it at the sandbox (`sandbox` prints the environment)"


def require_loopback(config: Mapping[str, str], env: Mapping[str, str]) -> None:
    """Checks all three vendors, used or not, in the providers' own order of settings.

    Raises `ScimError` naming every endpoint that is not loopback.
    """
    settings = Settings(config, env)
    endpoints = (_cloudflare(settings), _okta(settings), _entra(settings), _sign_in(settings))
    real = [f"{name} is {host}" for name, host, local in endpoints if not local]
    if real:
        raise ScimError("rehearsal", ", ".join(real), _WHY, _INSTEAD)


def require_loopback_url(url: str, what: str) -> None:
    """Refuses one address that only an answer names, as Entra's metadata does."""
    if not is_loopback(url):
        host = urlsplit(url).netloc.rpartition("@")[2] or url
        raise ScimError("rehearsal", f"{what} is {host}", _WHY, _INSTEAD)


def _cloudflare(settings: Settings) -> tuple[str, str, bool]:
    url = settings.text(*CLOUDFLARE_BASE_URL, default=CLOUDFLARE_API)
    return f"Cloudflare ({CLOUDFLARE_BASE_URL.variable})", _host(url), is_loopback(url)


def _okta(settings: Settings) -> tuple[str, str, bool]:
    organisation = settings.text(*OKTA_ORG_NAME, default="<organisation>")
    domain = settings.text(*OKTA_BASE_URL, default=OKTA_DOMAINS[0])
    proxy = settings.text(*OKTA_PROXY)
    url = proxy or f"https://{organisation}.{domain}"
    return f"Okta ({OKTA_PROXY.variable})", _host(url), is_loopback(url)


def _entra(settings: Settings) -> tuple[str, str, bool]:
    host = settings.text(*ENTRA_METADATA, default="graph.microsoft.com")
    url = f"https://{host}"
    return f"Entra ({ENTRA_METADATA.variable})", _host(url), is_loopback(url)


def _sign_in(settings: Settings) -> tuple[str, str, bool]:
    """Some ways of signing in to Entra ask yet another host, whatever the metadata says."""
    name = "the Entra sign-in"
    try:
        identity = find_identity(settings)
    except MissingError:
        return name, "", True
    if isinstance(identity, ManagedIdentity):
        return name, identity.endpoint or "managed identity", is_loopback(identity.endpoint)
    if isinstance(identity, AzureCli):
        return name, "the Azure CLI's", False
    if isinstance(identity, Federated) and identity.request_url:
        return name, _host(identity.request_url), is_loopback(identity.request_url)
    return name, "", True


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2] or url
