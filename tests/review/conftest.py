"""What a config declares is worked out once: a review asks for it again for each width and form."""

import json
from collections.abc import Mapping

import pytest

from cfscim.plan import model
from cfscim.program.registrations import Declared

_DECLARE = model.declare
_declared: dict[str, Declared] = {}


@pytest.fixture(autouse=True)
def _declared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """`model.declare` is a function of the stack's name and config alone."""

    def declare(stack: str, config: Mapping[str, object]) -> Declared:
        key = json.dumps([stack, config], sort_keys=True)
        if key not in _declared:
            _declared[key] = _DECLARE(stack, config)
        return _declared[key]

    monkeypatch.setattr(model, "declare", declare)
