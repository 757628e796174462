"""Every `run:` block of every workflow is executed by a test, and the register cannot say more.

pytest-xdist spreads the files over processes, so no process sees all executions. Therefore each
test answers for its own steps (the fixture `step`), and here only the register is compared.
"""

import importlib
from pathlib import Path

import pytest

from tests.repository.workflow_steps import REGISTER, ROOT, step_of, steps

ONE = "jobs: {a: {steps: [%s]}}"


@pytest.fixture(scope="module", autouse=True)
def _all_tests_are_known() -> None:
    for file in sorted((ROOT / "tests").glob("*/test_workflow*.py")):
        importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))


def test_every_run_block_is_executed_by_a_test() -> None:
    there = {one.key for one in steps()}
    assert len(there) > 20
    assert sorted(there - set(REGISTER)) == [], "execute these run: blocks, see @runs"
    assert sorted(set(REGISTER) - there) == [], "no workflow has these run: blocks"


def test_step_that_no_workflow_has_is_not_handed_out() -> None:
    with pytest.raises(LookupError):
        step_of("deploy/up/Something else")


@pytest.mark.parametrize(
    "written",
    ["{run: a}", "{name: b, run: a}, {name: b, run: c}", "{name: b, run: a, working-directory: d}"],
)
def test_step_that_no_test_could_execute_is_refused(tmp_path: Path, written: str) -> None:
    (tmp_path / "w.yml").write_text(ONE % written)
    with pytest.raises(ValueError, match="needs a name of its own"):
        list(steps(tmp_path))


def test_shell_and_environment_are_those_of_the_runner(tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text(
        "env: {A: 1}\ndefaults: {run: {shell: bash}}\n"
        "jobs:\n  a:\n    env: {B: 1}\n    steps:\n"
        "    - {name: n, run: x, env: {C: 1}}\n    - {name: o, run: x, shell: sh}\n"
    )
    first, second = steps(tmp_path)
    assert (first.shell, first.env, first.around) == ("bash", {"C"}, {"A", "B"})
    assert second.shell == "sh"
