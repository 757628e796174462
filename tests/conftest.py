"""One sandbox for the whole session, set back before every test that uses it; a workflow's step."""

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from azure.core.credentials import AccessToken
from hypothesis import settings

from cfscim.vendors.entra import api as entra_api
from cfscim.vendors.entra import jobs as entra_jobs
from cfscim.vendors.entra import signin
from cfscim.vendors.okta import api as okta_api
from sandbox.entra.signin import issue
from sandbox.server.server import Sandbox
from tests.loopback import in_this_thread, plain_client
from tests.repository.workflow_steps import Step, step_of
from tests.verify.verify_base import Bases

# A version manager's `python3` is a dozen shell scripts, and a stand-in that a step calls is one.
os.environ["PATH"] = f"{Path(sys.executable).resolve().parent}{os.pathsep}{os.environ['PATH']}"

# How long one example takes says how busy the machine is.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

LONGEST = (
    *("verify/test_deviations", "repository/test_own_repository", "review/test_review_tricks"),
    *("repository/test_workflows_install", "test_hints", "adopt/test_adopt", "up/test_up"),
    *("rehearsal/test_scenarios", "repository/test_workflows_deploy", "verify/test_fortnight"),
    *("rehearsal/test_fault_matrix", "rehearsal/test_interruption", "components/test_sdk"),
    *("repository/test_two_accounts", "repository/test_workflows_ci", "sandbox/test_tenant"),
)
"""What two workers begin with, or one of them would wait for the other at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first; otherwise all stay in their order."""
    turn = {Path(__file__).parent / f"{name}.py": n for n, name in enumerate(LONGEST)}
    items.sort(key=lambda item: turn.get(item.path, len(turn)))


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


@pytest.fixture(scope="session")
def bases(sandbox_server: Sandbox) -> Bases:
    """Stacks as declared, to deviate from; each is set up once a worker."""
    return Bases(sandbox_server)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a vendor shows late is asked for again a thousand times sooner than by the product."""
    for module in (entra_api, entra_jobs):
        soon = tuple(delay / 1000 for delay in module._LAG_DELAYS)
        monkeypatch.setattr(module, "_LAG_DELAYS", soon)
    monkeypatch.setattr(okta_api, "LATE_SECONDS", okta_api.LATE_SECONDS / 1000)


@pytest.fixture
def no_sockets(sandbox_server: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our clients and the provisioning cycles call the sandbox in this process and thread."""
    in_this_thread(sandbox_server, monkeypatch)


@pytest.fixture
def signed_in(no_sockets: None, sandbox_server: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside that, signing in to Entra costs nothing; the token has the rights of its moment."""
    world, origin = sandbox_server.world, sandbox_server.origin
    cloud = signin.Endpoints(origin, world.https_base)
    monkeypatch.setattr(signin, "find_cloud", lambda *_given: cloud)
    for_ever = 2**33
    monkeypatch.setattr(
        signin.GraphTokens,
        "_fetch",
        lambda _self: AccessToken(issue(world, world.entra, origin), for_ever),
    )


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
