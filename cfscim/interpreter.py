"""What is said where another Python than the program's own runs it; Python's own library only."""

import shlex
import sys
from pathlib import Path

from cfscim.config.messages import Exit, Message, Where

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
