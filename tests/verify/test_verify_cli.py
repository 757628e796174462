"""`verify` on the command line: its formats, its exit codes, and a kept sandbox's files."""

import json
import shlex
import stat
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from cfscim.config.messages import MissingError, UsageError
from cfscim.up.sandbox_process import RunningSandbox, leave_running
from cfscim.verify.actions import look
from cfscim.verify.command import as_json, run, show
from cfscim.verify.reading import Tally, Ticker
from cfscim.verify.report import Question, Report, answer, fails, holds, unknown

_STACK = """config:
  cloudflare-scim:scim:
    account: {id: 0123456789abcdef0123456789abcdef, name: Example}
    roleModel: userGroups
    identityProvider: {kind: okta, orgName: example}
"""


def _report() -> Report:
    verdicts = (
        holds("on"),
        fails("hidden", "shown", look("hide it")),
        unknown("off", "no API", look("look")),
    )
    return Report(
        tuple(
            answer(Question(f"okta.{n}", "icon", "x", "https://link", lambda v=v: v))
            for n, v in enumerate(verdicts)
        )
    )


def test_text_is_a_line_a_check_and_the_counts(capsys: pytest.CaptureFixture[str]) -> None:
    show(_report(), everything=True)
    second, third, first, empty, last = capsys.readouterr().out.splitlines()
    assert first == "holds            okta.0  Okta: icon: on"
    assert second == (
        "does not hold    okta.1  Okta: icon: expected hidden; found shown; "
        "next: hide it: https://link"
    )
    assert third.startswith("cannot be known  okta.2  ")
    assert empty == ""
    assert last.startswith("1 hold, 1 do not hold, 1 cannot be known. Not as declared")


def test_json_is_one_object() -> None:
    found = json.loads(json.dumps(as_json(_report(), "dev")))
    assert (found["stack"], found["ok"]) == ("dev", False)
    assert (found["holds"], found["doesNotHold"], found["cannotBeKnown"]) == (1, 1, 1)
    assert found["checks"][1] == {
        "id": "okta.1",
        "vendor": "Okta",
        "title": "icon",
        "status": "does not hold",
        "expected": "hidden",
        "found": "shown",
        "action": "hide it",
        "link": "https://link",
        "actions": [{"kind": "look", "text": "hide it", "person": True}],
    }


def test_without_engine_or_outputs_it_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="is not here"):
        run("dev", "text", None, {})
    Path("Pulumi.dev.yaml").write_text(_STACK)
    with pytest.raises(MissingError, match="--outputs FILE"):
        run("dev", "text", None, {"PATH": str(tmp_path)})
    with pytest.raises(MissingError, match="cannot be read"):
        run("dev", "text", "absent.json", {})
    engine = tmp_path / "pulumi"
    engine.write_text("#!/bin/sh\necho 'error: no stack named dev found' >&2; exit 255\n")
    engine.chmod(0o755)
    with pytest.raises(MissingError, match="no stack named dev found"):
        run("dev", "text", None, {"PATH": f"{tmp_path}:/usr/bin:/bin"})


def test_the_engine_is_asked_for_the_outputs_with_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("Pulumi.dev.yaml").write_text(_STACK)
    engine = tmp_path / "pulumi"
    engine.write_text("#!/bin/sh\necho \"$@\" > asked; echo '{}'\n")
    engine.chmod(0o755)
    with pytest.raises(MissingError, match="no stack outputs"):
        run("dev", "text", None, {"PATH": f"{tmp_path}:/usr/bin:/bin"})
    asked = Path("asked").read_text().split()
    assert asked == [
        "stack",
        "output",
        "--json",
        "--show-secrets",
        "--stack",
        "dev",
        "--non-interactive",
    ]


def test_progress_begins_late_and_goes_on() -> None:
    lines: list[str] = []
    with Ticker(lines.append, Tally(), every=0.02):
        time.sleep(0.6)
    assert 2 <= len(lines) <= 5, "each time after twice as long: 30 would fill a log"
    with Ticker(lines.append, Tally(), every=5):
        pass
    assert all("0 of 0 readings" in line for line in lines)


def test_a_kept_sandboxs_environment_is_for_its_owner_and_for_a_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OKTA_API_TOKEN", "a real one")
    environment = {"CLOUDFLARE_API_TOKEN": "it's $x", "PATH": "/usr/bin:/bin"}
    deployer = SimpleNamespace(environment=environment, project_folder=tmp_path / "project")
    (tmp_path / "kept.json").write_text('{"pid": 42}')
    sandbox = RunningSandbox("http://127.0.0.1:1", {})
    lines = leave_running("dev", tmp_path, deployer, {"tokenId": "t"}, sandbox)
    text = "\n".join(lines)
    for wanted in (
        "set -a; . ",
        "pulumi -C ",
        "verify --stack dev --outputs ",
        "curl http://127.0.0.1:1/_sandbox/state",
        "kill 42",
    ):
        assert wanted in text
    file = tmp_path / "environment"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "outputs.json").stat().st_mode) == 0o600
    script = (
        f"set -a; . {shlex.quote(str(file))}; set +a; "
        'printf "%s|%s" "$CLOUDFLARE_API_TOKEN" "${OKTA_API_TOKEN-none}"'
    )
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "it's $x|none"
