"""The steps that write to GitHub, run as they stand with a stand-in for `gh`."""

import json
from pathlib import Path

import pytest

from cfscim.gitops.drift import without_people
from tests.repository.workflow_kit import Clone, Outcome
from tests.repository.workflow_steps import Step, runs

MARKER = "<!-- cloudflare-scim plan -->\n"
COMMENT = "actions/comment/Post or edit the comment"
REPORT = "actions/report/Open, edit or close the issue"
DRIFT = "actions/drift/Refresh, expecting no changes, and verify"
HEAD = "c" * 40
Answers = list[tuple[list[str], object]]
Writes = list[dict[str, object]]


CONTENT = (
    *("cfscim/__init__.py", "cfscim/processes.py", "cfscim/gitops", "cfscim/config/__init__.py"),
    *("cfscim/config/credentials.py", "cfscim/config/json_types.py", "cfscim/config/kinds.py"),
    "cfscim/config/messages.py",
    *(f"cfscim/vendors/{name}.py" for name in ("__init__", "secrets", "within")),
)
"""What the jobs that install nothing run."""


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    made = Clone(tmp_path, CONTENT)
    (made.path / "comment").mkdir()
    (made.path / "comment" / "number").write_text("7\n")
    (made.path / "comment" / "plan.md").write_text("ada gains Billing\n")
    return made


def _run(clone: Clone, what: Step, answers: Answers, **env: str) -> tuple[Outcome, Writes]:
    clone.answers(*answers)
    done = clone.run(what, None, GH_TOKEN="t", REPOSITORY="acme/scim", **env)
    return done, [call for call in clone.calls() if "--method" in str(call["arguments"])]


def _comment(
    clone: Clone,
    step: Step,
    existing: object = (),
    head: str = HEAD,
    files: tuple[str, ...] = ("Pulumi.prod.yaml",),
    fork: str = "false",
) -> tuple[Outcome, Writes]:
    answers: Answers = [
        (["pulls/7/files"], [{"filename": name} for name in files]),
        (["pulls/7"], {"head": {"sha": head}}),
        (["issues/7/comments", "page=1"], existing),
        ([f"commits/{HEAD}/pulls"], [{"number": 7, "head": {"sha": HEAD}}]),
    ]
    run = "https://github.com/acme/scim/actions/runs/1"
    return _run(clone, step, answers, HEAD_SHA=HEAD, FROM_FORK=fork, RUN=run)


OURS = {"user": {"login": "github-actions[bot]"}, "body": MARKER + "old"}


@runs(COMMENT)
def test_first_comment_is_posted_and_names_its_commit(clone: Clone, step: Step) -> None:
    done, writes = _comment(clone, step)
    assert done.code == 0, done.text
    (write,) = writes
    assert "'POST', 'repos/acme/scim/issues/7/comments'" in str(write["arguments"])
    assert write["body"] == f"{MARKER}Plan of commit `{HEAD}`.\n\nada gains Billing\n"


@runs(COMMENT)
def test_later_comment_is_edited_in_place(clone: Clone, step: Step) -> None:
    others = {"user": {"login": "eve"}, "body": MARKER}
    existing = [{**others, "id": 1}, {**OURS, "id": 55}, {**OURS, "id": 66}]
    _, writes = _comment(clone, step, existing)
    assert len(writes) == 1
    assert "'PATCH', 'repos/acme/scim/issues/comments/55'" in str(writes[0]["arguments"])


@pytest.mark.parametrize("missing", [("plan.md",), ("plan.md", "number")])
@runs(COMMENT)
def test_outdated_plan_is_replaced_even_when_there_is_no_new_one(
    clone: Clone, step: Step, missing: tuple[str, ...]
) -> None:
    for name in missing:
        (clone.path / "comment" / name).unlink()
    done, writes = _comment(clone, step, [{**OURS, "id": 55}])
    assert done.code == 0, done.text
    (write,) = writes
    assert f"Plan of commit `{HEAD}`" in str(write["body"])
    assert "There is no plan of this commit" in str(write["body"])


@pytest.mark.parametrize(
    "path",
    ["cfscim/plan/model.py", ".github/workflows/pull-request.yml", ".cloudflare-scim", "yaml.py"],
)
@runs(COMMENT)
def test_plan_made_by_the_branchs_own_code_is_said_to_be_so(
    clone: Clone, step: Step, path: str
) -> None:
    _, writes = _comment(clone, step, files=("Pulumi.prod.yaml", path))
    body = str(writes[0]["body"])
    assert "made by the code of this very branch" in body
    assert f"`{path}`" in body
    _, writes = _comment(clone, step, files=("Pulumi.prod.yaml", "docs/x.md"))
    assert "very branch" not in str(writes[0]["body"])


@runs(COMMENT)
@pytest.mark.parametrize("path", ["a`\n\n**Approved by security.**\n`b.py", "a|b`@acme/all`.py"])
def test_name_of_a_file_is_only_a_name(clone: Clone, step: Step, path: str) -> None:
    _, writes = _comment(clone, step, files=(path,))
    said = str(writes[0]["body"]).split("ada gains Billing")[0]
    (line,) = [line for line in said.splitlines() if ".py" in line]
    assert line.startswith("> **This plan was made by the code of this very branch**")
    assert "Approved" not in said.replace(line, "")
    assert line.count("`") == 2


@runs(COMMENT)
def test_more_files_than_github_lists_count_as_code(clone: Clone, step: Step) -> None:
    _, writes = _comment(clone, step, files=("Pulumi.prod.yaml",) * 100)
    assert "more files than GitHub lists" in str(writes[0]["body"])


@runs(COMMENT)
def test_comment_of_a_fork_says_so(clone: Clone, step: Step) -> None:
    _, writes = _comment(clone, step, fork="true")
    assert "comes from a fork" in str(writes[0]["body"])


@runs(COMMENT)
def test_plan_of_another_pull_request_or_commit_is_not_posted(clone: Clone, step: Step) -> None:
    done, writes = _comment(clone, step, head="d" * 40)
    assert (done.code, writes) == (0, [])


@runs(COMMENT)
def test_comments_that_cannot_be_listed_are_not_posted_twice(clone: Clone, step: Step) -> None:
    clone.command("gh", "#!/bin/sh\nexit 1\n")
    run = {"HEAD_SHA": HEAD, "FROM_FORK": "false", "RUN": "x"}
    done = clone.run(step, None, GH_TOKEN="t", REPOSITORY="acme/scim", **run)
    assert done.code == 1
    assert not (clone.path / "body.md").exists()


@pytest.mark.parametrize("number", ["x", "7/../8", "$(touch x)", "7 8"])
@runs(COMMENT)
def test_number_that_is_none_is_refused(clone: Clone, step: Step, number: str) -> None:
    (clone.path / "comment" / "number").write_text(number)
    done, writes = _comment(clone, step)
    assert (done.code, writes) == (1, [])
    assert not (clone.path / "x").exists()


@runs(COMMENT)
def test_long_plan_is_cut_between_characters_and_says_where_it_is_whole(
    clone: Clone, step: Step
) -> None:
    (clone.path / "comment" / "plan.md").write_text("x" + "é" * 40_000 + "€" * 10_000)
    done, writes = _comment(clone, step)
    assert done.code == 0, done.text
    body = str(writes[0]["body"])
    assert 60_000 < len(body.encode()) < 65_536
    assert "the file plan.md in the artifact `comment`" in body.splitlines()[-1]


@runs(COMMENT)
def test_comment_of_a_long_plan_shows_the_short_one_and_says_where_the_whole_is(
    clone: Clone, step: Step
) -> None:
    (clone.path / "comment" / "short.md").write_text("ada gains Billing, and more\n")
    _, writes = _comment(clone, step)
    body = str(writes[0]["body"])
    assert "ada gains Billing, and more\n" in body
    assert body.splitlines()[-1].startswith("Shortened; the file plan.md in the artifact `comment`")


def _report(
    clone: Clone,
    step: Step,
    stacks: str = '["prod"]',
    result: str = "success",
    existing: int | None = None,
) -> Writes:
    body = "<!-- cloudflare-scim drift -->\n"
    listed = [{"number": existing, "body": body}] if existing else []
    given = {"RUN": "https://x/runs/1", "RESULT": result, "STACKS": stacks}
    done, writes = _run(clone, step, [(["issues?state=open"], listed)], **given)
    assert done.code == 0, done.text
    return writes


@runs(REPORT)
def test_drift_opens_one_issue_then_edits_it_then_closes_it(clone: Clone, step: Step) -> None:
    (clone.path / "drift").mkdir()
    (clone.path / "drift" / "prod.looked").write_text("")
    (clone.path / "drift" / "prod.md").write_text("token is gone\n")
    (opened,) = _report(clone, step, result="failure")
    assert "title=Cloudflare SCIM has drifted" in str(opened["arguments"])
    assert str(opened["body"]).startswith("<!-- cloudflare-scim drift -->\n")
    assert "## prod\ntoken is gone" in str(opened["body"])
    edited = _report(clone, step, result="failure", existing=12)
    assert "repos/acme/scim/issues/12" in str(edited[0]["arguments"])
    (clone.path / "drift" / "prod.md").unlink()
    closed = _report(clone, step, existing=12)
    assert "state=closed" in str(closed[-1]["arguments"])
    assert _report(clone, step) == []


@pytest.mark.parametrize(
    ("stacks", "result", "said"),
    [
        ('["prod", "lab"]', "failure", "## lab\nCould not look"),
        ('["prod", "lab"]', "success", "## lab\nCould not look"),
        ("", "skipped", "the list of stacks could not be made"),
        ('["prod"]', "cancelled", "the checks ended as cancelled"),
    ],
)
@runs(REPORT)
def test_drift_that_could_not_look_is_reported_and_closes_nothing(
    clone: Clone, step: Step, stacks: str, result: str, said: str
) -> None:
    (clone.path / "drift").mkdir()
    (clone.path / "drift" / "prod.looked").write_text("")
    (write,) = _report(clone, step, stacks, result, existing=12)
    assert "'PATCH', 'repos/acme/scim/issues/12'" in str(write["arguments"])
    assert said in str(write["body"])


@runs(REPORT)
def test_repository_without_stacks_has_no_drift(clone: Clone, step: Step) -> None:
    assert _report(clone, step, "[]", "skipped") == []


@runs(REPORT)
def test_long_findings_are_cut_and_every_stack_is_named_first(clone: Clone, step: Step) -> None:
    (clone.path / "drift").mkdir()
    names = ["a", "b", "c", "d", "e", "f", "g", "h"]
    for name in names:
        (clone.path / "drift" / f"{name}.md").write_text("x" + "é" * 12_000)
    (write,) = _report(clone, step, json.dumps(names), "failure")
    body = str(write["body"])
    assert 60_000 < len(body.encode()) <= 64_000
    assert [line for line in body.splitlines() if line.startswith("- `")] == [
        f"- `{name}`" for name in names
    ]


def _drift(
    clone: Clone, step: Step, pulumi: tuple[int, str], verify: tuple[int, str], people: str = ""
) -> Outcome:
    code, text = pulumi
    clone.command(
        "pulumi", f'#!/bin/sh\necho "$@" > "$GH_STUB/called"\necho "{text}"\nexit {code}\n'
    )
    # The step starts the program's own Python, which here stands in for `verify` alone.
    venv = clone.path / ".venv"
    if venv.is_symlink():
        venv.unlink()
    (venv / "bin").mkdir(parents=True, exist_ok=True)
    python = venv / "bin" / "python"
    code, text = verify
    python.write_text(
        '#!/bin/sh\nif [ "$2" = cfscim ]; then\n'
        f'echo "{text}"; exit {code}\nfi\n'
        "exec python3 -c \"import sys; sys.executable = '$0'; sys.path.insert(0, '');"
        ' from cfscim.gitops.__main__ import main; sys.exit(main(sys.argv[1:]))" "${@:3}"\n'.replace(
            '"${@:3}"', '"$3" "$4"'
        )
    )
    python.chmod(0o755)
    given = {"CLOUDFLARE_API_TOKEN": "t", "OKTA_API_PRIVATE_KEY": "k"}
    more = {"PULUMI_CONFIG_PASSPHRASE": "", "SHOW_PEOPLE": people}
    return clone.run(step, STACK="prod", **given, **more)


@pytest.mark.parametrize(
    ("pulumi", "verify", "said"),
    [
        ((0, "same"), (0, "holds"), None),
        ((0, "same"), (4, "not yet"), None),
        ((255, "error: no changes were expected"), (0, "holds"), "the state differs"),
        ((255, "error: no route to host"), (0, "holds"), "could not be read"),
        ((0, "same"), (1, "differs"), "`verify`: something is not as declared"),
        ((0, "same"), (3, "no answer"), "`verify`: could not look"),
    ],
)
@runs(DRIFT)
def test_drift_check_says_whether_it_differs_or_could_not_look(
    clone: Clone, step: Step, pulumi: tuple[int, str], verify: tuple[int, str], said: str | None
) -> None:
    done = _drift(clone, step, pulumi, verify)
    assert done.code == (1 if said else 0), done.text
    called = (clone.path.parent / "runner" / "called").read_text()
    assert called.startswith("refresh --stack prod --preview-only --run-program --expect-no-ch")
    assert (clone.path / "drift" / "prod.looked").exists()
    file = clone.path / "drift" / "prod.md"
    assert file.exists() == bool(said)
    if said:
        assert said in file.read_text()


@pytest.mark.parametrize(
    "address",
    [
        "ada@example.com",
        "ADA@Example.com",
        "ada%40example.com",
        "ada\\u0040example.com",
        "ada\uff20example.com",
    ],
)
@pytest.mark.parametrize("around", ["{}", "'{}'", "`{}`", "/users/{}/groups", "x={};", '["{}"]'])
def test_an_address_is_one_number_however_it_is_written(address: str, around: str) -> None:
    text = around.format(address)
    assert without_people(f"ada@example.com {text}") == f"[person 1] {around.format('[person 1]')}"


@pytest.mark.parametrize(
    "address",
    [
        "ada_example.com#EXT#@acme.onmicrosoft.com",
        "o'brien@example.com",
        "o\u2019brien@example.com",
        "a&b@example.com",
        '"a b"@example.com',
        "müller@exämple.de",
    ],
)
def test_nothing_of_an_address_is_left(address: str) -> None:
    assert without_people(f"{address} has Billing") == "[person 1] has Billing"


@runs(DRIFT)
def test_people_are_named_only_where_that_was_asked_for(clone: Clone, step: Step) -> None:
    text = "eve+x@sub.example.com has Billing, Ada.L@example.com and eve+x@sub.example.com"
    done = _drift(clone, step, (0, "same"), (1, text))
    assert done.code == 1, done.text
    said = (clone.path / "drift" / "prod.md").read_text()
    assert "[person 1] has Billing, [person 2] and [person 1]" in said
    assert "@" not in said + done.text
    _drift(clone, step, (0, "same"), (1, text), people="true")
    assert "eve+x@sub.example.com" in (clone.path / "drift" / "prod.md").read_text()
