"""One program run in this process for a stack file, `python -m bench.declare PROGRAM FILE [RUNS]`.

Prints how many resources it registered. What `bench/run.py` times from outside.
"""

import sys
from pathlib import Path

import yaml

from cfscim.program.placeholders import PlanMonitor
from cfscim.program.registrations import Declared
from cfscim.program.run import run_program


def main(program: Path, file: Path, runs: int) -> int:
    """Runs `program` with the config of `file`, `runs` times; returns the resources of the last."""
    config = yaml.safe_load(file.read_text())["config"]
    declared = Declared()
    for _ in range(runs):
        declared = run_program(
            PlanMonitor(), stack="bench", config=config, preview=True, program=program
        )
    return len(declared.resources)


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), Path(sys.argv[2]), int((*sys.argv[3:], "1")[0])))
