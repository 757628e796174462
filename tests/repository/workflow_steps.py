"""Every `run:` step of workflows and composite actions, and the register of the tests that execute
them.

A test gets its step only from `@runs("<workflow>/<job>/<name>")`, or `"actions/<action>/<name>"`, through the fixture `step` in
tests/conftest.py, which fails a test that does not execute it. test_workflows_executed.py compares
the register with the workflows.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ParamSpec

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = ROOT / ".github" / "workflows"
ACTIONS = ROOT / ".github" / "actions"
P = ParamSpec("P")


@dataclass
class Step:
    """A `run:` step. `env`: what it must be given; `around`: what its job and workflow set too."""

    key: str
    script: str
    shell: str | None
    env: frozenset[str]
    around: frozenset[str]
    executed: int = 0

    def same_as(self, other: "Step") -> None:
        """Counts the execution of another step, which must be the same to the letter."""
        assert (self.script, self.shell, self.env) == (other.script, other.shell, other.env)
        self.executed += other.executed


# What is executed -> the tests that say so; filled when the test modules are imported.
REGISTER: dict[str, list[str]] = {}


def steps(folder: Path = WORKFLOWS, actions: Path = ACTIONS) -> Iterator[Step]:
    """Every `run:` step; raises `ValueError` for one without a name, which no test could ask for,
    with a name used twice in its job, or with a working directory, which no test would follow."""
    seen: set[str] = set()
    around_actions: dict[str, set[str]] = {}
    for file in sorted([*folder.glob("*.yml"), *folder.glob("*.yaml")]):
        content = _content(file, file.stat().st_mtime_ns)
        for job_name, job in content["jobs"].items():
            shell = _default_shell(content) or None
            shell = _default_shell(job) or shell
            around = {*content.get("env", {}), *job.get("env", {})}
            for one in job.get("steps", []):
                if (used := str(one.get("uses", ""))).startswith("./.github/actions/"):
                    around_actions.setdefault(used.rsplit("/", 1)[-1], set()).update(around)
            yield from _steps_of(f"{file.stem}/{job_name}", job, shell, around, seen)
    for file in sorted(actions.glob("*/action.yml")) if folder == WORKFLOWS else []:
        runs = _content(file, file.stat().st_mtime_ns)["runs"]
        around = around_actions.get(file.parent.name, set())
        yield from _steps_of(f"actions/{file.parent.name}", runs, None, around, seen)


@cache
def _content(file: Path, _changed: int) -> Any:
    return yaml.load(file.read_text(), yaml.CSafeLoader)


def _steps_of(
    where: str,
    job: dict[str, list[dict[str, object]]],
    shell: str | None,
    around: set[str],
    seen: set[str],
) -> Iterator[Step]:
    for one in job.get("steps", []):
        if "run" not in one:
            continue
        key = f"{where}/{one.get('name', '')}"
        if not one.get("name") or key in seen or "working-directory" in one:
            raise ValueError(f"{key}: a run: step needs a name of its own, and no folder")
        seen.add(key)
        env = one.get("env", {})
        assert isinstance(env, dict)
        named = one.get("shell", shell)
        yield Step(
            key,
            str(one["run"]),
            named if isinstance(named, str) else None,
            frozenset(env),
            frozenset(around),
        )


def _default_shell(where: dict[str, dict[str, dict[str, str]]]) -> str | None:
    return where.get("defaults", {}).get("run", {}).get("shell")


def step_of(key: str) -> Step:
    """The step of a key; raises `LookupError` when no workflow has it."""
    for one in steps():
        if one.key == key:
            return one
    raise LookupError(f"{key}: no workflow has this step")


def runs(*keys: str) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Marks a test that executes these steps: it is called once for each, with it as `step`."""

    def mark(test: Callable[P, None]) -> Callable[P, None]:
        name = test.__name__
        assert keys, f"{name} names no step"
        assert name.startswith("test_"), f"pytest never calls {name}"
        for key in keys:
            REGISTER.setdefault(key, []).append(f"{test.__module__}::{name}")
        return pytest.mark.parametrize("step", keys, indirect=True)(test)

    return mark
