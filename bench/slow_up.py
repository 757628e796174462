"""`up` of a dev stack in rehearsal while every vendor's answer comes later by some milliseconds.

`python -m bench.slow_up MILLISECONDS FILE` prints the wall time of the update in seconds, and how
many calls the longest chain of it has.
"""

import sys
import time
from pathlib import Path

import yaml

from bench.chain import counting, longest_chain
from cfscim.plan.model import declare
from cfscim.rehearsal import RehearsalDeployer
from cfscim.up.sandbox_process import SandboxProcess


def main(milliseconds: int, file: Path) -> tuple[float, int]:
    """The seconds that the update took, and the calls of its longest chain."""
    config = yaml.safe_load(file.read_text())["config"]
    provider = config["cloudflare-scim:scim"]["identityProvider"]
    if provider["kind"] == "okta":
        provider["apiIntegrationConfirmed"] = False
    # Before the clock starts: start-up is measured elsewhere.
    declared = declare("dev", config)
    with SandboxProcess() as sandbox:
        if milliseconds:
            fault = {"kind": "slow", "seconds": milliseconds / 1000, "path": ".*", "times": None}
            sandbox.post("faults", fault)
        deployer = RehearsalDeployer("dev", sandbox.environment(), lambda _line: None)
        with counting() as made:
            begun = time.monotonic()
            deployer.update(config)
            wall = time.monotonic() - begun
        return wall, longest_chain(declared, made)


if __name__ == "__main__":
    seconds, calls = main(int(sys.argv[1]), Path(sys.argv[2]))
    print(f"{seconds:.2f} {calls}")
