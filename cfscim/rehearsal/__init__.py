"""The program carried out on the sandbox by this process, where no Pulumi engine can be had."""

from cfscim.rehearsal.session import Rehearsal, RehearsalDeployer, RehearsalResult

__all__ = ["Rehearsal", "RehearsalDeployer", "RehearsalResult"]
