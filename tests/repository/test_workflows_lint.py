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
ACTIONS = sorted((ROOT / ".github" / "actions").glob("*/action.yml"))
TOOLS = Path(sys.executable).parent


def _jobs() -> list[tuple[str, str, dict[str, object]]]:
    return [
        (file.stem, name, job)
        for file in FILES
        for name, job in yaml.safe_load(file.read_text())["jobs"].items()
    ]


def test_all_are_here() -> None:
    assert {f.stem for f in FILES} == {
        "ci",
        "comment",
        "deploy",
        "drift",
        "pull-request",
        "release",
        "stacks",
    }


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
    _passes(
        str(TOOLS / "check-jsonschema"),
        "--builtin-schema",
        "vendor.github-actions",
        *map(str, ACTIONS),
    )


def test_zizmor() -> None:
    if not (TOOLS / "zizmor").exists():
        pytest.skip("zizmor is not installed (requirements-dev.txt)")
    _passes(str(TOOLS / "zizmor"), "--offline", "--quiet", str(ROOT / ".github"))


def test_zizmor_passes_over_nothing_but_what_the_docs_give_a_reason_for() -> None:
    for github in (ROOT / ".github", ROOT / "template" / ".github"):
        texts = [file.read_text() for file in github.rglob("*.yml")]
        assert re.findall(r"zizmor: ignore\[(.*?)\]", "".join(texts)) == ["dangerous-triggers"]
        rules = yaml.safe_load((github / "zizmor.yml").read_text())["rules"]
        assert rules == {"self-repository": {"disable": True}}
        steps = yaml.safe_load((github / "workflows" / "comment.yml").read_text())["jobs"][
            "comment"
        ]
        assert set(steps["permissions"].values()) == {"read", "write"}
        assert [name for name, right in steps["permissions"].items() if right == "write"] == [
            "pull-requests"
        ]
        assert "secrets." not in (github / "workflows" / "comment.yml").read_text()


def test_actionlint() -> None:
    if shutil.which("actionlint") is None:
        pytest.skip("actionlint is not installed")
    _passes("actionlint", *map(str, FILES))


@pytest.mark.parametrize("file", [*FILES, *ACTIONS], ids=lambda f: f"{f.parent.name}-{f.stem}")
def test_actions_are_pinned_with_their_version(file: Path) -> None:
    used = [line for line in file.read_text().splitlines() if re.search(r"^\s*-?\s*uses:", line)]
    pinned = re.compile(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
    ours = re.compile(r"uses: \./\.github/actions/([\w-]+)$")
    assert [line for line in used if not pinned.search(line) and not ours.search(line)] == []
    for name in ours.findall(file.read_text()):
        assert (ROOT / ".github" / "actions" / name / "action.yml").is_file(), name


def test_one_commit_for_one_version() -> None:
    uses = {
        m
        for f in [*FILES, *ACTIONS]
        for m in re.findall(r"uses: (\S+)@(\S+) # (\S+)", f.read_text())
    }
    assert len({name for name, _, _ in uses}) == len(uses)


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_nothing_is_permitted_by_default(file: Path) -> None:
    content = yaml.safe_load(file.read_text())
    assert content["permissions"] == {}
    assert "pull_request_target" not in file.read_text()


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_broken_pipe_ends_a_step(file: Path) -> None:
    """The runner's bash has pipefail only where the shell is named (GitHub, workflow syntax)."""
    content = yaml.safe_load(file.read_text())
    if any("run" in one for job in content["jobs"].values() for one in job["steps"]):
        assert content["defaults"] == {"run": {"shell": "bash"}}


@pytest.mark.parametrize("file", ACTIONS, ids=lambda f: f.parent.name)
def test_broken_pipe_ends_a_step_of_an_action(file: Path) -> None:
    for one in yaml.safe_load(file.read_text())["runs"]["steps"]:
        assert "run" not in one or one["shell"] == "bash"


def _used() -> list[tuple[str, str, str, dict[str, str]]]:
    """Workflow, job, action of ours, and what it is given, for each use."""
    found = []
    for workflow, name, job in _jobs():
        steps = job["steps"]
        assert isinstance(steps, list)
        for one in steps:
            if str(one.get("uses")).startswith("./.github/actions/"):
                action = one["uses"].rsplit("/", 1)[-1]
                found.append((workflow, name, action, one.get("with", {})))
    return found


def test_every_action_is_given_what_it_needs_and_nothing_it_does_not_know() -> None:
    """GitHub passes an unknown input over with a warning, and a missing one as an empty text."""
    seen = set()
    for workflow, job, action, given in _used():
        inputs = yaml.safe_load((ROOT / f".github/actions/{action}/action.yml").read_text())[
            "inputs"
        ]
        needed = {name for name, one in inputs.items() if one.get("required")}
        assert needed <= set(given) <= set(inputs), (workflow, job, action)
        seen.add(action)
    assert seen == {file.parent.name for file in ACTIONS}


def test_every_input_is_used_and_every_input_that_is_used_exists() -> None:
    for file in ACTIONS:
        content = yaml.safe_load(file.read_text())
        used = set(re.findall(r"\binputs\.([\w-]+)", str(content["runs"])))
        assert used == set(content["inputs"]), file.parent.name


def test_production_never_installs_the_sandboxs_packages() -> None:
    for file in [*FILES, *ACTIONS]:
        if file.stem != "ci":
            for words in ("requirements-", "make test", "make up"):
                assert words not in file.read_text(), file


def test_each_stack_has_credentials_of_its_own() -> None:
    """A job that is given a secret stands in an environment that belongs to one stack."""
    seen = 0
    for workflow, name, job in _jobs():
        if "secrets." in str(job):
            assert str(job["environment"]).startswith("${{ matrix.stack }}"), (workflow, name)
            seen += 1
    assert seen == 4


def test_code_that_nobody_approved_is_previewed_only_behind_a_reviewer() -> None:
    job = next(
        job for workflow, name, job in _jobs() if (workflow, name) == ("pull-request", "preview")
    )
    assert "vars.PREVIEW == 'reviewed'" in str(job["if"])
    assert job["environment"] == "${{ matrix.stack }}-preview"


def test_jobs_have_permissions_and_time_limits() -> None:
    for workflow, name, job in _jobs():
        assert isinstance(job.get("permissions"), dict), (workflow, name)
        assert isinstance(job.get("timeout-minutes"), int), (workflow, name)


def test_whoever_writes_runs_only_the_default_branchs_code() -> None:
    for workflow, name, job in _jobs():
        permissions = job["permissions"]
        assert isinstance(permissions, dict)
        rights = {right for right, level in permissions.items() if level == "write"}
        steps = job["steps"]
        assert isinstance(steps, list)
        checkouts = [one for one in steps if "actions/checkout@" in str(one.get("uses"))]
        if rights - {"id-token"}:
            refs = [one["with"].get("ref") for one in checkouts]
            assert refs == ["${{ github.event.repository.default_branch }}"], (workflow, name)
        assert all(one["with"]["persist-credentials"] is False for one in checkouts)


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


def _outputs(action: str) -> set[str]:
    content = yaml.safe_load((ROOT / f".github/actions/{action}/action.yml").read_text())
    return set(content.get("outputs", {}))


# What each command of cfscim.gitops writes for later steps.
WRITES = {
    "commit": {"before"},
    "changed": {"before", "stacks", "deployed"},
    "stacks": {"stacks"},
    "due": {"stacks"},
}


def test_every_output_that_is_read_is_written() -> None:
    """GitHub reads an output that nobody wrote as an empty text, without a word."""
    found = 0
    for file in FILES:
        jobs = yaml.safe_load(file.read_text())["jobs"]
        for name, job in jobs.items():
            uses = {one.get("id"): str(one.get("uses")) for one in job["steps"]}
            for step, output in re.findall(r"\bsteps\.([\w-]+)\.outputs\.([\w-]+)", str(job)):
                assert output in _outputs(uses[step].rsplit("/", 1)[-1]), (file.stem, name, step)
                found += 1
            for other, output in re.findall(r"\bneeds\.([\w-]+)\.outputs\.([\w-]+)", str(job)):
                needed = [job["needs"]] if isinstance(job["needs"], str) else job["needs"]
                assert other in needed, (file.stem, name, other)
                assert output in jobs[other]["outputs"], (file.stem, name, other, output)
                found += 1
    for file in ACTIONS:
        content = yaml.safe_load(file.read_text())
        scripts = {one.get("id"): one.get("run", "") for one in content["runs"]["steps"]}
        for step, output in re.findall(r"\bsteps\.([\w-]+)\.outputs\.([\w-]+)", str(content)):
            (command,) = re.findall(r"cfscim\.gitops ([\w-]+)", scripts[step])
            assert output in WRITES[command], (file.parent.name, step, output)
            found += 1
    assert found > 25
