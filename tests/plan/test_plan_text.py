"""What a person reads: the access table, what is left to do, and what to type next."""

from pathlib import Path

import pytest

from cfscim.plan.command import Request, run
from tests.configs import COMBINATIONS
from tests.plan.guide_kit import config
from tests.plan.plan_kit import freeze, write


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    def text(content: dict, output: str = "text") -> str:
        write(tmp_path, "dev", content)
        monkeypatch.chdir(tmp_path)
        freeze(monkeypatch)
        assert run(Request(stack="dev", output=output)) == 0
        return capsys.readouterr().out

    return text


def test_a_pipe_gets_no_colour_and_no_broken_line(shown) -> None:
    printed = shown(config(COMBINATIONS[0]))
    assert "\x1b" not in printed
    assert "com.cloudflare.api.account.0123456789abcdef0123456789abcdef" in printed
    assert all(line == line.rstrip() for line in printed.splitlines())


def test_the_access_table_names_person_role_and_group(shown) -> None:
    rows = [line.split() for line in shown(config(COMBINATIONS[0])).splitlines()]
    assert ["PERSON", "ROLE", "GROUP"] in rows
    assert ["ada@example.com", "Administrator", "Administrator"] in rows


def test_roles_managed_in_the_identity_provider_are_said_to_be_so(shown) -> None:
    printed = shown(config(COMBINATIONS[0]))
    assert (
        "Administrator Read Only: managed in Okta, in the group Administrator Read Only" in printed
    )
    assert "Billing: nobody, the group Billing is empty." in printed


def test_it_ends_with_the_next_command(shown) -> None:
    last = shown(config(COMBINATIONS[0])).strip().splitlines()[-1]
    assert last.startswith("Next: ")
    assert "pulumi up --stack dev" in last


def test_steps_by_hand_and_warnings_stand_in_both_formats(shown) -> None:
    for output in ("text", "markdown"):
        printed = shown(config(COMBINATIONS[2]), output)
        assert "Left to do by hand" in printed
        assert "virtual groups are deprecated" in printed


def test_names_cannot_colour_or_format_the_terminal(shown) -> None:
    content = config(COMBINATIONS[0])
    content["account"]["name"] = "[bold red]Example[/] :smile: {x}"
    assert "[bold red]Example[/] :smile: {x}" in shown(content)


def test_markdown_holds_the_same_table(shown) -> None:
    printed = shown(config(COMBINATIONS[0]), "markdown")
    assert "| `ada@example.com` | Administrator | `Administrator` |" in printed
