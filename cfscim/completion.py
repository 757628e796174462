"""`completion`: a shell function `cfscim` for this interpreter, and what completes it."""

import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any, get_args

from cfscim.stacks import known_stacks

# _CFSCIM_COMPLETE holds the words so far, a line each, the last one unfinished.
_SCRIPTS = {
    "bash": """\
cfscim() { %(command)s "$@"; }
_cfscim() {
  local IFS=$'\\n'
  COMPREPLY=($(_CFSCIM_COMPLETE="${COMP_WORDS[*]:1:COMP_CWORD}"$'\\n' %(command)s))
  [ ${#COMPREPLY[@]} -gt 0 ] || compopt -o default
}
complete -F _cfscim cfscim
""",
    "zsh": """\
cfscim() { %(command)s "$@" }
_cfscim() {
  local -a found
  found=("${(@f)$(_CFSCIM_COMPLETE="${(pj:\\n:)words[2,CURRENT]}"$'\\n' %(command)s)}")
  [[ -n "$found" ]] && compadd -a found || _files
}
compdef _cfscim cfscim
""",
    "fish": """\
function cfscim; %(command)s $argv; end
function _cfscim
  set -l words (commandline -opc)[2..-1] (commandline -ct)
  set -l found (_CFSCIM_COMPLETE=(string join \\n -- $words | string collect -N) %(command)s)
  if test -n "$found"
    printf '%%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete --command cfscim --no-files --arguments "(_cfscim)"
""",
}


def script(shell: str) -> str:
    """What the shell reads: the command `cfscim`, and its completion."""
    # The script is read in every folder, so the interpreter is named by its whole path.
    command = shlex.join([os.path.abspath(sys.executable), "-m", "cfscim"])
    return _SCRIPTS[shell] % {"command": command}


def answer(program: Any, asked: str) -> int:
    """Prints what may come next, a line each, and returns 0; nothing where a file belongs.

    `program` is the command line; `asked` the words so far, a line each.
    """
    words = asked.removesuffix("\n").split("\n")
    print("\n".join(sorted(word for word in _next(program, words) if word.startswith(words[-1]))))
    return 0


def _next(program: Any, words: Sequence[str]) -> Iterator[str]:
    command = program.commands.get(words[0]) if len(words) > 1 else program
    if command is None:
        return
    options = {name: param for param in command.params for name in param.opts}
    before = options.get(words[-2]) if len(words) > 1 else None
    if before is not None and not getattr(before, "is_flag", False):
        if "--stack" in before.opts and words[0] != "init":
            yield from known_stacks()
        yield from _choices(before)
    elif words[-1].startswith("-"):
        yield from (name for name in options if name.startswith("--"))
        yield "--help"
    elif command is program:
        yield from program.commands
    else:
        for param in command.params:
            if not param.opts[0].startswith("-"):
                yield from _choices(param)


def _choices(param: Any) -> Iterator[str]:
    """The values of a parameter that takes one of a few; of any other, nothing."""
    annotation = getattr(getattr(param, "type_descriptor", None), "annotation", None)
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, StrEnum):
            yield from (choice.value for choice in kind)
