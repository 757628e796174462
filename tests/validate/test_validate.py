"""`validate`: which files it takes, what it prints in each format, and its exit codes."""

import json
import shutil
from pathlib import Path

import pytest

from cfscim.hints import next_command
from cfscim.validate import run
from tests.config.config_samples import NOW

STACKS = Path(__file__).parents[1] / "config" / "stacks"
GOOD = (STACKS / "contract-okta.yaml").read_text()
BAD = GOOD.replace("Administrator: {members", "Adminstrator: {members")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    return tmp_path


def other(text: str, number: int) -> str:
    """This stack for another account and organisation, so that nothing clashes."""
    return text.replace("0123456789abcdef0123456789abcdef", f"a{number:031x}").replace(
        "orgName: example", f"orgName: example{number}"
    )


def test_valid_files_end_with_the_next_command(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "Pulumi.dev.yaml").write_text(GOOD)
    (folder / "Pulumi.yaml").write_text("name: cloudflare-scim")
    assert run([], "text", now=NOW) == 0
    assert (
        capsys.readouterr().out == f"1 file valid. Next: {next_command('plan', '--stack', 'dev')}\n"
    )


def test_each_problem_is_one_line_and_all_files_are_shown(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "Pulumi.b.yaml").write_text(other(BAD, 1))
    (folder / "Pulumi.a.yaml").write_text(BAD.replace("roleModel: userGroups", "roleModel: x"))
    assert run([], "text", now=NOW) == 1
    rows = capsys.readouterr().out.splitlines()
    assert [row.split(": ")[:2] for row in rows[:3]] == [
        ["Pulumi.a.yaml:6", "cloudflare-scim:scim.roleModel"],
        ["Pulumi.a.yaml:15", "cloudflare-scim:scim.roles.Adminstrator"],
        ["Pulumi.b.yaml:15", "cloudflare-scim:scim.roles.Adminstrator"],
    ]
    assert rows[3].startswith("3 problems in 2 files.")
    assert len(rows) == 4


def test_json_is_the_contract_s_object(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "Pulumi.prod.yaml").write_text(BAD)
    (folder / "Pulumi.dev.yaml").write_text(other(GOOD, 1))
    assert run([], "json", now=NOW) == 1
    assert json.loads(capsys.readouterr().out) == {
        "files": 2,
        "problems": [
            {
                "file": "Pulumi.prod.yaml",
                "line": 15,
                "path": "cloudflare-scim:scim.roles.Adminstrator",
                "message": '"Adminstrator" is not the exact name; Cloudflare compares role names byte for '
                'byte; write "Administrator"',
            }
        ],
    }


def test_json_of_valid_files(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "Pulumi.dev.yaml").write_text(GOOD)
    assert run(["Pulumi.dev.yaml"], "json", now=NOW) == 0
    assert json.loads(capsys.readouterr().out) == {"files": 1, "problems": []}


def test_github_annotations_are_escaped(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "Pulumi.50%,a.yaml").write_text(GOOD.replace("name: Example Corp", "name: '100%  '"))
    assert run([], "github", now=NOW) == 1
    *annotations, summary = capsys.readouterr().out.splitlines()
    (annotation,) = (one for one in annotations if "account.name" in one)
    assert annotation == (
        "::error file=Pulumi.50%25%2Ca.yaml,line=5,title=cloudflare-scim%3Ascim.account.name::"
        '"100%25  " has white space around it; names are compared and shown as they stand; '
        'write "100%25"'
    )
    assert summary.startswith("2 problems in 1 file."), "no stack can have that name, either"


def test_github_paths_start_at_the_workspace(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "stacks").mkdir()
    (folder / "stacks" / "Pulumi.a.yaml").write_text("")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(folder))
    monkeypatch.chdir(folder / "stacks")
    run([], "github", now=NOW)
    assert "file=stacks/Pulumi.a.yaml,line=1,title=stack file::" in capsys.readouterr().out


def test_a_folder_means_every_stack_file_below_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, name in enumerate(["a", "sub/b", "sub/deep/c", ".hidden/d", "node_modules/e"]):
        path = folder / Path(name).parent / f"Pulumi.{Path(name).name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(other(GOOD, number))
    (folder / "Pulumi.yaml").write_text("name: cloudflare-scim")
    assert run(["."], "text", now=NOW) == 0
    assert capsys.readouterr().out.startswith("3 files valid.")


def test_a_file_named_twice_is_checked_once(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "Pulumi.a.yaml").write_text(GOOD)
    assert run([".", "Pulumi.a.yaml", "./Pulumi.a.yaml"], "text", now=NOW) == 0
    assert capsys.readouterr().out.startswith("1 file valid.")


def test_clashes_between_files_are_problems(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "Pulumi.a.yaml").write_text(GOOD)
    shutil.copy("Pulumi.a.yaml", "Pulumi.b.yaml")
    assert run([], "text", now=NOW) == 1
    assert "Pulumi.b.yaml:4: cloudflare-scim:scim.account.id: " in capsys.readouterr().out


@pytest.mark.parametrize("paths", [[], ["."]])
def test_nothing_to_check_is_never_green(
    folder: Path, capsys: pytest.CaptureFixture[str], paths: list[str]
) -> None:
    assert run(paths, "json", now=NOW) == 1
    result = json.loads(capsys.readouterr().out)
    assert result["files"] == 0
    assert "nothing was checked" in result["problems"][0]["message"]


def test_a_missing_file_is_one_problem(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["Pulumi.x.yaml"], "text", now=NOW) == 1
    assert capsys.readouterr().out.startswith("Pulumi.x.yaml: there is no such file; ")
