"""What hangs is given up, and who is told to stop stops: one line, the right code, no traceback."""

import ast
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cfscim import processes
from sandbox.server.server import Sandbox
from tests.commands.commands_support import at_port, called, stack
from tests.vendors.test_http_bounds import server, silent

ROOT = Path(__file__).parents[2]
TOKEN = "cfat_0000000000000000000000000000000000000000"
SEALED = {"okta:apiToken": {"secure": "AAABAKbf7yN1"}}
ASKS_THE_ENGINE = (
    "verify --stack okta",
    "steps --stack okta",
    "restore-super-admin --stack okta --yes --person ada@example.com",
    "adopt --stack okta",
    "preflight --stack okta",
    "up --stack okta",
    # With the state given, only the encrypted settings are asked for.
    "adopt --stack okta --state state.json",
    "preflight --stack okta --state state.json",
)
ASKS_GIT = ("plan --stack okta --against main", "access", "--version")


def _hangs(folder: Path, name: str) -> None:
    """An executable that never ends and holds its output open in a process it started."""
    program = folder / name
    program.write_text("#!/bin/sh\nsleep 60 &\nwait\n")
    program.chmod(0o755)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(processes, "ASK_SECONDS", 0.2)
    monkeypatch.setattr(processes, "WORK_SECONDS", 0.2)
    stack(tmp_path, "okta", SEALED, TOKEN)
    (tmp_path / "Pulumi.yaml").write_text("name: cloudflare-scim\nruntime: python\n")
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    return tmp_path


@pytest.mark.parametrize("words", [*ASKS_THE_ENGINE, ASKS_GIT[0]])
def test_a_command_that_prints_without_end_is_ended(
    words: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Four gigabytes at the end of which it would be given up for its time."""
    monkeypatch.setattr(processes, "ASK_SECONDS", 60)
    monkeypatch.setattr(processes, "WORK_SECONDS", 60)
    monkeypatch.setattr(processes, "MOST_BYTES", 100_000)
    program = folder / "bin" / ("git" if "against" in words else "pulumi")
    program.write_text("#!/bin/sh\nyes secret-of-nobody\n")
    program.chmod(0o755)
    begun = time.monotonic()
    code = called(words, monkeypatch)
    said = capsys.readouterr().err
    assert code == 3, said
    assert "printed more than 100,000 bytes" in said
    assert len(said) < 2000
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize("words", ASKS_THE_ENGINE)
def test_an_engine_that_hangs_is_given_up(
    words: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _hangs(folder / "bin", "pulumi")
    begun = time.monotonic()
    code = called(words, monkeypatch)
    said = capsys.readouterr().err.splitlines()
    assert code == 3, said
    assert re.search(r"gave nothing in 0.2 s", said[-1]), said
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize("words", ASKS_GIT)
def test_a_git_that_hangs_is_given_up(
    words: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _hangs(folder / "bin", "git")
    code = called(words, monkeypatch)
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    if words.startswith("plan"):
        assert code == 3
        assert "gave nothing in 0.2 s" in said.err


def test_what_is_given_up_leaves_no_process(tmp_path: Path) -> None:
    _hangs(tmp_path, "hangs")
    with pytest.raises(subprocess.TimeoutExpired):
        processes.run([str(tmp_path / "hangs")], seconds=0.3)
    left = [
        entry.name
        for entry in Path("/proc").glob("[0-9]*")
        if str(tmp_path).encode() in _words(entry)
    ]
    assert left == []


def _words(entry: Path) -> bytes:
    try:
        return (entry / "cmdline").read_bytes()
    except OSError:
        return b""


@pytest.fixture(scope="module")
def silent_port() -> Iterator[int]:
    with server(silent) as port:
        yield port


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_verify_that_waits_ends_when_it_is_told_to(
    number: signal.Signals, code: int, silent_port: int, sandbox_server: Sandbox, tmp_path: Path
) -> None:
    stack(tmp_path, "okta", {}, TOKEN)
    running = subprocess.Popen(
        [
            *(sys.executable, "-m", "cfscim", "verify", "--stack", "okta"),
            *("--outputs", "outputs.json", "--wait", "5"),
        ],
        cwd=tmp_path,
        env={
            **os.environ,
            **at_port(sandbox_server.env, silent_port),
            "PYTHONPATH": str(ROOT),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stderr is not None
    late = threading.Timer(60, running.kill)
    late.start()
    first = running.stderr.readline()  # every two seconds it says how far it is
    running.send_signal(number)
    begun = time.monotonic()
    out, err = running.communicate()
    late.cancel()
    assert running.returncode == code, (first, out, err)
    assert time.monotonic() - begun < 8
    # Behind it the count of readings may still be on its way to the screen.
    assert err.count(f"verify: ended by {number.name}") == 1, err
    assert "Traceback" not in err
    assert out == ""


def test_every_command_started_here_is_bounded() -> None:
    """`subprocess` starts nothing by itself but in the one place that ends it; the sandbox is a
    process for as long as `up` runs."""
    for path in (ROOT / "cfscim").rglob("*.py"):
        if path.name in ("processes.py", "sandbox_process.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            started = isinstance(node, ast.Attribute) and (
                (isinstance(node.value, ast.Name) and node.value.id == "subprocess")
                and node.attr in ("run", "Popen", "call", "check_call", "check_output")
            )
            assert not started, f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
