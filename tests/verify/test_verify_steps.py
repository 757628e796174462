"""`steps`, exit 4 and `--wait`: what a person or a cycle still owes is said, and nothing else."""

import json
from pathlib import Path

import pytest
import yaml

from cfscim.config.models import parse_config
from cfscim.verify import Report, Status, command, parse_outputs, steps
from cfscim.verify import run as verify
from sandbox.server.server import Sandbox
from tests.configs import stack_config
from tests.loopback import plain_client
from tests.rehearsal.rehearsal_support import rehearsal
from tests.verify.verify_base import ENTRA, OKTA, Bases
from tests.verify.verify_support import KEY, Stack, failing, set_up, show

pytestmark = pytest.mark.usefixtures("signed_in")


def _waiting(report: Report) -> dict[str, str]:
    return {one.id: one.found for one in report.checks if one.status is Status.NOT_YET}


def _files(stack: Stack, monkeypatch: pytest.MonkeyPatch, folder: Path) -> str:
    monkeypatch.chdir(folder)
    Path("Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": dict(stack.given)}))
    Path("outputs.json").write_text(json.dumps(stack.printed))
    return "outputs.json"


def test_the_first_state_is_one_line_that_says_what_is_waited_for(
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stack = _before_the_console(sandbox)
    report = stack.verify()
    assert failing(report).keys() <= {"cloudflare.superAdministrators"}, show(report)
    assert list(_waiting(report)) == ["okta.console"]
    outputs = _files(stack, monkeypatch, tmp_path)
    assert steps.run("dev", outputs, stack.env) == 1
    text = capsys.readouterr().out
    first, *_ = text.splitlines()
    assert first.startswith(
        "1. Okta, app Cloudflare SCIM: Provisioning > Configure API Integration"
    )
    assert "https://example-admin.okta.com/admin/app/scim2testapp/instance/" in text
    assert "pulumi stack output tokenValue --show-secrets" in text
    assert stack.outputs.token_value.get_secret_value() not in text


def _before_the_console(sandbox: Sandbox) -> Stack:
    given = stack_config("okta")
    scim = given[KEY]
    assert isinstance(scim, dict)
    scim["breakGlass"] = ["owner@example.com"]
    result = rehearsal(sandbox).update(given)
    assert result.token_value is not None
    printed = {**result.outputs, "tokenValue": result.token_value.get_secret_value()}
    text = json.loads(json.dumps(printed))
    config = parse_config(scim, stack="dev")
    return Stack(config, parse_outputs(text, config, source="it"), sandbox.env, given, text)


@pytest.mark.parametrize("kind", ["okta", "entra"])
def test_before_the_first_cycle_it_is_not_yet_and_after_it_all_holds(
    sandbox: Sandbox, kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stack = set_up(sandbox, kind, "userGroups", "account", cycle=False)
    report = stack.verify()
    assert failing(report) == {}, show(report)
    assert report.exit_code == 4
    assert "cloudflare.members.administrator" in _waiting(report)
    assert all(one.by for one in report.checks if one.status is Status.NOT_YET)
    outputs = _files(stack, monkeypatch, tmp_path)
    with plain_client(base_url=f"{sandbox.admin}/_sandbox/", timeout=60) as admin:
        slept: list[float] = []

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            admin.post("cycle").raise_for_status()

        assert command.run("dev", "text", outputs, stack.env, wait=5, sleep=sleep) == 0
    assert slept == [30.0]


def test_waiting_ends_with_its_minutes(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stack = set_up(sandbox, "entra", "userGroups", "account", cycle=False)
    outputs = _files(stack, monkeypatch, tmp_path)
    times = iter([0.0, 10.0, 40.0, 61.0])
    slept: list[float] = []
    code = command.run(
        "dev", "text", outputs, stack.env, wait=1, sleep=slept.append, clock=lambda: next(times)
    )
    assert code == 4
    assert slept == [30.0, 20.0]


@pytest.mark.parametrize("combination", [OKTA, ENTRA])
def test_nothing_is_left_once_everything_was_read_back(
    bases: Bases,
    combination: tuple[str, str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stack = bases.stack(combination)
    outputs = _files(stack, monkeypatch, tmp_path)
    assert steps.run("dev", outputs, stack.env) == 0
    assert capsys.readouterr().out == "Nothing is left to do by hand.\n"


def test_confirming_too_early_takes_no_step_away(
    bases: Bases,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stack = bases.stack(OKTA)
    (app,) = bases.sandbox.world.okta.apps.values()
    app.provisioning.create_users = False
    outputs = _files(stack, monkeypatch, tmp_path)
    assert steps.run("dev", outputs, stack.env) == 1
    assert "Create Users and Deactivate Users are enabled" in capsys.readouterr().out


def test_a_token_that_nobody_used_is_not_used_by_verify_either(sandbox: Sandbox) -> None:
    stack = set_up(sandbox, "okta", "userGroups", "account")
    [token] = sandbox.world.cloudflare.tokens.values()
    token.last_used_on = None
    report = stack.verify()
    assert _waiting(report) == {"cloudflare.token.used": "never used"}
    assert report.exit_code == 4
    assert token.last_used_on is None
    token.issued_on = "2026-01-01T00:00:00.000000Z"
    report = verify(stack.config, stack.outputs, {}, stack.env, lambda _line: None)
    assert set(failing(report)) == {"cloudflare.token.used"}
