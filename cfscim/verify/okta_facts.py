"""Everything `verify` reads of Okta, and the people in it as Cloudflare should mirror them."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, partial

from cfscim.config.access import people
from cfscim.config.models import ScimConfig
from cfscim.config.names import group_name
from cfscim.config.okta_people import OFF, STATES
from cfscim.config.roles import Role
from cfscim.config.words import rfc_3339
from cfscim.vendors.okta.api import UNSUSPENDED, OktaClient
from cfscim.vendors.okta.models import (
    App,
    AppGroup,
    AppUser,
    Connection,
    Feature,
    Group,
    LogEvent,
    PushMapping,
    User,
)
from cfscim.verify.actions import Act, Action, push_now, see
from cfscim.verify.directory import Delivery, Lost, Person, absent, latest, named
from cfscim.verify.links import OktaLinks
from cfscim.verify.outputs import StackOutputs
from cfscim.verify.reading import Reader, Reading, existing

LONGEST = timedelta(hours=1)
"""Okta pushes at once, and retries what failed within the hour."""

_LOG_DAYS = 7
# The System Log has an event within seconds, as good as always.
_LOG_LAG = timedelta(seconds=10)
USER_NAMES = "okta.people.userName"
EARLY, ERRORS = "okta.people.early", "okta.people.errors"
"""Checks that say what is to be done for a person."""
_SYNCED = "SYNCHRONIZED"
_OFF = {status: state.short for status, state in STATES.items() if state.off}
"""A status of which apps are told `active: false` -> how a person reads it."""


@dataclass(frozen=True)
class OktaFacts:
    """Readings, each with its own success or error.

    `twins`: other apps of the declared label.
    `targets`: target group id -> the group; `lost`: declared people, in lower case, who are not
    where they belong -> why. `others`: the groups that are assigned to the app, or pushed, and are
    neither the users' group nor a role's. `namesakes`: of
    each role whose group is gone, the groups that have its name now.
    """

    app: Reading[App | None]
    twins: Reading[tuple[App, ...]]
    connection: Reading[Connection]
    features: Reading[tuple[Feature, ...] | None]
    mappings: Reading[tuple[PushMapping, ...]]
    app_groups: Reading[tuple[AppGroup, ...]]
    app_users: Reading[tuple[AppUser, ...]]
    groups: Mapping[Role, Reading[Group]]
    members: Mapping[Role, Reading[tuple[User, ...]]]
    users_group: Reading[Group | None]
    users: Reading[tuple[User, ...]]
    targets: Mapping[str, Reading[Group]]
    logs: Reading[tuple[LogEvent, ...]]
    lost: Reading[Mapping[str, Lost]]
    others: Mapping[str, Reading[Group]]
    namesakes: Mapping[Role, Reading[tuple[Group, ...]]] = field(default_factory=dict)
    beside: Mapping[str, str] = field(default_factory=dict)
    """During a move: id -> name of the other way's role groups in the same app."""
    changes: Callable[[datetime], tuple[LogEvent, ...] | None] = lambda _now: None
    """Who was put into the role groups or taken out lately, read once somebody asks; None where the
    System Log may not be read."""

    def existing_app(self) -> App:
        """The app. Raises `Unreadable` where there is none."""
        return existing(self.app, "there is no such app", "okta.app.active")

    def existing_users_group(self) -> Group:
        """The group of all Cloudflare users. Raises `Unreadable` where there is none."""
        return existing(self.users_group, "there is no users' group", "okta.group.users")


def read_okta(
    config: ScimConfig,
    outputs: StackOutputs,
    beside: Mapping[str, str],
    client: OktaClient,
    reader: Reader,
) -> OktaFacts:
    """Begins every reading; waits only for what names further readings."""
    app_id, okta_config = outputs.application_id, config.okta
    ids = {role: outputs.role_groups[role].identity_provider_group_id for role in config.roles}
    users_group = reader.read(lambda: client.group_by_name(okta_config.users_group.name))
    app = reader.read(lambda: client.find_app(app_id))
    twins = reader.read(lambda: _twins(client, okta_config.app_label, app_id))
    mappings = reader.read(lambda: client.push_mappings(app_id))
    app_users = reader.read(lambda: client.app_users(app_id))
    connection = reader.read(lambda: client.connection(app_id))
    features = reader.read(lambda: client.features(app_id))
    app_groups = reader.read(lambda: client.app_groups(app_id))
    groups = {role: reader.read(lambda g=g: client.group(g)) for role, g in ids.items()}
    members = {
        role: reader.read(
            partial(_members, client, groups[role], g, config.roles[role].members, exact=True)
        )
        for role, g in ids.items()
    }
    everyone = users_group.wait()
    wanted = {*ids.values()}
    named = [
        mapping.target_group_id
        for mapping in mappings.wait() or ()
        if mapping.target_group_id and mapping.source_group_id in wanted
    ]
    listed = okta_config.users_group.members is not None
    all_people = partial(_members, client, users_group, declared=people(config), exact=listed)
    users = reader.read(lambda: all_people(everyone.id) if everyone else ())
    inside = {role: addresses(reading.wait()) for role, reading in members.items()}
    lost = absent(config, addresses(users.wait()), inside)
    seen = [group.id for group in app_groups.wait() or ()]
    seen += [mapping.source_group_id for mapping in mappings.wait() or ()]
    ours = wanted | ({everyone.id} if everyone else set())
    strangers = [key for key in dict.fromkeys(seen) if key not in ours]
    troubled = any(user.sync_state == "ERROR" for user in app_users.wait() or ()) or any(
        mapping.status == "ERROR" for mapping in mappings.wait() or ()
    )
    gone = [role for role, reading in groups.items() if reading.gone]
    return OktaFacts(
        app=app,
        twins=twins,
        connection=connection,
        features=features,
        mappings=mappings,
        app_groups=app_groups,
        app_users=app_users,
        groups=groups,
        members=members,
        users_group=users_group,
        users=users,
        targets={target: reader.read(lambda t=target: client.group(t)) for target in named},
        logs=reader.read(lambda: _logs(client, app_id)) if troubled else Reading.of(()),
        lost=reader.read(lambda: _reasons(client, lost)) if lost else Reading.of({}),
        others={
            stranger: reader.read(lambda g=stranger: client.group(g)) for stranger in strangers
        },
        namesakes={
            role: reader.read(partial(client.groups_named, group_name(config, role)))
            for role in gone
        },
        beside=beside,
        changes=_changes(client, reader, [*ids.values()]),
    )


def _members(
    client: OktaClient,
    group: Reading[Group] | Reading[Group | None],
    id_: str,
    declared: Collection[str] | None,
    *,
    exact: bool,
) -> tuple[User, ...]:
    """The group was asked for before its members, so that it is there, or fails as they would."""
    known = group.wait()
    if declared is None or known is None:
        return client.group_members(id_)
    return client.settled_members(known, declared, exact=exact)


def _twins(client: OktaClient, label: str, app_id: str) -> tuple[App, ...]:
    return tuple(app for app in client.apps_by_label(label) if app.id != app_id)


def addresses(users: Iterable[User] | None) -> list[str]:
    """Their addresses; None: they could not be read."""
    return [user.email for user in users or ()]


def _reasons(client: OktaClient, lost: list[str]) -> Mapping[str, Lost]:
    users = client.users_by_email(lost)
    reasons = {person.lower(): _reason(users[person]) for person in lost}
    return {address: reason for address, reason in reasons.items() if reason is not None}


def _reason(accounts: tuple[User, ...]) -> Lost | None:
    """Why the program puts nobody, or nobody yet, into a group (components/okta/people.py)."""
    usable = [user for user in accounts if user.status != OFF]
    if len(usable) > 1:
        text = f"{len(usable)} accounts in Okta have this address: change all but one"
        return Lost(text, nobody=True)
    if usable:
        return Lost(_OFF[usable[0].status]) if usable[0].status in _OFF else None
    if accounts:
        return Lost(_OFF[OFF], nobody=True)
    return Lost(
        "nobody in Okta has this address; who was made just now is found some seconds later",
        nobody=True,
    )


def _logs(client: OktaClient, app_id: str) -> tuple[LogEvent, ...]:
    since, until = _span(datetime.now(UTC), timedelta(days=_LOG_DAYS))
    return client.logs(app_id, since=since, until=until)


def _changes(
    client: OktaClient, reader: Reader, groups: Sequence[str]
) -> Callable[[datetime], tuple[LogEvent, ...] | None]:
    @cache
    def read(now: datetime) -> tuple[LogEvent, ...] | None:
        since, until = _span(now, 2 * LONGEST)  # what changed before is overdue whenever it was
        return reader.read(
            lambda: client.membership_changes(groups, since=since, until=until)
        ).wait()

    return read


def _span(now: datetime, back: timedelta) -> tuple[str, str]:
    return rfc_3339(now - back), rfc_3339(now + timedelta(minutes=1))


@dataclass(frozen=True)
class OktaDirectory:
    """Okta's people, with what keeps somebody out of Cloudflare."""

    config: ScimConfig
    facts: OktaFacts
    links: OktaLinks
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    name: str = "Okta"

    @property
    def link(self) -> str:
        """The app's assignments, with every person's provisioning error."""
        return self.links.assignments

    @property
    def replaces(self) -> bool:
        """A push replaces the group's members (R, obot run-001: `PATCH replace members`)."""
        return True

    def again(self, people: tuple[str, ...], role: Role | None) -> tuple[tuple[Action, ...], str]:
        """Push now for memberships; a new assignment for who is no member at all.

        Force Sync sends only what changed since the last success. Source:
        https://support.okta.com/help/s/article/matching-user-not-found-provisioning-error-to-downstream-applications
        https://support.okta.com/help/s/article/How-To-Use-The-Force-Sync-Option
        """
        group = self.config.identity_provider.users_group.name
        advice: list[Action] = []
        early = tuple(person for person in self.early() if person in people)
        people = tuple(person for person in people if person not in early)
        if early:
            text = f"Assignments > Provision User, for {named(early)}"
            advice.append(Action(Act.OKTA_PROVISION_USER, text, early))
        if people:
            text = (
                f'take {named(people)} out of group "{group}", wait until Okta shows no '
                "assignment, and put them back (Force Sync sends nothing that did not change)"
            )
            advice.append(Action(Act.OKTA_REASSIGN, text, people))
        if role is not None:
            advice.append(push_now(group_name(self.config, role)))
        return tuple(advice), self.links.pushes

    def delivery(self, role: Role | None, people: Sequence[Collection[str]] = ()) -> Delivery:
        """A role's push, by its mapping; the people's, by their assignments."""
        if role is None:
            everyone, users = self.facts.app_users.wait() or (), self.facts.users_group.wait()
            moments = [user.created for user in everyone]
            moments += [users.last_membership_updated] if users else []
            sent = latest(user.last_sync for user in everyone)
            return Delivery(latest(moments), sent, LONGEST)
        group = self.facts.groups[role].wait()
        mappings = [
            mapping
            for mapping in self.facts.mappings.wait() or ()
            if group is not None and mapping.source_group_id == group.id
        ]
        pushed = latest(mapping.last_push for mapping in mappings)
        mapped = [mapping.created for mapping in mappings]
        if group is None:
            return Delivery(latest(mapped), pushed, LONGEST)
        dated = [self._dated(group, names) for names in people]
        # Without the log, or before it has the group's last change, the group's date stands for it.
        whole = group.last_membership_updated if not dated or None in dated else None
        each = [latest([*moments, *mapped]) for moments in dated if moments is not None]
        changed = latest([whole, *mapped]) if whole else min(filter(None, each), default=None)
        return Delivery(changed, pushed, LONGEST)

    def _dated(self, group: Group, names: Collection[str]) -> list[str] | None:
        """When a person was lately put into the group or taken out, let in again, or assigned to
        the app; None where no log can say."""
        log = self.facts.changes(self.now)
        if log is None:
            return None
        own = [event for event in log if group.id in {target.id for target in event.target or ()}]
        seen = latest(event.published for event in own)
        last = latest([group.last_membership_updated])
        behind = last is not None and (seen is None or seen < last - _LOG_LAG)
        if behind and last is not None and last > self.now - LONGEST:
            return None
        ids = {user.id for user in self._everyone() if user.email.lower() in names}
        moments = _about(own, ids, names)
        # Who was taken out is known by the login alone, which need not be the address.
        taken_out = any(event.event_type.endswith(".remove") for event in own)
        if taken_out and not moments:
            return None
        let_in = _about([event for event in log if event.event_type == UNSUSPENDED], ids, names)
        users = self.facts.app_users.wait() or ()
        return [*moments, *let_in, *(u.created for u in users if u.id in ids and u.created)]

    def stranger(self, address: str, role: Role) -> str:
        """Okta's group names are unique, so there is no twin to come from."""
        del address, role
        return ""

    def idle(self) -> str:
        """Okta pushes as soon as it is set up; the checks of the push say when it is not."""
        return ""

    def members(self, role: Role) -> tuple[Person, ...]:
        """Who is in the role's group."""
        assigned = {user.id: user for user in self.facts.app_users.get()}
        return tuple(
            self._person(user, assigned.get(user.id)) for user in self.facts.members[role].get()
        )

    def assigned(self) -> tuple[Person, ...]:
        """Everyone who is assigned to the app."""
        known = {user.id: user for user in self._everyone()}
        return tuple(
            self._person(known[user.id], user)
            if user.id in known
            else self._failed(user, user.user_name, frozenset({user.user_name.lower()}))
            for user in self.facts.app_users.get()
        )

    def errors(self) -> list[str]:
        """Everyone whose provisioning failed, with Okta's own reason."""
        return [
            f"{user.user_name} ({self._error(user)})"
            for user in self.facts.app_users.get()
            if user.sync_state == "ERROR" and not self._is_early(user)
        ]

    def locked_out(self) -> list[str]:
        """Who has a role and cannot sign in with it, with the way out."""
        return sorted(
            f"{user.email} {state.what} ({state.instead})"
            for user in self._everyone()
            if (state := STATES.get(user.status)) and not state.off
        )

    def early(self) -> list[str]:
        """Who was assigned before provisioning was on: never sent by itself (recorded)."""
        return [user.user_name for user in self.facts.app_users.get() if self._is_early(user)]

    def _is_early(self, assigned: AppUser) -> bool:
        """An assignment in error that was never sent, and of which the log has no failure."""
        never = assigned.external_id is None and assigned.last_sync is None
        return assigned.sync_state == "ERROR" and never and not self._failure(assigned)

    def _everyone(self) -> tuple[User, ...]:
        users = {user.id: user for user in self.facts.users.get()}
        for role in self.config.roles:
            users |= {user.id: user for user in self.facts.members[role].get()}
        return tuple(users.values())

    def _person(self, user: User, assigned: AppUser | None) -> Person:
        address = (assigned.user_name if assigned else "") or user.email
        names = frozenset({address.lower(), user.email.lower()})
        if user.status in _OFF:
            return Person(user.email, names, off=_OFF[user.status])
        if assigned is None:
            return self._unassigned(user, names)
        if assigned.sync_state == "ERROR":
            return self._failed(assigned, user.email, names)
        if assigned.user_name.lower() != user.email.lower():
            reason = f"the app knows the person as {assigned.user_name}"
            return Person(user.email, names, reason=reason, cure=(see(USER_NAMES),))
        return Person(user.email, names, delivered=assigned.sync_state == _SYNCED)

    def _unassigned(self, user: User, names: frozenset[str]) -> Person:
        """Not in the users' group, or in it while it is not assigned; else Okta is still at it."""
        group = self.config.identity_provider.users_group.name
        everyone = self.facts.users_group.wait()
        if user.id in {user.id for user in self.facts.users.wait() or ()} and everyone is not None:
            if everyone.id in {group.id for group in self.facts.app_groups.wait() or ()}:
                return Person(user.email, names, reason=f'in group "{group}", and not assigned yet')
            reason = f'group "{group}" is not assigned to the app'
            return Person(user.email, names, reason=reason, cure=(see("okta.assignment"),))
        reason = f'not assigned to the app: not in group "{group}"'
        join = Action(Act.OKTA_JOIN_USERS, f'put {user.email} into group "{group}"', (user.email,))
        declared = user.email.lower() in {person.lower() for person in people(self.config)}
        cure = see("okta.members.users") if declared else join
        return Person(user.email, names, reason=reason, cure=(cure,))

    def _failed(self, assigned: AppUser, address: str, names: frozenset[str]) -> Person:
        if assigned.sync_state != "ERROR":
            return Person(address, names)
        check = EARLY if self._is_early(assigned) else ERRORS
        return Person(address, names, reason=self._error(assigned), cure=(see(check),))

    def _error(self, assigned: AppUser) -> str:
        if assigned.sync_state != "ERROR":
            return ""
        if self._is_early(assigned):
            return "assigned before provisioning was on, so Okta never sends the person by itself"
        return (
            self._failure(assigned) or "Okta could not push; its reason is on the Assignments tab"
        )

    def _failure(self, assigned: AppUser) -> str:
        reason = self.reason_of(assigned.id)
        return f"Okta could not push: {reason}" if reason else ""

    def reason_of(self, id_: str) -> str:
        """Why the newest push of a person or a group failed, by the System Log."""
        for event in self.facts.logs.wait() or ():
            about = {target.id for target in event.target or ()}
            outcome = event.outcome
            if id_ in about and outcome and outcome.result == "FAILURE":
                return str(outcome.reason or event.display_message or "")
        return ""


def _about(
    events: Iterable[LogEvent], ids: Collection[str | None], names: Collection[str]
) -> list[str]:
    """When these people were the targets of events, known by their ids or their logins."""
    return [
        event.published
        for event in events
        for target in event.target or ()
        if target.id in ids or (target.alternate_id or "").lower() in names
    ]
