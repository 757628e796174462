"""`pulumi up` killed before and after each call that writes: the next run ends as declared.

By default a few kills with Okta; `CFSCIM_FULL_MATRIX=1` tries every call, with Okta and Entra.
"""

import os
from pathlib import Path

import pytest

from cfscim.up.engine import Engine
from cfscim.up.sandbox_process import SandboxProcess
from tests.engine.killed_support import HELD, Cell, KillMatrix

FULL = os.environ.get("CFSCIM_FULL_MATRIX") == "1"


@pytest.mark.parametrize("kind", ("okta", "entra") if FULL else ("okta",))
def test_the_run_after_a_kill_ends_as_declared(
    kind: str,
    engine: Engine,
    sandbox: SandboxProcess,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    matrix = KillMatrix(engine, sandbox, folder, kind)
    assert len(matrix.calls) >= 8
    every = [(when, call) for call in matrix.calls for when in HELD]
    done: list[Cell] = []
    for when, call in every if FULL else every[3::6]:
        lost_token = when == "after" and call.path.endswith("/tokens")
        done.append(matrix.cell(when, call, lost_token=lost_token))
        with capsys.disabled():
            print(f"\n{row_text(kind, done[-1])}", end="", flush=True)
    bad = [cell for cell in done if cell.problems]
    with capsys.disabled():
        print(f"\nKilled with {kind}: {len(done)} kills, {len(bad)} with a problem")
    assert [(cell.when, str(cell.call), cell.problems) for cell in bad] == []


def row_text(kind: str, cell: Cell) -> str:
    """One cell of the printed matrix."""
    problems = "".join(f"\n        {problem}" for problem in cell.problems)
    mark = "BAD " if cell.problems else "ok  "
    return f"{mark}{kind} killed {cell.when:6} {cell.call}{problems}"
