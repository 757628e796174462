"""What the vendors say beside the files: a role given by hand, one that was taken, one that waits."""

import csv
import io
import json
from pathlib import Path

import pytest
import yaml

from cfscim.access.command import Request, run
from cfscim.config.messages import MissingError, UsageError
from tests.access.test_page import opened, table
from tests.browser import needs_browser
from tests.configs import ACCOUNT, SUPER
from tests.verify.verify_base import ENTRA, OKTA, Bases, Combination
from tests.verify.verify_support import Stack

pytestmark = pytest.mark.usefixtures("no_sockets")


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where the stack's file goes, out of any repository."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    return tmp_path


@pytest.fixture
def stack(bases: Bases, folder: Path) -> Stack:
    """As declared, but for Katherine, who was made an Administrator by hand."""
    made = bases.stack(OKTA)
    world = bases.sandbox.world
    account = world.cloudflare.accounts[ACCOUNT]
    user = world.cloudflare.user_by_email("katherine@example.com", create=True)
    assert user is not None
    world.cloudflare.add_member(account, user, roles=["Administrator"])
    (folder / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": dict(made.given)}))
    return made


def printed(capsys: pytest.CaptureFixture[str], stack: Stack, **asked: object) -> str:
    assert run(Request(live=True, **asked), stack.env) == 0  # type: ignore[arg-type]
    return capsys.readouterr().out


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """As without a terminal: no line is cut."""
    monkeypatch.delenv("COLUMNS", raising=False)


def take_everything(bases: Bases) -> None:
    for group in bases.sandbox.world.cloudflare.accounts[ACCOUNT].user_groups.values():
        group.members.clear()


def test_text_names_what_differs_first(
    stack: Stack,
    bases: Bases,
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = printed(capsys, stack)
    assert "NOT IN CLOUDFLARE" not in text
    lines = text.splitlines()
    wanted = "  katherine@example.com  Administrator  in Cloudflare, given by hand, and in no stack"
    assert lines[1].startswith(wanted)
    assert "managed in Okta, in Cloudflare now: nobody, in its group: nobody" in text
    groups = bases.sandbox.world.cloudflare.accounts[ACCOUNT].user_groups.values()
    (leading,) = (group for group in groups if group.name == SUPER)
    leading.members.clear()
    people = [line.split()[0] for line in printed(capsys, stack).splitlines()[1:6]]
    assert [person.partition("@")[0] for person in people] == [
        *("katherine", "alan", "grace", "ada", "owner"),
    ]
    take_everything(bases)
    (ada,) = (line for line in printed(capsys, stack).splitlines() if "ada@" in line)
    assert "NOT IN CLOUDFLARE" in ada


@pytest.mark.parametrize("combination", [OKTA, ENTRA], ids="-".join)
def test_who_is_in_a_role_s_group_is_told_before_it_is_delivered(
    combination: Combination, bases: Bases, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = bases.stack(combination)
    (folder / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": dict(made.given)}))
    world = bases.sandbox.world
    if combination is OKTA:
        groups = [*world.okta.groups.values()]
        names = {one.name: one for one in groups if one.type == "OKTA_GROUP"}
    else:
        names = {one.text("displayName"): one for one in world.entra.groups.values()}
    taken, given = names["Administrator"], names["Super Administrator - All Privileges"]
    assert len(taken.members) == 1
    given.members.append(taken.members.pop())
    lines = printed(capsys, made).splitlines()
    provider = "Okta" if combination is OKTA else "Microsoft Entra"
    assert lines[1] == (
        "  ada@example.com  Super Administrator - All Privileges  "
        f'{provider}: in the group "Super Administrator - All Privileges", and in no stack file'
    )
    (ada,) = (line for line in lines if "ada@example.com" in line and line != lines[1])
    assert "NOT IN ITS GROUP, " in ada
    rows = list(csv.DictReader(io.StringIO(printed(capsys, made, output="csv"))))
    shown = {(row["person"], row["role"]): (row["live"], row["directory"]) for row in rows}
    assert shown["ada@example.com", "Administrator"] == ("yes", "no")
    assert shown["ada@example.com", "Super Administrator - All Privileges"] == ("no", "yes")
    assert shown["owner@example.com", "Super Administrator - All Privileges"] == ("yes", "")


def test_json_and_csv_have_it_by_row(
    stack: Stack, bases: Bases, capsys: pytest.CaptureFixture[str]
) -> None:
    found = json.loads(printed(capsys, stack, output="json"))
    extra = {(one["person"], one["role"]) for one in found["live"][ACCOUNT]["undeclared"]}
    assert ("katherine@example.com", "Administrator") in extra
    assert ("katherine@example.com", "Billing") not in extra, "Okta manages who has it"
    (managed,) = found["live"][ACCOUNT]["managedElsewhere"]
    assert managed["person"] == "katherine@example.com"
    assert "ada@example.com" not in {person for person, _ in extra}
    assert {row["live"] for row in found["access"]} == {"yes"}
    rows = list(csv.DictReader(io.StringIO(printed(capsys, stack, output="csv"))))
    ways = [row["via"] for row in rows if row["person"].startswith("kath")]
    assert ways == ["in Cloudflare, given by hand", 'in Cloudflare, by the group "Billing"']
    take_everything(bases)
    found = json.loads(printed(capsys, stack, output="json"))
    live = {(row["person"], row["via"]): row["live"] for row in found["access"]}
    assert live["ada@example.com", "group"] == "no"
    assert live["owner@example.com", "breakGlass"] == "yes"


@needs_browser
def test_the_page_shows_what_no_file_names(
    stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = printed(capsys, stack, output="html")
    shown = table(opened(tmp_path, page))
    assert [*shown["katherine@example.com"].values()] == ["Administrator Billing"]


def test_an_account_that_cannot_be_asked_is_named(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    env = {**stack.env, "CLOUDFLARE_API_TOKEN": "wrong"}
    assert run(Request(live=True), env) == 3
    said = capsys.readouterr().out
    assert "Cloudflare could not be asked: " in said
    assert "managed in Okta, in its group: katherine@example.com" in said
    nobody = {name: value for name, value in env.items() if name != "OKTA_API_TOKEN"}
    with pytest.raises(MissingError, match="access --live"):
        run(Request(live=True), nobody)
    nobody["CLOUDFLARE_API_TOKEN"] = stack.env["CLOUDFLARE_API_TOKEN"]
    assert run(Request(live=True), nobody) == 3
    assert "Okta could not be asked: " in (said := capsys.readouterr().out)
    assert "OKTA_API_TOKEN" in said
    other = yaml.safe_load(Path("Pulumi.dev.yaml").read_text())
    scim = other["config"]["cloudflare-scim:scim"]
    scim["account"] = {"id": "b" * 32, "name": "Other"}
    scim["roleModel"] = "virtualGroups"
    scim.pop("groupPrefix", None)
    Path("Pulumi.other.yaml").write_text(yaml.safe_dump(other))
    assert run(Request(live=True), stack.env) == 3
    assert "Cloudflare could not be asked: virtual groups" in capsys.readouterr().out


def test_the_past_cannot_be_asked() -> None:
    with pytest.raises(UsageError, match="--at main are both given"):
        run(Request(live=True, at="main"))
