"""What a policy rule looks at and what it says; the same in `plan` and in the policy pack."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum

from cfscim.config.json_types import Json
from cfscim.config.messages import Keys, Message
from cfscim.config.models import ScimConfig, Waiver
from cfscim.config.stand_ins import UNKNOWN

DEFAULT_SHARE = 0.25
"""The share of people, or of groups, that one change may remove."""


class Unseen(Enum):
    """For an option that the caller cannot see: Pulumi hands no replacement trigger to a pack."""

    UNSEEN = "unseen"


UNSEEN = Unseen.UNSEEN


@dataclass(frozen=True)
class ResourceView:
    """One declared resource; `inputs` carry the provider's names, every secret is `[secret]`.

    `fed_by`: for each input the names of the resources it is made from; None where nobody can see.
    """

    type: str
    name: str
    inputs: Mapping[str, Json]
    protect: bool = False
    replacement_trigger: "Json | Unseen" = None
    fed_by: Mapping[str, tuple[str, ...]] | None = None


@dataclass(frozen=True)
class Case:
    """What is judged: the config of `stack`, today's date, and the config that was in force.

    `before` is None where the stack is new, and with `before_missing` where nobody knows it.
    `begun`: configs of updates since then that began and may be in force in part.
    """

    config: ScimConfig
    stack: str
    today: date
    before: ScimConfig | None = None
    removal_share: float = DEFAULT_SHARE
    before_missing: bool = False
    begun: tuple[ScimConfig, ...] = ()


def is_base_of(config: ScimConfig, other: ScimConfig, *, own: bool) -> bool:
    """Whether what `other` gave may be in force beside `config`: it is the stack's `own` config of
    another time, or another stack's of the same account."""
    return own or config.account.id == other.account.id


@dataclass(frozen=True)
class Finding:
    """What is wrong and what to do instead; the rule itself says why.

    `keys`: the way to it below the config object, where it is about a key. `brief`: what is wrong
    without the names that stand beside it in a review; none where it names nothing.
    """

    what: str
    instead: str
    keys: Keys = ()
    brief: str = ""


def of_account(what: str, given: Json, account: str) -> Iterator[Finding]:
    """Whether what names an account names the stack's."""
    if given not in (UNKNOWN, account):
        yield Finding(
            f"{what} belongs to account {given}, the stack to {account}",
            f"declare it with accountId {account}",
        )


ResourceCheck = Callable[[Case, ResourceView], Iterator[Finding]]
ConfigCheck = Callable[[Case], Iterator[Finding]]


@dataclass(frozen=True)
class Rule:
    """A rule by its name in `waivers`; exactly one of the checks is given."""

    name: str
    title: str
    reason: str
    resource: ResourceCheck | None = None
    config: ConfigCheck | None = None
    waivable: bool = True


@dataclass(frozen=True)
class Violation:
    """A rule broken. `waived` holds the waiver in force, or None where the change is refused.

    `message` prints as one line; `resource` the resource's name, if any; `brief` as in `Finding`.
    """

    rule: str
    message: Message
    waived: Waiver | None = None
    resource: str | None = None
    brief: str = ""
