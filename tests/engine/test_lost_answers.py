"""A vendor does what the provider plugin asked, and its answer is lost: the next run puts it right.

By default what makes a twin or fails with Okta; `CFSCIM_FULL_MATRIX=1` tries every call of both.
"""

import os
from pathlib import Path

import pytest

from cfscim.up.engine import Engine
from cfscim.up.sandbox_process import SandboxProcess
from tests.engine.killed_support import Cell, KillMatrix

FULL = os.environ.get("CFSCIM_FULL_MATRIX") == "1"
# The provider's own three minutes of trying again are too long for every day.
DAILY = ("/tokens", "/api/v1/apps", "/api/v1/groups", "/mappings")


@pytest.mark.parametrize("kind", ("okta", "entra") if FULL else ("okta",))
def test_the_run_after_a_lost_answer_ends_as_declared(
    kind: str,
    engine: Engine,
    sandbox: SandboxProcess,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    matrix = KillMatrix(engine, sandbox, folder, kind)
    calls = [call for call in matrix.calls if FULL or call.path.endswith(DAILY)]
    assert len(calls) >= len(DAILY)
    done: list[Cell] = []
    for call in calls:
        done.append(matrix.lost_answer(call))
        with capsys.disabled():
            said = done[-1].line or "success"
            print(f"\n{kind} {call}: {said[:160]}; {done[-1].problems or 'mended'}", flush=True)
    assert [(str(cell.call), cell.problems) for cell in done if cell.problems] == []
