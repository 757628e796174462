"""The people of each role in Cloudflare against the identity provider's, by name and reason."""

from collections.abc import Iterator
from functools import partial

from cfscim.config.names import group_name
from cfscim.config.roles import Role
from cfscim.verify.cloudflare import CloudflareView, slug
from cfscim.verify.directory import Comparison, Directory, Person, compare, named
from cfscim.verify.links import CloudflareLinks
from cfscim.verify.question import Question, Verdict, fails, holds, unknown

MINIMAL = "Minimal Account Access"
"""The role that Cloudflare gives a member whom SCIM created."""


def member_questions(view: CloudflareView, directory: Directory) -> Iterator[Question]:
    """A question a role, and one about everybody else."""
    link = CloudflareLinks.of(view.config).members
    for role in view.config.roles:
        yield Question(
            f"cloudflare.members.{slug(role)}",
            "Cloudflare",
            f"members of {role.value} are those of {directory.name}",
            f'the members of "{group_name(view.config, role)}" in {directory.name}',
            link,
            partial(_members, view, directory, role),
        )
    yield Question(
        "cloudflare.people",
        "Cloudflare",
        f"account members are the people of {directory.name}",
        f"everyone provisioned by {directory.name}, and nobody left behind",
        link,
        partial(_people, view, directory),
    )


def _members(view: CloudflareView, directory: Directory, role: Role) -> Verdict:
    wanted = directory.members(role)
    sides = compare(wanted, view.group_members(role), view.config.roles[role].members or ())
    expected = named(sorted(one.address for one in wanted if not one.off)) or "nobody"
    if not sides.missing and not sides.extra:
        return holds(expected)
    off = {name: one.off for one in wanted if one.off for name in one.names}
    parts = _missing(view, directory, sides.missing)
    parts += [
        f"{address} is there and not in {directory.name}'s group "
        f"({off.get(address.lower()) or 'added elsewhere, or no cycle since the removal'})"
        for address in sides.extra
    ]
    return _differs(directory, expected, named(parts), sides)


def _people(view: CloudflareView, directory: Directory) -> Verdict:
    assigned = directory.assigned()
    members = {member.address.lower(): member for member in view.facts.members.get()}
    if assigned is None:
        return holds("everyone in scope", "who is in scope is decided by the filter; not compared")
    with_role = {
        name for role in view.config.roles for one in directory.members(role) for name in one.names
    }
    sides = compare(assigned, members, ())
    missing = [one for one in sides.missing if not one.names & with_role]
    kept = {address.lower() for address in view.config.break_glass}
    extra = [
        address
        for address in sides.extra
        if address not in kept
        and address not in with_role
        and not members[address].policies
        and {role.name for role in members[address].roles or ()} <= {MINIMAL}
    ]
    expected = f"{len(assigned)} people" if len(assigned) != 1 else "1 person"
    if not missing and not extra:
        return holds(expected)
    parts = _missing(view, directory, missing)
    parts += [
        f"{address} is a member and not provisioned by {directory.name} "
        "(invited by hand, or no cycle since the removal)"
        for address in extra
    ]
    return _differs(directory, expected, named(parts), Comparison(missing, extra))


def _missing(view: CloudflareView, directory: Directory, people: list[Person]) -> list[str]:
    members = {member.address.lower() for member in view.facts.members.wait() or ()}
    return [
        f"{one.address} is missing ({_reason(one, directory, bool(one.names & members))})"
        for one in people
    ]


def _reason(person: Person, directory: Directory, member: bool) -> str:
    if person.off or person.reason:
        return person.off or person.reason
    if person.delivered and not member:
        return f"no member of the account, and {directory.name} believes it delivered"
    return f"likely not yet a cycle of {directory.name}, or it believes it delivered"


def _differs(directory: Directory, expected: str, found: str, sides: Comparison) -> Verdict:
    """What to do: put right what has a cause; where none is known, have it delivered again."""
    idle = directory.idle()
    if idle and not sides.extra:
        return unknown(expected, f"{found}; {idle}", "start provisioning when it is wanted")
    action = f"wait for {directory.name}'s next cycle, then verify again"
    unexplained = [one for one in sides.missing if not one.off and not one.reason]
    if sides.extra or len(unexplained) < len(sides.missing):
        action = f"put right what is named, {action}"
    if not unexplained:
        return fails(expected, found, action, directory.link)
    again, link = directory.again
    return fails(expected, found, f"{action}; who is missing still: {again}", link)
