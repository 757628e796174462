"""Every command as the command line runs it, in this process, on a stack of Okta's and of Entra's."""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from cfscim.__main__ import main
from cfscim.config.models import parse_config
from cfscim.config.names import scim_base_url
from cfscim.config.roles import ROLES
from tests.configs import config_object

ASKING = {
    "verify": ("--outputs", "outputs.json"),
    "verify --format json": ("--outputs", "outputs.json"),
    "steps": ("--outputs", "outputs.json"),
    "restore-super-admin --yes --person ada@example.com": ("--outputs", "outputs.json"),
    "preflight": ("--state", "state.json"),
    "preflight --format json": ("--state", "state.json"),
    "adopt": ("--state", "state.json"),
}
"""The commands that ask a vendor, with what each needs to begin."""
READING = (
    "validate",
    "validate --format json",
    "validate --format github",
    "plan --stack {stack}",
    "plan --stack {stack} --format json",
    "plan --stack {stack} --format markdown",
    "plan --stack {stack} --against before/Pulumi.before.yaml",
    "plan --against before/Pulumi.before.yaml --format json",
    "plan --policy enforce --format markdown",
    "access",
    "access --format html",
    "access --format json",
    "access --format csv",
    "access --live",
    "init --stack {stack} --provider okta",
    "completion bash",
    "plan --bases bases.json",
    "schema",
    "up --stack {stack}",
)
"""Those that read files only."""
MORE = (
    "validate {file}",
    "schema --stack-file",
    "schema --page missing.md",
    "plan {file} --all --against before/Pulumi.before.yaml",
    "up --stack {stack} --keep --all --people {file} --sandbox http://127.0.0.1:9 --import x.json",
    "verify --stack {stack} --outputs outputs.json --wait 0 --all --record recorded",
    "verify --stack {stack} --outputs outputs.json --person ada@example.com",
    "adopt --stack {stack} --state state.json --take x --delete-twin x --forget x --record recorded",
    "adopt --stack {stack} --import --file import.json",
    "preflight --stack {stack} --state state.json --before-update --record recorded",
    "steps --stack {stack} --outputs outputs.json --record recorded",
    "restore-super-admin --stack {stack} --outputs outputs.json --person x --record recorded",
    "access {file} --at main --person ada@example.com --since main",
    "access --live --record recorded",
    "init --stack {stack} --provider entra --tenant {stack} --role x --people {file} --expires x",
    "init --stack {stack} --org x --organisation x --account-id x --account-name x --break-glass x",
)
"""The options that no other line has; `test_no_command_and_no_option_is_left_out` asks for all."""


def asking(kind: str) -> list[str]:
    """Every asking command on the stack of this kind."""
    found = []
    for words, given in ASKING.items():
        name, _, rest = words.partition(" ")
        found.append(" ".join(filter(None, (name, "--stack", kind, rest, *given))))
    return found


def outputs(kind: str, token: str) -> dict[str, object]:
    """Stack outputs that `verify` can begin with."""
    config = parse_config(config_object(kind), stack=kind)
    identity = "11111111-2222-3333-4444-555555555555"
    group = {"identityProviderGroupId": identity, "name": "x", "cloudflareGroupId": "f" * 32}
    return {
        "scimBaseUrl": scim_base_url(config),
        "tokenId": "a" * 32,
        "tokenExpiresOn": None,
        "tokenValue": token,
        "applicationId": identity,
        "roleGroups": {role.value: group for role in ROLES},
        "remainingSteps": [],
        "warnings": [],
        **(
            {"servicePrincipalId": identity, "synchronizationJobId": "scim.1"}
            if kind == "entra"
            else {}
        ),
    }


def stack(folder: Path, kind: str, settings: Mapping[str, object], token: str) -> dict[str, Any]:
    """Writes the stack's file and what the commands are given beside it -> the file's document."""
    document = {"config": {**settings, "cloudflare-scim:scim": config_object(kind)}}
    (folder / f"Pulumi.{kind}.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    (folder / "outputs.json").write_text(json.dumps(outputs(kind, token)))
    (folder / "state.json").write_text(json.dumps({"version": 3, "deployment": {"resources": []}}))
    return document


def at_port(env: Mapping[str, str], port: int) -> dict[str, str]:
    """The sandbox's environment with every vendor at another port of this machine."""
    return {name: re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{port}", env[name]) for name in env}


def called(words: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Runs `python -m cfscim <words>` -> the exit code; an exception of ours' making is none."""
    monkeypatch.setattr(sys, "argv", ["cfscim", *words.split()])
    with pytest.raises(SystemExit) as ended:
        main()
    code = ended.value.code
    return code if isinstance(code, int) else int(bool(code))
