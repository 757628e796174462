"""No command repeats a credential that somebody else repeats: a vendor in its answer, the engine, git
or GitHub's client in an error, a person among the words of `init`; nor does a recording hold it."""

import base64
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, unquote_plus

import httpx
import pytest

from cfscim.gitops.__main__ import COMMANDS
from tests.commands.commands_support import asking, called, stack
from tests.commands.test_canary import ELSEWHERE
from tests.vendors.test_secrets import traces

ROOT = Path(__file__).parents[2]
CLOUDFLARE = "cfat_Zq7Canary0Xy9Canary1Wv8Canary2Ut6Canary3"
OKTA = "00Zq7Canary-Xy9Canary_Wv8Canary-Ut6Canary3"
ENTRA = "Zq7~Canary.Xy9+Canary/Wv8=Canary"
ENGINE = "cqrrect hqrse & canary/battery+staple"
SECRETS = {
    "CLOUDFLARE_API_TOKEN": CLOUDFLARE,
    "OKTA_API_TOKEN": OKTA,
    "ARM_CLIENT_SECRET": ENTRA,
    "PULUMI_CONFIG_PASSPHRASE": ENGINE,
}
FORMS: dict[str, Callable[[str], str]] = {
    "as it is": lambda secret: secret,
    "in capitals": str.upper,
    "one character cut off": lambda secret: secret[:-1],
    "in Base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "behind a name in Base64": lambda secret: base64.b64encode(f"x:{secret}".encode()).decode(),
    "percent-encoded": lambda secret: quote(secret, safe=""),
    "percent-encoded in small letters": lambda secret: quote(secret, safe="").lower(),
}


def _all_forms(secrets: dict[str, str] | None = None) -> str:
    given = (SECRETS if secrets is None else secrets).values()
    return " ".join(f"'{form(secret)}'" for secret in given for form in FORMS.values())


def _found(text: str) -> list[str]:
    return [trace for secret in SECRETS.values() for trace in traces(secret, text)]


def _echoes(status: int) -> Callable[[object, httpx.Request], httpx.Response]:
    """A vendor that repeats all it was given in every form, in each of its own error shapes."""

    def answer(_transport: object, request: httpx.Request) -> httpx.Response:
        sent = unquote_plus(f"{request.headers}{request.read().decode('latin-1')}")
        given = {name: secret for name, secret in SECRETS.items() if secret in sent}
        text = f"refused {_all_forms(given)} {request.headers.get('authorization', '')}"
        body = {
            "success": False,
            "errors": [{"code": 9109, "message": text}],
            "errorCode": "E0000011",
            "errorSummary": text,
            "errorCauses": [{"errorSummary": text}],
            "error": "invalid_client" if "/token" in request.url.path else {"message": text},
            "error_description": text,
            "detail": text,
        }
        return httpx.Response(status, json=body, headers={"X-Said": "x"}, request=request)

    return answer


@pytest.mark.parametrize("kind", ["okta", "entra"])
@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 500])
def test_what_a_vendor_repeats_is_repeated_nowhere(
    kind: str,
    status: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.chdir(tmp_path)
    stack(tmp_path, kind, {}, CLOUDFLARE)
    for name, value in (ELSEWHERE | SECRETS).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("cfscim.vendors.retries.WHOLE_RUN", 0.5)
    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", _echoes(status))
    for words in (*asking(kind), "access --live"):
        folder = f"recorded-{words.split()[0]}-{'json' in words}"
        called(f"{words} --record {folder}", monkeypatch)
        said = capsys.readouterr()
        assert _found(said.out + said.err + caplog.text) == [], words
    written = [file for file in tmp_path.rglob("*") if file.is_file() and "recorded-" in str(file)]
    assert written, "nothing was recorded"
    for file in written:
        assert _found(file.read_text()) == [], file


DUE = '[{"stack":"prod","before":"","begun":[]}]'
GIVEN = {
    "stack": "prod",
    "only": "p",
    "since": "main",
    "base": "main",
    "head": "HEAD",
    "revision": "main",
    "before": "main",
    "begun": "main",
    "commit": "c" * 40,
    "record": "yes",
    "stacks": DUE,
    "shown": DUE,
    "tag": "v1.0.0",
}
"""A value for every option that a command of a pipeline has."""


def _gitops() -> Iterator[str]:
    """Every command of a pipeline, with all its options, with each alone, and with none."""
    for command, (_, options) in COMMANDS.items():
        for some in dict.fromkeys(((), *((one,) for one in options), options)):
            yield " ".join((command, *(f"--{name} {GIVEN[name]}" for name in some)))


@pytest.mark.parametrize("words", _gitops())
def test_a_pipeline_repeats_no_error_of_what_it_starts(words: str, tmp_path: Path) -> None:
    for name in ("pulumi", "gh", "git"):
        program = tmp_path / name
        program.write_text("#!/bin/sh\ncat error >&2; exit 1\n")
        program.chmod(0o755)
    (tmp_path / "error").write_text(
        f"error: https://reader:{quote(ENGINE)}@state.example refused {_all_forms()}\n"
    )
    env = {
        **SECRETS,
        "PATH": f"{tmp_path}:/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        "GITHUB_REPOSITORY": "acme/stacks",
        "GITHUB_SHA": "a" * 40,
        "GITHUB_REF_NAME": "main",
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "STACK": "prod",
        "BEFORE": "b" * 40,
        "COMMIT": "c" * 40,
        "SINCE": "main",
        "HOME": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-m", "cfscim.gitops", *words.split()],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    said = done.stdout + done.stderr
    for name in ("output", "summary"):
        said += (tmp_path / name).read_text() if (tmp_path / name).exists() else ""
    assert _found(said) == [], said


INIT = {
    "--stack": "prod",
    "--account-id": "0123456789abcdef0123456789abcdef",
    "--account-name": "Acme",
    "--organisation": "acme",
    "--role": "Billing=ada@acme.com",
    "--break-glass": "owner@acme.com",
    "--expires": "2027-05-20",
}


@pytest.mark.parametrize("place", [*INIT, "--people", "--people person"])
def test_a_credential_among_the_words_of_init_is_written_nowhere(
    place: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    given = dict(INIT)
    if place.startswith("--people"):
        (tmp_path / "people.csv").write_text(
            f"person,role\n{CLOUDFLARE},Billing\n"
            if place == "--people"
            else f"person,role\nada@acme.com,{CLOUDFLARE}\n"
        )
        given["--people"] = "people.csv"
    else:
        given[place] = {"--role": f"Billing={CLOUDFLARE}"}.get(place, CLOUDFLARE)
    words = " ".join(f"{option} {value}" for option, value in given.items())
    code = called(f"init --provider okta {words}", monkeypatch)
    said = capsys.readouterr()
    assert code in (1, 2), said
    assert traces(CLOUDFLARE, said.out + said.err) == []
    assert not list(tmp_path.glob("Pulumi.*.yaml"))


@pytest.mark.parametrize("name", ["dev", "dev-entra"])
def test_a_tried_stack_shows_none_of_the_secrets_that_flow_through_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The rehearsal makes a token, hands it over and signs in with it; credentials of production in
    the environment are not taken along."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / f"Pulumi.{name}.yaml", tmp_path)
    for variable, value in SECRETS.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setattr("cfscim.up.engine._network", lambda: False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(
        "shutil.rmtree", lambda *_a, **_k: None
    )  # the sandbox's state is read below
    code = called(f"up --stack {name}", monkeypatch)
    said = capsys.readouterr()
    assert code == 0, said
    [kept] = tmp_path.glob("cfscim-sandbox-*/state.json")
    words = kept.read_text().replace('"', " ").split()
    made = [word for word in words if word.startswith(("cfat_", "cfut_"))]
    assert made, "no token was made"
    text = said.out + said.err
    assert [trace for secret in made for trace in traces(secret, text)] == []
    assert _found(text) == []
