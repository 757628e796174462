"""One sandbox for the whole session, set back before every test that uses it; a workflow's step."""

import gc
from collections.abc import Iterator

import httpx
import pytest

from sandbox.server.server import Sandbox
from tests.loopback import plain_client
from tests.repository.workflow_steps import Step, step_of


def pytest_collection_finish() -> None:
    """What was imported stays: looking through it for garbage again and again is a fifth of all
    that the tests cost."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[Sandbox]:
    """The running sandbox, in threads of the test process; use ``sandbox`` in tests."""
    with Sandbox() as running:
        yield running


@pytest.fixture
def sandbox(sandbox_server: Sandbox) -> Iterator[Sandbox]:
    """The sandbox as at its first start: ``sandbox.env``, ``sandbox.admin``, ``sandbox.world``."""
    sandbox_server.world.faults.clear()
    sandbox_server.world.reset()
    yield sandbox_server
    sandbox_server.world.faults.clear()  # lets go of requests that hang


@pytest.fixture
def admin(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """A client for the admin API: ``admin.get("state").json()``, ``admin.post("cycle")``."""
    with admin_client(sandbox) as client:
        yield client


def admin_client(sandbox: Sandbox) -> httpx.Client:
    """What the fixture ``admin`` gives, for a sandbox of another fixture."""
    return plain_client(base_url=sandbox.admin)


@pytest.fixture
def step(request: pytest.FixtureRequest) -> Iterator[Step]:
    """The step of the key in `@runs`; the test must execute it as it stands."""
    given = step_of(request.param)
    yield given
    assert given.executed, f"the test says that it executes {given.key}, and did not"
