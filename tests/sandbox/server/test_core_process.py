"""``python -m sandbox`` as a process: ready line, end, state directory, wrong usage."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from sandbox.__main__ import main
from tests.loopback import PLAIN
from tests.sandbox.cloudflare.cloudflare_api import ACCOUNT, SCIM_PROVISIONING, policy

ROOT = Path(__file__).resolve().parents[3]


def _start(*arguments: str) -> tuple[subprocess.Popen[str], dict[str, object]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", *arguments],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())


def _stop(process: subprocess.Popen[str], number: int = signal.SIGTERM) -> str:
    process.send_signal(number)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (0, "")
    return err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ready_line_and_clean_end(number: int) -> None:
    process, ready = _start()
    assert set(ready) == {"env", "admin"}
    assert PLAIN.get(f"{ready['admin']}/_sandbox/_sandbox/state").status_code == 200
    env = ready["env"]
    assert isinstance(env, dict)
    assert Path(env["SSL_CERT_FILE"]).exists()
    assert _stop(process, number) == ""
    assert not Path(env["SSL_CERT_FILE"]).exists()


def test_the_state_directory_outlives_the_process(tmp_path: Path) -> None:
    directory = tmp_path / "state"
    process, ready = _start("--state-dir", str(directory))
    env = ready["env"]
    assert isinstance(env, dict)
    headers = {"Authorization": f"Bearer {env['CLOUDFLARE_API_TOKEN']}"}
    path = f"/accounts/{ACCOUNT}/tokens"
    body = {"name": "kept", "policies": [policy(SCIM_PROVISIONING)]}
    url = env["CLOUDFLARE_BASE_URL"] + path
    created = PLAIN.post(url, json=body, headers=headers).json()["result"]
    PLAIN.post(
        f"{ready['admin']}/_sandbox/_sandbox/users",
        json={"email": "mary@example.com"},
    )
    _stop(process)
    for file in directory.iterdir():
        assert stat.S_IMODE(os.stat(file).st_mode) == 0o600, file
    stored = (directory / "state.json").read_text()
    assert created["value"] not in stored
    certificate = (directory / "ca.pem").read_bytes()

    process, again = _start("--state-dir", str(directory))
    try:
        later = again["env"]
        assert isinstance(later, dict)
        assert later["CLOUDFLARE_API_TOKEN"] == env["CLOUDFLARE_API_TOKEN"]
        assert (directory / "ca.pem").read_bytes() == certificate
        own = {"Authorization": f"Bearer {created['value']}"}
        verified = httpx.get(
            f"{later['CLOUDFLARE_BASE_URL']}{path}/verify", headers=own, trust_env=False
        )
        assert verified.json()["result"]["id"] == created["id"]
        state = PLAIN.get(f"{again['admin']}/_sandbox/_sandbox/state").text
        assert "mary@example.com" in state
        probe = {"displayName": f"{created['value']}"}
        httpx.post(f"{later['CLOUDFLARE_BASE_URL']}/x", json=probe, trust_env=False)
        log = PLAIN.get(f"{again['admin']}/_sandbox/_sandbox/requests").text
        assert created["value"] not in log
    finally:
        _stop(process)


def _failed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run in this process, which has the imports already; the one line on standard error."""
    assert main(list(arguments)) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.splitlines()) == 1
    return printed.err


def test_a_taken_port_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert port in _failed(capsys, "--port", port)


@pytest.mark.parametrize("content", ["", "[]", '{"cloudflare": {}}', "{" * 5000, "[" * 100_000])
def test_a_broken_state_file_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    (tmp_path / "state.json").write_text(content)
    assert "state.json" in _failed(capsys, "--state-dir", str(tmp_path))


def test_a_broken_authority_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("ca.pem", "ca-key.pem"):
        (tmp_path / name).write_text("no certificate")
    assert "ca.pem" in _failed(capsys, "--state-dir", str(tmp_path))


def test_an_unusable_directory_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_text("")
    assert str(file) in _failed(capsys, "--state-dir", str(file))


@pytest.mark.parametrize("arguments", [["--port", "99999"], ["--port", "x"], ["--nope"]])
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err
