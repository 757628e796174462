"""Everything one Entra tenant holds: directory, assignments, synchronization, provisioning log."""

from copy import deepcopy
from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, Field, JsonValue

from sandbox.entra.defaults import new_application, new_service_principal, new_user
from sandbox.entra.permissions import DEFAULT_ROLES
from sandbox.server.credentials import Credentials
from sandbox.server.ids import Counters, guid
from sandbox.server.people import Person

Kind = Literal["user", "group", "application", "servicePrincipal"]
Properties = dict[str, JsonValue]

# What GET synchronization/secrets answers in the clear: settings, no credentials.
PLAIN_SECRETS = frozenset(
    {"BaseAddress", "SyncAll", "SyncNotificationSettings", "SkipOutOfScopeDeletions"}
)


class Entity(BaseModel):
    """A user, group, application or service principal; ``properties`` as Graph names them."""

    id: str
    kind: Kind
    properties: Properties
    owners: list[str] = Field(default_factory=list)
    members: list[str] = Field(default_factory=list)

    def text(self, name: str) -> str:
        """A property as text; empty when it is null."""
        value = self.properties.get(name)
        return "" if value is None else str(value)


class Assignment(BaseModel):
    """A user, group or service principal has an app role of a service principal."""

    id: str
    app_role_id: str
    principal_id: str
    resource_id: str
    created: str


class Link(BaseModel):
    """What the provisioning service remembers about one object it has put into the target."""

    kind: Literal["User", "Group"]
    target_id: str
    name: str
    exported: dict[str, JsonValue] = Field(default_factory=dict)
    members: list[str] = Field(default_factory=list)  # ids in Entra
    managed: bool = True  # false: out of scope and switched off in the target


class Quarantine(BaseModel):
    """Why a job is set apart, since when and how often in a row."""

    reason: str
    code: str
    message: str
    began: str
    count: int = 1


class Job(BaseModel):
    """A synchronization job: its schedule, its schema, and what its cycles left behind."""

    id: str
    template_id: str
    document: dict[str, JsonValue]
    schedule: Literal["Active", "Disabled", "Paused"] = "Disabled"
    started: bool = False
    watermark: bool = False  # false: the next cycle looks at everything again
    allow_deletes: bool = False
    failures: int = 0  # complete failures in a row
    quarantine: Quarantine | None = None
    last_execution: dict[str, JsonValue] | None = None
    last_success: dict[str, JsonValue] | None = None
    last_export: dict[str, JsonValue] | None = None
    steady_since: str | None = None
    steady_last: str | None = None
    links: dict[str, Link] = Field(default_factory=dict)
    skipped: dict[str, str] = Field(default_factory=dict)  # id -> reason, already reported


class Synchronization(BaseModel):
    """The provisioning settings of one service principal."""

    secrets: dict[str, str] = Field(default_factory=dict)
    jobs: dict[str, Job] = Field(default_factory=dict)


def now() -> str:
    """The time as Graph writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class EntraState(BaseModel):
    """One tenant. Ids come from counters, so that two runs in the same order agree."""

    tenant_id: str = Credentials.arm_tenant_id
    caller_app_id: str = Credentials.arm_client_id
    caller_id: str = ""  # object id of the service principal that signs in
    roles: list[str] = Field(default_factory=lambda: sorted(DEFAULT_ROLES))
    counters: Counters = Field(default_factory=Counters)
    users: dict[str, Entity] = Field(default_factory=dict)
    groups: dict[str, Entity] = Field(default_factory=dict)
    applications: dict[str, Entity] = Field(default_factory=dict)
    service_principals: dict[str, Entity] = Field(default_factory=dict)
    deleted: dict[str, Entity] = Field(default_factory=dict)
    assignments: dict[str, Assignment] = Field(default_factory=dict)
    synchronization: dict[str, Synchronization] = Field(default_factory=dict)
    log: list[dict[str, JsonValue]] = Field(default_factory=list)

    @classmethod
    def fresh(cls) -> "EntraState":
        """A tenant with nothing but the application that signs in."""
        state = cls()
        application = new_application("cloudflare-scim automation", state.caller_app_id, now())
        app = state.add("application", application)
        principal = new_service_principal(app.properties, [], state.tenant_id, now())
        state.caller_id = state.add("servicePrincipal", principal).id
        return state

    def collection(self, kind: Kind) -> dict[str, Entity]:
        """The live objects of a kind, by id."""
        return {
            "user": self.users,
            "group": self.groups,
            "application": self.applications,
            "servicePrincipal": self.service_principals,
        }[kind]

    def new_id(self, kind: str) -> str:
        """The next GUID of a kind."""
        return guid(self.counters.take(kind))

    def add(self, kind: Kind, properties: Properties) -> Entity:
        """Put a new object into the directory."""
        object_id = self.new_id(kind)
        own = {"id": object_id, **deepcopy(properties)}
        entity = Entity(id=object_id, kind=kind, properties=own)
        self.collection(kind)[object_id] = entity
        return entity

    def find(self, object_id: str) -> Entity | None:
        """A live object of any kind."""
        for objects in (self.users, self.groups, self.service_principals, self.applications):
            if object_id in objects:
                return objects[object_id]
        return None

    def user_by_name(self, principal_name: str) -> Entity | None:
        """The user with this user principal name; Entra compares without case."""
        wanted = principal_name.lower()
        for user in self.users.values():
            if user.text("userPrincipalName").lower() == wanted:
                return user
        return None

    def add_person(self, person: Person) -> str:
        """Add a member of the tenant; the same address again changes nothing. Returns the id."""
        existing = self.user_by_name(person.user_principal_name)
        if existing is None:
            existing = self.add("user", new_user(person, now()))
        return existing.id

    def sync(self, principal_id: str) -> Synchronization:
        """The provisioning settings of a service principal, made on first use."""
        return self.synchronization.setdefault(principal_id, Synchronization())

    def snapshot(self) -> dict[str, object]:
        """What ``GET /_sandbox/state`` shows; credentials read "[secret]"."""
        return {
            "tenantId": self.tenant_id,
            "roles": self.roles,
            "users": [user.properties for user in self.users.values()],
            "groups": [self._group(group) for group in self.groups.values()],
            "applications": [app.properties for app in self.applications.values()],
            "servicePrincipals": [sp.properties for sp in self.service_principals.values()],
            "deletedItems": [{"kind": e.kind, **e.properties} for e in self.deleted.values()],
            "appRoleAssignments": [self._assignment(a) for a in self.assignments.values()],
            "synchronization": {
                principal: self._synchronization(sync)
                for principal, sync in self.synchronization.items()
            },
            "provisioningLog": self.log,
        }

    def _name(self, object_id: str) -> str:
        entity = self.find(object_id)
        if entity is None:
            return object_id
        return entity.text("userPrincipalName") or entity.text("displayName")

    def _group(self, group: Entity) -> dict[str, object]:
        members = sorted(self._name(member) for member in group.members)
        owners = sorted(self._name(owner) for owner in group.owners)
        return {**group.properties, "members": members, "owners": owners}

    def _assignment(self, assignment: Assignment) -> dict[str, object]:
        return {
            "id": assignment.id,
            "appRoleId": assignment.app_role_id,
            "principalId": assignment.principal_id,
            "principal": self._name(assignment.principal_id),
            "resourceId": assignment.resource_id,
            "resource": self._name(assignment.resource_id),
        }

    def _synchronization(self, sync: Synchronization) -> dict[str, object]:
        return {
            "secrets": {
                key: value if key in PLAIN_SECRETS else "[secret]"
                for key, value in sync.secrets.items()
            },
            "jobs": [
                {
                    "id": job.id,
                    "templateId": job.template_id,
                    "schedule": job.schedule,
                    "quarantine": job.quarantine.model_dump() if job.quarantine else None,
                    "lastExecution": job.last_execution,
                    "schema": job.document,
                    "links": {key: link.model_dump() for key, link in job.links.items()},
                }
                for job in sync.jobs.values()
            ],
        }
