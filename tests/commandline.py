"""`python -m cfscim` in a process of its own that begins with the program imported.

A new interpreter spends 0.3 to 0.8 s on imports before it does what a test asks of it. Here one
imports everything once, and each command is forked from it: a process with its own arguments,
environment, folder, exit code and output, as a shell starts it. `fresh=True` starts an interpreter.
"""

import atexit
import json
import os
import pkgutil
import re
import runpy
import shlex
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_OF_A_SHELL = re.compile(r"[|&;<>()$`*?~\\\n]")
Done = subprocess.CompletedProcess[str]


def run(
    words: Sequence[str],
    folder: Path,
    env: Mapping[str, str],
    *,
    fresh: bool = False,
    timeout: int = 120,
) -> Done:
    """`python -m cfscim` with these words in this folder, and nothing on its standard input.

    Raises `subprocess.TimeoutExpired`.
    """
    command = [sys.executable, "-m", "cfscim", *words]
    if fresh or _of_the_interpreter(env):
        return _started(command, folder, env, timeout)
    with tempfile.NamedTemporaryFile("r+") as out, tempfile.NamedTemporaryFile("r+") as error:
        asked = {
            "words": list(words),
            "folder": str(folder),
            "env": dict(env),
            "out": out.name,
            "error": error.name,
        }
        code = _server().ask(asked, timeout)
        return subprocess.CompletedProcess(command, code, out.read(), error.read())


def typed(command: str, folder: Path, env: Mapping[str, str], *, timeout: int = 120) -> Done:
    """A line as a shell takes it; `run` where it is nothing but `python -m cfscim` and words."""
    words = [] if _OF_A_SHELL.search(command) else shlex.split(command)
    if words[:3] == [sys.executable, "-m", "cfscim"]:
        return run(words[3:], folder, env, timeout=timeout)
    return _started(["bash", "-c", command], folder, env, timeout)


def _started(command: Sequence[str], folder: Path, env: Mapping[str, str], timeout: int) -> Done:
    return subprocess.run(
        command,
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=timeout,
        stdin=subprocess.DEVNULL,
    )


def _of_the_interpreter(env: Mapping[str, str]) -> bool:
    """Whether the environment says something that Python reads only when it starts."""
    settings = {name: value for name, value in env.items() if name.startswith("PYTHON")}
    if settings.pop("PYTHONPATH", "") != str(ROOT):
        return True
    if set(settings) - {"PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}:
        return True
    named = (env.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    return any(locale and "utf" not in locale.lower() for locale in named)


class _Server:
    """The process that everything is forked from."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        atexit.register(self._end)

    def ask(self, asked: dict[str, object], timeout: int) -> int:
        """The exit code of what was asked for; as with `subprocess`, negative for a signal."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        child, expired = int(self._line()), threading.Event()

        def end() -> None:
            expired.set()
            os.kill(child, 9)

        timer = threading.Timer(timeout, end)
        timer.start()
        try:
            code = int(self._line())
        finally:
            timer.cancel()
        if expired.is_set():
            raise subprocess.TimeoutExpired(str(asked["words"]), timeout)
        return code

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def _end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


@cache
def _server() -> _Server:
    return _Server()


def _serve() -> None:
    for package in ("cfscim", "components"):
        folder = [str(ROOT / package)]
        for module in pkgutil.walk_packages(folder, f"{package}."):
            if not module.name.endswith("__main__"):
                import_module(module.name)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _become(**json.loads(line))
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _become(words: list[str], folder: str, env: dict[str, str], out: str, error: str) -> None:
    """This process is the command from here on, and ends with it."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    tempfile.tempdir = None  # TMPDIR is read anew
    for number, file in enumerate((os.devnull, out, error)):
        opened = os.open(file, os.O_RDWR | os.O_APPEND)
        os.dup2(opened, number)
        os.close(opened)
    sys.argv, sys.path[0] = ["cfscim", *words], folder
    code: object = 0
    try:
        runpy.run_module("cfscim", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
        code = 1
    if code is not None and not isinstance(code, int):
        print(code, file=sys.stderr)
    threading._shutdown()  # as an interpreter does at its end
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    _serve()
