"""Every shipped stack ends green on the sandbox; a kept one is updated on its second day."""

import os
import re
import shlex
import shutil
import signal
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
import yaml

from cfscim.config import okta_switches
from cfscim.config.messages import MissingError, ScimError, UsageError
from cfscim.config.models import UserFilter, parse_config
from cfscim.config.okta_switches import Page, Switch
from cfscim.config.words import OPERATORS
from cfscim.up.command import Request, run
from cfscim.up.people import Seed, kept_out, meeting, meets, read_people, seeds
from cfscim.up.sandbox_process import find_kept
from tests.configs import SUPER, config_object

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(path.name for path in (ROOT / "examples").glob("Pulumi.*.yaml"))


@pytest.fixture(autouse=True)
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests are of the rehearsal; tests/engine has those of the engine."""
    path = os.environ["PATH"].split(os.pathsep)
    without = [folder for folder in path if shutil.which("pulumi", path=folder) is None]
    monkeypatch.setenv("PATH", os.pathsep.join(without))
    monkeypatch.setattr("cfscim.up.engine._network", lambda: False)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_shipped_example_ends_green(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(Request(str(ROOT / "examples" / name))) == 0
    said = capsys.readouterr().out
    assert "preflight: ready" in said
    assert said.count("switched virtual groups on") == ("virtual" in name)
    assert "All as declared" in said


OWN = {"id": "c" * 32, "name": "Own Corp"}
NOBODY = {role: [] for role in ("Administrator Read Only", "Administrator", "Billing")}


@pytest.mark.parametrize(
    ("people", "more"),
    [
        ({**NOBODY, "Billing": ["bo@own.io"]}, {"breakGlass": ["a@own.io", "b@own.io"]}),
        ({**NOBODY, SUPER: ["grace@own.io", "alan@own.io"]}, {}),
        (
            {"Billing": ["bo@own.io"], SUPER: ["grace@own.io"]},
            {"breakGlass": ["a@own.io"], "token": {"owner": "user"}},
        ),
    ],
)
def test_a_stack_of_one_s_own_people_ends_green(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], people: dict, more: dict
) -> None:
    config = config_object(members=people, account=OWN, provider={"orgName": "own"}, **more)
    file = tmp_path / "Pulumi.own.yaml"
    file.write_text(yaml.safe_dump({"config": {"cloudflare-scim:scim": config}}))
    assert run(Request(str(file))) == 0
    said = capsys.readouterr().out
    assert "All as declared" in said
    assert "example.com" not in said


def test_a_new_switch_that_no_api_sets_is_set_in_the_console_beside_the_api(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    switch = Switch("Sync Badges", "PUSH_BADGES", Page.TO_APP, on=True)
    monkeypatch.setattr(okta_switches, "SWITCHES", (*okta_switches.SWITCHES, switch))
    by_api = {"orgName": "own", "apiIntegration": "api", "catalogApp": "zscalerbyz"}
    config = config_object(account=OWN, provider=by_api, breakGlass=["a@own.io", "b@own.io"])
    file = tmp_path / "Pulumi.own.yaml"
    file.write_text(yaml.safe_dump({"config": {"cloudflare-scim:scim": config}}))
    assert run(Request(str(file), whole=True)) == 0
    assert "Sync Badges" in capsys.readouterr().out


def test_the_second_day_of_a_kept_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text((ROOT / "Pulumi.dev.yaml").read_text())
    monkeypatch.setenv("OKTA_API_PRIVATE_KEY", "of a real organisation")
    assert run(Request("dev", keep=True)) == 0
    said = capsys.readouterr().out
    [address] = set(re.findall(r"--sandbox (http://\S+)", said))
    [pid] = set(re.findall(r"\(process (\d+)\)", said))
    try:
        changed = file.read_text().replace("members: [ada@", "members: [edsger@")
        file.write_text(changed.replace("owner: account", 'owner: account\n      rotation: "2"'))
        assert run(Request("dev", sandbox=address)) == 0
        said = capsys.readouterr().out
        assert "updated GroupMemberships okta-group-administrator-members" in said
        assert "replaced AccountToken token" in said
        assert "pasting the new token" in said
        assert "created Group" not in said
        row = re.search(r"^edsger@example.com .*$", said, re.MULTILINE)
        assert row
        assert "Administrator" in row[0]
        assert run(Request("dev", sandbox=address)) == 0
        assert re.search(r"rehearsal of the update: \d+ same\n", capsys.readouterr().out)
        assert find_kept(address.rpartition(":")[2]) == find_kept(address)
        # In a shell that has read it, the file stays what makes any other shell the sandbox's.
        kept = find_kept(address)
        whole = (kept.folder / "environment").read_text()
        assert {f"{name}={shlex.quote(value)}" for name, value in kept.env.items()} <= {
            *whole.splitlines()
        }
        assert "unset OKTA_API_PRIVATE_KEY" in whole.splitlines()
        monkeypatch.delenv("OKTA_API_PRIVATE_KEY")
        for name, value in kept.env.items():
            monkeypatch.setenv(name, value)
        assert run(Request("dev", sandbox=address)) == 0
        assert (kept.folder / "environment").read_text() == whole
        capsys.readouterr()
        (tmp_path / "Pulumi.other.yaml").write_text(file.read_text())
        before = httpx.get(f"{address}/_sandbox/state", trust_env=False).json()
        with pytest.raises(ScimError, match="to do before the update") as stopped:
            run(Request("other", sandbox=address))
        assert stopped.value.exit_code == 1
        assert "the name is taken by" in capsys.readouterr().out
        assert httpx.get(f"{address}/_sandbox/state", trust_env=False).json() == before
    finally:
        os.kill(int(pid), signal.SIGTERM)
    with suppress(httpx.TransportError):
        while httpx.get(f"{address}/_sandbox/faults", trust_env=False):
            time.sleep(0.05)
    with pytest.raises(MissingError, match=f"sandbox {address}: it does not answer"):
        run(Request("dev", sandbox=address))


def test_the_update_goes_on_where_preflight_has_advice_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people = tmp_path / "people.csv"
    others = "".join(f"u{number}@example.com,\n" for number in range(100))
    people.write_text(f"email,suspended\nada@example.com,true\n{others}")
    run(Request(str(ROOT / "Pulumi.dev.yaml"), people=str(people), whole=True))
    said = capsys.readouterr().out
    assert "ada@example.com: is suspended" in said
    assert "preflight: 1 to do, and the update goes on" in said
    assert said.index("putting 103 people into both") < said.index("3 people of the stack are in")
    assert "are in both directories, and 100 more of --people" in said
    assert "created PushGroup" in said


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:9",
        "9",
        "",
        "http://127.0.0.1",
        "http://127.0.0.1:99999",
        "x:y",
        "[::1",
        "\n",
    ],
)
def test_a_sandbox_that_nobody_kept_is_missing(
    address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(MissingError, match="no sandbox of this address") as missing:
        run(Request(str(ROOT / "Pulumi.dev.yaml"), sandbox=address))
    assert "\n" not in str(missing.value)
    assert "REHEARSAL" not in capsys.readouterr().out, "before anything else is said"


def clause(attribute: str, operator: str, value: str = "") -> UserFilter:
    return UserFilter(attribute=attribute, operator=operator, value=value)


VALUES = {
    "EQUALS": "Engineering",
    "NOT EQUALS": "Sales",
    "REGEX MATCH": "^(Eng|Ops).*$",
    "NOT REGEX MATCH": "Sales",
    "Greater_Than": "7",
    "Greater_Than_OR_EQUALS": "7",
    "Includes": "gine",
    "ENDS_WITH": "ing",
    "&": "4",
    "!&": "4",
}


@pytest.mark.parametrize("operator", OPERATORS)
def test_people_are_made_to_meet_every_operator(operator: str) -> None:
    one = clause("department", operator, VALUES.get(operator, ""))
    attributes = meeting([one])
    assert meets(one, attributes.get("department"))


def test_several_clauses_on_one_attribute() -> None:
    both = [clause("level", "Greater_Than", "7"), clause("level", "NOT EQUALS", "8")]
    found = meeting([*both, clause("department", "IS NOT NULL")])
    assert found["department"]
    assert all(meets(one, found.get("level")) for one in both) or "level" not in found


def test_who_is_kept_out_is_said_with_the_reason() -> None:
    declared = config_object("entra")
    declared["identityProvider"] = {
        "kind": "entra",
        "scope": "filtered",
        "userFilter": [{"attribute": "department", "operator": "EQUALS", "value": "IT"}],
    }
    config = parse_config(declared, stack="dev")
    people = (
        Seed("ada@example.com", {"department": "Sales"}),
        Seed("grace@example.com", {"department": "IT"}, suspended=True),
        Seed("alan@example.com", {"department": "IT"}, mail=False),
        Seed("somebody@example.com"),
    )
    said = "\n".join(kept_out(config, people))
    assert "ada@example.com is kept out by userFilter department EQUALS IT" in said
    assert "grace@example.com is blocked" in said
    assert "alan@example.com has no mail" in said
    assert "somebody" not in said
    assert not [*kept_out(config, seeds(config))], "those made up meet the filter"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("people.csv", "email,department,suspended\nada@example.com,IT,true\n"),
        (
            "people.csv",
            "\ufeffRole;E-Mail;department;Suspended\r\nBilling;ada@example.com;IT;yes\r\n",
        ),
        ("people.json", '[{"email": "ada@example.com", "department": "IT", "suspended": true}]'),
    ],
)
def test_people_of_a_file(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    [seed] = read_people(str(tmp_path / name))
    assert (seed.email, seed.suspended) == ("ada@example.com", True)
    assert seed.attributes == {"department": "IT"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name\nada\n", "line 1: no column is named email"),
        ("", "line 1: no column is named email"),
        ("email\nno address\n", 'line 2: "no address" is more than one word'),
        ("email\na@b@c\n", 'line 2: "a@b@c" is no e-mail address'),
        ("email\n", "it names nobody"),
        ("email\na@b.io\nA@b.io\n", "line 3: A@b.io stands in line 2 already"),
        ("email,supended\na@b.io,no\n", 'line 2: nothing reads "supended"; .*; write suspended'),
        (
            "email,suspended\na@b.io,no\nc@b.io,maybe\n",
            'line 3: "maybe" under suspended is neither',
        ),
        ("email,mail\na@b.io,nobody\n", 'line 2: "nobody" under mail is neither'),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "people.csv").write_text(text)
    with pytest.raises(UsageError, match=f"people.csv: {said}"):
        tuple(read_people(str(tmp_path / "people.csv")))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "it names nobody"),
        ('{"email": "a@b.io"}', "it is no list"),
        ('["a@b.io"]', "entry 1: it is no object"),
        ('[{"email": ["a@b.io"]}]', "entry 1: email is no text"),
        ('[{"email": "a@b.io"}, {"Email": "A@b.io"}]', "entry 2: A@b.io stands in entry 1 already"),
        ('[{"email": "a@b.io", "suspend": true}]', "entry 1: nothing reads .*; write suspended"),
        ('[{"email": "a@b.io", "First Name": 5}]', "entry 1: firstName is no text"),
        ('[{"email": "a@b.io", "department": {}}]', "entry 1: department is an object"),
        ('[{"email": "a@b.io", "firstName": "\\ud83d"}]', "it is no JSON"),
        ('[{"email": "a@b.io", "employeeId": NaN}]', "it is no JSON"),
        ("", "it is no JSON"),
    ],
)
def test_a_list_of_objects_that_cannot_be_used_is_refused(
    tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "people.json").write_text(text)
    with pytest.raises(UsageError, match=f"people.json: {said}"):
        tuple(read_people(str(tmp_path / "people.json")))


@pytest.mark.parametrize("content", [None, "{", "[]", '{"resources": 1}', b"\xff"])
def test_an_import_that_cannot_be_read_is_one_line(
    content: str | bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "adopt.json"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    monkeypatch.chdir(Path(__file__).parents[2])
    with pytest.raises(UsageError, match="adopt.json: this is no file that adopt wrote"):
        run(Request("dev", imports=str(file)))
