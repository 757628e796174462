"""What two stacks may not share: an account, an application's name, a group's name in one tenant."""

from collections.abc import Callable, Iterator, Sequence

from scim.access import people
from scim.config import ScimConfig
from scim.credentials import shown
from scim.identity import OktaConfig
from scim.keypath import Step, key_path
from scim.names import group_names
from scim.problems import Problem
from scim.stackcheck import CheckedStack
from scim.stackfile import StackFile

Claim = tuple[tuple[str, ...], tuple[Step, ...], str]
"""What a stack claims for itself alone, where it says so, and the name as a message shows it."""


def clashes(stacks: Sequence[CheckedStack]) -> list[Problem]:
    """Every clash between the stacks, placed in the later file and naming the earlier one.

    Stacks without a valid config take no part. Two stacks share an identity provider when they
    name the same Okta organisation, or the same Entra tenant (`azuread:tenantId`); stacks that
    name no tenant are taken to share the one in the environment.
    """
    problems = []
    for claims, why, instead in _KINDS:
        first: dict[tuple[str, ...], tuple[StackFile, str]] = {}
        for stack in stacks:
            if stack.config is None:
                continue
            for claim, steps, name in claims(stack.file, stack.config):
                path = key_path(steps)
                here = stack.file.placed(Problem(path, "", why, instead))
                owner, place = first.setdefault(claim, (stack.file, f"{here.file}:{here.line}"))
                if owner is not stack.file:
                    problems.append(
                        stack.file.placed(Problem(path, f"{name} is also {place}", why, instead))
                    )
    return problems + _contradictions(stacks)


def tenant(stack_file: StackFile, config: ScimConfig) -> tuple[str, str]:
    """Which identity provider a stack works on: its kind and its organisation or tenant."""
    provider = config.identity_provider
    if isinstance(provider, OktaConfig):
        base = stack_file.provider_config.get("okta:baseUrl", "okta.com")
        return "okta", f"{provider.org_name}.{base}".lower()
    return "entra", stack_file.provider_config.get("azuread:tenantId", "").lower()


def _accounts(stack_file: StackFile, config: ScimConfig) -> Iterator[Claim]:
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


def _contradictions(stacks: Sequence[CheckedStack]) -> list[Problem]:
    """People kept outside SCIM by one stack and provisioned to the same account by another."""
    problems = []
    for one in stacks:
        for other in stacks:
            if one is other or one.config is None or other.config is None:
                continue
            if one.config.account.id != other.config.account.id:
                continue
            inside = {person.lower() for person in people(other.config)}
            for index, person in enumerate(one.config.break_glass):
                if person.lower() in inside:
                    problems.append(
                        one.file.placed(
                            Problem(
                                key_path(("breakGlass", index)),
                                f"{shown(person)} is provisioned to this account by "
                                f"{other.file.path}",
                                "break-glass Super Administrators are kept outside SCIM",
                                "remove the address from one of the two files",
                            )
                        )
                    )
    return problems
