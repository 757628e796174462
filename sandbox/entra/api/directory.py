"""Directory objects: properties, references, the recycle bin; users; the organization.

Source: shapes D (published examples); the recycle bin D (directory-deleteditems,
restore-application), but that an application's assignments come back I; that reads do not lag I.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from pydantic import JsonValue
from werkzeug import Response

from sandbox.entra import audit
from sandbox.entra.api.graph import (
    USER_PROPERTIES,
    body_object,
    created_reply,
    graph_route,
    no_content,
)
from sandbox.entra.api.odata import ListRule, Object, list_reply, one_reply
from sandbox.entra.errors import GraphError, bad_request, denied, not_found
from sandbox.entra.models import STAMP, Entity, EntraState, Kind, new_user, now
from sandbox.entra.permissions import (
    APPLICATION_READ,
    DELETED_READ,
    DELETED_WRITE,
    DELETED_WRITE_ANY,
    DIRECTORY_READ,
    DIRECTORY_ROLES,
    GROUP_READ,
    OBJECT_READ,
    ORGANIZATION_READ,
    USER_READ,
    USER_WRITE,
    granted,
)
from sandbox.server.ids import guid
from sandbox.server.people import Person
from sandbox.server.router import Context

_REFERENCE = re.compile(
    r".*/(?:directoryObjects|users|groups|servicePrincipals|applications)/([0-9a-fA-F-]{36})/?$"
)
_KINDS: dict[str, Kind] = {
    "microsoft.graph.user": "user",
    "microsoft.graph.group": "group",
    "microsoft.graph.application": "application",
    "microsoft.graph.servicePrincipal": "servicePrincipal",
}
_MAX_NAME = 256
_BIN = timedelta(days=30)
# Never set by a caller; sent back unchanged they are passed over, as clients echo whole objects.
_READ_ONLY = frozenset({"id", "createdDateTime", "deletedDateTime", "renewedDateTime"})


def shown(entity: Entity) -> Object:
    """An entity inside a list of mixed kinds: with its type, which clients need to read it."""
    return {"@odata.type": f"#microsoft.graph.{entity.kind}", **entity.properties}


def find(state: EntraState, kind: Kind, object_id: str) -> Entity:
    """The live object of a kind. Raises GraphError 404."""
    entity = state.collection(kind).get(object_id.lower())
    if entity is None:
        raise not_found(object_id)
    return entity


def existing(state: EntraState, ids: Iterable[str]) -> list[Entity]:
    """The live objects behind ids; a deleted one is left out."""
    entities = (state.find(object_id) for object_id in ids)
    return [entity for entity in entities if entity is not None]


def apply_properties(entity: Entity, changes: dict[str, object], fixed: frozenset[str]) -> None:
    """PATCH the properties of an entity.

    ``fixed`` are the ones that cannot change after creation. Raises GraphError 400 for an unknown
    property, a wrong type, or an empty or over-long display name; nothing is changed then.
    """
    checked: dict[str, JsonValue] = {}
    for name, value in changes.items():
        if "@odata" in name or name in _READ_ONLY:
            continue
        if name not in entity.properties:
            raise bad_request(f"Invalid property '{name}'.")
        if name in fixed and value != entity.properties[name]:
            raise bad_request(f"Property '{name}' is read-only and cannot be set.")
        before = entity.properties[name]
        if isinstance(before, dict) and isinstance(value, dict):
            value = {**before, **value}  # R: what of a whole is left out stays
        checked[name] = _checked(name, value, before)
    entity.properties.update(checked)


def _checked(name: str, value: object, before: JsonValue) -> JsonValue:
    wrong = (isinstance(before, bool) and not isinstance(value, bool | None)) or (
        isinstance(before, list) and not isinstance(value, list)
    )
    is_name = isinstance(value, str) and bool(value.strip()) and len(value) <= _MAX_NAME
    if wrong or (name in ("displayName", "userPrincipalName") and not is_name):
        raise bad_request(f"Invalid value specified for property '{name}' of resource.")
    return value  # type: ignore[return-value]


def reference(ctx: Context) -> Entity:
    """The object that the body's ``@odata.id`` points to. Raises GraphError 400 or 404."""
    return referenced(ctx.state, body_object(ctx).get("@odata.id"))


def referenced(state: EntraState, url: object) -> Entity:
    """The object behind one reference URL. Raises GraphError 400 or 404."""
    match = _REFERENCE.match(url) if isinstance(url, str) else None
    if match is None:
        raise bad_request(f"Invalid URL format specified in @odata.id: {url!r}.")
    entity = state.find(match.group(1).lower())
    if entity is None:
        raise not_found(match.group(1))
    return entity


def add_reference(ids: list[str], entity: Entity, relation: str) -> None:
    """Add to ``members`` or ``owners``. Raises GraphError 400 when it is there already."""
    if entity.id in ids:
        raise bad_request(
            "One or more added object references already exist for the following modified "
            f"properties: '{relation}'."
        )
    ids.append(entity.id)


def remove_reference(ids: list[str], object_id: str) -> None:
    """Take away from ``members`` or ``owners``. Raises GraphError 404 when it is not there."""
    if object_id.lower() not in ids:
        raise not_found(object_id)
    ids.remove(object_id.lower())


def objects_reply(ctx: Context, entities: Iterable[Entity]) -> Response:
    """A list of directory objects of mixed kinds. Of a kind that the caller may not read only type
    and id are told (D: permissions overview, "limited information"; P: graph-docs-contrib #4414).
    """
    person = {"mail", "userPrincipalName", "accountEnabled", "proxyAddresses"}
    rule = ListRule("directoryObjects", of_a_person=frozenset(person))
    return list_reply(ctx, rule, [_as_readable(ctx, entity) for entity in entities])


_READABLE = {"user": USER_READ, "group": GROUP_READ, "servicePrincipal": APPLICATION_READ}


def _as_readable(ctx: Context, entity: Entity) -> Object:
    whole = shown(entity)
    wanted = _READABLE.get(entity.kind)
    if wanted is None or granted(ctx.state.roles, wanted)[0]:
        return whole
    return dict.fromkeys(whole) | {key: whole[key] for key in ("@odata.type", "id")}


def forget(state: EntraState, entity: Entity, *, keep: bool) -> None:
    """Delete an object; with ``keep`` it goes to the recycle bin.

    What is in the bin keeps members, assignments and provisioning, hidden until it is restored
    (D: restore-application, "previous configurations").
    """
    del state.collection(entity.kind)[entity.id]
    if keep:
        entity.properties["deletedDateTime"] = now()
        state.deleted[entity.id] = entity
    else:
        _cut_off(state, entity.id)


def _cut_off(state: EntraState, object_id: str) -> None:
    """Take an object out of every relation."""
    owning = (state.groups, state.applications, state.service_principals)
    for other in (entity for objects in owning for entity in objects.values()):
        other.members = [member for member in other.members if member != object_id]
        other.owners = [owner for owner in other.owners if owner != object_id]
    state.assignments = {
        key: assignment
        for key, assignment in state.assignments.items()
        if object_id not in (assignment.principal_id, assignment.resource_id)
    }
    state.synchronization.pop(object_id, None)


@graph_route("GET", "/me/transitiveMemberOf/microsoft.graph.directoryRole", *DIRECTORY_READ)
def own_directory_roles(ctx: Context) -> Response:
    """Of a person who signs in (D: list a user's transitive memberships)."""
    roles = ctx.state.directory_roles
    if roles is None:
        raise bad_request(
            "/me request is only valid with delegated authentication flow.", "BadRequest"
        )
    rule = ListRule("directoryObjects", advanced=False)
    templates = {role: DIRECTORY_ROLES[role][0] for role in roles}
    return list_reply(
        ctx,
        rule,
        [
            {"id": template, "displayName": role, "roleTemplateId": template}
            for role, template in templates.items()
        ],
    )


@graph_route("GET", "/directoryObjects/<object_id>", *OBJECT_READ)
def get_object(ctx: Context, object_id: str) -> Response:
    """An object of any kind (D: Graph reference)."""
    entity = ctx.state.find(object_id.lower())
    if entity is None:
        raise not_found(object_id)
    return one_reply(ctx, "directoryObjects/$entity", shown(entity))


@graph_route("GET", "/directory/deletedItems/<kind>", *OBJECT_READ)
def deleted_items(ctx: Context, kind: str) -> Response:
    """The recycle bin's objects of one kind, or one object by id (D: published example)."""
    if kind not in _KINDS:
        entity = _binned(ctx, kind, DELETED_READ)
        return one_reply(ctx, "directoryObjects/$entity", shown(entity))
    _may(ctx, _KINDS[kind], DELETED_READ)
    _expire(ctx.state)
    return objects_reply(ctx, [e for e in ctx.state.deleted.values() if e.kind == _KINDS[kind]])


def _binned(ctx: Context, object_id: str, wanted: dict[str, tuple[str, ...]]) -> Entity:
    """What is in the bin under this id. Raises GraphError 404, or 403 as its kind asks (D)."""
    _expire(ctx.state)
    entity = ctx.state.deleted.get(object_id.lower())
    if entity is None:
        raise not_found(object_id)
    _may(ctx, entity.kind, wanted)
    return entity


def _may(ctx: Context, kind: Kind, wanted: dict[str, tuple[str, ...]]) -> None:
    if not granted(ctx.state.roles, wanted[kind])[0]:
        raise denied(ctx.request.path)


def _expire(state: EntraState) -> None:
    """After 30 days nothing is left in the bin (D)."""
    oldest = (datetime.now(UTC) - _BIN).strftime(STAMP)
    for entity in list(state.deleted.values()):
        if entity.text("deletedDateTime") < oldest:
            del state.deleted[entity.id]
            _cut_off(state, entity.id)


@graph_route("DELETE", "/directory/deletedItems/<object_id>", *DELETED_WRITE_ANY)
def purge(ctx: Context, object_id: str) -> Response:
    """Delete for good (D: Graph reference)."""
    entity = _binned(ctx, object_id, DELETED_WRITE)
    del ctx.state.deleted[entity.id]
    _cut_off(ctx.state, entity.id)
    return no_content()


@graph_route("POST", "/directory/deletedItems/<object_id>/restore", *DELETED_WRITE_ANY)
def restore(ctx: Context, object_id: str) -> Response:
    """Back from the recycle bin, that object alone: an application's service principal is restored
    by a call of its own (D: directory-deleteditems-restore), after the application (P).
    """
    entity = _binned(ctx, object_id, DELETED_WRITE)
    if entity.kind == "servicePrincipal":
        _check_backing(ctx.state, entity.text("appId"))
    del ctx.state.deleted[entity.id]
    entity.properties["deletedDateTime"] = None
    ctx.state.collection(entity.kind)[entity.id] = entity
    return one_reply(ctx, "directoryObjects/$entity", shown(entity))


def _check_backing(state: EntraState, app_id: str) -> None:
    """Source: both refusals P (Microsoft's support notes, as they are quoted)."""
    if all(app.text("appId") != app_id for app in state.applications.values()):
        raise bad_request(f"Cannot restore ServicePrincipal without backing Application {app_id}")
    if any(other.text("appId") == app_id for other in state.service_principals.values()):
        raise GraphError(
            409, f"The service principal name {app_id} is already in use by an active one."
        )


_PRINCIPAL_NAME = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def find_user(state: EntraState, key: str) -> Entity:
    """A user by id or user principal name. Raises GraphError 404."""
    user = state.users.get(key.lower()) or state.user_by_name(key)
    if user is None:
        raise not_found(key)
    return user


@graph_route("GET", "/users", *USER_READ)
def list_users(ctx: Context) -> Response:
    """All users, with $filter, $select, $top … (D: Graph reference)."""
    users = (user.properties for user in ctx.state.users.values())
    return list_reply(ctx, ListRule("users", USER_PROPERTIES), users)


@graph_route("GET", "/users/<key>", *USER_READ)
def get_user(ctx: Context, key: str) -> Response:
    """One user by id or user principal name (D: published example)."""
    user = find_user(ctx.state, key)
    return one_reply(ctx, "users/$entity", user.properties, USER_PROPERTIES)


@graph_route("POST", "/users", *USER_WRITE)
def create_user(ctx: Context) -> Response:
    """A new member of the tenant (D: Graph reference)."""
    body = dict(body_object(ctx))
    body.pop("passwordProfile", None)
    for name in ("accountEnabled", "displayName", "mailNickname", "userPrincipalName"):
        if body.get(name) in (None, ""):
            raise bad_request(f"A value is required for property '{name}' of resource 'User'.")
    principal_name = str(body["userPrincipalName"])
    _check_principal_name(ctx.state, principal_name, None)
    blank = new_user(Person.of(principal_name), now())
    blank.update({"mail": None, "givenName": None, "surname": None, "proxyAddresses": []})
    draft = Entity(id="", kind="user", properties=blank)
    apply_properties(draft, body, frozenset())
    return created_reply(ctx, "users/$entity", ctx.state.add("user", draft.properties))


@graph_route("PATCH", "/users/<key>", *USER_WRITE)
def update_user(ctx: Context, key: str) -> Response:
    """Change properties (D: Graph reference)."""
    user = find_user(ctx.state, key)
    body = dict(body_object(ctx))
    body.pop("passwordProfile", None)
    if "userPrincipalName" in body:
        _check_principal_name(ctx.state, str(body["userPrincipalName"]), user)
    before = user.properties.get("accountEnabled")
    apply_properties(user, body, frozenset())
    if (enabled := user.properties.get("accountEnabled")) != before:
        audit.write(ctx.state, audit.ENABLED if enabled else audit.DISABLED, user)
    return no_content()


@graph_route("DELETE", "/users/<key>", *USER_WRITE)
def delete_user(ctx: Context, key: str) -> Response:
    """To the recycle bin (D: Graph reference)."""
    forget(ctx.state, find_user(ctx.state, key), keep=True)
    return no_content()


def _check_principal_name(state: EntraState, name: str, owner: Entity | None) -> None:
    if not _PRINCIPAL_NAME.fullmatch(name):
        message = "Property userPrincipalName is invalid: it must be a local name and a domain."
        raise bad_request(message)
    existing = state.user_by_name(name)
    if existing is not None and existing is not owner:
        raise bad_request(
            "Another object with the same value for property userPrincipalName already exists."
        )


_UNSET = (
    *("city", "country", "createdDateTime", "defaultUsageLocation", "deletedDateTime"),
    *("onPremisesLastSyncDateTime", "onPremisesSyncEnabled", "onPremisesSyncStatus"),
    *("partnerTenantType", "postalCode", "preferredLanguage", "state", "street"),
)
_UNSET_LISTS = (
    *("assignedPlans", "businessPhones", "marketingNotificationEmails", "provisionedPlans"),
    *("securityComplianceNotificationMails", "securityComplianceNotificationPhones"),
    "technicalNotificationMails",
)


def _domain(name: str, *, initial: bool) -> Object:
    return {
        "capabilities": "Email, OfficeCommunicationsOnline",
        "isDefault": not initial,
        "isInitial": initial,
        "name": name,
        "type": "Managed",
    }


@graph_route("GET", "/organization", *ORGANIZATION_READ)
def organization(ctx: Context) -> Response:
    """The tenant (R: JupiterOne/graph-azure)."""
    tenant = {
        "id": ctx.state.tenant_id,
        "displayName": "Example",
        "tenantType": "AAD",
        "countryLetterCode": "US",
        "verifiedDomains": [
            _domain("example.com", initial=False),
            _domain("example.onmicrosoft.com", initial=True),
        ],
        **dict.fromkeys(_UNSET),
        **{name: [] for name in _UNSET_LISTS},
        "directorySizeQuota": {"used": 1, "total": 50_000},
        "isMultipleDataLocationsForServicesEnabled": None,
        "privacyProfile": {"contactEmail": None, "statementUrl": None},
    }
    return list_reply(ctx, ListRule("organization"), [tenant])


@graph_route("GET", "/subscribedSkus", *ORGANIZATION_READ)
def subscribed_skus(ctx: Context) -> Response:
    """The tenant's licences; ``AAD_PREMIUM`` is the plan that lets groups be assigned (D)."""
    plans = ["EXCHANGE_S_FOUNDATION", *(["AAD_PREMIUM"] if ctx.state.premium else [])]
    sku = {
        "id": f"{ctx.state.tenant_id}_078d2b04-f1bd-4111-bbd4-b4b1b354cef4",
        "skuId": "078d2b04-f1bd-4111-bbd4-b4b1b354cef4",
        "accountId": ctx.state.tenant_id,
        "accountName": "Example",
        "appliesTo": "User",
        "consumedUnits": 1,
        "prepaidUnits": {"enabled": 25, "lockedOut": 0, "suspended": 0, "warning": 0},
        "subscriptionIds": [],
        "skuPartNumber": "AAD_PREMIUM" if ctx.state.premium else "FREE",
        "capabilityStatus": "Enabled",
        "servicePlans": [
            {
                "servicePlanId": guid(f"plan/{plan}"),
                "servicePlanName": plan,
                "provisioningStatus": "Success",
                "appliesTo": "User",
            }
            for plan in plans
        ],
    }
    return list_reply(ctx, ListRule("subscribedSkus", advanced=False), [sku])
