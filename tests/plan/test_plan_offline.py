"""`plan` needs no engine, no network and no credential: it runs where none of them can be had."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.configs import COMBINATIONS
from tests.plan.guide_kit import config
from tests.plan.plan_kit import write

ROOT = Path(__file__).parents[2]
# Put on the path as sitecustomize, so it is in force before anything of ours is imported.
NO_NETWORK = """
import socket, subprocess

def refused(*arguments, **options):
    raise SystemExit("plan tried to reach the network")

def no_process(*arguments, **options):
    raise SystemExit("plan tried to start a program")

socket.socket.connect = socket.socket.connect_ex = socket.socket.sendto = refused
socket.socket.bind = socket.getaddrinfo = socket.create_connection = refused
subprocess.Popen.__init__ = no_process
"""


@pytest.mark.parametrize("combination", [COMBINATIONS[0], COMBINATIONS[4]], ids="-".join)
def test_no_socket_no_program_no_environment(tmp_path: Path, combination) -> None:
    (tmp_path / "sitecustomize.py").write_text(NO_NETWORK)
    write(tmp_path, "dev", config(combination))
    environment = {"PYTHONPATH": f"{tmp_path}:{ROOT}", "PATH": str(tmp_path / "empty")}
    done = subprocess.run(
        [sys.executable, "-m", "cfscim", "plan", "--stack", "dev", "--format", "json"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    # The guide's combinations are made of the examples' values, of which plan warns.
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == ["warning"]
    assert done.returncode == 0
    assert len(json.loads(done.stdout)["resources"]) > 20


def test_the_block_above_does_block(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(NO_NETWORK)
    code = "import socket; socket.create_connection(('127.0.0.1', 9))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert "plan tried to reach the network" in done.stderr


def test_only_the_identity_provider_s_own_sdk_is_imported(tmp_path: Path) -> None:
    code = (
        "import sys; from cfscim.plan.command import Request, run; "
        "run(Request(stack='dev', output='json')); "
        "print([m for m in ('pulumi_okta', 'pulumi_azuread') if m in sys.modules], file=sys.stderr)"
    )
    for combination, sdk in ((COMBINATIONS[0], "pulumi_okta"), (COMBINATIONS[4], "pulumi_azuread")):
        write(tmp_path, "dev", config(combination))
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
        )
        assert done.stderr.splitlines()[-1] == str([sdk])
