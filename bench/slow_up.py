"""`up` of the dev stack in rehearsal while every vendor's answer comes later by some milliseconds.

`python -m bench.slow_up MILLISECONDS` prints the wall time of the update in seconds.
"""

import sys
import time
from pathlib import Path

import yaml

from cfscim.rehearsal import RehearsalDeployer
from cfscim.up.sandbox_process import SandboxProcess

ROOT = Path(__file__).resolve().parents[1]


def main(milliseconds: int) -> float:
    """The seconds that the update took."""
    config = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())["config"]
    config["cloudflare-scim:scim"]["identityProvider"]["apiIntegrationConfirmed"] = False
    with SandboxProcess() as sandbox:
        if milliseconds:
            fault = {"kind": "slow", "seconds": milliseconds / 1000, "path": ".*", "times": None}
            sandbox.post("faults", fault)
        deployer = RehearsalDeployer("dev", sandbox.environment(), lambda _line: None)
        begun = time.monotonic()
        deployer.update(config)
        return time.monotonic() - begun


if __name__ == "__main__":
    print(f"{main(int(sys.argv[1])):.2f}")
