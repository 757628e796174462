"""A stack named by its file in another folder: the engine is asked there, and not here."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.configs import stack_config

ROOT = Path(__file__).parents[2]
COMMANDS = ("verify", "steps", "preflight", "adopt", "restore-super-admin --person a@example.com")


@pytest.mark.parametrize("command", COMMANDS)
def test_the_engine_is_asked_where_the_stack_is(tmp_path: Path, command: str) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": stack_config()}))
    pulumi = tmp_path / "bin" / "pulumi"
    pulumi.parent.mkdir()
    pulumi.write_text('#!/bin/sh\npwd >> "${0%/bin/pulumi}/asked"\necho no backend >&2\nexit 1\n')
    pulumi.chmod(0o700)
    words = [*command.split(), "--stack", "stacks/Pulumi.dev.yaml"]
    done = subprocess.run(
        [sys.executable, "-m", "cfscim", *words],
        cwd=tmp_path,
        env={"PATH": f"{pulumi.parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 3, done.stderr
    assert "no backend" in done.stderr
    assert {*(tmp_path / "asked").read_text().split()} == {str(tmp_path / "stacks")}
