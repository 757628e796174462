"""The command as a pipeline runs it: before every change of a move, and before an update."""

import json
from pathlib import Path

import httpx
import pytest
import yaml

from cfscim.adopt.state import read_state
from cfscim.config.messages import MissingError
from cfscim.config.models import parse_config
from cfscim.config.stack_file import CheckedStack, StackFile
from cfscim.preflight.answers import Answer
from cfscim.preflight.command import ask, run
from cfscim.rehearsal import RehearsalDeployer
from sandbox.server.server import Sandbox
from tests.configs import ACCOUNT, config_object, stack_config
from tests.preflight.test_preflight import no_mail, suspend
from tests.rehearsal.rehearsal_support import rehearsal
from tests.scenarios import SCENARIOS, Config, Console, Scenario, Stage, names, stack_file

pytestmark = pytest.mark.usefixtures("signed_in")

TRIED = ("okta-to-entra", "entra-to-okta", "user-groups-okta")
MOVES = [one for one in SCENARIOS if one.name in TRIED]


def write(config: Config, state: object) -> None:
    """The stack's file and state in this folder."""
    Path("Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": config}))
    Path("state.json").write_text(json.dumps(state))


def test_the_engine_is_asked_for_settings_by_the_name_that_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another organisation may have a stack of this name, with credentials of its own."""
    monkeypatch.chdir(tmp_path)
    write({**stack_config("okta"), "okta:apiToken": {"secure": "v1:AAAA"}}, {})
    engine = tmp_path / "pulumi"
    engine.write_text("#!/bin/sh\necho 'error: not signed in' >&2; exit 255\n")
    engine.chmod(0o755)
    with pytest.raises(MissingError, match="pulumi config --stack acme/dev: error: not signed in"):
        run("acme/dev", "text", "state.json", {"PATH": f"{tmp_path}:/usr/bin:/bin"})


class Asking(Stage):
    """Before each update the command is asked, with the stack file and the state of then."""

    def update(self, config: Config) -> None:
        write(stack_file(config), self.deployer.state())
        env = {**self.deployer.environment, "PATH": ""}
        assert run("dev", "text", "state.json", env) == 0, config
        super().update(config)


@pytest.mark.parametrize("scenario", MOVES, ids=names(MOVES))
def test_every_change_of_a_move_is_ready_and_both_ways_are_asked_about(
    sandbox: Sandbox,
    admin: httpx.Client,
    scenario: Scenario,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    admin.post(f"cloudflare/accounts/{ACCOUNT}", json={"name": "Example Corp"})
    stage = Asking(RehearsalDeployer("dev", sandbox.env, lambda _line: None), admin)
    stage.deploy(scenario.start)
    for step in scenario.steps:
        capsys.readouterr()
        stage.take(step)
        said = capsys.readouterr().out
        if step in scenario.changes[:1] and scenario.name != "user-groups-okta":
            assert "Okta: ada@example.com" in said
            assert "Entra: ada@example.com" in said


def test_a_person_who_does_not_arrive_does_not_stop_an_update_and_one_who_is_not_found_does(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, admin: httpx.Client
) -> None:
    monkeypatch.chdir(tmp_path)
    admin.post(f"cloudflare/accounts/{ACCOUNT}", json={"name": "Example Corp"})
    write(stack_config("entra"), {})
    env = {**sandbox.env, "PATH": ""}
    suspend(sandbox)
    assert run("dev", "text", "state.json", env) == 1
    assert run("dev", "text", "state.json", env, before_update=True) == 0
    no_mail(sandbox)
    assert run("dev", "text", "state.json", env, before_update=True) == 1


def test_what_a_killed_update_left_is_for_adopt_which_comes_next(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rehearsal(sandbox).update(stack_config("entra"))
    write(stack_config("entra"), {})
    env = {**sandbox.env, "PATH": ""}
    assert run("dev", "text", "state.json", env) == 1
    assert run("dev", "text", "state.json", env, before_update=True) == 0


@pytest.mark.parametrize(
    ("kind", "id_", "said"),
    [
        ("okta", "okta.switches", "Create Users is off"),
        ("entra", "entra.savedKeys", "SkipOutOfScopeDeletions"),
    ],
)
def test_a_switch_of_the_identity_provider_that_would_stop_the_update_is_named(
    sandbox: Sandbox, admin: httpx.Client, kind: str, id_: str, said: str
) -> None:
    stage = Stage(RehearsalDeployer("dev", sandbox.env, lambda _line: None), admin)
    start = config_object(kind)
    stage.deploy(start)
    assert asked_about(stage, start)[id_].status == "ok"
    if kind == "okta":
        stage.console(Console({"createUsers": False}))
    else:
        [sync] = sandbox.world.entra.synchronization.values()
        sync.secrets["SkipOutOfScopeDeletions"] = "true"
    found = asked_about(stage, start)
    assert [one.id for one in found.values() if one.status == "problem"] == [id_]
    assert said in str(found[id_].message)
    assert found[id_].stops


def asked_about(stage: Stage, config: Config) -> dict[str, Answer]:
    """What preflight says of a deployed stack, by id."""
    parsed = parse_config(config, stack="dev")
    checked = CheckedStack(StackFile("Pulumi.dev.yaml", "dev", config, {}, {}), parsed, ())
    state = read_state(stage.deployer.state())
    return {one.id: one for one in ask(checked, parsed, state, stage.deployer.environment)}
