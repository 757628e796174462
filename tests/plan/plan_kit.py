"""Stack files in a folder of their own, and `plan` run on them as the command line does."""

import json
import re
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


_ID = r"/[^/]+"
_PATHS = {
    "cloudflare": r"\w+ /client/v4/",
    "okta app": rf"\w+ /api/v1/apps{_ID}$",
    "okta apps": r"\w+ /api/v1/apps",
    "okta group": rf"\w+ /api/v1/groups{_ID}$",
    "okta groups": r"\w+ /api/v1/groups",
    "okta users": r"(GET|POST) /api/v1/users$",
    "okta user": rf"GET /api/v1/users{_ID}$",
    "okta": r"\w+ /api/v1/",
    "okta else": r"\w+ /\.well-known/okta",
    "graph reads": r"GET /(v1\.0|beta)/",
    "graph writes": r"\w+ /(v1\.0|beta)/",
}
"""What belongs to a vendor's bucket, beginning with the method; the first that fits counts."""


def bucket_of(method: str, path: str) -> str | None:
    """The bucket that a vendor counts this call in; None for one that is no part of an update:
    signing in, and what the identity provider itself sends to Cloudflare."""
    if "/scim/v2" in path:
        return None
    fits = (key for key, pattern in _PATHS.items() if re.match(pattern, f"{method} {path}"))
    return next(fits, None)
