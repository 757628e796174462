"""The program carried out on the sandbox by this process, where no Pulumi engine can be had."""

from collections.abc import Callable, Mapping

from cfscim.rehearsal.session import Rehearsal, RehearsalDeployer, RehearsalResult

__all__ = ["Rehearsal", "RehearsalDeployer", "RehearsalResult", "run"]


def run(
    stack: str,
    config: Mapping[str, object],
    env: Mapping[str, str],
    *,
    progress: Callable[[str], None],
) -> RehearsalResult:
    """One update of a fresh `Rehearsal`; use the class itself for a second update or a destroy."""
    return Rehearsal(stack, env, progress=progress).update(config)
