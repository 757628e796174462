"""What components tell a person."""

import pulumi
import pytest


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The errors that are told through the engine."""
    errors: list[str] = []
    monkeypatch.setattr(pulumi.log, "error", errors.append)
    return errors
