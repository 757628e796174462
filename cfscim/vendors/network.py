"""The connection itself: certificates always checked, proxies from the environment, plain HTTP
to loopback only."""

import ipaddress
import os
import ssl
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit

import certifi
import httpx

from cfscim.config.messages import PROJECT, MissingError, ScimError
from cfscim.vendors.retries import Policy

USER_AGENT = PROJECT


def is_loopback(url: str) -> bool:
    """Whether the URL's host is this machine; only then may HTTP be plain."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def require_safe(url: str, setting: str) -> str:
    """The URL without a trailing slash. Raises `ScimError` where it would send secrets in clear."""
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return url.rstrip("/")
    if parts.scheme == "http" and is_loopback(url):
        return url.rstrip("/")
    raise ScimError(
        setting,
        f"{parts.scheme or 'no scheme'}://{parts.hostname or ''} is not an https address",
        "credentials would travel unencrypted",
        "write an address beginning with https://",
    )


def ca_file(env: Mapping[str, str]) -> str | None:
    """The file of trusted certificates that the environment names, as the providers read it."""
    return env.get("SSL_CERT_FILE") or env.get("REQUESTS_CA_BUNDLE") or None


def tls_context(env: Mapping[str, str]) -> ssl.SSLContext:
    """Certificate checks, never off. Raises `MissingError` where SSL_CERT_FILE cannot be used."""
    file = ca_file(env)
    try:
        return _trusting(file, os.stat(file).st_mtime_ns if file else 0)
    except (OSError, ssl.SSLError) as error:
        raise MissingError(
            "SSL_CERT_FILE",
            f"{file} holds no certificates that can be read ({type(error).__name__})",
            "no server can be trusted without them",
            "name a PEM file, or unset the variable",
        ) from None


@lru_cache(maxsize=4)
def _trusting(file: str | None, _changed: int) -> ssl.SSLContext:
    """Shared by all clients of a process: reading a file of all authorities takes 20 ms."""
    context = ssl.create_default_context(cafile=file)
    if file is None:
        context.load_verify_locations(certifi.where())
    return context


def _no_certificates() -> ssl.SSLContext:
    # Plain HTTP needs none, and reading them all takes 20 ms. This trusts nobody, should TLS be
    # met after all.
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def proxy_for(url: str, env: Mapping[str, str]) -> str | None:
    """The proxy the environment names for this URL; none for loopback or hosts in NO_PROXY."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if is_loopback(url) or _bypassed(host, env.get("NO_PROXY") or env.get("no_proxy") or ""):
        return None
    name = f"{parts.scheme}_proxy"
    return env.get(name.upper()) or env.get(name) or None


def require_proxy(proxy: str | None) -> str | None:
    """The proxy as it was named. Raises `MissingError` for one that cannot be used.

    Who signs in to it is nobody else's to know, so only scheme and host are repeated.
    """
    if proxy is None:
        return None
    scheme, host = "", ""
    try:
        parts = urlsplit(proxy)
        scheme, host = parts.scheme, parts.hostname or ""
        usable = scheme in ("http", "https") and bool(host) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if usable and proxy.isascii() and "://" in proxy:
        return proxy
    shown = f"{scheme}://{host}" if host and "://" in proxy else "the address given"
    raise MissingError(
        "proxy (HTTPS_PROXY, HTTP_PROXY or okta:httpProxy)",
        f"{shown} is no address of a proxy by http or https",
        "no vendor can be reached through it",
        "write it like http://proxy.acme.com:3128, or unset the variable",
    )


def _bypassed(host: str, no_proxy: str) -> bool:
    for entry in no_proxy.lower().split(","):
        suffix = entry.strip().split(":")[0].removeprefix("*").lstrip(".")
        if entry.strip() == "*" or (suffix and (host == suffix or host.endswith("." + suffix))):
            return True
    return False


def open_client(
    base: str,
    env: Mapping[str, str],
    policy: Policy,
    *,
    proxy: str | None = None,
    transport: httpx.BaseTransport | None = None,
) -> httpx.Client:
    """The only place where an HTTP client is made; `transport` stands in for the network in tests.

    `base` has passed `require_safe`, or is reached through `proxy`, the Okta provider's setting.
    """
    through = require_proxy(proxy or proxy_for(base, env))
    plain = base.startswith("http://") and not (through or "").startswith("https://")
    return httpx.Client(
        verify=_no_certificates() if transport is not None or plain else tls_context(env),
        proxy=None if transport is not None else through,
        transport=transport,
        timeout=httpx.Timeout(policy.read, connect=policy.connect),
        limits=httpx.Limits(max_connections=policy.parallel),
        # A redirect would carry the credentials to whatever host the answer names.
        follow_redirects=False,
        # httpx would read proxies from the process; ours come from the environment given.
        trust_env=False,
        headers={"User-Agent": USER_AGENT, "Accept": "application/json"},
    )
