"""What Graph refuses in a schema that is put back: checked before anything is replaced."""

import re

from pydantic import JsonValue

from sandbox.entra.errors import GraphError
from sandbox.entra.expressions import ExpressionError, attributes_of
from sandbox.entra.filters import OPERATORS, operands
from sandbox.entra.schema import Document

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
    rest = {key: value for key, value in document.items() if key in ("directories",
            "synchronizationRules")}  # fmt: skip
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
    found: dict[str, dict[str, dict[str, Document]]] = {}
    for directory in _objects(document, "directories"):
        objects = found.setdefault(str(directory.get("name")), {})
        for definition in _objects(directory, "objects"):
            attributes = _objects(definition, "attributes")
            objects[str(definition.get("name"))] = {str(a.get("name")): a for a in attributes}
            for attribute in attributes:
                if attribute.get("type") not in _ATTRIBUTE_TYPES:
                    name, kind = attribute.get("name"), attribute.get("type")
                    raise _invalid(f"Attribute '{name}' has the unknown type '{kind}'.")
    return found


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
