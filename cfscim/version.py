"""The version of this program, the commit of its checkout, and what a Python without its packages
says.
"""

import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

from cfscim import processes
from cfscim.config.messages import Exit, Message, Where

ROOT = Path(__file__).resolve().parents[1]


def version() -> str:
    """The version that pyproject.toml declares, as in `1.0.0`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return str(project["version"])


def full_version() -> str:
    """The version with the commit behind it: `1.0.0 (0123456789ab)`, where git tells."""
    try:
        asked = ["git", "-C", str(ROOT), "rev-parse", "--show-prefix", "--short=12", "HEAD"]
        done = processes.run_text(asked, seconds=processes.ASK_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return version()
    # A prefix means that the checkout is somebody else's, and this a copy inside of it.
    prefix, _, commit = done.stdout.partition("\n")
    known = done.returncode == 0 and not prefix and commit.strip()
    return f"{version()} ({commit.strip()})" if known else version()


_ROOT = Path(__file__).resolve().parents[1]
_OURS = ("cfscim", "components", "policy", "sandbox")


def lacking(error: ModuleNotFoundError) -> Exit:
    """Says in one line which package this Python lacks, and how the command is run instead.

    Raises the error itself where it is a module of this program's that is missing.
    """
    package = (error.name or "").partition(".")[0]
    if package in _OURS or not package:
        raise error
    own = _ROOT / ".venv" / "bin" / "python"
    if own.exists() and Path(sys.prefix).resolve() != own.parents[1].resolve():
        instead = f"run {shlex.join([str(own), '-m', 'cfscim', *sys.argv[1:]])}"
    else:
        instead = f"run make -C {shlex.quote(str(_ROOT))} install, and then this again"
    message = Message(
        Where(about="cfscim"),
        f"{package} is not installed for this Python ({sys.executable})",
        "the program cannot run without it",
        instead,
    )
    print(message, file=sys.stderr)
    return Exit.MISSING
