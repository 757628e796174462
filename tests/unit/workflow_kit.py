"""Runs a workflow's `run:` step as it stands: bash as the runner calls it, in a clone of its own."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = ROOT / ".github" / "workflows"
# What the runner calls for `run:` without a shell of its own, and with `shell: bash`.
BASH = ["bash", "--noprofile", "--norc", "-eo", "pipefail"]

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
        print(answer["print"])
        break
"""


@dataclass
class Outcome:
    """How a step ended, what it printed, its outputs and its summary."""

    code: int
    text: str
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""


def step(workflow: str, job: str, name: str) -> dict[str, object]:
    """A step of a workflow by its name, as it is written there."""
    content = yaml.safe_load((WORKFLOWS / f"{workflow}.yml").read_text())
    return next(one for one in content["jobs"][job]["steps"] if one.get("name") == name)


class Clone:
    """A git repository with the program, a first commit, and the virtual environment of this run."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "clone"
        self.path.mkdir()
        for name in ("cfscim", "components", "scim", "policy", "sandbox"):
            shutil.copytree(
                ROOT / name, self.path / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        for name in ("__main__.py", "Pulumi.yaml", "Pulumi.dev.yaml", ".gitignore"):
            shutil.copy(ROOT / name, self.path / name)
        (self.path / ".venv").symlink_to(sys.prefix, target_is_directory=True)
        self._runner = folder / "runner"
        self._runner.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit()

    def git(self, *arguments: str) -> str:
        """A git command in the clone -> what it printed."""
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
        done = subprocess.run(
            ["git", *identity, *arguments],
            cwd=self.path,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def commit(self) -> str:
        """Commits all there is -> the commit."""
        (self.path / ".git" / "info").mkdir(exist_ok=True)
        (self.path / ".git" / "info" / "exclude").write_text(".venv\ncomment\n.before\n")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "x")
        return self.git("rev-parse", "HEAD")

    def run(self, what: dict[str, object], **environment: str) -> Outcome:
        """Runs a step; every name in its `env` must be given, as the workflow would."""
        wanted = what.get("env", {})
        assert isinstance(wanted, dict)
        missing = set(wanted) - set(environment)
        assert not missing, f"the step's env names {missing} too"
        script, out, summary = (self._runner / n for n in ("script.sh", "output", "summary"))
        text = str(what["run"])
        assert not re.search(r"\$\{\{", text), "expressions belong into env, not into a script"
        script.write_text(text)
        out.write_text("")
        summary.write_text("")
        done = subprocess.run(
            [*BASH, str(script)],
            cwd=self.path,
            env={
                "PATH": f"{self._runner}:{os.environ['PATH']}",
                "HOME": str(self._runner),
                "GITHUB_OUTPUT": str(out),
                "GITHUB_STEP_SUMMARY": str(summary),
                "GITHUB_WORKSPACE": str(self.path),
                "GH_STUB": str(self._runner),
                **environment,
            },
            capture_output=True,
            text=True,
            timeout=120,
        )
        outputs = dict(line.split("=", 1) for line in out.read_text().splitlines())
        return Outcome(done.returncode, done.stdout + done.stderr, outputs, summary.read_text())

    def command(self, name: str, text: str) -> Path:
        """Puts a stand-in for a command on the step's PATH -> the folder it stands in."""
        (self._runner / name).write_text(text)
        (self._runner / name).chmod(0o755)
        return self._runner
