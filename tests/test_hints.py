"""Every command that our output tells people to run is run as printed, and so is what those print.

The vendors are a sandbox that `up --keep` left; `pulumi` is a stand-in that knows the stack's outputs
and takes only what the engine has. No text outside hints.py spells a command in full.
"""

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cfscim import hints
from cfscim.__main__ import _program
from tests.commandline import Done, typed

ROOT = Path(__file__).resolve().parents[1]
PYTHON = shlex.quote(sys.executable)
SOURCES = [
    *(
        path
        for folder in ("cfscim", "components", "policy")
        for path in (ROOT / folder).rglob("*.py")
    ),
    ROOT / "__main__.py",
]
IN_TEXT = re.compile(r"`(cfscim|sandbox|pulumi)((?: [^`]*)?)`")
OURS = re.compile(
    r"([^\s`]*python[^\s`]* -m (?:cfscim|sandbox)\b[^`\n]*?)(?=, then run |, and |`|\.?$|\. Then)",
    re.MULTILINE,
)
ENGINES = re.compile(
    r"`(pulumi [^`\n]+)`|(?:Next|Then): (pulumi .*)$|then run (pulumi .*)\.$|^  (pulumi .*)$",
    re.MULTILINE,
)
STAND_IN = """#!{python}
import json, os, sys
words = sys.argv[1:]
if words[:1] == ["version"]:
    sys.exit(print("v3.259.0"))
if words[:1] == ["whoami"]:
    sys.exit(print("ada"))
if words[:1] == ["-C"]:
    os.chdir(words[1])
    words = words[2:]
assert os.path.exists("Pulumi.yaml"), "no Pulumi.yaml in " + os.getcwd()
if "plugin" in words:
    sys.exit(print("[]"))
named = words[words.index("--stack") + 1] if "--stack" in words else None
assert named in ("dev", "acme/dev", "first", "prod"), words
assert os.path.exists("Pulumi." + named.split("/")[-1] + ".yaml"), "in another folder: " + str(words)
command = [word for word in words if not word.startswith("-")]
known = [["up"], ["preview"], ["refresh"], ["import"], ["stack", "output"], ["stack", "export"],
         ["stack", "history"], ["config"], ["state", "delete"], ["destroy"], ["stack"]]
assert any(command[:len(one)] == one for one in known), words
folder = {folder!r}
if command[:2] == ["stack", "output"]:
    print(open(folder + "/outputs.json").read())
elif command[:2] == ["stack", "export"]:
    print(open(folder + "/state.dev.json").read())
elif command[:2] == ["stack", "history"]:
    print("[]")
elif command[:1] == ["config"]:
    print("{{}}")
"""


# -- what the source says ----------------------------------------------------------------------


def texts(path: Path) -> Iterator[str]:
    """Every text of a module but its docstrings; what is put in later reads as `X`."""
    tree = ast.parse(path.read_text())
    apart = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    apart |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    inside = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in node.values
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) not in apart and id(node) not in inside:
                yield node.value
        elif isinstance(node, ast.JoinedStr):
            parts = (p.value if isinstance(p, ast.Constant) else "X" for p in node.values)
            yield "".join(str(part) for part in parts)


def test_no_text_outside_hints_spells_a_command() -> None:
    for path in SOURCES:
        if path == ROOT / "cfscim" / "hints.py":
            continue
        for text in texts(path):
            assert not re.search(r"-m (cfscim|sandbox)(?![.\w])", text), f"{path}: {text}"


def forms() -> dict[str, set[str]]:
    """Every command between backticks in a text of ours -> the files that have it."""
    found: dict[str, set[str]] = {}
    for path in SOURCES:
        for text in texts(path):
            for program, words in IN_TEXT.findall(text):
                found.setdefault(program + words, set()).add(path.relative_to(ROOT).as_posix())
    return found


def test_every_command_between_backticks_is_one_of_ours_and_parses() -> None:
    program = _program()
    of_a_stack = {
        name
        for name, command in program.commands.items()
        if any(option.name == "stack" and name != "init" for option in command.params)
    }
    assert of_a_stack == hints.OF_A_STACK
    ours = [form for form in forms() if form.startswith("cfscim ")]
    assert len(ours) >= 6
    for form in ours:
        name, *words = shlex.split(form)[1:]
        words += ["--stack", "dev"] if name in of_a_stack and "--stack" not in words else []
        if name != "init":
            program.commands[name].make_context(name, words)


def test_the_engine_has_every_command_that_a_text_names() -> None:
    if shutil.which("pulumi") is None:
        pytest.skip("there is no `pulumi` on PATH")
    for form, files in forms().items():
        words = shlex.split(form.partition(" | ")[0])
        if words[0] != "pulumi":
            continue
        command = [word for word in words[1:] if re.fullmatch(r"[a-z]+", word)][:2]
        if command[:1] not in (["stack"], ["config"], ["state"]):
            command = command[:1]
        env = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "1"}
        asked = [*("pulumi", *command), "--help"]
        said = subprocess.run(asked, capture_output=True, text=True, env=env)
        assert said.returncode == 0, f"{form} in {files}"
        for option in (word for word in words if word.startswith("--")):
            assert f"{option.partition('=')[0]}" in said.stdout, f"{form} in {files}"


# -- what is printed ---------------------------------------------------------------------------


@dataclass
class Shell:
    """A shell in the folder of the stack files."""

    folder: Path
    env: dict[str, str]
    printed: dict[str, str] = field(default_factory=dict)
    """Hint -> the command that printed it."""
    run: set[str] = field(default_factory=set)

    def types(self, command: str) -> Done:
        """Runs the command as it stands, and notes what it tells to run."""
        done = typed(command, self.folder, self.env)
        self.run.add(command)
        said = done.stdout + done.stderr
        assert "Traceback" not in said, f"{command}\n{said}"
        assert "`cfscim" not in said, said
        assert "`sandbox" not in said, said
        if command.startswith("pulumi"):
            return done  # the engine's own words
        for hint in [*OURS.findall(said), *(filter(None, sum(ENGINES.findall(said), ())))]:
            # One stack of this folder stands for the others.
            alike = re.sub(r"--stack (acme/dev|new)\b", "--stack dev", hint.strip())
            # A comment on a pull request is read where `python` is that of the stacks.
            self.printed.setdefault(re.sub(r"^python -m", f"{PYTHON} -m", alike), command)
        return done

    def follow(self, *, differs: bool = False) -> None:
        """Runs every hint as printed, and what those print, until there is nothing new; `differs`:
        the account is not as declared."""
        while left := [hint for hint in self.printed if hint not in self.run]:
            for hint in left:
                if "--format html" in hint:
                    assert hint.endswith("--format html > access.html")
                done = self.types(hint)
                by = f"{hint}\nprinted by {self.printed[hint]}\n{done.stdout}{done.stderr}"
                # A person is needed where a name is taken, and nowhere else.
                person = differs or " adopt " in hint
                assert done.returncode == 0 or (done.returncode == 1 and person), by


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """With a stack that `up --keep` made, and the environment that it printed."""
    folder = tmp_path_factory.mktemp("stacks")
    (folder / "Pulumi.yaml").write_text("name: cloudflare-scim\nruntime: python\n")
    shutil.copy(ROOT / "Pulumi.dev.yaml", folder)
    path = os.environ["PATH"].split(os.pathsep)
    without = [one for one in path if shutil.which("pulumi", path=one) is None]
    temporary = tmp_path_factory.mktemp("kept")
    env = {
        **os.environ,
        "PATH": os.pathsep.join(without),
        "PYTHONPATH": str(ROOT),
        "TMPDIR": str(temporary),
    }
    made = Shell(folder, env)
    done = made.types(f"{PYTHON} -m cfscim up --stack dev --keep")
    assert done.returncode == 0, done.stdout + done.stderr
    kept = re.search(r"^  (set -a; .*; set \+a)$", done.stdout, re.MULTILINE)
    stop = re.search(r"^To stop it: (kill \d+; rm -r \S+)$", done.stdout, re.MULTILINE)
    assert kept
    assert stop
    # As the first line says: a shell of its own with the environment of the sandbox.
    shown = subprocess.run(
        ["bash", "-c", f"{kept[1]}; env -0"], env=env, capture_output=True, text=True, check=True
    )
    made.env = dict(pair.split("=", 1) for pair in shown.stdout.split("\0") if pair)
    (kept_folder,) = temporary.glob("cfscim-up-*")
    (temporary / "pulumi").write_text(
        STAND_IN.format(python=sys.executable, folder=str(kept_folder))
    )
    (temporary / "pulumi").chmod(0o755)
    made.env["PATH"] = f"{temporary}{os.pathsep}{made.env['PATH']}"
    yield made
    assert made.types(stop[1]).returncode == 0
    assert not kept_folder.exists()


NEW = "init --stack new --provider okta --account-id 11112222333344445555666677778888 "
NEW += "--account-name New --org new --break-glass a@new.io --break-glass b@new.io"


def test_every_hint_that_is_printed_runs_as_printed(shell: Shell) -> None:
    stacks = shell.folder / "stacks"
    stacks.mkdir()
    (stacks / "Pulumi.yaml").write_text("name: cloudflare-scim\nruntime: python\n")
    shutil.copy(ROOT / "Pulumi.dev.yaml", stacks / "Pulumi.prod.yaml")
    first = (ROOT / "Pulumi.dev.yaml").read_text().replace("example\n", "first\n")
    (shell.folder / "Pulumi.first.yaml").write_text(first)
    before = (ROOT / "Pulumi.dev.yaml").read_text().replace("ada@", "edsger@")
    (shell.folder / "before.yaml").write_text(before)
    for words in (
        "validate Pulumi.dev.yaml",
        "plan --stack dev --against before.yaml --format markdown",
        "plan --stack stacks/Pulumi.prod.yaml",
        "access",
        NEW,
        "verify --stack acme/dev",
        "steps --stack dev",
        "adopt --stack dev",
        "preflight --stack dev --state first.json",
    ):
        (shell.folder / "first.json").write_text('{"deployment": {"resources": []}}')
        shell.types(f"{PYTHON} -m cfscim {words}")
    shell.follow()
    assert [h for h in shell.run if " --sandbox " in h], "the second day is tried too"
    assert f"{PYTHON} -m cfscim plan --stack dev --against before.yaml" in shell.run
    shell.types(
        f"{PYTHON} -m cfscim restore-super-admin --stack dev --person ada@example.com --yes"
    )
    shell.follow(differs=True)
    copy_context().run(run_the_rest, shell)


def run_the_rest(shell: Shell) -> None:
    """Every command that stands in a text of ours, as it is printed for this stack, whether or not
    anything above had a reason to print it; but `sandbox` alone, which stays (tests/sandbox)."""
    hints.about("Pulumi.dev.yaml", "dev")
    seen = 0
    for form in sorted(forms()):
        if form in ("sandbox", "pulumi", "pulumi X"):
            continue
        whole = hints.as_printed(f"`{form}`").strip("`").replace("<URN>", "urn").replace("X", "x")
        whole = re.sub(r"^\S+ -m", f"{PYTHON} -m", whole)
        done = shell.types(whole)
        said = f"{form}\n{whole}\n{done.stdout}{done.stderr}"
        # `init` asks a person, and there is no terminal; the others may find something to do.
        assert done.returncode in ((2,) if form == "cfscim init" else (0, 1)), said
        for stop in re.findall(r"^To stop it: (.*)$", done.stdout, re.MULTILINE):
            assert shell.types(stop).returncode == 0
        seen += 1
    assert seen > 15


@pytest.mark.parametrize(
    ("file", "folder"),
    [("accounts/prod/Pulumi.prod.yaml", "accounts/prod"), ("Pulumi.x.yaml", None)],
)
def test_the_engine_is_run_where_the_stack_s_file_is(file: str, folder: str | None) -> None:
    def told() -> str | None:
        hints.about(file, "x")
        return hints.engine_folder()

    assert copy_context().run(told) == folder
    assert Context().run(hints.engine_folder) is None
