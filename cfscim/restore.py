"""`restore-super-admin`: the bad day, when nobody can administer the account any more.

Cloudflare's documented way back (Troubleshooting, 2026-07-14): `PUT` the member with the Super
Administrator role, signed with the account's SCIM token, which needs no Super Administrator.
"""

from collections.abc import Callable, Mapping

import typer

from cfscim.config.messages import ScimError
from cfscim.config.names import account_path
from cfscim.config.roles import SUPER_ADMINISTRATOR_ROLE_ID, Role
from cfscim.report.say import say
from cfscim.vendors.cloudflare.api import CloudflareClient
from cfscim.vendors.cloudflare.models import AccountMember
from cfscim.vendors.cloudflare.signin import token_http
from cfscim.verify.command import Subject, load, require_address
from cfscim.verify.directory import named

_ROLE = Role.SUPER_ADMINISTRATOR.value


def run(
    stack: str,
    person: str,
    outputs: str | None,
    env: Mapping[str, str],
    *,
    yes: bool = False,
    ask: Callable[[str], bool] = typer.confirm,
) -> int:
    """Gives `person` (an e-mail address) the role in the account of stack `stack`.

    `outputs` as for `verify`; `yes`: without asking. Returns 0 when the role was read back, 1 when
    the question was answered with no. Raises `UsageError` where `person` is no address, before
    anything is asked; `ConfigError`, `MissingError`, and `ScimError` where the person is no member
    or Cloudflare refuses.
    """
    require_address(person, "the role is given to the member of that address")
    subject = load(stack, outputs, env, command="restore-super-admin")
    account = subject.config.account
    token = subject.outputs.token_value.get_secret_value()
    http = token_http(subject.settings, env, token)
    with CloudflareClient(http, subject.settings, env) as cloudflare:
        member = _the_member(cloudflare.members(account.id), person, account.name)
        if _is_super(member):
            say(f"{member.address} has the role already; nothing was changed.")
            _say_invited(member)
            return 0
        for line in _what_it_does(subject, member):
            say(line)
        if not yes and not ask("Do it?"):
            say("Nothing was changed.")
            return 1
        cloudflare.give_role(account.id, member.id, SUPER_ADMINISTRATOR_ROLE_ID)
        _read_back(cloudflare.members(account.id), member)
    say(f"{member.address} is a Super Administrator of {account.name} again, read back.")
    _say_invited(member)
    say(
        "Next: put right what took the role away, and name the person in breakGlass or in the "
        f"role's members of Pulumi.{stack}.yaml; then `cfscim verify`."
    )
    return 0


def _say_invited(member: AccountMember) -> None:
    """Until then nobody has the role."""
    if not member.accepted:
        say(f"{member.address} still has to accept the invitation.")


def _the_member(members: tuple[AccountMember, ...], person: str, account: str) -> AccountMember:
    for member in members:
        if member.address.lower() == person.lower():
            return member
    accepted = sorted(member.address for member in members if member.accepted)
    raise ScimError(
        "restore-super-admin",
        f"{person} is no member of {account}",
        "the role can be given to a member only",
        f"name one of: {named(accepted) or 'nobody is'}",
    )


def _what_it_does(subject: Subject, member: AccountMember) -> list[str]:
    path = f"{account_path(subject.config.account.id)}/members/{member.id}"
    roles = named(role.name or role.id for role in member.roles or ()) or "none"
    lines = [
        f"Account {subject.config.account.name} ({subject.config.account.id})",
        f"  gives {member.address} ({member.status}, directly given now: {roles})",
        f"  the role {_ROLE}, in place of those,",
        f"  by PUT {path}, signed with the stack's SCIM token {subject.outputs.token_id}.",
    ]
    if subject.config.token.owner == "user":
        lines.append(
            "  The token is a user's: it works only while that user is a Super Administrator."
        )
    return lines


def _is_super(member: AccountMember) -> bool:
    return any(role.id == SUPER_ADMINISTRATOR_ROLE_ID for role in member.roles or ())


def _read_back(members: tuple[AccountMember, ...], member: AccountMember) -> None:
    if not any(_is_super(other) for other in members if other.id == member.id):
        raise ScimError(
            "restore-super-admin",
            f"{member.address} has no Super Administrator role after the change",
            "Cloudflare answered that it was done",
            "look at the member in the dashboard, or run again",
        )
