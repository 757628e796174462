"""Further places and forms: people that read like others, names that want to be more than a name,
settings that no page names, and files that are no document where only documents are read past.
"""

import copy
import os
import re
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import yaml

from tests.configs import SUPER
from tests.review.gallery_scenarios import okta
from tests.review.tricks import (
    EVE,
    EVIL,
    PROJECT,
    STACK,
    Trick,
    document,
    new_file,
    stranger,
    write,
)
from tests.review.tricks_text import BASE, WITH_EVE

STRANGER = yaml.safe_dump(stranger())


def _text(name: str, content: str, seen: str = "") -> Trick:
    return Trick(name, lambda folder: (folder / STACK).write_bytes(content.encode()), seen)


_PEOPLE = {
    "in no sequence but a set": "!!set {eve@example.com}",
    "under a tag in full": f"!<tag:yaml.org,2002:str> {EVE}",
    "under a tag that says nothing": f"! {EVE}",
    "over two lines": '"eve@\\\n          example.com"',
    "kept with its line feeds": f"|+\n          {EVE}\n",
    "indented by a number": f"|2-\n            {EVE}",
    "in a list of its own": f"[{EVE}]",
    "a mapping": f"{{{EVE}: true}}",
    "before a line separator": f"{EVE}\u2028",
    "who is grace with a tag": "grace+admin@example.com",
    "who is grace with dots": "g.race@example.com",
    "who is grace in capitals": "GRACE@example.com",
    "who is grace elsewhere": "grace@EXAMPLE.com",
    "who is grace twice": "grace@example.com",
    "who is grace with a dot behind": "grace@example.com.",
    "who is grace and a joiner": "gra\u200dce@example.com",
    "who is grace and a mark": "gra\ufeffce@example.com",
    "who is grace and a direction": "grace\u200e@example.com",
    "who is grace and letters of a flag": "grace\U000e0061@example.com",
    "who is grace and a variation": "grace\ufe0f@example.com",
    "who is grace and an accent": "grace\u0301@example.com",
    "who is grace and a filler": "gr\u3164ace@example.com",
    "who is grace and a blank of braille": "gr\u2800ace@example.com",
    "isolated": "\u2066eve\u2069@example.com",
    "in quotes": "'\"grace eve\"@example.com'",
    "with a remark": "grace(eve)@example.com",
    "at a number": "eve@[127.0.0.1]",
    "routed by a percent": "eve%evil.example@example.com",
    "routed by a bang": "evil.example!eve@example.com",
    "a number": "0o17",
    "nothing": "~",
    "a day": "2026-01-01",
    "HTML": "'<img/src=x>@example.com'",
    "a link": "'[x](javascript:1)@example.com'",
    "a tick": "'e`ve@example.com'",
    "a column": "'e|ve@example.com'",
    "bold": "'**eve**@example.com'",
    "behind a line feed": '"alan@example.com\\neve@example.com"',
    "behind a comment that goes on": f"alan2@example.com # \\\n        - {EVE}",
    "among three thousand": "\n        - ".join(f"p{n}@example.com" for n in range(3000)),
}


def _people() -> Iterator[Trick]:
    for name, written in _PEOPLE.items():
        yield _text(f"somebody {name}", WITH_EVE.replace(f"- {EVE}", f"- {written}"))


_ROLES = {
    "a truth": "true",
    "a number": "1",
    "nothing": "~",
    "escaped": '"Bil\\u006cing"',
    "with a hidden blank": '"Billing\\u200b"',
    "in capitals": "BILLING",
    "with a look-alike": "B\u0456lling",
    "with a no-break space": "Administrator\u00a0Read Only",
}


def _roles() -> Iterator[Trick]:
    for name, written in _ROLES.items():
        yield _text(f"a role that is {name}", WITH_EVE.replace("Billing:", f"{written}:"))
    twice = WITH_EVE.replace("      Billing:", '      "Bil\\u006cing": {}\n      Billing:')
    yield _text("a role twice, once escaped", twice, "twice")
    line = re.compile(r"members:\n(\s+- \S+\n)+")
    for form, written in {"text": EVE, "mapping": f"{{{EVE}: true}}", "a role": "*b"}.items():
        yield _text(f"members as {form}", line.sub(f"members: {written}\n", BASE, count=1))
    shared = BASE.replace(f"{SUPER}:\n        members:", f"{SUPER}:\n        members: &s", 1)
    yield _text(
        "members of the strongest role, by an alias",
        line.sub("members: *s\n", shared.replace("Billing:", "Billing:\n        ", 1)),
    )
    for name, content in {
        "tabs": BASE.replace("  cloudflare-scim:scim:", "\tcloudflare-scim:scim:"),
        "an ordered mapping": WITH_EVE.replace("roles:", "roles: !!omap"),
        "lines that end in two ways": WITH_EVE.replace("\n", "\r\n", 5),
        "a number as a day": BASE.replace("2027-05-20T00:00:00Z", "1811808000"),
        "a truth as a text": BASE.replace("expiresOn:", "rotation: true\n      expiresOn:"),
    }.items():
        yield _text(f"written with {name}", content)


_NAMES = {
    "from right to left": "\u202egro.live",
    "HTML": "<img src=x onerror=alert(1)>",
    "a link": "](https://evil.example)",
    "a mention": "@org/team",
    "two lines": "a\nb",
    "ticks": "a`b`c",
    "a table": "| x | y |",
    "the end of a comment": "--> <b>x</b>",
    "a formula": "$x$ #1",
    "a hidden blank": "\u200bX",
    "a look-alike": "\u0415xample Corp",
}
_PLACES: dict[str, Callable[[dict[str, Any], str], object]] = {
    "the account": lambda config, text: config["account"].update(name=text),
    "the prefix": lambda config, text: config.update(groupPrefix=text),
    "the users' group": lambda config, text: config["identityProvider"].update(
        usersGroup={"name": text}
    ),
    "a reason": lambda config, text: config.update(
        waivers=[{"rule": "token-expiry", "until": "2026-12-31", "by": EVE, "reason": text}]
    ),
}


def _names() -> Iterator[Trick]:
    for place, (form, text) in product(_PLACES, _NAMES.items()):
        config = copy.deepcopy(okta())
        _PLACES[place](config, text)
        yield Trick(
            f"{place} named {form}",
            lambda folder, c=config: write(folder, document(**{"cloudflare-scim:scim": c})),
        )


_SETTINGS = (
    *("cloudflare:pluginDownloadURL", "okta:version", "azuread:msiEndpoint", "okta:logLevel"),
    *("azuread:useCli", "azuread:oidcTokenFilePath", "azuread:clientCertificatePath"),
    *("pulumi:providers", "aws:region", "command:create", "okta:maxRetries", "other:x"),
    *(
        "cloudflare:apiHostname",
        "cloudflare:apiBasePath",
        "cloudflare:email",
        "okta:requestTimeout",
    ),
    *("cloudflare:apiUserServiceKey", "cloudflare:userAgentOperatorSuffix", "okta:accessToken"),
    *("azuread:environment", "azuread:clientId", "azuread:oidcRequestUrl", "azuread:oidcToken"),
    *("azuread:partnerId", "azuread:useMsi", "azuread:tenantIdAlias", "okta:backoff"),
)


def _settings() -> Iterator[Trick]:
    for key in _SETTINGS:
        yield Trick(
            f"setting {key}", lambda folder, k=key: write(folder, document(**{k: EVIL})), key
        )


_FILES = (
    *("docs/x.sh", "tests/x.sh", "bench/x", "docs/action.yml", "tests/x/action.yaml", "docs/x.mk"),
    *("docs/PulumiPolicy.yaml", "tests/PulumiPolicy.yml", "examples/PulumiPlugin.yaml"),
    *("docs/Makefile", "docs/Dockerfile", "examples/Pulumi.yaml", "tests/Pulumi.yaml", "docs/x.js"),
    *("docs/requirements.txt", "docs/x.zip", "docs/.gitattributes", "docs/.env", "tests/.env"),
    *("docs/x.PY", "docs/x.pyw", "docs/pip.conf", "tests/sitecustomize.py", "README.md/x.py"),
    *("tests/sitecustomize/__init__.py", "docs/usercustomize/x.md"),
    *("LICENSE/x.py", "a\nb.py", "x.md\n", "-r.txt", "GNUmakefile", ".npmrc", "pulumi.env"),
    *("DOCS/x.md", "sub/Pulumi.yaml", "sub/Pulumi.prod.yaml", "Pulumi.prod.yaml\n"),
    *("Pulumi.a b.yaml", "Pulumi.[a].yaml", "Pulumi.*.yaml", "Pulumi.prod\u200b.yaml"),
    *("Pulumi.~.yaml", "Pulumi.prod.yaml.yaml", "Pulumi.prod.Yaml", "PULUMI.prod.yaml"),
    *("renovate.json", ".github/renovate.json5", ".renovaterc", ".mailmap", "Pulumi.yaml.orig"),
    *(".before/policy.json", "comment/plan.md", "before.txt", "bench/.netrc", "tests/.envrc"),
    *("docs/uv.toml", "examples/__init__.py", "schema/x.py", "docs/x.ipynb", "docs/x.html.j2"),
    *(".dockerignore", ".tool-versions", "mise.toml", "Taskfile.yml", "justfile", "noxfile.py"),
    *(".devcontainer/devcontainer.json", ".vscode/settings.json", "docs/conf.py", "tests/x.so"),
    *("tests/x.pyc", "bench/evil.pyd", "policy/__init__.py", "template/Pulumi.yaml", "cfscim.py"),
    *("pulumi-language-python", "encodings/__init__.py", "pip/__init__.py", "docs/.pypirc"),
    *("distutils-precedence.pth", "tests/PulumiPlugin.json", ".github/actions/x/index.js"),
)


def _reading() -> Iterator[Trick]:
    """A stack by the name of an environment in which nobody approves."""
    other = stranger()
    other["config"]["cloudflare-scim:scim"]["account"] = {"id": "9" * 32, "name": "Other"}  # type: ignore[index]
    for name in ("prod-drift", "prod-preview", "prod-read", "eu-Drift"):
        text = yaml.safe_dump(other)
        yield Trick(
            f"a stack named {name}",
            lambda f, n=name, t=text: (f / f"Pulumi.{n}.yaml").write_text(t),
            "name ends in",
        )


def _files() -> Iterator[Trick]:
    for path in _FILES:
        seen = re.escape(os.path.basename(path.strip()))
        text = STRANGER if os.path.basename(path).startswith(("Pulumi", "PULUMI")) else "evil\n"
        yield new_file(
            path, yaml.safe_dump(PROJECT) if path.endswith("Pulumi.yaml") else text, seen
        )

    def unnamed(name: bytes) -> Callable[[Path], object]:
        def does(folder: Path) -> None:
            with open(os.fsencode(folder) + b"/" + name, "w") as file:
                file.write(STRANGER)

        return does

    yield Trick("a stack's file in no encoding", unnamed(b"Pulumi.\xff.yaml"), "no name")
    yield Trick("a module in no encoding", unnamed(b"\xff.py"), "py")
    for name, does in {
        "the stack into a folder below": lambda f: (
            (f / "sub").mkdir(),
            (f / STACK).rename(f / "sub" / STACK),
        ),
        "a folder in the stack's place": lambda f: (
            (f / STACK).unlink(),
            (f / STACK).mkdir(),
            (f / STACK / "x").write_text(STRANGER),
        ),
        "the stack is a link to itself": lambda f: (
            (f / STACK).unlink(),
            (f / STACK).symlink_to(STACK),
        ),
        "a new stack is a link to nothing": lambda f: (f / "Pulumi.new.yaml").symlink_to("nowhere"),
    }.items():
        yield Trick(name, does)


def more_tricks() -> list[Trick]:
    """What another reader of the review thought of."""
    return [*_people(), *_roles(), *_names(), *_settings(), *_reading(), *_files()]
