"""What fits: every command for people on terminals of 60, 100 and 200 columns, in colour and without.

Each command runs once; what it says is then shown at each width, as the terminal would; a link is never broken.
After a wanted change: `CFSCIM_UPDATE_GALLERY=1 pytest tests/test_terminal.py`.
"""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
import yaml
from rich.cells import cell_len

from cfscim import hints
from cfscim.__main__ import _program
from cfscim.access.command import Request as AccessRequest
from cfscim.config.messages import UsageError
from cfscim.plan.command import Request as PlanRequest
from cfscim.report import terminal
from cfscim.up.command import Request as UpRequest
from tests.access.access_kit import commit, git
from tests.configs import ACCOUNT
from tests.terminal_support import console
from tests.verify.verify_base import OKTA, Bases
from tests.verify.verify_support import Stack

ROOT = Path(__file__).resolve().parents[1]
SNAPSHOTS = Path(__file__).parent / "terminal"
WIDTHS = (60, 100, 200)
Said = list[tuple[str, str, str]]
PLAIN = ("127.0.0.1:40000", "0" * 32)
REAL_SHOW = terminal.show_lines


def rendered(said: Said, columns: int, monkeypatch: pytest.MonkeyPatch, *, colour: bool) -> str:
    out = console(columns, colour=colour)
    monkeypatch.setattr(terminal, "terminal", lambda error=False: out)
    for text, sign, hanging in said:
        terminal.show_lines(text, sign, hanging=hanging, error=False)
    assert isinstance(out.file, StringIO)
    return out.file.getvalue()


def held(name: str, render: Callable[[int, bool], str]) -> None:
    """The three widths against their files; without colour the same words, and no escape."""
    for columns in (40, *WIDTHS):
        found = render(columns, True)
        plain = re.sub(r"\x1b\[[0-9;]*m", "", found)
        assert plain == render(columns, False), "colour changes no word"
        assert "\x1b" not in plain
        assert ("\x1b[" in found) is (name != "steps"), "what is on it means something"
        for line in plain.splitlines():
            # A link, a path, a command: never broken.
            whole = re.match(r"[ │├└─]*(\S*[`/]|\S*python -m|pulumi )", line)
            assert cell_len(line) <= columns or whole, f"{columns}: {line}"
        if columns not in WIDTHS:
            continue
        file = SNAPSHOTS / f"{name}-{columns}.txt"
        if os.environ.get("CFSCIM_UPDATE_GALLERY"):
            SNAPSHOTS.mkdir(exist_ok=True)
            file.write_text(found, encoding="utf-8")
        assert found == file.read_text(encoding="utf-8")


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Said:
    """What commands say, as a terminal's lines, with what differs from run to run made alike."""
    lines: Said = []

    def note(text: str, sign: str, *, hanging: str, error: bool) -> None:
        if text.startswith("warning: "):
            return  # the account of the tests is an example's
        text = re.sub(r"\[ *\d+\.\d s\]", "[  0.0 s]", text)
        text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:40000", text)
        # Which of two calls comes first decides about the sandbox's ids.
        text = re.sub(r"\b[0-9a-f]{32}\b", "0" * 32, text)
        text = re.sub(r"\b(00g|0oa)\w{17}\b", r"\g<1>" + "0" * 17, text)
        text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "2026-01-01T00:00:00Z", text)
        lines.append((text, sign, hanging))

    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr(terminal, "show_lines", note)
    monkeypatch.setattr(hints, "_interpreter", lambda: "python")
    return lines


@pytest.fixture
def stack(bases: Bases, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stack:
    """Nobody is in Cloudflare's groups any more, and Import Groups is on."""
    made = bases.stack(OKTA)
    for group in bases.sandbox.world.cloudflare.accounts[ACCOUNT].user_groups.values():
        group.members.clear()
    monkeypatch.chdir(tmp_path)
    Path("Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": dict(made.given)}))
    Path("outputs.json").write_text(json.dumps(made.printed))
    Path("state.json").write_text('{"deployment": {"resources": []}}')
    return made


@pytest.mark.parametrize("name", ["verify", "steps", "preflight"])
def test_what_reads_a_vendor(
    name: str, stack: Stack, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cfscim.preflight.command import run as run_preflight
    from cfscim.verify.command import run as run_verify
    from cfscim.verify.steps import run as run_steps

    run = {
        "verify": lambda: run_verify("dev", "text", "outputs.json", stack.env),
        "steps": lambda: run_steps("dev", "outputs.json", stack.env),
        "preflight": lambda: run_preflight("dev", "text", "state.json", stack.env),
    }[name]
    assert run() == 1
    monkeypatch.setattr(terminal, "show_lines", REAL_SHOW)
    held(name, lambda columns, colour: rendered(said, columns, monkeypatch, colour=colour))


def test_up(
    said: Said, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from cfscim.up.command import run
    from cfscim.up.engine import NoEngine

    monkeypatch.setattr("cfscim.up.command.find_engine", lambda: NoEngine("there is none here"))
    monkeypatch.chdir(ROOT)
    assert run(UpRequest("dev")) == 0
    monkeypatch.setattr(terminal, "show_lines", REAL_SHOW)
    held("up", lambda columns, colour: rendered(said, columns, monkeypatch, colour=colour))
    at_80 = rendered(said, 80, monkeypatch, colour=False).splitlines()
    assert len(at_80) <= 48, "two screens of 24 lines"
    shown = [line for text, _, _ in said for line in text.split("\n")]
    sample = re.search(r"```text\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert sample
    # Why there is no engine differs from machine to machine.
    for line in sample[1].replace(".venv/bin/python", "python").splitlines()[1:]:
        line = re.sub(r"\[ *\d+\.\d s\]", "[  0.0 s]", line)
        line = re.sub(
            r"127\.0\.0\.1:\d+|\b[0-9a-f]{32}\b", lambda part: PLAIN[len(part[0]) == 32], line
        )
        begins = line.removesuffix("…")
        assert [
            one for one in shown if one == line or (begins != line and one.startswith(begins))
        ], f"the README shows what is not printed any more: {line}"


def test_access(said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cfscim.access.command import run

    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init", "-q", "-b", "main")
    files = {"Pulumi.dev.yaml": (ROOT / "Pulumi.dev.yaml").read_text()}
    commit(tmp_path, files, "The first stacks", "2026-01-10", "Alan")
    texts = {}
    for columns in (40, *WIDTHS):
        said.clear()
        monkeypatch.setenv("COLUMNS", str(columns))
        assert run(AccessRequest()) == 0
        texts[columns] = [*said]
    monkeypatch.setattr(terminal, "show_lines", REAL_SHOW)
    held(
        "access",
        lambda columns, colour: rendered(texts[columns], columns, monkeypatch, colour=colour),
    )


def test_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    from cfscim.plan.command import run

    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(hints, "_interpreter", lambda: "python")

    def render(columns: int, colour: bool) -> str:
        out = console(columns, colour=colour)
        monkeypatch.setattr(terminal, "terminal", lambda error=False: out)
        assert run(PlanRequest(stack="dev")) == 0
        assert isinstance(out.file, StringIO)
        # The day to which a token may last moves on with the days.
        return re.sub(r"\d{4}-\d\d-\d\dT00:00:00Z", "2026-01-01T00:00:00Z", out.file.getvalue())

    held("plan", render)


NO_COLOURS = (
    *({"NO_COLOR": "1"}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, {"TERM": "dumb"}),
    *({"FORCE_COLOR": "0"}, {"CLICOLOR": "0"}, {"TERM": "unknown"}),
)


@pytest.mark.parametrize("wanted", [{}, *NO_COLOURS], ids=str)
def test_a_real_terminal_gets_colour_and_with_no_color_not_one_escape(
    tmp_path: Path, wanted: dict[str, str]
) -> None:
    """Every byte that reaches a pseudo-terminal of 60 columns."""
    shown = on_terminal(tmp_path, 60, wanted)
    assert ("\x1b[" in shown) is (wanted not in NO_COLOURS), shown
    lines = re.sub(r"\x1b\[[0-9;]*m", "", shown).split("\r\n")
    assert len(lines) > 3, "as narrow as the terminal, whatever its kind"
    assert all(cell_len(line) <= 60 for line in lines if "python" not in line)


@pytest.mark.parametrize("command", ["validate", "plan --stack bad", "access"])
@pytest.mark.parametrize(
    "wanted",
    [{}, {"FORCE_COLOR": "0"}, {"TTY_COMPATIBLE": "1"}, {"CI": "1", "GITHUB_ACTIONS": "true"}],
    ids=str,
)
def test_no_escape_without_a_terminal(tmp_path: Path, command: str, wanted: dict[str, str]) -> None:
    (tmp_path / "Pulumi.bad.yaml").write_text("config: {}\n")
    (tmp_path / "Pulumi.good.yaml").write_text((ROOT / "Pulumi.dev.yaml").read_text())
    for words in (command.split(), ["plan", "--stack", "good"]):
        asked = [sys.executable, "-m", "cfscim", *words]
        piped = subprocess.run(asked, cwd=tmp_path, env=environment(wanted), capture_output=True)
        assert not set(b"\x1b\r") & {*piped.stdout, *piped.stderr}


def environment(more: dict[str, str]) -> dict[str, str]:
    names = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "COLUMNS", "CI", "TTY_COMPATIBLE")
    env = {k: v for k, v in os.environ.items() if k not in names}
    return env | {"PYTHONPATH": str(ROOT), "TERM": "xterm"} | more


def on_terminal(folder: Path, columns: int, more: dict[str, str]) -> str:
    """What `validate` shows of a stack file with problems."""
    (folder / "Pulumi.bad.yaml").write_text("config: {}\n")
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    command = [sys.executable, "-m", "cfscim", "validate"]
    env = environment(more)
    process = subprocess.Popen(
        command, cwd=folder, env=env, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 4096):
            shown += part
    except OSError:
        pass  # the end of a pseudo-terminal
    os.close(ours)
    assert process.wait() == 1
    return shown.decode()


LOADS = ["up", "verify", "steps", "preflight", "adopt", "restore-super-admin"]


@pytest.mark.parametrize("name", LOADS)
def test_something_is_on_the_screen_before_anything_is_loaded(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Half a second is over before a provider's library is there, or an engine has answered."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    words = [name, "--stack", "nothing"]
    words += ["--person", "ada@example.com"] if name == "restore-super-admin" else []
    with pytest.raises(UsageError):
        _program()(words, standalone_mode=False)
    assert capsys.readouterr().err.startswith("nothing: ")
