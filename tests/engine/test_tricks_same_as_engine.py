"""What the engine reads out of a stack file is what a review showed, or the file was refused."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from cfscim.config.messages import CONFIG_KEY
from cfscim.config.project import as_text, folder_problems
from cfscim.config.stack_file import check_stack_file
from tests.review.tricks import EVE, EVIL, PROJECT, STACK, document, stranger
from tests.review.tricks_text import text_tricks

EVERY = 3
"""Every third trick by default; all of them with CFSCIM_ENGINE_ALL=1."""


@pytest.fixture(scope="module")
def engine_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a stack `prod`, its state in a folder."""
    if shutil.which("pulumi") is None:
        pytest.skip("no pulumi on PATH: the readers' own tests cover this machine")
    folder = tmp_path_factory.mktemp("tricks")
    (folder / "state").mkdir()
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(PROJECT))
    done = _pulumi(folder, "stack", "init", "prod")
    assert done.returncode == 0, done.stderr
    return folder


def _pulumi(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {
        **os.environ,
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_HOME": str(folder / "home"),
    }
    words = (*words, "--non-interactive")
    return subprocess.run(
        ["pulumi", *words], cwd=folder, env=env, capture_output=True, text=True, check=False
    )


def test_the_engine_reads_what_was_shown(engine_folder: Path) -> None:
    tricks = text_tricks()
    tricks = tricks if "CFSCIM_ENGINE_ALL" in os.environ else tricks[::EVERY]
    compared = []
    for trick in tricks:
        trick.does(engine_folder)
        file = engine_folder / STACK
        checked = check_stack_file(file)
        if checked.problems or folder_problems(engine_folder):
            continue
        done = _pulumi(engine_folder, "config", "--json", "--stack", "prod")
        assert done.returncode == 0, (trick.name, done.stderr)
        read = json.loads(done.stdout)
        document = checked.file.document
        assert isinstance(document, dict)
        assert set(read) == set(document["config"]), trick.name
        assert json.loads(read[CONFIG_KEY]["value"]) == checked.file.config_object, trick.name
        for key, value in document["config"].items():
            if key != CONFIG_KEY and not read[key]["secret"] and isinstance(value, str):
                assert read[key]["value"] == as_text(value), (trick.name, key)
        compared.append(trick.name)
    assert len(compared) >= 3, compared


def _json_project(folder: Path) -> None:
    (folder / "Pulumi.json").write_text(json.dumps(PROJECT))
    (folder / "Pulumi.prod.json").write_text(json.dumps(stranger()))


def _yml_project(folder: Path) -> None:
    (folder / "Pulumi.yaml").rename(folder / "Pulumi.yml")
    (folder / "Pulumi.prod.yml").write_text(yaml.safe_dump(stranger()))


def _elsewhere(folder: Path) -> None:
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump({**PROJECT, "stackConfigDir": "elsewhere"}))
    (folder / "elsewhere").mkdir()
    (folder / "elsewhere" / STACK).write_text(yaml.safe_dump(stranger()))


def _link(folder: Path) -> None:
    (folder / "other.txt").write_text(yaml.safe_dump(stranger()))
    (folder / STACK).unlink()
    (folder / STACK).symlink_to("other.txt")


def _project_config(folder: Path) -> None:
    given = {"okta:httpProxy": {"value": EVIL}}
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump({**PROJECT, "config": given}))


def _imported(folder: Path) -> None:
    (folder / STACK).write_text(yaml.safe_dump({**document(), "environment": ["people"]}))


def _engine_setting(folder: Path) -> None:
    setting = {"pulumi:disable-default-providers": ["*"]}
    (folder / STACK).write_text(yaml.safe_dump(document(**setting)))


def _old_form(folder: Path) -> None:
    (folder / STACK).write_text(yaml.safe_dump(document(**{"okta:config:httpProxy": EVIL})))


BESIDE = {
    "Pulumi.json": (_json_project, EVE),
    "Pulumi.yml alone": (_yml_project, EVE),
    "stackConfigDir": (_elsewhere, EVE),
    "a symbolic link": (_link, EVE),
    "config in the project": (_project_config, EVIL),
    "a setting of the engine's": (_engine_setting, "disable-default-providers"),
    "the old form of a key": (_old_form, "okta:httpProxy"),
    "an environment": (_imported, "environment"),
}
"""What is put beside or into the stack's file, and what of it the engine then reads or says."""


@pytest.mark.parametrize("name", BESIDE)
def test_what_the_engine_reads_elsewhere_is_refused(
    name: str, engine_folder: Path, tmp_path: Path
) -> None:
    does, read = BESIDE[name]
    folder = tmp_path / "project"
    shutil.copytree(engine_folder, folder, symlinks=True, ignore=shutil.ignore_patterns("home"))
    (folder / STACK).unlink(missing_ok=True)
    (folder / STACK).write_text(yaml.safe_dump(document()))
    before = _pulumi(folder, "config", "--json", "--stack", "prod")
    assert read not in before.stdout + before.stderr
    does(folder)
    done = _pulumi(folder, "config", "--json", "--stack", "prod")
    assert read in done.stdout + done.stderr, (done.stdout, done.stderr)
    stack = [file for file in (folder / STACK,) if file.exists()]
    problems = [*folder_problems(folder), *(p for f in stack for p in check_stack_file(f).problems)]
    assert problems, "the engine reads what no review shows"
