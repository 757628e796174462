"""A stack is named in one way by all commands, and an unknown one is answered with the known."""

from pathlib import Path

import pytest

from cfscim.config.messages import Exit, UsageError
from cfscim.hints import OF_A_STACK
from cfscim.stacks import engine_name, known_stacks, short_name, stack_path
from cfscim.validate import stack_files
from tests.commandline import run

ROOT = Path(__file__).resolve().parents[2]
NAMES = ["prod", "acme/prod", "acme/cloudflare-scim/prod", "Pulumi.prod.yaml", "./Pulumi.prod.yaml"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("Pulumi.yaml", "Pulumi.prod.yaml", "Pulumi.eu.prod.yaml", "Pulumi.x.deploy.yaml"):
        (tmp_path / name).write_text("")
    return tmp_path


@pytest.mark.parametrize("name", NAMES)
def test_every_way_to_name_a_stack_finds_its_file(folder: Path, name: str) -> None:
    assert Path(stack_path(name, "plan")) == Path("Pulumi.prod.yaml")
    assert short_name(name) == "prod"


def test_a_file_in_another_folder_is_found_there(folder: Path) -> None:
    (folder / "stacks").mkdir()
    (folder / "stacks" / "Pulumi.dev.yaml").write_text("")
    assert stack_path("stacks/Pulumi.dev.yaml", "plan") == "stacks/Pulumi.dev.yaml"


def test_a_folder_and_a_stack_s_name_is_answered_with_the_file(folder: Path) -> None:
    (folder / "stacks").mkdir()
    (folder / "stacks" / "Pulumi.dev.yaml").write_text("")
    with pytest.raises(UsageError) as caught:
        stack_path("stacks/dev", "plan")
    assert caught.value.message.instead == "write stacks/Pulumi.dev.yaml"


@pytest.mark.parametrize("name", ["../prod", "./prod", "/prod", "a/b/c/prod", "acme//prod"])
def test_what_stands_before_a_stack_s_name_is_an_organisation_and_a_project(
    folder: Path, name: str
) -> None:
    with pytest.raises(UsageError) as caught:
        stack_path(name, "plan")
    assert caught.value.message.what == "this is not the name of a stack"
    assert "prod" in caught.value.message.instead


@pytest.mark.parametrize("command", sorted(OF_A_STACK))
def test_every_command_speaks_of_itself(folder: Path, command: str) -> None:
    more = ["--person", "a@b.io"] if command == "restore-super-admin" else []
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    done = run([command, "--stack", "prd", *more], folder, env)
    assert done.returncode == Exit.USAGE
    assert done.stderr.startswith(f"{command}: --stack prd: ")


@pytest.mark.parametrize("command", sorted(OF_A_STACK - {"plan"}))
def test_no_stack_is_answered_with_the_known_as_well(folder: Path, command: str) -> None:
    more = ["--person", "a@b.io"] if command == "restore-super-admin" else []
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    done = run([command, *more], folder, env)
    assert done.returncode == Exit.USAGE
    assert done.stderr.startswith(f"{command}: --stack: it names no stack; ")
    assert done.stderr.endswith("write one of: eu.prod, prod\n")


def test_the_engine_is_given_the_qualified_name_that_the_user_gave() -> None:
    assert [engine_name(name) for name in NAMES] == [*NAMES[:3], "prod", "prod"]


def test_the_known_stacks_leave_out_what_is_no_stack(folder: Path) -> None:
    assert known_stacks() == ["eu.prod", "prod"]


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("prd", "write prod (here are: eu.prod, prod)"),
        ("acme/other/nothing", "write one of: eu.prod, prod"),
        ("", "write one of: eu.prod, prod"),
        ("Pulumi.Prod.yaml", "write prod (here are: eu.prod, prod)"),
        ("a\nb", "write one of: eu.prod, prod"),
        ("Pulumi.prod.yml", "write prod (here are: eu.prod, prod)"),
        ("pulumi.prod.yaml", "write prod (here are: eu.prod, prod)"),
        ("pulumi-prd.json", "write prod (here are: eu.prod, prod)"),
        ("prod.yaml", "write prod (here are: eu.prod, prod)"),
        ("Pulumi.prod", "write prod (here are: eu.prod, prod)"),
    ],
)
def test_an_unknown_stack_is_answered_with_the_known(folder: Path, name: str, instead: str) -> None:
    with pytest.raises(UsageError) as caught:
        stack_path(name, "plan")
    assert caught.value.message.instead == instead
    assert "\n" not in str(caught.value)


def test_a_file_of_another_ending_is_to_be_renamed(folder: Path) -> None:
    (folder / "Pulumi.test.yml").write_text("")
    with pytest.raises(UsageError, match=r"rename Pulumi\.test\.yml to Pulumi\.test\.yaml"):
        stack_path("test", "plan")
    with pytest.raises(UsageError, match=r"rename Pulumi\.test\.yml to Pulumi\.test\.yaml"):
        stack_path("Pulumi.test.yml", "plan")
    (folder / "pulumi-other.yaml").write_text("")
    with pytest.raises(UsageError, match=r"rename pulumi-other\.yaml to Pulumi\.other\.yaml"):
        stack_path("other", "plan")


def test_a_file_of_the_right_name_that_is_not_there_is_only_missing(folder: Path) -> None:
    for name in ("Pulumi.prd.yaml", "sub/Pulumi.prod.yaml"):
        with pytest.raises(UsageError) as caught:
            stack_path(name, "plan")
        assert caught.value.message.what == f"{name} is not here"


@pytest.mark.parametrize("name", NAMES)
def test_validate_takes_the_same_names(folder: Path, name: str) -> None:
    files, problems = stack_files([name])
    assert [Path(file) for file in files] == [Path("Pulumi.prod.yaml")]
    assert not problems


def test_validate_answers_an_unknown_stack_as_every_command(folder: Path) -> None:
    done = run(["validate", "prd"], folder, {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)})
    assert done.returncode == Exit.USAGE
    assert done.stderr.startswith("validate: prd: Pulumi.prd.yaml is not here; ")
    assert "write prod" in done.stderr


@pytest.mark.parametrize("command", ["plan", "up", "verify"])
def test_every_command_ends_with_2_and_one_line_for_an_unknown_stack(
    folder: Path, command: str
) -> None:
    words = [command, "--stack", "acme/cloudflare-scim/prd"]
    done = run(words, Path.cwd(), {"PYTHONPATH": str(ROOT), "PATH": ""})
    assert done.returncode == Exit.USAGE
    assert done.stderr.splitlines() == [
        f"{command}: --stack acme/cloudflare-scim/prd: Pulumi.prd.yaml is not here; each stack has "
        "a file of its own, and nothing is known of this one; write prod (here are: eu.prod, prod)"
    ]
