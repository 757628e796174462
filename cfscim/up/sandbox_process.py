"""The sandbox as a process of its own or one that was kept, and its admin API."""

import json
import os
import select
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import httpx

from cfscim.config.messages import MissingError, ScimError

PROJECT_DIR = Path(__file__).resolve().parents[2]
_READY_SECONDS = 30.0
_VENDOR_PREFIXES = ("CLOUDFLARE_", "OKTA_", "ARM_", "AZURE_")


class RunningSandbox:
    """Cloudflare, Okta and Microsoft Graph on loopback. In: its admin API's origin, and the
    environment that points the real providers and our own clients at it."""

    def __init__(self, admin: str, env: Mapping[str, str]) -> None:
        self.admin = admin
        self.env = dict(env)
        self._http = httpx.Client(base_url=admin, timeout=120, trust_env=False)

    def environment(self) -> dict[str, str]:
        """This process's environment with every vendor setting replaced by the sandbox's.

        A credential or endpoint of a real vendor never reaches a run against the sandbox.
        """
        kept = {k: v for k, v in os.environ.items() if not k.startswith(_VENDOR_PREFIXES)}
        return {**kept, **self.env, "NO_PROXY": "127.0.0.1,localhost,::1"}

    def state(self) -> dict[str, dict[str, object]]:
        """Everything the three vendors hold, secrets masked."""
        try:
            answer = self._http.get("/_sandbox/state")
        except httpx.TransportError as error:
            raise MissingError(
                f"sandbox {self.admin}",
                f"it does not answer ({type(error).__name__})",
                "there is nothing to update",
                "start one with `cfscim up --keep`",
            ) from None
        return self._checked(answer).json()

    def post(self, path: str, body: object = None) -> dict[str, object]:
        """An admin call, as in `post("cycle")`; raises `ScimError` with the sandbox's answer."""
        return self._checked(self._http.post(f"/_sandbox/{path}", json=body or {})).json()

    def close(self) -> None:
        """Gives the connections back; the sandbox goes on."""
        self._http.close()

    @staticmethod
    def _checked(answer: httpx.Response) -> httpx.Response:
        if answer.is_error:
            raise ScimError(
                f"sandbox {answer.request.method} {answer.request.url.path}",
                f"answered {answer.status_code}, {answer.text.strip()[:300]}",
                "the run cannot go on",
                "this is a bug of the sandbox or of what was asked; report it",
            )
        return answer


class SandboxProcess(RunningSandbox):
    """A sandbox for as long as the context lasts.

    `detach()` leaves it running on exit. `state_dir`: where all it holds is kept and stays, in
    `state.json`; without one nothing is left behind. Raises `MissingError` when it does not come
    up.
    """

    def __init__(self, state_dir: Path | None = None) -> None:
        self._temporary = state_dir is None
        self._dir = str(state_dir) if state_dir else tempfile.mkdtemp(prefix="cfscim-sandbox-")
        # A file, not a pipe: a pipe nobody reads would stop the sandbox once it is full.
        self._errors = (Path(self._dir) / "sandbox.log").open("w+b")
        gone = ["--with-parent", *(["--temporary"] if self._temporary else [])]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "sandbox", "--state-dir", self._dir, *gone],
            cwd=PROJECT_DIR,
            # Its end tells the sandbox that this process is gone, however it was ended.
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            start_new_session=True,
        )
        self._detached = False
        ready = json.loads(self._ready_line())
        super().__init__(ready["admin"], ready["env"])

    @property
    def pid(self) -> int:
        """The process id, for stopping a detached sandbox by hand."""
        return self._process.pid

    def detach(self) -> None:
        """Leaves the sandbox running when this object is closed."""
        self._detached = True
        assert self._process.stdin is not None
        self._process.stdin.write("keep\n")
        self._process.stdin.flush()

    def __enter__(self) -> "SandboxProcess":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()
        self._errors.close()
        if self._detached and error is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._temporary:
            shutil.rmtree(self._dir, ignore_errors=True)

    def _ready_line(self) -> str:
        assert self._process.stdout is not None
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            if select.select([self._process.stdout], [], [], 0.2)[0]:
                line = self._process.stdout.readline()
                if line.strip():
                    return line
        self._process.kill()
        self._errors.seek(0)
        last = self._errors.read().decode(errors="replace").strip().splitlines()
        if last and "is not installed for this Python" in last[-1]:
            program = Path(__file__).resolve().parents[2]
            raise MissingError(
                "sandbox",
                "its packages are not installed",
                "what holds credentials of production does without them",
                f"run make -C {shlex.quote(str(program))} sandbox, and then this again",
            )
        raise MissingError(
            "sandbox",
            f"it did not start within {_READY_SECONDS:.0f} s",
            "nothing can be tried out without it",
            f"run `sandbox` to see why ({(last[-1] if last else 'it printed nothing')})",
        )
