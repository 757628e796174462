"""`python -m cfscim` as a process: exit codes, quiet ends, no traceback, no heavy import."""

import subprocess
import sys
from pathlib import Path

import pytest

from cfscim import __main__ as command_line
from cfscim.config.messages import MissingError, RemoteError
from tests.commandline import Done, run

ROOT = Path(__file__).parents[2]
GOOD = (ROOT / "Pulumi.dev.yaml").read_text()


def cfscim(*arguments: str, **options: str) -> Done:
    return run(arguments, ROOT, {"PATH": "", "PYTHONPATH": str(ROOT), **options})


def test_validate_of_the_repository_s_own_stacks() -> None:
    done = cfscim("validate", "Pulumi.dev.yaml", "Pulumi.dev-entra.yaml")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("2 files valid.")


def test_problems_end_with_1() -> None:
    done = cfscim("validate", "no-such-file.yaml")
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("validate --format xml", "validate: Invalid value for '--format': 'xml' is not one of"),
        ("validate --what", "validate: No such option: --what"),
        ("valdate", "cfscim: No such command 'valdate'. Did you mean 'validate'?"),
        ("schema extra", "schema: Got unexpected extra argument"),
        ("verify --wait x", "verify: Invalid value for '--wait': Input should be a valid number"),
        ("restore-super-admin", "restore-super-admin: Missing option '--person'"),
    ],
)
def test_wrong_usage_is_one_line_and_ends_with_2(arguments: str, said: str) -> None:
    done = cfscim(*arguments.split())
    assert done.returncode == 2
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") == 1
    assert "; nothing was run; see `" in done.stderr


def test_help_names_every_command() -> None:
    done = cfscim("--help")
    assert done.returncode == 0
    assert "validate" in done.stdout
    assert "schema" in done.stdout


def test_a_letter_the_terminal_lacks_is_escaped(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.a.yaml"
    path.write_text(GOOD.replace("userGroups", "\u00fcserGroups"), encoding="utf-8")
    done = cfscim("validate", str(path), PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (1, "")
    assert '"\\xfcserGroups"' in done.stdout


def test_a_file_name_of_two_lines_stays_on_one() -> None:
    done = cfscim("validate", "f\u00fcr\n.yaml")
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 2


@pytest.mark.parametrize("arguments", [("schema",), ("validate", "Pulumi.dev.yaml")])
def test_a_reader_that_leaves_early_is_no_error(arguments: tuple[str, ...]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "cfscim", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env={"PATH": ""},  # without PYTHONUNBUFFERED the loss shows when the process ends
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    process.wait(timeout=20)


@pytest.mark.parametrize(("error", "code"), [(RemoteError("Okta: no"), 1), (MissingError("no"), 3)])
def test_an_error_of_ours_is_one_line(
    error: Exception,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("cfscim.config.schema.run", fail)
    monkeypatch.setattr(sys, "argv", ["cfscim", "schema"])
    with pytest.raises(SystemExit) as caught:
        command_line.main()
    assert caught.value.code == code
    assert capsys.readouterr().err == f"{error}\n"


def test_an_interruption_is_quiet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cfscim.config.schema.run", interrupt)
    monkeypatch.setattr(sys, "argv", ["cfscim", "schema"])
    with pytest.raises(SystemExit) as caught:
        command_line.main()
    assert caught.value.code == 130
    assert capsys.readouterr().err == ""
