"""What a check may tell its reader to do: a closed set, so that a test can carry each of them out.

How to use it in a check:

    fails(expected, found, actions.REFRESH)                     # a command
    fails(expected, found, actions.push_now(name), wait)         # one after the other
    fails(expected, found, Action(Act.LOOK, "look at ..."))     # your own words for a kind

`about` holds what whoever carries it out has to know (names, ids, addresses), in the order that the
kind's comment gives. A new kind needs a line here and its executor in tests/verify/carry_out.py.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Act(StrEnum):
    """Every kind of advice; behind it, what `Action.about` holds."""

    UPDATE = "update"  # `pulumi up`
    REFRESH = "refresh"  # `pulumi up --refresh`
    ROTATE = "rotate"  # another token.rotation, then `pulumi up`
    EXTEND = "extend"  # a later token.expiresOn, another token.rotation, then `pulumi up`
    CONFIG = "config"  # written in the stack file: (key path, value as YAML)
    DROP_MEMBER = "drop member"  # taken out of every `members` of the stack file: (address, …)
    ADD_MEMBER = "add member"  # somebody put into a role's `members`: (role,)
    ADOPT = "adopt"  # `adopt --import`
    SIGN_IN = "sign in"  # credentials of another organisation: (its name,)
    HAND_OVER = "hand over"  # the token's value into the identity provider, where no API does it
    CONFIRM = "confirm"  # the steps by hand, apiIntegrationConfirmed: true, then `pulumi up`
    WAIT = "wait"  # the identity provider's next cycle
    RUN_AGAIN = "run again"  # verify itself
    SEE = "see"  # another check, which says what to do: (its id,)
    LOOK = "look"  # at the linked page, for what no API shows
    GRANT = "grant"  # a permission to the credentials of verify
    VENDOR = "vendor"  # what a vendor's own error asks for
    CLOUDFLARE_REMOVE_ROLE = "remove role"  # given by hand: (person, role)
    CLOUDFLARE_DROP_POLICY = "remove policies"  # of a User Group: (group's id,)
    CLOUDFLARE_GIVE_ROLE = "give role"  # directly, as an accepted member: (person, role)
    CLOUDFLARE_ACCEPT = "accept"  # the invitation, by the person: (person,)
    CLOUDFLARE_REMOVE_MEMBER = "remove member"  # (person, …)
    CLOUDFLARE_END_CREDENTIAL = "delete a token"  # (token's id, …)
    CLOUDFLARE_RENAME_GROUP = "rename a User Group"  # (its id, the right name)
    CLOUDFLARE_DELETE_GROUP = "delete a User Group"  # (its id, …)
    CLOUDFLARE_ASK = "ask Cloudflare"  # the account team, for what the account has to have
    OKTA_ACTIVATE = "activate app"
    OKTA_CONNECT = "connect"  # Provisioning > Integration: address and token, test, save
    OKTA_SWITCH = "switch"  # of the app's provisioning: (feature, on | off)
    OKTA_DELETE_APP = "delete app"  # (its id, …)
    OKTA_DELETE_GROUP = "delete an Okta group"  # (its id,)
    OKTA_RENAME_GROUP = "rename an Okta group"  # (its id, the right name)
    OKTA_ACTIVATE_PUSH = "activate push"  # (group's name,)
    OKTA_PUSH_NOW = "push now"  # (group's name,)
    OKTA_UNLINK = "unlink"  # pushes, leaving their targets: (mapping's id, …)
    OKTA_RENAMES_OFF = "renames off"  # Rename app groups, cleared
    OKTA_PROVISION_USER = "provision user"  # on the Assignments page: (address, …)
    OKTA_JOIN_USERS = "join the users' group"  # (address, …)
    OKTA_REASSIGN = "reassign"  # out of the users' group, and back: (address, …)
    OKTA_UNASSIGN = "unassign"  # what was assigned to the person directly: (user name, …)
    OKTA_USER_NAME = "user name"  # of the person in the app, to the address: (address, …)
    OKTA_ADDRESS = "another address"  # of all but one account of an address: (login, …)
    OKTA_RETRY = "retry"  # of the failed tasks, after what they name was put right
    ENTRA_APP = "application"  # its name and Enabled for users to sign-in: (the name,)
    ENTRA_START = "start"
    ENTRA_STOP = "stop"
    ENTRA_RESTART = "restart"  # (service principal, job, resetScope)
    ENTRA_LOGS = "logs"  # put right what the provisioning logs name
    ENTRA_ENTITLE = "entitle"  # the person's object id
    ENTRA_ENABLE_MAPPING = "enable mappings"
    ENTRA_MAP_ACTIVE = "map active"
    ENTRA_MAP = "map an attribute"  # (User or Group, target attribute, source attribute)
    ENTRA_CLEAR_USER_FILTER = "clear the user filter"
    ENTRA_REMOVE_KEY = "remove a saved key"  # (key, …)
    ENTRA_RENAME_GROUP = "rename an Entra group"  # (its id, the right name)
    ENTRA_RESTORE = "restore"  # out of the recycle bin, in this order: (object's id, …)
    ENTRA_TWIN = "rename or unassign a twin"  # (its id, …)
    ENTRA_UNASSIGN = "unassign from the application"  # (assignment's id, …)
    ENTRA_UNNEST = "unnest"  # people in directly, the groups within out: (group's id, nested id, …)
    ENTRA_MEET_FILTER = "meet the user filter"  # (address, …)
    ENTRA_USER_NAME = "equal names"  # user principal name and mail: (address, …)


_COMMANDS = frozenset(
    {
        Act.UPDATE,
        Act.REFRESH,
        Act.ROTATE,
        Act.EXTEND,
        Act.CONFIG,
        Act.DROP_MEMBER,
        Act.ADD_MEMBER,
        Act.ADOPT,
        Act.SIGN_IN,
        Act.WAIT,
        Act.RUN_AGAIN,
        Act.SEE,
    }
)


@dataclass(frozen=True)
class Action:
    """One thing to do: its kind, the words for a person, and what it is about."""

    kind: Act
    text: str
    about: tuple[str, ...] = ()

    @property
    def person(self) -> bool:
        """Whether a person does it in a console, and not a command, the stack file or waiting."""
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
ADOPT = Action(
    Act.ADOPT, "run `cfscim adopt --import`, which makes the state agree with what is there"
)
CONFIRM = Action(
    Act.CONFIRM,
    "do what `cfscim steps` lists, write apiIntegrationConfirmed: true and run `pulumi up`",
)
RUN_AGAIN = Action(Act.RUN_AGAIN, "run again")
ENTRA_LOGS = Action(Act.ENTRA_LOGS, "read the provisioning logs and put right what they name")


def see(check: str) -> Action:
    """Another check says what to do."""
    return Action(Act.SEE, f"see {check}", (check,))


def push_now(group: str) -> Action:
    """A role's group is pushed again, with whatever Okta has for it."""
    return Action(Act.OKTA_PUSH_NOW, f'Push Groups > "{group}" > Push now', (group,))


def look(text: str = "look at the page") -> Action:
    """Nothing but a person's eyes on the linked page can tell."""
    return Action(Act.LOOK, text)


def config(path: str, value: str) -> Action:
    """One key of the stack file."""
    return Action(Act.CONFIG, f"write {path}: {value}", (path, value))


OUT_OF_VIRTUAL = "out of virtual groups"

START = (config("identityProvider.start", "true"), UPDATE)
"""Where the config says `start: false`, a start by hand would not be as declared."""


def out_of_virtual(shown: str, people: Iterable[str]) -> Action:
    """Whom a virtual group still gives a role, which nobody but Cloudflare can end; `shown`: the
    people as a text."""
    text = f"have your account team take {shown} out of the account's virtual groups"
    return Action(Act.CLOUDFLARE_ASK, text, (OUT_OF_VIRTUAL, *people))


def wait_for(provider: str) -> Action:
    """The next cycle of the identity provider."""
    return Action(Act.WAIT, f"wait for {provider}'s next cycle, then verify again")
