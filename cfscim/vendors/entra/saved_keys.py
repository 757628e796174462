"""The keys that Entra keeps for a job: those of the guide, and any that somebody added.

A further key makes the provider wait for the number of keys until its time-out, on every update
(P, terraform-provider-azuread #1013), so it is looked for before.
"""

from collections.abc import Iterable

from cfscim.config.entra_keys import Key
from cfscim.vendors.entra import PRINCIPALS
from cfscim.vendors.entra.models import bare

_EFFECTS = {
    "SkipOutOfScopeDeletions": "who leaves the scope keeps the access in Cloudflare",
    "PerformInboundEntitlementGrants": "Entra grants entitlements that it finds in the target",
    "HardDeletesEnabled": "who is deleted for good is deleted in the target too",
    "UpdateKeyOnSoftDelete": "deleted people get another user name in the target",
}


def further_keys(saved: Iterable[str]) -> list[str]:
    """The names of saved keys that the program does not write, sorted."""
    return sorted(set(saved) - {*Key})


def described(key: str) -> str:
    """A key with what it does, as far as Microsoft documents it."""
    return f"{key} ({_EFFECTS.get(key, 'what it does is not documented')})"


def removal(graph: str, service_principal: str, keys: Iterable[str]) -> str:
    """The command that takes the keys away; `graph` is Graph's base address without version."""
    values = ", ".join(f'{{"key": "{key}", "value": ""}}' for key in keys)
    return (
        "az rest --method PUT --url "
        f"{graph}{PRINCIPALS}/{bare(service_principal)}/synchronization/secrets "
        f"--headers Content-Type=application/json --body '{{\"value\": [{values}]}}'"
    )
