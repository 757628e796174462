"""A repository of stack files with a history, made by git itself."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from tests.configs import config_object


def account(number: int) -> str:
    return f"a{number:031x}"


def stack_text(number: int, roles: Mapping[str, Sequence[str]], **more: object) -> str:
    """A valid stack file for account `number`; every role not given is declared without people."""
    config = config_object(
        members=roles,
        account={"id": account(number), "name": f"Account {number}"},
        provider={"orgName": f"org{number}"},
        **more,
    )
    return yaml.safe_dump({"config": {"cloudflare-scim:scim": config}}, sort_keys=False)


def git(folder: Path, *arguments: str, day: str = "2026-01-01", who: str = "Ada") -> str:
    env = {
        **os.environ,
        **{f"GIT_{role}_DATE": f"{day}T12:00:00Z" for role in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{role}_NAME": who for role in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{role}_EMAIL": f"{who.lower()}@example.org" for role in ("AUTHOR", "COMMITTER")},
    }
    done = subprocess.run(
        ["git", "-c", "commit.gpgsign=false", *arguments],
        cwd=folder,
        env=env,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def commit(folder: Path, files: Mapping[str, str | None], words: str, day: str, who: str) -> str:
    """Writes (absent: removes) the files and commits them; returns the commit's id."""
    for name, text in files.items():
        if text is None:
            (folder / name).unlink()
        else:
            (folder / name).write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", words, day=day, who=who)
    return git(folder, "rev-parse", "HEAD")
