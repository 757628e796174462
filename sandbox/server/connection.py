"""One client's connection: answers one request after another until either side ends it.

werkzeug's own handler ends every connection after one answer; a TLS handshake for each call would
be most of what a run on the sandbox costs.
"""

import select
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler

BODY_READ = "sandbox.body-read"
"""Set by the application in the environ once the request's body is read to its end."""
_BODILESS = (204, 304)


class Connection(WSGIRequestHandler):
    """Keeps the connection where the request was read whole and the answer sent whole.

    Prints nothing: the request log is under /_sandbox/requests, standard error is for real trouble.
    """

    protocol_version = "HTTP/1.1"
    timeout = 120  # an idle connection does not hold its thread for ever
    wbufsize = -1  # header and body leave together
    disable_nagle_algorithm = True
    open: "set[Connection]" = set()  # noqa: RUF012 - of all servers, for `end_idle`

    def log(self, type: str, message: str, *args: object) -> None:
        """Print nothing."""

    def setup(self) -> None:
        """Begins the connection."""
        super().setup()
        self.open.add(self)

    def finish(self) -> None:
        """Ends it."""
        self.open.discard(self)
        super().finish()

    def run_wsgi(self) -> None:
        """Answers one request. Raises `ConnectionError` where the application drops it."""
        if self.headers.get("Expect", "").strip().lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.flush()
        environ = self.make_environ()
        begun: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], _info: object = None
        ) -> Callable[[bytes], object]:
            begun.append((status, headers))
            return self.wfile.write

        try:
            chunks = self.server.app(environ, start_response)
        except ConnectionError:
            self.close_connection = True
            raise
        self._answer(*begun[-1], chunks, read=BODY_READ in environ)

    def _answer(
        self, status: str, headers: list[tuple[str, str]], chunks: Iterable[bytes], *, read: bool
    ) -> None:
        body = b"".join(chunks)
        code, _, words = status.partition(" ")
        promised = {name.lower(): value for name, value in headers}.get("content-length")
        whole = self.command == "HEAD" or int(code) in _BODILESS or promised == str(len(body))
        if not (read and whole):
            self.close_connection = True
        self.send_response(int(code), words)
        for name, value in headers:
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
        if not read:
            self._drain()

    def _drain(self) -> None:
        """Reads what the client still sends, or it would see a reset instead of the answer."""
        while select.select([self.connection], [], [], 0.01)[0]:
            if not self.rfile.read1(1_000_000):
                return


def end_idle(server: BaseWSGIServer) -> None:
    """No further request is taken from the connections of a server; an answer under way is sent."""
    for connection in [*Connection.open]:
        if connection.server is server:
            with suppress(OSError):  # ended a moment ago
                # Not the TLS layer's own: the answer could not be encrypted any more.
                socket.socket.shutdown(connection.connection, socket.SHUT_RD)
