"""`kill -9` of `up` leaves nothing behind: no process, no open port, no file, such as the authority's key."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
_SECONDS = 60


def _within(what: Callable[[], object], seconds: float = _SECONDS) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.05)
    return False


def _sandboxes(folder: Path) -> list[int]:
    """The processes whose state lies below `folder`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if b"\0sandbox\0" in words and str(folder).encode() in words:
                found.append(int(entry.name))
    return found


def _answers(port: int) -> bool:
    try:
        # A port is that of HTTP or of HTTPS: whichever the kernel lists first.
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def _port(process: int) -> int | None:
    """The first port that a process listens on, from the kernel's own table."""
    try:
        links = [os.readlink(entry) for entry in Path(f"/proc/{process}/fd").iterdir()]
    except OSError:
        return None
    sockets = {link[8:-1] for link in links if link.startswith("socket:[")}
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        columns = line.split()
        if columns[3] == "0A" and columns[9] in sockets:
            return int(columns[1].rpartition(":")[2], 16)
    return None


def test_a_killed_rehearsal_leaves_nothing_behind(tmp_path: Path) -> None:
    env = {key: value for key, value in os.environ.items() if key != "PATH"}
    running = subprocess.Popen(
        [sys.executable, "-m", "cfscim", "up", "--stack", "dev"],
        cwd=ROOT,
        # No engine on PATH: a rehearsal.
        env={**env, "PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert _within(lambda: _sandboxes(tmp_path))
        [process] = _sandboxes(tmp_path)
        assert _within(lambda: _port(process) or running.poll() is not None)
        port = _port(process)
        assert port is not None
        assert _answers(port)
        running.send_signal(signal.SIGKILL)
        running.wait()
        assert _within(lambda: not _sandboxes(tmp_path))
        assert not _answers(port)
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    finally:
        for process in _sandboxes(tmp_path):
            os.kill(process, signal.SIGKILL)
        running.kill()
        running.wait()
