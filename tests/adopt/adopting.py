"""`adopt` after a run that did not end well, as the tests of interrupted runs carry it out."""

from collections.abc import Collection, Mapping

from cfscim.adopt.command import delete_twins, import_file
from cfscim.adopt.finder import find
from cfscim.adopt.state import read_state
from cfscim.config.json_types import Json, JsonObject
from cfscim.rehearsal.vendors import Vendors


def adopted(
    stack: str,
    config: Mapping[str, object],
    state: Json,
    env: Mapping[str, str],
    *,
    kept: Collection[str] = (),
) -> JsonObject:
    """The import of everything that exists and is not in the state; twins are deleted by their
    ids, but for those in `kept`. Raises `ScimError`."""
    known = read_state(state)
    with Vendors({}, env) as vendors:
        found = find(stack, config, known, vendors)
        twins = [
            one.import_id
            for finding in found.findings
            if finding.verdict == "twin"
            for one in finding.candidates
            if one.import_id.rsplit("/", 1)[-1] not in kept
        ]
        list(delete_twins(twins, found.findings, known, vendors))
    return import_file(found.findings, found.declared, known)
