"""Which files of a folder are stack files."""

from pathlib import Path

import pytest

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
