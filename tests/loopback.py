"""HTTP clients for the sandbox's plain port: they read neither proxies nor certificates."""

import ssl
from typing import Any

import httpx

# Reading all authorities takes 20 ms a client, and plain HTTP needs none of them.
NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def plain_client(base_url: str = "", **options: Any) -> httpx.Client:
    """A client for addresses below `base_url`; `options` are httpx's."""
    return httpx.Client(base_url=base_url, trust_env=False, verify=NOBODY, **options)


PLAIN = plain_client()
"""For a single call."""
