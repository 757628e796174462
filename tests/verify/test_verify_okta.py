"""Each thing that differs in Okta makes exactly the right checks fail, and is named."""

import pytest

from tests.verify.verify_base import Bases, Deviation, bases, expect, no_waiting
from tests.verify.verify_okta_deviations import OKTA_DEVIATIONS

__all__ = ["bases", "no_waiting"]


@pytest.mark.parametrize(
    "deviation", OKTA_DEVIATIONS, ids=lambda one: f"{one.stack[0]}: {one.name}"
)
def test_a_deviation_is_found_and_named(bases: Bases, deviation: Deviation) -> None:
    expect(bases, deviation)
