"""What a stack's state names of our code. Source: pulumi.dynamic's `serialize_provider` and `__main__`.

The engine keeps a dynamic resource's provider as a pickle that names module and class, and a
refresh or a deletion loads it from there: after a move or a new name neither would work on any
stack that was updated before.
"""

import base64
import importlib
import pickletools
import pkgutil
from collections.abc import Iterator

import dill
import pytest
from pulumi.dynamic import Resource
from pulumi.dynamic.dynamic import serialize_provider

import components
from cfscim.config.kinds import KINDS, OURS
from components.rest_resource import RestProvider

STORED = {
    "AccessGuard": ("components.access_guard", "AccessGuardProvider"),
    "EntraConnectionTest": ("components.entra.connection_test", "EntraConnectionTestProvider"),
    "EntraGroupMembers": ("components.entra.members", "EntraGroupMembersProvider"),
    "EntraMapping": ("components.entra.mapping", "EntraMappingProvider"),
    "EntraSavedKeys": ("components.entra.saved_keys", "EntraSavedKeysProvider"),
    "EntraStart": ("components.entra.start", "EntraStartProvider"),
    "MoveSwitch": ("components.move_switch", "MoveSwitchProvider"),
    "OktaGate": ("components.okta.gate", "OktaGateProvider"),
    "PreviousToken": ("components.previous_token", "PreviousTokenProvider"),
    "TokenWatch": ("components.token_watch", "TokenWatchProvider"),
}
"""Resource -> what states of any version say of it. A line is added, never changed."""


def providers(kind: type[RestProvider] = RestProvider) -> Iterator[type[RestProvider]]:
    """Every class of ours that the engine may be given."""
    for subclass in kind.__subclasses__():
        if subclass.__module__.startswith("components."):
            below = [*providers(subclass)]
            yield from below or [subclass]


def everything() -> None:
    """Imports all components, so that each class is known."""
    for module in pkgutil.walk_packages(components.__path__, "components."):
        importlib.import_module(module.name)


@pytest.mark.parametrize(("module", "name"), STORED.values(), ids=STORED)
def test_what_an_older_state_carries_is_found(module: str, name: str) -> None:
    provider = dill.loads(f"c{module}\n{name}\n)\x81.".encode("latin-1"))
    assert isinstance(provider, RestProvider)


def test_nothing_but_these_names_goes_into_a_state() -> None:
    everything()
    stored: set[tuple[str, str]] = set()
    for provider in providers():
        pickled = base64.b64decode(serialize_provider(provider()))
        words = [word for code, word, _ in pickletools.genops(pickled) if isinstance(word, str)]
        assert len(words) == 2, f"{provider}: more than its name is stored: {words}"
        stored.add((words[0], words[1]))
    assert stored == set(STORED.values())


def test_each_has_its_resource_type() -> None:
    everything()
    types = {kind.removeprefix(OURS) for kind in KINDS if kind.startswith(OURS)}
    ours = {kind.__name__ for kind in Resource.__subclasses__() if "components" in kind.__module__}
    assert types == ours == set(STORED)
