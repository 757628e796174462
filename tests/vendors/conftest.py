"""Our client of Okta, and the sandbox's Okta itself, as an administrator reaches it."""

from collections.abc import Iterator

import pytest

from cfscim.vendors.okta.api import OktaClient
from sandbox.server.server import Sandbox
from tests.sandbox.okta.okta_support import Okta


@pytest.fixture
def no_waiting() -> None:
    """Here the waiting itself is tried; a test that would wait in earnest sets its own."""


@pytest.fixture
def okta(sandbox: Sandbox) -> Iterator[OktaClient]:
    with OktaClient.from_settings({}, sandbox.env) as client:
        yield client


@pytest.fixture
def there(sandbox: Sandbox) -> Iterator[Okta]:
    with Okta(sandbox) as client:
        yield client
