"""The workflows are what GitHub takes, and safe by the rules written in docs/gitops.md."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TOOLS = Path(sys.executable).parent


def _jobs() -> list[tuple[str, str, dict[str, object]]]:
    return [
        (file.stem, name, job)
        for file in FILES
        for name, job in yaml.safe_load(file.read_text())["jobs"].items()
    ]


def test_all_are_here() -> None:
    assert {f.stem for f in FILES} == {"ci", "comment", "deploy", "drift", "pull-request", "stacks"}


def _passes(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_schema() -> None:
    if not (TOOLS / "check-jsonschema").exists():
        pytest.skip("check-jsonschema is not installed (requirements-dev.txt)")
    _passes(
        str(TOOLS / "check-jsonschema"),
        "--builtin-schema",
        "vendor.github-workflows",
        *map(str, FILES),
    )


def test_zizmor() -> None:
    if not (TOOLS / "zizmor").exists():
        pytest.skip("zizmor is not installed (requirements-dev.txt)")
    _passes(str(TOOLS / "zizmor"), "--offline", "--quiet", str(ROOT / ".github"))


def test_actionlint() -> None:
    if shutil.which("actionlint") is None:
        pytest.skip("actionlint is not installed")
    _passes("actionlint", *map(str, FILES))


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_actions_are_pinned_with_their_version(file: Path) -> None:
    used = [line for line in file.read_text().splitlines() if re.search(r"^\s*-?\s*uses:", line)]
    pinned = re.compile(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
    assert used
    assert [line for line in used if not pinned.search(line)] == []


def test_one_commit_for_one_version() -> None:
    uses = {m for f in FILES for m in re.findall(r"uses: (\S+)@(\S+) # (\S+)", f.read_text())}
    assert len({name for name, _, _ in uses}) == len(uses)


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_nothing_is_permitted_by_default(file: Path) -> None:
    content = yaml.safe_load(file.read_text())
    assert content["permissions"] == {}
    assert "pull_request_target" not in file.read_text()


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_broken_pipe_ends_a_step(file: Path) -> None:
    """The runner's bash has pipefail only where the shell is named (GitHub, workflow syntax)."""
    assert yaml.safe_load(file.read_text())["defaults"] == {"run": {"shell": "bash"}}


def test_jobs_have_permissions_and_time_limits() -> None:
    for workflow, name, job in _jobs():
        assert isinstance(job.get("permissions"), dict), (workflow, name)
        assert isinstance(job.get("timeout-minutes"), int), (workflow, name)


def test_whoever_writes_runs_no_code_of_the_repository() -> None:
    for workflow, name, job in _jobs():
        permissions = job["permissions"]
        assert isinstance(permissions, dict)
        rights = {right for right, level in permissions.items() if level == "write"}
        steps = job["steps"]
        assert isinstance(steps, list)
        checks_out = any("actions/checkout@" in str(one.get("uses")) for one in steps)
        if rights - {"id-token"}:
            assert not checks_out, (workflow, name)


def test_secrets_need_an_environment_and_stay_from_forks() -> None:
    for workflow, name, job in _jobs():
        if "secrets." in str(job):
            assert "environment" in job, (workflow, name)
            assert workflow not in ("comment", "ci"), (workflow, name)
            if workflow == "pull-request":
                assert "head.repo.full_name == github.repository" in str(job["if"])


def test_deploy_has_one_queue_and_one_approval_a_stack() -> None:
    up = next(job for workflow, name, job in _jobs() if (workflow, name) == ("deploy", "up"))
    assert up["environment"] == "${{ matrix.stack }}"
    assert up["concurrency"] == {"group": "stack-${{ matrix.stack }}", "cancel-in-progress": False}


def test_every_output_that_is_read_is_written() -> None:
    """GitHub reads an output that nobody wrote as an empty text, without a word."""
    found = 0
    for file in FILES:
        jobs = yaml.safe_load(file.read_text())["jobs"]
        for name, job in jobs.items():
            scripts = {one.get("id"): one.get("run", "") for one in job["steps"]}
            for step, output in re.findall(r"\bsteps\.([\w-]+)\.outputs\.([\w-]+)", str(job)):
                assert f'echo "{output}=' in scripts.get(step, ""), (file.stem, name, step, output)
                found += 1
            for other, output in re.findall(r"\bneeds\.([\w-]+)\.outputs\.([\w-]+)", str(job)):
                needed = [job["needs"]] if isinstance(job["needs"], str) else job["needs"]
                assert other in needed, (file.stem, name, other)
                assert output in jobs[other]["outputs"], (file.stem, name, other, output)
                found += 1
    assert found > 15
