"""A version: `make release` tags what agrees, and the workflow publishes what was tagged so."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repository.workflow_kit import Clone
from tests.repository.workflow_steps import Step, runs

CONTENT = ("cfscim", "Makefile", "pyproject.toml", "requirements.txt", ".gitignore", "CHANGELOG.md")


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    made = Clone(tmp_path, CONTENT)
    made.git("config", "user.name", "Ada")
    made.git("config", "user.email", "ada@example.com")
    made.git("config", "tag.gpgSign", "false")
    made.command("python", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    made.git("clone", "--quiet", "--bare", str(made.path), str(tmp_path / "origin"))
    made.git("remote", "add", "origin", str(tmp_path / "origin"))
    made.git("fetch", "--quiet", "origin")
    return made


def release(clone: Clone) -> subprocess.CompletedProcess[str]:
    """As `make release` starts it."""
    command = [sys.executable, "-m", "cfscim.gitops", "release"]
    return subprocess.run(command, cwd=clone.path, capture_output=True, text=True)


@runs("release/release/Tag, version and changelog agree", "release/release/Publish")
def test_a_version_is_tagged_pushed_checked_and_published(clone: Clone, step: Step) -> None:
    assert "-m cfscim.gitops release" in (clone.path / "Makefile").read_text()
    done = release(clone)
    assert done.returncode == 0, done.stderr
    (push,) = re.findall(r"^Next: (git push origin (v\d+\.\d+\.\d+))$", done.stdout, re.MULTILINE)
    assert clone.git("cat-file", "-t", push[1]) == "tag"
    subprocess.run(push[0].split(), cwd=clone.path, check=True, capture_output=True)
    clone.answers((["release", "create"], "made"))
    if step.key.endswith("Publish"):
        (clone.path / "notes.md").write_text("x")
        assert clone.run(step, GH_TOKEN="t", TAG=push[1]).code == 0
        (call,) = clone.calls()
        assert call["arguments"][:3] == ["release", "create", push[1]]  # type: ignore[index]
        assert "--verify-tag" in call["arguments"]  # type: ignore[operator]
        return
    assert clone.run(step, TAG=push[1]).code == 0
    notes = (clone.path / "notes.md").read_text()
    assert notes.startswith("### Added")
    assert "## " not in notes.replace("### ", "")
    clone.git("tag", "--force", push[1], "HEAD")
    clone.git("push", "--quiet", "--force", "origin", push[1])
    done = clone.run(step, TAG=push[1])
    assert done.code == 1
    assert "no author and no day" in done.text
    (clone.path / "Makefile").write_text("")
    clone.commit()
    clone.git("tag", "--force", "--annotate", "--message", "x", push[1])
    clone.git("push", "--quiet", "--force", "origin", push[1])
    done = clone.run(step, TAG=push[1])
    assert done.code == 1
    assert "is not on main" in done.text


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("pyproject.toml", r'^version = ".*"', 'version = "9.0.0"', "both the same number"),
        ("pyproject.toml", r'^version = ".*"', 'version = "next"', "no <major>"),
        ("CHANGELOG.md", r"^## (\S+) - \S+", r"## \1", "has no day"),
        ("CHANGELOG.md", r"^## (\S+)", r"## Unreleased\n\n- more\n\n## \1", "is Unreleased"),
        (
            "CHANGELOG.md",
            r"^## (\S+ - \S+)\n",
            "## \\1\n\n## 0.1.0 - 2026-01-01\n",
            "nothing stands",
        ),
    ],
)
def test_what_does_not_agree_is_not_tagged(
    clone: Clone, file: str, old: str, new: str, said: str
) -> None:
    text = (clone.path / file).read_text()
    clone.write(file, re.sub(old, new, text, count=1, flags=re.MULTILINE))
    clone.commit()
    done = release(clone)
    assert done.returncode == 1
    assert said in done.stderr
    assert clone.git("tag") == ""


def test_nothing_uncommitted_and_no_lower_version_is_tagged(clone: Clone) -> None:
    (clone.path / "more").write_text("x")
    assert "not committed" in release(clone).stderr
    (clone.path / "more").unlink()
    clone.git("tag", "v10.0.0")
    assert "v10.0.0 is there already" in release(clone).stderr


def test_commit_that_nobody_reviewed_is_not_tagged(clone: Clone) -> None:
    (clone.path / "more").write_text("x")
    clone.commit()
    done = release(clone)
    assert done.returncode == 1
    assert "not on origin/main" in done.stderr
    clone.git("push", "--quiet", "origin", "main")
    assert release(clone).returncode == 0
