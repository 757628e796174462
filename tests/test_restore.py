"""`restore-super-admin`: Cloudflare's documented way back, on an account that nobody administers."""

import json
from pathlib import Path

import pytest
import yaml

from cfscim import restore
from cfscim.config.messages import ScimError, UsageError
from sandbox.server.world import World
from tests.configs import ACCOUNT, SUPER
from tests.verify.verify_base import OKTA, Bases
from tests.verify.verify_support import Stack, failing

pytestmark = pytest.mark.usefixtures("no_sockets")


@pytest.fixture
def locked_out(bases: Bases, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stack:
    """A stack in whose account nobody is a Super Administrator any more."""
    stack, account = bases.stack(OKTA), bases.sandbox.world.cloudflare.accounts[ACCOUNT]
    for group in account.user_groups.values():
        group.members.clear()
    for member in account.members.values():
        member.roles = ["Minimal Account Access"]
    assert supers(bases.sandbox.world) == []
    monkeypatch.chdir(tmp_path)
    Path("Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": dict(stack.given)}))
    Path("outputs.json").write_text(json.dumps(stack.printed))
    return stack


def supers(world: World) -> list[str]:
    account = world.cloudflare.accounts[ACCOUNT]
    members = world.cloudflare.super_administrators(account)
    return [world.cloudflare.users[member.user_id].email for member in members]


def test_the_role_comes_back_with_the_scim_token_alone(
    bases: Bases, locked_out: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    env = {k: v for k, v in locked_out.env.items() if k != "CLOUDFLARE_API_TOKEN"}
    code = restore.run("dev", "Owner@example.com", "outputs.json", env, ask=lambda _question: True)
    assert code == 0
    assert supers(bases.sandbox.world) == ["owner@example.com"]
    text = capsys.readouterr().out
    assert "gives owner@example.com (accepted, directly given now: Minimal Account" in text
    assert SUPER in text
    assert locked_out.outputs.token_id in text
    assert locked_out.outputs.token_value.get_secret_value() not in text
    assert "owner@example.com" not in str(failing(locked_out.verify()).get("cloudflare.undeclared"))


def test_no_means_that_nothing_is_written(bases: Bases, locked_out: Stack) -> None:
    world = bases.sandbox.world
    world.log.clear()
    code = restore.run(
        "dev", "owner@example.com", "outputs.json", locked_out.env, ask=lambda _question: False
    )
    assert code == 1
    assert {entry["method"] for entry in world.log.entries()} == {"GET"}
    assert supers(world) == []


def test_yes_does_not_ask(bases: Bases, locked_out: Stack) -> None:
    def ask(_question: str) -> bool:
        raise AssertionError

    run = ("dev", "owner@example.com", "outputs.json", locked_out.env)
    assert restore.run(*run, yes=True, ask=ask) == 0
    assert restore.run(*run, ask=ask) == 0  # already: nothing to ask
    assert supers(bases.sandbox.world) == ["owner@example.com"]


def test_who_is_no_member_is_told_who_is(locked_out: Stack) -> None:
    with pytest.raises(ScimError, match=r"stranger@example.com is no member.*owner@example.com"):
        restore.run("dev", "stranger@example.com", "outputs.json", locked_out.env, yes=True)


def test_who_has_the_role_and_was_only_invited_is_told_what_is_missing(
    bases: Bases, locked_out: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    account = bases.sandbox.world.cloudflare.accounts[ACCOUNT]
    users = bases.sandbox.world.cloudflare.users
    for member in account.members.values():
        if users[member.user_id].email == "owner@example.com":
            member.roles, member.status = [SUPER], "pending"
    assert restore.run("dev", "owner@example.com", "outputs.json", locked_out.env) == 0
    assert "still has to accept the invitation" in capsys.readouterr().out


@pytest.mark.parametrize("person", ["owner", "", "Owner <owner@example.com>"])
def test_what_is_no_address_is_refused_before_the_stack_is_looked_for(person: str) -> None:
    with pytest.raises(UsageError, match="--person: .*address"):
        restore.run("no-such-stack", person, None, {})
