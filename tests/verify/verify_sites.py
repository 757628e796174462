"""Every place of `verify` that can say `does not hold`, and those that were seen to say it."""

import ast
import pkgutil
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from cfscim import verify
from cfscim.verify import Status, report
from cfscim.verify.report import Verdict

_SAYING = ("fails", "same")


class Sites:
    """Notes, while `patch` is in force, where a line that does not hold was written."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._seen: set[tuple[str, int]] = set()
        modules = list(_modules())
        # Read now: the lines are those that run, whatever becomes of the files meanwhile.
        self._every = [site for module in modules for site in _sites(module)]
        for module in modules:
            for name in _SAYING:
                if hasattr(module, name):
                    patch.setattr(module, name, self._noting(getattr(module, name)))

    def _noting(self, verdict: Callable[..., Verdict]) -> Callable[..., Verdict]:
        def noted(*given: object, **more: object) -> Verdict:
            found = verdict(*given, **more)
            if found.status is Status.FAILS:
                frame = sys._getframe(1)
                self._seen.add((Path(frame.f_code.co_filename).name, frame.f_lineno))
            return found

        return noted

    def unseen(self) -> list[str]:
        """The places that nothing reached: file, function and line."""
        return sorted(
            f"{file} {function} {lines.start}"
            for file, function, lines in self._every
            if not any((file, line) in self._seen for line in lines)
        )


def _modules() -> Iterator[ModuleType]:
    """Those that import the two from where they are made."""
    for found in pkgutil.iter_modules(verify.__path__, "cfscim.verify."):
        module = import_module(found.name)
        if module is not report and any(hasattr(module, name) for name in _SAYING):
            yield module


def _sites(module: ModuleType) -> Iterator[tuple[str, str, range]]:
    file = Path(str(module.__file__))
    for function in ast.walk(ast.parse(file.read_text("utf-8"))):
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in _SAYING:
                yield file.name, function.name, range(node.lineno, (node.end_lineno or 0) + 1)
