"""The eight stacks that tests run: identity provider x role model x token owner."""

import itertools
from collections.abc import Mapping

ACCOUNT = "0123456789abcdef0123456789abcdef"
COMBINATIONS = list(
    itertools.product(("okta", "entra"), ("userGroups", "virtualGroups"), ("account", "user"))
)
PROVIDERS: Mapping[str, Mapping[str, object]] = {
    "okta": {"kind": "okta", "orgName": "example", "apiIntegrationConfirmed": True},
    "entra": {"kind": "entra"},
}


def config_object(kind: str, role_model: str, owner: str) -> dict[str, object]:
    """The config object of one combination: ada administers, grace and alan are in charge."""
    return {
        "account": {"id": ACCOUNT, "name": "Example Corp"},
        "roleModel": role_model,
        "token": {"owner": owner},
        "roles": {
            "Administrator Read Only": {},
            "Administrator": {"members": ["ada@example.com"]},
            "Billing": {},
            "Super Administrator - All Privileges": {
                "members": ["grace@example.com", "alan@example.com"]
            },
        },
        "identityProvider": dict(PROVIDERS[kind]),
    }
