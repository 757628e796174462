"""The file that `pulumi import --file` reads, for everything that can be taken over.

Source: pulumi/pkg/cmd/pulumi/operations/import.go (3.259), `importFile` and `importSpec`: a parent
is named by `nameTable` or by another entry; a component that the state lacks is an entry of its
own, without an id.
"""

from collections.abc import Iterable
from importlib import metadata

from cfscim.adopt.finder import Finding
from cfscim.adopt.state import State
from cfscim.config.json_types import Json, JsonObject
from cfscim.program.registrations import Declared, Registration


def import_file(findings: Iterable[Finding], declared: Declared, state: State) -> JsonObject:
    """`{"nameTable": {name: urn}, "resources": [...]}`, components before what is in them."""
    by_name = {resource.name: resource for resource in declared.resources}
    names: dict[str, Json] = {}
    components: dict[str, Json] = {}
    entries: list[Json] = []
    for finding in findings:
        if finding.verdict != "adopt":
            continue
        entry: JsonObject = {
            "type": finding.type,
            "name": finding.name,
            "id": finding.candidates[0].import_id,
            "version": metadata.version(f"pulumi-{finding.type.split(':')[0]}"),
        }
        if finding.parent is not None:
            entry["parent"] = finding.parent
            _place(finding.parent, by_name, state, names, components)
        entries.append(entry)
    return {"nameTable": names, "resources": [*components.values(), *entries]}


def _place(
    name: str,
    by_name: dict[str, Registration],
    state: State,
    names: dict[str, Json],
    components: dict[str, Json],
) -> None:
    """Notes where a component is, or that it has to be made, with everything above it."""
    if name in state.urns:
        names[name] = state.urns[name]
        return
    if name in components:
        return
    component = by_name[name]
    if component.parent is not None:
        _place(component.parent, by_name, state, names, components)
    entry: JsonObject = {"type": component.type, "name": name, "component": True}
    if component.parent is not None:
        entry["parent"] = component.parent
    components[name] = entry
