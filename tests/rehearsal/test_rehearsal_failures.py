"""A failing call ends the run in one line that names the resource; the next run completes it."""

import asyncio
import gc
import threading
import time
from itertools import count

import httpx
import pytest
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs
from pulumi.runtime.settings import SETTINGS

from cfscim.config.messages import MissingError, ScimError
from cfscim.program.monitor import RecordingMonitor
from cfscim.program.placeholders import Placeholders
from cfscim.program.run import run_program
from cfscim.rehearsal import Rehearsal
from cfscim.rehearsal.carrier import Carrier
from cfscim.rehearsal.vendors import Vendors
from sandbox.server.server import Sandbox
from tests.configs import stack_config
from tests.rehearsal.rehearsal_support import names, rehearsal, requests, state

FAULTS = [
    ("okta", "POST", "/api/v1/apps", "okta-app"),
    ("okta", "PUT", "/api/v1/groups/[^/]+/users/[^/]+", "okta-group-"),
    ("okta", "POST", "/client/v4/accounts/[^/]+/iam/user_groups", "user-group-"),
    ("okta", "GET", "/api/v1/users", "look-up getUsers"),
    ("entra", "POST", "/client/v4/accounts/[^/]+/tokens", "token"),
    ("entra", "POST", "/v1.0/applicationTemplates/.*", "entra-app"),
    ("entra", "PUT", "/v1.0/.*/secrets", "entra-secret"),
    ("entra", "POST", "/v1.0/.*/validateCredentials", "entra-connection-test"),
    ("entra", "PUT", "/v1.0/.*/schema", "entra-mapping"),
    ("entra", "POST", "/v1.0/.*/appRoleAssignedTo", "entra-assignment-"),
    ("entra", "POST", "/v1.0/.*/start", "entra-start"),
]


@pytest.mark.usefixtures("signed_in")
@pytest.mark.parametrize(("kind", "method", "path", "resource"), FAULTS)
def test_the_error_names_the_resource_and_the_next_run_completes_the_stack(
    sandbox: Sandbox,
    admin: httpx.Client,
    caplog: pytest.LogCaptureFixture,
    kind: str,
    method: str,
    path: str,
    resource: str,
) -> None:
    stack = rehearsal(sandbox)
    fault = {"kind": "403", "method": method, "path": path, "times": None}
    admin.post("faults", json=fault).raise_for_status()
    with pytest.raises(ScimError) as failed:
        stack.update(stack_config(kind))
    assert resource in str(failed.value)
    assert "\n" not in str(failed.value)
    admin.delete("faults").raise_for_status()

    result = stack.update(stack_config(kind))
    assert "adopted" not in result.summary
    assert stack.update(stack_config(kind)).summary.keys() == {"same"}
    assert len(state(admin)["cloudflare"]["tokens"]) == 1
    assert len(set(names(state(admin)["cloudflare"]["userGroups"]))) == 4
    # Nothing about tasks that nobody awaited: the error is all that a person sees.
    gc.collect()
    assert [r.getMessage() for r in caplog.records if r.name == "asyncio"] == []


def test_nothing_new_is_begun_after_the_first_error(sandbox: Sandbox, admin: httpx.Client) -> None:
    vendors = Vendors({}, sandbox.env)
    carrier = Carrier(vendors, {}, count(), lambda _line: None)
    group = MockResourceArgs("okta:group/group:Group", "group", {"name": "New"}, custom=True)
    with vendors:
        with pytest.raises(ScimError, match="nothing"):
            carrier.call(MockCallArgs("cloudflare:index/nothing:nothing", {}, ""))
        with pytest.raises(ScimError, match="nothing"):
            carrier.new_resource(group)
    assert requests(admin) == []


class _Busy(Placeholders):
    """Refuses the token while a look-up is under way."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.ended = False

    def call(self, args: MockCallArgs) -> dict[str, object]:
        if args.token.endswith(":getUsers"):
            self.begun.set()
            time.sleep(0.5)
            self.ended = True
        return super().call(args)

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, object]]:
        if args.name == "token":
            assert self.begun.wait(30)
            raise ScimError("no token")
        return super().new_resource(args)


def test_calls_under_way_are_awaited() -> None:
    busy = _Busy()
    with pytest.raises(ScimError, match="no token"):
        run_program(RecordingMonitor(busy), stack="dev", config=stack_config(), preview=False)
    assert busy.ended


def test_what_an_earlier_run_left_waiting_does_not_end_this_one(sandbox: Sandbox) -> None:
    loop = asyncio.new_event_loop()
    left = loop.create_future()
    left.set_exception(RuntimeError("of the run before"))
    loop.close()
    SETTINGS.outputs.add(left)
    assert rehearsal(sandbox).update(stack_config()).summary["created"] == 20


@pytest.mark.parametrize("kind", ["okta", "entra"])
def test_a_person_whom_the_directory_lacks_is_named(sandbox: Sandbox, kind: str) -> None:
    with pytest.raises(ScimError, match="nobody@example.com"):
        rehearsal(sandbox).update(
            stack_config(kind, roles={"Administrator": ["nobody@example.com"]})
        )


def test_a_wrong_config_is_refused_with_its_own_message(
    sandbox: Sandbox, admin: httpx.Client
) -> None:
    with pytest.raises(ScimError, match="Adminstrator"):
        rehearsal(sandbox).update(stack_config(roles={"Adminstrator": None}))
    assert requests(admin) == []


def test_missing_credentials_stay_a_missing_thing(sandbox: Sandbox) -> None:
    env = {name: value for name, value in sandbox.env.items() if name != "CLOUDFLARE_API_TOKEN"}
    with pytest.raises(MissingError, match="CLOUDFLARE_API_TOKEN"):
        Rehearsal("dev", env, progress=lambda _line: None).update(stack_config())
