"""The commands that our output tells people to run, as a shell takes them where they are read."""

import os
import shlex
import shutil
import sys


def next_command(*words: str) -> str:
    """`python -m cfscim` with these words, quoted, by the interpreter that runs this process.

    `python` is written only where the shell would find this very interpreter; else its path, from
    the working directory where it lies below it.
    """
    return shlex.join([_interpreter(), "-m", "cfscim", *words])


def as_run_here(text: str) -> str:
    """The text, with `python -m cfscim` at its beginning as this process's reader has to write it.

    For documents that may be read elsewhere too, and are written once for both.
    """
    words = "python -m cfscim "
    return f"{next_command()} {text.removeprefix(words)}" if text.startswith(words) else text


def stack_words(file: str, stack: str) -> tuple[str, str]:
    """`--stack` and what names the stack here: its file where that is in another folder."""
    return "--stack", file if os.path.dirname(file) else stack


def _interpreter() -> str:
    executable = os.path.abspath(sys.executable)
    for name in ("python", "python3"):
        found = shutil.which(name)
        # Links are not followed: a virtual environment's python is a link to another one's.
        if found and os.path.dirname(os.path.abspath(found)) == os.path.dirname(executable):
            return name
    below = os.path.relpath(executable)
    return executable if below.startswith("..") else below
