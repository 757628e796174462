"""Tricks against a review, from a grammar: a place that the engine or the program reads, what is put
there, and the form it is written in.
"""

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import yaml

from tests.review.gallery_scenarios import SUPER, okta

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
    """`does` changes the folder in force; `seen`: what of it a reviewer's first lines must hold."""

    name: str
    does: Callable[[Path], object]
    seen: str = ""


def _config(name: str, seen: str, /, **config: object) -> Trick:
    return Trick(name, lambda folder: write(folder, document(**config)), seen)


def _top(name: str, key: str, value: object, seen: str = "") -> Trick:
    return Trick(name, lambda folder: write(folder, {**document(), key: value}), seen or key)


def _project(name: str, seen: str = "", /, **keys: object) -> Trick:
    text = yaml.safe_dump({**PROJECT, **keys})
    return Trick(name, lambda folder: (folder / "Pulumi.yaml").write_text(text), seen)


def _file(path: str, text: str = "evil = 1\n", seen: str = "") -> Trick:
    def does(folder: Path) -> None:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    return Trick(f"file {path}", does, seen or path)


def _with_eve() -> dict[str, object]:
    config = copy.deepcopy(okta())
    config["roles"][SUPER]["members"].append(EVE)  # type: ignore[index]
    return config


def _stranger(document_: dict[str, object] | None = None) -> dict[str, object]:
    content = copy.deepcopy(document_ or document())
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
        yield _file(f"Pulumi.{ending}", json.dumps({**PROJECT, "main": "evil"}))
        yield _file(f"Pulumi.prod.{ending}", json.dumps(_stranger()))
    yield _file("Pulumi.prod.deploy.yaml", yaml.safe_dump(_stranger()))


def _links() -> Iterator[Trick]:
    def linked(name: str) -> Callable[[Path], None]:
        def does(folder: Path) -> None:
            target = folder / "other.txt"
            target.write_text(yaml.safe_dump(_stranger()))
            (folder / name).unlink()
            (folder / name).symlink_to(target.name)

        return does

    for name in (STACK, "Pulumi.yaml"):
        yield Trick(f"symbolic link {name}", linked(name), name)


def _program() -> Iterator[Trick]:
    for path in (
        "__main__.py",
        "components/stack.py",
        "components/okta/app.py",
        "cfscim/config/models.py",
        "policy/pack.py",
        "policy/PulumiPolicy.yaml",
        "cfscim/config/policy/rules.py",
        "yaml.py",
        "pulumi.py",
        "pydantic/__init__.py",
        "pulumi_okta/__init__.py",
        "sitecustomize.py",
        "usercustomize.py",
        "evil.pth",
        "json.py",
        "typing_extensions.py",
        "requirements.txt",
        "requirements-dev.txt",
        "pyproject.toml",
        "uv.lock",
        "setup.py",
        ".github/workflows/deploy.yml",
        ".github/actions/update/action.yml",
        ".ci/run.sh",
        "Makefile",
        ".gitattributes",
        ".python-version",
        "deploy/prod.deploy.yaml",
    ):
        yield _file(path)


def _people() -> Iterator[Trick]:
    """A stranger among the Super Administrators, in every way in which YAML can say it."""
    text = yaml.safe_dump(_stranger(), sort_keys=False)
    forms = {
        "plain": EVE,
        "quoted": f'"{EVE}"',
        "escaped": '"\\u0065ve@example.com"',
        "escaped by byte": '"\\x65ve@example.com"',
        "tagged": f"!!str {EVE}",
        "anchored": f"&e {EVE}",
        "folded": f">-\n          {EVE}",
        "in upper case": "EVE@EXAMPLE.COM",
        "with a look-alike": "ev\u0435@example.com",
        "with a hidden character": f"{EVE}\u200b",
        "with a comment": f"{EVE} # break-glass@example.com",
    }
    for form, written in forms.items():
        changed = text.replace(f"- {EVE}", f"- {written}")
        yield Trick(
            f"a stranger, {form}", lambda f, t=changed: (f / STACK).write_text(t), "eve|0435"
        )
    flow = json.dumps(_stranger())
    yield Trick("a stranger, as JSON", lambda folder: (folder / STACK).write_text(flow), "eve")
    merged = text.replace(f"{SUPER}:", f"{SUPER}: &s", 1) + "aliases: {<<: *s}\n"
    yield Trick("a stranger, merged", lambda folder: (folder / STACK).write_text(merged), "")
    twice = text + text[text.index("config:") :]
    yield Trick("a stranger, config twice", lambda folder: (folder / STACK).write_text(twice), "")
    second = yaml.safe_dump(document()) + "---\n" + text
    yield Trick("a stranger, second document", lambda f: (f / STACK).write_text(second), "")
    wide = text.encode("utf-16")
    yield Trick("a stranger, in UTF-16", lambda folder: (folder / STACK).write_bytes(wide), "")
    marked = b"\xef\xbb\xbf" + text.encode()
    yield Trick("a stranger, after a mark", lambda f: (f / STACK).write_bytes(marked), "eve")
    breaks = yaml.safe_dump(document()) + "# end\u2028environment: [people]\n"
    yield Trick("behind a line separator", lambda folder: (folder / STACK).write_text(breaks), "")


def tricks() -> list[Trick]:
    """Every trick; the name of each is its own."""
    return [
        *_addresses(),
        *_settings(),
        *_beside_config(),
        *_project_file(),
        *_links(),
        *_program(),
        *_people(),
    ]
