"""The rehearsal in the shape in which `up` drives the engine."""

from collections.abc import Callable, Mapping

from pydantic import SecretStr

from cfscim.config.messages import ScimError
from cfscim.program.registrations import SECRET
from cfscim.rehearsal.session import Rehearsal


class RehearsalDeployer:
    """In: the stack's name, the environment of the sandbox, and where progress goes."""

    def __init__(
        self, stack: str, environment: Mapping[str, str], progress: Callable[[str], None]
    ) -> None:
        self.environment = environment
        self._progress = progress
        self._rehearsal = Rehearsal(stack, environment, progress=progress)
        self._token_value: SecretStr | None = None

    def update(self, config: Mapping[str, object]) -> dict[str, object]:
        """One update; returns the plain outputs, secret ones left out. Raises `ScimError`."""
        result = self._rehearsal.update(config)
        self._token_value = result.token_value
        counts = ", ".join(f"{count} {what}" for what, count in sorted(result.summary.items()))
        self._progress(f"rehearsal of the update: {counts}")
        return {name: value for name, value in result.outputs.items() if value != SECRET}

    def secret_output(self, name: str) -> str:
        """The value of a secret output. Raises `ScimError` for one that there is not."""
        if name != "tokenValue" or self._token_value is None:
            raise ScimError(
                "rehearsal",
                f"there is no secret output {name}",
                "without it nothing can sign in",
                "run an update first",
            )
        return self._token_value.get_secret_value()

    def destroy(self, *, unprotect: bool = False) -> Mapping[str, int]:
        """Deletes what the updates created; returns counts by what happened."""
        return self._rehearsal.destroy(unprotect=unprotect)
