"""Help with examples that parse, completion in a shell, and hints that run as they are printed."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cfscim.__main__ import EXAMPLES, _program
from cfscim.completion import script
from tests.commandline import Done, run, typed

ROOT = Path(__file__).resolve().parents[2]
ENV = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
STACK = """\
config:
  cloudflare-scim:scim:
    account: {id: a1b2a1b2a1b2a1b2a1b2a1b2a1b2a1b2, name: Own}
    roleModel: userGroups
    token: {expiresOn: "2027-05-20T00:00:00Z"}
    breakGlass: [owner@own.io, other@own.io]
    identityProvider: {kind: okta, orgName: own}
"""


def ran(folder: Path, command: str) -> Done:
    """The command as a shell runs it in `folder`."""
    return typed(command, folder, ENV)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: cloudflare-scim\nruntime: python\n")
    (tmp_path / "Pulumi.prod.yaml").write_text(STACK)
    return tmp_path


@pytest.mark.parametrize("name", sorted(_program().commands))
def test_every_command_s_help_has_examples_that_parse(name: str) -> None:
    short, long = (ran(ROOT, f"{sys.executable} -m cfscim {name} {h}") for h in ("-h", "--help"))
    assert short.returncode == 0
    assert short.stdout == long.stdout
    program = _program()
    for words in EXAMPLES[name]:
        assert f"python -m cfscim {name} {words}".rstrip() in short.stdout
        arguments = shlex.split(re.split(r" [>|&]", f" {words}")[0])
        program.commands[name].make_context(name, arguments)


@pytest.mark.parametrize("name", ["", *sorted(_program().commands)])
@pytest.mark.parametrize("columns", ["40", "60"])
def test_help_fits_and_nothing_in_it_is_cut(name: str, columns: str) -> None:
    done = typed(f"{sys.executable} -m cfscim {name} -h", ROOT, {**ENV, "COLUMNS": columns})
    assert done.returncode == 0
    told, _, examples = done.stdout.partition("Examples:")
    for line in told.splitlines()[1:]:
        assert len(line) <= int(columns), line
    assert bool(examples) is bool(name)
    assert "..." not in told.partition("Options:")[2], "a sentence is cut"


def test_the_program_has_a_version_and_no_example_for_a_command_it_lacks() -> None:
    assert set(EXAMPLES) == set(_program().commands)
    assert re.match(r"\d+\.\d+\.\d+", ran(ROOT, f"{sys.executable} -m cfscim --version").stdout)


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["acc"], ["access"]),
        (["access", "--for"], ["--format"]),
        (["access", "--format", ""], ["csv", "html", "json", "text"]),
        (["plan", "--stack", ""], ["prod"]),
        (["completion", ""], ["bash", "fish", "zsh"]),
        (["plan", ""], []),
        (["nosuch", "--"], []),
    ],
)
def test_bash_completes_commands_options_values_and_stacks(
    folder: Path, words: list[str], offered: list[str]
) -> None:
    (folder / "complete.sh").write_text(script("bash"))
    given = " ".join(shlex.quote(word) for word in ["cfscim", *words])
    asked = f"COMP_WORDS=({given}); COMP_CWORD={len(words)}; _cfscim 2>/dev/null"
    done = ran(folder, f'. ./complete.sh; {asked}; printf "%s\\n" "${{COMPREPLY[@]}}"')
    assert sorted(filter(None, done.stdout.split("\n"))) == offered
    assert ran(folder, ". ./complete.sh; cfscim validate").returncode == 0


ASKS = {
    "zsh": "words=({words}); CURRENT=$#words; compdef() {{ }}\n"
    'compadd() {{ print -rl -- "${{(@)found}}" }}; _files() {{ }}\n'
    ". ./complete; _cfscim",
    "fish": "source ./complete; complete -C '{line}'",
}
"""How a shell is asked for what it would offer; nothing else of it is needed."""


@pytest.mark.parametrize("shell", ASKS)
def test_other_shells_complete_as_well(folder: Path, shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    (folder / "complete").write_text(script(shell))
    for words, offered in (
        (["acc"], ["access"]),
        (["access", "--format", ""], ["csv", "html", "json", "text"]),
        (["plan", "--stack", "pr"], ["prod"]),
        (["plan", "--aga"], ["--against"]),
    ):
        quoted = " ".join(shlex.quote(word) for word in ["cfscim", *words])
        asked = ASKS[shell].format(words=quoted, line=" ".join(["cfscim", *words]))
        alone = "--no-config" if shell == "fish" else "-f"
        done = subprocess.run(
            [shell, alone, "-c", asked], cwd=folder, env=ENV, capture_output=True, text=True
        )
        assert sorted(filter(None, done.stdout.split("\n"))) == offered, done.stderr


HINT = re.compile(r"(\S*python\S* -m cfscim [^`]*?)(?=, then run|`|$)", re.MULTILINE)
PRINTED_BY = {
    "validate": "validate",
    "plan": "plan --stack prod",
    "plan of a file elsewhere": "plan --stack stacks/Pulumi.eu.yaml",
    "access": "access",
    "init": "init --stack new --provider okta --account-id 11112222333344445555666677778888 "
    "--account-name New --org new --break-glass a@new.io --break-glass b@new.io",
}


@pytest.mark.parametrize("command", PRINTED_BY.values(), ids=list(PRINTED_BY))
def test_every_command_that_a_hint_names_runs_as_printed(folder: Path, command: str) -> None:
    (folder / "stacks").mkdir()
    (folder / "stacks" / "Pulumi.yaml").write_text("name: cloudflare-scim\nruntime: python\n")
    (folder / "stacks" / "Pulumi.eu.yaml").write_text(STACK)
    done = ran(folder, f"{shlex.quote(sys.executable)} -m cfscim {command}")
    assert done.returncode == 0, done.stderr
    hints = HINT.findall(done.stdout)
    assert hints, done.stdout
    for hint in hints:
        again = ran(folder, hint)
        assert "Traceback" not in again.stderr
        assert again.returncode in (0, 1), f"{hint}: {again.stderr}"
        if " up " not in hint:  # without every vendor's consent it may end in 1, never in usage
            assert again.returncode == 0, f"{hint}: {again.stdout[-500:]}{again.stderr[-500:]}"


def test_something_is_on_the_screen_at_once(folder: Path) -> None:
    waits = []
    for _ in range(3):
        began = time.monotonic()
        assert run(["validate"], folder, ENV, fresh=True).returncode == 0
        waits.append(time.monotonic() - began)
    assert min(waits) < 2, "half a second on a machine that does nothing else"
