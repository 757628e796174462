"""The step that a test of the workflows was given; see tests/unit/workflow_steps.py."""

from collections.abc import Iterator

import pytest

from tests.unit.workflow_steps import Step, step_of


@pytest.fixture
def step(request: pytest.FixtureRequest) -> Iterator[Step]:
    """The step of the key in `@runs`; the test must execute it as it stands."""
    given = step_of(request.param)
    yield given
    assert given.executed, f"the test says that it executes {given.key}, and did not"
