"""Starts and stops the sandbox: one HTTP and one TLS port on 127.0.0.1, the same application."""

import shutil
import socket
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from werkzeug.serving import BaseWSGIServer, make_server

from sandbox.cloudflare import API
from sandbox.server import persistence, tls
from sandbox.server.app import App
from sandbox.server.connection import Connection, end_idle
from sandbox.server.tls import HOST
from sandbox.server.world import World


class PortError(Exception):
    """The port cannot be had; the text is one line."""


class Sandbox:
    """A running sandbox. ``with Sandbox() as sandbox: …`` starts and stops it.

    ``state_dir`` keeps the content across restarts; ``port`` 0 means any free one. Raises
    PortError, persistence.StateError and tls.AuthorityError.
    """

    def __init__(self, state_dir: Path | None = None, port: int = 0) -> None:
        self._temporary = state_dir is None
        self.directory = state_dir or Path(tempfile.mkdtemp(prefix="sandbox-"))
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self.world = persistence.load(self.directory)
            self._tls = tls.prepare(self.directory)
            self._servers = self._bind(port)
        except BaseException:
            self._remove_temporary()
            raise
        self._saver = None if self._temporary else persistence.Saver(self.world, self.directory)
        self._threads = [
            threading.Thread(target=s.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
            for s in self._servers
        ]

    def _bind(self, port: int) -> list[BaseWSGIServer]:
        app = App(self.world)
        plain, secure = _serve(app, port), _serve(app, 0)
        # Handshakes happen in each connection's own thread, or one silent client stops everybody.
        secure.ssl_context = self._tls.server_context
        secure.socket = self._tls.server_context.wrap_socket(
            secure.socket, server_side=True, do_handshake_on_connect=False
        )
        self.world.http_base = f"http://{HOST}:{plain.port}"
        self.world.https_base = f"https://{HOST}:{secure.port}"
        self.world.ca_file = str(self._tls.bundle)
        return [plain, secure]

    @property
    def origin(self) -> str:
        """Where everything is served over plain HTTP, the admin API under `/_sandbox`."""
        return self.world.http_base

    @property
    def admin(self) -> str:
        """The address of the admin API."""
        return self.origin + "/_sandbox"

    @property
    def env(self) -> dict[str, str]:
        """The environment in which the providers and SDKs talk to this sandbox. Holds secrets."""
        world: World = self.world
        return {
            "CLOUDFLARE_BASE_URL": world.http_base + API,
            "CLOUDFLARE_API_TOKEN": world.credentials.cloudflare_api_token,
            "OKTA_ORG_NAME": "example",
            "OKTA_BASE_URL": "okta.com",
            "OKTA_API_TOKEN": world.credentials.okta_api_token,
            "OKTA_HTTP_PROXY": world.http_base,
            "ARM_METADATA_HOSTNAME": world.https_base.removeprefix("https://"),
            "ARM_TENANT_ID": world.credentials.arm_tenant_id,
            "ARM_CLIENT_ID": world.credentials.arm_client_id,
            "ARM_CLIENT_SECRET": world.credentials.arm_client_secret,
            "ARM_USE_CLI": "false",
            "SSL_CERT_FILE": world.ca_file,
            "REQUESTS_CA_BUNDLE": world.ca_file,
        }

    def start(self) -> None:
        """Serve in threads of this process; returns at once, ready."""
        for thread in self._threads:
            thread.start()
        if self._saver:
            self._saver.start()

    def stop(self) -> None:
        """Stop serving, save, and remove a temporary directory."""
        self.world.faults.clear()
        for server in self._servers:
            server.shutdown()
            end_idle(server)
        for thread in self._threads:
            thread.join()
        if self._saver:
            self._saver.stop()
        self._remove_temporary()

    def _remove_temporary(self) -> None:
        if self._temporary:
            shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _serve(app: App, port: int) -> BaseWSGIServer:
    # Bound here and not by werkzeug, which ends the process when a port is taken.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(128)
        return make_server(
            HOST, port, app, threaded=True, request_handler=Connection, fd=listener.fileno()
        )
    except OSError as error:
        raise PortError(
            f"{HOST}:{port}: {error.strerror}: the sandbox cannot listen there; "
            "choose another --port, or 0 for a free one"
        ) from error
    finally:
        listener.close()
