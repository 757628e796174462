"""Signing in to Okta as the stack's provider does.

Source: terraform-provider-okta, okta/config/config.go and okta/api/idaas.go: an access token
wins over an API token, that over a private key; `http_proxy` takes the organisation's place.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

import httpx

from cfscim.config.messages import MissingError
from cfscim.config.organisation import okta_domain
from cfscim.vendors.http import HttpClient
from cfscim.vendors.network import open_client, require_safe
from cfscim.vendors.okta.oauth import AccessTokens, ServiceApp
from cfscim.vendors.retries import Policy
from cfscim.vendors.settings import Settings

VENDOR = "Okta"
SCOPES = ("okta.apps.read", "okta.groups.read", "okta.users.read")
"""Asked for where no scopes are set: what reading needs."""
_WHERE = "Okta sign-in"


def okta_http(
    config: Mapping[str, str],
    env: Mapping[str, str],
    *,
    policy: Policy | None = None,
    transport: httpx.BaseTransport | None = None,
) -> HttpClient:
    """A client whose requests are signed. Raises `MissingError` naming what to set."""
    settings = Settings(config, env)
    policy = policy or _policy(settings)
    base, proxy = _address(settings)
    client = open_client(base, env, policy, proxy=proxy, transport=transport)
    try:
        authorize, credentials = _authorization(settings, base, client, policy)
    except MissingError:
        client.close()
        raise
    return HttpClient(
        VENDOR, base, client, authorize=authorize, credentials=credentials, policy=policy
    )


def organisation_url(config: Mapping[str, str], env: Mapping[str, str]) -> str:
    """`https://<org>.<domain>`, for links to people. Raises `MissingError`."""
    settings = Settings(config, env)
    name = settings.text("okta:orgName", "OKTA_ORG_NAME")
    if not name:
        raise MissingError(
            _WHERE,
            "no organisation is named",
            "its address is not known without it",
            "set okta:orgName, or OKTA_ORG_NAME",
        )
    where = "okta:orgName and okta:baseUrl"
    require_safe(f"https://{name}.{_domain(settings)}", where)
    return f"https://{name}.{okta_domain(_domain(settings), {})}"


def _domain(settings: Settings) -> str:
    return settings.text("okta:baseUrl", "OKTA_BASE_URL", default="okta.com")


def _address(settings: Settings) -> tuple[str, str | None]:
    proxy = settings.text("okta:httpProxy", "OKTA_HTTP_PROXY").rstrip("/")
    if not proxy:
        return organisation_url(settings.config, settings.env), None
    parts = urlsplit(proxy)
    if parts.scheme == "https" and parts.hostname:
        return proxy, None
    if parts.scheme != "http" or not parts.hostname:
        raise MissingError(
            "okta:httpProxy or OKTA_HTTP_PROXY",
            "not an address",
            "Okta cannot be reached through it",
            "write http://host:port or https://host",
        )
    # The provider asks the proxy for http://<its own host>/…, the port left out.
    return f"http://{parts.hostname}", proxy


def _authorization(
    settings: Settings, base: str, client: httpx.Client, policy: Policy
) -> tuple[Callable[[str, str], Mapping[str, str]], str]:
    access_token = settings.text("okta:accessToken", "OKTA_ACCESS_TOKEN")
    if access_token:
        return _fixed(f"Bearer {access_token}"), "okta:accessToken or OKTA_ACCESS_TOKEN"
    api_token = settings.text("okta:apiToken", "OKTA_API_TOKEN")
    if api_token:
        return _fixed(f"SSWS {api_token}"), "okta:apiToken or OKTA_API_TOKEN"
    private_key = settings.text("okta:privateKey", "OKTA_API_PRIVATE_KEY")
    client_id = settings.text("okta:clientId", "OKTA_API_CLIENT_ID")
    if private_key and client_id:
        app = ServiceApp(
            client_id,
            private_key,
            settings.text("okta:privateKeyId", "OKTA_API_PRIVATE_KEY_ID"),
            settings.items("okta:scopes", "OKTA_API_SCOPES") or SCOPES,
        )
        # Its own slots: a request waits in the other's while it fetches its token here.
        tokens = AccessTokens(app, HttpClient(VENDOR, base, client, policy=policy))
        return tokens.headers, "the service app's key and its granted scopes"
    if private_key:
        raise MissingError(
            _WHERE,
            "a private key without the client it belongs to",
            "Okta cannot tell who signs in",
            "set okta:clientId, or OKTA_API_CLIENT_ID",
        )
    raise MissingError(
        _WHERE,
        "no credentials",
        "nothing can be read or changed without them",
        "set OKTA_API_TOKEN (okta:apiToken), or OKTA_API_CLIENT_ID with OKTA_API_PRIVATE_KEY "
        "and OKTA_API_SCOPES, or OKTA_ACCESS_TOKEN",
    )


def _fixed(value: str) -> Callable[[str, str], Mapping[str, str]]:
    return lambda _method, _url: {"Authorization": value}


def _policy(settings: Settings) -> Policy:
    policy = Policy()
    retries = settings.whole("okta:maxRetries", default=policy.attempts - 1)
    seconds = settings.whole("okta:requestTimeout", default=0)
    # The provider's 0 means no limit; ours always has one.
    return replace(policy, attempts=min(retries, 10) + 1, read=float(seconds or policy.read))
