"""`init` writes a stack file that reads well, validates, and passes the policy."""

import fcntl
import json
import os
import pty
import re
import select
import subprocess
import sys
import termios
from contextlib import suppress
from pathlib import Path

import pytest
import typer

from cfscim.config.messages import ScimError, UsageError
from cfscim.config.roles import ROLES
from cfscim.config.stack_file import check_stack_file
from cfscim.init import Answers, run, with_role
from cfscim.plan.command import Request
from cfscim.plan.command import run as plan
from cfscim.validate import run as validate

ROOT = Path(__file__).resolve().parents[2]
SUPER = "Super Administrator - All Privileges"
ACCOUNT = "11112222333344445555666677778888"
CSV = f"""person,role
grace@acme.io,{SUPER}
alan@acme.io,{SUPER};Administrator
bo@acme.io,
owner@acme.io,break-glass
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "people.csv").write_text(CSV)
    return tmp_path


def test_beside_a_project_nothing_is_said_of_one(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "Pulumi.yaml").write_text("name: cloudflare-scim\n")
    assert run(okta(), "people.csv", ask=False) == 0
    assert "beside it" not in capsys.readouterr().out


def okta(**more: str) -> Answers:
    given = {"stack": "prod", "provider": "okta"} | more
    given |= {"organisation": "acme"} if given["provider"] == "okta" else {}
    given |= {"account_id": ACCOUNT, "account_name": 'Acme: "Prod"'}
    return Answers(**(given | more))  # type: ignore[arg-type]


@pytest.mark.parametrize("provider", ["okta", "entra"])
def test_from_a_list_of_people_to_a_file_that_passes_the_policy(
    folder: Path, provider: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(okta(provider=provider), "people.csv", ask=False) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("Pulumi.prod.yaml is written.")
    assert "No Pulumi.yaml is beside it" in said[1]
    assert said[2].endswith(" -m cfscim validate Pulumi.prod.yaml")
    assert said[3].endswith(" -m cfscim plan --stack prod")
    checked = check_stack_file("Pulumi.prod.yaml")
    assert checked.problems == ()
    assert checked.config is not None
    assert {role.value: given.members for role, given in checked.config.roles.items()} == {
        "Administrator Read Only": (),
        "Administrator": ("alan@acme.io",),
        "Billing": (),
        SUPER: ("grace@acme.io", "alan@acme.io"),
    }
    assert checked.config.break_glass == ("owner@acme.io",)
    assert checked.config.identity_provider.users_group.members == ("bo@acme.io",)
    assert checked.config.account.name == 'Acme: "Prod"'
    assert plan(Request(stack="prod", output="json", enforce=True)) == 0


def test_the_file_reads_and_diffs_well(folder: Path) -> None:
    run(okta(), "people.csv", ask=False)
    lines = Path("Pulumi.prod.yaml").read_text().splitlines()
    assert lines[0] == "# yaml-language-server: $schema=stack.schema.json"
    assert json.loads(Path("stack.schema.json").read_text())["title"]
    people = [line.strip() for line in lines if "@" in line]
    assert people == [f"- {name}@acme.io" for name in ("alan", "grace", "alan", "owner", "bo")]
    assert sum("# Decide:" in line for line in lines) >= 4
    assert max(map(len, lines)) <= 100


def test_from_options_alone(folder: Path) -> None:
    answers = okta(tenant="", expires="")
    with_role(answers, f"{SUPER}=grace@acme.io, alan@acme.io")
    with_role(answers, "Billing=")
    assert run(answers, None, ask=False) == 0


def test_nothing_is_overwritten(folder: Path) -> None:
    Path("Pulumi.prod.yaml").write_text("mine")
    with pytest.raises(UsageError, match="here already"):
        run(okta(), "people.csv", ask=False)
    assert Path("Pulumi.prod.yaml").read_text() == "mine"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("who,what\na@acme.io,Billing\n", 'write "person,role"'),
        ("person,role\nada,Billing\n", "line 2: .*has no @"),
        ("person,role\nada@acme.io,Billing\nbo@acme.io,Admin\n", 'line 3: .*write "Administrator"'),
        ("person,role\nada@acme.io,DNS\n", "line 2: .*write one of"),
        ("", "line 1"),
        ('name,person,role\n"Doe\nJ",a@acme.io,Billing\nx,b@acme.io,No\n', "line 4: .*no role"),
        ('person,name,role\na@acme.io,"x,Billing\nb@acme.io,y,Billing\n', "line 2: .*pairs"),
        ("person,role\na@acme.io,Billing,Administrator\n", "line 2: it has 3 cells"),
        ("person,role,Role\na@acme.io,Billing,Billing\n", "line 1: two columns"),
        ("person,role\na\0@acme.io,Billing\n", "it is no text"),
    ],
)
def test_a_list_that_cannot_be_used_names_the_line(folder: Path, text: str, said: str) -> None:
    Path("people.csv").write_text(text)
    with pytest.raises(UsageError, match=said):
        run(okta(), "people.csv", ask=False)
    assert not Path("Pulumi.prod.yaml").exists()


LIST = f"person,role\ngrace@acme.io,{SUPER}\nGRACE@acme.io,{SUPER}\nalan@acme.io,{SUPER}\n"


@pytest.mark.parametrize(
    "data",
    [
        LIST.replace("\n", "\r\n").encode("utf-8-sig"),
        LIST.encode("utf-16"),
        LIST.replace(",", ";").encode(),
        f"\n\n{LIST}\n\n".replace(",", "\t").encode(),
        f"sep=;\n{LIST}".replace(",", ";").encode(),
        LIST.replace("\n", ",Zoë\n").encode("cp1252"),
        LIST.replace("person", "E-Mail Address").replace("role", "ROLE").encode(),
        f'"role","name","Person"\r\n"{SUPER}","Doe, ""G""\r\nof Acme",grace@acme.io\r\n'
        f'"{SUPER}|Billing",,alan@acme.io\r\n'.encode(),
    ],
)
def test_a_list_as_spreadsheets_save_it(folder: Path, data: bytes) -> None:
    Path("people.csv").write_bytes(data)
    assert run(okta(), "people.csv", ask=False) == 0
    config = check_stack_file("Pulumi.prod.yaml").config
    assert config is not None
    assert config.roles[ROLES[-1]].members == ("grace@acme.io", "alan@acme.io")


def test_two_stacks_of_one_organisation_validate_beside_each_other(folder: Path) -> None:
    run(okta(), "people.csv", ask=False)
    run(okta(stack="acme/lab", account_id=f"{ACCOUNT[:-1]}9"), "people.csv", ask=False)
    Path("eu").mkdir()
    run(okta(stack="eu/Pulumi.eu.yaml", account_id=f"{ACCOUNT[:-1]}a"), "people.csv", ask=False)
    assert validate([], "text") == 0
    assert Path("Pulumi.lab.yaml").is_file()
    assert Path("eu/Pulumi.eu.yaml").is_file()


def test_what_another_stack_has_is_refused_and_no_file_stays(folder: Path) -> None:
    run(okta(), "people.csv", ask=False)
    with pytest.raises(ScimError, match=r"stands in Pulumi.prod.yaml:8.*\nNothing was written"):
        run(okta(stack="lab"), "people.csv", ask=False)
    assert not Path("Pulumi.lab.yaml").exists()


def test_values_of_the_examples_are_warned_of(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = "ada@example.com,Billing\n"
    Path("people.csv").write_text(f"{Path('people.csv').read_text()}{row}")
    assert run(okta(), "people.csv", ask=False) == 0
    warned = capsys.readouterr().err
    assert "left from the examples: organisation acme" in warned
    assert "example.com" in warned


def test_every_line_that_cannot_be_used_is_named_at_once(folder: Path) -> None:
    rows = ["person,Cloudflare Role", "ada,Billing", "bo@acme.io,Administrator", "cy@acme.io,Admin"]
    Path("people.csv").write_text("\n".join([*rows, *["x,Billing"] * 30]))
    with pytest.raises(UsageError) as refused:
        run(okta(), "people.csv", ask=False)
    told = str(refused.value).splitlines()
    assert [re.search(r"line \d+", line)[0] for line in told[:3]] == ["line 2", "line 4", "line 5"]  # type: ignore[index]
    assert len(told) == 21
    assert told[-1].endswith("12 more")
    assert not Path("Pulumi.prod.yaml").exists()


def test_a_folder_that_cannot_be_written_is_one_line(folder: Path) -> None:
    with pytest.raises(ScimError, match="nowhere/Pulumi.prod.yaml: it cannot be written"):
        run(okta(stack="nowhere/Pulumi.prod.yaml"), "people.csv", ask=False)


@pytest.mark.parametrize(("typed", "code"), [(b"\x03", 130), (b"\x04", 2)])
def test_ctrl_c_and_no_more_answers_end_it_in_one_line(
    tmp_path: Path, typed: bytes, code: int
) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "cfscim", "init"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
        **dict.fromkeys(("stdin", "stdout", "stderr"), theirs),
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(theirs)
    shown = b""
    with suppress(OSError):  # the end of a pseudo-terminal
        while True:
            # Typed again where it came before anybody read.
            if not select.select([ours], [], [], 2 if b"[prod]:" in shown else 60)[0]:
                os.write(ours, typed)
            elif part := os.read(ours, 4096):
                shown += part
            else:
                break
    os.close(ours)
    assert process.wait() == code, shown
    assert b"Traceback" not in shown
    assert b"Aborted" not in shown
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"account_id": "x"}, "--account-id: .*no account id"),
        ({"organisation": "https://acme.okta.com"}, "--organisation: .*write acme"),
        ({"stack": "pr od"}, "--stack: .*no name of a stack"),
        ({"stack": "prod.deploy"}, "--stack: .*no name of a stack"),
        ({"stack": "Pulumi.eu.yml"}, "--stack: .*no name of a stack.*; write eu$"),
        ({"stack": "eu.yaml"}, "--stack: .*no name of a stack.*; write eu$"),
        ({"expires": "2001-01-01"}, "--expires: .*no day within a year"),
        ({"provider": "entra", "tenant": "acme"}, "--tenant: .*no tenant id"),
        ({"tenant": "5f0c7c59"}, "--tenant: a stack with Okta has none"),
        ({"provider": "entra", "organisation": "a"}, "--organisation: .*Entra has none"),
        ({"account_name": "", "stack": ""}, "not given: --stack, --account-name"),
    ],
)
def test_what_cannot_be_used_is_named_by_its_option(
    folder: Path, more: dict[str, str], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        run(okta(**more), "people.csv", ask=False)


@pytest.mark.parametrize("given", ["=ada@acme.io", " = ada@acme.io", "Administrator"])
def test_people_without_a_role_are_no_role(given: str) -> None:
    with pytest.raises(UsageError, match="write --role"):
        with_role(okta(), given)


def test_fewer_than_two_super_administrators_are_refused(folder: Path) -> None:
    Path("people.csv").write_text(
        f"person,role\ngrace@acme.io,{SUPER}\nGRACE@acme.io,break-glass\n"
    )
    with pytest.raises(UsageError, match="1 Super Administrator is named.*name two"):
        run(okta(), "people.csv", ask=False)


def test_a_question_is_asked_again_until_the_answer_can_be_used(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    replies = iter(
        [
            "prod",
            "aws",
            "entra",
            "short",
            ACCOUNT,
            "Acme",
            "",
            "grace@acme.io, alan@acme.io",
            "",
            "ada",
            "ada@acme.io",
            "",
            "owner@acme.io",
            "2001-01-01",
            "",
        ]
    )

    def reply(question: str, default: str | None = None, **_: object) -> str:
        return next(replies) or default or ""

    monkeypatch.setattr(typer, "prompt", reply)
    assert run(Answers(), None, ask=True) == 0
    said = capsys.readouterr().err
    assert "write okta or entra" in said
    assert "32 lower-case hex digits" in said
    assert '"ada" has no @' in said
    assert "no day within a year" in said
    checked = check_stack_file("Pulumi.prod.yaml")
    assert checked.config is not None
    assert checked.config.identity_provider.kind == "entra"


def test_without_a_terminal_what_is_missing_is_listed_with_exit_code_2(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cfscim", "init", "--stack", "prod"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 2
    assert "not given: --provider, --account-id, --account-name" in done.stderr
    assert len(done.stderr.splitlines()) == 1
