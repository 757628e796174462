"""What two stacks may not share: an account; in one tenant an application's or group's name."""

from collections.abc import Callable, Iterator, Sequence
from itertools import permutations

from cfscim.config.access import people
from cfscim.config.credentials import shown
from cfscim.config.lanes import moved
from cfscim.config.messages import Message, Step, Where, in_config
from cfscim.config.models import OktaConfig, ScimConfig
from cfscim.config.names import group_names
from cfscim.config.provider_settings import ENTRA_TENANT, OKTA_BASE_URL, OKTA_DOMAINS
from cfscim.config.stack_file import CheckedStack, StackFile

Claim = tuple[tuple[str, ...], tuple[Step, ...], str]
"""What a stack claims for itself alone, where it says so, and the name as a message shows it."""


def clashes(stacks: Sequence[CheckedStack]) -> list[Message]:
    """Every clash between the stacks, placed in the later file and naming the earlier one.

    Stacks without a valid config take no part. Two stacks share an identity provider when they
    name the same Okta organisation, or the same Entra tenant (`azuread:tenantId`); stacks that
    name no tenant are taken to share the one in the environment. One cause is one problem: of
    several role groups the first is named, and nothing more of two stacks for one account.
    """
    valid = [(stack.file, stack.config) for stack in stacks if stack.config is not None]
    problems = []
    for claims, why, instead in _KINDS:
        first: dict[tuple[str, ...], tuple[StackFile, ScimConfig, Where]] = {}
        told: set[tuple[str, str, Step]] = set()
        for file, config in valid:
            for claim, steps, name in _of_both_ways(claims, file, config):
                where = in_config(*steps)
                owner, owners, there = first.setdefault(claim, (file, config, where))
                cause = (file.path, owner.path, steps[0])
                one_account = owners.account.id == config.account.id and claims is not _accounts
                if owner is file or one_account or cause in told:
                    continue
                told.add(cause)
                what = f"{name} also stands in {owner.path}:{owner.line_of(there.keys)}"
                problems.append(file.placed(Message(where, what, why, instead)))
    return [*problems, *_contradictions(valid)]


def _of_both_ways(
    claims: Callable[[StackFile, ScimConfig], Iterator[Claim]], file: StackFile, config: ScimConfig
) -> Iterator[Claim]:
    """While a move is under way a stack claims the new names too, which stand below `move.to`."""
    now = [*claims(file, config)]
    yield from now
    if config.move is not None:
        known = {claim for claim, _, _ in now}
        for claim, steps, name in claims(file, moved(config)):
            if claim not in known:
                yield claim, ("move", "to", *(steps if steps[0] != "roles" else ())), name


def tenant(stack_file: StackFile, config: ScimConfig) -> tuple[str, str]:
    """Which identity provider a stack works on: its kind and its organisation or tenant."""
    provider = config.identity_provider
    if isinstance(provider, OktaConfig):
        base = stack_file.provider_config.get(OKTA_BASE_URL.key, OKTA_DOMAINS[0])
        return "okta", f"{provider.org_name}.{base}".lower()
    return "entra", stack_file.provider_config.get(ENTRA_TENANT.key, "").lower()


def _accounts(_: StackFile, config: ScimConfig) -> Iterator[Claim]:
    yield (config.account.id,), ("account", "id"), f"account {config.account.id}"


def _applications(stack_file: StackFile, config: ScimConfig) -> Iterator[Claim]:
    provider = config.identity_provider
    okta = isinstance(provider, OktaConfig)
    name = provider.app_label if okta else provider.app_name
    key = "appLabel" if okta else "appName"
    claim = (*tenant(stack_file, config), name.lower())
    yield claim, ("identityProvider", key), f"the application {shown(name)}"


def _groups(stack_file: StackFile, config: ScimConfig) -> Iterator[Claim]:
    here = tenant(stack_file, config)
    users = config.identity_provider.users_group.name
    yield (
        (*here, users.lower()),
        ("identityProvider", "usersGroup", "name"),
        f"the users' group {shown(users)}",
    )
    for role, name in group_names(config).items():
        where: tuple[Step, ...] = ("roles", role.value)
        if config.role_model == "userGroups" and config.group_prefix:
            where = ("groupPrefix",)
        yield (*here, name.lower()), where, f"the group {shown(name)}"


_KINDS: tuple[tuple[Callable[[StackFile, ScimConfig], Iterator[Claim]], str, str], ...] = (
    (
        _accounts,
        "two stacks would take turns in undoing each other's groups and tokens",
        "keep one stack for the account, or write the account's own id",
    ),
    (
        _applications,
        "in one tenant nobody can tell two applications of one name apart",
        "write another name for one of the two",
    ),
    (
        _groups,
        "in one tenant both stacks would manage one group, with the people of both accounts",
        "give each stack its own groupPrefix and usersGroup.name, or another tenant",
    ),
)


def _contradictions(valid: Sequence[tuple[StackFile, ScimConfig]]) -> Iterator[Message]:
    """People kept outside SCIM by one stack and provisioned to the same account by another."""
    by_account: dict[str, list[tuple[StackFile, ScimConfig]]] = {}
    for file, config in valid:
        by_account.setdefault(config.account.id, []).append((file, config))
    for sharing in by_account.values():
        for (file, config), (other_file, other) in permutations(sharing, 2):
            inside = {person.lower() for person in people(other)}
            for index, person in enumerate(config.break_glass):
                if person.lower() in inside:
                    yield file.placed(
                        Message(
                            where=in_config("breakGlass", index),
                            what=f"{shown(person)} is provisioned to this account by "
                            f"{other_file.path}",
                            why="break-glass Super Administrators are kept outside SCIM",
                            instead="remove the address from one of the two files",
                        )
                    )
