"""Graph of a sandbox, an endpoint of its own to push to, and a started job between them."""

from collections.abc import Iterator

import pytest

from sandbox.server.server import Sandbox
from tests.sandbox.entra.entra_support import Graph, Provisioning, ScimEndpoint


@pytest.fixture
def scim() -> Iterator[ScimEndpoint]:
    with ScimEndpoint() as endpoint:
        yield endpoint


@pytest.fixture
def graph(sandbox: Sandbox) -> Graph:
    return Graph(sandbox)


@pytest.fixture
def job(graph: Graph, scim: ScimEndpoint) -> Provisioning:
    job = Provisioning(graph, scim.base)
    job.start()
    return job
