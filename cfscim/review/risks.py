"""What the approver must not overlook, the riskiest first."""

from collections.abc import Callable, Iterator

from cfscim.review import change_risks, people_risks
from cfscim.review.compare import Review
from cfscim.review.risk import Risk
from cfscim.review.setting_risks import setting_risks


def risks(review: Review) -> tuple[Risk, ...]:
    """Everything risky about a change, in the order in which it should be read."""
    return tuple(risk for check in _CHECKS for risk in check(review))


_CHECKS: tuple[Callable[[Review], Iterator[Risk]], ...] = (
    people_risks.super_gained,
    people_risks.super_few,
    people_risks.super_elsewhere,
    change_risks.refused,
    change_risks.reached,
    change_risks.account,
    change_risks.provider,
    change_risks.role_model,
    change_risks.first_effect,
    people_risks.lost,
    people_risks.role_dropped,
    people_risks.leaves,
    people_risks.unseen_removals,
    change_risks.replaced,
    setting_risks,
)
