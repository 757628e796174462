"""Every fault of the sandbox, on every kind of call of ours: success or one line, in bounded time."""

import time
from collections.abc import Callable, Iterator
from typing import Literal

import httpx
import pytest

from cfscim.vendors.entra.api import GraphClient
from cfscim.vendors.entra.job_schema import Scopes, read_scopes, with_scopes
from cfscim.vendors.entra.signin import graph_http
from cfscim.vendors.errors import AnswerError
from cfscim.vendors.okta.api import OktaClient
from cfscim.vendors.okta.signin import okta_http
from cfscim.vendors.retries import Policy
from sandbox.server.server import Sandbox
from tests.sandbox.entra.entra_support import Graph, Provisioning
from tests.vendors.scoped import scoped

FAST = Policy(read=0.3, connect=1, first_delay=0.01, longest_delay=0.05, longest_wait=3, total=8)
WANTED = Scopes.of(scoped(["Administrator"]), [])
END = ("401", "403", "404", "409")
PASSING = (
    "refuse",
    "429",
    "429-retry-after",
    "500",
    "503",
    "hang",
    "truncated",
    "wrong-json",
    "lost-response",
    "slow",
)
KIND = {"401": "unauthorized", "403": "forbidden", "404": "not found", "409": "conflict"}
Vendor = Literal["okta", "entra"]


@pytest.fixture
def okta(sandbox: Sandbox) -> Iterator[OktaClient]:
    with OktaClient(okta_http({}, sandbox.env, policy=FAST)) as client:
        yield client


@pytest.fixture
def graph(sandbox: Sandbox) -> Iterator[GraphClient]:
    with GraphClient(graph_http({}, sandbox.env, policy=FAST)) as client:
        yield client


@pytest.fixture
def app(sandbox: Sandbox) -> Provisioning:
    return Provisioning(Graph(sandbox))


def fault(admin: httpx.Client, vendor: Vendor, kind: str, path: str, times: int | None = 1) -> None:
    body = {"kind": kind, "vendor": vendor, "path": path, "times": times, "seconds": 5}
    if kind == "slow":
        body["seconds"] = 0.1
    admin.post("faults", json=body).raise_for_status()


def quick(call: Callable[[], object]) -> object:
    """Runs the call and insists on a bounded time."""
    begun = time.monotonic()
    try:
        return call()
    finally:
        assert time.monotonic() - begun < 10


@pytest.mark.parametrize("kind", PASSING)
def test_a_read_outlives_what_passes(okta: OktaClient, admin: httpx.Client, kind: str) -> None:
    fault(admin, "okta", kind, "/api/v1/groups")
    group = quick(lambda: okta.group_by_name("Everyone"))
    assert group is not None


@pytest.mark.parametrize("kind", END)
def test_a_read_says_what_will_not_pass(okta: OktaClient, admin: httpx.Client, kind: str) -> None:
    fault(admin, "okta", kind, "/api/v1/groups")
    with pytest.raises(AnswerError) as caught:
        quick(lambda: okta.group_by_name("Everyone"))
    assert caught.value.kind == KIND[kind]


@pytest.mark.parametrize("kind", [kind for kind in PASSING if kind != "slow"])
def test_what_never_passes_ends_in_one_line(
    okta: OktaClient, admin: httpx.Client, sandbox: Sandbox, kind: str
) -> None:
    fault(admin, "okta", kind, "/api/v1/groups", times=None)
    with pytest.raises(AnswerError) as caught:
        quick(lambda: okta.group_by_name("Everyone"))
    text = str(caught.value)
    assert text.startswith("Okta GET /api/v1/groups: ")
    assert text.count("; ") >= 2
    assert "\n" not in text
    assert sandbox.env["OKTA_API_TOKEN"] not in text


@pytest.mark.parametrize("kind", PASSING)
def test_a_replacing_write_is_done_in_the_end(
    graph: GraphClient, admin: httpx.Client, app: Provisioning, kind: str
) -> None:
    document = with_scopes(graph.schema(app.sp_id, app.job_id), WANTED)
    fault(admin, "entra", kind, r"/v1.0/servicePrincipals/.*/schema")
    quick(lambda: graph.put_schema(app.sp_id, app.job_id, document))
    assert read_scopes(graph.schema(app.sp_id, app.job_id)) == WANTED


@pytest.mark.parametrize("kind", PASSING)
def test_a_start_and_a_new_member_happen_once(
    graph: GraphClient, admin: httpx.Client, app: Provisioning, kind: str
) -> None:
    there = app.graph
    group_id, ada = there.group("Administrator"), there.user_id("ada@example.com")
    fault(admin, "entra", kind, r"/v1.0/servicePrincipals/.*/start")
    fault(admin, "entra", kind, r"/v1.0/groups/.*/members/\$ref")
    quick(lambda: graph.start(app.sp_id, app.job_id))
    quick(lambda: graph.add_group_member(group_id, ada))
    assert graph.job(app.sp_id, app.job_id).running
    assert graph.group_member_ids(group_id) == {ada}


@pytest.mark.parametrize("kind", PASSING)
@pytest.mark.parametrize("path", ["/metadata/endpoints", r"/.*/oauth2/v2.0/token"])
def test_signing_in_to_entra_outlives_it(
    admin: httpx.Client, sandbox: Sandbox, kind: str, path: str
) -> None:
    fault(admin, "entra", kind, path)

    def sign_in() -> bool:
        with GraphClient(graph_http({}, sandbox.env, policy=FAST)) as graph:
            return "ada@example.com" in graph.users_by_mail(["ada@example.com"])

    assert quick(sign_in)


@pytest.mark.parametrize("kind", PASSING)
def test_a_service_app_signs_in_all_the_same(
    admin: httpx.Client, sandbox: Sandbox, kind: str
) -> None:
    app = admin.get("okta/oauth").json()
    env = {name: value for name, value in sandbox.env.items() if name != "OKTA_API_TOKEN"}
    env |= {"OKTA_API_CLIENT_ID": app["clientId"], "OKTA_API_PRIVATE_KEY": app["privateKey"]}
    fault(admin, "okta", kind, "/oauth2/v1/token")
    with OktaClient(okta_http({}, env, policy=FAST)) as okta:
        assert quick(lambda: okta.group_by_name("Everyone")) is not None


def test_a_vendor_that_is_not_there_is_unreachable() -> None:
    env = {"OKTA_ORG_NAME": "x", "OKTA_API_TOKEN": "t", "OKTA_HTTP_PROXY": "http://127.0.0.1:9"}
    with OktaClient(okta_http({}, env, policy=FAST)) as okta, pytest.raises(AnswerError) as caught:
        quick(lambda: okta.group_by_name("Everyone"))
    assert caught.value.kind == "unreachable"
