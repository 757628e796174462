"""How an identity provider's cycle reaches the SCIM endpoint: over real HTTP, as from outside."""

import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from sandbox.server.scim import MEDIA_TYPE
from sandbox.server.tls import HOST, LOCALHOST

if TYPE_CHECKING:
    from sandbox.server.world import World

CLOUDFLARE_HOST = "api.cloudflare.com"
_TIMEOUT_SECONDS = 30.0
# Reading all authorities takes 20 ms a client. Plain HTTP needs none; over TLS this trusts nobody.
_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class _NoSuchHost(httpx.BaseTransport):
    """Refuses to leave the machine: any host but the sandbox's looks unreachable."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"{request.url.host}: this sandbox reaches no other host")


def scim_client(world: "World", base_url: str, token: str) -> httpx.Client:
    """A client for the SCIM endpoint stored in an identity provider.

    ``https://api.cloudflare.com`` is this sandbox; loopback addresses are kept; every other host
    raises httpx.ConnectError on use. Request with paths relative to the base ("Users"). A body is
    sent as ``application/scim+json``. The caller closes the client.
    """
    parts = urlsplit(base_url)
    target, transport = base_url, None
    if parts.hostname == CLOUDFLARE_HOST:
        target = world.http_base + parts.path
    elif parts.hostname not in (HOST, LOCALHOST):
        transport = _NoSuchHost()
    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": MEDIA_TYPE,
        "Content-Type": MEDIA_TYPE,
    }
    return httpx.Client(
        base_url=target,
        headers=headers,
        timeout=_TIMEOUT_SECONDS,
        trust_env=False,
        verify=_NOBODY,
        transport=transport,
    )
