"""Every fault of the sandbox on every call of `up`: success or one clear line, and a clean run mends.

`make test` runs each fault once; `CFSCIM_FULL_MATRIX=1` runs every fault on every call.
"""

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from _pytest.capture import CaptureManager

from sandbox.server.faults import KINDS
from sandbox.server.server import Sandbox
from tests.loopback import plain_client
from tests.rehearsal.fault_support import Cell, Matrix

FULL = os.environ.get("CFSCIM_FULL_MATRIX") == "1"
PROVIDERS = ("okta", "entra")
# Each fault once, on a call of its own; one in four with Entra, whose runs take longest.
SAMPLE = [(PROVIDERS[n % 4 == 3], fault, n * 7) for n, fault in enumerate(KINDS)]
# And what no second update mends, because the state believes the vendor.
SAMPLE += [("okta", "noop", "/mappings"), ("entra", "noop", "/iam/user_groups")]
ROWS = [(provider, fault, None) for provider in PROVIDERS for fault in KINDS]


@pytest.fixture(scope="module")
def done(request: pytest.FixtureRequest) -> Iterator[list[Cell]]:
    """The cells that were run; their figures are printed after the last."""
    cells: list[Cell] = []
    yield cells
    capture = request.config.pluginmanager.getplugin("capturemanager")
    assert isinstance(capture, CaptureManager)
    with capture.global_and_fixture_disabled():
        print(f"\nFault matrix: {figures(cells)}")
        if FULL:
            print(*(page_row(provider, cells) for provider in PROVIDERS), sep="\n")


@cache
def matrix(sandbox: Sandbox, provider: str) -> Matrix:
    """The provider's calls and declared end, worked out once."""
    admin = plain_client(base_url=f"{sandbox.admin}/", timeout=60)
    return Matrix(sandbox, admin, provider)


@pytest.mark.parametrize(("provider", "fault", "turn"), ROWS if FULL else SAMPLE)
def test_success_or_one_line_then_the_clean_run_ends_as_declared(
    sandbox: Sandbox,
    done: list[Cell],
    capsys: pytest.CaptureFixture[str],
    provider: str,
    fault: str,
    turn: int | str | None,
) -> None:
    tried = matrix(sandbox, provider)
    assert len(tried.calls) >= 15
    calls = tried.calls
    if isinstance(turn, str):
        calls = [one for one in calls if one.method == "POST" and one.path.endswith(turn)]
        assert len(calls) == 1
    elif turn is not None:
        calls = [calls[turn % len(calls)]]
    row = []
    for call in calls:
        row.append(tried.cell(fault, call))
        if turn is None:
            with capsys.disabled():
                print(row_text(row[-1]), flush=True)
    done += row
    assert [(str(cell.call), cell.problems) for cell in row if cell.problems] == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_page_has_every_fault_on_every_call(sandbox: Sandbox, provider: str) -> None:
    """With CFSCIM_FULL_MATRIX=1 the rest of the row is printed, to be copied."""
    cells = len(matrix(sandbox, provider).calls) * len(KINDS)
    page = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text(encoding="utf-8")
    assert [fault for fault in KINDS if f"`{fault}`" not in page] == []
    assert f"| {provider.capitalize()} | {cells} | " in page


def page_row(provider: str, every: list[Cell]) -> str:
    """The page's row of an identity provider."""
    cells = [cell for cell in every if cell.provider == provider]
    failed = sum(bool(cell.line) for cell in cells)
    slowest = max((cell.seconds for cell in cells), default=0.0)
    success = len(cells) - failed
    return f"| {provider.capitalize()} | {len(cells)} | {success} | {failed} | {slowest:.0f} s |"


def row_text(cell: Cell) -> str:
    """One cell of the printed matrix."""
    said = cell.line if cell.line else "success"
    mark = "BAD " if cell.problems else "ok  "
    problems = "".join(f"\n        {problem}" for problem in cell.problems)
    return (
        f"{mark}{cell.provider} {cell.fault:16} {cell.seconds:4.1f} s {cell.call}: {said}{problems}"
    )


def figures(cells: list[Cell]) -> str:
    """How many cells, how they ended, and the slowest."""
    failed = sum(bool(cell.line) for cell in cells)
    bad = sum(bool(cell.problems) for cell in cells)
    slowest = max((cell.seconds for cell in cells), default=0.0)
    return (
        f"{len(cells)} cells, {len(cells) - failed} ended in success, {failed} in one line, "
        f"{bad} with a problem; the slowest run took {slowest:.1f} s"
    )
