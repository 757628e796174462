"""Stack files in a folder of their own, and `plan` run on them as the command line does."""

import json
import subprocess
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from cfscim.plan.command import Request, run
from tests.config.config_samples import NOW


class _Frozen(datetime):
    """The real class with one moment for now."""

    @classmethod
    def now(cls, tz=None):
        return NOW.astimezone(tz) if tz else NOW.replace(tzinfo=None)


def freeze(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every place on plan's way that asks for the time is told `NOW`."""
    for module in ("cfscim.plan.command", "components.stack"):
        monkeypatch.setattr(f"{module}.datetime", _Frozen)


def write(folder: Path, stack: str, config: object) -> Path:
    file = folder / f"Pulumi.{stack}.yaml"
    content = {"config": {"cloudflare-scim:scim": config}}
    file.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return file


def git(folder: Path, *arguments: str) -> None:
    settings = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *settings, *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder: Path) -> None:
    """A repository whose branch `main` holds the folder as it is."""
    git(folder, "init", "-q", "-b", "main", "--template=")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", "base")


def planned(capsys: pytest.CaptureFixture[str], **request: object) -> dict:
    """`plan --format json` of one stack, read back."""
    assert run(Request(**{"stack": "dev", "output": "json", **request})) == 0
    return json.loads(capsys.readouterr().out)
