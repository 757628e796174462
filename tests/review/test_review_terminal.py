"""What fits: a review on terminals of 60, 100 and 200 columns, in colour and without.

After a wanted change: `CFSCIM_UPDATE_GALLERY=1 pytest tests/review/test_review_terminal.py`.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from cfscim.config.roles import ROLES
from cfscim.plan.command import Request, run
from cfscim.report import terminal
from tests.configs import SUPER
from tests.plan.plan_kit import commit, freeze, write
from tests.review.gallery_scenarios import Config, entra, okta
from tests.terminal_support import console

SNAPSHOTS = Path(__file__).parent / "terminal"
WIDTHS = (60, 100, 200)


def forty(*more: str, make: Callable[[], Config] = okta) -> Config:
    """A stack of 40 people, and those who have Billing besides."""
    config = make()
    config["roles"] = {
        "Administrator Read Only": {"members": [f"reader{n:02}@example.com" for n in range(30)]},
        "Administrator": {"members": [f"admin{n}@example.com" for n in range(7)]},
        "Billing": {"members": ["barbara@example.com", *more]},
        SUPER: {"members": ["grace@example.com", "alan@example.com"]},
    }
    return config


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """`plan --against` of one grant, on a terminal of that many columns."""
    write(tmp_path, "prod", forty())
    commit(tmp_path)
    write(tmp_path, "prod", forty("ada@example.com"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)
    freeze(monkeypatch)

    def text(columns: int, *, colour: bool, whole: bool = False) -> str:
        out = console(columns, colour=colour)
        monkeypatch.setattr(terminal, "terminal", lambda: out)
        assert run(Request(stack="prod", against="main", whole=whole)) == 0
        return out.file.getvalue()

    return text


@pytest.mark.parametrize("colour", [True, False], ids=["colour", "plain"])
@pytest.mark.parametrize("columns", WIDTHS)
def test_one_grant_reads_as_in_the_snapshot(shown, columns: int, colour: bool) -> None:
    found = shown(columns, colour=colour)
    file = SNAPSHOTS / f"grant-{columns}-{'colour' if colour else 'plain'}.txt"
    if os.environ.get("CFSCIM_UPDATE_GALLERY"):
        SNAPSHOTS.mkdir(exist_ok=True)
        file.write_text(found, encoding="utf-8")
    assert found == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("columns", WIDTHS)
def test_one_grant_is_at_most_twelve_lines_the_grant_first(shown, columns: int) -> None:
    lines = shown(columns, colour=False).splitlines()
    assert len(lines) <= 12
    assert max(map(len, lines)) <= columns
    assert lines[0] == "+ ada@example.com gains Billing"
    assert "1 person gains a role" in " ".join(lines[-2:])


@pytest.mark.parametrize("make", [okta, entra])
@pytest.mark.parametrize("role", [role.value for role in ROLES])
@pytest.mark.parametrize("change", ["gains", "loses", "moves"])
def test_one_person_s_change_fits_whatever_the_provider_and_the_role(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make, role: str, change: str
) -> None:
    config = forty(make=make) | {"groupPrefix": "Cloudflare prod - "}
    first, last = (forty(make=make) | {"groupPrefix": "Cloudflare prod - "} for _ in range(2))
    first["roles"][role]["members"].append("zoe@example.com")
    last["roles"]["Administrator" if role != "Administrator" else "Billing"]["members"].append(
        "zoe@example.com"
    )
    before, after = {"gains": (config, first), "loses": (first, config), "moves": (first, last)}[
        change
    ]
    write(tmp_path, "prod", before)
    commit(tmp_path)
    write(tmp_path, "prod", after)
    monkeypatch.chdir(tmp_path)
    freeze(monkeypatch)
    out = console(60, colour=False)
    monkeypatch.setattr(terminal, "terminal", lambda: out)
    run(Request(stack="prod", against="main"))
    lines = out.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert "zoe@example.com" in lines[0]
    assert max(map(len, lines)) <= 60
    assert len(lines) <= (12 if change == "gains" else 15), "\n".join(lines)


def test_colours_mean_something_and_go_with_it(shown) -> None:
    coloured, plain = shown(100, colour=True), shown(100, colour=False)
    assert coloured.startswith("\x1b[32m+ ada@example.com gains Billing\x1b[0m")
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_all_shows_what_stays_as_it_is(shown) -> None:
    assert "reader07@example.com" not in shown(100, colour=False)
    assert "reader07@example.com" in shown(100, colour=False, whole=True)


def test_no_colour_and_no_terminal_print_no_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert terminal.terminal().color_system is None
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.delenv("FORCE_COLOR")
    assert terminal.terminal().color_system is None


@pytest.mark.parametrize("output", ["text", "markdown", "json"])
def test_nobody_stands_behind_a_number(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    output: str,
) -> None:
    people = [f"p{n:02}@example.com" for n in range(24)]
    last = f"zed@{'long-' * 8}name.{'b' * 63}.{'c' * 63}.{'d' * 60}.example"
    before, after = okta(), okta()
    before["roles"]["Billing"] = {"members": [*people, "lost@example.com"]}
    after["roles"]["Billing"] = {"members": []}
    after["roles"][SUPER]["members"] += [*people, last]
    write(tmp_path, "prod", before)
    commit(tmp_path)
    write(tmp_path, "prod", after)
    monkeypatch.chdir(tmp_path)
    freeze(monkeypatch)
    run(Request(stack="prod", against="main", output=output))
    said = capsys.readouterr().out
    first = next(line for line in said.splitlines() if "full power" in line)
    assert all(person in first for person in (*people, last))
    losing = [line for line in said.splitlines() if "lost@example.com" in line]
    assert losing
