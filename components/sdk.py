"""Provider SDKs by the module: what a component names is loaded, and nothing else of the package.

`import pulumi_cloudflare` executes 784 modules (1.5 s, 160 MiB) for the seven that are used here.
Where the SDK is of a known version, its package is entered without executing `__init__.py`; a
name loads the module that defines it, and of the two large files of nested types only the classes
that this module mentions. Anything unknown (another version, a name that is nowhere) falls back to
the ordinary import of the whole package. Type checkers see nothing of this.
"""

import importlib
import json
import re
import sys
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType

KNOWN = {"pulumi_cloudflare": "6.23.1", "pulumi_okta": "7.0.1", "pulumi_azuread": "6.11.1"}
"""The versions whose layout was seen; the ones pinned in requirements.txt."""

_NESTED = ("outputs", "_inputs")
_NEXT = (b"\nclass ", b"\n@")
_HEAD = 4096
"""Bytes in which the imports of a generated file end."""
_QUOTED = re.compile(r"'(?:outputs\.)?(\w+)'")
_LISTED = re.compile(rb"'(\w+)'")
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class SdkFinder:
    """Finds the packages of `KNOWN` and what is below them; everything else is others' business."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """A spec with our loader, or None where the ordinary import shall go on."""
        package, _, below = fullname.partition(".")
        if package not in KNOWN:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin is None or not _known(spec, package):
            return None
        if spec.submodule_search_locations is not None and below != "config":
            spec.loader = _Package(fullname, spec.origin)
        elif fullname.rpartition(".")[2] in _NESTED:
            spec.loader = _NestedTypes(fullname, spec.origin)
        elif below and fullname.rpartition(".")[2] != "_utilities":
            spec.loader = _Resource(fullname, spec.origin)
        return spec


def _known(spec: ModuleSpec, package: str) -> bool:
    if spec.name != package:
        # Below a package that was not entered in this way, everything is imported as usual.
        above = sys.modules.get(package)
        return isinstance(getattr(above, "__loader__", None), _Package)
    about = Path(str(spec.origin)).with_name("pulumi-plugin.json")
    try:
        return json.loads(about.read_text())["version"] == KNOWN[package]
    except (OSError, ValueError, KeyError):
        return False


class _Package(SourceFileLoader):
    """A package whose names are looked up in its modules, one at a time."""

    def exec_module(self, module: ModuleType) -> None:
        """Gives the module its look-up and executes nothing."""
        whole = False

        def look_up(name: str) -> object:
            nonlocal whole
            if name.startswith("__"):
                raise AttributeError(name)
            for candidate in () if whole else _modules_for(name):
                if not Path(module.__path__[0], candidate).with_suffix(".py").is_file() and not (
                    Path(module.__path__[0], candidate).is_dir()
                ):
                    continue
                submodule = importlib.import_module(f"{module.__name__}.{candidate}")
                value = submodule if candidate == name else getattr(submodule, name, None)
                if candidate == name or value is not None:
                    setattr(module, name, value)
                    return value
            if not whole:
                whole = True
                super(_Package, self).exec_module(module)
                if name in vars(module):
                    return vars(module)[name]
            raise AttributeError(f"module {module.__name__} has no attribute {name}")

        vars(module)["__getattr__"] = look_up


def _modules_for(name: str) -> Iterator[str]:
    """The modules that may define a name: `get_users_output` is in `get_users`, `PushGroup` in
    `push_group`, `GetUsersResult` in `get_users`, and `app` is a package itself.
    """
    snake = _WORDS.sub("_", name).lower()
    yield name
    for ending in ("", "_output", "_result", "_args"):
        if snake.endswith(ending):
            yield snake.removesuffix(ending) if ending else snake


class _Resource(SourceFileLoader):
    """A resource or a look-up; it star-imports `_inputs`, and is given what it mentions of it."""

    def exec_module(self, module: ModuleType) -> None:
        """Executes the file, then adds the nested types by whose names its types are evaluated."""
        super().exec_module(module)
        names = vars(module)
        inputs = sys.modules.get(f"{module.__name__.rpartition('.')[0]}._inputs")
        if inputs is None:
            return
        for name in set(_QUOTED.findall(self.get_data(self.path).decode())) - names.keys():
            if (value := getattr(inputs, name, None)) is not None:
                names[name] = value


class _NestedTypes(SourceFileLoader):
    """`outputs` and `_inputs`: megabytes of classes; each is compiled when it is asked for."""

    def exec_module(self, module: ModuleType) -> None:
        """Executes the head of the file, which is its imports, and nothing of the classes."""
        with Path(self.path).open("rb") as file:
            head = file.read(_HEAD)
        head, end, _ = head.partition(b"\n__all__")
        if not end:
            super().exec_module(module)
            return
        head = head.replace(b"from . import outputs\n", b"")
        names = vars(module)
        exec(compile(head, self.path, "exec"), names)  # noqa: S102 - the SDK's own code
        if module.__name__.endswith(".outputs"):
            names["outputs"] = module

        def look_up(name: str) -> object:
            if name.startswith("__"):
                raise AttributeError(name)
            source, classes = _generated(self.path)
            text = _class_text(source, name) if name in classes else ""
            if not text:
                raise AttributeError(f"module {module.__name__} has no attribute {name}")
            exec(compile(text, self.path, "exec"), names)  # noqa: S102 - the SDK's own code
            # The types of its properties are evaluated in this module, later and by name.
            for other in classes.intersection(_QUOTED.findall(text)) - names.keys():
                getattr(module, other)
            return names[name]

        names["__getattr__"] = look_up


@lru_cache(maxsize=1)  # Megabytes: the files are used one after the other.
def _generated(path: str) -> tuple[bytes, frozenset[str]]:
    """A file of nested types, and the names of its classes."""
    source = Path(path).read_bytes()
    listed = source[: source.index(b"\n]\n")]
    return source, frozenset(name.decode() for name in _LISTED.findall(listed))


def _class_text(source: bytes, name: str) -> str:
    """The class of that name with its decorator, or nothing where the file has none."""
    mark = f"\nclass {name}".encode()
    at = source.find(mark)
    # Not two searches, one for each ending: the one in vain would read megabytes to their end.
    while at >= 0 and source[at + len(mark)] not in b"(:":
        at = source.find(mark, at + 1)
    if at < 0:
        return ""
    line = source.rfind(b"\n", 0, at) + 1
    begin = line if source.startswith(b"@", line) else at + 1
    after = [position for mark in _NEXT if (position := source.find(mark, at + 1)) > 0]
    return source[begin : min(after, default=len(source))].decode()
