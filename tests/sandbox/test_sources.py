"""Every file of the sandbox that makes rules of Cloudflare or Entra says where from, how strong."""

import ast
import re
from pathlib import Path

import pytest

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
