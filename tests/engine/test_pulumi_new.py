"""`pulumi new` from the repository's address, as docs/own-repository.md writes it.

The address is served on loopback by git's own HTTP backend, with a certificate that the engine is
told to trust: the engine takes only https for an address.
"""

import os
import re
import shlex
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from cfscim.up.engine import Engine
from cfscim.version import version
from sandbox.server import tls
from tests.commandline import run
from tests.repository.test_own_repository import ADDRESS, PAGES, published

OURS = {"Pulumi.yaml"}
"""What the engine writes anew: without the template's own section, with where it came from."""


class _Git(BaseHTTPRequestHandler):
    """Answers a clone."""

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        length = int(self.headers.get("Content-Length") or 0)
        env = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(getattr(self.server, "folder")),  # noqa: B009
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type") or "",
            "CONTENT_LENGTH": str(length),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding") or "",
        }
        said = subprocess.run(
            ["git", "http-backend"], env=env, input=self.rfile.read(length), stdout=subprocess.PIPE
        ).stdout
        head, _, body = said.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(fields.pop("Status", "200").split()[0]))
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """This working tree at an address -> its folder, and the environment that reaches it."""
    program = published(tmp_path)
    bare = tmp_path / "served" / "example" / "cloudflare-scim.git"
    subprocess.run(["git", "clone", "--quiet", "--bare", str(program), str(bare)], check=True)
    (tmp_path / "tls").mkdir()
    material = tls.prepare(tmp_path / "tls")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Git)
    setattr(server, "folder", tmp_path / "served")  # noqa: B010
    server.socket = material.server_context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    env = {
        **os.environ,
        "SSL_CERT_FILE": str(material.bundle),
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "ADDRESS": f"https://127.0.0.1:{server.server_port}/example/cloudflare-scim",
    }
    yield program, env
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_project_is_the_whole_program_and_its_stacks_are_valid(
    engine: Engine, served: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    program, env = served
    (command,) = re.findall(r"`(pulumi new [^`]+)`", PAGES["own-repository"].read_text())
    words = shlex.split(command.replace(ADDRESS, env["ADDRESS"]))
    made = tmp_path / "made"
    made.mkdir()
    # --yes: there is no terminal that could be asked for the description.
    done = subprocess.run([*words, "--yes"], cwd=made, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "`make up`" in done.stdout

    here, there = _files(program), _files(made)
    assert {name: here[name] for name in here.keys() - OURS} == {
        name: there.get(name) for name in here.keys() - OURS
    }
    assert here.keys() == there.keys()
    asked = yaml.safe_load((made / "Pulumi.yaml").read_text())
    given = yaml.safe_load((program / "Pulumi.yaml").read_text())
    assert {name: asked[name] for name in ("name", "runtime")} == {
        name: given[name] for name in ("name", "runtime")
    }
    beside = {**os.environ, "PYTHONPATH": str(made)}
    for said, of in ((version(), ["--version"]), ("2 files valid", ["validate"])):
        checked = run(of, made, beside)
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert checked.stdout.startswith(said)
    assert run(["plan", "--stack", "dev"], made, beside).returncode == 0


def _files(folder: Path) -> dict[str, tuple[bytes, bool]]:
    """Path -> content, and whether it can be executed."""
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), os.access(path, os.X_OK))
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }
