"""Everything one Entra tenant holds, and new objects in the values Entra gives them."""

from copy import deepcopy
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field, JsonValue

from sandbox.entra.permissions import DEFAULT_ROLES
from sandbox.server.credentials import Credentials
from sandbox.server.ids import Counters, guid
from sandbox.server.people import Person

USER_ROLE_ID = "18d14569-c3bd-439b-9a66-3a2aee01d14f"
MSIAM_ROLE_ID = "b9632174-c057-4f7e-951b-be3adc52bfe6"


def _app_role(role_id: str, name: str) -> dict[str, JsonValue]:
    return {
        "allowedMemberTypes": ["User"],
        "description": name,
        "displayName": name,
        "id": role_id,
        "isEnabled": True,
        "origin": "Application",
        "value": None,
    }


# What instantiating the "Custom" template gives; Graph's own samples show these ids.
TEMPLATE_ROLES: list[JsonValue] = [
    _app_role(USER_ROLE_ID, "User"),
    _app_role(MSIAM_ROLE_ID, "msiam_access"),
]


def new_user(person: Person, created: str) -> dict[str, JsonValue]:
    """The properties of a member of the tenant (without id)."""
    return {
        "accountEnabled": True,
        "businessPhones": [],
        "city": None,
        "companyName": None,
        "country": None,
        "createdDateTime": created,
        "deletedDateTime": None,
        "department": None,
        "displayName": f"{person.first_name} {person.last_name}",
        "employeeId": None,
        "faxNumber": None,
        "givenName": person.first_name,
        "jobTitle": None,
        "mail": person.email,
        "mailNickname": person.email.partition("@")[0],
        "mobilePhone": None,
        "officeLocation": None,
        "onPremisesImmutableId": None,
        "onPremisesSamAccountName": None,
        "onPremisesSyncEnabled": None,
        "onPremisesUserPrincipalName": None,
        "otherMails": [],
        "postalCode": None,
        "preferredLanguage": None,
        "proxyAddresses": [f"SMTP:{person.email}"],
        "securityIdentifier": None,
        "state": None,
        "streetAddress": None,
        "surname": person.last_name,
        "usageLocation": None,
        "userPrincipalName": person.user_principal_name,
        "userType": "Guest" if "#EXT#" in person.user_principal_name else "Member",
    }


def new_group(display_name: str, created: str) -> dict[str, JsonValue]:
    """The properties of a security group (without id)."""
    return {
        "classification": None,
        "createdDateTime": created,
        "creationOptions": [],
        "deletedDateTime": None,
        "description": None,
        "displayName": display_name,
        "expirationDateTime": None,
        "groupTypes": [],
        "isAssignableToRole": None,
        "mail": None,
        "mailEnabled": False,
        "mailNickname": None,
        "membershipRule": None,
        "membershipRuleProcessingState": None,
        "onPremisesDomainName": None,
        "onPremisesLastSyncDateTime": None,
        "onPremisesProvisioningErrors": [],
        "onPremisesNetBiosName": None,
        "onPremisesSamAccountName": None,
        "onPremisesSecurityIdentifier": None,
        "onPremisesSyncEnabled": None,
        "preferredDataLocation": None,
        "preferredLanguage": None,
        "proxyAddresses": [],
        "renewedDateTime": created,
        "resourceBehaviorOptions": [],
        "resourceProvisioningOptions": [],
        "securityEnabled": True,
        "securityIdentifier": None,
        "serviceProvisioningErrors": [],
        "theme": None,
        "uniqueName": None,
        "visibility": None,
        "writebackConfiguration": {"isEnabled": None, "onPremisesGroupType": None},
    }


def new_application(
    display_name: str, app_id: str, created: str, template_id: str | None = None
) -> dict[str, JsonValue]:
    """The properties of an application registration (without id)."""
    return {
        "addIns": [],
        "api": {
            "acceptMappedClaims": None,
            "knownClientApplications": [],
            "oauth2PermissionScopes": [],
            "preAuthorizedApplications": [],
            "requestedAccessTokenVersion": None,
        },
        "appId": app_id,
        "appRoles": list(TEMPLATE_ROLES) if template_id else [],
        "applicationTemplateId": template_id,
        "createdDateTime": created,
        "defaultRedirectUri": None,
        "deletedDateTime": None,
        "description": None,
        "disabledByMicrosoftStatus": None,
        "displayName": display_name,
        "groupMembershipClaims": None,
        "identifierUris": [],
        "info": _links(),
        "isDeviceOnlyAuthSupported": None,
        "isFallbackPublicClient": False,
        "certification": None,
        "keyCredentials": [],
        "nativeAuthenticationApisEnabled": None,
        "notes": None,
        "oauth2RequirePostResponse": False,
        "optionalClaims": None,
        "parentalControlSettings": {"countriesBlockedForMinors": [], "legalAgeGroupRule": "Allow"},
        "passwordCredentials": [],
        "publicClient": {"redirectUris": []},
        "publisherDomain": "example.com",
        "requestSignatureVerification": None,
        "requiredResourceAccess": [],
        "samlMetadataUrl": None,
        "serviceManagementReference": None,
        "servicePrincipalLockConfiguration": None,
        "signInAudience": "AzureADMyOrg",
        "spa": {"redirectUris": []},
        "tags": [],
        "tokenEncryptionKeyId": None,
        "uniqueName": None,
        "verifiedPublisher": _publisher(),
        "web": {
            "homePageUrl": None,
            "implicitGrantSettings": {
                "enableAccessTokenIssuance": False,
                "enableIdTokenIssuance": False,
            },
            "logoutUrl": None,
            "redirectUriSettings": [],
            "redirectUris": [],
        },
    }


def new_service_principal(
    application: dict[str, JsonValue], tags: list[JsonValue], tenant_id: str, created: str
) -> dict[str, JsonValue]:
    """The properties of an application's service principal (without id)."""
    name, app_id = application["displayName"], application["appId"]
    return {
        "accountEnabled": True,
        "addIns": [],
        "alternativeNames": [],
        "appDescription": None,
        "appDisplayName": name,
        "appId": app_id,
        "appOwnerOrganizationId": tenant_id,
        "appRoleAssignmentRequired": bool(application["applicationTemplateId"]),
        "appRoles": application["appRoles"],
        "applicationTemplateId": application["applicationTemplateId"],
        "createdDateTime": created,
        "deletedDateTime": None,
        "description": None,
        "disabledByMicrosoftStatus": None,
        "displayName": name,
        "homepage": None,
        "info": _links(),
        "keyCredentials": [],
        "loginUrl": None,
        "logoutUrl": None,
        "notes": None,
        "notificationEmailAddresses": [],
        "oauth2PermissionScopes": [],
        "passwordCredentials": [],
        "preferredSingleSignOnMode": None,
        "preferredTokenSigningKeyThumbprint": None,
        "replyUrls": [],
        "resourceSpecificApplicationPermissions": [],
        "samlSingleSignOnSettings": None,
        "servicePrincipalNames": [app_id],
        "servicePrincipalType": "Application",
        "signInAudience": "AzureADMyOrg",
        "tags": tags,
        "tokenEncryptionKeyId": None,
        "verifiedPublisher": _publisher(),
    }


def _links() -> dict[str, JsonValue]:
    names = ("logoUrl", "marketingUrl", "privacyStatementUrl", "supportUrl", "termsOfServiceUrl")
    return dict.fromkeys(names)


def _publisher() -> dict[str, JsonValue]:
    return {"addedDateTime": None, "displayName": None, "verifiedPublisherId": None}


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
    on_demand: list[float] = Field(default_factory=list)  # when it last provisioned on demand


class Synchronization(BaseModel):
    """The provisioning settings of one service principal."""

    secrets: dict[str, str] = Field(default_factory=dict)
    jobs: dict[str, Job] = Field(default_factory=dict)


STAMP = "%Y-%m-%dT%H:%M:%SZ"
"""How Graph writes a moment."""


def now() -> str:
    """The time as Graph writes it."""
    return datetime.now(UTC).strftime(STAMP)


def _security_identifier(object_id: str) -> str:
    """The id in Windows' form; source: Microsoft's example of a new group (D)."""
    raw = UUID(object_id).bytes_le
    parts = (int.from_bytes(raw[at : at + 4], "little") for at in range(0, 16, 4))
    return "S-1-12-1-" + "-".join(map(str, parts))


class EntraState(BaseModel):
    """One tenant. Ids come from counters, so that two runs in the same order agree."""

    tenant_id: str = Credentials.arm_tenant_id
    caller_app_id: str = Credentials.arm_client_id
    caller_id: str = ""  # object id of the service principal that signs in
    roles: list[str] = Field(default_factory=lambda: sorted(DEFAULT_ROLES))
    directory_roles: list[str] | None = None  # of a person who signs in; None: the application does
    premium: bool = True  # Entra ID P1
    counters: Counters = Field(default_factory=Counters)
    users: dict[str, Entity] = Field(default_factory=dict)
    groups: dict[str, Entity] = Field(default_factory=dict)
    applications: dict[str, Entity] = Field(default_factory=dict)
    service_principals: dict[str, Entity] = Field(default_factory=dict)
    deleted: dict[str, Entity] = Field(default_factory=dict)
    assignments: dict[str, Assignment] = Field(default_factory=dict)
    synchronization: dict[str, Synchronization] = Field(default_factory=dict)
    log: list[dict[str, JsonValue]] = Field(default_factory=list)
    audit: list[dict[str, JsonValue]] = Field(default_factory=list)

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
        own: Properties = {"id": object_id, **deepcopy(properties)}
        if kind == "group":
            own["securityIdentifier"] = _security_identifier(object_id)
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

    def assigned(self, principal_id: str) -> list[str]:
        """Ids of the users and groups assigned to a service principal, in order, each once."""
        ids = (a.principal_id for a in self.assignments.values() if a.resource_id == principal_id)
        return list(dict.fromkeys(ids))

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
            "appRoleAssignments": [
                self._assignment(a) for a in self.assignments.values() if self.find(a.resource_id)
            ],
            "synchronization": {
                principal: self._synchronization(sync)
                for principal, sync in self.synchronization.items()
                if principal in self.service_principals
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
