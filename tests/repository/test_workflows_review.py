"""The steps that need no vendor and no credential, run as they stand in a clone."""

import json
from pathlib import Path

import pytest

from tests.repository.workflow_kit import Clone, Outcome
from tests.repository.workflow_steps import Step, runs

SUPERS = "members: [grace@example.com, alan@example.com]"
VALIDATE = "actions/review/Validate, with annotations on the lines"
CHANGED = "actions/review/Find the changed stacks"
PLAN = "actions/review/Plan against the base branch"
FIND = "actions/fleet/Find the commit to compare with"
LIST = "actions/fleet/List the stacks"
SHOW = "actions/fleet/Show who gains and loses what"
HAND = tuple(
    f"actions/{action}/Hand the config of before to the policy pack"
    for action in ("update", "preview")
)
HOSTILE = ["$(touch x)", "`touch x`", "; touch x", "--all", "-h", "--glob=*", "HEAD\nbefore=x"]


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def _hand(clone: Clone, step: Step, before: str, stack: str = "dev") -> Outcome:
    clone.command("pulumi", "#!/bin/sh\necho '{}'\n")
    more = {"PULUMI_CONFIG_PASSPHRASE": "", "BEGUN": "", "SINCE": ""}
    more = more if "update" in step.key else {}
    return clone.run(step, BEFORE=before, STACK=stack, **more)


def _changed(clone: Clone, step: Step, base: str, head: str = "0" * 40) -> dict[str, str]:
    done = clone.run(step, BASE=base, HEAD_SHA=head, SANDBOX_STACKS="dev dev-entra")
    assert done.code == 0, done.text
    return done.outputs


def _plan(clone: Clone, step: Step, before: str, stacks: list[str]) -> Outcome:
    return clone.run(step, BEFORE=before, STACKS=json.dumps(stacks))


@runs("actions/review/Note which pull request this is")
def test_number_is_noted_before_anything_can_fail(clone: Clone, step: Step) -> None:
    assert clone.run(step, NUMBER="7").code == 0
    assert (clone.path / "comment" / "number").read_text() == "7\n"


@runs("actions/review/Note which pull request this is")
def test_plan_that_came_with_the_pull_request_is_not_handed_over(clone: Clone, step: Step) -> None:
    (clone.path / "comment").mkdir()
    (clone.path / "comment" / "plan.md").write_text("Nothing changes.\n")
    assert clone.run(step, NUMBER="7").code == 0
    assert [file.name for file in (clone.path / "comment").iterdir()] == ["number"]


@runs(VALIDATE, "actions/approve/Validate", "actions/fleet/Validate")
def test_validate_passes_and_annotates(clone: Clone, step: Step) -> None:
    done = clone.run(step)
    assert done.code == 0, done.text
    clone.edit("kind: okta", "kind: octa")
    done = clone.run(step)
    assert done.code == 1
    assert "::error file=Pulumi.dev.yaml,line=" in done.text
    if step.key == VALIDATE:
        said = (clone.path / "comment" / "plan.md").read_text()
        assert said.startswith("**Not valid, so there is no plan.**")
        assert "Pulumi.dev.yaml" in said
        assert said == done.summary


@runs(CHANGED)
def test_changed_stacks_of_a_pull_request(clone: Clone, step: Step) -> None:
    base = clone.commit()
    assert _changed(clone, step, base) == {"before": base, "stacks": "[]", "deployed": "[]"}
    clone.another("prod")
    (clone.path / "Pulumi.prod.deploy.yaml").write_text("settings: {}\n")
    (clone.path / "README.md").write_text("x")
    clone.commit()
    found = _changed(clone, step, base)
    assert json.loads(found["deployed"]) == ["prod"]


@pytest.mark.parametrize(
    "path",
    [
        *("cfscim/more.py", "__main__.py", "Pulumi.yaml", "requirements.txt", "policy/pack.py"),
        *("components/token.py", ".github/actions/update/action.yml", "Pulumi.prod.json"),
        *("Pulumi.prod.yml", "yaml.py", "pulumi/__init__.py", "Makefile", ".pulumi.version"),
        *("sitecustomize.py", ".cloudflare-scim", "esc.yaml"),
    ],
)
@runs(CHANGED)
def test_whatever_may_change_the_program_plans_every_stack(
    clone: Clone, step: Step, path: str
) -> None:
    clone.another("prod")
    base = clone.commit()
    (clone.path / path).parent.mkdir(parents=True, exist_ok=True)
    clone.write(path, "# changed\n")
    clone.commit()
    found = _changed(clone, step, base)
    assert found == {"before": base, "stacks": '["dev", "prod"]', "deployed": '["prod"]'}


@pytest.mark.parametrize("path", ["README.md", "docs/x.md", "docs/x.svg", "tests/x.py", "LICENSE"])
@runs(CHANGED)
def test_what_only_people_read_plans_nothing(clone: Clone, step: Step, path: str) -> None:
    base = clone.commit()
    (clone.path / path).parent.mkdir(parents=True, exist_ok=True)
    clone.write(path, "changed\n")
    clone.commit()
    assert _changed(clone, step, base)["stacks"] == "[]"


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


@runs(PLAN)
def test_plan_that_is_too_long_for_a_comment_is_kept_whole(clone: Clone, step: Step) -> None:
    before = clone.commit()
    people = [f"{'long-' * 11}{n}@subsidiary-{'x' * 40}.example.com" for n in range(120)]
    clone.edit(SUPERS, f"members: [grace@example.com, alan@example.com, {', '.join(people)}]")
    clone.commit()
    _plan(clone, step, before, ["dev"])
    whole, short = (
        (clone.path / "comment" / f"{name}.md").read_text() for name in ("plan", "short")
    )
    assert all(f"| `{person}` |" in whole for person in people)
    assert "left out" not in whole
    assert "Every input, old and new" in whole
    assert len(short.encode()) <= 60_000
    assert "lines are left out" in short
    assert all(person in short for person in people)


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


@runs(*HAND)
def test_policy_pack_gets_the_config_of_before(clone: Clone, step: Step) -> None:
    before = clone.commit()
    text = (clone.path / "Pulumi.dev.yaml").read_text()
    clone.edit("Cloudflare Users", "Other Users")
    clone.commit()
    done = _hand(clone, step, before)
    assert done.code == 0, done.text
    file = clone.path / ".before" / "Pulumi.dev.yaml"
    assert file.read_text() == text
    settings = json.loads((clone.path / ".before" / "policy.json").read_text())
    given = {"beforeFile": str(file)}
    assert settings == {"removal-share": given, "waived-config": given}
    assert _hand(clone, step, before, "new").code == 0
    settings = json.loads((clone.path / ".before" / "policy.json").read_text())
    assert settings["removal-share"] == {"beforeFile": ""}


@pytest.mark.parametrize("before", ["0" * 40, "nothing"])
@runs(*HAND)
def test_missing_commit_of_before_does_not_switch_the_rule_off(
    clone: Clone, step: Step, before: str
) -> None:
    done = _hand(clone, step, before)
    assert done.code == 1
    assert [line for line in done.text.splitlines() if line.startswith("::error::")]
    assert not (clone.path / ".before" / "policy.json").exists()


@runs(HAND[0])
def test_commit_that_a_force_push_took_away_is_fetched(
    clone: Clone, step: Step, tmp_path: Path
) -> None:
    text = (clone.path / "Pulumi.dev.yaml").read_text()
    clone.edit("Cloudflare Users", "Other Users")
    clone.git("clone", "--quiet", "--bare", str(clone.path), str(tmp_path / "origin"))
    clone.git("remote", "add", "origin", str(tmp_path / "origin"))
    before = clone.commit()
    clone.git("push", "--quiet", "origin", "HEAD:refs/heads/main")
    clone.git("reset", "--quiet", "--hard", "HEAD^")
    clone.git("push", "--quiet", "--force", "origin", "HEAD:refs/heads/main")
    clone.git("reflog", "expire", "--expire=now", "--all")
    clone.git("gc", "--quiet", "--prune=now")
    done = _hand(clone, step, before)
    assert done.code == 0, done.text
    assert (clone.path / ".before" / "Pulumi.dev.yaml").read_text() != text


@runs(FIND)
def test_input_against_names_a_commit(clone: Clone, step: Step) -> None:
    first = clone.commit()
    second = clone.commit()
    clone.commit()
    clone.git("tag", "-a", "v1", "-m", "x", first)
    given = {"HEAD^": second, "v1": first, first[:12]: first, "main~2": first, "": ""}
    for against, commit in given.items():
        assert clone.run(step, AGAINST=against).outputs == {"before": commit}


@pytest.mark.parametrize("against", ["v9", "0" * 40, "HEAD:Pulumi.dev.yaml", *HOSTILE])
@runs(FIND)
def test_input_against_that_names_none_is_one_clear_line(
    clone: Clone, step: Step, against: str
) -> None:
    done = clone.run(step, AGAINST=against)
    assert (done.code, done.outputs) == (1, {})
    (line,) = done.text.splitlines()
    assert line.startswith("::error::")
    assert "write a commit, a tag or origin/<branch>" in line
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
    assert "rosalind@example.com" in done.summary
    assert "katherine@example.com" in done.summary
    assert "edsger@example.com" not in done.summary


@runs(SHOW)
def test_summary_shows_a_stack_that_is_gone(clone: Clone, step: Step) -> None:
    clone.another("prod")
    before = clone.commit()
    (clone.path / "Pulumi.prod.yaml").unlink()
    clone.commit()
    done = clone.run(step, BEFORE=before, STACKS='["dev"]')
    assert done.code == 0, done.text
    assert done.summary.count("`Pulumi.prod.yaml` is removed") == 1


@runs(LIST)
def test_list_of_all_stacks(clone: Clone, step: Step) -> None:
    clone.another("prod")
    clone.another("eu-prod")
    clone.commit()
    found = clone.run(step, ONLY="", SANDBOX_STACKS="dev").outputs
    assert found == {"stacks": '["eu-prod", "prod"]'}
    found = clone.run(step, ONLY="eu-", SANDBOX_STACKS="dev").outputs
    assert found == {"stacks": '["eu-prod"]'}


@runs(LIST)
def test_more_stacks_than_a_matrix_takes(clone: Clone, step: Step) -> None:
    for number in range(257):
        (clone.path / f"Pulumi.s{number}.yaml").write_text("config: {}\n")
    clone.commit()
    done = clone.run(step, SANDBOX_STACKS="dev", ONLY="")
    assert done.code == 1
    assert "257 stacks, and one matrix takes 256" in done.text


@runs("actions/preview/Preview")
def test_preview_runs_under_the_pack_and_keeps_the_engines_exit_code(
    clone: Clone, step: Step
) -> None:
    runner = clone.command(
        "pulumi",
        '#!/bin/sh\necho "$@" > "$GH_STUB/called"\nenv > "$GH_STUB/env"\n'
        "printf 'refused\\n~~~\\r## Nothing changes\\n'\nexit 255\n",
    )
    done = clone.run(
        step,
        STACK="prod",
        CLOUDFLARE_API_TOKEN="t",
        OKTA_API_PRIVATE_KEY="k",
        PULUMI_CONFIG_PASSPHRASE="p",
    )
    assert done.code == 255
    assert "refused" in done.summary
    # What it prints cannot end the block it stands in.
    title, _, *printed = done.summary.splitlines()
    assert all(line.startswith("    ") for line in printed), title
    called = (runner / "called").read_text()
    assert called.startswith("preview --stack prod --non-interactive")
    assert "--policy-pack-config .before/policy.json" in called
    pack = called.split("--policy-pack ")[1].split()[0]
    assert Path(pack).resolve() == clone.path / "policy"
    assert "CLOUDFLARE_API_TOKEN=t" in (runner / "env").read_text()
