"""`plan` of many stacks takes less than twice the time of as many bare in-process programs.

The bare programs (`bench/many.py`) declare the same number of resources and components. Both run as processes of their own,
one after the other; processor time is compared, which other load on the machine does not change.
`CFSCIM_SPEED_STACKS=200` measures the number that the requirement names.
"""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.configs import COMBINATIONS
from tests.plan.guide_kit import config, guide_plan
from tests.plan.plan_kit import write

ROOT = Path(__file__).parents[2]
STACKS = int(os.environ.get("CFSCIM_SPEED_STACKS", "40"))


def processor_seconds(folder: Path, *arguments: str) -> tuple[float, str]:
    """What a child process used of the processor, and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used, done.stdout


@pytest.mark.parametrize("combination", [COMBINATIONS[0]], ids="-".join)
def test_many_stacks_take_less_than_twice_as_many_bare_programs(
    tmp_path: Path, combination
) -> None:
    for number in range(STACKS):
        content = config(combination)
        content["account"]["id"] = f"{number:031x}a"
        content["identityProvider"]["orgName"] = f"example{number}"
        write(tmp_path, f"s{number:03}", content)
    declared = guide_plan(combination)["resources"]
    components = sum(one["type"].startswith("cloudflare-scim:index:") for one in declared)
    numbers = (str(STACKS), str(len(declared) - components), str(components))
    bare, printed = processor_seconds(tmp_path, "-m", "bench.many", *numbers)
    assert printed.split() == [str(len(declared))] * STACKS
    ours, plans = processor_seconds(tmp_path, "-m", "cfscim", "plan", "--format", "json")
    assert plans.count('"remainingSteps"') == 2 * STACKS
    print(f"plan {ours:.1f} s, bare {bare:.1f} s, {ours / bare:.2f} times, {STACKS} stacks")
    assert ours < 2 * bare
