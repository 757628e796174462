"""The steps of a deployment, run as they stand: what the approver sees, who may approve what, and
the update itself with stand-ins for `pulumi` and for GitHub."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from sandbox.server.server import Sandbox
from tests.repository.workflow_kit import Clone, Outcome
from tests.repository.workflow_steps import ROOT, Step, runs
from tests.verify.verify_support import Stack, set_up

DUE = "actions/approve/Find the stacks that are due"
TIP = ("actions/approve/Only the tip of the branch", "actions/update/Only the tip of the branch")
CONFIRM = "actions/update/What was approved is what was last verified"
VERIFY = "actions/update/Verify what the vendors really have"
SUPERS = "members: [grace@example.com, alan@example.com]"
SECRETS = {
    "CLOUDFLARE_API_TOKEN": "t",
    "OKTA_API_PRIVATE_KEY": "",
    "PULUMI_CONFIG_PASSPHRASE": "",
}
# A stand-in for the engine: tags in one file, the state's resources in another.
PULUMI = """#!/usr/bin/env python3
import json, os, sys
from pathlib import Path
folder = Path(os.environ["GH_STUB"])
with (folder / "calls.jsonl").open("a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\\n")
tags, state = folder / "tags.json", folder / "state.json"
if (folder / "broken").exists():
    sys.exit("error: could not list the bucket")
if sys.argv[1:4] == ["stack", "tag", "ls"]:
    print(tags.read_text() if tags.exists() else "{}")
elif sys.argv[1:4] == ["stack", "tag", "set"]:
    known = json.loads(tags.read_text()) if tags.exists() else {}
    tags.write_text(json.dumps({**known, sys.argv[4]: sys.argv[5]}))
elif sys.argv[1:4] == ["stack", "tag", "rm"]:
    tags.write_text(json.dumps({k: v for k, v in json.loads(tags.read_text()).items() if k != sys.argv[4]}))
elif sys.argv[1:3] == ["stack", "export"]:
    print(state.read_text() if state.exists() else "{}")
elif sys.argv[1:3] == ["stack", "output"]:
    print((folder / "outputs.json").read_text())
elif sys.argv[1] == "up":
    sys.exit(int((folder / "up").read_text()) if (folder / "up").exists() else 0)
"""


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    made = Clone(tmp_path)
    made.command("pulumi", PULUMI)
    return made


def _deployments(clone: Clone, **history: list[tuple[str, list[str]]]) -> None:
    """Stack -> its deployments, newest first: the commit, and the states it went through."""
    answers: list[tuple[list[str], object]] = []
    number = 0
    for stack, listed in history.items():
        deployments = []
        for commit, states in listed:
            number += 1
            deployments.append({"id": number, "sha": commit, "environment": stack})
            statuses = [{"state": state} for state in states]
            answers.append(([f"deployments/{number}/statuses"], statuses))
        answers.append(([f"deployments?environment={stack}&"], deployments))
    answers.append((["deployments?environment="], []))
    clone.answers(*answers)


def _due(clone: Clone, step: Step, only: str = "", since: str = "") -> Outcome:
    given = {"ONLY": only, "SINCE": since, "SANDBOX_STACKS": "dev"}
    return clone.run(step, GH_TOKEN="t", REPOSITORY="acme/scim", **given)


def _stacks(done: Outcome) -> dict[str, str]:
    assert done.code == 0, done.text
    return {one["stack"]: one["before"] for one in json.loads(done.outputs["stacks"])}


@runs(DUE)
def test_what_is_due_is_compared_with_each_stacks_last_verified_deployment(
    clone: Clone, step: Step
) -> None:
    clone.another("prod")
    clone.another("lab")
    first = clone.commit()
    clone.edit("katherine@example.com", "rosalind@example.com", "Pulumi.prod.yaml")
    second = clone.commit()
    (clone.path / "README.md").write_text("x")
    clone.commit()
    _deployments(clone, prod=[(first, ["success"])], lab=[(first, ["inactive", "success"])])
    assert _stacks(_due(clone, step)) == {"prod": first}
    _deployments(clone, prod=[(second, ["success"])], lab=[(first, ["success"])])
    assert _stacks(_due(clone, step)) == {}
    assert _stacks(_due(clone, step, only="lab")) == {"lab": first}
    # Waiting, refused and failed deployments are none.
    waiting = [(second, states) for states in (["waiting"], ["failure"], ["error"], [])]
    _deployments(clone, prod=[*waiting, (first, ["success"])], lab=[(first, ["success"])])
    assert _stacks(_due(clone, step)) == {"prod": first}
    _deployments(clone)
    assert _stacks(_due(clone, step)) == {"lab": "", "prod": ""}
    assert _stacks(_due(clone, step, only="prod", since=first[:10])) == {"prod": first}


@runs(DUE)
def test_a_stack_cannot_take_the_record_of_another_one_by_its_name(
    clone: Clone, step: Step
) -> None:
    first = clone.commit()
    name = "prod&per_page=1"
    clone.another(name)
    clone.commit()
    _deployments(clone, prod=[(first, ["success"])])
    assert _stacks(_due(clone, step)) == {name: ""}


BEGAN = ["failure", "in_progress", "waiting"]
SHOW = "actions/approve/Show the approver who gains and loses what"


@runs(DUE)
def test_every_update_that_began_since_is_compared_with(clone: Clone, step: Step) -> None:
    clone.another("prod")
    first = clone.commit()
    begun = [clone.commit(), clone.commit()]
    _deployments(clone, prod=[(begun[0], ["failure", "waiting"]), (first, ["success"])])
    assert _stacks(_due(clone, step)) == {}
    listed = [(begun[1], BEGAN), (begun[0], BEGAN), (first, ["success"]), ("b" * 40, BEGAN)]
    _deployments(clone, prod=listed)
    (found,) = json.loads(_due(clone, step).outputs["stacks"])
    assert found == {"stack": "prod", "before": first, "begun": f"{begun[1]} {begun[0]}"}
    _deployments(clone, prod=listed[:1])
    (found,) = json.loads(_due(clone, step).outputs["stacks"])
    assert found == {"stack": "prod", "before": "", "begun": begun[1]}
    # What nobody can look at any more stops the job, and a person alone may pass over it.
    _deployments(clone, prod=[("b" * 40, BEGAN), *listed])
    done = _due(clone, step)
    assert (done.code, done.outputs) == (1, {})
    assert "since: the commit that was last deployed" in done.text
    done = _due(clone, step, only="prod", since=first)
    assert json.loads(done.outputs["stacks"])[0]["begun"] == f"{begun[1]} {begun[0]}"
    assert "::warning::stack prod: an update from bbbbbbbbbbbb began" in done.text


@runs(DUE)
def test_stack_by_another_name_is_compared_with_the_one_it_takes_the_place_of(
    clone: Clone, step: Step
) -> None:
    clone.another("prod")
    first = clone.commit()
    (clone.path / "Pulumi.prod.yaml").rename(clone.path / "Pulumi.production.yaml")
    clone.commit()
    _deployments(clone, prod=[(first, ["success"])])
    (found,) = json.loads(_due(clone, step).outputs["stacks"])
    assert found == {"stack": "production", "before": "", "begun": f"{first}/prod"}
    clone.edit("0f1e2d3c4b5a69788796a5b4c3d2e1f0", "a" * 32, "Pulumi.production.yaml")
    clone.commit()
    (found,) = json.loads(_due(clone, step).outputs["stacks"])
    assert found == {"stack": "production", "before": ""}


def _who(name: str) -> str:
    return f"members: [grace@example.com, alan@example.com, {name}@example.com]"


@runs(SHOW)
def test_approver_sees_what_updates_that_were_taken_back_may_have_left(
    clone: Clone, step: Step
) -> None:
    before = clone.commit()
    clone.edit(SUPERS, _who("eve"))
    begun = [clone.commit()]
    clone.edit(_who("eve"), "members: [grace@example.com, mallory@example.com]")
    begun.append(clone.commit())
    clone.edit("members: [grace@example.com, mallory@example.com]", SUPERS)
    clone.commit()
    found = [{"stack": "dev", "before": before, "begun": " ".join(begun)}]
    done = clone.run(step, STACKS=json.dumps(found))
    first = done.summary.split("## All that differs from")[0]
    for commit in begun:
        assert f"An update of `dev` from `{commit[:12]}` began since" in first
        assert f"## All that differs from `{commit[:12]}`" in done.summary
    assert "`alan@example.com` gains **Super" in first
    assert "`eve@example.com` and `mallory@example.com` lose **Super" in first
    assert "Gain a role: 1, lose one: 2" in first
    # Two of the four that may have the role may go at most, which is more than a quarter.
    assert done.code == 1
    assert "from 2 of 3 people who have Super Administrator" in first


@runs(SHOW)
def test_people_of_the_stack_whose_place_is_taken_are_counted(clone: Clone, step: Step) -> None:
    clone.another("prod")
    before = clone.commit()
    (clone.path / "Pulumi.prod.yaml").rename(clone.path / "Pulumi.production.yaml")
    clone.edit(SUPERS, "members: []", "Pulumi.production.yaml")
    clone.commit()
    found = [{"stack": "production", "before": "", "begun": f"{before}/prod"}]
    done = clone.run(step, STACKS=json.dumps(found))
    assert done.code == 1
    assert "`production` takes the place of `prod`" in done.summary
    assert "Refused by removal-share" in done.summary


@runs(DUE)
def test_program_that_changed_makes_every_stack_due(clone: Clone, step: Step) -> None:
    clone.another("prod")
    first = clone.commit()
    (clone.path / "components" / "more.py").write_text("")
    clone.commit()
    _deployments(clone, prod=[(first, ["success"])])
    assert _stacks(_due(clone, step)) == {"prod": first}


@runs(DUE)
def test_record_that_cannot_be_read_or_found_stops_the_job(clone: Clone, step: Step) -> None:
    clone.another("prod")
    clone.commit()
    _deployments(clone, prod=[("0" * 40, ["success"])])
    done = _due(clone, step)
    assert done.code == 1
    assert "removals cannot be counted" in done.text
    clone.command("gh", "#!/bin/sh\necho 'HTTP 502: bad gateway' >&2\nexit 1\n")
    done = _due(clone, step)
    assert (done.code, done.outputs) == (1, {})
    assert done.text.startswith("::error::GitHub, repos/acme/scim/deployments")
    _deployments(clone)
    assert _due(clone, step, only="no").code == 1
    assert _due(clone, step, since="HEAD").code == 1


@runs(SHOW)
def test_approver_sees_everything_since_the_last_verified_deployment(
    clone: Clone, step: Step
) -> None:
    clone.another("prod")
    before = clone.commit()
    clone.edit(SUPERS, "members: [grace@example.com, edsger@example.com]")
    clone.commit()
    (clone.path / "components" / "more.py").write_text("")
    clone.commit()
    found = [{"stack": "dev", "before": before}, {"stack": "prod", "before": ""}]
    done = clone.run(step, STACKS=json.dumps(found))
    assert done.code == 0, done.text
    assert f"Compared with `{before[:12]}`, last deployed and verified: `dev`." in done.summary
    assert "edsger@example.com" in done.summary
    assert "The program itself changed since then" in done.summary
    assert "`components/more.py`" in done.summary
    assert "Never deployed from here, so that everything is new: `prod`." in done.summary
    # Whatever each is compared with, the riskiest lines of all come first.
    first, _, rest = done.summary.partition("## Stack ")
    for text in ("Of all stacks, look at this first", "Every role that is gained"):
        assert f"### {text}" in first
        assert text not in rest
    assert "`edsger@example.com`" in first
    assert "`katherine@example.com`" in first
    assert "katherine@example.com" in done.summary
    assert clone.run(step, STACKS="[]").summary == "Nothing is to be deployed.\n"


@runs(SHOW)
def test_what_a_rule_refuses_is_not_offered_for_approval(clone: Clone, step: Step) -> None:
    before = clone.commit()
    clone.edit("rule: token-expiry", "rule: token-rotation")
    clone.commit()
    done = clone.run(step, STACKS=json.dumps([{"stack": "dev", "before": before}]))
    assert done.code == 1
    assert "token-expiry" in done.summary


def _tip(clone: Clone, step: Step, **env: str) -> Outcome:
    given = {"GH_TOKEN": "t", "REPOSITORY": "acme/scim", "BRANCH": "main", "COMMIT": "a" * 40}
    more = {"APPROVAL": "environment", "APPROVERS": "", "ACTOR": "ada"}
    return clone.run(step, **{**given, **more, **env})


@runs(*TIP)
def test_only_the_tip_is_deployed(clone: Clone, step: Step) -> None:
    clone.answers((["git/ref/heads/main"], {"object": {"sha": "a" * 40}}))
    assert _tip(clone, step).code == 0
    clone.answers((["git/ref/heads/main"], {"object": {"sha": "b" * 40}}))
    done = _tip(clone, step)
    assert done.code == 1
    assert "approve the newest run instead" in done.text
    clone.answers()
    assert _tip(clone, step).code == 1


@pytest.mark.parametrize("key", TIP)
def test_a_run_of_another_branch_is_held_against_the_default_branch(key: str) -> None:
    _, action, name = key.split("/", 2)
    file = ROOT / ".github" / "actions" / action / "action.yml"
    steps = yaml.safe_load(file.read_text())["runs"]["steps"]
    (step,) = (step for step in steps if step["name"] == name)
    assert step["env"]["BRANCH"] == "${{ github.event.repository.default_branch }}"


@runs(*TIP)
def test_run_started_by_hand_is_an_approval_of_somebody_elses_change(
    clone: Clone, step: Step
) -> None:
    tip: tuple[list[str], object] = (["git/ref/heads/main"], {"object": {"sha": "a" * 40}})
    clone.answers(tip, (["commits/" + "a" * 40], {"author": {"login": "Grace"}}))
    given = {"APPROVAL": "dispatch", "APPROVERS": "Ada grace"}
    assert _tip(clone, step, **given, ACTOR="ada").code == 0
    for actor, said in (("eve", "not in the variable APPROVERS"), ("grace", "of their own")):
        done = _tip(clone, step, **given, ACTOR=actor)
        assert done.code == 1
        assert said in done.text
    assert _tip(clone, step, APPROVAL="dispatch", APPROVERS="", ACTOR="ada").code == 1
    # Somebody else's merge of one's own change is still one's own change.
    parents = [{"sha": "c" * 40}, {"sha": "d" * 40}]
    merge = {"author": {"login": "bob"}, "parents": parents}
    clone.answers(
        tip,
        (["commits/" + "a" * 40], merge),
        (["commits/" + "d" * 40], {"author": {"login": "grace"}}),
    )
    assert _tip(clone, step, **given, ACTOR="ada").code == 0
    assert "of their own" in _tip(clone, step, **given, ACTOR="grace").text


def _confirm(clone: Clone, step: Step, before: str, since: str = "", begun: str = "") -> Outcome:
    commits = {"BEFORE": before, "SINCE": since, "BEGUN": begun, "COMMIT": "c" * 40}
    given = {"GH_TOKEN": "t", "REPOSITORY": "acme/scim", "PULUMI_CONFIG_PASSPHRASE": ""}
    return clone.run(step, STACK="prod", **given, **commits)


@runs(CONFIRM)
def test_approval_holds_only_for_what_it_was_compared_with(clone: Clone, step: Step) -> None:
    runner = clone.command("pulumi", PULUMI)
    clone.answers()
    first, second = clone.git("rev-parse", "HEAD"), "b" * 40
    # A new stack: nothing recorded, nothing there.
    assert _confirm(clone, step, "").code == 0
    done = _confirm(clone, step, first)
    assert done.code == 1
    assert "its state is empty" in done.text
    resources = [{"type": "pulumi:pulumi:Stack"}, {"type": "okta:group/group:Group"}]
    (runner / "state.json").write_text(json.dumps({"deployment": {"resources": resources}}))
    # Deployed by something that left no record.
    done = _confirm(clone, step, "")
    assert done.code == 1
    assert "no record of a verified deployment" in done.text
    assert _confirm(clone, step, first).code == 1
    assert _confirm(clone, step, first, since=first).code == 0
    # Updated from here and never verified, as Okta's first state is: all was shown as new.
    (runner / "tags.json").write_text(json.dumps({"cloudflare-scim:attempted-b": second}))
    assert _confirm(clone, step, "", begun=second).code == 0
    assert _confirm(clone, step, first, begun=second).code == 1
    # An update that began after the summary was made.
    done = _confirm(clone, step, "")
    assert done.code == 1
    assert "an update from bbbbbbbbbbbb began" in done.text
    (runner / "tags.json").write_text(json.dumps({"cloudflare-scim:verified": first}))
    assert _confirm(clone, step, first).code == 0
    more = {"cloudflare-scim:verified": first, "cloudflare-scim:attempted-c": "c" * 40}
    (runner / "tags.json").write_text(json.dumps(more))
    # The same one, run again.
    assert _confirm(clone, step, first).code == 0
    for other in (second, ""):
        done = _confirm(clone, step, other)
        assert done.code == 1
        assert f"since: {first}" in done.text
    (runner / "broken").write_text("")
    done = _confirm(clone, step, first)
    assert done.code == 1
    assert "could not list the bucket" in done.text


@runs(CONFIRM)
def test_approval_ends_where_a_stack_of_the_same_place_was_deployed_since(
    clone: Clone, step: Step
) -> None:
    """After a force-push git knows nothing of the other one; its environment is there still."""
    clone.command("pulumi", PULUMI)
    clone.another("prod")
    clone.another("production")
    other = clone.commit()
    (clone.path / "Pulumi.production.yaml").unlink()
    clone.git("add", "--all")
    clone.git("commit", "--quiet", "--amend", "--message", "as if it never was")
    clone.answers(
        (["environments?"], {"environments": [{"name": "prod"}, {"name": "production"}]}),
        (["deployments?environment=production&"], [{"id": 7, "sha": other}]),
        (["deployments/7/statuses"], [{"state": "success"}]),
    )
    done = _confirm(clone, step, "")
    assert done.code == 1
    assert f"an update from {other[:12]}/production began since" in done.text
    assert f"stack: prod and since: nothing {other}/production" in done.text
    # What a person names does not pass over it either; named as the line says, it is shown.
    assert _confirm(clone, step, "", since="nothing").code == 1
    assert _confirm(clone, step, "", f"nothing {other}/production", f"{other}/production").code == 0
    assert _confirm(clone, step, "", begun=f"{other}/production").code == 0


@runs("actions/update/Record the deployment as verified")
def test_verified_deployment_is_recorded_with_the_stack(clone: Clone, step: Step) -> None:
    runner = clone.command("pulumi", PULUMI)
    given = {"STACK": "prod", "PULUMI_CONFIG_PASSPHRASE": ""}
    (runner / "tags.json").write_text(json.dumps({"cloudflare-scim:attempted-b": "b" * 40}))
    assert clone.run(step, **given, COMMIT="a" * 40).code == 0
    tags = json.loads((runner / "tags.json").read_text())
    assert tags == {"cloudflare-scim:verified": "a" * 40}
    assert clone.run(step, **given, COMMIT="main").code == 1


@runs("actions/update/Update")
def test_update_runs_under_the_pack_with_the_stacks_own_credentials(
    clone: Clone, step: Step
) -> None:
    runner = clone.command("pulumi", PULUMI)
    done = clone.run(step, STACK="prod", COMMIT="a" * 40, **SECRETS)
    assert done.code == 0, done.text
    lines = [json.loads(line) for line in (runner / "calls.jsonl").read_text().splitlines()]
    (called,) = (line for line in lines if line[0] == "up")
    assert called[:3] == ["up", "--stack", "prod"]
    assert called[called.index("--policy-pack-config") + 1] == ".before/policy.json"
    pack = Path(called[called.index("--policy-pack") + 1])
    assert pack.resolve() == clone.path / "policy"
    attempted = json.loads((runner / "tags.json").read_text())
    assert attempted[f"cloudflare-scim:attempted-{'a' * 12}"].split()[0] == "a" * 40
    (runner / "up").write_text("255")
    assert clone.run(step, STACK="prod", COMMIT="b" * 40, **SECRETS).code == 255
    # Cut off or refused, each counts until one is verified.
    both = json.loads((runner / "tags.json").read_text())
    assert [value.split()[0] for value in both.values()] == ["a" * 40, "b" * 40]


COMMANDS = ("actions/update/Preflight", "actions/update/Adopt what an earlier update left behind")


@runs(*COMMANDS)
def test_what_stands_in_the_way_stops_before_the_update(clone: Clone, step: Step) -> None:
    (clone.path / ".venv").unlink()
    python = clone.path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    for code in (0, 1, 3):
        python.write_text(f'#!/bin/sh\necho "$@" > "$GH_STUB/called"\nexit {code}\n')
        python.chmod(0o755)
        assert clone.run(step, STACK="prod", **SECRETS).code == code
    called = (clone.path.parent / "runner" / "called").read_text().split()
    command = "preflight" if step.key == COMMANDS[0] else "adopt"
    assert called[:5] == ["-m", "cfscim", command, "--stack", "prod"]
    assert ("--import" in called) == (command == "adopt")


@runs(VERIFY)
def test_not_yet_delivered_is_said_to_be_so(clone: Clone, step: Step) -> None:
    (clone.path / ".venv").unlink()
    python = clone.path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "$@" > "$GH_STUB/called"\nexit 4\n')
    python.chmod(0o755)
    done = clone.run(step, STACK="prod", MINUTES="60", **SECRETS)
    assert done.code == 4
    assert "::error::nothing is wrong, but not yet delivered after 60 minutes" in done.text
    called = (clone.path.parent / "runner" / "called").read_text().split()
    assert called[2:] == ["verify", "--stack", "prod", "--wait", "60"]


@pytest.fixture
def stack(sandbox: Sandbox) -> Iterator[Stack]:
    yield set_up(sandbox, "okta", "userGroups", "account")
    sandbox.world.reset()


@runs(VERIFY)
def test_deployment_is_red_when_a_vendor_differs(
    clone: Clone, step: Step, stack: Stack, sandbox: Sandbox
) -> None:
    runner = clone.command("pulumi", PULUMI)
    (runner / "outputs.json").write_text(json.dumps(stack.printed))
    config = yaml.safe_dump({"config": dict(stack.given)}, sort_keys=False)
    (clone.path / "Pulumi.dev.yaml").write_text(config)
    given = {**SECRETS, "CLOUDFLARE_API_TOKEN": stack.env["CLOUDFLARE_API_TOKEN"]}
    done = clone.run(step, stack.env, STACK="dev", MINUTES="0", **given)
    assert done.code == 0, done.text
    sandbox.world.cloudflare.tokens.clear()
    done = clone.run(step, stack.env, STACK="dev", MINUTES="0", **given)
    assert done.code == 1
    assert "cloudflare.token" in done.text


def test_deployment_needs_a_person_and_a_branch_of_its_own() -> None:
    up = yaml.safe_load((ROOT / ".github/workflows/deploy.yml").read_text())["jobs"]["up"]
    assert up["environment"] == "${{ matrix.stack }}"
    assert "vars.APPROVAL != 'dispatch'" in up["if"]
