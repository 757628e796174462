"""What the Pulumi engine reads besides a stack's config object, and what of it is refused.

Source: sdk/go/common/workspace of pulumi (paths.go, loaders.go, project.go), seen with 3.272:
the engine walks up from where it is started and takes the first of Pulumi.json, Pulumi.yaml and
Pulumi.yml of a folder; a stack's file has the ending of the project's file and lies in its folder,
or in `stackConfigDir` (in the old form: `config`, when that is text); a key without a colon belongs
to the project; `namespace:config:key` is the old form of `namespace:key`.

What no review could follow is refused, everything else is compared as text.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cfscim.config.credentials import MASK, is_secure, looks_secret
from cfscim.config.kinds import READING
from cfscim.config.lookalikes import nearest
from cfscim.config.messages import CONFIG_KEY, PROJECT, Keys, Message, Where
from cfscim.config.provider_settings import MAY_BE_ENCRYPTED, SETTINGS
from cfscim.config.stack_yaml import read_tree

PROJECT_FILE = "Pulumi.yaml"
ENDINGS = (".json", ".yaml", ".yml")
LARGEST_FILE = 1_000_000
"""Bytes; what the engine reads here is written by hand, so a larger file is some other one."""
_PROJECTS = re.compile(r"Pulumi(\.|$)", re.IGNORECASE)
_STACK_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")
"""Source: pulumi, sdk/go/common/tokens/stack_name.go and pkg/backend's check of names."""

_STACK_KEYS = frozenset({"config", "secretsprovider", "encryptedkey", "encryptionsalt"})
_SEALED_KEYS = frozenset({"encryptedkey", "encryptionsalt"})
_PROJECT_KEYS = frozenset(
    {
        *("name", "runtime", "main", "description", "author", "website", "license"),
        *("template", "backend", "options", "requiredPulumiVersion"),
    }
)
_WORDS_ONLY = frozenset({"description", "author", "website", "license", "template"})
"""Keys of Pulumi.yaml that change nothing in an update."""

EXPOSED = "whoever can read the repository can use it"
"""Why no credential stands in plain text."""

_IN_ADDRESS = re.compile(
    r"""
      (?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,20}:[/\\]+[^/\\?#\s]*@  # who signs in, before the host
    | (?<![^\s"'=,])[^\s/@:"'=,]{1,99}(?<!mailto):[^\s/@"']{1,99}@[^\s@]  # without a scheme
    | [?&;][^=&;?\s]{0,40}(?:token|secret|passw|key|sig|credential)[^=&;?\s]{0,40}=[^&\s]
    """,
    re.IGNORECASE | re.VERBOSE,
)
_IS_ADDRESS = re.compile(r"(url|uri|host|proxy|endpoint|address)\Z", re.IGNORECASE)
_IS_CREDENTIAL = re.compile(
    r"(token|secret|passw(or)?d|passphrase|(private|api|access|secret)[_-]?key|credentials?|auth|bearer"
    r"|connection[_-]?string)\Z",
    re.IGNORECASE,
)
"""What the name of a credential ends in, with providers that this program does not know."""


@dataclass(frozen=True)
class Settings:
    """Settings by key as a review shows them (`shown`) and as it compares them (`marks`).

    An encrypted value reads `[secret]`; its mark is a digest of the ciphertext, so that another
    value is a change although nobody can read it.
    """

    shown: Mapping[str, str] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)

    def changed(self, before: "Settings") -> list[str]:
        """The keys whose value differs, sorted."""
        keys = sorted({*self.marks, *before.marks})
        return [key for key in keys if self.marks.get(key) != before.marks.get(key)]


def stack_settings(document: object) -> Settings:
    """Everything in a stack file but the config object: providers, engine, key of the secrets."""
    values: dict[str, object] = {}
    if isinstance(document, Mapping):
        values = {key: value for key, value in document.items() if key != "config"}
        config = document.get("config")
        if isinstance(config, Mapping):
            values |= {key: value for key, value in config.items() if key != CONFIG_KEY}
    return _settings(values)


def project_settings(content: bytes | None) -> Settings:
    """What Pulumi.yaml says about how and where the program runs; empty where it has no file."""
    tree = read_tree(content.decode("utf-8", "replace")) if content is not None else None
    values = tree.value if tree is not None and isinstance(tree.value, Mapping) else {}
    flat = {
        Where(keys).path: value for keys, value in _flat((), values) if keys[0] not in _WORDS_ONLY
    }
    return _settings(flat)


def as_text(value: object) -> str:
    """A setting as the engine hands it on: text as it stands, lists and mappings as JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return json.dumps(_masked(value), ensure_ascii=False, sort_keys=True)


def is_encrypted(value: object) -> bool:
    """Whether any part of the value is encrypted (`secure:`)."""
    if isinstance(value, Mapping):
        return "secure" in value or any(map(is_encrypted, value.values()))
    return isinstance(value, list) and any(map(is_encrypted, value))


def document_problems(document: object) -> Iterator[Message]:
    """What stands in a stack file and would slip past a review; paths are those below `config`."""
    if not isinstance(document, Mapping):
        return
    for key in document:
        if key == "environment":
            yield Message(
                where=Where((key,)),
                what="config from an environment (ESC) is imported here",
                why="whoever may write there could add people to a role without any review",
                instead=f"write the settings into {CONFIG_KEY} itself and remove environment",
            )
        elif key not in _STACK_KEYS:
            near = nearest(str(key), sorted(_STACK_KEYS))
            keys = f"the keys are: {', '.join(sorted(_STACK_KEYS))}"
            yield Message(
                where=Where((str(key),)),
                what=f'"{key}" is no key of a stack file',
                why="the engine or a later version of it may read what no review here compares",
                instead=f"write {near}" if near else f"remove it; {keys}",
            )
    yield from _readable_credentials("secretsprovider", document.get("secretsprovider"))
    config = document.get("config")
    if isinstance(config, Mapping):
        for key, value in config.items():
            yield from _setting_problems(str(key), value)


def folder_problems(folder: str | Path) -> list[Message]:
    """What is wrong with the files that the engine reads in or above `folder`, stack files apart.

    Never raises for bad content; a folder without a project is no problem.
    """
    where = Path(folder)
    problems = [*_beside(where)]
    project = _project_of(where)
    if project is not None and project.name == PROJECT_FILE:
        problems += _project_problems(project)
    return problems


def _project_of(folder: Path) -> Path | None:
    """The project's file as the engine finds it, walking up."""
    here = Path(os.path.abspath(folder))
    for level in (here, *here.parents):
        for ending in ENDINGS:
            file = level / f"Pulumi{ending}"
            if file.is_file():
                return Path(os.path.relpath(file)) if level == here else file
    return None


def _beside(folder: Path) -> Iterator[Message]:
    """Files that the engine would read instead, and files that are not what they seem."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault(name.lower(), []).append(name)
    for name in names:
        file = folder / name
        if (meant := _meant(file)) is not None:
            yield _of_file(
                os.path.normpath(file),
                f"this holds {CONFIG_KEY} and is no stack's file by its name",
                "neither the engine nor any check reads it",
                f"rename it to {meant}",
            )
        elif file.suffix.lower() in ENDINGS and _PROJECTS.match(name):
            twin = next((other for other in alike[name.lower()] if other != name), None)
            yield from _of_the_engine(file, twin)


def _of_the_engine(file: Path, twin: str | None) -> Iterator[Message]:
    """The first thing that is wrong with a file that the engine reads by its name; `twin`: one
    beside it that differs by case alone."""
    name, stem, ending, shown = file.name, file.stem, file.suffix, os.path.normpath(file)
    as_written = _as_written(name)
    by_case = twin is not None or not name.startswith("Pulumi") or ending not in ENDINGS
    stack = stem.removeprefix("Pulumi").removeprefix(".")
    first = " before the .yaml files" if ending == ".json" else " where no .yaml is"
    problems = (
        (
            by_case,
            f"{shown!a} differs by case from {twin or as_written}",
            "where capitals do not count the engine takes one file for the other",
            f"keep one of them, as {as_written}",
        ),
        (
            stem != "Pulumi" and not _STACK_NAME.fullmatch(stack),
            f"{stack!a} is no name that a stack can have",
            "the engine takes letters, digits, dashes, underscores and dots, so it reads the "
            "stack of another name than is seen here",
            "rename the file, or remove it",
        ),
        (
            stem.lower().endswith(READING),
            f"the stack's name ends in -{stem.rpartition('-')[2]}",
            "the pipelines keep such an environment for reading; an update in it would have "
            "no approval, and what it did would not be looked for",
            "rename the file, and with it the stack",
        ),
        (
            file.is_symlink(),
            "the file is a symbolic link",
            "what it leads to is in no difference that a reviewer reads",
            "put the file itself here",
        ),
        (
            ending != ".yaml",
            f"a file with the ending {ending} is here",
            f"the engine takes Pulumi{ending} and with it every Pulumi.<stack>{ending}{first}",
            f"keep what is meant in Pulumi{f'.{stack}' if stack else ''}.yaml and remove this file",
        ),
    )
    for is_so, what, why, instead in problems:
        if is_so:
            yield _of_file(shown, what, why, instead)
            return
    if stem.endswith(".deploy"):
        yield from _deployment_settings(file, shown)


_NEARLY = re.compile(r"pulumi[._-](?P<stack>[\w.-]+?)\.ya?ml(\.txt)?\Z", re.IGNORECASE)


def _meant(file: Path) -> str | None:
    """The name that a stack's file should have had; None where it has it, or is something else."""
    named = _NEARLY.match(file.name)
    if named is None or (file.name.startswith("Pulumi.") and not file.name.endswith(".txt")):
        return None
    return f"Pulumi.{named['stack']}.yaml" if CONFIG_KEY in (_text(file) or "") else None


def _as_written(name: str) -> str:
    """The name with what is fixed in it as the engine writes it."""
    stem, ending = os.path.splitext(name)
    return f"Pulumi{stem[len('Pulumi') :]}{ending.lower()}"


def _deployment_settings(file: Path, shown: str) -> Iterator[Message]:
    """`Pulumi.<stack>.deploy.yaml` is no stack's file, unless a stack is named so."""
    document = _document(file)
    if isinstance(document, Mapping) and set(document) - {"settings"}:
        yield _of_file(
            shown,
            "this file of Pulumi Deployments holds more than settings",
            "a stack whose name ends in .deploy would be configured by it, past every check",
            "leave only settings in it, and give the stack another name",
        )


def _project_problems(file: Path) -> Iterator[Message]:
    shown = os.path.normpath(file)
    if file.is_symlink():
        return
    text = _text(file)
    tree = read_tree(text) if text is not None else None
    if tree is None or tree.problems or not isinstance(tree.value, Mapping):
        first = (
            tree.problems[0].what if tree is not None and tree.problems else "no mapping of keys"
        )
        yield _of_file(
            shown,
            f"the project's file cannot be read: {first}",
            "nobody can say what the engine makes of it",
            "write it in YAML that this program reads, see this repository's own",
        )
        return
    for keys, what, why, instead in _project_checks(tree.value):
        yield Message(Where(keys, shown, tree.lines.get(keys, 1)), what, why, instead)


def _project_checks(project: Mapping[object, object]) -> Iterator[tuple[Keys, str, str, str]]:
    """Keys, what, why, instead of everything in Pulumi.yaml that could go past a review."""
    if project.get("name") != PROJECT:
        yield (
            ("name",),
            f"the project's name is not {PROJECT}",
            "every key of the stack files belongs to the project of that name",
            f"write name: {PROJECT}",
        )
    runtime = project.get("runtime")
    name = runtime.get("name") if isinstance(runtime, Mapping) else runtime
    if name not in (None, "python"):
        yield (
            ("runtime",),
            "the runtime is not python",
            "the engine would run another program than the one that was reviewed",
            "write runtime: {name: python, options: {toolchain: pip, virtualenv: .venv}}",
        )
    for key, value in project.items():
        if (said := _project_key(key, value)) is not None:
            yield (str(key),), *said
    for keys, value in _flat((), project):
        if isinstance(value, str) and _IN_ADDRESS.search(value):
            yield (
                keys,
                "user name or password stands in an address",
                EXPOSED,
                "remove what stands before the @, and sign in through the environment",
            )


def _project_key(key: object, value: object) -> tuple[str, str, str] | None:
    """What, why, instead of a key that Pulumi.yaml should not have; None for one that it may."""
    if key == "config" and isinstance(value, Mapping) and set(value) == {"pulumi:tags"}:
        return None  # `pulumi new` notes there which template it was; tags change no resource
    if key in ("config", "stackConfigDir"):
        settings = key == "config" and isinstance(value, Mapping | list)
        return (
            "config stands in the project's file"
            if settings
            else "the stack files are looked for in another folder",
            "the engine gives it to every stack, and no review of a stack file shows it",
            f"remove {key}, and write settings into the stack files beside {PROJECT_FILE}",
        )
    if key in ("plugins", "packages"):
        return (
            "a provider or package is taken from somewhere else",
            "it would get the pipeline's credentials, and no review shows what it does",
            f"remove {key}; the providers come with requirements.txt",
        )
    if key not in _PROJECT_KEYS:
        return (
            f'"{key}" is no key of {PROJECT_FILE} that this program knows',
            "the engine or a later version of it may read what no review compares",
            "remove it",
        )
    return None


def _setting_problems(key: str, value: object) -> Iterator[Message]:
    namespace, _, rest = key.partition(":")
    if rest.startswith("config:") or key.count(":") > 1:
        right = f"{namespace}:{rest.removeprefix('config:')}"
        yield Message(
            where=Where((key,)),
            what=f'"{_safe(key)}" is an old form of "{_safe(right)}"',
            why="two spellings of one setting hide which of them holds",
            instead=f'write "{_safe(right)}"',
        )
    elif namespace == "pulumi":
        yield Message(
            where=Where((key,)),
            what="a setting of the engine itself stands here",
            why="it can rename resources or switch providers off for what was reviewed",
            instead="remove it",
        )
    if key != CONFIG_KEY and is_encrypted(value) and key not in MAY_BE_ENCRYPTED:
        yield Message(
            where=Where((key,)),
            what="an encrypted value stands where a readable one belongs",
            why="nobody who reviews could see where the credentials are sent",
            instead="write it in plain text; only a credential is encrypted",
        )
    if key in MAY_BE_ENCRYPTED and isinstance(value, Mapping | list) and not is_secure(value):
        yield Message(
            where=Where((key,)),
            what="a credential is given as a list or a mapping",
            why="no provider reads it so, and its parts could stand in plain text",
            instead=f"run `pulumi config set --secret {key}`",
            secret=True,
        )
    if key != CONFIG_KEY:
        yield from _readable_credentials(key, value)


def _readable_credentials(key: str, value: object) -> Iterator[Message]:
    """A credential that only its place gives away: in an address, or under a name that says so."""
    if any(_holds_credential(key, text) for text in _texts(value)):
        yield Message(
            where=Where((key,)),
            what="user name, password or token stands in an address",
            why=EXPOSED,
            instead="remove what stands before the @, and give credentials by the environment",
            secret=True,
        )
    elif _names_credential(key) and any(_texts(value)):
        yield Message(
            where=Where((key,)),
            what="by its name this is a credential, in plain text",
            why=f"{EXPOSED}, and no provider here reads it",
            instead="remove it, and revoke it where it is one",
            secret=True,
        )


def _holds_credential(key: str, text: str) -> bool:
    return _IN_ADDRESS.search(text) is not None or ("@" in text and bool(_IS_ADDRESS.search(key)))


def _names_credential(key: str) -> bool:
    namespace, _, name = key.partition(":")
    return namespace not in SETTINGS and _IS_CREDENTIAL.search(name) is not None


def _texts(value: object) -> Iterator[str]:
    """Every text in a value that anybody can read."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping) and not is_secure(value):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _settings(values: Mapping[str, object]) -> Settings:
    shown, marks = {}, {}
    for key, value in values.items():
        name, text = str(key), as_text(value)
        withheld = is_secure(value) or name in _SEALED_KEYS or _names_credential(name)
        hidden = (
            withheld or is_encrypted(value) or looks_secret(text) or _holds_credential(name, text)
        )
        # The text of a list or mapping has its own parts masked.
        whole = withheld or (hidden and not isinstance(value, Mapping | list))
        shown[name] = MASK if whole else text
        plain = json.dumps(value, sort_keys=True, default=str)
        marks[name] = hashlib.sha256(plain.encode()).hexdigest() if hidden else f"= {plain}"
    return Settings(shown, marks)


def _masked(value: object) -> object:
    """The value with every encrypted part, and every part that looks like a credential, masked."""
    if is_secure(value):
        return MASK
    if isinstance(value, Mapping):
        return {str(key): _masked(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_masked(inner) for inner in value]
    if isinstance(value, str) and (looks_secret(value) or _IN_ADDRESS.search(value)):
        return MASK
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def _flat(keys: Keys, value: object) -> Iterator[tuple[Keys, object]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat((*keys, str(key)), inner)
    else:
        yield keys, value


def _safe(key: str) -> str:
    return MASK if looks_secret(key) else key


def _text(file: Path) -> str | None:
    try:
        with file.open("rb") as stream:
            data = stream.read(LARGEST_FILE + 1)
        return None if len(data) > LARGEST_FILE else data.decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _document(file: Path) -> object:
    text = _text(file)
    return read_tree(text).value if text is not None else None


def _of_file(shown: str, what: str, why: str, instead: str) -> Message:
    return Message(Where(file=shown, line=1), what, why, instead)


def unique(problems: Iterable[Message]) -> list[Message]:
    """The problems without repetitions, in their order."""
    return list(dict.fromkeys(problems))
