"""Recordings: nothing of a person, a secret or a tenant reaches the disk; equal stays equal."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from cfscim.config.json_types import Json
from cfscim.vendors.cloudflare import models as cloudflare_models
from cfscim.vendors.entra import models as entra_models
from cfscim.vendors.okta import models as okta_models
from cfscim.vendors.okta.lookups import LATE
from cfscim.vendors.recording import Recorder, StandIns, recorded, vocabulary
from sandbox.server.app import cloudflare_router, entra_router, okta_router, scim_router
from sandbox.server.server import Sandbox
from tests.configs import COMBINATIONS
from tests.verify.verify_support import set_up

SECRETS = (
    "Zq9canaryZq9",
    "maria.canary@corp.example.net",
    "cfat_Zq9canaryZq9canaryZq9canaryZq9canaryZq9c",
    "Canary O'Person",
    "00Zq9canaryZq9canaryZq9canaryZq9canaryZq9_a",
    "0123456789abcdef0123456789abcdef",
    "9c1b8f0e-1111-4222-8333-0123456789ab",
    "00uZq9canaryZq9canar",
    "canary",
    "+49 170 1234567",
    # The same once more as it is written elsewhere: base64, percent-encoded, in capitals, Unicode.
    "Y2ZhdF9acTljYW5hcnlacTljYW5hcnk=",
    "maria.canary%40corp.example.net",
    "MARIA.CANARY@CORP.EXAMPLE.NET",
    "m\u00e4ria.canary@corp.ex\u00e4mple.net",
    "1985-04-12",
    "8675309",
    "12345",
)
SHAPES = (
    "{}",
    "Bearer {}",
    "https://{}.okta.com/api/v1/users/{}?filter={}",
    "https://host.example/{}#{}",
    'userName eq "{}"',
    "displayName eq '{}' and {}",
    '{{"key": "{}", "{}": ["{}"]}}',
    "com.cloudflare.api.account.{}",
    "Not found: Resource not found: {} (User)",
    '<https://x.example/{}?after={}>; rel="next"',
    "2026-01-01T00:00:00Z {}",
    "[{}]",
    "{}@example.com",
    "https://{}:{}@host.example:8443/login",
    "https://host.example/oauth2/authorize?login_hint={}&state={}",
    "<Response><NameID>{}</NameID></Response>",
    "<html><title>{}</title><a href='https://x.example/{}'>no</a></html>",
    '{{"a": "{{\\"b\\": \\"{}\\"}}"}}',
    "profile.{} eq 1",
    "{},{}",
    "sid={}; Path=/; HttpOnly",
    "/Users/{}/groups",
    "https://pictures.example/{}.png",
)
texts = st.builds(
    lambda shape, secret: shape.format(*[secret] * 4),
    st.sampled_from(SHAPES),
    st.sampled_from(SECRETS),
)
numbers = st.sampled_from([8675309, 491701234567, -8675309])
safe = st.sampled_from(["id", "eq", "name", "status", "ACTIVE", "value"])
mixed = st.one_of(texts, safe)
values = st.recursive(
    st.one_of(mixed, numbers, st.integers(-5, 5), st.booleans(), st.none()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(mixed, inner, max_size=3),
    max_leaves=8,
)


def leaks(text: str) -> list[str]:
    """The canaries, or telling parts of them, that a text holds in any writing."""
    plain = text.encode().decode("unicode_escape").lower()
    parts = {*SECRETS, "canary", "maria", "corp.example", "o'person", "o%27person", "1234567"}
    parts |= {"acnhcnl", "y2fuyxj5", "zq9", "\u00e4ria", "85-04-12", "675309"}
    return [part for part in parts if part.lower() in plain]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(
    path="id",
    host="corp.example.net",
    query={},
    request=None,
    response=None,
    header="8675309",
    name="retry-after",
)
@given(
    path=mixed,
    host=st.sampled_from(["corp.example.net", "maria@corp.example.net", "canary.okta.com:8443"]),
    query=st.dictionaries(mixed, mixed, max_size=3),
    request=values,
    response=values,
    header=mixed,
    name=st.sampled_from(
        [
            *("link", "content-type", "retry-after", "set-cookie", "x-rate-limit-reset"),
            *("authorization", "location", "www-authenticate", "x-okta-user", "cf-ray"),
        ]
    ),
)
def test_no_canary_in_any_place_of_an_exchange_is_written(
    tmp_path_factory, path, host, query, request, response, header, name
) -> None:
    folder = tmp_path_factory.mktemp("recording")
    Recorder(folder, "test").write(
        "Okta",
        "GET",
        f"https://{host}/api/v1/{path}",
        query,
        request,
        200,
        {name: header},
        json.dumps(response).encode(),
    )
    assert not leaks((folder / "okta.jsonl").read_text())


@given(values)
def test_the_shape_stays_and_equal_texts_stay_equal(value: Json) -> None:
    stand_ins = StandIns()
    once, again = stand_ins.json(value), stand_ins.json(value)
    assert once == again
    for before, after in pairs(value, once):
        assert type(before) is type(after)
        assert not isinstance(before, dict) or len(before) >= len(after)


def pairs(before: Json, after: Json) -> Iterator[tuple[Json, Json]]:
    """Every value with what it became."""
    yield before, after
    if isinstance(before, list):
        assert isinstance(after, list)
        for one, other in zip(before, after, strict=True):
            yield from pairs(one, other)


@pytest.mark.parametrize("text", ["a canary", "canary"])
def test_the_check_above_does_find_a_leak(text: str) -> None:
    assert leaks(json.dumps({"x": text}))


def test_the_vocabulary_has_what_is_asked_and_read() -> None:
    """Every fixed part of a path that the sandbox serves of the program's, every key of an answer."""
    parts = {
        part
        for router in (okta_router, entra_router, cloudflare_router, scim_router)
        for rule in router._map.iter_rules()  # pyright: ignore[reportPrivateUsage]
        if rule.rule.startswith(("/v1.0/", "/api/v1/", "/client/v4/"))
        for part in rule.rule.split("/")
        if part and "<" not in part
    }
    keys = {
        field.alias or name
        for module in (cloudflare_models, entra_models, okta_models)
        for model in vars(module).values()
        if isinstance(model, type) and issubclass(model, BaseModel)
        for name, field in model.model_fields.items()
    }
    assert (parts | keys) - {LATE} - vocabulary() == set()


def test_the_vocabulary_names_nobody() -> None:
    for word in vocabulary():
        assert not re.search(r"\b(ada|grace|alan|lovelace|hopper)\b|example\.|@\w", word, re.I) or (
            word.startswith("@odata")
        ), word


@pytest.mark.parametrize("combination", [COMBINATIONS[0], COMBINATIONS[4]], ids="-".join)
def test_a_verification_is_recorded(sandbox: Sandbox, tmp_path: Path, combination) -> None:
    stack = set_up(sandbox, *combination)
    with recorded(tmp_path, "verify") as recorder:
        report = stack.verify()
    assert recorder is not None
    assert recorder.count > 20
    assert report.exit_code == 0
    text = "".join(file.read_text() for file in tmp_path.iterdir())
    for person in ("ada", "grace", "lovelace", stack.outputs.token_value.get_secret_value()):
        assert not re.search(rf"\b{re.escape(person)}\b", text, re.IGNORECASE)
    rows = [json.loads(line) for line in text.splitlines()]
    # Okta answers 400 where an app has no provisioning features.
    assert {row["status"] for row in rows} <= {200, 204, 400}
    assert {tuple(row) for row in rows} == {
        (
            "source",
            "file",
            "i",
            "method",
            "host",
            "path",
            "query",
            "request",
            "status",
            "headers",
            "response",
        )
    }
    assert all(oct(file.stat().st_mode)[-2:] == "00" for file in tmp_path.iterdir())


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ('profile.name eq "My group"', 'profile.name eq "text-00001"'),
        ("profile.secret eq 1", "text-00001 eq 1"),
    ],
)
def test_an_expression_keeps_the_vendors_words(value: str, written: str) -> None:
    assert StandIns().query([("search", value)]) == [("search", written)]


def test_what_is_asked_for_by_name_is_the_name_that_answers_hold() -> None:
    stand_ins = StandIns()
    name = stand_ins.text("Cloudflare SCIM app")
    assert stand_ins.query([("q", "Cloudflare SCIM app")]) == [("q", name)]
    group = stand_ins.text("CF-0123456789abcdef0123456789abcdef - Billing")
    assert group == "CF-00000000000000000000000000000001 - Billing"


def test_no_stand_in_begins_another() -> None:
    stand_ins = StandIns()
    written = [stand_ins.text(f"name {number}") for number in range(120)]
    assert not [a for a in written for b in written if a != b and b.startswith(a)]


def test_each_run_into_a_folder_is_a_recording_of_its_own(tmp_path: Path) -> None:
    for _ in range(3):
        recorder = Recorder(tmp_path, "verify")
        recorder.write("Okta", "GET", "https://x.okta.com/api/v1/users", {}, None, 200, {}, b"[]")
    rows = [json.loads(line) for line in (tmp_path / "okta.jsonl").read_text().splitlines()]
    assert [row["file"] for row in rows] == ["verify", "verify-2", "verify-3"]
