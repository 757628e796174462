"""Tricks against a review, from a grammar: a place that the engine or the program reads, what is put
there, and the form it is written in.
"""

import copy
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import yaml

from tests.configs import SUPER
from tests.review.gallery_scenarios import okta

EVE = "eve@example.com"
EVIL = "https://api.cloudflare.com.evil.example"
PROJECT = {"name": "cloudflare-scim", "runtime": {"name": "python"}}
STACK = "Pulumi.prod.yaml"
SEALED = {"secure": "AAABAKbf7yN1"}
"""What is in force: an encrypted credential, a tenant and a list, so that each can be changed."""
SETTINGS = {"okta:apiToken": SEALED, "okta:orgName": "example", "okta:scopes": ["okta.apps.read"]}


def document(**config: object) -> dict[str, object]:
    """The stack file in force, with more keys below `config`."""
    return {
        "encryptionsalt": "v1:aaaa:v1:bbbb:cccc",
        "config": {**SETTINGS, "cloudflare-scim:scim": okta(), **config},
    }


def in_force(folder: Path) -> None:
    """The base: project, stack file and a program of one file."""
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(PROJECT))
    write(folder, document())
    (folder / "__main__.py").write_text("pass\n")
    (folder / "requirements.txt").write_text("pulumi==3.272.0\n")


def write(folder: Path, content: object) -> None:
    (folder / STACK).write_text(yaml.safe_dump(content, sort_keys=False))


@dataclass(frozen=True)
class Trick:
    """`does` changes the folder in force; `seen`: what of it a reviewer's first lines must hold.

    `merged`: what came into force before, harmless by itself.
    """

    name: str
    does: Callable[[Path], object]
    seen: str = ""
    merged: Callable[[Path], object] | None = None


def _config(name: str, seen: str, /, **config: object) -> Trick:
    return Trick(name, lambda folder: write(folder, document(**config)), seen)


def _top(name: str, key: str, value: object, seen: str = "") -> Trick:
    return Trick(name, lambda folder: write(folder, {**document(), key: value}), seen or key)


def _project(name: str, seen: str = "", /, **keys: object) -> Trick:
    text = yaml.safe_dump({**PROJECT, **keys})
    return Trick(name, lambda folder: (folder / "Pulumi.yaml").write_text(text), seen)


def new_file(path: str, text: str = "evil = 1\n", seen: str = "") -> Trick:
    """A file that was not there, or another one in its place."""

    def does(folder: Path) -> None:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    return Trick(f"file {path}", does, seen or re.escape(path))


def _with_eve() -> dict[str, object]:
    config = copy.deepcopy(okta())
    config["roles"][SUPER]["members"].append(EVE)  # type: ignore[index]
    return config


def stranger() -> dict[str, object]:
    """The stack file with one more Super Administrator."""
    content = document()
    content["config"]["cloudflare-scim:scim"] = _with_eve()  # type: ignore[index]
    return content


_ADDRESSES = ("cloudflare:baseUrl", "okta:baseUrl", "okta:httpProxy", "azuread:metadataHost")
_FORMS: dict[str, Callable[[str], object]] = {
    "text": lambda text: text,
    "list": lambda text: [text],
    "mapping": lambda text: {"value": text},
    "deep": lambda text: {"a": [{"b": text}]},
    "JSON text": lambda text: json.dumps({"value": text}),
    "encrypted": lambda _: SEALED,
    "encrypted inside": lambda text: {"value": text, "more": [SEALED]},
    "with a password": lambda text: text.replace("://", "://user:hunter2@"),
}


def _addresses() -> Iterator[Trick]:
    for key, form in product(_ADDRESSES, _FORMS):
        yield _config(f"{key} as {form}", key, **{key: _FORMS[form](EVIL)})
    for key in _ADDRESSES:
        namespace, _, name = key.partition(":")
        for old in (f"{namespace}:config:{name}", f"{namespace}: {name}"):
            yield _config(f"{key} as {old}", old, **{old: EVIL})


def _settings() -> Iterator[Trick]:
    yield _config("another organisation", "okta:orgName", **{"okta:orgName": "evil"})
    yield _config("another ciphertext", "okta:apiToken", **{"okta:apiToken": {"secure": "AAAA"}})
    yield _config("a longer list", "okta:scopes", **{"okta:scopes": ["okta.apps.read", "x"]})
    yield _config("another tenant", "azuread:tenantId", **{"azuread:tenantId": "0" * 36})
    yield _config(
        "a token in the old form", "okta:config:apiToken", **{"okta:config:apiToken": "x"}
    )
    yield _config("a plain credential", "cloudflare:apiToken", **{"cloudflare:apiToken": "hunter2"})
    yield _config("a credential as a list", "okta:privateKey", **{"okta:privateKey": ["hunter2"]})
    for key, value in (
        ("pulumi:disable-default-providers", ["*"]),
        ("pulumi:autonaming", {"pattern": "${name}"}),
        ("pulumi:tags", {"a": "b"}),
        ("pulumi:config:tags", {"a": "b"}),
    ):
        yield _config(key, key, **{key: value})
    for key in (
        "scim",
        "cloudflare-scim:config:scim",
        "cloudflare-scim:extra",
        "Cloudflare-scim:scim",
    ):
        yield _config(f"a second config {key}", key, **{key: _with_eve()})


def _beside_config() -> Iterator[Trick]:
    for form, value in {
        "list": ["people"],
        "mapping": {"imports": ["a"]},
        "text": "people",
    }.items():
        yield _top(f"environment as {form}", "environment", value)
    yield _top("another provider of secrets", "secretsprovider", "awskms://evil")
    yield _top("another key", "encryptedkey", "AAAA")
    yield _top("another salt", "encryptionsalt", "v1:evil")
    for key in ("Config", "Environment", "imports", "values", "settings", "pulumi", "resources"):
        yield _top(f"top level {key}", key, {"a": 1})


def _project_file() -> Iterator[Trick]:
    value = {"cloudflare:baseUrl": {"value": EVIL}}
    yield _project("config in the project, typed", "config", config=value)
    yield _project("config in the project, short", "config", config={"cloudflare:baseUrl": EVIL})
    yield _project("config in the project, list", "config", config=[EVIL])
    yield _project("config as a folder", "folder", config="elsewhere")
    yield _project("stackConfigDir", "folder", stackConfigDir="elsewhere")
    yield _project("main", "main", main="elsewhere")
    yield _project("runtime", "runtime", runtime="nodejs")
    yield _project(
        "runtime options",
        "virtualenv",
        runtime={"name": "python", "options": {"virtualenv": "evil"}},
    )
    yield _project("name", "name", name="other")
    yield _project("backend", "backend", backend={"url": "s3://evil"})
    yield _project(
        "backend with a password", "backend", backend={"url": "https://u:p@evil.example"}
    )
    yield _project("plugins", "plugins", plugins={"providers": [{"name": "okta", "path": "evil"}]})
    yield _project("packages", "packages", packages={"okta": "https://evil.example/okta"})
    yield _project("options", "options", options={"refresh": "always"})
    yield _project("an unknown key", "extra", extra={"a": 1})
    yield Trick("unreadable", lambda f: (f / "Pulumi.yaml").write_text("name: [\n"), "Pulumi.yaml")
    for ending in ("json", "yml"):
        yield new_file(f"Pulumi.{ending}", json.dumps({**PROJECT, "main": "evil"}))
        yield new_file(f"Pulumi.prod.{ending}", json.dumps(stranger()))
    yield new_file("Pulumi.prod.deploy.yaml", yaml.safe_dump(stranger()))


def _engine_settings() -> Iterator[Trick]:
    """What the engine reads in Pulumi.yaml, in other spellings, and what it may read one day."""
    for key, value in (
        ("main", "."),
        ("requiredPulumiVersion", ">=1"),
        ("license", "Apache-2.0"),
        ("template", {"config": {"a": {"default": "b"}}}),
        ("Config", {"a": "b"}),
        ("__proto__", {"a": "b"}),
        ("Name", "other"),
    ):
        yield _project(f"project: {key}", "Pulumi.yaml", **{key: value})
    for options in (
        {"toolchain": "uv"},
        {"typechecker": "mypy"},
        {"virtualenv": "../evil"},
        {"binary": "/tmp/evil"},
    ):
        key = next(iter(options))
        yield _project(f"runtime option {key}", key, runtime={"name": "python", "options": options})
    yield _project("tags and more", "config", config={"pulumi:tags": {"a": "b"}, "x": "y"})
    for name in ("Cloudflare-Scim", "cloudflare-scim ", "cloudflare\u2010scim"):
        yield _project(f"project named {name!a}", "name", name=name)
    for runtime in ("Python", ["python"], {"name": "python3"}, {"options": {}}):
        yield _project(f"runtime {runtime}", "runtime", runtime=runtime)
    plain = "name: cloudflare-scim\nruntime: python\n"
    for form, text in (
        ("a key twice", f"{plain}name: other\n"),
        ("a merged key", f"{plain}<<: {{main: evil}}\n"),
        ("a second document", f"{plain}---\nmain: evil\n"),
        ("after a mark", f"\ufeff{plain}main: evil\n"),
        ("with a tag", f"{plain}main: !evil .\n"),
        ("with an explicit key", f"{plain}? main\n: evil\n"),
    ):
        yield Trick(
            f"project with {form}",
            lambda folder, t=text: (folder / "Pulumi.yaml").write_text(t),
            "Pulumi.yaml",
        )
    wide = f"{plain}main: evil\n".encode("utf-16")
    yield Trick("project in UTF-16", lambda f: (f / "Pulumi.yaml").write_bytes(wide), "Pulumi.yaml")


def settings_tricks() -> list[Trick]:
    """What stands beside the config object, and in the project's file."""
    return [*_addresses(), *_settings(), *_beside_config(), *_project_file(), *_engine_settings()]
