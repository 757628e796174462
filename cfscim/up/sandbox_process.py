"""The sandbox as a process of its own, its admin API, and one that `up --keep` left running.

A kept one has its environment in a file; `up --sandbox ADDRESS` goes on with it: the folder is
found by the address that stands in it.
"""

import json
import os
import re
import select
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

import httpx

from cfscim.config.json_types import Json, JsonObject
from cfscim.config.messages import MissingError, ScimError, one_line
from cfscim.hints import next_command
from cfscim.up.deployer import Deployer
from cfscim.up.engine import KEPT_PASSPHRASE, PASSPHRASE

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

    @property
    def pid(self) -> int | None:
        """The process id, for stopping a detached one by hand; None where another run began it."""
        return None

    def environment(self) -> dict[str, str]:
        """This process's environment with every vendor setting replaced by the sandbox's.

        A credential or endpoint of a real vendor never reaches a run against the sandbox.
        """
        kept = {k: v for k, v in os.environ.items() if not k.startswith(_VENDOR_PREFIXES)}
        return {**kept, **self.env, "NO_PROXY": "127.0.0.1,localhost,::1"}

    def state(self) -> dict[str, dict[str, object]]:
        """Everything the three vendors hold, secrets masked."""
        return self._answer("GET", "state").json()

    def post(self, path: str, body: object = None) -> dict[str, object]:
        """An admin call, as in `post("cycle")`; raises `ScimError` with the sandbox's answer."""
        return self._answer("POST", path, body or {}).json()

    def close(self) -> None:
        """Gives the connections back; the sandbox goes on."""
        self._http.close()

    def _answer(self, method: str, path: str, body: object = None) -> httpx.Response:
        path = f"/_sandbox/{path}"
        try:
            answer = self._http.request(method, path, json=body)
        except httpx.TransportError as error:
            raise MissingError(
                f"sandbox {self.admin}",
                f"it does not answer ({type(error).__name__})",
                "there is nothing to update",
                "start one with `cfscim up --keep`",
            ) from None
        if answer.is_error:
            raise ScimError(
                f"sandbox {method} {path}",
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
    def pid(self) -> int | None:
        """The process id."""
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


PREFIX = "cfscim-up-"
"""How the folders of kept sandboxes begin, in the system's folder for temporary files."""


@dataclass(frozen=True)
class Kept:
    """A kept sandbox: its folder, its admin address, and the environment to work with it."""

    folder: Path
    admin: str
    env: Mapping[str, str] = field(repr=False)


def leave_running(
    stack: str,
    folder: Path,
    deployer: Deployer,
    outputs: Mapping[str, object],
    sandbox: RunningSandbox,
) -> list[str]:
    """Writes the environment of the updates and the stack's `outputs` into `folder`, for its
    owner's eyes only. Returns the lines that say how to go on by hand.

    The files hold credentials of the sandbox, and of nothing else.
    """
    environment, project = deployer.environment, deployer.project_folder
    file, answers, admin = folder / "environment", folder / "outputs.json", sandbox.admin
    pid = sandbox.pid or int(str(_read(folder / _KEPT).get("pid") or 0))
    passphrase = environment.get(PASSPHRASE, "")
    env = {**sandbox.env, KEPT_PASSPHRASE: passphrase} if project else dict(sandbox.env)
    _write(folder / _KEPT, json.dumps({"admin": admin, "pid": pid, "env": env}, indent=2))
    _write(file, _shell(environment, sandbox.env, file.read_text() if file.exists() else ""))
    _write(answers, json.dumps(outputs, indent=2))
    lines = [
        f"The sandbox stays at {admin} (process {pid}). In a shell of its own:",
        f"  set -a; . {shlex.quote(str(file))}; set +a",
    ]
    if project is not None:
        where = shlex.quote(str(project))
        lines += [f"  pulumi -C {where} preview --stack {shlex.quote(stack)}"]
    return [
        *lines,
        f"  {next_command('verify', '--stack', stack, '--outputs', str(answers))}",
        f"  curl {admin}/_sandbox/state",
        "The second day, after a change of the stack file:",
        f"  {next_command('up', '--stack', stack, '--sandbox', admin)}",
        f"To stop it: kill {pid}; rm -r {shlex.quote(str(folder))}",
    ]


_KEPT = "kept.json"


def find_kept(address: str) -> Kept:
    """The kept sandbox of this address. Raises `MissingError` where there is none of ours."""
    text = f":{address}" if address.isascii() and address.isdigit() else address
    try:
        wanted = urlsplit(text if "//" in text else f"http://{text}").port
    except ValueError:
        wanted = None
    for file in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{_KEPT}"):
        # Somebody else's folder would hand us an environment of their making.
        if file.stat().st_uid != os.getuid():
            continue
        known = _read(file)
        admin, env = known.get("admin"), known.get("env")
        if isinstance(admin, str) and isinstance(env, dict) and urlsplit(admin).port == wanted:
            return Kept(file.parent, admin, {key: str(value) for key, value in env.items()})
    raise MissingError(
        f"up --sandbox {one_line(address)}".rstrip(),
        "no sandbox of this address was kept by you",
        "nothing says how to sign in to it",
        "keep one with `cfscim up --keep`, and copy its address",
    )


def write_state(folder: Path, stack: str, deployer: Deployer) -> None:
    """Keeps what the stack's state is, in the form of `pulumi stack export`."""
    _write(folder / f"state.{stack}.json", json.dumps(deployer.state()))


def read_state(folder: Path, stack: str) -> Json:
    """What `write_state` kept; None where this stack has none there."""
    return _read(folder / f"state.{stack}.json") or None


def _read(path: Path) -> JsonObject:
    try:
        record = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _shell(environment: Mapping[str, str], own: Collection[str], earlier: str) -> str:
    """What makes this environment of any shell: the sandbox's `own` names, the engine's, and what
    differs from this process's, whose shell may have read the `earlier` file."""
    changed = [
        f"{name}={shlex.quote(value)}"
        for name, value in sorted(environment.items())
        if os.environ.get(name) != value
        or name in own
        or name == "NO_PROXY"
        or name.startswith("PULUMI_")
    ]
    cleared = {*re.findall(r"^unset (\w+)$", earlier, re.MULTILINE), *os.environ} - {*environment}
    return "\n".join([*(f"unset {name}" for name in sorted(cleared)), *changed, ""])


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
