"""What carries the program out on the sandbox, as the steps of `up` see it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from cfscim.config.json_types import JsonObject


class Deployer(Protocol):
    """Carries out the program: the engine, or the rehearsal."""

    @property
    def environment(self) -> Mapping[str, str]:
        """Everything the update runs with."""
        ...

    @property
    def project_folder(self) -> Path | None:
        """Where `pulumi` can be run by hand; None where there is no engine."""
        ...

    def update(self, config: Mapping[str, object]) -> dict[str, object]:
        """One update; returns the plain outputs."""
        ...

    def secret_output(self, name: str) -> str:
        """The value of a secret output."""
        ...

    def state(self) -> JsonObject:
        """What `pulumi stack export` would print."""
        ...
