"""Object mappings at work: source attributes to SCIM attributes, resources, PATCH operations.

Source: expressions and defaults D; form of the PATCH operations D (SCIM compliance flag); what
guests are called D and P (azure-docs #80332).
"""

import re
from dataclasses import dataclass

from pydantic import JsonValue

from sandbox.entra.models import Entity
from sandbox.entra.provisioning.expressions import attributes_of, evaluate
from sandbox.entra.provisioning.schema import CORE_GROUP, USER_TARGET, Document
from sandbox.entra.provisioning.target import Resource
from sandbox.server.scim import CORE_USER

_FILTERED = re.compile(r'(?P<list>\w+)\[type eq "(?P<type>\w+)"\]\.(?P<part>\w+)')
_GUEST = re.compile(r"(?P<alias>.+)_(?P<domain>[^_@]+)#EXT#@.+", re.IGNORECASE)
_BOOLEANS = {"True": True, "False": False}
Values = dict[str, JsonValue]


@dataclass(frozen=True)
class ObjectMapping:
    """One mapping of a schema, read for use."""

    source: str
    target: str
    enabled: bool
    flow_types: frozenset[str]
    scope: JsonValue
    flows: tuple[Document, ...]

    def allows(self, flow_type: str) -> bool:
        """Is Add, Update or Delete among the target object actions?"""
        return flow_type in self.flow_types

    def values(self, attributes: Values) -> Values:
        """Target attribute to value; references and empty values are left out."""
        sent: Values = {}
        for flow in self.flows:
            value = evaluate(_origin(flow), attributes)
            if value is None:
                value = flow.get("defaultValue") or None
            if value is not None and not isinstance(value, list):
                sent[str(flow["targetAttributeName"])] = value
        return sent

    def matching(self) -> str | None:
        """The target attribute by which an existing object is found."""
        ranked = [f for f in self.flows if int(str(f.get("matchingPriority") or 0)) > 0]
        if not ranked:
            return None
        first = min(ranked, key=lambda flow: int(str(flow["matchingPriority"])))
        return str(first["targetAttributeName"])

    def reads(self, attribute: str) -> bool:
        """Does any flow depend on this source attribute?"""
        return any(attribute in attributes_of(_origin(flow)) for flow in self.flows)


def _origin(flow: Document) -> Document:
    source = flow["source"]
    assert isinstance(source, dict)
    return source


def mapping_for(document: Document, source: str) -> ObjectMapping | None:
    """The mapping whose source object is ``User`` or ``Group``, whatever its display name."""
    rules = document.get("synchronizationRules")
    for rule in rules if isinstance(rules, list) else []:
        mappings = rule.get("objectMappings") if isinstance(rule, dict) else None
        for mapping in mappings if isinstance(mappings, list) else []:
            if isinstance(mapping, dict) and mapping.get("sourceObjectName") == source:
                return _read(mapping)
    return None


def _read(document: Document) -> ObjectMapping:
    flows = document.get("attributeMappings")
    return ObjectMapping(
        source=str(document["sourceObjectName"]),
        target=str(document["targetObjectName"]),
        enabled=bool(document["enabled"]),
        flow_types=frozenset(part.strip() for part in str(document["flowTypes"]).split(",")),
        scope=document.get("scope"),
        flows=tuple(
            flow
            for flow in (flows if isinstance(flows, list) else [])
            if isinstance(flow, dict) and isinstance(flow.get("source"), dict)
        ),
    )


def user_attributes(user: Entity, *, soft_deleted: bool) -> Values:
    """A user as the provisioning service reads it; names as in the schema's source directory.

    A guest's ``alias_domain#EXT#@tenant`` reads ``alias@domain`` (D; P, azure-docs #80332).
    """
    properties = user.properties
    phones = properties.get("businessPhones")
    return {
        **properties,
        "objectId": user.id,
        "userPrincipalName": sent_name(user.text("userPrincipalName")) or None,
        "originalUserPrincipalName": properties.get("userPrincipalName"),
        "mobile": properties.get("mobilePhone"),
        "telephoneNumber": phones[0] if isinstance(phones, list) and phones else None,
        "physicalDeliveryOfficeName": properties.get("officeLocation"),
        "facsimileTelephoneNumber": properties.get("faxNumber"),
        "IsSoftDeleted": soft_deleted,
    }


def sent_name(principal_name: str) -> str:
    """The user name that is sent for a user principal name: a guest's own address."""
    guest = _GUEST.fullmatch(principal_name)
    return f"{guest['alias']}@{guest['domain']}" if guest else principal_name


def group_attributes(group: Entity) -> Values:
    """A group as the provisioning service reads it."""
    return {**group.properties, "objectId": group.id}


def new_resource(mapping: ObjectMapping, values: Values) -> Resource:
    """The body of a POST."""
    if mapping.target == CORE_GROUP:
        resource: Resource = {"schemas": [CORE_GROUP], "meta": {"resourceType": "Group"}}
    else:
        resource = {"schemas": [CORE_USER, USER_TARGET], "meta": {"resourceType": "User"}}
    for path, value in values.items():
        _put(resource, path, _typed(path, value))
    return resource


def _typed(path: str, value: JsonValue) -> JsonValue:
    return _BOOLEANS.get(str(value), value) if path == "active" else value


def _put(resource: Resource, path: str, value: JsonValue) -> None:
    filtered = _FILTERED.fullmatch(path)
    if filtered:
        items = resource.setdefault(filtered["list"], [])
        assert isinstance(items, list)
        for item in items:
            if isinstance(item, dict) and item.get("type") == filtered["type"]:
                item[filtered["part"]] = value
                return
        first: Resource = {"primary": True} if not items else {}
        items.append({**first, "type": filtered["type"], filtered["part"]: value})
        return
    extension, _, attribute = path.rpartition(":")
    owner, _, name = attribute.rpartition(".")
    place = resource
    for step in (extension, owner):
        if step:
            inner = place.setdefault(step, {})
            assert isinstance(inner, dict)
            place = inner
    place[name] = value


def value_in(resource: Resource, path: str) -> JsonValue:
    """What a resource of the target has at a target attribute; None when it shows none."""
    filtered = _FILTERED.fullmatch(path)
    if filtered:
        items = resource.get(filtered["list"])
        for item in items if isinstance(items, list) else []:
            if isinstance(item, dict) and item.get("type") == filtered["type"]:
                return item.get(filtered["part"])
        return None
    extension, _, attribute = path.rpartition(":")
    place: JsonValue = resource
    for step in (extension, *attribute.split(".")):
        if step:
            place = place.get(step) if isinstance(place, dict) else None
    return place


def operations(before: Values, after: Values, *, compliant: bool) -> list[JsonValue]:
    """PATCH operations from what the target has to what it should have.

    Without the flag: capitalised, one an attribute, ``active`` as text. With it: as RFC 7644.
    """
    changed = {
        path: after.get(path)
        for path in (*after, *(path for path in before if path not in after))
        if _typed(path, after.get(path)) != _typed(path, before.get(path))
    }
    if not compliant:
        return [_old_style(path, before.get(path), value) for path, value in changed.items()]
    single = {
        path: _typed(path, value)
        for path, value in changed.items()
        if value is not None and path != "active" and not _FILTERED.fullmatch(path)
    }
    result: list[JsonValue] = []
    for path, value in changed.items():
        if value is None:
            result.append({"op": "remove", "path": path})
        elif path not in single or len(single) == 1:
            op = "add" if before.get(path) is None else "replace"
            result.append({"op": op, "path": path, "value": _typed(path, value)})
    if len(single) > 1:
        result.append({"op": "replace", "value": single})
    return result


def _old_style(path: str, before: JsonValue, after: JsonValue) -> JsonValue:
    if after is None:
        return {"op": "Remove", "path": path}
    return {"op": "Add" if before is None else "Replace", "path": path, "value": str(after)}
