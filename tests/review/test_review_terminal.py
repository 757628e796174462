"""What fits: a review on terminals of 60, 100 and 200 columns, in colour and without.

After a wanted change: `CFSCIM_UPDATE_GALLERY=1 pytest tests/review/test_review_terminal.py`.
"""

import os
import re
import sys
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


Change = Callable[[dict], None]


def _set(*path: str, to: object) -> Change:
    def change(config: dict) -> None:
        for key in path[:-1]:
            config = config[key]
        config[path[-1]] = to

    return change


def _without(role: str) -> Change:
    return lambda config: config["roles"].pop(role)


def _members(role: str, change: Callable[[list], list]) -> Change:
    return lambda config: config["roles"][role].update(
        members=change(config["roles"][role]["members"])
    )


def _on_virtual_groups() -> Config:
    return okta() | {"roleModel": "virtualGroups"}


KINDS: dict[str, tuple[int, Callable[[], Config], Change]] = {
    "a role dropped": (14, okta, _without("Billing")),
    "a role of many dropped": (21, entra, _without("Administrator")),
    "another label": (10, okta, _set("identityProvider", "appLabel", to="Cloudflare SCIM two")),
    "another name": (7, entra, _set("identityProvider", "appName", to="Cloudflare SCIM two")),
    "another prefix": (19, okta, _set("groupPrefix", to="Cloudflare ")),
    "another account": (43, okta, _set("account", "id", to="f" * 32)),
    "virtual groups given up": (23, _on_virtual_groups, _set("roleModel", to="userGroups")),
    "a rotation": (9, okta, _set("token", "rotation", to="2")),
    "networks": (11, okta, _set("token", "allowedCidrs", to=["203.0.113.0/24"])),
    "a role given away": (28, okta, _set("roles", "Administrator Read Only", to={})),
    "twenty more": (
        14,
        okta,
        _members(
            "Administrator", lambda people: [*people, *(f"a{n:02}@example.com" for n in range(20))]
        ),
    ),
    "all others": (
        23,
        okta,
        _members("Administrator", lambda _: [f"a{n}@example.com" for n in range(7)]),
    ),
    "twenty fewer": (24, okta, _members("Administrator Read Only", lambda people: people[:10])),
    "a filter": (
        22,
        entra,
        lambda config: config["identityProvider"].update(
            scope="filtered",
            userFilter=[{"attribute": "department", "operator": "EQUALS", "value": "IT"}],
        ),
    ),
    "a stop": (15, entra, _set("identityProvider", "start", to=False)),
    "nobody in charge": (12, okta, _members(SUPER, lambda _: ["grace@example.com"])),
}
"""Kind of change of a stack of 40 -> lines of 60 columns at most, and what is changed."""


def _pair(kind: str) -> tuple[Config, Config]:
    """The config before and after a change of that kind."""
    _, make, change = KINDS[kind]
    before, after = forty(make=make), forty(make=make)
    change(after)
    for config in (before, after):
        if config["roleModel"] == "userGroups":
            config["groupPrefix"] = config.get("groupPrefix") or "Cloudflare prod - "
    return before, after


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("kind", ["a role dropped", "another account", "virtual groups given up"])
def test_what_cannot_be_carried_out_reads_as_in_the_snapshot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, columns: int
) -> None:
    before, after = _pair(kind)
    write(tmp_path, "prod", before)
    commit(tmp_path)
    write(tmp_path, "prod", after)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "executable", "python")
    freeze(monkeypatch)
    out = console(columns, colour=False)
    monkeypatch.setattr(terminal, "terminal", lambda: out)
    assert run(Request(stack="prod", against="main")) == 0
    text = out.file.getvalue()  # type: ignore[attr-defined]
    file = SNAPSHOTS / f"{kind.replace(' ', '-')}-{columns}.txt"
    if os.environ.get("CFSCIM_UPDATE_GALLERY"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_change_names_everybody_once_and_ends_with_its_summary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    most, before, after = KINDS[kind][0], *_pair(kind)
    write(tmp_path, "prod", before)
    commit(tmp_path)
    write(tmp_path, "prod", after)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys, "executable", "python")
    freeze(monkeypatch)
    for columns, colour in ((40, False), (60, True), (60, False), (200, False)):
        out = console(columns, colour=colour)
        monkeypatch.setattr(terminal, "terminal", lambda shown=out: shown)
        assert run(Request(stack="prod", against="main")) == 0
        coloured = out.file.getvalue()  # type: ignore[attr-defined]
        text = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
        assert (coloured != text) is colour
        lines = text.splitlines()
        if columns == 60:
            assert len(lines) <= most, text
        # Only what is copied may be longer: a command, a link.
        assert [line for line in lines if len(line) > columns and "/" not in line] == []
        assert "prod against main: " in "".join(lines[-7:])
        assert lines[-1].endswith(".")
        assert "are named below" not in text
        for person in _affected(before, after):
            assert text.count(person) == 1 or _few(text, person), f"{person}\n{text}"


def _affected(before: dict, after: dict) -> set[str]:
    """Everybody who gains or loses a role, as the two configs say it."""
    given = [
        {(role, person) for role in config["roles"] for person in _listed(config, role)}
        for config in (before, after)
    ]
    return {person for _, person in given[0] ^ given[1]}


def _listed(config: dict, role: str) -> list[str]:
    return (config["roles"].get(role) or {}).get("members") or []


def _few(text: str, person: str) -> bool:
    """Whether the person is named again only where no more than two are."""
    sentences = [part for part in re.split(r"\n(?=[-+!?~ ] )", text) if person in part]
    return len(sentences) > 0 and all(sentence.count("@") <= 2 for sentence in sentences[1:])


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
