"""What the engine itself knows of this stack's past: its state, and how its last update ended.

Source: `pulumi stack export` and `pulumi stack history --json`, of the stack that is being run.
"""

import json
import shutil
import subprocess
from datetime import UTC, datetime

import pulumi

from cfscim.adopt.stack_state import StackState, last_update_succeeded, read_state
from cfscim.config.json_types import Json
from cfscim.config.messages import ScimError

_SECONDS = 120
# The last ten: previews and refreshes are listed among the updates.
_HISTORY = ("stack", "history", "--json", "--page-size", "10")


def stack_state() -> StackState:
    """The stack's state; empty where there is no `pulumi` on PATH. Raises `ScimError`."""
    # Without --show-secrets: what is needed is no secret.
    return read_state(_ask("stack", "export"), datetime.now(UTC))


def last_update_failed() -> bool:
    """Whether the newest update that has ended did not succeed. Raises `ScimError`."""
    return not last_update_succeeded(_ask(*_HISTORY))


def _ask(*arguments: str) -> Json:
    command = shutil.which("pulumi")
    if command is None:
        pulumi.log.debug("no pulumi on PATH: what an earlier update left is not looked for")
        return None
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    try:
        done = subprocess.run(
            [command, *arguments, "--stack", stack, "--non-interactive"],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=True,
        )
        return json.loads(done.stdout)
    except (subprocess.SubprocessError, OSError, ValueError) as error:
        said = getattr(error, "stderr", None) or str(error)
        raise ScimError(
            f"pulumi {arguments[0]} {arguments[1]} --stack {stack}",
            f"{' '.join(str(said).split())[:200]}",
            "without it nothing says what an earlier update left behind",
            "run the same by hand and put right what it says",
        ) from None
