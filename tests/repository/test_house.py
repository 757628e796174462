"""The rules of docs/contributing.md that a reader of the code would otherwise have to check."""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest
from pydantic import BaseModel

from cfscim.config import outputs
from cfscim.config.kinds import KINDS
from cfscim.config.models import ScimConfig
from cfscim.config.refusals import alias_of, models_in
from cfscim.config.roles import PERMISSION_GROUP_IDS

ROOT = Path(__file__).parents[2]
PROGRAM = ("cfscim", "components", "policy")
PRIVATE_PULUMI = {"cfscim/program/private.py"}
"""Where what no public way gives is taken from Pulumi, with the version it was seen with."""
OWNERS = {
    **dict.fromkeys(KINDS, "cfscim/config/kinds.py"),
    **dict.fromkeys(PERMISSION_GROUP_IDS.values(), "cfscim/config/roles.py"),
    "https://api.cloudflare.com/client/v4": "cfscim/config/names.py",
    "cloudflare-scim:scim": "cfscim/config/messages.py",
    **dict.fromkeys(
        (outputs.SCIM_BASE_URL, outputs.TOKEN_VALUE, outputs.ROLE_GROUPS, outputs.PRINT_ALL),
        "cfscim/config/outputs.py",
    ),
}
VAGUE = {"one", "found", "held", "left", "made"}
STATES_FOUND = "cfscim/verify/report.py"
"""`verify --format json` has `expected` and `found`."""
LINES = {
    "formatting is switched off": r"# fmt: (skip|off)",
    "a message is taken apart": r"""split\(\s*["']; """,
    "an error's kind is asked of anything": r"""getattr\([^)]*["']kind["']""",
    "it asks whether it is tested": r"PYTEST|\bpytest\b|\bunittest\b",
    "what stands in for a value is in stand_ins.py": r"""["']\$\{(\{.*\}\}["']|unknown|user:)""",
    "a list's objects are taken by json_types.objects": r"if isinstance\(\w+, dict\)\] if isinst",
}
OF_ITS_OWNER = {"cfscim/config/stand_ins.py", "cfscim/config/json_types.py"}
CALLED_BY_NAME = {f"sandbox.{vendor}.recorded" for vendor in ("cloudflare", "okta", "entra")}
"""Modules that the replay takes as a vendor's, whichever it is."""
CALLED_BY_OTHERS = re.compile(r"route|endpoint|command|callback|validator|property")


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def files(*rooms: str) -> Iterator[tuple[str, Path]]:
    for room in rooms:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path


def in_lines(place: str, path: Path) -> Iterator[str]:
    for number, line in enumerate(path.read_text().splitlines(), 1):
        for what, pattern in LINES.items():
            if re.search(pattern, line) and place not in OF_ITS_OWNER:
                yield f"{place}:{number}: {what}"


def in_names(place: str, path: Path) -> Iterator[str]:
    """Nouns of the field, and facts in the words of their owner."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            if (ast.get_docstring(node) or "").startswith("The same"):
                yield f"{place}:{node.lineno}: a docstring begins with The same"
            if node.name.strip("_").lower() in VAGUE:
                yield f"{place}:{node.lineno}: {node.name} names nothing of the field"
        stored = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        name = node.id if stored else node.arg if isinstance(node, ast.arg) else ""
        if name in VAGUE and not (name == "found" and place == STATES_FOUND):
            yield f"{place}:{node.lineno}: {name} names nothing of the field"
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            owner = OWNERS.get(node.value, place)
            if owner != place:
                yield f"{place}:{node.lineno}: {node.value} stands in {owner}"


def in_calls(place: str, path: Path) -> Iterator[str]:
    """No clock in the config, and nothing private of Pulumi's outside its module."""
    pulumi = {
        alias.asname or alias.name.split(".")[-1]
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ImportFrom | ast.Import)
        for alias in node.names
        if (getattr(node, "module", None) or alias.name).startswith("pulumi")
    }
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Attribute) and place.startswith("cfscim/config/"):
            of = node.value.id if isinstance(node.value, ast.Name) else ""
            if of in {"datetime", "date", "time"} and node.attr in {
                "now",
                "today",
                "utcnow",
                "time",
            }:
                yield f"{place}:{node.lineno}: the clock is asked by the commands"
        if isinstance(node, ast.Attribute) and place not in PRIVATE_PULUMI:
            of = node.value.id if isinstance(node.value, ast.Name) else ""
            if of in pulumi and re.match(r"_[a-z]", node.attr):
                yield f"{place}:{node.lineno}: {of}.{node.attr} is private to Pulumi"


@pytest.mark.parametrize("look", [in_lines, in_names, in_calls])
def test_the_program_keeps_the_rules_of_the_house(look) -> None:
    assert [line for place, path in files(*PROGRAM) for line in look(place, path)] == []


@pytest.mark.parametrize("look", [in_lines, in_names])
def test_the_sandbox_keeps_its_own(look) -> None:
    strangers = r"stands in cfscim/"
    lines = [line for place, path in files("sandbox") for line in look(place, path)]
    assert [line for line in lines if not re.search(strangers, line)] == []


def _key_paths(model: type[BaseModel], above: str = "") -> Iterator[str]:
    """Every key path of the models, those on the way included."""
    for name, declared in model.model_fields.items():
        path = f"{above}{alias_of(name, declared)}"
        yield path
        for inner in models_in(declared.annotation):
            yield from _key_paths(inner, f"{path}.")


def test_a_key_path_in_the_program_is_one_of_the_models() -> None:
    known = {*_key_paths(ScimConfig)}
    top = "|".join(sorted(path for path in known if "." not in path))
    assert [
        f"{place}:{node.lineno}: {node.value}"
        for place, path in files(*PROGRAM)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if re.fullmatch(rf"({top})(\.[a-zA-Z]+)+", node.value) and node.value not in known
    ] == []


def test_the_files_of_the_ten_ordinary_changes_are_there() -> None:
    page = (ROOT / "docs" / "contributing.md").read_text()
    rows = page.split("## Ten ordinary changes")[1].split("## ")[0].splitlines()
    named = [word for row in rows for word in re.findall(r"`([\w./]+/[\w.]+)`", row)]
    assert len([row for row in rows if row.startswith("| a ")]) == 10
    assert [name for name in named if not (ROOT / name).exists()] == []


class Uses:
    """What the program's modules use of each other, and of what they define."""

    def __init__(self, modules: Mapping[str, Path]) -> None:
        self.of_module = {name: set[str]() for name in modules}
        self.attributes: set[str] = set()
        for name, path in modules.items():
            known = dict[str, str]()
            for node in ast.walk(parsed(path)):
                if isinstance(node, ast.ImportFrom):
                    for alias in node.names:
                        if (module := f"{node.module}.{alias.name}") in modules:
                            known[alias.asname or alias.name] = module
                        elif node.module in modules:
                            self.of_module[node.module].add(alias.name)
                elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                    self.of_module[name].add(node.id)
            for node in ast.walk(parsed(path)):
                if isinstance(node, ast.Attribute):
                    self.attributes.add(node.attr)
                    if isinstance(node.value, ast.Name) and node.value.id in known:
                        self.of_module[known[node.value.id]].add(node.attr)


def test_nothing_is_there_for_tests_alone() -> None:
    """Every function, class and constant of a module, and every method of a class that stands by
    itself, is used by the program."""
    modules = {
        place.removesuffix(".py").removesuffix("/__init__").replace("/", "."): path
        for place, path in files(*PROGRAM, "sandbox", "bench")
    }
    modules["__main__"] = ROOT / "__main__.py"
    uses, unused = Uses(modules), list[str]()
    for module, path in modules.items():
        for node in parsed(path).body:
            for name in _defined(node):
                if name not in uses.of_module[module] and module not in CALLED_BY_NAME:
                    unused.append(f"{module}.{name}")
            for method in node.body if isinstance(node, ast.ClassDef) and not node.bases else ():
                for name in _defined(method) if isinstance(method, ast.FunctionDef) else ():
                    if name not in uses.attributes and module not in CALLED_BY_NAME:
                        unused.append(f"{module}.{node.name}.{name}")
    assert unused == []


def _defined(node: ast.stmt) -> Iterator[str]:
    """The names that a statement defines, but for those that Python or a decorator calls."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        if not any(CALLED_BY_OTHERS.search(ast.unparse(by)) for by in node.decorator_list):
            yield from () if node.name.startswith("__") else (node.name,)
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = (target.id for target in targets if isinstance(target, ast.Name))
        yield from (name for name in names if not name.startswith("__"))
