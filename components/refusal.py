"""How the program refuses: our line, and nothing of the engine's about a program that failed.

`pulumi.RunError` ends the program with 1, and the engine adds "an unhandled error occurred". With
32 its Python host knows that a person was told why (pulumi-language-python-exec, and `Bail` in
pulumi-language-python/main.go).
"""

import atexit
import gc
import os
import signal

import pulumi

from cfscim.config.examples import left_from_examples
from cfscim.config.models import ScimConfig
from cfscim.config.provider_settings import ENTRA_TENANT

_TOLD = 32


def refusal(text: str) -> SystemExit:
    """Tells `text` through the engine; what it returns is raised, and ends the program."""
    pulumi.log.error(text)
    return SystemExit(_TOLD)


def warn_of_examples(config: ScimConfig) -> None:
    """Says what is left from the examples among the engine's own warnings."""
    provider, _, key = ENTRA_TENANT.key.partition(":")
    for warning in left_from_examples(config, pulumi.Config(provider).get(key) or ""):
        pulumi.log.warn(str(warning))


def end_quietly() -> None:
    """An update that failed interrupts the program; Python's traceback of that says nothing. What
    the program made lives until its end: looking for garbage is a tenth of a preview. The SDK's
    words to `--debug` are six calls to the engine for every resource, each waited for, and nobody
    sees them without it; `PULUMI_OPTION_DEBUG=true`, which is `--debug`, keeps them.
    """
    if os.environ.get("PULUMI_OPTION_DEBUG", "").lower() not in ("1", "t", "true"):
        pulumi.log.debug = _unsaid
    gc.disable()
    atexit.register(gc.freeze)
    signal.signal(signal.SIGINT, lambda *_: os._exit(_TOLD))


def _unsaid(*_given: object, **_named: object) -> None: ...
