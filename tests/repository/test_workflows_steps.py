"""The shell steps of the workflows that need no vendor, run as they stand in a clone."""

import json
from pathlib import Path

import pytest

from tests.repository.workflow_kit import Clone, Outcome
from tests.repository.workflow_steps import Step, runs

SUPERS = "members: [grace@example.com, alan@example.com]"
CHANGED = "pull-request/review/Find the changed stacks"
PLAN = "pull-request/review/Plan against the base branch"
LIST = "stacks/stacks/List the stacks"


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def _changed(clone: Clone, step: Step, base: str, head: str = "0" * 40) -> dict[str, str]:
    done = clone.run(step, BASE=base, HEAD_SHA=head, SANDBOX_STACKS="dev dev-entra")
    assert done.code == 0, done.text
    return done.outputs


def _plan(clone: Clone, step: Step, before: str, stacks: list[str]) -> Outcome:
    return clone.run(step, BEFORE=before, NUMBER="7", STACKS=json.dumps(stacks))


@runs(
    "pull-request/review/Validate, with annotations on the lines",
    "deploy/changed/Validate",
    "stacks/stacks/Validate",
)
def test_validate_passes_and_annotates(clone: Clone, step: Step) -> None:
    done = clone.run(step)
    assert done.code == 0, done.text
    clone.edit("kind: okta", "kind: octa")
    done = clone.run(step)
    assert done.code == 1
    assert "::error file=Pulumi.dev.yaml,line=" in done.text


@runs(CHANGED)
def test_changed_stacks_of_a_pull_request(clone: Clone, step: Step) -> None:
    base = clone.commit()
    assert _changed(clone, step, base) == {"before": base, "stacks": "[]", "deployed": "[]"}
    clone.another("prod")
    (clone.path / "Pulumi.prod.deploy.yaml").write_text("settings: {}\n")
    (clone.path / "README.md").write_text("x")
    clone.commit()
    found = _changed(clone, step, base)
    assert found == {"before": base, "stacks": '["prod"]', "deployed": '["prod"]'}
    (clone.path / "cfscim" / "more.py").write_text("")
    clone.commit()
    found = _changed(clone, step, base)
    assert found == {"before": base, "stacks": '["dev", "prod"]', "deployed": '["prod"]'}


@runs(CHANGED)
def test_base_that_moved_on_is_no_change(clone: Clone, step: Step) -> None:
    fork = clone.commit()
    clone.git("checkout", "--quiet", "-b", "feature")
    clone.git("checkout", "--quiet", "main")
    clone.edit("Cloudflare Users", "Other Users")
    base = clone.commit()
    clone.git("checkout", "--quiet", "feature")
    assert _changed(clone, step, base) == {"before": fork, "stacks": "[]", "deployed": "[]"}


@runs(CHANGED)
def test_merge_with_a_base_newer_than_the_event_is_compared_with_that_base(
    clone: Clone, step: Step
) -> None:
    """GitHub merges into the newest base, while the event still names the one of before."""
    stale = clone.commit()
    clone.git("checkout", "--quiet", "-b", "feature")
    clone.another("prod")
    head = clone.commit()
    clone.git("checkout", "--quiet", "main")
    clone.edit("Cloudflare Users", "Other Users")
    newest = clone.commit()
    clone.git("checkout", "--quiet", "--detach")
    clone.git("merge", "--quiet", "--no-ff", "--message", "x", "feature")
    found = _changed(clone, step, stale, head)
    assert found == {"before": newest, "stacks": '["prod"]', "deployed": '["prod"]'}


@runs(PLAN)
def test_plan_names_who_gains_and_loses(clone: Clone, step: Step) -> None:
    base = clone.commit()
    clone.edit(SUPERS, "members: [grace@example.com, edsger@example.com]")
    clone.commit()
    done = _plan(clone, step, base, ["dev"])
    assert done.code == 0, done.text
    plan = (clone.path / "comment" / "plan.md").read_text()
    assert "edsger@example.com" in plan
    assert "alan@example.com" in plan
    assert done.summary == plan
    assert (clone.path / "comment" / "number").read_text() == "7\n"


@runs(PLAN)
def test_plan_of_nothing_and_of_a_removed_stack(clone: Clone, step: Step) -> None:
    clone.another("prod")
    base = clone.commit()
    assert _plan(clone, step, base, []).summary == "No stack changes.\n"
    (clone.path / "Pulumi.prod.yaml").unlink()
    clone.commit()
    done = _plan(clone, step, base, [])
    assert done.code == 0
    assert "`Pulumi.prod.yaml` is removed" in done.summary


@runs(PLAN)
def test_plan_refused_by_a_rule_fails_and_still_comments(clone: Clone, step: Step) -> None:
    base = clone.commit()
    clone.edit("rule: token-expiry", "rule: token-rotation")
    clone.commit()
    done = _plan(clone, step, base, ["dev"])
    assert done.code == 1
    assert "token-expiry" in done.summary


@runs("deploy/changed/Find the changed stacks")
def test_changed_stacks_of_a_deployment(clone: Clone, step: Step) -> None:
    def run(before: str, only: str = "") -> dict[str, str]:
        done = clone.run(step, BEFORE=before, ONLY=only, SANDBOX_STACKS="dev")
        assert done.code == 0, done.text
        return done.outputs

    first = clone.commit()
    clone.another("prod")
    clone.commit()
    assert run(first) == {"stacks": '["prod"]', "before": first}
    assert run("0" * 40) == {"stacks": '["prod"]', "before": first}
    assert run("", only="prod") == {"stacks": '["prod"]', "before": first}
    assert run("", only="dev")["stacks"] == "[]"


@runs("deploy/changed/Show the approver who gains and loses what")
def test_approver_sees_the_plan(clone: Clone, step: Step) -> None:
    before = clone.commit()
    clone.edit(SUPERS, "members: [grace@example.com, edsger@example.com]")
    clone.commit()
    done = clone.run(step, BEFORE=before, STACKS='["dev"]')
    assert done.code == 0, done.text
    assert "edsger@example.com" in done.summary


@runs("drift/stacks/List the stacks", LIST)
def test_list_of_all_stacks(clone: Clone, step: Step) -> None:
    clone.another("prod")
    clone.commit()
    more = {"ONLY": "pro"} if step.key == LIST else {}
    assert clone.run(step, None, SANDBOX_STACKS="dev", **more).outputs == {"stacks": '["prod"]'}


@runs(LIST)
def test_more_stacks_than_a_matrix_takes(clone: Clone, step: Step) -> None:
    for number in range(257):
        (clone.path / f"Pulumi.s{number}.yaml").write_text("config: {}\n")
    clone.commit()
    done = clone.run(step, SANDBOX_STACKS="dev", ONLY="")
    assert done.code == 1
    assert "more than 256 stacks" in done.text
