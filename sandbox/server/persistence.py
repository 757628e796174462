"""Keeps the sandbox's content in a directory, so that a restart goes on where it stopped."""

import json
import threading
from pathlib import Path

from sandbox.cloudflare.models import CloudflareState
from sandbox.entra.models import EntraState
from sandbox.okta.models import OktaState
from sandbox.server.credentials import Credentials
from sandbox.server.router import VENDORS
from sandbox.server.tls import write_private
from sandbox.server.world import Stored, World

_SAVE_DELAY_SECONDS = 0.3


class StateError(Exception):
    """The state directory cannot be used; the text is one line."""


def load(directory: Path) -> World:
    """The world stored in ``directory``, or a fresh one. Raises StateError."""
    file = directory / "state.json"
    if not file.exists():
        return World()
    try:
        stored = json.loads(file.read_bytes())
        states = Stored(
            CloudflareState.model_validate(stored["cloudflare"]),
            OktaState.model_validate(stored["okta"]),
            EntraState.model_validate(stored["entra"]),
        )
        return World(credentials=Credentials(**stored["credentials"]), stored=states)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise StateError(
            f"{file}: not a state of this sandbox ({type(error).__name__}): it cannot be resumed; "
            "delete the file to start afresh"
        ) from error


def save(world: World, directory: Path) -> None:
    """Write everything to ``state.json`` (mode 0600) in one step."""
    with world.locked(*VENDORS):
        stored: dict[str, object] = {v: world.state(v).model_dump(mode="json") for v in VENDORS}
    stored["credentials"] = world.credentials.as_dict()
    write_private(directory / "state.json", json.dumps(stored).encode())


class Saver:
    """Saves shortly after each change, in its own thread, and once more when stopped."""

    def __init__(self, world: World, directory: Path) -> None:
        self._world = world
        self._directory = directory
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sandbox-saver", daemon=True)

    def start(self) -> None:
        """Write the first file and begin to watch."""
        save(self._world, self._directory)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopping.is_set():
            if self._world.changed.wait(timeout=1.0):
                self._stopping.wait(_SAVE_DELAY_SECONDS)  # several changes, one file
                self._world.changed.clear()
                save(self._world, self._directory)

    def stop(self) -> None:
        """Write what is left."""
        self._stopping.set()
        self._world.changed.set()
        self._thread.join()
        save(self._world, self._directory)
