"""Everything `verify` reads of Entra, and the people in it as Cloudflare should mirror them."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

from cfscim.config.checklist import ENTRA_USER_NAMES
from cfscim.config.json_types import JsonObject
from cfscim.config.models import ScimConfig
from cfscim.config.names import group_names
from cfscim.config.roles import Role
from cfscim.vendors.entra import PRINCIPALS
from cfscim.vendors.entra.api import ENABLED, GraphClient
from cfscim.vendors.entra.models import (
    AppRoleAssignment,
    AuditEvent,
    Binned,
    GraphGroup,
    Job,
    Member,
    ProvisioningEvent,
    ServicePrincipal,
    bare,
)
from cfscim.verify.actions import Act, Action, see
from cfscim.verify.directory import Delivery, Lost, Person, absent, latest, named
from cfscim.verify.links import EntraLinks
from cfscim.verify.outputs import StackOutputs
from cfscim.verify.reading import Reader, Reading, Unreadable, existing

PEOPLE_ERRORS = "entra.people.errors"
"""The check that says what is to be done for a person."""
LONGEST = timedelta(minutes=60)
"""A cycle begins every 40 minutes at most, and takes its time (Microsoft: "20 to 40 minutes")."""

_LOOK_BACK = timedelta(hours=24)
# Microsoft: an activity is in the audit log within five minutes, as good as always.
_LOG_LAG = timedelta(minutes=10)
# Entra's names of what is done to a job (D, reference-audit-activities), by what a cycle does then.
_STARTED = ("Enable/start provisioning configuration", "Enable/restart provisioning configuration")
_SCOPED = ("Update attribute mappings or scope", "Add provisioning configuration")
_SAVED = ("Update provisioning setting or credentials",)


@dataclass(frozen=True)
class EntraFacts:
    """Readings, each with its own success or error.

    `lost`: declared people, in lower case, who are not where they belong -> why. `same_name`:
    every group with the role's group name. `within`: id of a group that holds another -> all who
    are in it however deep. `binned`: what is in the recycle bin of what is gone, by id, and by name
    for the users' group. `changes`: object id of group or application -> what the audit log has of
    the last day.
    """

    app: Reading[ServicePrincipal]
    job: Reading[Job | None]
    test: Reading[None]
    secrets: Reading[Mapping[str, str]]
    schema: Reading[JsonObject | None]
    assignments: Reading[tuple[AppRoleAssignment, ...]]
    groups: Mapping[Role, Reading[GraphGroup]]
    members: Mapping[Role, Reading[tuple[Member, ...]]]
    users_group: Reading[GraphGroup | None]
    users: Reading[tuple[Member, ...]]
    failures: Reading[tuple[ProvisioningEvent, ...]]
    group_ids: Mapping[Role, str]
    same_name: Mapping[Role, Reading[tuple[GraphGroup, ...]]]
    binned: Mapping[str, Reading[tuple[Binned, ...]]]
    lost: Reading[Mapping[str, Lost]]
    changes: Mapping[str, Reading[tuple[AuditEvent, ...]]]
    within: Mapping[str, Reading[tuple[Member, ...]]]
    application_ids: tuple[str, ...] = ()
    """The application's object id and its service principal's, in the order they are restored."""
    beside: Mapping[str, str] = field(default_factory=dict)
    """During a move: id -> name of the other way's role groups in the same application."""
    enabled: Callable[[], tuple[AuditEvent, ...]] = lambda: ()
    """Whose account was enabled again lately, read once somebody asks."""

    def in_bin(self, *keys: str) -> tuple[Binned, ...]:
        """What of these is in the recycle bin, as far as that may be read."""
        read = (self.binned[key].wait() for key in keys if key in self.binned)
        return tuple(binned for shown in read for binned in shown or ())

    def existing_job(self) -> Job:
        """The job. Raises `Unreadable` where there is none."""
        return existing(self.job, "there is no such job", "entra.job.exists")

    def document(self) -> JsonObject:
        """The job's schema. Raises `Unreadable` where there is none."""
        self.existing_job()
        return existing(self.schema, "the job has no schema", "entra.job.exists")

    def existing_users_group(self) -> GraphGroup:
        """The group of all Cloudflare users. Raises `Unreadable` where there is none."""
        return existing(self.users_group, "there is no users' group", "entra.group.users")

    def last_failures(self) -> tuple[ProvisioningEvent, ...]:
        """What failed in the last cycle, newest first. Raises `Unreadable`."""
        last = self.existing_job().status.last_execution
        began = (last.time_began if last else "") or ""
        return tuple(
            event for event in self.failures.get() if event.activity_date_time[:19] >= began[:19]
        )


def read_entra(
    config: ScimConfig,
    outputs: StackOutputs,
    beside: Mapping[str, str],
    client: GraphClient,
    reader: Reader,
    now: datetime,
) -> EntraFacts:
    """Begins every reading; waits only for the users' group, whose id no output names."""
    app, job = outputs.service_principal_id or "", outputs.synchronization_job_id or ""
    ids = {role: outputs.role_groups[role].identity_provider_group_id for role in config.roles}
    name = config.entra.users_group.name
    users_group = reader.read(lambda: client.group_by_name(name, assigned_to=app))
    principal = reader.read(lambda: client.service_principal(app))
    declared_job = reader.read(lambda: client.find_job(app, job))
    secrets = reader.read(lambda: client.secrets(app))
    schema = reader.read(lambda: client.find_schema(app, job))
    assignments = reader.read(lambda: client.app_role_assignments(app))
    groups = {role: reader.read(lambda g=g: client.group(g)) for role, g in ids.items()}
    members = {role: reader.read(lambda g=g: client.group_members(g)) for role, g in ids.items()}
    names = group_names(config)
    same_name = {r: reader.read(lambda n=names[r]: client.groups_named(n)) for r in ids}
    failures = reader.read(lambda: client.provisioning_logs(job, status="failure"))
    test = reader.read(lambda: client.validate_credentials(app, job))
    everyone = users_group.wait()
    of = [*ids.values(), app, everyone.id if everyone else ""]
    since = now - _LOOK_BACK
    changes = {
        object_id: reader.read(lambda o=object_id: client.audit_log(o, since))
        for object_id in of
        if object_id
    }
    users = reader.read(lambda: client.group_members(everyone.id) if everyone else ())
    inside = {role: addresses(reading.wait()) for role, reading in members.items()}
    lost = absent(config, addresses(users.wait()), inside)
    direct = {ids[role]: reading for role, reading in members.items()}
    direct |= {everyone.id: users} if everyone else {}
    nesting = [
        id_ for id_, r in direct.items() if any(member.is_group for member in r.wait() or ())
    ]
    gone = [ids[role] for role, reading in groups.items() if reading.gone]
    # The service principal comes back after its application.
    application_ids = (bare(outputs.application_id), bare(app))
    gone += application_ids if principal.gone else ()
    binned = {o: reader.read(lambda o=o: _binned(client.binned(o))) for o in gone}
    if everyone is None:
        binned[name] = reader.read(lambda: client.binned_groups([name]))
    return EntraFacts(
        app=principal,
        job=declared_job,
        test=test,
        secrets=secrets,
        schema=schema,
        assignments=assignments,
        groups=groups,
        members=members,
        users_group=users_group,
        users=users,
        failures=failures,
        group_ids=ids,
        same_name=same_name,
        binned=binned,
        lost=reader.read(lambda: _reasons(client, lost)) if lost else Reading.of({}),
        changes=changes,
        within={group: reader.read(lambda o=group: client.everybody_in(o)) for group in nesting},
        application_ids=application_ids,
        beside=beside,
        enabled=cache(lambda: reader.read(lambda: client.enabled_accounts(since)).wait() or ()),
    )


def _binned(shown: Binned | None) -> tuple[Binned, ...]:
    return (shown,) if shown else ()


def addresses(members: Iterable[Member] | None) -> list[str]:
    """Those of the people among them; None: they could not be read."""
    return [member.address for member in members or () if member.is_user]


def _reasons(client: GraphClient, lost: list[str]) -> Mapping[str, Lost]:
    users = client.users_by_mail(lost)
    absent = [person for person in lost if person not in users]
    nobody = Lost("nobody in Entra has this address", nobody=True)
    proxy = Lost(
        "in Entra only in proxyAddresses: without mail Entra sends no e-mail address, and "
        "Cloudflare refuses the person",
        nobody=True,
    )
    reasons = {person.lower(): nobody for person in absent}
    reasons |= {person.lower(): proxy for person in client.users_by_proxy(absent)}
    off = {address.lower() for address, user in users.items() if user.account_enabled is False}
    return reasons | dict.fromkeys(off, Lost("disabled in Entra"))


@dataclass(frozen=True)
class EntraDirectory:
    """Entra's people, with what keeps somebody out of Cloudflare.

    `updated`: when the stack's last update that changed something ended, where it is known.
    """

    config: ScimConfig
    facts: EntraFacts
    links: EntraLinks
    updated: datetime | None = None
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    name: str = "Entra"

    @property
    def link(self) -> str:
        """The provisioning page, with its logs."""
        return self.links.provisioning

    @property
    def replaces(self) -> bool:
        """Entra adds and removes whom it knows; a stranger in the target's group stays."""
        return False

    def again(self, people: tuple[str, ...], role: Role | None) -> tuple[tuple[Action, ...], str]:
        """The job restarted with `Full`: the admin center's own restart keeps the links.

        Source: https://learn.microsoft.com/entra/identity/app-provisioning/how-provisioning-works
        ("doesn't break the links between source and target objects").
        """
        del role
        restart = restart_in_full(self.links)
        if self.config.entra.user_filter and people:
            text = (
                f"give {named(people)} what userFilter asks for, change userFilter, or take the "
                "person out of the role"
            )
            return (
                (Action(Act.ENTRA_MEET_FILTER, text, people), restart),
                self.links.people,
            )
        return (
            (restart,),
            "https://learn.microsoft.com/graph/api/synchronization-synchronizationjob-restart",
        )

    def delivery(self, role: Role | None, people: Sequence[Collection[str]] = ()) -> Delivery:
        """When the people's memberships last changed, the longest ago counting.

        By the directory's audit log. Where it can't be read, the stack's last update stands for
        it, which an update in between puts off.
        """
        moments = [self._changed(role, names) for names in people]
        known = [moment for moment in moments if moment]
        # Who did not change at all is overdue.
        changed = min(known) if known and len(known) == len(moments) else None
        return Delivery(changed if people else self.started(), self._sent(), LONGEST)

    def started(self) -> datetime | None:
        """When provisioning was last started, as far back as the log is read."""
        log = self._log((self.links.service_principal_id,))
        if log is None:
            return self._without_log(None)
        return latest([*_moments(log, _STARTED), self._unlogged()])

    def mended(self) -> datetime | None:
        """When filter or credentials were last changed, as far back as the log is read."""
        log = self._log((self.links.service_principal_id,))
        if log is None:
            return self.updated
        return latest([*_moments(log, (*_STARTED, *_SCOPED, *_SAVED)), self._unlogged()])

    def _changed(self, role: Role | None, names: Collection[str]) -> datetime | None:
        """When it was last changed that these names belong in the role's group, or do not."""
        groups, others = self._concerned(role)
        own, job = self._log(groups), self._log((self.links.service_principal_id,))
        if own is None or job is None:
            return self._without_log(role)
        about = [event for event in own if _is_about(event, names)]
        if not about and others:
            about = [event for event in self._log(others) or () if _is_about(event, names)]
        enabled = [event for event in self.facts.enabled() if _is_about(event, names)]
        began = [*self._created(groups), *_moments(job, _STARTED), *_moments(enabled, (ENABLED,))]
        if self._last_failed():
            began += _moments(job, _SAVED)
        if about:
            return latest([*(event.activity_date_time for event in about), *began])
        return latest([*began, *_moments(job, _SCOPED), self._unlogged()])

    def _concerned(self, role: Role | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The ids of the groups that say it, and of those that say it where these do not."""
        if role is not None:
            return (self.facts.group_ids[role],), ()
        everyone, roles = self.facts.users_group.wait(), tuple(self.facts.group_ids.values())
        return ((everyone.id,), roles) if everyone else (roles, ())

    def _created(self, groups: Collection[str]) -> list[str | None]:
        """When the groups and their assignments were made: nobody in them comes before."""
        readings = [*self.facts.groups.values(), self.facts.users_group]
        entities = [reading.wait() for reading in readings]
        moments = [group.created_date_time for group in entities if group and group.id in groups]
        return moments + [
            assignment.created_date_time
            for assignment in self.facts.assignments.wait() or ()
            if assignment.principal_id in groups
        ]

    def _without_log(self, role: Role | None) -> datetime | None:
        groups, others = self._concerned(role)
        return latest([*self._created((*groups, *others)), self.updated])

    def _log(self, ids: Collection[str]) -> list[AuditEvent] | None:
        """What the audit log has of these objects; None where it can't be read."""
        read = [self.facts.changes[id_].wait() for id_ in ids if id_ in self.facts.changes]
        if len(read) < len(ids) or None in read:
            return None
        return [event for events in read if events for event in events]

    def _unlogged(self) -> datetime | None:
        """The stack's last update where the log may not have it yet."""
        if self.updated is None or self.now - self.updated > _LOG_LAG:
            return None
        since = self.updated - _LOG_LAG
        seen = latest(event.activity_date_time for event in self._log(self.facts.changes) or ())
        return None if seen and seen >= since else self.updated

    def _last_failed(self) -> bool:
        job = self.facts.job.wait()
        last = job.status.last_execution if job else None
        return last is not None and last.state == "Failed"

    def _sent(self) -> datetime | None:
        """When the last cycle began that delivered anything."""
        job = self.facts.job.wait()
        if job is None:
            return None
        status = job.status
        last = status.last_successful_execution if self._last_failed() else status.last_execution
        return latest([last.time_began if last else None])

    def stranger(self, address: str, role: Role) -> str:
        """Nothing more is known of who is not in our group."""
        del address, role
        return ""

    def idle(self) -> str:
        """Nothing is provisioned where the config says `start: false`."""
        return "" if self.config.entra.start else "start: false, so no cycle runs"

    def members(self, role: Role) -> tuple[Person, ...]:
        """The people in the role's group; groups within it are not provisioned."""
        return self._people(self.facts.members[role].get())

    def assigned(self) -> tuple[Person, ...] | None:
        """Everyone in an assigned group; None where a filter decides over the whole tenant."""
        if self.config.entra.scope == "filtered":
            return None
        return self._people(self.in_scope())

    def in_scope(self) -> tuple[Member, ...]:
        """The people of all groups of this stack, each once. Raises `Unreadable`."""
        self.facts.existing_users_group()
        users = {user.id: user for user in self.facts.users.get() if user.is_user}
        for role in self.config.roles:
            users |= {
                member.id: member for member in self.facts.members[role].get() if member.is_user
            }
        return tuple(users.values())

    def errors(self, *, groups: bool) -> list[str]:
        """Which groups, or which people, failed in the last cycle, with Entra's own reason."""
        failed: dict[str, str] = {}
        names = {
            event.id: event.address
            for reading in (self.facts.users, *self.facts.members.values())
            for event in reading.wait() or ()
        }
        for event in self.facts.last_failures():
            about = event.source_identity
            if (about.identity_type == "Group") is groups:
                name = names.get(about.id or "") or about.display_name or about.id or "somebody"
                failed.setdefault(name, f"{name} ({_why(event)})")
        return sorted(failed.values())

    def _people(self, members: tuple[Member, ...]) -> tuple[Person, ...]:
        failed = {}
        try:
            for event in self.facts.last_failures():
                failed.setdefault(event.source_identity.id, _why(event))
        except Unreadable:
            failed = {}  # the log only explains; the comparison stands without it
        return tuple(self._person(member, failed) for member in members if member.is_user)

    def _person(self, member: Member, failed: Mapping[str | None, str]) -> Person:
        mail, name = member.mail or "", member.sent_name
        address = member.address
        # Cloudflare knows the person by what Entra sends as userName.
        names = frozenset({name.lower()} if name else {mail.lower()})
        if member.account_enabled is False:
            return Person(address, names | {mail.lower()}, off="disabled in Entra")
        if member.id in failed:
            reason = f"Entra could not provision: {failed[member.id]}"
            return Person(address, names, reason=reason, cure=(see(PEOPLE_ERRORS),))
        if mail != name:
            reason = f"user principal name {name or 'empty'} is not mail {mail or 'empty'}"
            if not mail:
                reason = "mail is empty, so Entra sends no e-mail address"
            return Person(address, names, reason=reason, cure=(see(ENTRA_USER_NAMES),))
        if self.config.entra.user_filter:
            reason = "does not meet userFilter, or not yet a cycle of Entra"
            return Person(address, names, reason=reason)
        return Person(address, names)


def restart_in_full(links: EntraLinks) -> Action:
    """What makes Entra deliver again what it believes is there."""
    text = (
        f"{restart_command(links, 'Full')} (Restart provisioning in the admin center keeps what "
        "Entra believes was delivered)"
    )
    return Action(Act.ENTRA_RESTART, text, (links.service_principal_id, links.job_id, "Full"))


def restart_command(links: EntraLinks, scope: str) -> str:
    """The command that runs the job anew, forgetting what `scope` (Graph's resetScope) names."""
    return (
        f"az rest --method POST --url {links.graph}{PRINCIPALS}/"
        f"{links.service_principal_id}/synchronization/jobs/{links.job_id}/restart "
        "--headers Content-Type=application/json --body "
        f'\'{{"criteria": {{"resetScope": "{scope}"}}}}\''
    )


def _moments(log: Iterable[AuditEvent], activities: Collection[str]) -> list[str]:
    return [event.activity_date_time for event in log if event.activity_display_name in activities]


def _is_about(event: AuditEvent, names: Collection[str]) -> bool:
    return any(
        resource.sent_name.lower() in names
        for resource in event.target_resources
        if resource.sent_name
    )


def _why(event: ProvisioningEvent) -> str:
    info = event.provisioning_status_info.error_information
    if info is None:
        return event.provisioning_action or "no reason given"
    return f"{info.error_code}: {info.reason}" if info.reason else str(info.error_code)
