"""Two accounts with two organisations through all workflows: each stack sees only its own credentials.

A small GitHub: it expands a job's matrix, hands out the secrets and variables of the job's
environment and of nothing else, fills in expressions, and runs the steps of our own actions as they
stand. Foreign actions sign in and install; here nothing of theirs is needed.
"""

import json
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import yaml

from tests.repository.workflow_kit import GH, Clone
from tests.repository.workflow_steps import ROOT, WORKFLOWS

STACKS = ("eu", "us")
SECRETS = ("CLOUDFLARE_API_TOKEN", "OKTA_API_PRIVATE_KEY", "PULUMI_CONFIG_PASSPHRASE")
VARIABLES = ("OKTA_API_CLIENT_ID", "OKTA_API_PRIVATE_KEY_ID", "ARM_CLIENT_ID", "ARM_TENANT_ID")
RECORD = 'python3 -c \'import json, os; print(json.dumps({"what": os.environ["WHAT"], "env": dict(os.environ)}))\' >> "$SEEN"\n'
PULUMI = f"""#!/bin/sh
WHAT="pulumi $*"; export WHAT
{RECORD}case "$1 $2 $3" in
  "stack tag ls") cat "$GH_STUB/tags-$5" 2> /dev/null || echo '{{}}' ;;
  "stack export "*) echo '{{}}' ;;
esac
"""
PYTHON = f"""#!/bin/bash
WHAT="$*"; export WHAT
case "$*" in
  "-m cfscim preflight"* | "-m cfscim adopt"* | "-m cfscim verify"*)
{RECORD}    exit 0 ;;
esac
# Under its own name, so that what it starts is this again.
export PYTHONPATH={sysconfig.get_path("purelib")}
exec -a "$0" {os.path.realpath(sys.executable)} "$@"
"""
_PATH = re.compile(r"\b(?:secrets|vars|matrix|needs|inputs|github|steps)(?:\.[\w-]+)+")


class GitHub:
    """`canary` values by environment; what each step could see is in `seen`."""

    def __init__(self, clone: Clone, folder: Path) -> None:
        self.clone, self.folder, self.seen = clone, folder, folder / "seen"
        self.answers: list[dict[str, object]] = []

    def values(self, environment: str, names: tuple[str, ...]) -> dict[str, str]:
        """What a person stored in an environment: nothing where there is no such one."""
        known = {f"{stack}{part}" for stack in STACKS for part in ("", "-preview", "-drift")}
        assert not environment or environment in known, environment
        return {name: f"canary-{environment}-{name}" for name in names if environment}

    def fill(self, text: object, context: dict[str, object]) -> str:
        """An expression's value as GitHub would write it; empty for what nobody knows."""

        def look(path: str) -> object:
            value: object = context
            for part in path.split("."):
                value = value.get(part, "") if isinstance(value, dict) else ""
            return value

        def one(match: re.Match[str]) -> str:
            python = _PATH.sub(lambda found: f"look({found[0]!r})", match[1])
            python = python.replace("&&", " and ").replace("||", " or ").replace("true", "True")
            value = eval(python.strip(), {"look": look})
            return json.dumps(value) if isinstance(value, bool) else str(value)

        return re.sub(r"\$\{\{(.*?)\}\}", one, str(text), flags=re.DOTALL)

    def job(self, workflow: str, name: str, context: dict[str, object]) -> dict[str, str]:
        """Runs a job for one value of its matrix -> the outputs of its steps, by output name."""
        content = yaml.safe_load((WORKFLOWS / f"{workflow}.yml").read_text())["jobs"][name]
        environment = self.fill(content.get("environment", ""), context)
        given = {
            **context,
            "secrets": self.values(environment, SECRETS),
            "vars": {"PULUMI_BACKEND_URL": "file:///x", **self.values(environment, VARIABLES)},
        }
        env = {key: self.fill(value, given) for key, value in content.get("env", {}).items()}
        outputs: dict[str, str] = {}
        for step in content["steps"]:
            action = str(step["uses"])
            if not action.startswith("./.github/actions/") or action.endswith("set-up"):
                continue
            file = ROOT / action / "action.yml"
            inputs = {
                key: self.fill(step.get("with", {}).get(key, value.get("default", "")), given)
                for key, value in yaml.safe_load(file.read_text())["inputs"].items()
            }
            outputs |= self._action(file, inputs, env, given)
        return outputs

    def _action(
        self, file: Path, inputs: dict[str, str], env: dict[str, str], given: dict[str, object]
    ) -> dict[str, str]:
        # An action sees neither secrets nor variables, but what it is given.
        context: dict[str, object] = {"inputs": inputs, "github": given["github"]}
        steps: dict[str, object] = {}
        outputs: dict[str, str] = {}
        for step in yaml.safe_load(file.read_text())["runs"]["steps"]:
            if "run" not in step:
                continue
            context["steps"] = steps
            own = {key: self.fill(value, context) for key, value in step.get("env", {}).items()}
            found = self._run(str(step["run"]), {**env, **own})
            outputs |= found
            if "id" in step:
                steps[step["id"]] = {"outputs": found}
        return outputs

    def _run(self, script: str, env: dict[str, str]) -> dict[str, str]:
        out = self.folder / "output"
        out.write_text("")
        runner = self.clone.command("gh", GH)
        self.clone.command("pulumi", PULUMI)
        (runner / "answers").write_text(json.dumps(self.answers))
        machine = {
            "PATH": f"{runner}:{os.environ['PATH']}",
            "HOME": str(runner),
            "GH_STUB": str(runner),
            "SEEN": str(self.seen),
            "RUNNER_TEMP": str(runner),
            "GITHUB_OUTPUT": str(out),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "GITHUB_ACTION_PATH": str(self.clone.path / ".github/actions/any"),
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=self.clone.path,
            env={**machine, **env},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, script + done.stdout + done.stderr
        return dict(line.split("=", 1) for line in out.read_text().splitlines())

    def forget(self) -> list[dict[str, dict[str, str]]]:
        """What was started since, with the whole environment it had."""
        text = self.seen.read_text() if self.seen.exists() else ""
        self.seen.write_text("")
        return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def github(tmp_path: Path) -> GitHub:
    clone = Clone(tmp_path)
    (clone.path / ".venv").unlink()
    python = clone.path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(PYTHON)
    python.chmod(0o755)
    accounts = {"eu": "1a2b3c4d5e6f708192a3b4c5d6e7f801", "us": "1a2b3c4d5e6f708192a3b4c5d6e7f802"}
    for stack, account in accounts.items():
        text = (ROOT / "template" / "Pulumi.prod.yaml").read_text()
        text = text.replace("1a2b3c4d5e6f708192a3b4c5d6e7f802", account)
        text = text.replace("orgName: example", f"orgName: example-{stack}")
        (clone.path / f"Pulumi.{stack}.yaml").write_text(text)
    return GitHub(clone, tmp_path)


def _only_its_own(
    seen: list[dict[str, dict[str, str]]], environment: str, started: set[str]
) -> None:
    for one in seen:
        canaries = {value for value in one["env"].values() if "canary-" in value}
        own = {value for value in canaries if value.startswith(f"canary-{environment}-")}
        assert canaries == own, (environment, one["what"])
    words = {
        str(one["what"])
        .replace("-m cfscim ", "")
        .split()[:2][-1 if "pulumi" in str(one["what"]) else 0]
        for one in seen
    }
    assert started <= words, (environment, words)
    sign_in = {f"canary-{environment}-{name}" for name in SECRETS[:2]}
    assert any(sign_in <= set(one["env"].values()) for one in seen)


def test_each_stack_sees_only_its_own_credentials(github: GitHub) -> None:
    clone = github.clone
    base = clone.commit()
    for stack in STACKS:
        clone.edit("ken.prod@example.com", "mary.prod@example.com", f"Pulumi.{stack}.yaml")
    head = clone.commit()
    pull = {"number": 7, "base": {"sha": base}, "head": {"sha": head}}
    event = {"repository": "acme/scim", "sha": head, "event_name": "push"}
    more = {"pull_request": pull, "repository": {"default_branch": "main"}}
    context: dict[str, object] = {"github": {**event, "event": more}}
    found = github.job("pull-request", "review", context)
    assert json.loads(found["deployed"]) == list(STACKS)
    # Code that nobody has approved ran, and no credential was anywhere near.
    assert not any("canary" in str(one) for one in github.forget())
    fleet = github.job("stacks", "stacks", {**context, "inputs": {"against": base}})
    assert fleet["before"] == base
    github.answers = [
        {"when": ["git/ref/heads/main"], "print": {"object": {"sha": head}}},
        {"when": ["deployments?environment="], "print": []},
    ]
    due = json.loads(github.job("deploy", "changed", context)["stacks"])
    assert due == [{"stack": stack, "before": ""} for stack in STACKS]
    assert not any("canary" in str(one) for one in github.forget())
    for stack in STACKS:
        before = {"needs": {name: {"outputs": {"before": base}} for name in ("review", "stacks")}}
        matrix = {**context, "matrix": {"stack": stack, "before": ""}}
        for workflow in ("pull-request", "stacks"):
            github.job(workflow, "preview", {**matrix, **before})
            _only_its_own(github.forget(), f"{stack}-preview", {"preview"})
        github.job("deploy", "up", matrix)
        steps = {"preflight", "adopt", "up", "verify"}
        _only_its_own(github.forget(), stack, steps)
        github.job("drift", "check", matrix)
        _only_its_own(github.forget(), f"{stack}-drift", {"refresh", "verify"})


def test_every_job_with_a_secret_is_among_them() -> None:
    held = {
        (file.stem, name)
        for file in WORKFLOWS.glob("*.yml")
        for name, job in yaml.safe_load(file.read_text())["jobs"].items()
        if "secrets." in str(job)
    }
    assert held == {
        ("pull-request", "preview"),
        ("stacks", "preview"),
        ("deploy", "up"),
        ("drift", "check"),
    }
