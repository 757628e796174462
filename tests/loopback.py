"""How the tests reach the sandbox: clients of its plain port, and a way without any socket."""

import asyncio
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from json import dumps
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

import httpx
import pytest

from cfscim.program import run
from cfscim.program.monitor import RecordingMonitor
from cfscim.vendors import http, network, pages
from cfscim.verify import reading
from sandbox.server import outbound
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
        self.app = _with_socket(App(sandbox.world))
        self._inner = httpx.WSGITransport(app=self.app)

    def answers(self, host: str | None, port: int | None) -> bool:
        """Whether an address is the sandbox's, or of a vendor."""
        return host != "127.0.0.1" or port in self._ours

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The answer. Raises what httpx raises where the sandbox drops the connection."""
        if not self.answers(request.url.host, request.url.port):
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
            if transport is None:
                return _Direct(self, **options)
            return httpx.Client(transport=transport, **options)

        return SimpleNamespace(**{**vars(httpx), "Client": client})


class _Direct(httpx.Client):
    """Its `stream`, which is all that our own client calls, hands the sandbox what would arrive: to
    parse an address five times and to look for cookies is a third of what such a call costs."""

    def __init__(self, way: WithoutSockets, **options: Any) -> None:
        super().__init__(transport=way, **options)
        self._way = way
        self._sent = {name.title(): value for name, value in self.headers.items()}

    @contextmanager
    def stream(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        json: object = None,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str],
        timeout: object,
    ) -> Iterator[httpx.Response]:
        """The answer, read whole."""
        address = urlsplit(url)
        if not self._way.answers(address.hostname, address.port):
            with super().stream(
                method, url, params=params, json=json, data=data, headers=headers
            ) as answer:
                yield answer
            return
        body, kind = b"", ""
        if json is not None:
            body, kind = dumps(json, ensure_ascii=False).encode(), "application/json"
        elif data is not None:
            body, kind = urlencode(data).encode(), "application/x-www-form-urlencoded"
        query = "&".join(filter(None, (address.query, urlencode(params or {}))))
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": unquote(address.path),
            "QUERY_STRING": query,
            "SERVER_NAME": address.hostname,
            "SERVER_PORT": str(address.port or {"http": 80, "https": 443}[address.scheme]),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": kind,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.url_scheme": address.scheme,
            "wsgi.input": BytesIO(body),
        }
        for name, value in {**self._sent, "Host": address.netloc, **headers}.items():
            key = name.upper().replace("-", "_")
            environ[key if key in environ else f"HTTP_{key}"] = value
        seen: list[Any] = []
        try:
            content = b"".join(self._way.app(environ, lambda *given: seen.extend(given)))
        except ConnectionAbortedError as error:
            raise httpx.RemoteProtocolError("Server disconnected without an answer") from error
        yield httpx.Response(int(seen[0].split()[0]), headers=seen[1], content=content)


def _with_socket(app: App) -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
    def called(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["werkzeug.socket"] = SimpleNamespace(shutdown=lambda _how: None)
        return app(environ, start_response)

    return called


@cache
def _inner() -> asyncio.AbstractEventLoop:
    """Pulumi's monitor waits in a loop of its thread, which must not be the one that runs."""
    return asyncio.new_event_loop()


class Threadless(run.AtOnce):
    """Takes a pool's place, and an event loop's: each call is made where it is asked for."""

    def __init__(self, max_workers: int = 1, thread_name_prefix: str = "") -> None:
        super().__init__()

    def submit(self, fn: Callable[..., Any], /, *given: Any, **more: Any) -> Future[Any]:
        """The call's result, or its error."""
        outer = asyncio._get_running_loop()
        asyncio._set_running_loop(None)
        asyncio.set_event_loop(_inner())
        try:
            return super().submit(fn, *given, **more)
        finally:
            asyncio.set_event_loop(outer)
            asyncio._set_running_loop(outer)


def in_this_thread(sandbox: Sandbox, patch: pytest.MonkeyPatch) -> None:
    """Our clients and the provisioning cycles call the sandbox without a socket and a thread."""
    instead = WithoutSockets(sandbox).instead_of_httpx()
    patch.setattr(network, "httpx", instead)
    patch.setattr(outbound, "httpx", instead)
    patch.setattr(http, "within", lambda _seconds, work: work())
    patch.setattr(pages, "ThreadPoolExecutor", Threadless)
    patch.setattr(reading, "ThreadPoolExecutor", Threadless)
    patch.setattr(run, "AtOnce", Threadless)
    patch.setattr(RecordingMonitor, "answers_at_once", True)
