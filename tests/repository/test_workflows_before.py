"""What a workflow compares with: the input of stacks.yml, and the policy pack's config of before."""

import json
from pathlib import Path

import pytest

from tests.repository.workflow_kit import Clone
from tests.repository.workflow_steps import WORKFLOWS, Step, runs

FIND = "stacks/stacks/Find the commit to compare with"
SHOW = "stacks/stacks/Show who gains and loses what"
HAND = tuple(
    f"{job}/Hand the config of before to the policy pack"
    for job in ("deploy/up", "pull-request/preview", "stacks/preview")
)
HOSTILE = ["$(touch x)", "`touch x`", "; touch x", "--all", "-h", "--glob=*", "HEAD\nbefore=x"]


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


@runs(*HAND)
def test_policy_pack_gets_the_config_of_before(clone: Clone, step: Step) -> None:
    before = clone.commit()
    text = (clone.path / "Pulumi.dev.yaml").read_text()
    clone.edit("Cloudflare Users", "Other Users")
    clone.commit()
    done = clone.run(step, BEFORE=before, STACK="dev")
    assert done.code == 0, done.text
    assert (clone.path / ".before" / "Pulumi.dev.yaml").read_text() == text
    settings = json.loads((clone.path / ".before" / "policy.json").read_text())
    given = {"beforeFile": ".before/Pulumi.dev.yaml"}
    assert settings == {"removal-share": given, "waived-config": given}
    assert clone.run(step, BEFORE=before, STACK="new").code == 0
    settings = json.loads((clone.path / ".before" / "policy.json").read_text())
    assert settings["removal-share"] == {"beforeFile": ""}


@pytest.mark.parametrize("before", ["", "0" * 40])
@runs(*HAND)
def test_missing_commit_of_before_does_not_switch_the_rule_off(
    clone: Clone, step: Step, before: str
) -> None:
    done = clone.run(step, BEFORE=before, STACK="dev")
    assert done.code == 1
    assert [line for line in done.text.splitlines() if line.startswith("::error::")]
    assert not (clone.path / ".before" / "policy.json").exists()


def test_every_preview_and_update_is_given_the_config_of_before() -> None:
    for file in WORKFLOWS.glob("*.yml"):
        text = file.read_text()
        packs = text.count("policyPacks: policy\n")
        assert packs == text.count("policyPackConfigs: .before/policy.json\n"), file.name
        assert packs == text.count("name: Hand the config of before"), file.name


@runs(FIND)
def test_input_against_names_a_commit(clone: Clone, step: Step) -> None:
    first = clone.commit()
    second = clone.commit()
    clone.commit()
    clone.git("tag", "-a", "v1", "-m", "x", first)
    given = {"HEAD^": second, "v1": first, first[:12]: first, "main~2": first}
    for against, commit in given.items():
        assert clone.run(step, AGAINST=against).outputs == {"before": commit}


@pytest.mark.parametrize("against", ["", "v9", "0" * 40, "HEAD:Pulumi.dev.yaml", *HOSTILE])
@runs(FIND)
def test_input_against_that_names_none_is_one_clear_line(
    clone: Clone, step: Step, against: str
) -> None:
    done = clone.run(step, AGAINST=against)
    assert (done.code, done.outputs) == (1, {})
    assert done.text.splitlines() == [
        "::error::the input against names no commit of this repository; nothing can be compared "
        "with it; write a commit, a tag or origin/<branch>"
    ]
    assert not (clone.path / "x").exists()


@runs(SHOW)
def test_summary_names_who_gains_and_loses_in_the_stacks_chosen(clone: Clone, step: Step) -> None:
    clone.another("other")
    clone.another("prod")
    before = clone.commit()
    clone.edit("grace@example.com, alan@example.com", "grace@example.com, edsger@example.com")
    clone.edit("katherine@example.com", "rosalind@example.com", "Pulumi.prod.yaml")
    clone.commit()
    done = clone.run(step, BEFORE=before, STACKS='["prod"]')
    assert done.code == 0, done.text
    assert "rosalind@example.com" in done.summary
    assert "katherine@example.com" in done.summary
    assert "edsger@example.com" not in done.summary
    assert clone.run(step, BEFORE=before, STACKS="[]").summary == "No stack is chosen.\n"


@runs(SHOW)
def test_summary_shows_a_stack_that_is_gone(clone: Clone, step: Step) -> None:
    clone.another("prod")
    before = clone.commit()
    (clone.path / "Pulumi.prod.yaml").unlink()
    clone.commit()
    done = clone.run(step, BEFORE=before, STACKS='["dev"]')
    assert done.code == 0, done.text
    assert "`Pulumi.prod.yaml` is removed" in done.summary
