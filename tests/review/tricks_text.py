"""One YAML said otherwise: every form, encoding and ambiguity in which a stranger could be
written, and what the engine would read out of each.
"""

import json
from collections.abc import Iterator
from typing import Any

import yaml

from cfscim.config.messages import CONFIG_KEY
from tests.configs import SUPER
from tests.review.tricks import EVE, EVIL, SEALED, STACK, Trick, document, stranger

BASE = yaml.safe_dump(document(), sort_keys=False)
WITH_EVE = yaml.safe_dump(stranger(), sort_keys=False)


_IN_ONE_TEXT = yaml.safe_dump(document(**{CONFIG_KEY: json.dumps(stranger()["config"])}))
_MEMBERS = (CONFIG_KEY, "roles", SUPER, "members")
_SEALED: tuple[tuple[Any, ...], ...] = (
    *(_MEMBERS[:depth] for depth in range(1, 5)),
    (*_MEMBERS, 0),
    *((CONFIG_KEY, key) for key in ("account", "identityProvider", "token", "breakGlass")),
    *((CONFIG_KEY, "account", "id"), (CONFIG_KEY, "token", "expiresOn")),
    *((CONFIG_KEY, "environment"), (CONFIG_KEY, "breakGlass", 0)),
)


def _written(name: str, content: str | bytes, seen: str = "") -> Trick:
    data = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    return Trick(name, lambda folder: (folder / STACK).write_bytes(data), seen)


def _forms() -> Iterator[Trick]:
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
        "in full width": "\uff45ve@example.com",
        "in another alphabet": "\u03b5ve@example.com",
        "from right to left": "\u202eeve@example.com",
        "with a no-break space": "\u00a0eve@example.com",
        "in a binary tag": "!!binary ZXZlQGV4YW1wbGUuY29t",
        "at a look-alike domain": "eve@ex\u0430mple.com",
    }
    for form, written in forms.items():
        changed = WITH_EVE.replace(f"- {EVE}", f"- {written}")
        yield _written(
            f"a stranger, {form}", changed, "eve|0435|u03b5|binary|tag|0430|ff45|members"
        )


def _near_people() -> Iterator[Trick]:
    """Addresses that read like somebody who is in the role already."""
    for name, mail in {
        "another domain": "grace@example.com.evil.example",
        "two in one": "grace@example.com,eve@evil.example",
        "two words": "grace@example.com eve@evil.example",
        "a quoted name": '"grace@example.com"@evil.example',
        "punycode": "grace@xn--exmple-4nf.com",
        "a soft hyphen": "gr\u00adace@example.com",
        "the sign for kelvin": "\u212aatherine@example.com",
        "a dotless i": "al\u0131n@example.com",
        "a tag of the mailbox": "grace+eve@example.com",
        "sixty thousand letters": f"{'e' * 60_000}@example.com",
    }.items():
        text = WITH_EVE.replace(EVE, json.dumps(mail))
        yield _written(f"someone like grace, {name}", text)


_WORDS = (
    *(
        "0x1F",
        "017",
        "0o17",
        "0b11",
        "00",
        "08",
        "1_000",
        "1__0",
        "1e3",
        "1.0e+10",
        ".5",
        "1.",
        "+1",
    ),
    *(
        "-0",
        "+.inf",
        "12:30:45",
        "190:20:30",
        "1,000",
        "yes",
        "off",
        "y",
        "TRUE",
        "NULL",
        "=",
        "<<",
    ),
)
"""Words that one reader of YAML takes for text and another one does not."""


def _documents() -> Iterator[Trick]:
    yield _written("a stranger, as JSON", json.dumps(stranger()), "eve")
    merged = WITH_EVE.replace(f"{SUPER}:", f"{SUPER}: &s", 1) + "aliases: {<<: *s}\n"
    yield _written("a stranger, merged", merged)
    twice = WITH_EVE + WITH_EVE[WITH_EVE.index("config:") :]
    yield _written("a stranger, config twice", twice)
    yield _written("a second document", f"{BASE}---\n{WITH_EVE}")
    yield _written("a second document after the end", f"{BASE}...\n---\n{WITH_EVE}")
    yield _written("more after the end", f"{BASE}...\nenvironment: [people]\n")
    yield _written("a directive", f"%YAML 1.1\n---\n{WITH_EVE}", "eve")
    yield _written("a directive about tags", f"%TAG ! tag:evil,2000:\n---\n{WITH_EVE}")
    yield _written("a key twice, quoted", f'{BASE}"config": {{}}\n')
    yield _written("a key twice, escaped", f'{BASE}"con\\x66ig": {{}}\n')
    inner = BASE.replace(
        "  cloudflare-scim:scim:", "  'cloudflare-scim:scim': {}\n  cloudflare-scim:scim:"
    )
    yield _written("the object twice", inner)
    yield _written("an explicit key", f"{BASE}? environment\n: [people]\n", "environment")
    yield _written("a list as a key", f"{BASE}? [a]\n: b\n")
    yield _written("a merged environment", f"{BASE}<<: {{environment: [people]}}\n", "environment")
    address = f"{{'cloudflare:baseUrl': '{EVIL}'}}"
    yield _written(
        "a merged address", BASE.replace("config:", f"config:\n  <<: {address}", 1), "baseUrl"
    )
    listed = BASE.replace("config:", f"config:\n  <<: [{address}, {{a: b}}]", 1)
    yield _written("merged addresses", listed, "baseUrl|read by nothing")
    both = "config:\n  <<: {okta:maxRetries: 1}\n  <<: {okta:parallelism: 1}"
    yield _written("merged twice", BASE.replace("config:", both, 1), "twice")
    for name, word in {
        "a day": "2026-01-01",
        "a day in short": "2026-1-1",
        "a moment": "2026-01-01T00:00:00Z",
        "a moment with a blank": "2026-01-01 00:00:00",
        "a number without end": "-.inf",
        "no truth": "!!bool yes",
        "no number": "!!int many",
        "a part of a number": "!!float 1",
        "nothing by a tag": "!!null x",
        "a command": "!!python/object/apply:os.system [id]",
    }.items():
        named = BASE.replace("name: Example Corp", f"name: {word}")
        yield _written(f"a name that is {name}", named, "account.name")
        given = BASE.replace("okta:orgName: example", f"okta:orgName: {word}")
        yield _written(f"a setting that is {name}", given, "okta:orgName")
    for word in _WORDS:
        given = BASE.replace("okta:orgName: example", f"okta:orgName: {word}")
        yield _written(f"a setting that is the word {word}", given, "okta:orgName")
    for path in _SEALED:
        content = stranger()
        node: Any = content["config"]
        for key in path[:-1]:
            node = node[key]
        node[path[-1]] = SEALED
        yield _written(f"sealed {path[1:]}", yaml.safe_dump(content), "encrypted")
    for name, text in {
        "nothing": "",
        "a remark": "# x\n",
        "a list": "- a\n",
        "a word": "hello\n",
        "no config": "config:\n",
        "a list as config": "config: []\n",
        "a pointer to a large file": "version https://git-lfs.github.com/spec/v1\noid sha256:ab\n",
        "both sides of a conflict": f"<<<<<<< HEAD\n{BASE}=======\n{WITH_EVE}>>>>>>> x\n",
        "a key twice in JSON": f'{json.dumps(document())[:-1]}, "config": {{}}}}',
        "a bracket behind": f"{BASE}]\n",
        "an object in one text": _IN_ONE_TEXT,
    }.items():
        yield _written(f"a file that is {name}", text)
    for key in ("!!str environment", "&k environment", "'environment'", "environment\t"):
        yield _written(f"the key {key!a}", f"{BASE}{key}: [people]\n")
    redefined = f"a: &x [1]\n{BASE}b: &x [2]\n"
    yield _written("an anchor twice", redefined)
    yield _written("an endless alias", f"{BASE}x: &x [*x]\n")
    bomb = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 9))
    yield _written("a billion laughs", f"{BASE}l0: &l0 [a]\n{bomb}")
    yield _written("too deep", f"{BASE}x: {'[' * 2000}{']' * 2000}\n")


def _keys() -> Iterator[Trick]:
    """Keys that are nearly others, in every place where the engine looks for one."""
    for name, line in {
        "the object with a space": '  "cloudflare-scim:scim ": {}',
        "the object with a hidden character": '  "cloudflare-scim:scim\\u200b": {}',
        "the object with a look-alike": '  "cloudfl\\u0430re-scim:scim": {}',
        "config with a hidden character": '"config\\u200b": {}',
        "a number as a key": "1: a",
        "nothing as a key": "~: a",
        "a truth as a key": "  true: a",
        "another case of a namespace": f"  OKTA:baseUrl: {EVIL}",
        "a space behind a setting": f"  'okta:baseUrl ': {EVIL}",
        "no namespace": f"  baseUrl: {EVIL}",
        "a path": f"  'cloudflare:a.b': {EVIL}",
        "a path with brackets": f"  'cloudflare:a[0]': {EVIL}",
        "an empty namespace": f"  ':baseUrl': {EVIL}",
        "an empty setting": f"  'okta:': {EVIL}",
        "another project": f"  'other:scim': {EVIL}",
        "a default provider": "  'pulumi:providers:okta': evil",
        "a whole provider": f"  'okta': {{baseUrl: '{EVIL}'}}",
    }.items():
        yield _written(f"key: {name}", f"{BASE}{line}\n")


def _encodings() -> Iterator[Trick]:
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"):
        yield _written(f"a stranger, in {encoding}", WITH_EVE.encode(encoding))
    marked = b"\xfe\xff" + WITH_EVE.encode("utf-16-be")
    yield _written("a stranger, in utf-16-be with a mark", marked)
    yield _written("a stranger, after a mark", f"\ufeff{WITH_EVE}", "eve")
    latin = WITH_EVE.replace("Example Corp", "Ex\u00e4mple").encode("latin-1")
    yield _written("a stranger, in latin-1", latin)
    yield _written("a surrogate", f"{BASE}# \ud800\n")
    yield _written("an overlong byte", BASE.encode() + b"# \xc0\xae\n")
    yield _written("a stranger, CR LF", WITH_EVE.replace("\n", "\r\n"), "eve")
    yield _written("a stranger, CR alone", WITH_EVE.replace("\n", "\r"), "eve")
    for name, char in {
        "a line separator": "\u2028",
        "a paragraph separator": "\u2029",
        "a next line": "\u0085",
        "a form feed": "\x0c",
        "a vertical tab": "\x0b",
        "a NUL": "\0",
    }.items():
        yield _written(f"behind {name}", f"{BASE}# end{char}environment: [people]\n")
    yield _written("a megabyte", f"{BASE}#{'x' * 1_100_000}\n")


def text_tricks() -> list[Trick]:
    """What a stack file can say in other words."""
    return [*_forms(), *_near_people(), *_documents(), *_keys(), *_encodings()]
