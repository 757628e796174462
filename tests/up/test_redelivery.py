"""`up` notices what did not arrive, says so in one line, and has everything delivered once more."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

import httpx
import pytest

from cfscim.config.models import parse_config
from cfscim.rehearsal import RehearsalDeployer
from cfscim.up.command import deploy
from cfscim.up.redelivery import undelivered
from cfscim.up.sandbox_process import SandboxProcess
from sandbox.server.server import Sandbox
from tests.combinations import ACCOUNT, config_object
from tests.rehearsal.fault_support import Direct

SCIM = f"/client/v4/accounts/{ACCOUNT}/scim/v2"
ADA, EDSGER = "ada@example.com", "edsger@example.com"
REMEDY = {
    "okta": "pushing everything again, as Push now and a new assignment do in its console",
    "entra": "restarting its job with resetScope Full, as Microsoft Graph offers it",
}
both = pytest.mark.parametrize("provider", ["okta", "entra"])


@pytest.fixture
def admin(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{sandbox.admin}/", trust_env=False, timeout=60) as client:
        yield client


@dataclass
class Up(Direct):
    """One deployment, watched: what it said, and which cycles it asked for.

    `mend`: the vendors behave again once the first cycle is over.
    """

    sandbox: Sandbox
    client: httpx.Client
    mend: bool = False
    lines: list[str] = field(default_factory=list)
    cycles: list[object] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(self.sandbox, self.client)

    def post(self, path: str, body: object = None) -> dict[str, object]:
        """Counts the cycles."""
        answer = super().post(path, body)
        if path == "cycle":
            self.cycles.append(body)
            if self.mend:
                self.sandbox.world.faults.clear()
        return answer

    def run(self, declared: dict[str, object]) -> "Up":
        deployer = RehearsalDeployer("dev", self.sandbox.env, lambda _line: None)
        driven = cast(SandboxProcess, self)
        config = parse_config(declared, stack="dev")
        deploy(config, declared, deployer, driven, self.lines.append)
        return self

    def said(self) -> list[str]:
        return [line for line in self.lines if "Cloudflare lacks" in line]

    def roles(self) -> dict[str, object]:
        members = cast(list[dict[str, object]], self.state()["cloudflare"]["members"])
        assert len({one["email"] for one in members}) == len(members)
        return {str(one["email"]): one["roles"] for one in members}


@pytest.mark.parametrize("model", ["userGroups", "virtualGroups"])
@both
def test_where_all_arrives_one_cycle_runs_and_nothing_is_said(
    sandbox: Sandbox, admin: httpx.Client, provider: str, model: str
) -> None:
    done = Up(sandbox, admin).run(config_object(provider, model, "account"))
    assert (done.said(), done.cycles) == ([], [None])


@pytest.mark.parametrize(
    ("method", "path", "lacks"),
    [("PATCH", "Groups/.*", f"Administrator of {ADA}"), ("POST", "Users", ADA)],
)
@both
def test_a_write_that_did_nothing_is_named_and_everything_delivered_again(
    sandbox: Sandbox, admin: httpx.Client, provider: str, method: str, path: str, lacks: str
) -> None:
    fault = {"kind": "noop", "method": method, "path": f"{SCIM}/{path}", "times": 8}
    admin.post("faults", json=fault).raise_for_status()
    done = Up(sandbox, admin, mend=True).run(config_object(provider, "userGroups", "account"))
    (line,) = done.said()
    assert lacks in line
    assert line.endswith(f"; {REMEDY[provider]}")
    assert done.cycles == [None, {"identityProvider": provider, "full": True}]
    assert done.roles()[ADA] == ["Administrator", "Minimal Account Access"]


@both
def test_belief_and_reported_errors_are_told_apart(
    sandbox: Sandbox, admin: httpx.Client, provider: str
) -> None:
    said = {}
    for kind in ("noop", "500"):
        sandbox.world.reset()
        fault = {"kind": kind, "method": "PATCH", "path": f"{SCIM}/Groups/.*", "times": 8}
        admin.post("faults", json=fault).raise_for_status()
        done = Up(sandbox, admin, mend=True).run(config_object(provider, "userGroups", "account"))
        (said[kind],) = done.said()
    name = provider.capitalize()
    assert said["noop"].startswith(f"{name} believes it delivered, and Cloudflare lacks ")
    assert said["500"].startswith(f"{name}'s cycle reported errors, and Cloudflare lacks ")


@both
def test_what_never_arrives_is_delivered_again_once(
    sandbox: Sandbox, admin: httpx.Client, provider: str
) -> None:
    fault = {"kind": "noop", "method": "PATCH", "path": f"{SCIM}/Groups/.*", "times": None}
    admin.post("faults", json=fault).raise_for_status()
    done = Up(sandbox, admin).run(config_object(provider, "userGroups", "account"))
    assert (len(done.said()), len(done.cycles)) == (1, 2)
    assert done.roles()[ADA] == ["Minimal Account Access"]


def test_where_no_cycle_is_wanted_nothing_is_restarted(
    sandbox: Sandbox, admin: httpx.Client
) -> None:
    declared = config_object("entra", "userGroups", "account")
    declared["identityProvider"] = {"kind": "entra", "start": False}
    done = Up(sandbox, admin).run(declared)
    assert (done.said(), done.cycles) == ([], [None])
    assert ADA not in done.roles()


@both
def test_a_group_that_scim_has_not_written_to_is_missing(
    sandbox: Sandbox, admin: httpx.Client, provider: str
) -> None:
    declared = config_object(provider, "userGroups", "account")
    done = Up(sandbox, admin).run(declared)
    for group in sandbox.world.cloudflare.accounts[ACCOUNT].user_groups.values():
        group.scim_managed = False
    lacking = list(undelivered(parse_config(declared, stack="dev"), done.state()))
    assert 'the push of group "Administrator"' in lacking
    # Okta does not push a group before it has a member; Entra does.
    assert ('the push of group "Billing"' in lacking) == (provider == "entra")


def test_a_member_without_any_role_is_missing_too(sandbox: Sandbox, admin: httpx.Client) -> None:
    declared = config_object("okta", "userGroups", "account")
    declared["identityProvider"] = {
        **cast(dict[str, object], declared["identityProvider"]),
        "usersGroup": {"name": "Cloudflare Users", "members": [EDSGER]},
    }
    fault = {"kind": "noop", "method": "POST", "path": f"{SCIM}/Users", "times": 8}
    admin.post("faults", json=fault).raise_for_status()
    done = Up(sandbox, admin, mend=True).run(declared)
    (line,) = done.said()
    assert f"the member {EDSGER}" in line
    assert EDSGER in done.roles()
