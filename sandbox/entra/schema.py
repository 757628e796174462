"""The default synchronization schema of the ``scim`` template: directories, rule, both mappings.

Shape and names as in Graph's own samples (configure provisioning with a gallery application; custom
target attributes) and in reference/providers.md §3.3; the attributes are the defaults of
https://learn.microsoft.com/entra/identity/app-provisioning/use-scim-to-provision-users-and-groups
"""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from sandbox.server.ids import guid

SOURCE_DIRECTORY = "Azure Active Directory"
TARGET_DIRECTORY = "customappsso"
USER_TARGET = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP_TARGET = "urn:ietf:params:scim:schemas:core:2.0:Group"
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
    "description", "displayName", "mail", "mailEnabled", "mailNickname", "members", "objectId",
    "owners", "securityEnabled",
)  # fmt: skip
_TYPES = {
    "accountEnabled": "Boolean", "IsSoftDeleted": "Boolean", "mailEnabled": "Boolean",
    "securityEnabled": "Boolean", "active": "Boolean",
    "manager": "Reference", "members": "Reference", "owners": "Reference",
    f"{_ENTERPRISE}:manager": "Reference",
}  # fmt: skip
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
        GROUP_TARGET: ["id", *_GROUP_ATTRIBUTES],
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
    attributes = [_flow(target, _from(source), matching=int(target == "displayName"))
                  for target, source in _GROUP_ATTRIBUTES.items()]  # fmt: skip
    name = "Provision Microsoft Entra ID Groups"
    return _mapping(name, "Group", GROUP_TARGET, attributes, "displayName")


def _user_mapping() -> Document:
    active = {
        "expression": ACTIVE_EXPRESSION,
        "name": "Switch",
        "type": "Function",
        "parameters": [{"key": "source", "value": _from("IsSoftDeleted")}],
    }
    flows = [_flow(target, _from(source), matching=int(target == "userName"))
             for target, source in _USER_ATTRIBUTES.items()]  # fmt: skip
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
