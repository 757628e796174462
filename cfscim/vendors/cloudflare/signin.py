"""Signing in to Cloudflare as the stack's provider does.

Source: terraform-provider-cloudflare, internal/provider.go: arguments first, then the environment.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx

from cfscim.config.messages import MissingError
from cfscim.config.names import CLOUDFLARE_API
from cfscim.config.provider_settings import (
    CLOUDFLARE_BASE_URL,
    CLOUDFLARE_EMAIL,
    CLOUDFLARE_KEY,
    CLOUDFLARE_TOKEN,
)
from cfscim.vendors.http import HttpClient
from cfscim.vendors.network import is_loopback, open_client, require_safe
from cfscim.vendors.retries import Policy
from cfscim.vendors.settings import Settings

VENDOR = "Cloudflare"


def cloudflare_http(
    config: Mapping[str, str],
    env: Mapping[str, str],
    *,
    transport: httpx.BaseTransport | None = None,
) -> HttpClient:
    """A client whose requests are signed. Raises `MissingError` naming what to set."""
    settings = Settings(config, env)
    headers, credentials = _headers(settings)
    return _open(settings, headers, credentials, transport)


def token_http(
    config: Mapping[str, str],
    env: Mapping[str, str],
    token: str,
    *,
    transport: httpx.BaseTransport | None = None,
) -> HttpClient:
    """A client signed with this token instead of the provider's credentials."""
    headers = {"Authorization": f"Bearer {token}"}
    return _open(Settings(config, env), headers, "the token itself", transport)


def api_base(config: Mapping[str, str], env: Mapping[str, str]) -> str:
    """The API's base address, without a slash at its end. Raises `ScimError` for plain HTTP."""
    base = Settings(config, env).text(*CLOUDFLARE_BASE_URL)
    return require_safe(base or CLOUDFLARE_API, CLOUDFLARE_BASE_URL.either)


def reachable(url: str, config: Mapping[str, str], env: Mapping[str, str]) -> str:
    """The address at which a Cloudflare URL is reached: the URL itself, or its stand-in.

    Where the API's base is set to loopback (the sandbox), api.cloudflare.com is there too.
    """
    base = api_base(config, env)
    if is_loopback(base) and urlsplit(url).hostname == urlsplit(CLOUDFLARE_API).hostname:
        ours = urlsplit(base)
        return urlsplit(url)._replace(scheme=ours.scheme, netloc=ours.netloc).geturl()
    return url


def _open(
    settings: Settings,
    headers: Mapping[str, str],
    credentials: str,
    transport: httpx.BaseTransport | None,
) -> HttpClient:
    base, policy = api_base(settings.config, settings.env), Policy()
    return HttpClient(
        VENDOR,
        base,
        open_client(base, settings.env, policy, transport=transport),
        authorize=lambda _method, _url: headers,
        credentials=credentials,
        policy=policy,
    )


def _headers(settings: Settings) -> tuple[Mapping[str, str], str]:
    token = settings.text(*CLOUDFLARE_TOKEN)
    if token:
        return {"Authorization": f"Bearer {token}"}, CLOUDFLARE_TOKEN.either
    key = settings.text(*CLOUDFLARE_KEY)
    email = settings.text(*CLOUDFLARE_EMAIL)
    if key and email:
        headers = {"X-Auth-Email": email, "X-Auth-Key": key}
        return headers, f"{CLOUDFLARE_KEY.either}, and the e-mail address"
    if key:
        raise MissingError(
            "Cloudflare sign-in",
            "an API key without its e-mail address",
            "Cloudflare takes only both together",
            f"set {CLOUDFLARE_EMAIL.both}, or better an API token",
        )
    raise MissingError(
        "Cloudflare sign-in",
        "no credentials",
        "nothing can be read or changed without them",
        f"set {CLOUDFLARE_TOKEN.both}",
    )
