"""The stack files that are shipped: they validate, together, and the examples are safe to copy."""

from pathlib import Path

import pytest

from cfscim.config.clashes import clashes
from cfscim.config.stack_file import CheckedStack, check_stack_file
from cfscim.validate import stack_files
from tests.config.config_samples import NOW

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("Pulumi.*.yaml"))


def checked(path: Path) -> CheckedStack:
    return check_stack_file(path, now=NOW)


def test_all_of_them_are_valid_side_by_side() -> None:
    names = sorted([*ROOT.glob("Pulumi.*.yaml"), *EXAMPLES])
    assert len(names) >= 6
    stacks = [checked(path) for path in names]
    assert [str(problem) for stack in stacks for problem in stack.problems] == []
    assert [str(problem) for problem in clashes(stacks)] == []


def test_the_folder_walk_finds_the_examples() -> None:
    files, problems = stack_files([str(ROOT / "examples")])
    assert (files, problems) == ([str(path) for path in EXAMPLES], [])


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_ends_its_token_within_a_year(path: Path) -> None:
    config = checked(path).config
    assert config is not None
    assert config.token.expires_on is not None
    assert 180 < (config.token.expires_on - NOW).days < 365


def test_the_examples_cover_both_providers_and_both_models() -> None:
    configs = [config for path in EXAMPLES if (config := checked(path).config)]
    assert {(config.identity_provider.kind, config.role_model) for config in configs} == {
        ("okta", "userGroups"),
        ("entra", "userGroups"),
        ("okta", "virtualGroups"),
        ("entra", "virtualGroups"),
    }


@pytest.mark.parametrize("name", ["dev", "dev-entra"])
def test_the_sandbox_stacks_never_expire_and_make_ada_administrator(name: str) -> None:
    config = checked(ROOT / f"Pulumi.{name}.yaml").config
    assert config is not None
    assert config.token.expires_on is None
    members = {role.value: given.members for role, given in config.roles.items()}
    assert members["Administrator"] == ("ada@example.com",)
    assert config.break_glass == ("owner@example.com",)
