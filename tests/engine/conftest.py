"""The real Pulumi engine and provider plugins against the sandbox; skipped where there is none."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cfscim.up.engine import Engine, find_engine
from cfscim.up.sandbox_process import RunningSandbox, SandboxProcess


def received(sandbox: RunningSandbox) -> list[dict[str, object]]:
    """Every request the vendors received, secrets masked, oldest first."""
    return httpx.get(f"{sandbox.admin}/_sandbox/requests", trust_env=False).json()


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The engine on PATH. Nothing is downloaded for a test."""
    if shutil.which("pulumi") is None:
        pytest.skip("no pulumi on PATH: the rehearsal tests cover this machine")
    found = find_engine()
    if not isinstance(found, Engine):
        pytest.skip(found.reason)
    return found


@pytest.fixture
def sandbox() -> Iterator[SandboxProcess]:
    """A sandbox of its own, so that engine tests can run side by side."""
    with SandboxProcess() as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the stack's project and state go."""
    return tmp_path
