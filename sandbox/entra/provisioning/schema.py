"""The schema of the ``scim`` template: directories, rule, both mappings, and what Graph refuses.

Source (D, I): shape and names as in Graph's own samples (configure provisioning with a gallery
application; custom target attributes); attributes are the defaults of
https://learn.microsoft.com/entra/identity/app-provisioning/use-scim-to-provision-users-and-groups
"""

import re
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from sandbox.entra.errors import GraphError
from sandbox.entra.provisioning.expressions import ExpressionError, attributes_of
from sandbox.entra.provisioning.filters import OPERATORS, operands
from sandbox.server.ids import guid
from sandbox.server.scim import CORE_GROUP

SOURCE_DIRECTORY = "Azure Active Directory"
TARGET_DIRECTORY = "customappsso"
USER_TARGET = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
ACTIVE_EXPRESSION = 'Switch([IsSoftDeleted], , "False", "True", "True", "False")'
_ENTERPRISE = USER_TARGET
Document = dict[str, JsonValue]

_SOURCE_USER = (
    "accountEnabled city companyName country department displayName employeeId "
    "facsimileTelephoneNumber givenName IsSoftDeleted jobTitle mail mailNickname manager mobile "
    "objectId originalUserPrincipalName physicalDeliveryOfficeName postalCode preferredLanguage "
    "proxyAddresses state streetAddress surname telephoneNumber usageLocation userPrincipalName "
    "userType appRoleAssignments "
    + " ".join(f"extensionAttribute{number}" for number in range(1, 16))
).split()
_SOURCE_GROUP = (
    "description",
    "displayName",
    "mail",
    "mailEnabled",
    "mailNickname",
    "members",
    "objectId",
    "owners",
    "securityEnabled",
)
_TYPES = {
    "accountEnabled": "Boolean",
    "IsSoftDeleted": "Boolean",
    "mailEnabled": "Boolean",
    "securityEnabled": "Boolean",
    "active": "Boolean",
    "manager": "Reference",
    "members": "Reference",
    "owners": "Reference",
    f"{_ENTERPRISE}:manager": "Reference",
}
_MULTIVALUED = frozenset({"members", "owners", "proxyAddresses", "appRoleAssignments"})
_ANCHORS = frozenset({"objectId", "id"})

# target attribute -> source attribute, in the portal's order
_USER_ATTRIBUTES = {
    "userName": "userPrincipalName",
    "displayName": "displayName",
    "title": "jobTitle",
    'emails[type eq "work"].value': "mail",
    "preferredLanguage": "preferredLanguage",
    "name.givenName": "givenName",
    "name.familyName": "surname",
    'addresses[type eq "work"].formatted': "physicalDeliveryOfficeName",
    'addresses[type eq "work"].streetAddress': "streetAddress",
    'addresses[type eq "work"].locality': "city",
    'addresses[type eq "work"].region': "state",
    'addresses[type eq "work"].postalCode': "postalCode",
    'addresses[type eq "work"].country': "country",
    'phoneNumbers[type eq "work"].value': "telephoneNumber",
    'phoneNumbers[type eq "mobile"].value': "mobile",
    'phoneNumbers[type eq "fax"].value': "facsimileTelephoneNumber",
    "externalId": "mailNickname",
    f"{_ENTERPRISE}:employeeNumber": "employeeId",
    f"{_ENTERPRISE}:department": "department",
    f"{_ENTERPRISE}:manager": "manager",
}
_GROUP_ATTRIBUTES = {"displayName": "displayName", "externalId": "objectId", "members": "members"}


def default_document(app_id: str, schema_id: str) -> Document:
    """A new job's schema; ids follow from the application, so that two runs agree."""
    source = {"User": _SOURCE_USER, "Group": _SOURCE_GROUP}
    target = {
        USER_TARGET: ["id", "active", "name.formatted", *_USER_ATTRIBUTES],
        CORE_GROUP: ["id", *_GROUP_ATTRIBUTES],
    }
    directories: list[JsonValue] = [
        _directory(guid(f"source/{app_id}"), SOURCE_DIRECTORY, source),
        _directory(guid(f"target/{app_id}"), TARGET_DIRECTORY, target),
    ]
    return {
        "id": schema_id,
        "version": "1.0",
        "directories": directories,
        "synchronizationRules": [
            {
                "containerFilter": None,
                "editable": True,
                "groupFilter": None,
                "id": guid(f"rule/{app_id}"),
                "name": "USER_OUTBOUND_USER",
                "priority": 1,
                "sourceDirectoryName": SOURCE_DIRECTORY,
                "targetDirectoryName": TARGET_DIRECTORY,
                "metadata": [{"key": "supportsProvisionOnDemand", "value": "true"}],
                "objectMappings": [_group_mapping(), _user_mapping()],
            }
        ],
    }


def _directory(directory_id: str, name: str, objects: Mapping[str, Sequence[str]]) -> Document:
    return {
        "id": directory_id,
        "name": name,
        "discoverabilities": "AttributeNames",
        "discoveryDateTime": None,
        "readOnly": False,
        "version": "1.0",
        "objects": [
            {
                "name": object_name,
                "metadata": [],
                "supportedApis": [],
                "attributes": [_attribute(attribute) for attribute in attributes],
            }
            for object_name, attributes in objects.items()
        ],
    }


def _attribute(name: str) -> Document:
    kind = _TYPES.get(name, "String")
    referenced: list[JsonValue] = (
        [{"referencedObjectName": "User", "referencedProperty": "objectId"}]
        if kind == "Reference"
        else []
    )
    return {
        "anchor": name in _ANCHORS,
        "apiExpressions": [],
        "caseExact": False,
        "defaultValue": None,
        "flowNullValues": False,
        "metadata": [],
        "multivalued": name in _MULTIVALUED,
        "mutability": "ReadWrite",
        "name": name,
        "referencedObjects": referenced,
        "required": name in ("userName", "displayName") and kind == "String",
        "type": kind,
    }


def _mapping(
    name: str, source: str, target: str, attributes: list[JsonValue], joining: str
) -> Document:
    return {
        "enabled": True,
        "flowTypes": "Add,Update,Delete",
        "name": name,
        "scope": None,
        "sourceObjectName": source,
        "targetObjectName": target,
        "attributeMappings": attributes,
        "metadata": [
            {"key": "IsCustomerDefined", "value": "false"},
            {"key": "DisableMonitoringForChanges", "value": "false"},
            {"key": "Disposition", "value": '"Normal"'},
            {"key": "ExcludeFromReporting", "value": "false"},
            {"key": "EscrowBehavior", "value": '"Default"'},
            {"key": "Unsynchronized", "value": "false"},
            {"key": "OriginalJoiningProperty", "value": joining},
        ],
    }


def _group_mapping() -> Document:
    attributes = [
        _flow(target, _from(source), matching=int(target == "displayName"))
        for target, source in _GROUP_ATTRIBUTES.items()
    ]
    name = "Provision Microsoft Entra ID Groups"
    return _mapping(name, "Group", CORE_GROUP, attributes, "displayName")


def _user_mapping() -> Document:
    active = {
        "expression": ACTIVE_EXPRESSION,
        "name": "Switch",
        "type": "Function",
        "parameters": [{"key": "source", "value": _from("IsSoftDeleted")}],
    }
    flows = [
        _flow(target, _from(source), matching=int(target == "userName"))
        for target, source in _USER_ATTRIBUTES.items()
    ]
    flows.insert(1, _flow("active", active))
    flows.append(
        _flow(
            "name.formatted",
            {
                "expression": 'Join(" ", [givenName], [surname])',
                "name": "Join",
                "type": "Function",
                "parameters": [
                    {"key": "source1", "value": _from("givenName")},
                    {"key": "source2", "value": _from("surname")},
                ],
            },
        )
    )
    name = "Provision Microsoft Entra ID Users"
    return _mapping(name, "User", USER_TARGET, flows, "userName")


def _from(attribute: str) -> Document:
    expression = f"[{attribute}]"
    return {"expression": expression, "name": attribute, "type": "Attribute", "parameters": []}


def _flow(target: str, source: JsonValue, *, matching: int = 0) -> JsonValue:
    return {
        "defaultValue": None,
        "exportMissingReferences": False,
        "flowBehavior": "FlowWhenChanged",
        "flowType": "Always",
        "matchingPriority": matching,
        "targetAttributeName": target,
        "source": source,
    }


_FLOW_TYPES = {"Add", "Update", "Delete", "None"}
_ATTRIBUTE_TYPES = {"String", "Integer", "Reference", "Binary", "Boolean", "DateTime"}


def _invalid(message: str) -> GraphError:
    return GraphError(400, message, "InvalidSynchronizationSchema")


def without_annotations(value: JsonValue) -> JsonValue:
    """The document without ``@odata.*``, which callers may send back."""
    if isinstance(value, dict):
        return {k: without_annotations(v) for k, v in value.items() if "@odata." not in k}
    if isinstance(value, list):
        return [without_annotations(item) for item in value]
    return value


def checked(body: JsonValue, before: Document) -> Document:
    """The new schema, whole; id and version stay the service's. Raises GraphError 400."""
    document = without_annotations(body)
    if not isinstance(document, dict):
        raise _invalid("The schema must be a JSON object.")
    unknown = sorted(set(document) - {*before, "provisioningTaskIdentifier"})
    if unknown:
        raise _invalid(f"The schema has no property '{unknown[0]}'.")
    directories = _directories(document)
    for rule in _objects(document, "synchronizationRules"):
        _check_rule(rule, directories)
    known_ids = {str(rule["id"]) for rule in _objects(before, "synchronizationRules")}
    if {str(rule.get("id")) for rule in _objects(document, "synchronizationRules")} - known_ids:
        raise _invalid("A synchronization rule with an unknown id: rules cannot be added.")
    major = str(before["version"]).partition(".")[0]
    kept: Document = {"id": before["id"], "version": f"{int(major) + 1}.0"}
    rest = {
        key: value
        for key, value in document.items()
        if key in ("directories", "synchronizationRules")
    }
    return {**kept, **rest}


def _objects(owner: Document, key: str) -> list[Document]:
    values = owner.get(key)
    if not isinstance(values, list) or not values:
        raise _invalid(f"'{key}' is missing or empty: the whole schema is replaced, send it all.")
    if not all(isinstance(value, dict) for value in values):
        raise _invalid(f"'{key}' must hold objects.")
    return [value for value in values if isinstance(value, dict)]


def _directories(document: Document) -> dict[str, dict[str, dict[str, Document]]]:
    """directory -> object -> attribute -> its definition."""
    directories: dict[str, dict[str, dict[str, Document]]] = {}
    for directory in _objects(document, "directories"):
        objects = directories.setdefault(str(directory.get("name")), {})
        for definition in _objects(directory, "objects"):
            attributes = _objects(definition, "attributes")
            objects[str(definition.get("name"))] = {str(a.get("name")): a for a in attributes}
            for attribute in attributes:
                if attribute.get("type") not in _ATTRIBUTE_TYPES:
                    name, kind = attribute.get("name"), attribute.get("type")
                    raise _invalid(f"Attribute '{name}' has the unknown type '{kind}'.")
    return directories


def _check_rule(rule: Document, directories: dict[str, dict[str, dict[str, Document]]]) -> None:
    sides: list[dict[str, dict[str, Document]]] = []
    for side in ("sourceDirectoryName", "targetDirectoryName"):
        name = str(rule.get(side))
        if name not in directories:
            raise _invalid(f"Rule '{rule.get('name')}': there is no directory '{name}'.")
        sides.append(directories[name])
    for mapping in _objects(rule, "objectMappings"):
        _check_mapping(mapping, sides[0], sides[1])


def _check_mapping(
    mapping: Document,
    sources: dict[str, dict[str, Document]],
    targets: dict[str, dict[str, Document]],
) -> None:
    name = mapping.get("name")
    source, target = str(mapping.get("sourceObjectName")), str(mapping.get("targetObjectName"))
    if source not in sources or target not in targets:
        raise _invalid(f"Mapping '{name}': there is no object '{source}' or '{target}'.")
    if not isinstance(mapping.get("enabled"), bool):
        raise _invalid(f"Mapping '{name}': 'enabled' must be true or false.")
    flows = {part.strip() for part in str(mapping.get("flowTypes")).split(",")}
    if not flows <= _FLOW_TYPES:
        raise _invalid(f"Mapping '{name}': unknown flow type in '{mapping.get('flowTypes')}'.")
    for flow in _objects(mapping, "attributeMappings"):
        _check_flow(flow, str(name), sources[source], targets[target])
    scope = mapping.get("scope")
    if scope is not None:
        _check_scope(scope, str(name), sources[source])


def _check_flow(
    flow: Document, mapping: str, source: dict[str, Document], target: dict[str, Document]
) -> None:
    wanted = str(flow.get("targetAttributeName"))
    if wanted not in target:
        raise _invalid(f"Mapping '{mapping}': the target has no attribute '{wanted}'.")
    origin = flow.get("source")
    if origin is None:
        return
    if not isinstance(origin, dict):
        raise _invalid(f"Mapping '{mapping}': the source of '{wanted}' must be an object.")
    try:
        used = attributes_of(origin)
    except ExpressionError as error:
        raise _invalid(f"Mapping '{mapping}', attribute '{wanted}': {error}.") from error
    missing = sorted(used - set(source))
    if missing:
        raise _invalid(f"Mapping '{mapping}': the source has no attribute '{missing[0]}'.")


def _check_scope(scope: JsonValue, mapping: str, source: dict[str, Document]) -> None:
    if not isinstance(scope, dict) or not isinstance(scope.get("groups"), list):
        raise _invalid(f"Mapping '{mapping}': a scope is null or has 'groups'.")
    for experimental in ("inputFilterGroups", "categoryFilterGroups"):
        if scope.get(experimental):
            raise _invalid(f"Mapping '{mapping}': '{experimental}' is experimental and refused.")
    for group in scope["groups"]:  # type: ignore[union-attr]
        if not isinstance(group, dict) or not group.get("name"):
            raise _invalid(f"Mapping '{mapping}': a filter group needs a name.")
        for clause in _objects(group, "clauses"):
            _check_clause(clause, f"Mapping '{mapping}', filter '{group['name']}'", source)


def _check_clause(clause: Document, where: str, source: dict[str, Document]) -> None:
    operator = OPERATORS.get(str(clause.get("operatorName")))
    if operator is None:
        raise _invalid(f"{where}: unknown operator '{clause.get('operatorName')}'.")
    name = str(clause.get("sourceOperandName"))
    attribute = source.get(name)
    if attribute is None:
        raise _invalid(f"{where}: the source has no attribute '{name}'.")
    if attribute.get("multivalued"):
        raise _invalid(f"{where}: '{name}' has many values; such attributes cannot be filtered.")
    if attribute.get("type") not in operator.types:
        kind = attribute.get("type")
        raise _invalid(f"{where}: operator '{operator.name}' does not apply to type '{kind}'.")
    values = operands(clause)
    if operator.unary and values:
        raise _invalid(f"{where}: operator '{operator.name}' takes no value.")
    if not operator.unary and (not values or not all(values)):
        raise _invalid(f"{where}: operator '{operator.name}' needs a value.")
    for value in values:
        _check_operand(operator.integer_operand, operator.regex_operand, value, where)


def _check_operand(integer: bool, regex: bool, value: str, where: str) -> None:
    if integer and not value.isdecimal():
        raise _invalid(f"{where}: '{value}' is no whole number.")
    if regex:
        try:
            re.compile(value)
        except re.error as error:
            raise _invalid(f"{where}: '{value}' is no regular expression: {error}.") from error
