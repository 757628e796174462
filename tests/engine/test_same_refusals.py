"""Where the real plugins are quiet or refuse, the rehearsal does the same; it follows them."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from cfscim.config.messages import CONFIG_KEY, ScimError
from cfscim.config.models import parse_config
from cfscim.rehearsal import RehearsalDeployer
from cfscim.up.command import deploy
from cfscim.up.engine import Engine, EngineDeployer
from cfscim.up.sandbox_process import SandboxProcess
from tests.combinations import config_object

Deployer = EngineDeployer | RehearsalDeployer
Declared = dict[str, object]


def updated(deployer: Deployer, declared: Declared) -> bool:
    """Whether an update ends well."""
    try:
        deployer.update({CONFIG_KEY: declared})
    except ScimError:
        return False
    return True


def with_roles(declared: Declared, **members: list[str]) -> Declared:
    roles = {"Administrator": {"members": members["administrator"]}}
    given = declared["roles"]
    assert isinstance(given, dict)
    return {**declared, "roles": {**given, **roles}}


def okta(sandbox: SandboxProcess) -> httpx.Client:
    token = sandbox.environment()["OKTA_API_TOKEN"]
    headers = {"Authorization": f"SSWS {token}"}
    return httpx.Client(base_url=sandbox.admin, headers=headers, trust_env=False)


def refused_members(deployer: Deployer, sandbox: SandboxProcess, declared: Declared) -> list[bool]:
    """A change that Okta refuses: green, and nothing to do in the next run."""
    path = "/api/v1/groups/[^/]+/users/[^/]+"
    sandbox.post("faults", {"kind": "403", "method": "DELETE", "path": path, "times": None})
    fewer = with_roles(declared, administrator=[])
    first = updated(deployer, fewer)
    httpx.delete(f"{sandbox.admin}/_sandbox/faults", trust_env=False)
    again = updated(deployer, fewer)
    groups = sandbox.state()["okta"]["groups"]
    assert isinstance(groups, list)
    [still] = [g["members"] for g in groups if g["name"] == "Administrator" and g["members"]]
    return [first, again, bool(still)]


def mapping_gone(deployer: Deployer, sandbox: SandboxProcess, declared: Declared) -> list[bool]:
    """A push removed in Okta: a removal of it ends in an error."""
    with okta(sandbox) as client:
        app = client.get("/api/v1/apps", params={"q": "Cloudflare SCIM"}).json()[0]["id"]
        base = f"/api/v1/apps/{app}/group-push/mappings"
        for mapping in client.get(base).json():
            client.patch(f"{base}/{mapping['id']}", json={"status": "INACTIVE"})
            client.delete(f"{base}/{mapping['id']}", params={"deleteTargetGroup": "false"})
    removal = {"what": "Administrator", "until": "2099-01-01", "by": "a", "reason": "a test"}
    allowed = {**declared, "removals": [removal]}
    given = declared["roles"]
    assert isinstance(given, dict)
    fewer = {name: role for name, role in given.items() if name != "Administrator"}
    return [updated(deployer, allowed), updated(deployer, {**allowed, "roles": fewer})]


def strangers(deployer: Deployer, sandbox: SandboxProcess, declared: Declared) -> list[bool]:
    """A group of a role's name that is not the stack's: the update fails."""
    with okta(sandbox) as client:
        body = {"profile": {"name": "Other Users"}}
        client.post("/api/v1/groups", json=body).raise_for_status()
    provider = declared["identityProvider"]
    assert isinstance(provider, dict)
    removal = {"what": "usersGroup", "until": "2099-01-01", "by": "a", "reason": "a test"}
    renamed = {**provider, "usersGroup": {"name": "Other Users"}}
    allowed = {**declared, "removals": [removal]}
    return [
        updated(deployer, allowed),
        updated(deployer, {**allowed, "identityProvider": renamed}),
    ]


CASES: list[tuple[str, Callable[[Deployer, SandboxProcess, Declared], list[bool]]]] = [
    ("okta", refused_members),
    ("okta", mapping_gone),
    ("okta", strangers),
]


@pytest.mark.parametrize(("kind", "case"), CASES, ids=[case.__name__ for _, case in CASES])
def test_both_end_alike(
    kind: str,
    case: Callable[[Deployer, SandboxProcess, Declared], list[bool]],
    engine: Engine,
    folder: Path,
) -> None:
    declared = config_object(kind, "userGroups", "account")
    config = parse_config(declared, stack="engine")
    ends = []
    for way in ("engine", "rehearsal"):
        with SandboxProcess() as sandbox:
            env = sandbox.environment()
            deployer: Deployer = (
                EngineDeployer(engine, "engine", folder / way, env, lambda _line: None)
                if way == "engine"
                else RehearsalDeployer("engine", env, lambda _line: None)
            )
            deploy(config, declared, deployer, sandbox, lambda _line: None)
            ends.append(case(deployer, sandbox, declared))
    assert ends[0] == ends[1]
