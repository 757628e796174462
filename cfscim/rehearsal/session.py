"""One stack's rehearsals: what an engine does between two updates, remembered in this process."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import count

from pydantic import SecretStr

from cfscim.config.messages import ScimError
from cfscim.program.registrations import Declared, Value
from cfscim.program.run import run_program
from cfscim.rehearsal.carrier import Carrier, Key, named, title
from cfscim.rehearsal.handler import Held
from cfscim.rehearsal.loopback import require_loopback
from cfscim.rehearsal.vendors import Vendors

_TOKEN_TYPES = (
    "cloudflare:index/accountToken:AccountToken",
    "cloudflare:index/apiToken:ApiToken",
)


@dataclass(frozen=True)
class RehearsalResult:
    """What one update did.

    `outputs` are the stack's, with real values and every secret as `[secret]`; `token_value` is
    the API token's, for whoever plays the administrator. `summary` counts resources by what
    happened to them: created, adopted, updated, replaced, same, deleted, retained.
    """

    declared: Declared
    outputs: Mapping[str, Value]
    token_value: SecretStr | None
    summary: Mapping[str, int]


class Rehearsal:
    """A stack on the sandbox, without an engine. Keeps its state in memory only.

    In: the stack's name, the environment that names the endpoints and credentials, and where
    progress goes, a line at a time, from several threads but never two at once.
    """

    def __init__(
        self, stack: str, env: Mapping[str, str], *, progress: Callable[[str], None]
    ) -> None:
        self._stack = stack
        self._env = env
        self._progress = progress
        self._settings: Mapping[str, str] = {}
        self._held: dict[Key, Held] = {}
        self._replaced: list[Held] = []
        self._turns = count()

    def update(self, config: Mapping[str, object]) -> RehearsalResult:
        """Runs the program with this config of the stack file and makes the sandbox match it.

        Raises `ScimError`, before anything else where an endpoint is not loopback. What was done
        until then is remembered, so that the next update continues there.
        """
        self._settings = provider_settings(config)
        require_loopback(self._settings, self._env)
        with Vendors(self._settings, self._env) as vendors:
            carrier = Carrier(vendors, self._held, self._turns, self._progress)
            try:
                declared = self._run(carrier, config)
            finally:
                self._replaced += carrier.replaced
            removed = [held for key, held in self._held.items() if key not in carrier.seen]
            _refuse_protected(removed)
            self._delete(vendors, [*self._replaced, *removed], carrier.counts)
        return RehearsalResult(declared, declared.outputs, self._token(), dict(carrier.counts))

    def destroy(self, *, unprotect: bool = False) -> Mapping[str, int]:
        """Deletes all that was created, the newest first; returns counts as `summary` has them.

        Raises `ScimError` where something is protected and `unprotect` is false; nothing is
        deleted then.
        """
        require_loopback(self._settings, self._env)
        if not unprotect:
            _refuse_protected(self._held.values())
        counts: Counter[str] = Counter()
        with Vendors(self._settings, self._env) as vendors:
            self._delete(vendors, [*self._replaced, *self._held.values()], counts)
        return dict(counts)

    def _run(self, carrier: Carrier, config: Mapping[str, object]) -> Declared:
        try:
            return run_program(carrier.monitor, stack=self._stack, config=config, preview=False)
        except Exception:
            # The SDK wraps what a resource raised, or reports what depended on it instead.
            if carrier.failure is not None:
                raise carrier.failure from None
            raise

    def _delete(self, vendors: Vendors, doomed: list[Held], counts: Counter[str]) -> None:
        for held in sorted(doomed, key=lambda held: held.turn, reverse=True):
            if held.options.retain_on_delete:
                self._forget(held, "retained", counts)
                continue
            try:
                vendors.handler(held.type).delete(held)
            except ScimError as error:
                raise named(title(held.type, held.name), error) from None
            self._forget(held, "deleted", counts)

    def _forget(self, held: Held, how: str, counts: Counter[str]) -> None:
        if held in self._replaced:
            self._replaced.remove(held)
        else:
            del self._held[held.type, held.name]
        counts[how] += 1
        self._progress(f"  {how} {title(held.type, held.name)}")

    def _token(self) -> SecretStr | None:
        for held in self._held.values():
            value = held.outputs.get("value")
            if held.type in _TOKEN_TYPES and isinstance(value, str):
                return SecretStr(value)
        return None


def provider_settings(config: Mapping[str, object]) -> dict[str, str]:
    """The providers' own keys of a stack file's config, as the engine hands them to providers.

    Left out: our own object, and encrypted values, which only the engine can read.
    """
    return {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in config.items()
        if not key.startswith("cloudflare-scim:")
        and value is not None
        and not (isinstance(value, dict) and "secure" in value)
    }


def _refuse_protected(held: Iterable[Held]) -> None:
    protected = sorted(one.name for one in held if one.options.protect)
    if protected:
        raise ScimError(
            "protected resources would be deleted",
            f"{', '.join(protected)}",
            "whoever has access through them would lose it",
            "declare them again, or unprotect them first",
        )
