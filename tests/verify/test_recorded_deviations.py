"""What `verify` records of a stack that is not as declared replays without a difference, too."""

from pathlib import Path

import pytest

from cfscim.vendors.recording import recorded
from sandbox import tenant
from sandbox.replay import load
from tests.verify.verify_base import Bases, Deviation
from tests.verify.verify_cloudflare_deviations import CLOUDFLARE
from tests.verify.verify_entra_deviations import ENTRA_DEVIATIONS
from tests.verify.verify_okta_deviations import OKTA_DEVIATIONS
from tests.verify.verify_undeclared_ways import WAYS, Way

pytestmark = pytest.mark.usefixtures("signed_in")

ASKS_FURTHER = {
    *("disabled", "deleted", "a group deleted", "a group deleted, its target left"),
    *("a group in a role's group", "a crowd", "a crowd in a role's group"),
}
"""Where `verify` makes calls, or reads what, it does not of a stack that is as declared; or more
than a page of people."""
EVERY = (*CLOUDFLARE, *OKTA_DEVIATIONS, *ENTRA_DEVIATIONS, *WAYS)
CASES = [case for case in EVERY if case.name in ASKS_FURTHER]


@pytest.mark.parametrize("case", CASES, ids=lambda one: f"{one.stack[0]}: {one.name}")
def test_it_replays(bases: Bases, tmp_path: Path, case: Deviation | Way) -> None:
    stack = case.made(bases)
    with recorded(tmp_path, "cfscim verify"):
        stack.verify()
    exchanges = load(tmp_path)
    figures = tenant.run(bases.sandbox.world, exchanges)
    assert figures.differences == []
    assert figures.exchanges.total() == len(exchanges)
