"""Which files of a folder are stack files."""

from pathlib import Path

import pytest

from cfscim.config.project import document_problems, folder_problems
from cfscim.validate import stack_files

NAMES = ("Pulumi.yaml", "Pulumi.prod.yaml", "Pulumi.prod.deploy.yaml", "values.yaml")


def test_only_stack_files_are_taken_from_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in NAMES:
        (tmp_path / name).write_text("config: {}\n")
    assert [Path(file).name for file in stack_files([str(tmp_path)])[0]] == ["Pulumi.prod.yaml"]
    monkeypatch.chdir(tmp_path)
    assert stack_files([])[0] == ["Pulumi.prod.yaml"]


def test_of_a_folder_all_below_are_taken_but_hidden_ones_and_installed_packages(
    tmp_path: Path,
) -> None:
    for folder in ("accounts/prod", ".venv/lib", "web/node_modules/pulumi"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "Pulumi.prod.yaml").write_text("config: {}\n")
    files, problems = stack_files([str(tmp_path)])
    assert (files, problems) == ([str(tmp_path / "accounts/prod/Pulumi.prod.yaml")], [])


@pytest.mark.parametrize("name", ["pulumi.dev.yaml", "Pulumi-dev.yaml", "Pulumi.dev.yaml.txt"])
def test_a_stack_s_file_by_another_name_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: cloudflare-scim\nruntime: python\n")
    (tmp_path / name).write_text("config:\n  cloudflare-scim:scim: {}\n")
    (tmp_path / "pulumi-operator.yaml").write_text("kind: Stack\n")
    (said,) = (one for one in folder_problems(tmp_path) if "operator" not in str(one))
    assert str(said.where).endswith(f"{name}:1")
    assert said.instead == "rename it to Pulumi.dev.yaml"


@pytest.mark.parametrize(
    ("given", "meant"), [("conifg", "config"), ("secretprovider", "secretsprovider")]
)
def test_a_near_miss_beside_config_is_answered(given: str, meant: str) -> None:
    (said,) = document_problems({given: {}, "config": {}})
    assert said.instead == f"write {meant}"
