"""The version of this program, and the commit where it is a checkout."""

import subprocess
import tomllib
from pathlib import Path

from cfscim import processes

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
