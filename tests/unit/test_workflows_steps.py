"""The shell steps of the workflows that need no vendor, run as they stand in a clone."""

import json
from pathlib import Path

import pytest

from tests.unit.workflow_kit import ROOT, Clone, Outcome, step

SUPERS = "members: [grace@example.com, alan@example.com]"
PULL = ("pull-request", "review")


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def _edit(clone: Clone, old: str, new: str, file: str = "Pulumi.dev.yaml") -> None:
    path = clone.path / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def _another(clone: Clone, name: str) -> None:
    text = (ROOT / "examples" / "Pulumi.okta-prod.yaml").read_text()
    (clone.path / f"Pulumi.{name}.yaml").write_text(text.replace("../schema", "schema"))


def _changed(clone: Clone, base: str) -> Outcome:
    done = clone.run(
        step(*PULL, "Find the changed stacks"), BASE=base, SANDBOX_STACKS="dev dev-entra"
    )
    assert done.code == 0, done.text
    return done


def _plan(clone: Clone, base: str, stacks: list[str]) -> Outcome:
    what = step(*PULL, "Plan against the base branch")
    return clone.run(what, BASE=base, NUMBER="7", STACKS=json.dumps(stacks))


def test_validate_passes_and_annotates(clone: Clone) -> None:
    what = step(*PULL, "Validate, with annotations on the lines")
    assert clone.run(what).code == 0
    _edit(clone, "kind: okta", "kind: octa")
    done = clone.run(what)
    assert done.code == 1
    assert "::error file=Pulumi.dev.yaml,line=" in done.text


def test_changed_stacks_of_a_pull_request(clone: Clone) -> None:
    base = clone.commit()
    assert _changed(clone, base).outputs == {"stacks": "[]", "deployed": "[]"}
    _another(clone, "prod")
    (clone.path / "Pulumi.prod.deploy.yaml").write_text("settings: {}\n")
    (clone.path / "README.md").write_text("x")
    clone.commit()
    assert _changed(clone, base).outputs == {"stacks": '["prod"]', "deployed": '["prod"]'}
    (clone.path / "scim" / "more.py").write_text("")
    clone.commit()
    found = _changed(clone, base).outputs
    assert found == {"stacks": '["dev", "prod"]', "deployed": '["prod"]'}


def test_base_that_moved_on_is_no_change(clone: Clone) -> None:
    clone.git("checkout", "--quiet", "-b", "feature")
    clone.git("checkout", "--quiet", "main")
    _edit(clone, "Cloudflare Users", "Other Users")
    base = clone.commit()
    clone.git("checkout", "--quiet", "feature")
    assert _changed(clone, base).outputs["stacks"] == "[]"


def test_plan_names_who_gains_and_loses(clone: Clone) -> None:
    base = clone.commit()
    _edit(clone, SUPERS, "members: [grace@example.com, edsger@example.com]")
    clone.commit()
    done = _plan(clone, base, ["dev"])
    assert done.code == 0, done.text
    plan = (clone.path / "comment" / "plan.md").read_text()
    assert "edsger@example.com" in plan
    assert "alan@example.com" in plan
    assert done.summary == plan
    assert (clone.path / "comment" / "number").read_text() == "7\n"


def test_plan_of_nothing_and_of_a_removed_stack(clone: Clone) -> None:
    _another(clone, "prod")
    base = clone.commit()
    assert _plan(clone, base, []).summary == "No stack changes.\n"
    (clone.path / "Pulumi.prod.yaml").unlink()
    clone.commit()
    done = _plan(clone, base, [])
    assert done.code == 0
    assert "`Pulumi.prod.yaml` is removed" in done.summary


def test_plan_refused_by_a_rule_fails_and_still_comments(clone: Clone) -> None:
    base = clone.commit()
    _edit(clone, "rule: token-expiry", "rule: token-rotation")
    clone.commit()
    done = _plan(clone, base, ["dev"])
    assert done.code == 1
    assert "token-expiry" in done.summary


def test_changed_stacks_of_a_deployment(clone: Clone) -> None:
    what = step("deploy", "changed", "Find the changed stacks")

    def run(before: str, only: str = "") -> dict[str, str]:
        done = clone.run(what, BEFORE=before, ONLY=only, SANDBOX_STACKS="dev")
        assert done.code == 0, done.text
        return done.outputs

    first = clone.commit()
    _another(clone, "prod")
    clone.commit()
    assert run(first) == {"stacks": '["prod"]', "before": first}
    assert run("0" * 40) == {"stacks": '["prod"]', "before": first}
    assert run("", only="prod") == {"stacks": '["prod"]', "before": first}
    assert run("", only="dev")["stacks"] == "[]"


def test_approver_sees_the_plan(clone: Clone) -> None:
    before = clone.commit()
    _edit(clone, SUPERS, "members: [grace@example.com, edsger@example.com]")
    clone.commit()
    what = step("deploy", "changed", "Show the approver who gains and loses what")
    done = clone.run(what, BEFORE=before, STACKS='["dev"]')
    assert done.code == 0, done.text
    assert "edsger@example.com" in done.summary


@pytest.mark.parametrize(("workflow", "job"), [("deploy", "up"), ("pull-request", "preview")])
def test_policy_pack_gets_the_config_of_before(clone: Clone, workflow: str, job: str) -> None:
    what = step(workflow, job, "Hand the config of before to the policy pack")
    before = clone.commit()
    text = (clone.path / "Pulumi.dev.yaml").read_text()
    _edit(clone, "Cloudflare Users", "Other Users")
    clone.commit()
    assert clone.run(what, BEFORE=before, STACK="dev").code == 0
    assert (clone.path / ".before" / "Pulumi.dev.yaml").read_text() == text
    settings = json.loads((clone.path / ".before" / "policy.json").read_text())
    assert settings["removal-share"] == {"beforeFile": ".before/Pulumi.dev.yaml"}
    assert clone.run(what, BEFORE=before, STACK="new").code == 0
    settings = json.loads((clone.path / ".before" / "policy.json").read_text())
    assert settings["removal-share"] == {"beforeFile": ""}


@pytest.mark.parametrize(("workflow", "more"), [("drift", {}), ("stacks", {"ONLY": "pro"})])
def test_list_of_all_stacks(clone: Clone, workflow: str, more: dict[str, str]) -> None:
    _another(clone, "prod")
    clone.commit()
    done = clone.run(step(workflow, "stacks", "List the stacks"), SANDBOX_STACKS="dev", **more)
    assert done.outputs == {"stacks": '["prod"]'}


def test_more_stacks_than_a_matrix_takes(clone: Clone) -> None:
    for number in range(257):
        (clone.path / f"Pulumi.s{number}.yaml").write_text("config: {}\n")
    clone.commit()
    done = clone.run(step("stacks", "stacks", "List the stacks"), SANDBOX_STACKS="dev", ONLY="")
    assert done.code == 1
    assert "more than 256 stacks" in done.text
