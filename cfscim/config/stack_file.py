"""A stack's YAML file: the config object, the providers' config, the line of every key, and
everything that is wrong with it.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from cfscim.config.clouds import CLOUDS, EACH_ITS_OWN
from cfscim.config.credentials import is_secure, looks_secret, shown
from cfscim.config.ended import allowances, ended
from cfscim.config.lanes import lanes
from cfscim.config.lookalikes import nearest
from cfscim.config.messages import (
    CONFIG_KEY,
    ConfigError,
    Keys,
    Message,
    Where,
    first_problems,
    in_config,
    reason_of,
)
from cfscim.config.models import EntraConfig, OktaConfig, ScimConfig, parse_config
from cfscim.config.project import (
    ENDINGS,
    EXPOSED,
    LARGEST_FILE,
    PROJECT_FILE,
    document_problems,
)
from cfscim.config.provider_settings import (
    CREDENTIALS,
    ENTRA_CLOUD,
    NOT_OKTAS,
    OKTA_BASE_URL,
    OKTA_DOMAINS,
    OKTA_ORG_NAME,
    near_misses,
)
from cfscim.config.rules import expired
from cfscim.config.stack_yaml import Tree, read_tree

T = TypeVar("T")

_WHY_FILE = "nothing of the stack can be checked"


@dataclass(frozen=True)
class StackFile:
    """What a stack file says.

    `config_object` is the value under `cloudflare-scim:scim`, absent where there is none.
    `lines` and `written` go by key path below `config`, which itself is `()`; `written` holds the
    text of words that YAML reads as a number, a truth value or null. `provider_config` holds the
    plain values of every other key, `secure_keys` the names of those that are encrypted.
    `problems` are those of the file itself; `document` is the whole of it as the engine reads it.
    """

    path: str
    stack: str
    config_object: object | None
    lines: Mapping[Keys, int]
    provider_config: Mapping[str, str]
    secure_keys: frozenset[str] = frozenset()
    written: Mapping[Keys, str] = field(default_factory=dict)
    problems: tuple[Message, ...] = ()
    document: object = None

    def line_of(self, keys: Keys) -> int:
        """The line of a key, or of the nearest key above it that is in the file."""
        while keys and keys not in self.lines:
            keys = keys[:-1]
        return self.lines.get(keys, 1)

    def placed(self, problem: Message) -> Message:
        """The problem with this file and its line."""
        where = problem.where
        line = where.line if where.line is not None else self.line_of(where.keys)
        return replace(problem, where=replace(where, file=self.path, line=line))


def stack_of(path: str) -> str:
    """The stack a file belongs to: `prod` for `Pulumi.prod.yaml`. Bytes that are no UTF-8 are
    replaced: no stack can be named so, and what is said of the file has to be printable."""
    name = os.fsencode(Path(path).name).decode("utf-8", "replace")
    for suffix in ENDINGS:
        name = name.removesuffix(suffix)
    return name.removeprefix("Pulumi.") or name


def read_stack_file(path: str | Path) -> StackFile:
    """Reads a stack file as far as it can be read; what is wrong stands in `problems`."""
    name = str(path)
    text, unreadable = _text(name)
    if text is None:
        return StackFile(name, stack_of(name), None, {}, {}, problems=tuple(unreadable))
    tree = read_tree(text)
    stack_file = _interpreted(name, tree)
    problems = first_problems((*tree.problems, *stack_file.problems))
    return replace(
        stack_file,
        problems=tuple(stack_file.placed(_unrooted(problem)) for problem in problems),
    )


def _text(name: str) -> tuple[str | None, list[Message]]:
    """The file's text, or the problem with reading it."""
    path = Path(name)
    try:
        if path.is_dir():
            return None, [_file(name, "a folder stands where a file belongs", "name a file in it")]
        if not path.is_file() and path.exists():
            return None, [_file(name, "this is no regular file", "name a stack file")]
        with path.open("rb") as stream:
            data = stream.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        return None, [_file(name, "there is no such file", "name a file that exists")]
    except (OSError, ValueError) as error:
        reason = reason_of(error, "the name is not usable")
        return None, [_file(name, f"the file cannot be read ({reason})", "make it readable")]
    if len(data) > LARGEST_FILE:
        what = f"the file is larger than {LARGEST_FILE:,} bytes"
        return None, [_file(name, what, "name the stack file, which is a page or two of YAML")]
    if b"\0" in data:
        return None, [_file(name, "the file is binary", "name a stack file in YAML")]
    try:
        return data.decode("utf-8"), []
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        what = f"byte {error.start + 1} is no UTF-8"
        return None, [_file(name, what, "save the file as UTF-8", line)]


def _file(name: str, what: str, instead: str, line: int | None = None) -> Message:
    return Message(Where(file=name, line=line), what, _WHY_FILE, instead)


def _interpreted(name: str, tree: Tree) -> StackFile:
    lines: dict[Keys, int] = {(): tree.lines.get(("config",), 1)} | _below_config(tree.lines)
    written = _below_config(tree.written)
    empty = StackFile(name, stack_of(name), None, lines, {}, written=written, document=tree.value)
    if Path(name).name in (PROJECT_FILE, "Pulumi.yml"):
        what = "this is the project's own file, not a stack's"
        return replace(empty, problems=(_file(name, what, "name a file like Pulumi.dev.yaml", 1),))
    if tree.value is None and tree.problems:
        return empty
    config, problems = _config_section(tree.value)
    if config is None:
        return replace(empty, problems=problems)
    plain = {key: text for key, value in config.items() if (text := _plain(value)) is not None}
    plain |= {key: written[(key,)] for key in plain if (key,) in written}
    plain.pop(CONFIG_KEY, None)
    return replace(
        empty,
        config_object=config.get(CONFIG_KEY),
        provider_config=plain,
        secure_keys=frozenset(key for key, value in config.items() if is_secure(value)),
        problems=() if CONFIG_KEY in config else (_absent(config),),
    )


def _config_section(value: object) -> tuple[Mapping[str, object] | None, tuple[Message, ...]]:
    """The keys below `config`, or why there are none; one that is nearly `config` is answered for
    where unknown keys are."""
    add = f'write "config:" and below it "{CONFIG_KEY}:" with the settings'
    if value is None:
        return None, (Message(Where(line=1), "the file is empty", _WHY_FILE, add),)
    if not isinstance(value, Mapping):
        return None, (Message(Where(line=1), "the file holds no keys and values", _WHY_FILE, add),)
    config = value.get("config")
    if not isinstance(config, Mapping):
        if "config" not in value and any(nearest(str(key), ["config"]) for key in value):
            return None, ()
        what = "config holds no keys and values" if "config" in value else "config is missing"
        return None, (Message(Where(("config",)), what, _WHY_FILE, add),)
    return config, ()


def _absent(config: Mapping[str, object]) -> Message:
    """The object is not where Pulumi's project name puts it; says where it seems to be instead."""
    why = "the stack declares nothing without it"
    project, _, key = CONFIG_KEY.partition(":")
    for given in config:
        plain = given.lower().replace("_", "-")
        if (
            plain in (key, CONFIG_KEY, f"{project}.{key}", project)
            or given.endswith(f":{key}")
            or nearest(plain, [CONFIG_KEY, key]) is not None
        ):
            what = f'"{given}" stands where {CONFIG_KEY} belongs'
            return Message(Where((given,)), what, why, f'write "{CONFIG_KEY}:"')
    add = f'add "{CONFIG_KEY}:" below config'
    return Message(in_config(), f"{CONFIG_KEY} is missing", why, add)


def _plain(value: object) -> str | None:
    """A provider setting as Pulumi hands it on: text; nothing for encrypted or nested values."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    return None


def _below_config(by_keys: Mapping[Keys, T]) -> dict[Keys, T]:
    """The entries of `by_keys` below `config`, by the keys below it."""
    return {keys[1:]: item for keys, item in by_keys.items() if _is_below_config(keys)}


def _is_below_config(keys: Keys) -> bool:
    return len(keys) > 1 and keys[0] == "config" and isinstance(keys[1], str)


def _unrooted(problem: Message) -> Message:
    where = problem.where
    if not _is_below_config(where.keys):
        return problem
    return replace(problem, where=replace(where, keys=where.keys[1:]))


@dataclass(frozen=True)
class CheckedStack:
    """A stack file, its config where it could be read whole, and every problem, by line."""

    file: StackFile
    config: ScimConfig | None
    problems: tuple[Message, ...]

    @property
    def usable(self) -> ScimConfig | None:
        """The config where it was read whole and nothing is wrong with the file."""
        return None if self.problems else self.config


def check_stack_file(
    path: str | Path, *, now: datetime | None = None, only_read: bool = False
) -> CheckedStack:
    """Checks one stack file; never raises for bad content.

    `now` is the moment after which a token must end, and what may be removed with it; without it
    no day is judged. `only_read`: nothing is carried out, so that an ended removal is let pass.
    """
    stack_file = read_stack_file(path)
    problems = [
        *first_problems(_credentials(stack_file)),
        *first_problems(_project_keys(stack_file)),
        *first_problems(document_problems(stack_file.document)),
    ]
    if isinstance(stack_file.document, Mapping) and isinstance(
        stack_file.document.get("config"), Mapping
    ):
        problems += first_problems(near_misses(stack_file.document["config"]))
    config = None
    if (CONFIG_KEY,) in stack_file.lines:
        over = list(expired(stack_file.config_object, now)) if now else []
        try:
            read = parse_config(
                stack_file.config_object, stack=stack_file.stack, written=stack_file.written
            )
        except ConfigError as error:
            problems.extend(error.problems)
        else:
            for lane in lanes(read):
                problems.extend(_two_organisations(stack_file, lane.config))
                problems.extend(_vanity_domain(stack_file, lane.config))
                problems.extend(_two_clouds(stack_file, lane.config))
            if now is not None and not only_read:
                over += ended(allowances(read), now.date())
            config = None if over else read
        problems.extend(over)
    every = [*stack_file.problems, *map(stack_file.placed, problems)]
    return CheckedStack(
        stack_file, config, tuple(sorted(every, key=lambda problem: problem.where.line or 0))
    )


def _credentials(stack_file: StackFile) -> Iterator[Message]:
    """Credentials in plain text; the value is never repeated."""
    for key, value in stack_file.provider_config.items():
        if value and (key in CREDENTIALS or looks_secret(value)):
            yield Message(
                where=Where((key,)),
                what="a credential stands here in plain text",
                why=EXPOSED,
                instead=f"revoke it, then run `pulumi config set --secret {key}`, or give it in "
                "the environment",
                secret=True,
            )


def _project_keys(stack_file: StackFile) -> Iterator[Message]:
    """Other keys of the project, which the program does not read."""
    project = CONFIG_KEY.partition(":")[0]
    if (CONFIG_KEY,) not in stack_file.lines:
        return
    for keys in stack_file.lines:
        given = str(keys[0]) if len(keys) == 1 else CONFIG_KEY
        if given != CONFIG_KEY:
            namespace, colon, key = given.partition(":")
            if namespace == project or not colon:
                yield Message(
                    where=Where(keys),
                    what=f"{shown(given)} is read by nothing",
                    why=f"the program reads {CONFIG_KEY} alone, so the setting has no effect",
                    instead=f"move {key or namespace} into {CONFIG_KEY}, or remove it",
                )


def _two_organisations(stack_file: StackFile, config: ScimConfig) -> Iterator[Message]:
    """Okta's provider and the config object must mean the same organisation."""
    provider = config.identity_provider
    given = stack_file.provider_config.get(OKTA_ORG_NAME.key)
    if isinstance(provider, OktaConfig) and given and given.lower() != provider.org_name.lower():
        yield Message(
            where=Where((OKTA_ORG_NAME.key,)),
            what=f"{shown(given)} is not identityProvider.orgName {shown(provider.org_name)}",
            why="the provider would change one organisation while every link leads to another",
            instead="write the same organisation in both places",
        )


def _vanity_domain(stack_file: StackFile, config: ScimConfig) -> Iterator[Message]:
    """Okta's provider must work on one of Okta's own domains."""
    given = stack_file.provider_config.get(OKTA_BASE_URL.key)
    okta = isinstance(config.identity_provider, OktaConfig)
    if okta and given and given.strip().lower() not in OKTA_DOMAINS:
        what, why, instead = NOT_OKTAS
        yield Message(where=Where((OKTA_BASE_URL.key,)), what=what, why=why, instead=instead)


def _two_clouds(stack_file: StackFile, config: ScimConfig) -> Iterator[Message]:
    """Entra's provider and the config object must mean the same cloud of Microsoft's."""
    provider = config.identity_provider
    given = stack_file.provider_config.get(ENTRA_CLOUD.key)
    if not isinstance(provider, EntraConfig):
        return
    declared = CLOUDS[provider.cloud]
    if given is not None and given.lower() not in declared.environments:
        yield Message(
            where=Where((ENTRA_CLOUD.key,)),
            what=f"{shown(given)} is not identityProvider.cloud {shown(provider.cloud)}",
            why=EACH_ITS_OWN,
            instead=f'write "{declared.environments[0]}", or another identityProvider.cloud',
        )
