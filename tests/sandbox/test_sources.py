"""Every file of the sandbox that makes rules of Cloudflare or Entra says where from, how strong, and
so does whoever answers a call of any of the three."""

import ast
import re
from pathlib import Path

import pytest

from sandbox.cloudflare import routes as cloudflare
from sandbox.entra import routes as entra
from sandbox.okta import routes as okta

SANDBOX = Path(__file__).parents[2] / "sandbox"
# Recorded, the provider's code, documentation, a public report, inference.
_STRENGTH = re.compile(r"(?<![\w`])[RCDPI](?![\w`])")
# They hold data, join other files or replay recordings, and refuse nothing.
_NO_RULES = {"__init__.py", "models.py", "keys.py", "recorded.py", "routes.py"}


def _files() -> list[Path]:
    found = [*(SANDBOX / "cloudflare").rglob("*.py"), *(SANDBOX / "entra").rglob("*.py")]
    return sorted(file for file in found if file.name not in _NO_RULES)


@pytest.mark.parametrize("file", _files(), ids=lambda file: str(file.relative_to(SANDBOX)))
def test_the_source_of_the_rules_is_named_with_its_strength(file: Path) -> None:
    said = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
    lines = [line for line in said.splitlines() if _STRENGTH.search(line)]
    assert lines, "add a line: Source: …, with R, C, D, P or I"


_ROUTERS = (cloudflare.router, cloudflare.scim_router, okta.router, entra.router)
_ANSWERS = {
    f"{handler.__module__}.{handler.__name__}": handler
    for router in _ROUTERS
    for handler in (rule.endpoint for rule in router._map.iter_rules())
}


@pytest.mark.parametrize("name", sorted(_ANSWERS))
def test_whoever_answers_a_call_names_source_and_strength_in_one_line(name: str) -> None:
    lines = (_ANSWERS[name].__doc__ or "").splitlines()
    assert any(_STRENGTH.search(line) for line in lines), "end it with (R), (D: …) or Source: …"


def test_nobody_was_forgotten() -> None:
    assert len(_ANSWERS) > 150
