"""docs/own-repository.md and docs/upgrading.md, followed line by line in an empty folder.

The program is this working tree, committed and tagged in a repository of its own; git is told to
take it where the pages name their address. Everything else is as a reader has it.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from cfscim.up.engine import NoEngine, find_engine
from cfscim.version import version
from tests.repository.workflow_kit import registry

ROOT = Path(__file__).resolve().parents[2]
PAGES = {name: ROOT / "docs" / f"{name}.md" for name in ("own-repository", "upgrading")}
ADDRESS = "https://github.com/example/cloudflare-scim"
FENCE = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)
IDENTITY = {
    "GIT_AUTHOR_NAME": "t",
    "GIT_AUTHOR_EMAIL": "t@example.com",
    "GIT_COMMITTER_NAME": "t",
    "GIT_COMMITTER_EMAIL": "t@example.com",
}


def blocks(page: str) -> dict[str, list[str]]:
    """Heading -> the commands below it, as they stand."""
    found: dict[str, list[str]] = {}
    for section in PAGES[page].read_text().split("\n## ")[1:]:
        title, _, text = section.partition("\n")
        if commands := FENCE.findall(text):
            found[title] = commands
    return found


def _git(folder: Path, *arguments: str) -> str:
    env = {**os.environ, **IDENTITY}
    done = subprocess.run(
        ["git", *arguments], cwd=folder, check=True, capture_output=True, text=True, env=env
    )
    return done.stdout


def published(folder: Path) -> Path:
    """This working tree as a repository, at its first version."""
    program = folder / "published"
    listed = _git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file() and not (ROOT / name).is_symlink():
            (program / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, program / name)
    _git(program, "init", "--quiet", "--initial-branch=main")
    _git(program, "add", "--all")
    _git(program, "commit", "--quiet", "--message", "one")
    return program


def next_version(program: Path) -> None:
    """One commit more; the first has the tag that the page names, this one that of the other."""
    _git(program, "tag", "v1.0.0")
    (program / "components" / "next.py").write_text('"""The next version."""\n')
    _git(program, "add", "--all")
    _git(program, "commit", "--quiet", "--message", "two")
    _git(program, "tag", "v1.1.0")


@dataclass
class Reader:
    """Somebody who types what a page says, in one shell after the other."""

    folder: Path
    program: Path
    env: dict[str, str] = field(default_factory=dict)
    """What the reader's shell exports beside the environment of the machine."""

    @property
    def home(self) -> Path:
        """The repository that the page makes."""
        return self.folder / "acme-scim"

    def types(self, commands: str, more: dict[str, str] | None = None) -> tuple[int, str]:
        """Types a block -> its exit code and everything that was printed."""
        there = self.home.exists()
        activate = ". .cloudflare-scim/.venv/bin/activate\n" if there else ""
        done = subprocess.run(
            ["bash", "-e", "-c", activate + commands],
            cwd=self.home if there else self.folder,
            env={
                # As everywhere, there is a python3.11; no package of this run is seen.
                "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
                "HOME": str(self.folder),
                "GIT_CONFIG_COUNT": "2",
                "GIT_CONFIG_KEY_0": "protocol.file.allow",
                "GIT_CONFIG_VALUE_0": "always",
                "GIT_CONFIG_KEY_1": f"url.{self.program}.insteadOf",
                "GIT_CONFIG_VALUE_1": ADDRESS,
                **IDENTITY,
                **registry(),
                **self.env,
                **(more or {}),
            },
            capture_output=True,
            text=True,
            timeout=590,
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """A reader who has followed the page to the end of its first part."""
    folder = tmp_path_factory.mktemp("own")
    made = Reader(folder, published(folder))
    (folder / "bin").mkdir()
    (folder / "bin" / "python3.11").write_text(
        f'#!/bin/sh\nexec "{sys.base_prefix}/bin/python3" "$@"\n'
    )
    (folder / "bin" / "python3.11").chmod(0o755)
    (commands,) = blocks("own-repository")["1. Make the repository"]
    code, text = made.types(commands)
    assert code == 0, text
    yield made
    shutil.rmtree(made.home / ".cloudflare-scim" / ".venv")


def test_the_pages_are_followed_to_the_end() -> None:
    parts = ["1. Make the repository", "2. Look at it", "3. Review a change"]
    parts += ["4. Try it on the sandbox", "5. Deploy"]
    assert list(blocks("own-repository")) == parts
    assert list(blocks("upgrading")) == ["Move the version"]


def test_look_and_review(reader: Reader) -> None:
    (commands,) = blocks("own-repository")["2. Look at it"]
    code, text = reader.types(commands)
    assert code == 0, text
    assert text.startswith(f"{version()} (")
    assert "2 files valid" in text
    assert _git(reader.home, "status", "--porcelain") == ""
    (commands,) = blocks("own-repository")["3. Review a change"]
    code, text = reader.types(commands)
    assert code == 0, text
    assert "mary.prod@example.com" in text
    assert "Administrator Read Only" in text
    assert "1 person gains a role" in text
    people = [
        person
        for stack in ("lab", "prod")
        for role in _scim(reader, stack)["roles"].values()
        for person in role["members"]
    ]
    assert len(people) == len(set(people)) == 41
    accounts = {_scim(reader, stack)["account"]["id"] for stack in ("lab", "prod")}
    assert len(accounts) == 2


def test_a_colleague_s_clone_has_the_same_version(reader: Reader) -> None:
    """What the page says of a clone, and how its workflows are compared with the version's."""
    page = PAGES["own-repository"].read_text()
    [after] = re.findall(r"^- After a `git clone` [^:]+: (.*)$", page, re.MULTILINE)
    [update, install] = re.findall(r"`([^`]+)`", after)
    [compare] = set(re.findall(r"`(diff [^`]+)`", "".join(p.read_text() for p in PAGES.values())))
    cloned = "git clone --quiet . ../colleague\ncd ../colleague\n"
    code, text = reader.types(f"{cloned}{update}\n{compare}\n{install} --dry-run")
    assert code == 0, text
    assert "deploy/install" in text
    for home in (reader.home, reader.folder / "colleague"):
        pinned = _git(home / ".cloudflare-scim", "rev-parse", "HEAD")
        assert pinned == _git(reader.program, "rev-parse", "HEAD")


def _scim(reader: Reader, stack: str) -> dict[str, dict]:
    content = yaml.safe_load((reader.home / f"Pulumi.{stack}.yaml").read_text())
    return content["config"]["cloudflare-scim:scim"]


def test_try_on_the_sandbox(reader: Reader) -> None:
    (commands,) = blocks("own-repository")["4. Try it on the sandbox"]
    code, text = reader.types(commands)
    assert code == 0, text
    for person in ("ada.prod@example.com", "lynn.lab@example.com"):
        assert person in text
    assert text.count("All as declared") >= 2


def test_deploy_by_hand_with_the_engine(reader: Reader, tmp_path: Path) -> None:
    engine = find_engine()
    if isinstance(engine, NoEngine):
        pytest.skip(engine.reason)
    code, text = reader.types("make -C .cloudflare-scim sandbox")
    assert code == 0, text
    (commands,) = blocks("own-repository")["5. Deploy"]
    started = (
        "cd .cloudflare-scim && exec python -m sandbox > ../../ready & sandbox=$!\n"
        "trap 'kill $sandbox' EXIT\n"
        "for second in $(seq 60); do test -s ../ready && break; sleep 1; done\n"
        "eval \"$(python -c 'import json, shlex; "
        'print("".join(f"export {k}={shlex.quote(v)}\\n" for k, v in json.load(open("../ready"))["env"].items()))'
        "')\"\n"
    )
    # Everybody whom the stack names is in the reader's directories.
    started += (
        "python - <<'END'\nimport httpx, json, yaml\n"
        'admin = json.load(open("../ready"))["admin"]\n'
        'scim = yaml.safe_load(open("Pulumi.prod.yaml"))["config"]["cloudflare-scim:scim"]\n'
        'for role in scim["roles"].values():\n'
        '    for person in role["members"]:\n'
        '        made = httpx.post(f"{admin}/_sandbox/users", json={"email": person})\n'
        "        made.raise_for_status()\nEND\n"
    )
    state = tmp_path / "state"
    state.mkdir()
    backend = {"PULUMI_BACKEND_URL": state.as_uri(), "PULUMI_CONFIG_PASSPHRASE": "p"}
    up = "pulumi up --stack prod --yes --skip-preview "
    up += "--policy-pack .cloudflare-scim/policy --policy-pack-config .before/policy.json\n"
    code, text = reader.types(started + commands + up, backend)
    assert code == 0, text
    assert "token" in text
    # As the page says: the salt of the passphrase is committed.
    reader.types("git commit --quiet --all --message 'The salt of prod'")


def test_the_next_version_is_one_line_and_shows_every_stack(reader: Reader) -> None:
    reader.types("git switch --quiet main && git merge --quiet mary")
    first = _git(reader.program, "rev-parse", "HEAD").strip()
    next_version(reader.program)
    (commands,) = blocks("upgrading")["Move the version"]
    code, text = reader.types(commands)
    assert code == 0, text
    assert "2 files valid" in text
    changed = _git(reader.home, "diff", "--numstat", "main", "upgrade").split()
    assert changed == ["1", "1", ".cloudflare-scim"]
    diff = subprocess.run(
        [
            *(reader.home / ".cloudflare-scim/.venv/bin/python", "-m", "cfscim.gitops"),
            *("changed", "--base", "main"),
        ],
        cwd=reader.home,
        capture_output=True,
        text=True,
        check=True,
    )
    assert 'stacks=["lab", "prod"]' in diff.stdout
    pages = "".join(page.read_text() for page in PAGES.values())
    inline = re.findall(r"`(git -C [^`]+)`", pages)
    assert len(inline) == 3
    newest = _git(reader.program, "rev-parse", "HEAD").strip()
    for command in inline:
        assert reader.types(command)[0] == 0, command
        assert reader.types(re.sub(r"v1\.[01]\.0", first, command))[0] == 0, "any commit"
    reader.types(f"git -C .cloudflare-scim checkout {newest}")


def test_template_has_this_repositorys_workflows() -> None:
    template = ROOT / "template" / ".github" / "workflows"
    ours = {file.name for file in (ROOT / ".github/workflows").glob("*.yml")} - {
        "ci.yml",
        "release.yml",
    }
    assert {file.name for file in template.iterdir()} == ours
    for name in ours:
        text = (ROOT / ".github" / "workflows" / name).read_text()
        here, there = "uses: ./.github/actions/", "uses: ./.cloudflare-scim/.github/actions/"
        assert (template / name).read_text() == text.replace(here, there), name


def test_version_is_the_newest_of_the_changelog_and_of_the_pages() -> None:
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] in ("Unreleased", version())
    assert version() in headings
    assert re.fullmatch(r"\d+\.\d+\.\d+", version())
    assert f"v{version()}" in PAGES["own-repository"].read_text()
