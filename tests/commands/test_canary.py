"""No command repeats a credential, wherever one was put by mistake and however the command fails."""

import copy
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import typer
import yaml
from typer.core import TyperGroup

from cfscim.__main__ import app
from cfscim.config import provider_settings
from cfscim.config.models import EntraConfig, OktaConfig, ScimConfig
from cfscim.config.provider_settings import CREDENTIALS, MAY_BE_ENCRYPTED, SETTINGS, Setting
from cfscim.config.refusals import alias_of
from tests.commands.commands_support import MORE, READING, asking, called, stack
from tests.review.test_review_every_key import leaves
from tests.vendors.test_secrets import traces

SHAPED = "cfat_Zq7Canary0Zq7Canary0Zq7Canary0Zq7Canary0"
"""In the shape of a vendor's token: known anywhere."""
PLAIN = "correct-horse-canary"
"""Known by its place alone: a credential's setting, or before the @ of an address."""
CANARIES = ("canary", quote(PLAIN, safe=""))
ADDRESSES = ("cloudflare:baseUrl", "okta:baseUrl", "okta:httpProxy", "azuread:metadataHost")
WITH_USER = f"https://reader:{PLAIN}@vendor.example"

Document = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """`puts` the canary into the stack file's document, the project's file or the environment."""

    name: str
    puts: Callable[[Document, Document, dict[str, str]], object]


def _setting(key: str, value: object, form: str) -> Place:
    return Place(
        f"{key} as {form}", lambda document, _p, _e: document["config"].update({key: value})
    )


def _forms(text: str) -> dict[str, object]:
    return {
        "text": text,
        "a list": [text],
        "a mapping": {"value": text},
        "JSON": json.dumps({"value": text}),
        "half encrypted": {"value": text, "more": {"secure": "AAAA"}},
    }


def _settings() -> Iterator[Place]:
    for key in sorted(CREDENTIALS | MAY_BE_ENCRYPTED):
        namespace, _, name = key.partition(":")
        canary = PLAIN if key in CREDENTIALS else SHAPED
        for form, value in _forms(canary).items():
            yield _setting(key, value, form)
        for other in (
            f"{namespace}:config:{name}",
            f"{namespace}:{name.lower()}",
            f"{namespace.upper()}:{name}",
        ):
            yield _setting(other, SHAPED, "another spelling")
    others = {f"{provider}:{key}" for provider, keys in SETTINGS.items() for key in keys}
    for key in sorted(others - MAY_BE_ENCRYPTED):
        yield _setting(key, SHAPED, "text")
    for key in (*ADDRESSES, "other:address", "azuread:oidcRequestUrl", "pulumi:template"):
        for form, value in _forms(WITH_USER).items():
            yield _setting(key, value, form)
    for key in ("other:thing", f"other:{SHAPED}", SHAPED, f"{SHAPED}:x"):
        yield _setting(key, SHAPED, "whatever")


def _in_config() -> Iterator[Place]:
    """Every key of the config, as text and in a list; keys that there are not."""
    for path in (*leaves(ScimConfig), f"identityProvider.{SHAPED}", SHAPED, f"roles.{SHAPED}"):
        for form, value in {"text": SHAPED, "a list": [SHAPED]}.items():
            yield Place(
                f"{path} as {form}",
                lambda d, _p, _e, at=path, v=value: _put(_scim(d), at.split("."), v),
            )


def _put(value: Any, path: Sequence[str], canary: object) -> None:
    """At the key path, with what has to be above it; into the first entry of a list."""
    *above, last = path
    for key in above:
        entries = key in ("waivers", "removals", "userFilter")
        value = value.setdefault(key, [{}] if entries else {})
        value = value[0] if isinstance(value, list) else value
        if key == "roles" and last == "members":
            value = value.setdefault("Billing", {})
    value[last] = canary


def _scim(document: Document) -> Document:
    return document["config"]["cloudflare-scim:scim"]


def _beside() -> Iterator[Place]:
    for key, value in {
        "secretsprovider": f"awskms://{PLAIN}@x",
        "encryptedkey": SHAPED,
        "environment": [SHAPED],
        SHAPED: "x",
        "settings": {"a": WITH_USER},
    }.items():
        yield Place(f"top {key}", lambda d, _p, _e, k=key, v=value: d.update({k: v}))
    for key, value in {
        "backend": {"url": WITH_USER},
        "description": SHAPED,
        "main": WITH_USER,
        "config": {"okta:apiToken": SHAPED},
        "plugins": {"providers": [{"name": "okta", "path": WITH_USER}]},
        SHAPED: "x",
    }.items():
        yield Place(f"project {key}", lambda _d, p, _e, k=key, v=value: p.update({k: v}))


def _environment() -> Iterator[Place]:
    """Every variable that stands in for a setting, and what the providers and the engine read."""
    known = [given for given in vars(provider_settings).values() if isinstance(given, Setting)]
    values = {one.variable: PLAIN if one.key in CREDENTIALS else SHAPED for one in known}
    values |= {
        "CLOUDFLARE_BASE_URL": f"https://reader:{PLAIN}@127.0.0.1:9/client/v4",
        "CLOUDFLARE_API_USER_SERVICE_KEY": PLAIN,
        "OKTA_API_PRIVATE_KEY": f"-----BEGIN PRIVATE KEY-----\n{PLAIN}\n-----END PRIVATE KEY-----",
        "OKTA_HTTP_PROXY": f"http://reader:{PLAIN}@127.0.0.1:9",
        "OKTA_BASE_URL": f"reader:{PLAIN}@127.0.0.1:9",
        "ARM_METADATA_HOSTNAME": f"reader:{PLAIN}@127.0.0.1:9",
        "ARM_CLIENT_SECRET_FILE_PATH": SHAPED,
        "HTTPS_PROXY": f"http://reader:{PLAIN}@127.0.0.1:9",
        "ALL_PROXY": f"socks9://reader:{PLAIN}@127.0.0.1:9",
        "PULUMI_BACKEND_URL": f"s3://reader:{PLAIN}@bucket",
        "PULUMI_CONFIG_PASSPHRASE": PLAIN,
        "PULUMI_ACCESS_TOKEN": "pul-" + "0" * 33 + "canary",
        "GH_TOKEN": "ghp_" + "0Zq7Canary" * 3,
        "GITHUB_TOKEN": "ghs_" + "0Zq7Canary" * 3,
    }
    for name, value in values.items():
        yield Place(f"environment {name}", lambda _d, _p, e, n=name, v=value: e.update({n: v}))


PLACES = [*_settings(), *_in_config(), *_beside(), *_environment()]
ELSEWHERE = {
    "CLOUDFLARE_API_TOKEN": "x" * 20,
    "CLOUDFLARE_BASE_URL": "http://127.0.0.1:9/client/v4",
    "OKTA_BASE_URL": "localhost:9",
    "OKTA_API_TOKEN": "x" * 20,
    "ARM_TENANT_ID": "11111111-2222-3333-4444-555555555555",
    "ARM_CLIENT_ID": "11111111-2222-3333-4444-555555555555",
    "ARM_CLIENT_SECRET": "x" * 20,
    "ARM_METADATA_HOSTNAME": "127.0.0.1:9",
}
"""Vendors that do not answer, so that every asking command fails."""


OKTA = {alias_of(name, field) for name, field in OktaConfig.model_fields.items()}
OF_ENTRA = (
    "azuread",
    "ARM_",
    *{alias_of(n, f) for n, f in EntraConfig.model_fields.items()} - OKTA,
)


def _some(commands: tuple[str, ...], turn: int) -> list[str]:
    """Every eighth command, beginning elsewhere at each turn: neighbours are of one kind."""
    return [words for index, words in enumerate(commands) if (index + turn) % 8 == 0]


def _played(place: Place, kind: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    document = copy.deepcopy(stack(folder, kind, {}, SHAPED))
    project: Document = {"name": "cloudflare-scim", "runtime": {"name": "python"}}
    (folder / "before").mkdir()
    (folder / "before" / "Pulumi.before.yaml").write_text(yaml.safe_dump(document))
    env = dict(ELSEWHERE)
    place.puts(document, project, env)
    (folder / f"Pulumi.{kind}.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(project, sort_keys=False))
    for name, value in env.items():
        monkeypatch.setitem(os.environ, name, value)


def test_no_command_and_no_option_is_left_out() -> None:
    """What there is the command line itself says."""
    lines = [words.split() for words in (*READING, *asking("okta"), *MORE)]
    commands = typer.main.get_command(app)
    assert isinstance(commands, TyperGroup)
    for name, command in commands.commands.items():
        given = {word for words in lines if words[0] == name for word in words[1:]}
        assert name in {words[0] for words in lines}
        assert {option for one in command.params for option in one.opts if "--" in option} <= given


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name.replace(SHAPED, "canary"))
def test_no_command_repeats_it(
    place: Place,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    kind = "entra" if any(word in place.name for word in OF_ENTRA) else "okta"
    _played(place, kind, tmp_path, monkeypatch)
    monkeypatch.setattr("cfscim.vendors.retries.WHOLE_RUN", 0.3)
    refused = called("validate", monkeypatch) != 0
    for words in _some((*READING, *asking(kind), *MORE), PLACES.index(place)):
        if words.startswith("up ") and (not refused or place.name.startswith("project")):
            continue  # what `up` takes is tried out on the sandbox elsewhere
        called(words.format(stack=kind, file=f"Pulumi.{kind}.yaml"), monkeypatch)
        said = capsys.readouterr()
        for text in (said.out, said.err, caplog.text):
            assert not [canary for canary in CANARIES if canary in text.lower()], (words, text)
            assert traces(SHAPED, text) == traces(PLAIN, text) == [], (words, text)
