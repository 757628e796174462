"""Every kind of resource, by name: whatever is done to one, and a vendor repeats all it was given,
no credential is told; and none stands in what the engine keeps in plain text of our own."""

import base64
import json
import traceback
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import unquote_plus

import httpx
import pytest

from cfscim.config.kinds import KINDS, OURS, SERIALISED
from cfscim.rehearsal import Rehearsal
from cfscim.rehearsal.handler import Handler, Resource
from cfscim.rehearsal.vendors import Vendors
from cfscim.vendors.http import HttpClient
from sandbox.server import app
from sandbox.server.server import Sandbox
from tests.commands.test_canary_echoed import FORMS
from tests.configs import config_object
from tests.rehearsal.rehearsal_support import do_console_steps
from tests.scenarios import Config, by_api, moves, stack_file
from tests.vendors.test_secrets import traces

pytestmark = pytest.mark.usefixtures("signed_in")

FILTERED = {"scope": "filtered", "userFilter": [{"attribute": "mail", "operator": "IS NOT NULL"}]}
STACKS: dict[str, Config] = {
    "okta": config_object("okta"),
    "okta by its API, a user's token": {**by_api(config_object("okta", owner="user"))},
    "entra": config_object("entra", provider=FILTERED),
    "a move": next(moves("entra")).changes[1].config,
}
MARKS = ("TOKEN", "SECRET", "KEY", "PASSWORD")
"""What the names of variables with a credential in them have in common."""
OPERATIONS: dict[str, Callable[[Handler, Resource], object]] = {
    "create": lambda handler, resource: handler.create(resource.inputs),
    "update": lambda handler, resource: handler.update(resource, resource.inputs),
    "compare": lambda handler, resource: handler.compare(resource, resource.inputs),
    "refresh": lambda handler, resource: handler.refresh(resource),
    "import": lambda handler, resource: handler.read(resource.id),
    "find": lambda handler, resource: handler.find(resource.inputs),
    "look for what is like it": lambda handler, resource: handler.near(resource.inputs),
    "delete": lambda handler, resource: handler.delete(resource),
}


def deployed(sandbox: Sandbox, admin: httpx.Client, config: Config, lines: list[str]) -> Rehearsal:
    """The stack with everything in place."""
    made = Rehearsal("dev", sandbox.env, progress=lines.append)
    provider = config["identityProvider"]
    steps = [config]
    if provider["kind"] == "okta" and provider.get("apiIntegration") != "api":
        unconfirmed = {**config, "identityProvider": {**provider, "apiIntegrationConfirmed": False}}
        do_console_steps(admin, made.update(stack_file(unconfirmed)))
    elif "move" in config:
        steps = [next(moves("entra")).start, next(moves("entra")).changes[0].config, config]
    for step in steps:
        made.update(stack_file(step))
        admin.post("cycle").raise_for_status()
    return made


def kept(stack: Rehearsal) -> Iterator[Resource]:
    """What the stack's state has, as the handlers get it."""
    yield from stack._resources.values()


def secrets_of(sandbox: Sandbox, resources: Iterable[Resource]) -> list[str]:
    """The credentials of the environment, and every token that was made."""
    given = [v for k, v in sandbox.env.items() if any(mark in k for mark in MARKS) and len(v) > 8]
    made = [value for one in resources if len(value := str(one.outputs.get("value", ""))) > 8]
    assert len(given) >= 3
    assert made
    return [*given, *made]


def told(what: Callable[[], object]) -> str:
    """What an operation says when it fails, with all that Python says of it."""
    try:
        what()
    except Exception:
        return traceback.format_exc()
    return ""


def _errors(text: str) -> dict[str, object]:
    """In each vendor's own shape."""
    return {
        "success": False,
        "errors": [{"code": 1, "message": text}],
        "detail": text,
        "errorCode": "E1",
        "errorSummary": text,
        "error": {"message": text},
    }


@pytest.fixture
def echoing(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, list[str]], None]:
    """From then on every vendor answers with this status and the secrets it was sent, in all
    forms."""

    def begin(status: int, secrets: list[str]) -> None:
        def answer(_app: object, environ: dict[str, Any], start: Any) -> list[bytes]:
            body = environ["wsgi.input"].read().decode("latin-1")
            sent = unquote_plus(f"{environ} {body}")
            given = [secret for secret in secrets if secret in sent]
            text = " ".join(f"'{form(secret)}'" for secret in given for form in FORMS.values())
            start(f"{status} Said", [("Content-Type", "application/json")])
            return [json.dumps(_errors(text)).encode()]

        monkeypatch.setattr(app.App, "__call__", answer)
        at_once = property(lambda _self: lambda _seconds: None, lambda _self, _given: None)
        monkeypatch.setattr(HttpClient, "sleep", at_once, raising=False)

    return begin


@pytest.mark.parametrize("status", [400, 403])
@pytest.mark.parametrize("name", STACKS)
def test_no_operation_on_any_kind_tells_what_a_vendor_repeats(
    name: str,
    status: int,
    sandbox: Sandbox,
    admin: httpx.Client,
    echoing: Callable[[int, list[str]], None],
) -> None:
    lines: list[str] = []
    resources = [*kept(deployed(sandbox, admin, STACKS[name], lines))]
    secrets = secrets_of(sandbox, resources)
    echoing(status, secrets)
    failed: set[str] = set()
    with Vendors({}, sandbox.env) as vendors:
        for resource in resources:
            handler = vendors.handler(resource.type)
            for operation, call in OPERATIONS.items():
                text = told(lambda call=call, on=handler, one=resource: call(on, one))
                failed |= {operation} if text else set()
                found = [trace for secret in secrets for trace in traces(secret, text)]
                assert not found, (resource.type, resource.name, operation, text)
    assert failed >= {"create", "update", "delete"}
    said = "\n".join(lines)
    assert [trace for secret in secrets for trace in traces(secret, said)] == []


def test_every_kind_is_among_them_and_our_own_hold_no_credential(
    sandbox: Sandbox, admin: httpx.Client
) -> None:
    seen: set[str] = set()
    for config in STACKS.values():
        sandbox.world.reset()
        resources = [*kept(deployed(sandbox, admin, config, []))]
        seen |= {resource.type for resource in resources}
        secrets = secrets_of(sandbox, resources)
        for resource in (one for one in resources if one.type.startswith(OURS)):
            code = base64.b64decode(str(resource.inputs[SERIALISED])).decode("latin-1")
            text = code + json.dumps([resource.inputs, resource.outputs], default=str)
            found = [trace for secret in secrets for trace in traces(secret, text)]
            assert not found, (resource.type, resource.name)
    assert seen == set(KINDS)
