"""Okta of a sandbox, and a SCIM server of its own to push to."""

from collections.abc import Iterator

import pytest

from sandbox.server.server import Sandbox
from tests.sandbox.okta.okta_support import Okta, Target


@pytest.fixture
def okta(sandbox: Sandbox) -> Iterator[Okta]:
    with Okta(sandbox) as client:
        yield client


@pytest.fixture
def target() -> Iterator[Target]:
    with Target() as running:
        yield running
