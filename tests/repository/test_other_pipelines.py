"""deploy/: what runs outside GitHub Actions, run as it stands with stand-ins for the vendors."""

import json
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest
import yaml

from cfscim.gitops import note
from cfscim.gitops.shell import Stop
from tests.repository.workflow_kit import Clone
from tests.vendors.test_http_bounds import server, silent, slow_body, slow_header

ROOT = Path(__file__).resolve().parents[2]
PIPELINE = ROOT / "deploy" / "pipeline"
GITLAB = ROOT / "deploy" / "gitlab" / ".gitlab-ci.yml"
AZURE = ROOT / "deploy" / "azure-devops" / "azure-pipelines.yml"
PULUMI = """#!/bin/sh
echo "pulumi $*" >> "$GH_STUB/done"
case "$1 $2 $3" in
  "stack tag ls") cat "$GH_STUB/tags" 2> /dev/null || echo '{}' ;;
  "stack tag set") echo "{\\"$4\\": \\"$5\\"}" > "$GH_STUB/tags" ;;
  "stack ls "*) cat "$GH_STUB/stacks" 2> /dev/null || echo '[]' ;;
  "stack history "*) cat "$GH_STUB/history-$4" 2> /dev/null || echo '[]' ;;
  "config "*) cat "$GH_STUB/config" 2> /dev/null || echo '{}' ;;
  "stack export "*) echo '{}' ;;
  "up --stack "*) [ ! -e "$GH_STUB/fails" ] || exit 1 ;;
esac
"""
# Everything but what has to ask a vendor is the program's own.
PYTHON = """#!/bin/sh
case "$*" in
  "-m cfscim preflight"* | "-m cfscim adopt"* | "-m cfscim verify"*) echo "$*" >> "$GH_STUB/done" ;;
  *) exec %s "$@" ;;
esac
"""
SUPERS = "members: [grace@example.com, alan@example.com]"


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    made = Clone(tmp_path, bare=True)
    shutil.copytree(ROOT / "deploy", made.path / "deploy", dirs_exist_ok=True)
    made.command("pulumi", PULUMI)
    # As in the engine's image, which has git and curl, and no make.
    made.command("make", "#!/bin/sh\nexit 127\n")
    python = made.path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(PYTHON % sys.executable)
    python.chmod(0o755)
    (made.path / "requirements.txt").write_text("")
    made.commit()
    (made.path / ".venv" / "installed").touch()
    made.git("clone", "--quiet", "--bare", str(made.path), str(tmp_path / "origin"))
    made.git("remote", "add", "origin", str(tmp_path / "origin"))
    return made


class Host:
    """GitLab or Azure DevOps, as far as a comment needs it: comments by their paths."""

    def __init__(self) -> None:
        self.comments: list[str] = []
        self.calls: list[tuple[str, str, str]] = []
        self.code = 200
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_any(self) -> None:
                sent = json.loads(
                    self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "{}"
                )
                token = self.headers.get("PRIVATE-TOKEN") or self.headers["Authorization"]
                host.calls.append((self.command, self.path, token))
                azure = "threads" in self.path
                if self.command == "GET":
                    notes = [
                        {"id": n, "body": text, "content": text}
                        for n, text in enumerate(host.comments)
                    ]
                    threads = {"value": [{"id": 7, "comments": [note]} for note in notes]}
                    answer: object = threads if azure else notes
                else:
                    given = sent["comments"][0] if "comments" in sent else sent
                    text = given["content" if azure else "body"]
                    if self.command == "POST":
                        host.comments.append(text)
                    else:
                        host.comments[int(self.path.partition("?")[0].rpartition("/")[2])] = text
                    answer = {}
                self.send_response(host.code)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            do_GET = do_POST = do_PUT = do_PATCH = do_any  # noqa: N815

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def env(self, kind: str) -> dict[str, str]:
        """What the host hands to a job of a merge request."""
        if kind == "gitlab":
            return {
                "GITLAB_CI": "true",
                "COMMENT_TOKEN": "t0ken",
                "CI_API_V4_URL": f"{self.address}/api/v4",
                "CI_PROJECT_ID": "12",
                "CI_MERGE_REQUEST_IID": "3",
                "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": "",
                "CI_COMMIT_SHA": "c0mm1t",
            }
        return {
            "TF_BUILD": "True",
            "SYSTEM_ACCESSTOKEN": "t0ken",
            "SYSTEM_COLLECTIONURI": f"{self.address}/acme/",
            "SYSTEM_TEAMPROJECT": "Our project",
            "BUILD_REPOSITORY_ID": "r1",
            "SYSTEM_PULLREQUEST_PULLREQUESTID": "3",
            "SYSTEM_PULLREQUEST_SOURCECOMMITID": "c0mm1t",
        }


@pytest.fixture
def host() -> Iterator[Host]:
    made = Host()
    yield made
    made.server.shutdown()
    made.server.server_close()


def _leads_elsewhere(connection: socket.socket, _stop: Event) -> None:
    """To a port of this machine where nobody listens."""
    connection.recv(65536)
    head = "Location: http://127.0.0.1:9/\r\nContent-Length: 0\r\nConnection: close"
    connection.sendall(f"HTTP/1.1 302 Found\r\n{head}\r\n\r\n".encode())


@pytest.mark.parametrize("kind", ["gitlab", "azure"])
@pytest.mark.parametrize(
    ("behave", "said"),
    [
        (silent, "no (whole )?answer"),  # which of two clocks is first
        (slow_header, "no whole answer within"),
        (slow_body, "no whole answer within"),
        (_leads_elsewhere, "HTTP 302"),
    ],
)
def test_a_host_that_is_slow_or_leads_elsewhere_ends_the_comment_in_time(
    host: Host,
    kind: str,
    behave: Callable[[socket.socket, Event], None],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(note, "_SECONDS", 0.3)
    with server(behave) as port:
        for name, value in host.env(kind).items():
            monkeypatch.setenv(name, value.replace(host.address, f"http://127.0.0.1:{port}"))
        begun = time.monotonic()
        with pytest.raises(Stop, match=said):
            note.from_environment()
        assert time.monotonic() - begun < 5


def test_an_error_nobody_thought_of_is_no_green_step(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unexpected(*_given: object) -> None:
        raise KeyError("id")

    monkeypatch.setattr(note, "_gitlab", unexpected)
    for name, value in host.env("gitlab").items():
        monkeypatch.setenv(name, value)
    with pytest.raises(KeyError):
        note.from_environment()


@pytest.mark.parametrize("kind", ["gitlab", "azure"])
def test_a_review_is_one_comment_that_is_edited(clone: Clone, host: Host, kind: str) -> None:
    host.comments.append("somebody's own words")
    base = clone.git("rev-parse", "HEAD")
    clone.edit(SUPERS, "members: [grace@example.com, edsger@example.com]")
    clone.commit()
    assert _run(clone, "review", base, **host.env(kind)).returncode == 0
    assert len(host.comments) == 2
    assert "edsger@example.com" in host.comments[1]
    assert "Plan of commit `c0mm1t`." in host.comments[1]
    clone.edit("roleModel: userGroups", "roleModel: user")
    clone.commit()
    done = _run(clone, "review", base, **host.env(kind))
    assert done.returncode == 1, "what is not valid is not approved"
    assert len(host.comments) == 2
    assert "Not valid, so there is no plan" in host.comments[1]
    assert "t0ken" not in done.stdout + done.stderr
    assert all("t0ken" in token for _, _, token in host.calls)
    host.code = 403
    done = _run(clone, "review", base, **host.env(kind))
    assert "HTTP 403" in done.stderr
    assert "Traceback" not in done.stderr


def _run(clone: Clone, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    runner = clone.path.parent / "runner"
    commit = clone.git("rev-parse", "HEAD")
    env |= {"PATH": f"{runner}:/usr/bin:/bin", "GH_STUB": str(runner), "HOME": str(runner)}
    return subprocess.run(
        ["deploy/pipeline", *arguments],
        cwd=clone.path,
        env={**env, "BRANCH": "main", "COMMIT": commit},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_pipeline_reviews_plans_updates_and_records(clone: Clone) -> None:
    base = clone.git("rev-parse", "HEAD")
    clone.edit(SUPERS, "members: [grace@example.com, edsger@example.com]")
    commit = clone.commit()
    done = _run(clone, "review", base)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "edsger@example.com" in done.stdout
    clone.git("push", "--quiet", "origin", "main")
    done = _run(clone, "plan", "dev")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Never deployed from here" in done.stdout
    done = _run(clone, "update", "dev")
    assert done.returncode == 0, done.stdout + done.stderr
    runner = clone.path.parent / "runner"
    order = [
        line.split("cfscim ")[-1].split()[0] if "cfscim " in line else line.split()[1]
        for line in (runner / "done").read_text().splitlines()
        if "cfscim " in line or line.startswith("pulumi up")
    ]
    assert order == ["preflight", "adopt", "up", "verify"]
    assert json.loads((runner / "tags").read_text()) == {"cloudflare-scim:verified": commit}
    done = _run(clone, "plan", "dev")
    assert f"Compared with `{commit[:12]}`" in done.stdout


def test_update_that_failed_is_part_of_what_is_compared_next(clone: Clone) -> None:
    runner = clone.path.parent / "runner"
    clone.edit(SUPERS, "members: [grace@example.com, alan@example.com, eve@example.com]")
    begun = clone.commit()
    clone.git("push", "--quiet", "origin", "main")
    assert _run(clone, "plan", "dev").returncode == 0
    (runner / "fails").touch()
    done = _run(clone, "update", "dev")
    assert done.returncode == 1
    # A provider's own 401 or 403 names no permission.
    assert "cfscim preflight --stack dev, signed in as here, names the right" in done.stderr
    clone.edit(", eve@example.com", "")
    clone.commit()
    clone.git("push", "--quiet", "origin", "main")
    # What was shown before it began does not hold any more.
    done = _run(clone, "update", "dev")
    assert f"an update from {begun[:12]} began" in done.stderr
    done = _run(clone, "plan", "dev")
    assert f"An update of `dev` from `{begun[:12]}` began since" in done.stdout
    assert "`eve@example.com` loses" in done.stdout
    (runner / "fails").unlink()
    assert _run(clone, "update", "dev").returncode == 0
    counted = json.loads((clone.path / ".before" / "policy.json").read_text())["removal-share"]
    assert counted["begunFiles"] == [str(clone.path / ".before" / begun / "Pulumi.dev.yaml")]


def test_pipeline_stops_for_an_older_commit_and_for_another_record(clone: Clone) -> None:
    runner = clone.path.parent / "runner"
    assert _run(clone, "plan", "dev").returncode == 0
    (runner / "tags").write_text('{"cloudflare-scim:verified": "%s"}' % ("a" * 40))
    done = _run(clone, "update", "dev")
    assert done.returncode == 1
    assert "last verified is aaaaaaaaaaaa" in done.stderr
    clone.commit()
    done = _run(clone, "update", "dev")
    assert done.returncode == 1
    assert "main is at" in done.stderr
    assert "pulumi up" not in (runner / "done").read_text()
    assert _run(clone, "update").returncode == 2


def _updated(clone: Clone, *updates: tuple[str, str], stack: str = "dev", **more: object) -> None:
    """What the engine keeps of a stack's updates, the newest first: commit and result."""
    listed = [
        {
            "kind": "update",
            "result": result,
            "startTime": f"2026-11-27T05:00:0{len(updates) - place}.000Z",
            "environment": {"git.head": commit},
            **more,
        }
        for place, (commit, result) in enumerate(updates)
    ]
    (clone.path.parent / "runner" / f"history-{stack}").write_text(json.dumps(listed))


def test_an_update_that_something_else_starts_is_compared_with_the_engines_history(
    clone: Clone,
) -> None:
    runner = clone.path.parent / "runner"
    done = _run(clone, "before", "dev")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Never deployed from here" in done.stdout
    policy = clone.path / ".before" / "policy.json"
    assert json.loads(policy.read_text())["removal-share"] == {"beforeFile": ""}
    first = clone.git("rev-parse", "HEAD")
    assert json.loads((runner / "tags").read_text()).keys() == {
        f"cloudflare-scim:attempted-{first[:12]}"
    }
    (runner / "tags").unlink()
    _updated(clone, (first, "succeeded"))
    clone.edit(SUPERS, "members: [grace@example.com, alan@example.com, eve@example.com]")
    second = clone.commit()
    _updated(clone, (second, "failed"), (first, "succeeded"))
    clone.edit(", eve@example.com", ", mallory@example.com")
    clone.commit()
    done = _run(clone, "before", "dev")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Compared with `{first[:12]}`" in done.stdout
    assert f"An update of `dev` from `{second[:12]}` began since" in done.stdout
    assert "`mallory@example.com` gains" in done.stdout
    assert "`eve@example.com` loses" in done.stdout
    counted = json.loads(policy.read_text())["removal-share"]
    assert counted["begunFiles"] == [str(clone.path / ".before" / second / "Pulumi.dev.yaml")]
    # Too many at once, and nothing after it is reached.
    clone.edit(
        "[grace@example.com, alan@example.com, mallory@example.com]", "[mallory@example.com]"
    )
    clone.commit()
    (runner / "done").write_text("")
    done = _run(clone, "before", "dev")
    assert done.returncode == 1
    assert "removal-share" in done.stdout
    assert "preflight" not in (runner / "done").read_text()


def test_what_no_commit_has_is_not_compared_with(clone: Clone) -> None:
    first = clone.git("rev-parse", "HEAD")
    _updated(clone, (first, "succeeded"), config={"cloudflare-scim:scim": {"value": "{}"}})
    for what in ("before", "plan"):
        done = _run(clone, what, "dev")
        assert done.returncode == 1
        assert "with a config that no commit has" in done.stderr
    (clone.path.parent / "runner" / "history-dev").write_text("not JSON")
    assert "is no JSON" in _run(clone, "plan", "dev").stderr


def test_an_older_commit_is_not_put_in_place_of_a_newer_one(clone: Clone) -> None:
    newest = clone.commit()
    _updated(clone, (newest, "succeeded"))
    clone.git("reset", "--quiet", "--hard", "HEAD^")
    done = _run(clone, "before", "dev")
    assert done.returncode == 1
    assert f"{newest[:12]} was deployed" in done.stderr


def test_update_by_hand_since_the_last_verified_one_is_seen(clone: Clone) -> None:
    runner = clone.path.parent / "runner"
    first = clone.git("rev-parse", "HEAD")
    assert _run(clone, "plan", "dev").returncode == 0
    assert _run(clone, "update", "dev").returncode == 0
    clone.edit(SUPERS, "members: [grace@example.com, alan@example.com, eve@example.com]")
    hand = clone.commit()
    clone.git("reset", "--quiet", "--hard", first)
    assert _run(clone, "plan", "dev").returncode == 0
    _updated(clone, (hand, "succeeded"), (first, "succeeded"))
    done = _run(clone, "update", "dev")
    assert done.returncode == 1
    assert f"an update from {hand[:12]} began since, by hand or not verified" in done.stderr
    assert "`eve@example.com` loses" in _run(clone, "plan", "dev").stdout
    assert _run(clone, "update", "dev").returncode == 0
    assert json.loads((runner / "tags").read_text()) == {"cloudflare-scim:verified": first}


def test_a_stack_by_another_name_is_compared_with_what_it_was_before(clone: Clone) -> None:
    runner = clone.path.parent / "runner"
    clone.edit(SUPERS, "members: [grace@example.com, alan@example.com, eve@example.com]")
    was = clone.commit()
    _updated(clone, (was, "succeeded"))
    (runner / "stacks").write_text('[{"name": "acme/dev"}, {"name": "acme/live"}]')
    clone.git("mv", "Pulumi.dev.yaml", "Pulumi.live.yaml")
    clone.edit(", eve@example.com", "", file="Pulumi.live.yaml")
    clone.commit()
    clone.git("push", "--quiet", "origin", "main")
    done = _run(clone, "plan", "live")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"`live` takes the place of `dev`**, deployed from `{was[:12]}`" in done.stdout
    assert "`eve@example.com` loses" in done.stdout
    assert _run(clone, "update", "live").returncode == 0
    counted = json.loads((clone.path / ".before" / "policy.json").read_text())["removal-share"]
    assert counted["begunFiles"] == [str(clone.path / ".before" / was / "Pulumi.dev.yaml")]
    # Once it is deployed itself, later than the other, that one is past.
    tip = clone.git("rev-parse", "HEAD")
    _updated(clone, (tip, "succeeded"), ("f" * 40, "failed"), stack="live")
    assert "takes the place" not in _run(clone, "plan", "live").stdout


def test_gitlab_and_azure_call_what_is_there() -> None:
    known = set(re.findall(r'^  "(\w+) given"\)', PIPELINE.read_text(), re.MULTILINE))
    assert known == {"review", "plan", "update", "before", "drift"}
    for file in (GITLAB, AZURE):
        called = re.findall(r"\.cloudflare-scim/deploy/pipeline (\w+)", file.read_text())
        assert set(called) == known - {"before"}, file


def test_gitlab_gives_each_stack_its_own_credentials_and_update_a_person() -> None:
    content = yaml.safe_load(GITLAB.read_text())
    jobs = {name: job for name, job in content.items() if ":" in name}
    assert len(jobs) == 6
    for name, job in jobs.items():
        action, stack = name.split(":")
        assert job["variables"] == {"STACK": stack}
        wanted = stack if action == "update" else f"{stack}-read"
        assert job["environment"]["name"] == wanted
        assert content[job["extends"]]["rules"]
    assert content[".update"]["rules"][0]["when"] == "manual"
    # A merge request's own code stands in no environment.
    assert "environment" not in content["review"]


def test_azure_devops_updates_through_an_environment_with_the_stacks_own_group() -> None:
    content = yaml.safe_load(AZURE.read_text())
    review, each = content["stages"]
    assert "variables" not in review["jobs"][0]
    plan, update, drift = next(iter(each.values()))
    assert update["jobs"][0]["environment"] == "${{ stack }}"
    assert update["jobs"][0]["variables"] == [{"group": "${{ stack }}"}]
    for stage in (plan, drift):
        assert stage["jobs"][0]["variables"] == [{"group": "${{ stack }}-read"}]


BOOTSTRAP = [
    *("--repository", "acme/scim", "--stack", "prod", "--stack", "lab", "--reviewers", "7"),
    *("--resource-group", "rg", "--location", "westeurope"),
    *("--storage-account", "acmestate", "--key-vault", "acmevault"),
]


VENDORS = """#!{python}
# Azure, GitHub and the engine as far as bootstrap asks them: what is there cannot be made again.
import json, os, re, sys
folder, program, words = {folder!r}, os.path.basename(sys.argv[0]), sys.argv[1:]
with open(folder + "/called", "a") as called:
    called.write(" ".join([program, *words]) + "\\n")
file = folder + "/there.json"
there = json.load(open(file)) if os.path.exists(file) else {{}}
begin = next((n for n, word in enumerate(words) if word.startswith("--")), len(words))
*noun, verb = words[:begin]
given = dict(zip(words[begin::2], words[begin + 1::2]))
if program == "gh":
    text = " ".join(words)
    method = given.get("--method", "GET")
    path = given.get(method, "") or next((w for w in words if w.startswith("repos/")), text)
    path = next((w for w in words if w.startswith("repos/")), text)
    if path.endswith("customization/sub"):
        assert ".sub_claim_prefix" in words[-1], "GitHub alone knows its subject"
        print("repo:acme@1/scim@2")
    elif words[0] == "variable" or method == "PUT":
        there[text] = sys.stdin.read() if method == "PUT" else ""
    elif method == "POST":
        assert path not in there, "422: " + path + " has one of this name"
        there[path] = sys.stdin.read()
    elif path in there:
        print("1")
elif program == "pulumi" and words[:2] == ["stack", "init"]:
    assert words[2] not in there, "stack already exists"
    there[words[2]] = given["--secrets-provider"]
elif program == "pulumi" and words[:2] == ["stack", "export"]:
    if given["--stack"] not in there:
        sys.exit(255)
    print("{{}}")
elif program == "az":
    name = given.get("--name") or given.get("--display-name") or given.get("--id") or ""
    if noun == ["ad", "app"] and "--filter" in given:
        name = re.search("eq '(.*)'", given["--filter"])[1]
    if noun[-1:] == ["federated-credential"]:
        name += re.search(r"github-[\\w-]+", given.get("--parameters") or given["--query"])[0]
    if noun == ["role", "assignment"]:
        who = given.get("--assignee") or given["--assignee-object-id"]
        name = "|".join([who, given["--role"], given["--scope"]])
    key = " ".join([*noun, name])
    if verb == "create":
        again = noun[-1] in ("group", "container")  # az itself takes these twice
        assert key not in there or again, key + " is there already"
        there[key] = "id-of-" + re.sub(r"\\W+", "-", key)
    elif verb in ("show", "list"):
        if noun in (["account"], ["ad", "signed-in-user"]):
            print("id-of-" + "-".join(noun))
        elif key in there:
            print(there[key])
        elif verb == "show":
            sys.exit(3)
json.dump(there, open(file, "w"))
"""


def _bootstrap(tmp_path: Path, *more: str, given: list[str] = BOOTSTRAP) -> tuple[int, str, str]:
    for name in ("az", "gh", "pulumi"):
        (tmp_path / name).write_text(VENDORS.format(python=sys.executable, folder=str(tmp_path)))
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        [ROOT / "deploy" / "bootstrap", *given, *more],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    called = tmp_path / "called"
    return done.returncode, done.stdout + done.stderr, called.read_text() if called.exists() else ""


def test_bootstrap_prints_by_default_and_does_nothing(tmp_path: Path) -> None:
    code, said, called = _bootstrap(tmp_path)
    assert (code, called) == (0, "")
    assert "Nothing was done" in said
    for environment in ("prod", "prod-preview", "prod-drift", "lab", "lab-preview", "lab-drift"):
        named = "<how GitHub names acme/scim in its tokens>"
        assert f'subject": "{named}:environment:{environment}"' in said
        assert f"environments/{environment} " in said


def test_bootstrap_guards_what_unapproved_code_could_reach(tmp_path: Path) -> None:
    code, _, called = _bootstrap(tmp_path, "--run")
    assert code == 0
    bodies = dict(
        re.findall(
            r"^gh api --method PUT (\S+) --input - <<< (.*)$", _bootstrap(tmp_path)[1], re.MULTILINE
        )
    )
    for environment, reviewed, limited in (
        ("prod", True, True),
        ("prod-preview", True, False),
        ("prod-drift", False, True),
    ):
        body = json.loads(bodies[f"repos/acme/scim/environments/{environment}"].replace("\\", ""))
        assert bool(body["reviewers"]) == reviewed
        assert body["prevent_self_review"] is True
        assert body["can_admins_bypass"] is False
        assert f'"repo:acme@1/scim@2:environment:{environment}"' in called
        assert bool(body["deployment_branch_policy"]) == limited
    assert "azurekeyvault://acmevault.vault.azure.net/keys/lab" in called
    made = [line for line in called.splitlines() if "role assignment create" in line]
    assert sum("Storage Blob Data Reader" in line for line in made) == 4


def test_bootstrap_run_again_makes_nothing_twice(tmp_path: Path) -> None:
    code, said, _ = _bootstrap(tmp_path, "--run")
    assert code == 0, said
    made = json.loads((tmp_path / "there.json").read_text())
    code, said, called = _bootstrap(tmp_path, "--run")
    assert code == 0, said
    assert json.loads((tmp_path / "there.json").read_text()) == made
    assert called.count("keyvault key create") == 2, "a second version shuts the first one's out"
    writers = {
        key.partition("|")[0].removeprefix("role assignment ")
        for key in made
        if "|Storage Blob Data Contributor|" in key and key.endswith("/pulumi-state")
    }
    assert len(writers) == 2
    assert writers == {
        made[f"ad sp {made[f'ad app cloudflare-scim {stack}']}"] for stack in ("prod", "lab")
    }


def test_bootstrap_that_stopped_halfway_goes_on(tmp_path: Path) -> None:
    _bootstrap(tmp_path, "--run")
    whole = json.loads((tmp_path / "there.json").read_text())
    half = dict([*whole.items()][: len(whole) // 2])
    (tmp_path / "there.json").write_text(json.dumps(half))
    code, said, _ = _bootstrap(tmp_path, "--run")
    assert code == 0, said
    assert json.loads((tmp_path / "there.json").read_text()) == whole


def test_bootstrap_explains_every_line_and_a_shell_takes_all_of_it(tmp_path: Path) -> None:
    _, said, _ = _bootstrap(tmp_path)
    assert not subprocess.run(["bash", "-n"], input=said, text=True, check=True).returncode
    lines = said.splitlines()
    assert lines[0].startswith("# ")
    explained = [line for line in lines if line.startswith("# ")]
    assert len(explained) >= 10 + 2 * (2 + 3 * 5)


@pytest.mark.parametrize("missing", range(0, len(BOOTSTRAP), 2))
def test_bootstrap_with_something_missing_does_nothing(tmp_path: Path, missing: int) -> None:
    # One stack of two may be left out.
    given = [*BOOTSTRAP[:missing], *BOOTSTRAP[missing + 2 :]]
    code, said, called = _bootstrap(tmp_path, "--run", given=given)
    if BOOTSTRAP[missing] == "--stack":
        assert code == 0
        return
    assert (code, called) == (2, "")
    assert "bootstrap --repository" in said


def test_settings_of_pulumi_deployments_by_the_engines_own_command(tmp_path: Path) -> None:
    script = ROOT / "deploy" / "pulumi_deployments.py"
    (tmp_path / "pulumi").write_text(
        f"#!{sys.executable}\nimport json, sys\n"
        f"open({str(tmp_path / 'called')!r}, 'w').write(json.dumps(sys.argv[1:]))\n"
    )
    (tmp_path / "pulumi").chmod(0o755)
    names = ("CLOUDFLARE_API_TOKEN", "OKTA_API_CLIENT_ID", "OKTA_API_PRIVATE_KEY_ID")
    secrets = {name: f"canary-{name}" for name in (*names, "OKTA_API_PRIVATE_KEY")}
    settings = tmp_path / "okta-prod.deploy.yaml"
    given = (ROOT / "deploy" / "okta-prod.deploy.yaml").read_text()
    settings.write_text(given)
    command = [sys.executable, str(script), str(settings)]

    def run(*more: str, **env: str) -> subprocess.CompletedProcess[str]:
        path = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
        return subprocess.run(
            [*command, *more], env={**path, **env}, capture_output=True, text=True
        )

    stack = "acme/cloudflare-scim/okta-prod"
    done = run(stack, **secrets)
    assert done.returncode == 0
    assert "canary" not in done.stdout + done.stderr
    assert not (tmp_path / "called").exists()
    unpinned = run(stack, "--run", **secrets)
    assert unpinned.returncode == 3
    assert "run deploy/kubernetes/pin first" in unpinned.stderr
    settings.write_text(given.replace("0" * 64, "0a" * 32))
    assert run(stack, "--run").returncode == 3
    assert run().returncode == 2
    assert run(stack, "--run", **secrets).returncode == 0
    called = json.loads((tmp_path / "called").read_text())
    assert called[:5] == ["deployment", "settings", "edit", "--stack", stack]
    assert "--preview-prs=false" in called
    assert "CLOUDFLARE_API_TOKEN=canary-CLOUDFLARE_API_TOKEN" in called
    assert called.count("--pre-run-command") == 2


def test_every_option_is_one_that_the_engine_has() -> None:
    if shutil.which("pulumi") is None:
        pytest.skip("there is no `pulumi` on PATH")
    text = (ROOT / "deploy" / "pulumi_deployments.py").read_text()
    shown = subprocess.run(
        ["pulumi", "deployment", "settings", "edit", "--help"], capture_output=True, text=True
    ).stdout
    for option in set(re.findall(r'"(--[a-z-]+)', text)) - {"--run", "--oidc-azure-"}:
        assert f" {option} " in shown, option


SCHEMAS = {
    GITLAB: ("vendor.gitlab-ci",),
    AZURE: (
        "vendor.azure-pipelines",
        "--data-transform",
        "azure-pipelines",
        "--regex-variant",
        "python",
    ),
    ROOT / "template" / ".github" / "dependabot.yml": ("vendor.dependabot",),
}


@pytest.mark.parametrize("file", list(SCHEMAS), ids=lambda file: file.name)
def test_schema(file: Path) -> None:
    tool = Path(sys.executable).parent / "check-jsonschema"
    command = [str(tool), "--builtin-schema", *SCHEMAS[file], str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_template_has_nothing_that_zizmor_finds() -> None:
    tool = Path(sys.executable).parent / "zizmor"
    command = [str(tool), "--offline", "--quiet", str(ROOT / "template" / ".github")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
