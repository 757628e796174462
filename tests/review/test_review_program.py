"""The program of before, and what of a change is the program's."""

import io
import json
import tarfile
from pathlib import Path

import pytest

from cfscim.plan.command import Request, run
from cfscim.review import baseline
from cfscim.review.baseline import declared_of
from cfscim.review.changes import Action, resource_changes
from cfscim.review.program import ProgramBefore, ProgramChange, program_files
from tests.configs import SUPER
from tests.plan.plan_kit import commit, freeze, git, write
from tests.review.gallery_scenarios import BARBARA, Config, okta

GROUP = {
    "type": "okta:group/group:Group",
    "name": "okta-group-billing",
    "parent": None,
    "inputs": {"name": "Billing of old"},
    "options": {
        "protect": True,
        "retainOnDelete": False,
        "ignoreChanges": [],
        "dependsOn": [],
        "replacementTrigger": None,
    },
}
PLAN = {"file": "Pulumi.prod.yaml", "resources": [GROUP], "outputs": {"applicationId": "a"}}


def archive(main: str) -> bytes:
    """A commit's tree whose `python -m cfscim` is `main`."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, text in (("cfscim/__init__.py", ""), ("cfscim/__main__.py", main)):
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
    return out.getvalue()


@pytest.mark.parametrize("python", ["3.11.0", "3.11.4"])
def test_the_program_of_before_makes_the_plan_of_before(
    monkeypatch: pytest.MonkeyPatch, python: str
) -> None:
    if python == "3.11.0":
        monkeypatch.delattr(tarfile, "data_filter", raising=False)
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "canary")
    main = (
        f"import os\nassert 'CLOUDFLARE_API_TOKEN' not in os.environ\nprint({json.dumps([PLAN])!r})"
    )
    before = ProgramBefore([lambda: archive(main)], ".")
    plan = before.plan_of("Pulumi.prod.yaml")
    assert plan is not None
    old = declared_of(plan).resources
    new = [declared_of({**PLAN, "resources": []}).resources, old]
    assert resource_changes(old, new[1], "prod") == ()
    (gone,) = resource_changes(old, new[0], "prod")
    assert (gone.action, gone.refused) == (Action.DELETE, True)
    assert before.plan_of("Pulumi.other.yaml") is None
    before.close()


@pytest.mark.parametrize("python", ["3.11.0", "3.11.4"])
def test_nothing_of_a_commit_is_written_outside_its_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, python: str
) -> None:
    if python == "3.11.0":
        monkeypatch.delattr(tarfile, "data_filter", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("../outside"))
    before = ProgramBefore([out.getvalue], ".")
    assert before.plan_of("Pulumi.prod.yaml") is None
    assert not (tmp_path / "outside").exists()
    before.close()


def test_a_submodule_s_program_of_before_is_that_of_its_former_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    program = home / ".cloudflare-scim"
    for folder, file in ((program, "__main__.py"), (home, "Pulumi.prod.yaml")):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()
    (program / "cfscim").mkdir()
    (program / "cfscim" / "__init__.py").touch()
    for number in (1, 2):
        listed = json.dumps([{**PLAN, "outputs": {"number": number}}])
        (program / "cfscim" / "__main__.py").write_text(f"print({listed!r})")
        commit(program)
        # A folder that is a repository of its own is kept as a submodule's commit.
        commit(home)
    monkeypatch.setattr(baseline, "PROGRAM", program / "__main__.py")
    before = baseline.program_before(home, "HEAD~1")
    plan = before.plan_of("Pulumi.prod.yaml")
    assert plan is not None
    assert plan["outputs"] == {"number": 1}
    before.close()
    assert baseline.program_before(home, "HEAD").plan_of("Pulumi.prod.yaml") != plan


def test_a_submodule_s_commit_that_is_not_here_has_no_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "program"
    (program / "cfscim").mkdir(parents=True)
    commit(program)
    commit(tmp_path)
    git(tmp_path, "update-index", "--cacheinfo", f"160000,{'1' * 40},program")
    git(tmp_path, "commit", "--quiet", "--message", "elsewhere")
    monkeypatch.setattr(baseline, "PROGRAM", program / "__main__.py")
    assert baseline.program_before(tmp_path, "HEAD").plan_of("Pulumi.prod.yaml") is None


@pytest.mark.parametrize("main", ["raise SystemExit(1)", "print('no JSON')", "print('{}')"])
def test_a_program_of_before_that_cannot_be_run_has_no_plan(main: str) -> None:
    before = ProgramBefore([lambda: archive(main)], ".")
    assert before.plan_of("Pulumi.prod.yaml") is None
    before.close()


def test_what_is_the_program_s_and_what_is_not() -> None:
    harmless = [
        "Pulumi.prod.yaml",
        "stacks/Pulumi.eu.yaml",
        "README.md",
        "docs/policy.md",
        "tests/test_x.py",
        "examples/Pulumi.a.yaml",
        "LICENSE",
    ]
    program = ["Pulumi.yaml", "cfscim/README.md", "Pulumi.prod.deploy.yaml", "yaml.py", "Makefile"]
    found = program_files([*harmless, *program], planned=("", "stacks"))
    assert found == tuple(sorted(program))
    assert program_files(["other/Pulumi.eu.yaml"]) == ("other/Pulumi.eu.yaml",)


def test_each_file_stands_in_one_group_in_words() -> None:
    files = (
        "components/token.py",
        "policy/pack.py",
        "requirements.txt",
        "yaml.py",
        ".github/workflows/deploy.yml",
        "Pulumi.yaml",
    )
    groups = dict(ProgramChange(files).groups)
    assert sorted(path for mine in groups.values() for path in mine) == sorted(files)
    assert groups["the pipeline that holds the credentials"] == (".github/workflows/deploy.yml",)
    assert groups["files that Python or the engine could take up instead of others"] == ("yaml.py",)


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Eleven stacks in force, each with an account of its own."""
    for number in range(11):
        write(tmp_path, f"s{number:02}", stack(number))
    commit(tmp_path)
    monkeypatch.chdir(tmp_path)
    freeze(monkeypatch)
    return tmp_path


def stack(number: int, **more: list[str]) -> Config:
    config = okta()
    config["account"] = {"id": f"a{number:031x}", "name": "Example Corp"}
    provider = config["identityProvider"]
    assert isinstance(provider, dict)
    config["identityProvider"] = {**provider, "orgName": f"example{number}"}
    roles = config["roles"]
    assert isinstance(roles, dict)
    for role, people in more.items():
        name = {"billing": "Billing", "supers": SUPER}[role]
        roles[name] = {"members": [*roles[name]["members"], *people]}
    return config


def test_no_grant_is_hidden_by_volume(fleet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    many = [f"person{n:03}@example.com" for n in range(700)]
    write(fleet, "s00", stack(0, billing=many))
    for number in range(1, 11):
        write(fleet, f"s{number:02}", stack(number, supers=[f"eve{number}@example.com"]))
    run(
        Request(
            paths=("Pulumi.s00.yaml", *(f"Pulumi.s{n:02}.yaml" for n in range(1, 11))),
            against="main",
            output="markdown",
        )
    )
    text = capsys.readouterr().out
    assert len(text) <= 60_000
    assert [person for person in many if f"`{person}`" not in text] == []
    first = text[text.index("### Of all stacks, look at this first") :].splitlines()[2:12]
    assert [f"`eve{n}@example.com`" in line for n, line in enumerate(first, 1)] == [True] * 10


def test_the_change_of_the_program_is_said_once_and_every_stack_is_planned(
    fleet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (fleet / "yaml.py").write_text("evil = 1\n")
    git(fleet, "checkout", "-q", "-b", "change")
    write(fleet, "s05", stack(5, billing=["new@example.com"]))
    assert run(Request(against="main", output="markdown")) == 0
    text = capsys.readouterr().out
    assert text.count("The program itself changes") == 1
    assert text.index("yaml.py") < text.index("new@example.com")
    assert "Nothing changes in 10 stacks" in text
    assert BARBARA in text
    assert run(Request(against="main")) == 0
    shown = capsys.readouterr().out
    assert shown.index("yaml.py") < shown.index("new@example.com")
    assert shown.rstrip().splitlines()[-1].startswith("11 stacks: 1 change, 10 do not; 1 person")
