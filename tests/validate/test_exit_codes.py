"""One table of exit codes, kept by every command: the process itself, and never a traceback."""

import json
import os
import re
import shutil
import socket
from pathlib import Path

import pytest

from cfscim.__main__ import _program
from cfscim.config.messages import Exit
from cfscim.config.roles import ROLES
from tests.commandline import Done, run

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT = "0123456789abcdef0123456789abcdef"
OUTPUTS = {
    "scimBaseUrl": f"https://api.cloudflare.com/client/v4/accounts/{ACCOUNT}/scim/v2",
    "tokenId": "t",
    "tokenValue": "v",
    "applicationId": "a",
    "roleGroups": {
        role.value: {"name": role.value, "identityProviderGroupId": "g"} for role in ROLES
    },
}
OF_A_STACK = {
    "plan": "",
    "up": "",
    "verify": "--outputs outputs.json",
    "adopt": "",
    "preflight": "",
    "steps": "--outputs outputs.json",
    "restore-super-admin": "--person ada@example.com --outputs outputs.json",
}
ASKS_A_VENDOR = ("verify", "adopt", "preflight", "steps")
"""With credentials of the stack's provider; the bad day needs the SCIM token alone."""


FRESH = ("validate", "schema", "access", "init --stack new", "completion bash", "--version")
"""Begun by an interpreter of its own, as each command of a stack in one of its cases."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: cloudflare-scim\nruntime: python\n")
    shutil.copy(ROOT / "Pulumi.dev.yaml", tmp_path)
    (tmp_path / "outputs.json").write_text(json.dumps(OUTPUTS))
    return tmp_path


def ran(folder: Path, words: str, *, fresh: bool = False, **env: str) -> Done:
    """The command without an engine, credentials, proxy or terminal."""
    clean = {k: v for k, v in os.environ.items() if not re.match("CLOUDFLARE|OKTA|ARM|AZURE", k)}
    path = [one for one in clean["PATH"].split(":") if not shutil.which("pulumi", path=one)]
    everything = {**clean, "PATH": ":".join(path), "PYTHONPATH": str(ROOT), **env}
    done = run(words.split(), folder, everything, fresh=fresh)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def test_every_command_that_takes_a_stack_is_in_the_table() -> None:
    takes = {
        name
        for name, command in _program().commands.items()
        if any(option.name == "stack" for option in command.params)
    }
    assert takes == {*OF_A_STACK, "init"}


@pytest.mark.parametrize("name", OF_A_STACK)
def test_an_unknown_stack_and_a_wrong_option_are_wrong_usage(folder: Path, name: str) -> None:
    unknown = ran(folder, f"{name} --stack acme/devv {OF_A_STACK[name]}")
    assert unknown.returncode == Exit.USAGE
    assert unknown.stderr.count("\n") == 1
    assert "write one of: dev" in unknown.stderr
    assert unknown.stdout == ""


@pytest.mark.parametrize("name", sorted(_program().commands))
def test_an_option_that_there_is_not_is_wrong_usage(folder: Path, name: str) -> None:
    wrong = ran(folder, f"{name} --no-such-option")
    assert wrong.returncode == Exit.USAGE
    assert "No such option" in wrong.stderr


@pytest.mark.parametrize("name", OF_A_STACK)
def test_a_file_with_problems_is_1_and_names_them(folder: Path, name: str) -> None:
    file = folder / "Pulumi.dev.yaml"
    file.write_text(file.read_text().replace("roleModel", "roleModell"))
    found = ran(folder, f"{name} --stack dev {OF_A_STACK[name]}", fresh=True)
    assert found.returncode == Exit.PROBLEMS
    assert "write roleModel" in found.stdout + found.stderr


@pytest.mark.parametrize("name", ASKS_A_VENDOR)
def test_without_credentials_it_is_3_and_one_line(folder: Path, name: str) -> None:
    missing = ran(folder, f"{name} --stack dev {OF_A_STACK[name]}")
    assert missing.returncode == Exit.MISSING
    last = missing.stderr.strip().splitlines()[-1]
    assert "no credentials" in last


# `verify` and `steps` ask on for half a minute: tests/verify/test_verify_unknown.py has them.
@pytest.mark.parametrize("name", ["preflight", "restore-super-admin"])
def test_without_a_network_it_is_3(folder: Path, name: str) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
        env = {
            "CLOUDFLARE_API_TOKEN": "t",
            "CLOUDFLARE_BASE_URL": f"{nobody}/client/v4",
            "OKTA_ORG_NAME": "example",
            "OKTA_API_TOKEN": "t",
            "OKTA_HTTP_PROXY": nobody,
        }
        done = ran(folder, f"{name} --stack dev {OF_A_STACK[name]}", **env)
    assert done.returncode == Exit.MISSING, done.stdout + done.stderr


@pytest.mark.parametrize("words", ["verify --stack dev", "steps --stack dev"])
def test_without_an_engine_the_outputs_are_missing(folder: Path, words: str) -> None:
    done = ran(folder, words, CLOUDFLARE_API_TOKEN="t")
    assert done.returncode == Exit.MISSING
    assert "--outputs FILE" in done.stderr


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("validate", Exit.FINE),
        ("validate nothing.yaml", Exit.PROBLEMS),
        ("schema", Exit.FINE),
        ("access", Exit.FINE),
        ("access --live", Exit.MISSING),
        ("access --live --at main", Exit.USAGE),
        ("access --since soon", Exit.USAGE),
        ("plan --stack dev", Exit.FINE),
        ("plan --stack dev .", Exit.USAGE),
        ("up --stack dev --sandbox http://127.0.0.1:1", Exit.MISSING),
        ("up --stack dev --people nobody.csv", Exit.USAGE),
        ("verify --stack dev --outputs nothing.json", Exit.MISSING),
        ("adopt --stack dev --state nothing.json", Exit.MISSING),
        ("preflight --stack dev --state nothing.json", Exit.MISSING),
        ("init --stack new", Exit.USAGE),
        ("init --stack dev --provider okta", Exit.USAGE),
        ("completion bash", Exit.FINE),
        ("completion csh", Exit.USAGE),
        ("nosuch", Exit.USAGE),
        ("--version", Exit.FINE),
    ],
)
def test_other_ends(folder: Path, words: str, code: Exit) -> None:
    done = ran(folder, words, fresh=words in FRESH)
    assert done.returncode == code, done.stdout + done.stderr
