"""A stack's YAML file: the config object, the providers' config, and the line of every key."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from cfscim.config.keypath import CONFIG_KEY
from cfscim.config.messages import ConfigError, Problem
from cfscim.config.yaml_tree import Tree, read_tree

LARGEST_FILE = 1_000_000
"""Bytes; stack files are written by hand, so a larger one is some other file."""

Found = TypeVar("Found")

_WHY_FILE = "nothing of the stack can be checked"


@dataclass(frozen=True)
class StackFile:
    """What a stack file says.

    `config_object` is the value under `cloudflare-scim:scim`, absent where there is none.
    `lines` and `written` go by key path below `config`, which itself is ""; `written` holds the
    text of words that YAML reads as a number, a truth value or null. `provider_config` holds the
    plain values of every other key, `secure_keys` the names of those that are encrypted.
    `problems` are those of the file itself.
    """

    path: str
    stack: str
    config_object: object | None
    lines: Mapping[str, int]
    provider_config: Mapping[str, str]
    secure_keys: frozenset[str] = frozenset()
    written: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def line_of(self, path: str) -> int:
        """The line of a key path, or of the nearest key above it that is in the file."""
        while path and path not in self.lines:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self.lines.get(path, 1)

    def placed(self, problem: Problem) -> Problem:
        """The problem with this file and its line."""
        line = problem.line if problem.line is not None else self.line_of(problem.path)
        return problem.at(self.path, line)


def stack_of(path: str) -> str:
    """The stack a file belongs to: `prod` for `Pulumi.prod.yaml`."""
    name = Path(path).name
    for suffix in (".yaml", ".yml", ".json"):
        name = name.removesuffix(suffix)
    return name.removeprefix("Pulumi.") or name


def load_stack_file(path: str | Path) -> StackFile:
    """Reads a stack file that must be readable; raises `ConfigError` with the file's problems."""
    found = read_stack_file(path)
    if found.problems:
        raise ConfigError(found.problems)
    return found


def read_stack_file(path: str | Path) -> StackFile:
    """Reads a stack file as far as it can be read; what is wrong stands in `problems`."""
    name = str(path)
    text, unreadable = _text(name)
    if text is None:
        return StackFile(name, stack_of(name), None, {}, {}, problems=tuple(unreadable))
    tree = read_tree(text)
    stack_file = _interpreted(name, tree)
    problems = [*tree.problems, *stack_file.problems]
    return replace(
        stack_file,
        problems=tuple(stack_file.placed(_unrooted(problem)) for problem in problems),
    )


def _text(name: str) -> tuple[str | None, list[Problem]]:
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
        reason = getattr(error, "strerror", None) or "the name is not usable"
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


def _file(name: str, what: str, instead: str, line: int | None = None) -> Problem:
    return Problem(path="", what=what, why=_WHY_FILE, instead=instead, file=name, line=line)


def _interpreted(name: str, tree: Tree) -> StackFile:
    lines = {"": tree.lines.get("config", 1)} | _below_config(tree.lines)
    written = _below_config(tree.written)
    empty = StackFile(name, stack_of(name), None, lines, {}, written=written)
    if Path(name).name in ("Pulumi.yaml", "Pulumi.yml"):
        what = "this is the project's own file, not a stack's"
        return replace(empty, problems=(_file(name, what, "name a file like Pulumi.dev.yaml", 1),))
    if tree.value is None and tree.problems:
        return empty
    config, problem = _config_section(tree.value)
    if problem is not None:
        return replace(empty, problems=(problem,))
    plain = {key: text for key, value in config.items() if (text := _plain(value)) is not None}
    plain |= {key: written[key] for key in plain if key in written}
    plain.pop(CONFIG_KEY, None)
    return replace(
        empty,
        config_object=config.get(CONFIG_KEY),
        provider_config=plain,
        secure_keys=frozenset(key for key, value in config.items() if _is_secure(value)),
        problems=() if CONFIG_KEY in config else (_absent(config),),
    )


def _config_section(value: object) -> tuple[Mapping[str, object], Problem | None]:
    add = f'write "config:" and below it "{CONFIG_KEY}:" with the settings'
    if value is None:
        return {}, Problem("", "the file is empty", _WHY_FILE, add, line=1)
    if not isinstance(value, Mapping):
        return {}, Problem("", "the file holds no keys and values", _WHY_FILE, add, line=1)
    config = value.get("config")
    if not isinstance(config, Mapping):
        what = "config holds no keys and values" if "config" in value else "config is missing"
        return {}, Problem("config", what, _WHY_FILE, add)
    return config, None


def _absent(config: Mapping[str, object]) -> Problem:
    """The object is not where Pulumi's project name puts it; says where it seems to be instead."""
    why = "the stack declares nothing without it"
    project, _, key = CONFIG_KEY.partition(":")
    for given in config:
        if given.lower().replace("_", "-") in (key, CONFIG_KEY, f"{project}.{key}", project) or (
            given.endswith(f":{key}") and given != CONFIG_KEY
        ):
            return Problem(given, f'"{given}" stands where {CONFIG_KEY} belongs', why,
                           f'write "{CONFIG_KEY}:"')  # fmt: skip
    return Problem(CONFIG_KEY, f"{CONFIG_KEY} is missing", why,
                   f'add "{CONFIG_KEY}:" below config')  # fmt: skip


def _plain(value: object) -> str | None:
    """A provider setting as Pulumi hands it on: text; nothing for encrypted or nested values."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    return None


def _is_secure(value: object) -> bool:
    return isinstance(value, Mapping) and set(value) == {"secure"}


def _below_config(by_path: Mapping[str, Found]) -> dict[str, Found]:
    """What was found below `config`, by the rest of the path."""
    root = "config."
    return {path[len(root) :]: found for path, found in by_path.items() if path.startswith(root)}


def _unrooted(problem: Problem) -> Problem:
    return replace(problem, path=problem.path.removeprefix("config."))
