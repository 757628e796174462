"""Values of the examples that somebody copied and forgot to replace."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from cfscim.config.access import people
from cfscim.config.messages import Level, Message, Where, in_config
from cfscim.config.models import OktaConfig, ScimConfig
from cfscim.config.provider_settings import ENTRA_TENANT

if TYPE_CHECKING:  # The program has no stack file, and need not load what reads one.
    from cfscim.config.stack_file import CheckedStack

ACCOUNTS = frozenset(
    {
        "0123456789abcdef0123456789abcdef",
        "fedcba9876543210fedcba9876543210",
        "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
        "1a2b3c4d5e6f708192a3b4c5d6e7f801",
        "1a2b3c4d5e6f708192a3b4c5d6e7f802",
        "1a2b3c4d5e6f708192a3b4c5d6e7f809",
        "2b3c4d5e6f708192a3b4c5d6e7f8091a",
        "3c4d5e6f708192a3b4c5d6e7f8091a2b",
    }
)
"""Account ids in this repository's stack files, examples and pages; a test finds them all."""

DOMAINS = ("example.com", "example.org", "example.net")
"""Domains that are nobody's (RFC 2606)."""

SANDBOX = "sandbox"
"""In an account's name this says that the values are made up, and nothing is warned of."""

ORGANISATIONS = ("example", "acme", "initech")

TENANTS = ("5f0c7c59-3d0b-4f6e-9a3e-2b7d41c8e0a1", "9d2f6c1e-7b48-4c55-8f0a-63e1d9b2a7c4")

_ENDINGS = tuple(f".{domain}" for domain in DOMAINS)


def _domain(address: str) -> str:
    """The address's domain with a dot before it, so that no part of a word is taken for it."""
    return "." + address.rpartition("@")[2].lower()


def example_values(checked: "CheckedStack") -> list[Message]:
    """One warning a stack file that still holds values of the examples, at the first of them."""
    if checked.config is None:
        return []
    file, tenant = checked.file, checked.file.provider_config.get(ENTRA_TENANT.key, "")
    return [
        replace(said, where=Where(said.where.keys, file.path, file.line_of(said.where.keys)))
        for said in left_from_examples(checked.config, tenant)
    ]


def left_from_examples(config: ScimConfig, tenant: str) -> list[Message]:
    """One warning of a config that still holds values of the examples, at the first of them;
    `tenant`: that of the stack's own settings, if any."""
    places = list(_places(config, tenant.lower()))
    if not places:
        return []
    there, _ = places[0]
    return [
        Message(
            there,
            f"left from the examples: {', '.join(what for _, what in places)}",
            "nobody and nothing real is meant by it, which is right only on the sandbox",
            "write your own before the first update, or name the account a sandbox's",
            level=Level.WARNING,
        )
    ]


def _places(config: ScimConfig, tenant: str) -> Iterator[tuple[Where, str]]:
    """Place and words of each kind of value, the first of its kind."""
    if SANDBOX in config.account.name.lower():
        return
    if config.account.id in ACCOUNTS:
        yield in_config("account", "id"), f"account id {config.account.id}"
    provider = config.identity_provider
    if isinstance(provider, OktaConfig) and provider.org_name.lower() in ORGANISATIONS:
        yield in_config("identityProvider", "orgName"), f"organisation {provider.org_name}"
    if tenant in TENANTS:
        yield Where((ENTRA_TENANT.key,)), f"tenant {tenant}"
    everybody = {*people(config), *config.break_glass}
    theirs = {person for person in everybody if _domain(person).endswith(_ENDINGS)}
    named = sorted({_domain(person)[1:] for person in theirs})
    if theirs:
        count = f"{len(theirs)} {'address' if len(theirs) == 1 else 'addresses'}"
        yield in_config("roles"), f"{count} at {', '.join(named)}"
