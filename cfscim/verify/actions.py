"""What a check may tell its reader to do: a closed set, so that a test can carry each of them out.

How to use it in a check:

    fails(expected, found, actions.REFRESH)                     # a command
    fails(expected, found, push_now(name), actions.WAIT)        # one after the other
    def push_now(group: str) -> Action:                         # your own words for a kind
        return Action(Act.OKTA_PUSH_NOW, f'Push Groups > "{group}" > Push now', (group,))

`about` holds what whoever carries it out has to know (names, ids, addresses), in the order that the
kind's comment gives. A new kind needs a line here and its executor in tests/verify/carry_out.py;
a kind in `DECISIONS` has none, because a person has to judge, and its text says so.
"""

from dataclasses import dataclass
from enum import StrEnum


class Act(StrEnum):
    """Every kind of advice; behind it, what `Action.about` holds."""

    UPDATE = "update"  # `pulumi up`
    REFRESH = "refresh"  # `pulumi up --refresh`
    ROTATE = "rotate"  # another token.rotation, then `pulumi up`
    EXTEND = "extend"  # a later token.expiresOn, another token.rotation, then `pulumi up`
    HAND_OVER = "hand over"  # the token's value into the identity provider, where no API does it
    CONFIRM = "confirm"  # the steps by hand, apiIntegrationConfirmed: true, then `pulumi up`
    WAIT = "wait"  # the identity provider's next cycle
    RUN_AGAIN = "run again"  # verify itself
    SEE = "see"  # another check, which says what to do: (its id,)
    GRANT = "grant"  # a permission to the credentials of verify
    CLOUDFLARE_REMOVE_ROLE = "remove role"  # given by hand: (person, role)
    CLOUDFLARE_DROP_POLICY = "remove policies"  # of a User Group: (group's name,)
    CLOUDFLARE_GIVE_ROLE = "give role"  # directly, as an accepted member: (person, role)
    CLOUDFLARE_REMOVE_MEMBER = "remove member"  # (person, …)
    CLOUDFLARE_END_CREDENTIAL = "delete a token"  # (token's id, …)
    OKTA_ACTIVATE = "activate app"
    OKTA_SWITCH = "switch"  # of the app's provisioning: (feature, on | off)
    OKTA_PUSH_NOW = "push now"  # (group's name,)
    OKTA_UNLINK = "unlink"  # pushes, leaving their targets: (mapping's id, …)
    OKTA_PROVISION_USER = "provision user"  # on the Assignments page: (address, …)
    OKTA_REASSIGN = "reassign"  # out of the users' group, and back: (address, …)
    ENTRA_START = "start"
    ENTRA_STOP = "stop"
    ENTRA_RESTART = "restart"  # with resetScope Full
    ENTRA_UNNEST = "unnest"  # people in directly, the group within out: (group's name, …)
    BY_HAND = "by hand"  # on the page of the link; the text says what
    DECIDE = "decide"  # a person has to judge; the text says about what


DECISIONS = frozenset({Act.BY_HAND, Act.DECIDE, Act.GRANT})
"""Kinds that nothing can carry out for a person."""

_COMMANDS = frozenset(
    {Act.UPDATE, Act.REFRESH, Act.ROTATE, Act.EXTEND, Act.WAIT, Act.RUN_AGAIN, Act.SEE}
)


@dataclass(frozen=True)
class Action:
    """One thing to do: its kind, the words for a person, and what it is about."""

    kind: Act
    text: str
    about: tuple[str, ...] = ()

    @property
    def person(self) -> bool:
        """Whether it is done by a person in a console, and not by a command or by waiting."""
        return self.kind not in _COMMANDS


UPDATE = Action(Act.UPDATE, "run `pulumi up`")
REFRESH = Action(Act.REFRESH, "run `pulumi up --refresh`")
ROTATE = Action(Act.ROTATE, "change token.rotation and run `pulumi up`")
EXTEND = Action(
    Act.EXTEND, "write a later token.expiresOn, change token.rotation and run `pulumi up`"
)
HAND_OVER = Action(
    Act.HAND_OVER,
    "hand the token over, as `cfscim steps` says (where Okta or Entra takes it by API, "
    "`pulumi up` has done so)",
)
RUN_AGAIN = Action(Act.RUN_AGAIN, "run again")


def see(check: str) -> Action:
    """Another check says what to do."""
    return Action(Act.SEE, f"see {check}", (check,))


def by_hand(text: str) -> Action:
    """Something a person does on the linked page."""
    return Action(Act.BY_HAND, text)


def decide(text: str) -> Action:
    """Something a person has to judge."""
    return Action(Act.DECIDE, f"a person has to decide: {text}")


def wait_for(provider: str) -> Action:
    """The next cycle of the identity provider."""
    return Action(Act.WAIT, f"wait for {provider}'s next cycle, then verify again")
