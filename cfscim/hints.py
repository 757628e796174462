"""The commands that our output tells people to run, as a shell takes them where they are read.

In a text a command stands between backticks in its shortest form, `cfscim steps` or `pulumi up`.
Where the text is printed, `as_printed` writes it out: the interpreter that runs this process, the
stack that the user named, the folder where it lies.
"""

import os
import re
import shlex
import shutil
import sys
from contextvars import ContextVar

_IN_TEXT = re.compile(r"`(cfscim|sandbox|pulumi)( [^`]*)?`")
OF_A_STACK = frozenset(
    {"plan", "up", "verify", "adopt", "preflight", "steps", "restore-super-admin"}
)
"""Our commands that take `--stack`."""
_ENGINE_OF_A_STACK = frozenset(
    {"up", "preview", "refresh", "destroy", "import", "config", "stack", "state"}
)

_named: ContextVar[tuple[str, str] | None] = ContextVar("named", default=None)


def about(file: str, engine_name: str) -> None:
    """From now on hints are about this stack: its file, and the name that the engine knows."""
    _named.set((file, engine_name))


def engine_folder() -> str | None:
    """Where the engine has to be run: the folder of the stack's file; None: here."""
    named = _named.get()
    return (os.path.dirname(named[0]) or None) if named is not None else None


def next_command(*words: str) -> str:
    """`python -m cfscim` with these words, quoted, by the interpreter that runs this process.

    `python` is written only where the shell would find this very interpreter; else its path, from
    the working directory where it lies below it.
    """
    return _run_here("cfscim", *words)


def anywhere(*words: str) -> str:
    """`python -m cfscim` with these words, for a document that is read elsewhere too."""
    return shlex.join([*_ANYWHERE, *words])


def as_run_here(text: str) -> str:
    """What `anywhere` wrote, as this process's reader has to write it; other text as it stands."""
    words = f"{shlex.join(_ANYWHERE)} "
    return f"{next_command()} {text.removeprefix(words)}" if text.startswith(words) else text


def as_printed(text: str) -> str:
    """The text with every command between backticks as it runs from this folder, by this process's
    interpreter, and for the stack that the user named."""
    return _IN_TEXT.sub(lambda match: f"`{_whole(match[1], (match[2] or '').strip())}`", text)


def of_stack(text: str, file: str, stack: str) -> str:
    """The text with every command between backticks for this stack, for a document that is read
    elsewhere too, and may be about several."""
    return _IN_TEXT.sub(
        lambda match: f"`{_for_stack(match[1], (match[2] or '').strip(), (file, stack))}`", text
    )


def engine_command(*words: str) -> str:
    """`pulumi` with these words, for the stack that the user named."""
    return _whole("pulumi", shlex.join(words))


def stack_words(file: str, stack: str) -> tuple[str, str]:
    """`--stack` and what names the stack here: its file where that is in another folder."""
    return "--stack", file if os.path.dirname(file) else stack


_ANYWHERE = ("python", "-m", "cfscim")


def _run_here(module: str, *words: str) -> str:
    return shlex.join([_interpreter(), "-m", module, *words])


def _whole(program: str, words: str) -> str:
    """One command in full, by this interpreter."""
    whole = _for_stack(program, words, _named.get())
    if program == "pulumi":
        return whole
    return f"{_run_here(program)}{whole.removeprefix(program)}"


def _for_stack(program: str, words: str, named: tuple[str, str] | None) -> str:
    """A command with its stack; `words`: as they stand, for they may hold a pipe or a place to
    fill."""
    takes = _ENGINE_OF_A_STACK if program == "pulumi" else OF_A_STACK
    if named is None or words.partition(" ")[0] not in takes or "--stack" in words:
        return f"{program} {words}".rstrip()
    file, stack = named
    if program != "pulumi":
        return f"{program} {words} {shlex.join(stack_words(file, stack))}"
    where = f" -C {shlex.quote(os.path.dirname(file))}" if os.path.dirname(file) else ""
    command, pipe, rest = words.partition(" | ")
    return f"pulumi{where} {command} --stack {shlex.quote(stack)}{pipe}{rest}"


def _interpreter() -> str:
    executable = os.path.abspath(sys.executable)
    for name in ("python", "python3"):
        path = shutil.which(name)
        # Links are not followed: a virtual environment's python is a link to another one's.
        if path and os.path.dirname(os.path.abspath(path)) == os.path.dirname(executable):
            return name
    below = os.path.relpath(executable)
    return executable if below.startswith("..") else below
