"""Replays exchanges with Microsoft Graph against this sandbox's.

People, groups, applications, assignments and synchronization jobs are made first, as far as the
answers show them and with the ids that they had there. What Graph itself fills in (the keys of an
object, a new job's schema) is the sandbox's own, so that a tenant that has more or less is seen.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sandbox.entra.audit import write
from sandbox.entra.models import (
    Assignment,
    Entity,
    EntraState,
    Job,
    Kind,
    Link,
    Quarantine,
    new_application,
    new_group,
    new_service_principal,
    new_user,
    now,
)
from sandbox.entra.permissions import DEFAULT_ROLES
from sandbox.entra.provisioning.cycle import JobReport, execution
from sandbox.entra.provisioning.log import Outcome, record
from sandbox.entra.provisioning.schema import default_document
from sandbox.entra.signin import GRAPH_AUDIENCES, issue
from sandbox.replay import Accepted, Exchange, Ids, as_far_as_shown, json_body, known_only
from sandbox.server.people import Person
from sandbox.server.world import World

__all__ = ["ACCEPTED", "body", "build", "call_of", "signed"]

Document = dict[str, Any]
_OBJECT = r"(GET|POST) /(v1\.0|beta)/(applications|groups|servicePrincipals)(/\{id\}(/members)?)?"
ACCEPTED: tuple[Accepted, ...] = (
    Accepted(
        _OBJECT,
        r".*\.(uniqueName|nativeAuthenticationApisEnabled|servicePrincipalLockConfiguration"
        r"|requestSignatureVerification|samlMetadataUrl|web\.redirectUriSettings"
        r"|serviceProvisioningErrors|verifiedPublisher|serviceManagementReference"
        r"|applicationTemplateId|samlSingleSignOnSettings|disabledByMicrosoftStatus"
        r"|resourceSpecificApplicationPermissions|spa|certification|defaultRedirectUri): too much",
        "recordings of 2020 to 2023 do not have it yet",
        further=True,
    ),
    Accepted(
        _OBJECT,
        r".*\.(password|key)Credentials\[\].*",
        "secrets and certificates, which nothing here adds",
        further=True,
    ),
    Accepted(
        _OBJECT,
        r".*\.(optionalClaims|appRoles\[\])\..*: missing|.*\.redirectUriSettings\[\]: missing",
        "Graph fills in claims, roles and addresses of one's own, which nothing here sets",
        further=True,
    ),
    Accepted(
        r"GET .*/organization",
        r".*\[\]: missing|.*\.@odata\.id: missing",
        "a tenant's own plans and addresses",
        further=True,
    ),
    Accepted(
        r"GET .*/organization",
        r".*\.(defaultUsageLocation|directorySizeQuota|isMultipleDataLocationsForServicesEnabled"
        r"|onPremisesSyncStatus|partnerTenantType|tenantType): too much",
        "recordings of 2020 and 2021 do not have it yet",
        further=True,
    ),
    Accepted(
        r"GET .*/organization",
        r"error InvalidAuthenticationToken, recorded Authorization_IdentityNotFound",
        "an application of another tenant asked; the sandbox has one tenant",
        further=True,
    ),
    Accepted(
        r".*",
        r"\.error\.innerError\.client-request-id: too much",
        "recordings of 2020 do not have it yet",
        further=True,
    ),
)
"""Every difference that stays, with its reason."""
_GUID = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_KEY = re.compile(rf"/(?:{_GUID}|text-\d+|[\w-]{{43}}|scim\.[\w.-]+)(?=/|$)")
_SIGNATURE = "x" * 8
_CLOUDFLARE = "https://api.cloudflare.com/client/v4/accounts/{}/scim/v2"
_KINDS: dict[str, Kind] = {
    "users": "user",
    "groups": "group",
    "applications": "application",
    "servicePrincipals": "servicePrincipal",
}
_PLACES: tuple[tuple[str, Kind], ...] = (
    (r"users(/[^/]+)?", "user"),
    (r"groups(/[^/]+)?", "group"),
    (r"groups/[^/]+/(members|owners)", "user"),
    (r"applications(/[^/]+)?", "application"),
    (r"servicePrincipals(/[^/]+)?", "servicePrincipal"),
)

body = json_body


def call_of(exchange: Exchange) -> str | None:
    """The call's name; None for an answer of 5xx or 429, which says nothing of the API."""
    if exchange.status >= 500 or exchange.status == 429:
        return None
    return f"{exchange.method} {_KEY.sub('/{id}', exchange.path)}"


def signed(world: World, exchange: Exchange) -> Mapping[str, str]:
    """A caller with every permission; without any where the answer says that one was missing."""
    missing = exchange.status == 403 or (
        exchange.status == 401 and "/synchronization/" in exchange.path
    )
    world.entra.roles = [] if missing else sorted(DEFAULT_ROLES)
    token = issue(world, world.entra, GRAPH_AUDIENCES[0])
    return {"Authorization": f"Bearer {_SIGNATURE if exchange.status == 401 else token}"}


def build(world: World, recording: Sequence[Exchange], ids: Ids) -> None:
    """Directory objects, assignments and jobs as the answers show them."""
    del ids  # everything keeps the id that it had
    world.entra = EntraState.fresh()
    read = [each for each in recording if each.method == "GET" and each.status < 400]
    born = _born(recording)
    for exchange, _, kind in _directory(read):
        for document in _documents(exchange):
            with as_far_as_shown():
                if document["id"] not in born:
                    _entity(world.entra, _kind(document, kind), document)
    for exchange in recording:
        match = re.match(rf"/(?:v1\.0|beta)/({'|'.join(_KINDS)})/({_GUID})", exchange.path)
        known = match is None or {match[2]} & (born | {*world.entra.collection(_KINDS[match[1]])})
        if match is not None and not known and exchange.status < 400:
            with as_far_as_shown():  # nothing shows it but what is asked for below it
                _entity(world.entra, _KINDS[match[1]], {"id": match[2], "appId": match[2]})
    for exchange, path, _ in _directory(read):
        _relations(world.entra, path, exchange)
    for exchange in read:
        if exchange.path.endswith("/subscribedSkus"):
            world.entra.premium = "AAD_PREMIUM" in str(exchange.response)
    _shown(world.entra, read, r".*/directory/deletedItems/.*", _binned)
    _shown(world.entra, read, r".*/appRoleAssignedTo", _assignment)
    for exchange in recording:
        with as_far_as_shown():
            _synchronization(world, exchange, recording)
    _shown(world.entra, read, r".*/auditLogs/directoryAudits", _audited, newest_first=True)
    _shown(world.entra, read, r".*/auditLogs/provisioning", _log)


def _shown(
    state: EntraState,
    read: Sequence[Exchange],
    path: str,
    make: Callable[[EntraState, Document], None],
    *,
    newest_first: bool = False,
) -> None:
    """Make what the answers of these paths show, the oldest of each first."""
    for exchange in read:
        if re.fullmatch(path, exchange.path):
            documents = [*_documents(exchange)]
            for document in reversed(documents) if newest_first else documents:
                with as_far_as_shown():
                    make(state, document)


def _binned(state: EntraState, document: Document) -> None:
    entity = _entity(state, _kind(document, "group"), document)
    del state.collection(entity.kind)[entity.id]
    state.deleted[entity.id] = entity


def _directory(read: Sequence[Exchange]) -> Iterator[tuple[Exchange, str, Kind]]:
    """The exchanges that show directory objects, with their paths and what they mostly show."""
    for pattern, kind in _PLACES:
        for exchange in read:
            if match := re.fullmatch(rf"/(?:v1\.0|beta)/({pattern})", exchange.path):
                yield exchange, match[1], kind


def _born(recording: Sequence[Exchange]) -> set[str]:
    """The ids of what the recording itself makes."""
    posts = [each for each in recording if each.method == "POST" and each.status == 201]
    documents = (each.response for each in posts if isinstance(each.response, dict))
    inner = ("", "application", "servicePrincipal")  # … and of what a template makes
    return {
        str(part["id"])
        for document in documents
        for name in inner
        if isinstance(part := document.get(name) if name else document, dict) and "id" in part
    }


def _documents(exchange: Exchange) -> Iterator[Document]:
    answer = exchange.response
    shown = answer.get("value", answer) if isinstance(answer, dict) else []
    for item in shown if isinstance(shown, list) else [shown]:
        if isinstance(item, dict) and "id" in item:
            yield item


def _kind(document: Document, otherwise: Kind) -> Kind:
    named = str(document.get("@odata.type", "")).removeprefix("#microsoft.graph.")
    known = ("user", "group", "application", "servicePrincipal")
    return cast(Kind, named) if named in known else otherwise


def _blank(state: EntraState, kind: Kind, document: Document) -> Document:
    """Every property that the sandbox knows of such an object."""
    name = str(document.get("displayName"))
    if kind == "user":
        return new_user(Person.of(str(document.get("userPrincipalName", "a@example.com"))), now())
    if kind == "group":
        return new_group(name, now())
    template = document.get("applicationTemplateId")
    application = new_application(name, str(document.get("appId")), now(), template)
    if kind == "application":
        return application
    return new_service_principal(application, [], state.tenant_id, now())


def _entity(state: EntraState, kind: Kind, document: Document) -> Entity:
    key = str(document["id"])
    entity = state.collection(kind).get(key)
    if entity is None:
        properties = {"id": key, **_blank(state, kind, document)}
        entity = state.collection(kind)[key] = Entity(id=key, kind=kind, properties=properties)
    entity.properties |= cast(Document, known_only({**entity.properties}, document))
    return entity


def _relations(state: EntraState, path: str, exchange: Exchange) -> None:
    match = re.fullmatch(r"groups/([^/]+)/(members|owners)", path)
    group = state.groups.get(match[1]) if match else None
    if match is None or group is None:
        return
    related = group.members if match[2] == "members" else group.owners
    shown = (str(document["id"]) for document in _documents(exchange))
    related += [key for key in shown if key not in related and state.find(key) is not None]


def _assignment(state: EntraState, document: Document) -> None:
    principal, resource = str(document["principalId"]), str(document["resourceId"])
    kinds: dict[str, Kind] = {"User": "user", "Group": "group"}
    kind = kinds.get(str(document.get("principalType")), "servicePrincipal")
    if state.find(principal) is None:
        shown = {"id": principal, "displayName": document.get("principalDisplayName")}
        _entity(state, kind, shown)
    state.assignments[str(document["id"])] = Assignment(
        id=str(document["id"]),
        app_role_id=str(document.get("appRoleId")),
        principal_id=principal,
        resource_id=resource,
        created=str(document.get("createdDateTime")),
    )


@dataclass(frozen=True)
class _Place:
    """Where below a service principal's synchronization an exchange was."""

    principal: str
    rest: str

    @classmethod
    def of(cls, exchange: Exchange) -> "_Place | None":
        match = re.fullmatch(
            r"/(?:v1\.0|beta)/servicePrincipals/([^/]+)/synchronization/(.+)", exchange.path
        )
        return cls(match[1], match[2]) if match else None


def _synchronization(world: World, exchange: Exchange, recording: Sequence[Exchange]) -> None:
    """A job, its saved keys, or what Test Connection must have found."""
    place, state = _Place.of(exchange), world.entra
    if place is None:
        return
    if place.principal not in state.service_principals and exchange.status < 400:
        _entity(state, "servicePrincipal", {"id": place.principal, "appId": place.principal})
    saved, jobs = state.sync(place.principal).secrets, state.sync(place.principal).jobs
    if place.rest.endswith(("validateCredentials", "provisionOnDemand")):
        _target(world, saved, works=exchange.status < 400)
    if exchange.status >= 400:
        return
    if place.rest == "secrets" and isinstance(exchange.response, dict):
        for pair in exchange.response.get("value") or []:
            saved.setdefault(str(pair["key"]), str(pair["value"]))
    elif exchange.method == "GET" and re.fullmatch(r"jobs(/[^/]+)?", place.rest):
        for document in _documents(exchange):
            _job(state, place.principal, document, recording)
    elif (known := re.match(r"jobs/([^/]+)/", place.rest)) and known[1] not in jobs:
        _job(state, place.principal, {"id": known[1], "templateId": "scim"}, recording)


def _target(world: World, saved: dict[str, str], *, works: bool) -> None:
    """Address and token of the sandbox's own SCIM endpoint: a test of them ends as recorded."""
    account = next(iter(world.cloudflare.accounts), "0" * 32)
    saved["BaseAddress"] = _CLOUDFLARE.format(account)
    saved["SecretToken"] = world.credentials.cloudflare_api_token if works else "revoked"


def _job(
    state: EntraState, principal: str, document: Document, recording: Sequence[Exchange]
) -> None:
    key, status = str(document["id"]), document.get("status") or {}
    schema = default_document(state.service_principals[principal].text("appId"), key)
    for exchange in recording:
        if exchange.path.endswith(f"/jobs/{key}/schema") and exchange.method == "GET":
            _take_scopes(schema, exchange.response)
    job = Job(
        id=key,
        template_id=str(document.get("templateId")),
        document=schema,
        schedule=(document.get("schedule") or {}).get("state", "Disabled"),
        failures=int(status.get("countSuccessiveCompleteFailures") or 0),
        last_execution=_execution(key, status.get("lastExecution")),
        last_success=_execution(key, status.get("lastSuccessfulExecution")),
        last_export=_execution(key, status.get("lastSuccessfulExecutionWithExports")),
        quarantine=_quarantine(status.get("quarantine")),
    )
    for number, each in enumerate(status.get("synchronizedEntryCountByType") or []):
        named = "Group" if number else "User"
        kind = next((k for k in ("User", "Group") if str(each["key"]).startswith(k)), named)
        job.links |= {
            f"{kind}-{number}": Link(kind=cast(Any, kind), target_id="", name="")
            for number in range(int(each["value"]))
        }
    state.sync(principal).jobs[key] = job


def _execution(job_id: str, document: object) -> Document | None:
    if not isinstance(document, dict):
        return None
    own = execution(JobReport(job_id, now()))
    return own | {key: value for key, value in document.items() if key in own}


def _quarantine(document: object) -> Quarantine | None:
    if not isinstance(document, dict):
        return None
    error = document.get("error") or {}
    return Quarantine(
        reason=str(document.get("reason")),
        code=str(error.get("code")),
        message=str(error.get("message")),
        began=now(),
        count=int(document.get("seriesCount") or 1),
    )


def _take_scopes(schema: Document, recorded: object) -> None:
    """The rule's id and the scoping filters that somebody set; the rest is the template's."""
    for rule, shown in zip(_rules(schema), _rules(recorded), strict=False):
        rule["id"] = shown.get("id", rule["id"])
    set_there = {each.get("sourceObjectName"): each.get("scope") for each in _mappings(recorded)}
    for mapping in _mappings(schema):
        mapping["scope"] = set_there.get(mapping["sourceObjectName"])


def _rules(schema: object) -> list[Document]:
    rules = schema.get("synchronizationRules") if isinstance(schema, dict) else None
    return [rule for rule in rules or [] if isinstance(rule, dict)]


def _mappings(schema: object) -> list[Document]:
    return [
        mapping
        for rule in _rules(schema)
        for mapping in cast(list[object], rule.get("objectMappings") or [])
        if isinstance(mapping, dict)
    ]


def _audited(state: EntraState, document: Document) -> None:
    if any(entry["id"] == document["id"] for entry in state.audit):
        return
    about = Entity(id="", kind="group", properties={})
    write(state, str(document.get("activityDisplayName")), about)
    own = state.audit.pop()
    state.audit.append(cast(Document, known_only(own, document)))


def _log(state: EntraState, document: Document) -> None:
    principal = str((document.get("servicePrincipal") or {}).get("id"))
    job = state.sync(principal).jobs.get(str(document.get("jobId")))
    if principal not in state.service_principals or job is None:
        return
    source, target = document.get("sourceIdentity") or {}, document.get("targetIdentity") or {}
    info = document.get("provisioningStatusInfo") or {}
    error = info.get("errorInformation") or {}
    record(
        state,
        principal,
        job,
        str(document.get("cycleId")),
        Outcome(
            kind=str(source.get("identityType")),
            source_id=str(source.get("id")),
            name=str(source.get("displayName")),
            action=str(document.get("provisioningAction")),
            status=str(info.get("status")),
            target_id=str(target.get("id")),
            code=error.get("errorCode"),
            reason=error.get("reason"),
        ),
    )
