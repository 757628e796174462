"""Runs a workflow's `run:` step as it stands: bash as the runner calls it, in a clone of its own."""

import atexit
import compileall
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from tests.repository.workflow_steps import ROOT, Step

# What the runner calls where no shell is named, and where bash is (GitHub's workflow syntax,
# jobs.<job_id>.steps[*].shell).
SHELLS: Mapping[str | None, list[str]] = {
    None: ["bash", "-e"],
    "bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"],
}
# The machine's way to the package registry.
REGISTRY = re.compile(r"(PIP_\w+|SSL_CERT_\w+|REQUESTS_CA_BUNDLE|\w+_proxy)", re.IGNORECASE)

# What a copy of this repository holds at least.
PROGRAM = (
    *("cfscim", "components", "policy", "sandbox"),
    *("__main__.py", "Pulumi.yaml", "Pulumi.dev.yaml", ".gitignore", "Makefile"),
    "deploy/install",
)

GH = """#!/usr/bin/env python3
import json, os, sys
from pathlib import Path
folder = Path(os.environ["GH_STUB"])
arguments = sys.argv[1:]
body = next((Path(a[6:]).read_text() for a in arguments if a.startswith("body=@")), None)
with (folder / "calls").open("a") as calls:
    calls.write(json.dumps({"arguments": arguments, "body": body}) + "\\n")
for answer in json.loads((folder / "answers").read_text()):
    if all(part in " ".join(arguments) for part in answer["when"]):
        print(json.dumps(answer["print"]))
        sys.stderr.write(answer.get("error", ""))
        sys.exit(answer.get("exit", 0))
if "--method" not in arguments:
    sys.exit("gh: Not Found (HTTP 404)")
"""


@dataclass
class Outcome:
    """How a step ended, what it printed, its outputs and its summary."""

    code: int
    text: str
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""


def registry() -> dict[str, str]:
    """The environment by which pip reaches its registry and its cache on this machine."""
    cache = {
        "PIP_CACHE_DIR": str(Path.home() / ".cache" / "pip"),
        "PIP_NO_COMPILE": "0",  # pip's way to say so; what is run compiles itself
    }
    return {**cache, **{name: v for name, v in os.environ.items() if REGISTRY.fullmatch(name)}}


def _git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def _commit(folder: Path) -> str:
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--allow-empty", "--message", "x")
    return _git(folder, "rev-parse", "HEAD")


@cache
def _template(content: tuple[str, ...]) -> Path:
    """What every clone with this content begins with, made once a process."""
    whole = Path(mkdtemp(prefix="template-"))
    atexit.register(shutil.rmtree, whole)
    path = whole / "clone"
    for name in content:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, path / name)
        else:
            shutil.copy2(ROOT / name, path / name)
    # Each process that a step starts would compile what it imports, for every clone anew.
    compileall.compile_dir(path, quiet=2)
    _git(path, "init", "--quiet", "--initial-branch=main")
    # A copy has the times of its original, but not its inodes.
    _git(path, "config", "core.checkStat", "minimal")
    _git(path, "config", "core.trustCtime", "false")
    _git(path, "config", "maintenance.auto", "false")
    (path / ".git" / "info").mkdir(exist_ok=True)
    (path / ".git" / "info" / "exclude").write_text(
        "__pycache__\n.venv\ncomment\n.before\nplan.md\ndrift\nbody.md\npreview.txt\n"
    )
    _commit(path)
    _git(path, "repack", "-a", "-d", "--quiet")
    return path


class Clone:
    """A git repository with files of this one (`content`), a first commit, and the virtual
    environment of this run, or none when it is `bare`."""

    def __init__(
        self, folder: Path, content: tuple[str, ...] = PROGRAM, *, bare: bool = False
    ) -> None:
        self.path = folder / "clone"
        template = _template(content)
        assert not _git(template, "status", "--porcelain"), (
            "a test wrote through a link: use `write`"
        )
        for name in content:
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_dir():
                # Links, for a copy of each file costs more than most steps; see `write`.
                shutil.copytree(template / name, self.path / name, copy_function=os.link)
            else:
                shutil.copy2(template / name, self.path / name)
        shutil.copytree(template / ".git", self.path / ".git")
        # Where the actions stand, seen from the program.
        (self.path / ".github" / "actions" / "any").mkdir(parents=True, exist_ok=True)
        if not bare:
            (self.path / ".venv").symlink_to(sys.prefix, target_is_directory=True)
        self._runner = folder / "runner"
        self._runner.mkdir()

    def git(self, *arguments: str) -> str:
        """A git command in the clone -> what it printed."""
        return _git(self.path, *arguments)

    def commit(self) -> str:
        """Commits all there is -> the commit."""
        return _commit(self.path)

    def write(self, name: str, text: str) -> None:
        """Writes a file of the program's folders anew; the other clones keep theirs."""
        (self.path / name).unlink(missing_ok=True)
        (self.path / name).write_text(text)

    def edit(self, old: str, new: str, file: str = "Pulumi.dev.yaml") -> None:
        """Replaces a text that must be there."""
        text = (self.path / file).read_text()
        assert old in text
        self.write(file, text.replace(old, new))

    def another(self, name: str) -> None:
        """One more stack, of the example for production."""
        text = (ROOT / "examples" / "Pulumi.okta-prod.yaml").read_text()
        (self.path / f"Pulumi.{name}.yaml").write_text(text.replace("../schema", "schema"))

    def run(
        self, what: Step, machine: Mapping[str, str] | None = None, **environment: str
    ) -> Outcome:
        """Runs a step as it stands. Every name in its `env` must be given, as the workflow would,
        and none that the workflow does not set; `machine` is what the machine has of itself."""
        assert what.env <= set(environment), f"{what.key}: {sorted(what.env)} must be given"
        unset = set(environment) - what.env - what.around
        assert not unset, f"{what.key}: the workflow sets no {sorted(unset)}"
        script, out, summary = (self._runner / n for n in ("script.sh", "output", "summary"))
        assert "${{" not in what.script, "expressions belong into env, not into a script"
        script.write_text(what.script)
        out.write_text("")
        summary.write_text("")
        done = subprocess.run(
            [*SHELLS[what.shell], str(script)],
            cwd=self.path,
            env={
                "PATH": f"{self._runner}:{os.environ['PATH']}",
                "HOME": str(self._runner),
                "GITHUB_OUTPUT": str(out),
                "GITHUB_STEP_SUMMARY": str(summary),
                "GITHUB_WORKSPACE": str(self.path),
                "RUNNER_TEMP": str(self._runner),
                "GITHUB_ACTION_PATH": str(self.path / ".github" / "actions" / "any"),
                "GH_STUB": str(self._runner),
                **(machine or {}),
                **environment,
            },
            capture_output=True,
            text=True,
            timeout=300,
        )
        what.executed += 1
        outputs = dict(line.split("=", 1) for line in out.read_text().splitlines())
        return Outcome(done.returncode, done.stdout + done.stderr, outputs, summary.read_text())

    def answers(self, *given: tuple[list[str], object]) -> None:
        """What GitHub answers: to a call with all of these parts, this JSON; 404 to any other."""
        folder = self.command("gh", GH)
        listed = [{"when": when, "print": value} for when, value in given]
        (folder / "answers").write_text(json.dumps(listed))
        (folder / "calls").write_text("")

    def calls(self) -> list[dict[str, object]]:
        """Every call of `gh`: its `arguments`, and the `body` it was given."""
        lines = (self._runner / "calls").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def command(self, name: str, text: str) -> Path:
        """Puts a stand-in for a command on the step's PATH -> the folder it stands in."""
        (self._runner / name).write_text(text)
        (self._runner / name).chmod(0o755)
        return self._runner
