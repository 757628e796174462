"""Lines of a command as they come: plain in a file or a pipe, as `terminal.py` shows them else."""

import os
import sys

from cfscim.hints import as_printed
from cfscim.report import passing


def say(text: str, sign: str = "", *, hanging: str = "  ", error: bool = False) -> None:
    """Prints the lines with the commands in them as they run here.

    `sign` gives the colour, as in `document.Signed`; `hanging`: what stands before the rest of a
    line that does not fit; `error`: to standard error.
    """
    passing.clear()
    shown, out = as_printed(text), sys.stderr if error else sys.stdout
    if not (out.isatty() or os.environ.get("FORCE_COLOR")):
        print(shown, file=out, flush=True)
        return
    # Only now: a pipeline that reads us need not wait for it to load.
    from cfscim.report.terminal import show_lines

    show_lines(shown, sign, hanging=hanging, error=error)
