"""Commands that are started here: each ends within its time, what it prints fits into memory, and
nothing it started outlives it.

Python's own library only, so that pipelines can use it with nothing installed.
"""

import os
import select
import selectors
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

ASK_SECONDS = 120.0
"""What a question to git or the engine may take: a slow backend, a large repository."""
WORK_SECONDS = 1800.0
"""What an update, an import or an installation may take: minutes, with every wait of a provider."""
MOST_BYTES = 256 * 1024 * 1024
"""What a command may print: the state of a large stack, the archive of a large repository."""
_GRACE = 5.0
"""Seconds that an interrupted command has to end by itself; the engine gives its lock back then."""


def run(
    command: Sequence[str],
    *,
    seconds: float,
    env: Mapping[str, str] | None = None,
    cwd: str | Path | None = None,
    given: bytes = b"",
) -> subprocess.CompletedProcess[bytes]:
    """Runs a command to its end and reads what it prints; `given`: what it reads.

    Its failure is the caller's to judge; one that printed too much has failed, and says so. Raises
    `OSError` where it cannot be started and `subprocess.TimeoutExpired` where it did not end in
    time: it is gone then, and all it started.
    """
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(env) if env is not None else None,
        cwd=cwd,
        # A session of its own, so that the plugins it starts can be ended with it.
        start_new_session=True,
    ) as process:
        try:
            out, err, whole = _talk(process, given, time.monotonic() + seconds)
            if not whole:
                _end(process, signal.SIGKILL)
                err = f"it printed more than {MOST_BYTES:,} bytes, and was ended\n".encode()
                return subprocess.CompletedProcess(command, -signal.SIGKILL, b"", err)
        except TimeoutError:
            _end(process, signal.SIGKILL)
            raise subprocess.TimeoutExpired(command, seconds) from None
        except KeyboardInterrupt:
            _end(process, signal.SIGINT)
            raise
        except BaseException:
            _end(process, signal.SIGKILL)
            raise
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def run_text(
    command: Sequence[str],
    *,
    seconds: float,
    env: Mapping[str, str] | None = None,
    cwd: str | Path | None = None,
    given: str = "",
) -> subprocess.CompletedProcess[str]:
    """As `run`, with what is read and printed as text."""
    done = run(command, seconds=seconds, env=env, cwd=cwd, given=given.encode())
    out, err = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)


def _talk(
    process: subprocess.Popen[bytes], given: bytes, until: float
) -> tuple[bytes, bytes, bool]:
    """Output and errors of a process, to their end, and whether that is all; raises `TimeoutError`
    at the moment `until`."""
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    printed = {process.stdout.fileno(): bytearray(), process.stderr.fileno(): bytearray()}
    with selectors.DefaultSelector() as streams:
        for stream in (process.stdout, process.stderr):
            streams.register(stream, selectors.EVENT_READ)
        streams.register(process.stdin, selectors.EVENT_WRITE)
        while streams.get_map():
            ready = streams.select(max(0.0, until - time.monotonic()))
            if time.monotonic() >= until:
                raise TimeoutError
            for key, _ in ready:
                if key.fd in printed:
                    chunk = os.read(key.fd, 1 << 16)
                    printed[key.fd] += chunk
                    if not chunk:
                        streams.unregister(key.fileobj)
                    continue
                with suppress(BrokenPipeError):
                    given = given[os.write(key.fd, given[: select.PIPE_BUF]) :]
                    if given:
                        continue
                streams.unregister(key.fileobj)
                process.stdin.close()
            if sum(map(len, printed.values())) > MOST_BYTES:
                return b"", b"", False
    try:
        process.wait(max(0.0, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise TimeoutError from None
    out, err = printed.values()
    return bytes(out), bytes(err), True


def _end(process: subprocess.Popen[bytes], by: signal.Signals) -> None:
    with suppress(ProcessLookupError, subprocess.TimeoutExpired):
        os.kill(process.pid, by)
        process.wait(_GRACE)
    for member in {process.pid, *_session(process.pid)}:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(member, signal.SIGKILL)
    process.wait()


def _session(leader: int) -> Iterator[int]:
    """The processes of a session, where the system lists them (Linux)."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            # The name in brackets may hold anything; parent, group and session stand behind it.
            if int(stat.read_text().rpartition(")")[2].split()[3]) == leader:
                yield int(stat.parent.name)
