"""What somebody deleted, or an update whose answer was lost: `adopt` takes it out of the state."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from cfscim.adopt.command import Request, gone_lines, run
from cfscim.adopt.finder import find_gone
from cfscim.adopt.state import read_state
from cfscim.config.messages import ScimError
from cfscim.rehearsal import RehearsalDeployer
from cfscim.rehearsal.vendors import Vendors
from sandbox.entra.api.directory import forget
from sandbox.server.server import Sandbox
from sandbox.server.world import World
from tests.adopt.adopting import adopt, restate
from tests.configs import stack_config
from tests.rehearsal.fault_judgement import difference, doubles, normal

pytestmark = pytest.mark.usefixtures("signed_in")


def pushes(world: World) -> None:
    for app in world.okta.apps.values():
        app.mappings.clear()


def okta_app(world: World) -> None:
    world.okta.apps.clear()
    for group in [*world.okta.groups.values()]:
        if group.type == "APP_GROUP":
            del world.okta.groups[group.id]


def user_group(world: World) -> None:
    for account in world.cloudflare.accounts.values():
        for one in [*account.user_groups.values()]:
            if one.name == "Billing":
                del account.user_groups[one.id]


def entra_group(world: World) -> None:
    groups = world.entra.groups.values()
    forget(
        world.entra, next(g for g in groups if g.properties["displayName"] == "Billing"), keep=False
    )


def jobs(world: World) -> None:
    for sync in world.entra.synchronization.values():
        sync.jobs.clear()


API = stack_config(apiIntegration="api", catalogApp="zscalerbyz")
DELETED: list[tuple[dict[str, object], Callable[[World], None], set[str]]] = [
    (API, pushes, {"okta-push-administrator", "okta-push-billing"}),
    (API, okta_app, {"okta-app", "okta-connection", "okta-push-billing"}),
    (API, user_group, {"user-group-billing"}),
    (stack_config("entra"), entra_group, {"entra-group-billing", "entra-assignment-billing"}),
    (stack_config("entra"), jobs, {"entra-job"}),
]


@pytest.mark.parametrize(
    ("config", "deletes", "names"), DELETED, ids=[deletes.__name__ for _, deletes, _ in DELETED]
)
def test_the_update_after_it_makes_anew_what_somebody_deleted(
    sandbox: Sandbox,
    admin: httpx.Client,
    config: dict[str, object],
    deletes: Callable[[World], None],
    names: set[str],
) -> None:
    stack = RehearsalDeployer("dev", sandbox.env, lambda _line: None)
    stack.update(config)
    before = admin.get("state").json()
    deletes(sandbox.world)
    known = read_state(stack.state())
    asked = len(admin.get("requests").json())
    with Vendors({}, sandbox.env) as vendors:
        found = find_gone(known, vendors)
    assert names <= {name for _, name in found.keys}
    assert not found.doubted
    made = admin.get("requests").json()[asked:]
    assert {one["method"] for one in made if "/token" not in one["path"]} == {"GET"}
    assert adopt(stack, "dev", config)["resources"] == []
    stack.update(config)
    now = admin.get("state").json()
    assert doubles(now) == []
    assert difference(normal(before), normal(now)) == ""


@pytest.mark.parametrize("kind", ["groups", "applications"])
def test_what_is_in_the_recycle_bin_stays_in_the_state_while_it_is_protected(
    sandbox: Sandbox, kind: str
) -> None:
    config = stack_config("entra")
    stack = RehearsalDeployer("dev", sandbox.env, lambda _line: None)
    stack.update(config)
    entra = sandbox.world.entra
    ours = {"Billing", "Cloudflare SCIM"}
    deleted = [*getattr(entra, kind).values(), *entra.service_principals.values()]
    deleted = [one for one in deleted if one.text("displayName") in ours]
    deleted = deleted[:1] if kind == "groups" else deleted
    for one in deleted:
        forget(entra, one, keep=True)
    known = read_state(stack.state())
    with Vendors({}, sandbox.env) as vendors:
        held = find_gone(known, vendors)
    assert held.keys == held.doubted == ()
    [(_, command)] = held.binned
    assert re.findall(r"deletedItems/([0-9a-f-]+)/restore", command) == [one.id for one in deleted]
    [line] = [line for line in gone_lines(held) if "recycle bin" in line]
    assert command in line
    for one in deleted:
        del entra.deleted[one.id]
    with Vendors({}, sandbox.env) as vendors:
        assert find_gone(known, vendors).binned == ()


def test_nothing_is_taken_out_of_the_state_with_another_organisation_s_credentials(
    sandbox: Sandbox,
) -> None:
    stack = RehearsalDeployer("dev", sandbox.env, lambda _line: None)
    stack.update(API)
    known = read_state(stack.state())
    okta_app(sandbox.world)
    sandbox.world.okta.groups.clear()
    with Vendors({}, sandbox.env) as vendors:
        doubted = find_gone(known, vendors)
        sure = find_gone(known, vendors, sure=True)
    assert doubted.keys == ()
    assert {*sure.keys} == {*doubted.doubted}
    assert "okta-app" in {name for _, name in sure.keys}


def resource(name: str, **given: object) -> dict[str, object]:
    urn = f"urn:pulumi:dev::cloudflare-scim::okta:group/group:Group::{name}"
    return {"urn": urn, "type": "okta:group/group:Group", "custom": True, "id": name, **given}


def test_what_hangs_on_it_stays_and_a_secret_stays_encrypted() -> None:
    secret = {
        "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
        "ciphertext": "v1",
    }
    gone, old = resource("gone"), resource("other", delete=True)
    hangs = resource(
        "hangs",
        dependencies=[gone["urn"], old["urn"]],
        propertyDependencies={"a": [gone["urn"]], "b": [old["urn"]]},
        deletedWith=gone["urn"],
        outputs={"value": secret},
    )
    export: Any = {"version": 3, "deployment": {"manifest": {}, "resources": [gone, old, hangs]}}
    left = read_state(export).without([("okta:group/group:Group", "gone")])
    assert {name for _, name in left.resources} == {"hangs"}
    freed = {key: value for key, value in hangs.items() if key != "deletedWith"}
    freed |= {"dependencies": [old["urn"]], "propertyDependencies": {"a": [], "b": [old["urn"]]}}
    assert left.export == {
        "version": 3,
        "deployment": {"manifest": {}, "resources": [old, freed]},
    }
    assert export["deployment"]["resources"] == [gone, old, hangs]


def test_the_command_says_it_and_lets_the_engine_take_it_out(
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stack = RehearsalDeployer("dev", sandbox.env, lambda _line: None)
    stack.update(API)
    pushes(sandbox.world)
    monkeypatch.chdir(tmp_path)
    Path("Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": API}))
    Path("state.json").write_text(json.dumps(stack.state()))
    engine = tmp_path / "pulumi"
    engine.write_text(
        '#!/bin/sh\n[ "$2" = export ] && exec cat state.json\necho "$@" > said\n'
        "cat > given.json\n[ ! -e fails ] || { echo no lock >&2; exit 1; }\n"
    )
    engine.chmod(0o700)
    env = {**sandbox.env, "PATH": f"{tmp_path}:/bin:/usr/bin"}
    assert run(Request("dev", "state.json"), env) == 1
    said = capsys.readouterr().out
    assert "cfscim adopt --import --stack dev" in said
    assert "okta-push-billing" in said
    assert not Path("said").exists()
    assert run(Request("dev", "state.json", do_import=True), env) == 0
    assert Path("said").read_text().split()[:4] == ["stack", "import", "--stack", "dev"]
    assert "okta-push" not in "".join(
        name for _, name in read_state(json.loads(Path("given.json").read_text())).resources
    )
    Path("fails").touch()
    with pytest.raises(ScimError, match="no lock; nothing was taken out of the state"):
        run(Request("dev", "state.json", do_import=True), env)
    Path("said").unlink()
    Path("read.json").write_text(Path("state.json").read_text())
    later: Any = stack.state()
    later["deployment"]["manifest"] = {"time": "2026-11-27T13:00:00Z"}
    Path("state.json").write_text(json.dumps(later))
    with pytest.raises(ScimError, match="somebody else's update changed the state meanwhile"):
        run(Request("dev", "read.json", do_import=True), env)
    assert not Path("said").exists(), "nothing is overwritten"


@pytest.mark.parametrize("kind", ["okta", "entra"])
def test_what_a_destroy_has_left_in_place_is_not_taken_over_to_be_deleted(
    sandbox: Sandbox, admin: httpx.Client, kind: str
) -> None:
    entry = {
        "what": "everything",
        "until": "2027-06-30",
        "by": "g@example.com",
        "reason": "leaving",
    }
    config: Any = API if kind == "okta" else stack_config(kind)
    leaving = {key: {**declared, "removals": [entry]} for key, declared in config.items()}
    stack = RehearsalDeployer("dev", sandbox.env, lambda _line: None)
    stack.update(leaving)
    state: Any = stack.state()
    kept = [one for one in state["deployment"]["resources"] if "UserGroup" not in one["type"]]
    state["deployment"]["resources"] = kept  # a destroy that was killed has let them go
    restate(stack, "dev", read_state(state))
    taken = {one["name"] for one in adopt(stack, "dev", leaving)["resources"]}
    assert not [name for name in taken if name.startswith("user-group-")]
    restate(stack, "dev", read_state(state))
    names = {one["name"] for one in adopt(stack, "dev", config)["resources"]}
    assert "user-group-billing" in names, "a stack that stays takes them over"
