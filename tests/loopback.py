"""How the tests reach the sandbox: clients of its plain port, and a way without any socket."""

import ssl
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import httpx

from sandbox.server.app import App
from sandbox.server.server import Sandbox

# Reading all authorities takes 20 ms a client, and plain HTTP needs none of them.
NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def plain_client(base_url: str = "", **options: Any) -> httpx.Client:
    """A client for addresses below `base_url`; `options` are httpx's."""
    return httpx.Client(base_url=base_url, trust_env=False, verify=NOBODY, **options)


PLAIN = plain_client()
"""For a single call."""


class WithoutSockets(httpx.BaseTransport):
    """The sandbox's application called in this process, where only what it answers is tried.

    A request over a socket costs 2 ms, half of it for the socket and for HTTP's own text on both
    sides. What the connection itself does is tried in tests/vendors and tests/sandbox. An address
    on loopback that is not the sandbox's is asked as ever.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        bases = (sandbox.world.http_base, sandbox.world.https_base)
        # Okta's proxy is asked for the host without a port.
        self._ours = {None, *(httpx.URL(base).port for base in bases)}
        self._inner = httpx.WSGITransport(app=_with_socket(App(sandbox.world)))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The answer. Raises what httpx raises where the sandbox drops the connection."""
        if request.url.host == "127.0.0.1" and request.url.port not in self._ours:
            with httpx.HTTPTransport(trust_env=False, verify=NOBODY) as real:
                answer = real.handle_request(request)
                answer.read()
                return answer
        try:
            return self._inner.handle_request(request)
        except ConnectionAbortedError as error:
            raise httpx.RemoteProtocolError("Server disconnected without an answer") from error

    def instead_of_httpx(self) -> SimpleNamespace:
        """What a module that makes clients takes for httpx, so that they are of this transport."""

        def client(*, transport: Any = None, proxy: str | None = None, **options: Any) -> Any:
            if proxy and httpx.URL(proxy).port not in self._ours:
                return httpx.Client(proxy=proxy, **options)
            return httpx.Client(transport=transport or self, **options)

        return SimpleNamespace(**{**vars(httpx), "Client": client})


def _with_socket(app: App) -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
    def called(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["werkzeug.socket"] = SimpleNamespace(shutdown=lambda _how: None)
        return app(environ, start_response)

    return called
