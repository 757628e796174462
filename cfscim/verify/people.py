"""Everybody in the account, accounted for: through a declared group, as break-glass, or by name.

The members of each role's group are compared with the identity provider's; whoever may do anything
by another way is named with the role and the way. Source: Cloudflare's user-groups page (what
somebody may do is the union of all groups and of what was given directly).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from cfscim.config import access
from cfscim.config.checklist import FORMER, LEAVING
from cfscim.config.facts import FEWEST_SUPER_ADMINISTRATORS
from cfscim.config.kinds import NEXT
from cfscim.config.lookalikes import skeleton
from cfscim.config.models import ScimConfig
from cfscim.config.names import group_name, group_names
from cfscim.config.okta_switches import DEACTIVATE_USERS
from cfscim.config.roles import ROLES, Role
from cfscim.report.document import count
from cfscim.vendors.cloudflare.models import ACCEPTED, AccountMember
from cfscim.verify import actions
from cfscim.verify.actions import Act, Action
from cfscim.verify.cloudflare import CloudflareView, Power
from cfscim.verify.directory import Comparison, Directory, Person, compare, named, take_out
from cfscim.verify.links import CloudflareLinks
from cfscim.verify.outputs import StackOutputs
from cfscim.verify.reading import Dependent, Unreadable
from cfscim.verify.report import Question, Status, Verdict, fails, holds, not_yet, unknown


@dataclass(frozen=True)
class Way:
    """One way by which roles are given: Cloudflare as it sees it, its outputs, its people."""

    view: CloudflareView
    outputs: StackOutputs
    directory: Directory


def member_questions(way: Way, now: datetime) -> Iterator[Question]:
    """A question a role of a way. `now` decides what is overdue."""
    view, directory = way.view, way.directory
    people = _People((way,), now)
    links = CloudflareLinks.of(view.config)
    for role in view.config.roles:
        yield Question(
            f"cloudflare.members.{role.slug}",
            f"members of {role.value} are those of {directory.name}",
            f'the members of "{group_name(view.config, role)}" in {directory.name}',
            links.members,
            partial(people.members, role),
        )


def account_questions(ways: Sequence[Way], now: datetime) -> Iterator[Question]:
    """Those about everybody else, whom any of the ways may account for; the way in force first."""
    view, directory = ways[0].view, ways[0].directory
    people = _People(ways, now)
    links = CloudflareLinks.of(view.config)
    for id_, title, expected, ask in (
        (
            "people",
            f"account members are the people of {directory.name}",
            f"everyone provisioned by {directory.name}, and nobody left behind",
            people.everyone,
        ),
        ("anybody", "somebody has a role through SCIM", "at least one person", people.anybody),
        ("undeclared", "roles that nobody declared", "none", people.undeclared),
        (
            "breakGlass",
            "break-glass persons",
            named(sorted(view.config.break_glass)) or "none declared",
            people.break_glass,
        ),
        (
            "superAdministrators",
            "Super Administrators",
            f"at least {FEWEST_SUPER_ADMINISTRATORS}",
            people.super_administrators,
        ),
        ("roleless", "members without any role", "none", people.roleless),
        ("accepted", "invitations of people with a role", "all accepted", people.accepted),
    ):
        yield Question(f"cloudflare.{id_}", title, expected, links.members, ask)


class _People:
    def __init__(self, ways: Sequence[Way], now: datetime) -> None:
        self._ways = ways
        self._view = ways[0].view
        self._directory = ways[0].directory
        self._now = now
        self._config = ways[0].view.config
        self._break_glass = {address.lower() for address in self._config.break_glass}

    def members(self, role: Role) -> Verdict:
        """The members of a role's group against the identity provider's."""
        directory = self._directory
        wanted = directory.members(role)
        declared = self._config.roles[role].members or ()
        sides = compare(wanted, self._view.group_members(role), declared)
        expected = named(sorted(person.address for person in wanted if not person.off)) or "nobody"
        if not sides.missing and not sides.extra:
            return holds(expected)
        off = {name: person.off for person in wanted if person.off for name in person.names}
        missing = self._missing(sides.missing)
        beyond = [
            f"{address} is there and not in {directory.name}'s group "
            f"({off.get(address.lower()) or self._stranger(address, role)})"
            for address in sides.extra
        ]
        # Whoever has the role and should not is named, however many they are.
        shown = ", ".join([*([named(missing)] if missing else []), *beyond])
        return self._differs(expected, shown, sides, role)

    def everyone(self) -> Verdict:
        """The account's members against everybody who is provisioned."""
        assigned, members = self._assigned(), self._members_by_address()
        if assigned is None:
            return holds("everyone in scope", "who is in scope is decided by the filter")
        with_role = {
            name
            for way in self._ways
            for role in way.view.config.roles
            for member in way.directory.members(role)
            for name in member.names
        }
        sides = compare(assigned, members, ())
        missing = [person for person in sides.missing if not person.names & with_role]
        # Who may do something without a declaration is the business of `undeclared`.
        others = self._break_glass | with_role | self._powerful()
        extra = [address for address in sides.extra if address not in others]
        expected = count(len(assigned), "person", "people")
        if not missing and not extra:
            return holds(expected)
        parts = self._missing(missing)
        parts += [
            f"{address} is a member and not provisioned by {self._directory.name} "
            "(invited by hand, or no cycle since the removal)"
            for address in extra
        ]
        return self._differs(expected, named(parts), Comparison(missing, extra), None)

    def anybody(self) -> Verdict:
        """An account in which nobody has a role is not what anybody declares."""
        expected = "at least one person"
        people = {
            person.lower()
            for role in self._config.roles
            for person in self._view.group_members(role)
        }
        if people:
            return holds(expected, f"{len(people)}")
        wanted = {role: coming for role in self._config.roles if (coming := self._coming(role))}
        if not wanted:
            return fails(
                expected,
                f"nobody, and {self._directory.name}'s groups are empty too",
                Action(
                    Act.ADD_MEMBER,
                    "name people in a role's `members` and run `pulumi up`, or put them into its "
                    "group by hand",
                    (next(iter(self._config.roles)).value,),
                ),
                link=self._directory.link,
            )
        addresses = {person.address for coming in wanted.values() for person in coming}
        actual = f"nobody of {len(addresses)}"
        return self._on_its_way(expected, actual, wanted) or fails(
            expected,
            actual,
            *(actions.see(f"cloudflare.members.{role.slug}") for role in wanted),
            link=self._directory.link,
        )

    def undeclared(self) -> Verdict:
        """Nobody may do anything that is not declared, whatever the way."""
        beyond = [power for power in self._view.powers if not self._declared(power)]
        twice = [power for power in beyond if power.virtual and self._given_too(power)]
        powers = [power for power in beyond if power not in twice]
        doubles = self._doubles()
        if not powers and not doubles:
            shown = named(f"{power.person} ({power.role})" for power in twice)
            return holds("none", warning=f"{STILL_IN_VIRTUAL}: {shown}" if twice else "")
        powers.sort(key=lambda power: (power.person.lower(), power.role))
        parts = [f"{power.person} has {power.role} ({self._way(power)})" for power in powers]
        parts += [f"{other} is a second member of {address}" for other, address in doubles.items()]
        # Nobody is left out of this list, however long it is.
        shown = ", ".join(parts)
        return fails("none", shown, *self._end(powers), *_remove_doubles(doubles))

    def break_glass(self) -> Verdict:
        """Each is there, has accepted, and has the role directly: in no group of anybody's."""
        wanted = self._config.break_glass
        role = Role.SUPER_ADMINISTRATOR.value
        expected = named(sorted(wanted)) or "none declared"
        members = self._members_by_address()
        direct = {
            power.person.lower()
            for power in self._view.powers
            if power.by_hand and power.role == role
        }
        parts, advice = [], []
        for person in wanted:
            member = members.get(person.lower())
            if member is not None and not member.accepted:
                parts.append(f"{person} has not accepted the invitation")
                advice.append(_accept(person))
            elif member is None or person.lower() not in direct:
                parts.append(
                    f"{person} is no Super Administrator by hand"
                    if member
                    else f"{person} is no member of the account"
                )
                text = f"Members: give {person} the role {role}, directly"
                advice.append(Action(Act.CLOUDFLARE_GIVE_ROLE, text, (person, role)))
        return fails(expected, named(parts), *advice) if parts else holds(expected)

    def super_administrators(self) -> Verdict:
        """Enough people to get back in after one mistake."""
        accepted, pending = self._view.super_administrators()
        least = FEWEST_SUPER_ADMINISTRATORS
        expected = f"at least {least}"
        actual = f"{len(accepted)}" + (f": {named(accepted)}" if accepted else "")
        if pending:
            actual += f"; {named(pending)} has not accepted the invitation yet"
        if len(accepted) >= least:
            return holds(expected, actual)
        role = Role.SUPER_ADMINISTRATOR
        known = {person.lower() for person in [*accepted, *pending]}
        coming = self._coming(role, known)
        if len(known) + len(coming) >= least and coming:
            if on_its_way := self._on_its_way(expected, actual, {role: coming}):
                return on_its_way
            why = actions.see(f"cloudflare.{self._what_lacks(role, coming)}.{role.slug}")
            return fails(expected, actual, *(_accept(person) for person in pending), why)
        if len(known) >= least:
            return fails(expected, actual, *(_accept(person) for person in pending))
        text = (
            "decide who else is to have the role, and name the person in the role's `members` "
            "(then run `pulumi up`), or give it here and name the person in breakGlass"
        )
        return fails(expected, actual, Action(Act.ADD_MEMBER, text, (role.value,)))

    def _on_its_way(
        self, expected: str, actual: str, coming: Mapping[Role, Sequence[Person]]
    ) -> Verdict | None:
        """`not yet` while a cycle is due that brings the people of these roles, `cannot be known`
        where none runs; None where it is overdue."""
        if idle := self._directory.idle():
            return unknown(expected, f"{actual}; {idle}", *actions.START)
        dues = [self._due(role, [who.names for who in people]) for role, people in coming.items()]
        by = max((due for due in dues if due), default=None)
        return not_yet(expected, actual, by, self._wait) if by else None

    def _coming(self, role: Role, there: Collection[str] = ()) -> list[Person]:
        """Whom the identity provider gives the role and Cloudflare does not show with it; `there`:
        whom it shows, in lower case."""
        people = self._directory.members(role) if role in self._config.roles else ()
        return [person for person in people if not person.off and person.names.isdisjoint(there)]

    def _what_lacks(self, role: Role, coming: Sequence[Person]) -> str:
        """The check that says why they have no role: the group without them, or without power."""
        try:
            inside = {address.lower() for address in self._view.group_members(role)}
        except Unreadable:
            return "members"
        return "policy" if all(person.names & inside for person in coming) else "members"

    def roleless(self) -> Verdict:
        """A member without any role at all is a leftover."""
        facts = self._view.facts
        bare = [m.address for m in facts.members.get() if not m.roles and not m.policies]
        # A break-glass person without the role is the business of `break_glass`.
        others = self._powerful() | self._break_glass
        remaining = sorted(person for person in bare if person.lower() not in others)
        if not remaining:
            return holds("none")
        text = f"Members: remove {named(remaining)} from the account, or put them into a role group"
        return fails(
            "none", named(remaining), Action(Act.CLOUDFLARE_REMOVE_MEMBER, text, tuple(remaining))
        )

    def accepted(self) -> Verdict:
        """Whoever has not accepted the invitation has a role that does not count."""
        members = self._members_by_address()
        pending = {
            member.address: None
            for way in self._ways
            for role in way.view.config.roles
            for address in way.view.group_members(role)
            if (member := members.get(address.lower())) and member.status not in (None, ACCEPTED)
        }
        if not pending:
            return holds("all accepted")
        shown = ", ".join(f"{person} has not accepted the invitation" for person in sorted(pending))
        return fails("all accepted", shown, *(_accept(person) for person in sorted(pending)))

    @property
    def _wait(self) -> Action:
        return actions.wait_for(self._directory.name)

    def _due(self, role: Role | None, people: Sequence[Collection[str]]) -> datetime | None:
        return self._directory.delivery(role, people).due(self._now)

    def _stranger(self, address: str, role: Role) -> str:
        why = self._directory.stranger(address, role)
        # No identity provider tells which of its other applications sends people here, too.
        return why or "added by hand or by another application, or no cycle since the removal"

    def _members_by_address(self) -> dict[str, AccountMember]:
        """The account's members by address in lower case. Raises `Unreadable`."""
        return {member.address.lower(): member for member in self._view.facts.members.get()}

    def _known_members(self) -> set[str]:
        """Their addresses in lower case, as far as they can be read."""
        return {member.address.lower() for member in self._view.facts.members.wait() or ()}

    def _powerful(self) -> set[str]:
        """Who may do anything in the account, in lower case. Raises `Unreadable`."""
        return {power.person.lower() for power in self._view.powers}

    def _declared(self, power: Power) -> bool:
        if power.virtual:
            # A declared role's members are compared with the identity provider's.
            return power.declared
        if power.group is None:
            return (
                power.role == Role.SUPER_ADMINISTRATOR and power.person.lower() in self._break_glass
            )
        # A role's own group: its members have a check of their own, and it gives nothing else.
        role = self._ours().get(power.group.id)
        return role is not None and power.role == role.value

    def _assigned(self) -> list[Person] | None:
        """Everybody whom any way provisions, each once; None where a filter decides over it."""
        by_addresses: dict[frozenset[str], Person] = {}
        for way in self._ways:
            people = way.directory.assigned()
            if people is None:
                return None
            # Who is off in one identity provider may well come from the other.
            by_addresses |= {
                person.names: person
                for person in people
                if person.names not in by_addresses or not person.off
            }
        return list(by_addresses.values())

    def _given_too(self, power: Power) -> bool:
        """Whether the person has the role by its own User Group as well."""
        ours, person = self._ours(), power.person.lower()
        return any(
            given.group is not None
            and given.role == power.role
            and given.person.lower() == person
            and given.group.id in ours
            for given in self._view.powers
        )

    def _doubles(self) -> dict[str, str]:
        """Members of an address that another member has in other letters -> that one's address.
        Everything else here compares without regard to case, so they would pass as one."""
        known = {*access.people(self._config), *self._config.break_glass}
        first: dict[str, str] = {}
        doubles: dict[str, str] = {}
        every = [member.address for member in self._view.facts.members.get()]
        for address in sorted(
            every, key=lambda text: (text not in known, text != text.lower(), text)
        ):
            other = first.setdefault(address.lower(), address)
            if other != address:
                doubles[address] = other
        return doubles

    def _ours(self) -> dict[str, Role]:
        """The stack's own User Groups by id; by name only where the stack's is not there."""
        ours = dict[str, Role]()
        for way in self._ways:
            groups = () if way.view.virtual else way.view.facts.user_groups.get()
            there = {group.id for group in groups}
            for role in way.view.config.roles:
                id_ = way.outputs.role_groups[role].cloudflare_group_id
                name = group_name(way.view.config, role)
                ids = [id_] if id_ in there else [g.id for g in groups if g.name == name]
                ours |= {id_: role for id_ in ids if id_}
        return ours

    def _way(self, power: Power) -> str:
        if power.virtual and self._view.facts.declares_virtual:
            return "the virtual group of a role that the config dropped"
        if power.virtual:
            return "a virtual group, by which this stack gives nothing"
        if power.group is None:
            return "given by hand"
        name = power.group.name
        if power.group.id in self._ours():
            return f'the role\'s own group "{name}", whose policy was changed'
        dropped = [role for role in ROLES if role not in self._config.roles]
        if name in {self._config.group_prefix + role.value for role in dropped}:
            return f'User Group "{name}", left of a role that the config dropped'
        if any(
            skeleton(name).casefold() == skeleton(group_name(self._config, role)).casefold()
            for role in self._config.roles
        ):
            return f'User Group "{name}", a twin of a role group ({power.group.id})'
        return f'another User Group, "{name}" ({power.group.id})'

    def _end(self, powers: list[Power]) -> Iterator[Action]:
        """How each of these powers ends, a group once."""
        groups = {power.group.id: power.group for power in powers if power.group}
        virtual = {power.person: None for power in powers if power.virtual}
        if virtual and not self._view.facts.declares_virtual:
            yield actions.out_of_virtual(named(virtual), virtual)
        elif virtual:
            text = f"Members: remove {named(virtual)} from the account, or declare the role again"
            yield Action(Act.CLOUDFLARE_REMOVE_MEMBER, text, tuple(virtual))
        for power in powers:
            if power.by_hand:
                yield Action(
                    Act.CLOUDFLARE_REMOVE_ROLE,
                    f"Members > {power.person}: remove {power.role} (who needs it is put into the "
                    "role's group, or named in breakGlass)",
                    (power.person, power.role),
                )
        ours = self._ours()
        for group in groups.values():
            if group.id in ours:
                yield actions.see(f"cloudflare.policy.{ours[group.id].slug}")
                continue
            yield Action(
                Act.CLOUDFLARE_DROP_POLICY,
                f'Members > Groups > "{group.name}" ({group.id}): remove its policies, so that it '
                "gives nothing",
                (group.id,),
            )

    def _blocked(self, role: Role | None) -> list[Person]:
        people = self._directory.members(role) if role else ()
        return [person for person in people if person.off]

    def _named_of(self, people: list[str], role: Role | None) -> list[str]:
        """Those of them whom the config names for the role."""
        declared = self._config.roles[role].members or () if role else ()
        return [
            address
            for address in declared
            if address.lower() in {person.lower() for person in people}
        ]

    def _missing(self, people: list[Person]) -> list[str]:
        members = self._known_members()
        return [
            f"{person.address} is missing ({self._reason(person, bool(person.names & members))})"
            for person in people
        ]

    def _reason(self, person: Person, member: bool) -> str:
        name = self._directory.name
        if person.off or person.reason:
            return person.off or person.reason
        if person.delivered and not member:
            return f"no member of the account, and {name} believes it delivered"
        return f"likely not yet a cycle of {name}, or it believes it delivered"

    def _differs(self, expected: str, actual: str, sides: Comparison, role: Role | None) -> Verdict:
        """What to do: wait while a cycle is due; put right what has a cause; else deliver again."""
        directory = self._directory
        idle = directory.idle()
        if idle and not sides.extra:
            return unknown(expected, f"{actual}; {idle}", *actions.START)
        explained = [person for person in sides.missing if person.off or person.cure]
        # Who was never there cannot be waiting to be taken away.
        removed = not sides.extra or directory.delivery(role).sent is not None
        waiting = [
            *(person.names for person in sides.missing),
            *({person.lower()} for person in sides.extra),
        ]
        off = {name for person in self._blocked(role) for name in person.names}
        blocked = [address for address in sides.extra if address.lower() in off]
        # Who is suspended and has the role is never on the way: that has to end.
        if not explained and not blocked and removed and (by := self._due(role, waiting)):
            return not_yet(expected, actual, by, self._wait, link=directory.link)
        members = self._known_members()
        lost = [person for person in sides.missing if person not in explained]
        absent = tuple(person.address for person in lost if not person.names & members)
        advice = list(dict.fromkeys(action for person in explained for action in person.cure))
        out = [
            *(person.address for person in explained if person.off),
            *self._named_of(blocked, role),
        ]
        if out:
            advice += [take_out(dict.fromkeys(out), directory.name), actions.REFRESH]
        gone = blocked if role and directory.replaces else sides.extra
        if gone:
            text = f"Members: remove {named(gone)} from the account"
            advice.append(Action(Act.CLOUDFLARE_REMOVE_MEMBER, text, tuple(gone)))
        if lost or (role and sides.extra):
            again, link = directory.again(absent, role)
            return fails(expected, actual, *advice, *again, self._wait, link=link)
        return fails(expected, actual, *advice, self._wait, link=directory.link)


STILL_IN_VIRTUAL = "still in virtual groups too, and kept by them when taken out of the role"


def _remove_doubles(doubles: Mapping[str, str]) -> Iterator[Action]:
    if doubles:
        text = f"Members: remove {named(doubles)}, and keep {named(doubles.values())}"
        yield Action(Act.CLOUDFLARE_REMOVE_MEMBER, text, tuple(doubles))


def _accept(person: str) -> Action:
    text = f"{person} has to accept the invitation (or another person be named)"
    return Action(Act.CLOUDFLARE_ACCEPT, text, (person,))


_NOTHING = "nothing that gives a role beyond the new groups"


def of_next(questions: Iterable[Question]) -> list[Question]:
    """The questions about the new way's own things, under ids, references and resource names that
    end as its resources do."""
    given = list(questions)
    ids = {question.id for question in given}
    return [
        replace(question, id=question.id + NEXT, ask=partial(_ask, question, ids))
        for question in given
    ]


def _ask(question: Question, ids: set[str]) -> Verdict:
    try:
        verdict = question.ask()
    except Unreadable as missing:
        if isinstance(missing.error, Dependent):
            error = missing.error
            raise Unreadable(Dependent(error.why, _renamed(error.action, ids))) from None
        raise
    return replace(verdict, actions=tuple(_renamed(action, ids) for action in verdict.actions))


def _renamed(action: Action, ids: set[str]) -> Action:
    if action.kind is Act.SEE and action.about[0] in ids:
        return actions.see(action.about[0] + NEXT)
    return action


def leaving_okta(questions: Iterable[Question]) -> Iterator[Question]:
    """The questions of an Okta app that a stack leaves: Deactivate Users is cleared first, or Okta
    deactivates everybody in Cloudflare as they are unassigned (docs/moves.md, docs/leaving.md)."""
    for question in questions:
        if question.id != f"okta.features.{DEACTIVATE_USERS.name}":
            yield question
            continue
        yield replace(question, ask=partial(_on_or_off, question))
        title = f"{DEACTIVATE_USERS.title} while the stack leaves Okta"
        ask = partial(_off_for_the_leaving, question)
        yield replace(question, id=LEAVING, title=title, expected="off", ask=ask)


def _on_or_off(question: Question) -> Verdict:
    verdict = question.ask()
    return verdict if verdict.status is Status.HOLDS else holds("on, or off for the leaving", "off")


def _off_for_the_leaving(question: Question) -> Verdict:
    if question.ask().status is not Status.HOLDS:
        return holds("off")
    warning = (
        f"clear {DEACTIVATE_USERS.title} in the Okta app before the switch of a move, or before "
        "anything is removed: Okta deactivates whom it unassigns"
    )
    return holds("off before anybody is unassigned", "on still", warning=warning)


def former_questions(config: ScimConfig, new: Way) -> Iterator[Question]:
    """After the switch of a move: whether the former groups give nothing that the new groups do
    not.

    `config`: the stack's, whose own keys are still those of the former way.
    """
    if config.move is None or not config.move.switched:
        return
    yield Question(
        FORMER,
        "what is left of the former way",
        _NOTHING,
        CloudflareLinks.of(config).groups,
        partial(_former_virtual if config.role_model == "virtualGroups" else _former, config, new),
    )


def _former(config: ScimConfig, new: Way) -> Verdict:
    names = {*group_names(config).values()}
    groups = [group for group in new.view.facts.user_groups.get() if group.name in names]
    powerful = [group for group in groups if group.policies]
    if powerful:
        shown = named(f'"{group.name}"' for group in powerful)
        text = f"Members > Groups: remove the policies of {shown}, so that they give nothing"
        ids = tuple(group.id for group in powerful)
        drop = Action(Act.CLOUDFLARE_DROP_POLICY, text, ids)
        return fails(_NOTHING, f"{shown} still with policies", drop)
    if not groups:
        return holds(_NOTHING, "nothing is left")
    shown = named(f'"{group.name}"' for group in groups)
    warning = f"User Groups of the former way are left, and give nothing: {shown}"
    return holds(_NOTHING, f"{shown}, without a policy", warning=warning)


def _former_virtual(_config: ScimConfig, new: Way) -> Verdict:
    """Nobody can delete a virtual group, and who is in it has the role until it is taken out."""
    facts, full, beyond = new.view.facts, list[str](), dict[str, str]()
    own = {group.id for group in facts.user_groups.get()}
    by_person = facts.users_in.get()
    for role, reading in facts.system_groups.items():
        ids = {group.id for group in reading.get()} - own
        people = sorted(person for person, groups in by_person.items() if groups & ids)
        wanted = new.directory.members(role) if role in new.view.config.roles else ()
        names = {name for part in wanted if not part.off for name in part.names}
        full += [f"{person} ({role.value})" for person in people]
        beyond |= {f"{person} ({role.value})": person for person in people if person not in names}
    if beyond:
        shown = named(beyond)
        ask = actions.out_of_virtual(shown, dict.fromkeys(beyond.values()))
        return fails(_NOTHING, f"{shown} by a virtual group alone", ask)
    if not full:
        return holds(_NOTHING, "nobody is in a virtual group")
    warning = f"{STILL_IN_VIRTUAL}: {named(full)}"
    return holds(_NOTHING, "nothing beyond the new groups", warning=warning)
