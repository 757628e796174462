"""The one builder of the config objects that tests change, and the eight combinations they run."""

import itertools
from collections.abc import Mapping, Sequence

from cfscim.config.messages import CONFIG_KEY
from cfscim.config.okta_switches import SWITCHES

ACCOUNT = "0123456789abcdef0123456789abcdef"
OTHER_ACCOUNT = "fedcba9876543210fedcba9876543210"
SUPER = "Super Administrator - All Privileges"
COMBINATIONS = tuple(
    itertools.product(("okta", "entra"), ("userGroups", "virtualGroups"), ("account", "user"))
)
"""Identity provider x role model x token owner."""
BOXES = {switch.name: switch.on for switch in SWITCHES if switch.page}
"""What a person ticks and clears in the console of an Okta app, by name."""
Members = Mapping[str, Sequence[str] | None]
MEMBERS: Members = {
    "Administrator Read Only": None,
    "Administrator": ["ada@example.com"],
    "Billing": None,
    SUPER: ["grace@example.com", "alan@example.com"],
}


def config_object(
    kind: str = "okta",
    model: str = "userGroups",
    owner: str = "account",
    *,
    members: Members = MEMBERS,
    token: Mapping[str, object] | None = None,
    provider: Mapping[str, object] | None = None,
    **keys: object,
) -> dict[str, object]:
    """A valid config object: ada administers, grace and alan are in charge.

    `members`: who has each role, None where the identity provider decides; `token` and `provider`:
    further keys of these two objects; `keys`: whole top-level keys.
    """
    okta = {"orgName": "example", "apiIntegrationConfirmed": True} if kind == "okta" else {}
    return {
        "account": {"id": ACCOUNT, "name": "Example Corp"},
        "roleModel": model,
        "token": {"owner": owner, **(token or {})},
        "roles": {
            role: {} if people is None else {"members": list(people)}
            for role, people in members.items()
        },
        "identityProvider": {"kind": kind, **okta, **(provider or {})},
        **keys,
    }


def stack_config(
    kind: str = "okta",
    model: str = "userGroups",
    owner: str = "account",
    *,
    roles: Members = MEMBERS,
    token: Mapping[str, object] | None = None,
    **provider: object,
) -> dict[str, object]:
    """A stack file's `config` as it is before its first update: nothing is confirmed in Okta's
    console; `provider`: further keys of the identity provider."""
    first = {"apiIntegrationConfirmed": False} if kind == "okta" else {}
    given = {**first, **provider}
    return {
        CONFIG_KEY: config_object(kind, model, owner, members=roles, token=token, provider=given)
    }
